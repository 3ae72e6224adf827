namespace Orthant.Convergence;

/// <summary>Where an invariant polytope begins: the leading eigenvectors of all rotations of a word.</summary>
internal static class LeadingVectors
{
    private const int MostImages = 4000, BalancingLength = 8;

    /// <summary>The vectors of one word, or null where its leading eigenvalue is not real.</summary>
    public static List<double[]>? Of(IReadOnlyList<double[]> set, int d, int[] word)
    {
        if (LeadingPair.Of(WordSearch.Product(set, word, d), d) is not { IsReal: true } pair) return null;
        double[] v = [.. pair.Right.Select(e => e.Real)];
        List<double[]> vectors = [v];
        for (int i = word.Length - 1; i > 0; i--)
        {
            v = DenseMatrix.Apply(set[word[i]], v);
            vectors.Add(v);
        }
        return vectors;
    }

    /// <summary>The vectors of one word whose leading eigenvalue is not real, as real parts and then imaginary parts, each followed by its
    /// conjugate; null where it is real.</summary>
    public static List<double[]>? ComplexOf(IReadOnlyList<double[]> set, int d, int[] word)
    {
        if (LeadingPair.Of(WordSearch.Product(set, word, d), d) is not { IsReal: false } pair) return null;
        double[] real = [.. pair.Right.Select(e => e.Real)], imaginary = [.. pair.Right.Select(e => e.Imaginary)];
        List<double[]> vectors = [[.. real, .. imaginary]];
        for (int i = word.Length - 1; i > 0; i--)
        {
            (real, imaginary) = (DenseMatrix.Apply(set[word[i]], real), DenseMatrix.Apply(set[word[i]], imaginary));
            vectors.Add([.. real, .. imaginary]);
        }
        return [.. vectors.SelectMany(v => new[] { v, [.. v[..d], .. v[d..].Select(x => -x)] })];
    }

    /// <summary>The vectors of several words, scaled against each other so that no group leaves the hull of another at once
    /// (N. Guglielmi and V. Protasov, balancing); null where an eigenvalue is not real or no balance is found.</summary>
    public static List<double[]>? Balanced(IReadOnlyList<double[]> set, int d, int[][] words)
    {
        List<List<double[]>> groups = [];
        foreach (int[] word in words)
        {
            if (Of(set, d, word) is not { } vectors) return null;
            groups.Add(vectors);
        }
        if (groups.Count == 1) return groups[0];
        int m = groups.Count;
        double[,] reach = new double[m, m];
        for (int i = 0; i < m; i++)
        {
            List<double[]> images = groups[i];
            for (int length = 0; length < BalancingLength && images.Count <= MostImages; length++)
            {
                for (int j = 0; j < m; j++) reach[i, j] = Math.Max(reach[i, j], Reach(set, d, words[j], groups[j], images));
                images = [.. images.SelectMany(v => set.Select(a => DenseMatrix.Apply(a, v)))];
            }
        }
        double low = -5, high = 5;
        double[] logarithms = new double[m];
        for (int k = 0; k < 50; k++)
        {
            double middle = (low + high) / 2;
            if (Feasible(reach, middle) is { } found) (low, logarithms) = (middle, found);
            else high = middle;
        }
        return low <= 0 ? null : [.. groups.SelectMany((g, i) => g.Select(v => DenseMatrix.Scaled(v, Math.Exp(logarithms[i]))))];
    }

    /// <summary>The largest |z·x| over images x and the dual vectors z of the rotations of a word, each 1 on its own vector.</summary>
    private static double Reach(IReadOnlyList<double[]> set, int d, int[] word, List<double[]> vectors, List<double[]> images)
    {
        double largest = 0;
        for (int t = 0; t < word.Length; t++)
        {
            int[] rotated = [.. word[t..], .. word[..t]];
            if (LeadingPair.Of(WordSearch.Product(set, rotated, d), d) is not { } pair) continue;
            double[] v = t == 0 ? vectors[0] : vectors[word.Length - t], z = [.. pair.Left.Select(e => e.Real)];
            double own = Math.Abs(DenseMatrix.Dot(z, v));
            if (own < 1e-9) continue;
            foreach (double[] x in images) largest = Math.Max(largest, Math.Abs(DenseMatrix.Dot(z, x)) / own);
        }
        return largest;
    }

    /// <summary>Logarithms s with s_i + log q_ij + t ≤ s_j, by relaxation, or null.</summary>
    private static double[]? Feasible(double[,] reach, double t)
    {
        int m = reach.GetLength(0);
        double[] s = new double[m];
        for (int round = 0; round <= m; round++)
        {
            bool changed = false;
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < m; j++)
                {
                    double need = s[i] + Math.Log(reach[i, j] + 1e-300) + t;
                    if (i == j || s[j] >= need - 1e-12) continue;
                    s[j] = need;
                    changed = true;
                }
            }
            if (!changed) return s;
        }
        return null;
    }
}
