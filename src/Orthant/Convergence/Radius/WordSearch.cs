using System.Diagnostics;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Looks for words whose product has the largest averaged spectral radius.</summary>
internal sealed class WordSearch(IReadOnlyList<double[]> set, int d)
{
    private const int Width = 200, LongestWord = 64;

    /// <summary>The best ρ(product)^(1/length).</summary>
    public double Best { get; private set; }

    /// <summary>All words that attain it within 1e-10, primitive and least among their rotations.</summary>
    public List<int[]> Words { get; } = [];

    /// <summary>Level by level, keeps the products of largest norm in the metric √(xᵀQx) among those that may still exceed the best.</summary>
    public void Beam(double[] q, double gamma, double seconds)
    {
        Stopwatch watch = Stopwatch.StartNew();
        double[] t = DenseMatrix.Transpose(DenseMatrix.Cholesky(q, d)!, d), inverse = DenseMatrix.Inverse(t, d)!;
        double[][] b = [.. set.Select(a => DenseMatrix.Scaled(DenseMatrix.Multiply(DenseMatrix.Multiply(t, a, d), inverse, d), 1 / gamma))];
        List<(int[] Word, double[] Product)> level = [.. b.Select((x, i) => (new[] { i }, x))];
        double best = Best / gamma;
        for (int length = 1; length <= LongestWord && level.Count > 0; length++)
        {
            foreach ((int[] word, double[] product) in level)
            {
                double radius = Math.Pow(DenseMatrix.Radius(product, d), 1.0 / length);
                if (radius > best * (1 + 1e-10))
                {
                    Words.Clear();
                    best = radius;
                }
                if (radius >= best * (1 - 1e-10) && radius > 0) Keep(word);
            }
            if (watch.Elapsed.TotalSeconds > seconds) break;
            List<(int[], double[], double)> next = new(level.Count * b.Length);
            double least = Math.Pow(best * (1 - 1e-9), length + 1);
            foreach ((int[] word, double[] product) in level)
            {
                for (int i = 0; i < b.Length; i++)
                {
                    double[] longer = DenseMatrix.Multiply(product, b[i], d);
                    double norm = DenseMatrix.Norm(longer, d);
                    if (norm >= least) next.Add(([.. word, i], longer, norm));
                }
            }
            level = [.. next.OrderByDescending(x => x.Item3).Take(Width).Select(x => (x.Item1, x.Item2))];
        }
        Best = best * gamma;
    }

    public static double[] Product(IReadOnlyList<double[]> set, IEnumerable<int> word, int d)
    {
        double[]? p = null;
        foreach (int i in word) p = p is null ? set[i] : DenseMatrix.Multiply(p, set[i], d);
        return p!;
    }

    private void Keep(int[] word)
    {
        int[] least = Canonical(word);
        if (Words.Count < 12 && !Words.Any(w => w.AsSpan().SequenceEqual(least))) Words.Add(least);
    }

    /// <summary>The primitive root of a word, rotated to the least of its rotations (its Lyndon word).</summary>
    public static int[] Canonical(int[] word)
    {
        int n = word.Length;
        for (int p = 1; p < n; p++)
        {
            if (n % p == 0 && Enumerable.Range(p, n - p).All(i => word[i] == word[i - p]))
            {
                word = word[..p];
                break;
            }
        }
        int[] least = word;
        for (int r = 1; r < word.Length; r++)
        {
            int[] rotated = [.. word[r..], .. word[..r]];
            if (rotated.AsSpan().SequenceCompareTo(least) < 0) least = rotated;
        }
        return least;
    }
}

/// <summary>Looks for words of masks, P_{S1}W ⋯ P_{SL}W, by coordinate ascent: the radius is multilinear in the masks, so that each neuron
/// of each mask is set by the sign of its share.</summary>
internal sealed class MaskWordSearch(double[] w, int d, ulong seed)
{
    private readonly RandomStream random = new(seed, 77);

    public double Best { get; private set; }

    public int[] Word { get; private set; } = [1];

    public void Run(double seconds, int longest)
    {
        Stopwatch watch = Stopwatch.StartNew();
        List<(double Radius, int Mask)> single = [];
        for (int mask = 1; mask < 1 << Math.Min(d, 12); mask++) single.Add((DenseMatrix.Radius(Masked(w, mask, d), d), mask));
        single = [.. single.OrderByDescending(s => s.Radius).Take(40)];
        (Best, Word) = (single[0].Radius, [single[0].Mask]);
        Cycles();
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            int length = random.NextInt32(1, longest + 1);
            double chance = random.NextInt32(3) switch { 0 => 0.3, 1 => 0.5, _ => 0.8 };
            int[] word = new int[length];
            for (int j = 0; j < length; j++)
            {
                if (random.NextDouble() < 0.5) word[j] = single[random.NextInt32(single.Count)].Mask;
                else
                {
                    for (int i = 0; i < d; i++) word[j] |= random.NextDouble() < chance ? 1 << i : 0;
                }
            }
            Ascend(word);
        }
        Word = WordSearch.Canonical(Word);
    }

    public static double[] Masked(double[] w, int mask, int d)
    {
        double[] a = (double[])w.Clone();
        for (int i = 0; i < d; i++)
        {
            if ((mask >> i & 1) == 0) Array.Clear(a, i * d, d);
        }
        return a;
    }

    /// <summary>Words of single neurons: the largest geometric mean of |w| along a cycle (R. M. Karp).</summary>
    private void Cycles()
    {
        double[,] best = new double[d + 1, d];
        int[,] from = new int[d + 1, d];
        for (int k = 1; k <= d; k++)
        {
            for (int v = 0; v < d; v++)
            {
                best[k, v] = double.NegativeInfinity;
                for (int u = 0; u < d; u++)
                {
                    double e = best[k - 1, u] + Math.Log(Math.Abs(w[(v * d) + u]));
                    if (e > best[k, v]) (best[k, v], from[k, v]) = (e, u);
                }
            }
        }
        for (int v = 0; v < d; v++)
        {
            // Walk back from v until a neuron comes twice: a cycle.
            List<int> path = [v];
            for (int k = d; k > 0; k--)
            {
                int u = from[k, path[^1]], seen = path.IndexOf(u);
                if (seen >= 0)
                {
                    Try([.. path[seen..].Select(i => 1 << i)]);
                    break;
                }
                path.Add(u);
            }
        }
    }

    private void Try(int[] word)
    {
        double r = Radius(word);
        if (r > Best * (1 + 1e-11)) (Best, Word) = (r, word);
    }

    private double Radius(int[] word)
    {
        double[]? p = null;
        foreach (int mask in word) p = p is null ? Masked(w, mask, d) : DenseMatrix.Multiply(p, Masked(w, mask, d), d);
        return Math.Pow(DenseMatrix.Radius(p!, d), 1.0 / word.Length);
    }

    private void Ascend(int[] word)
    {
        double current = Radius(word);
        for (int step = 0; step < 30; step++)
        {
            double[,]? shares = Shares(word);
            if (shares is null) break;
            int[] next = new int[word.Length];
            for (int j = 0; j < word.Length; j++)
            {
                for (int i = 0; i < d; i++) next[j] |= shares[j, i] > 0 ? 1 << i : 0;
            }
            double r = Radius(next);
            if (r <= current * (1 + 1e-12))
            {
                bool better = false;
                foreach ((int j, int i) in Enumerable.Range(0, word.Length * d).Select(k => (k / d, k % d))
                    .OrderByDescending(p => shares[p.Item1, p.Item2] * ((word[p.Item1] >> p.Item2 & 1) == 0 ? 1 : -1)).Take(6))
                {
                    next = [.. word];
                    next[j] ^= 1 << i;
                    r = Radius(next);
                    if (r > current * (1 + 1e-12))
                    {
                        better = true;
                        break;
                    }
                }
                if (!better) break;
            }
            (current, word) = (r, next);
        }
        if (current > Best * (1 + 1e-11)) (Best, Word) = (current, word);
    }

    /// <summary>Re(l_ji r_ji / λ) of neuron i at place j, l and r being the leading left and right vectors carried there.</summary>
    private double[,]? Shares(int[] word)
    {
        double[]? p = null;
        foreach (int mask in word) p = p is null ? Masked(w, mask, d) : DenseMatrix.Multiply(p, Masked(w, mask, d), d);
        if (LeadingPair.Of(p!, d) is not { } pair) return null;
        int length = word.Length;
        System.Numerics.Complex[][] right = new System.Numerics.Complex[length][];
        System.Numerics.Complex[] x = pair.Right, l = pair.Left;
        for (int j = length - 1; j >= 0; j--)
        {
            right[j] = Times(w, x, false);
            x = [.. right[j].Select((e, i) => (word[j] >> i & 1) == 1 ? e : 0)];
        }
        double[,] shares = new double[length, d];
        for (int j = 0; j < length; j++)
        {
            for (int i = 0; i < d; i++) shares[j, i] = (l[i] * right[j][i] / pair.Value).Real;
            System.Numerics.Complex[] kept = l;
            l = Times(w, [.. kept.Select((e, i) => (word[j] >> i & 1) == 1 ? e : 0)], true);
        }
        return shares;
    }

    private System.Numerics.Complex[] Times(double[] a, System.Numerics.Complex[] x, bool transposed)
    {
        System.Numerics.Complex[] y = new System.Numerics.Complex[d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++) y[i] += a[transposed ? (j * d) + i : (i * d) + j] * x[j];
        }
        return y;
    }
}

/// <summary>The leading eigenvalue of a matrix with its right and left vector, scaled so that their product is 1.</summary>
internal sealed record LeadingPair(System.Numerics.Complex Value, System.Numerics.Complex[] Right, System.Numerics.Complex[] Left)
{
    public bool IsReal => Math.Abs(Value.Imaginary) <= 1e-9 * Value.Magnitude;

    public static LeadingPair? Of(double[] a, int d)
    {
        if (a.Any(e => !double.IsFinite(e))) return null;
        Matrix<double> real = DenseMatrix.ToMatrix(a, d);
        System.Numerics.Complex value = real.Evd().EigenValues.MaxBy(e => e.Magnitude);
        if (value.Magnitude < 1e-300) return null;
        if (Math.Abs(value.Imaginary) <= 1e-9 * value.Magnitude) value = value.Real;
        Matrix<System.Numerics.Complex> m = real.ToComplex();
        System.Numerics.Complex[]? right = Inverse(m, value), left = Inverse(m.Transpose(), value);
        if (right is null || left is null) return null;
        System.Numerics.Complex dot = 0;
        for (int i = 0; i < d; i++) dot += right[i] * left[i];
        if (dot.Magnitude < 1e-12) return null;
        return new LeadingPair(value, right, [.. left.Select(e => e / dot)]);
    }

    /// <summary>Inverse iteration from a shift just beside the eigenvalue.</summary>
    private static System.Numerics.Complex[]? Inverse(Matrix<System.Numerics.Complex> m, System.Numerics.Complex value)
    {
        int d = m.RowCount;
        Matrix<System.Numerics.Complex> shifted = m.Clone();
        for (int i = 0; i < d; i++) shifted[i, i] -= value * (1 + 1e-11);
        var lu = shifted.LU();
        Vector<System.Numerics.Complex> x = Vector<System.Numerics.Complex>.Build.Dense(d, i => 1 + 0.1 * i);
        for (int k = 0; k < 4; k++)
        {
            x = lu.Solve(x);
            double norm = x.L2Norm();
            if (!double.IsFinite(norm) || norm == 0) return null;
            x /= norm;
        }
        // A real eigenvalue has a real vector: the phase of its largest entry is taken off.
        System.Numerics.Complex largest = x.MaximumBy();
        return [.. x.Select(e => e / (largest / largest.Magnitude))];
    }
}

file static class ComplexVectors
{
    public static System.Numerics.Complex MaximumBy(this Vector<System.Numerics.Complex> x) => x.MaxBy(e => e.Magnitude);
}
