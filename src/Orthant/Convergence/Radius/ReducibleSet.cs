using System.Numerics;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Sets of matrices with a common invariant subspace: in a basis that begins with it all are block triangular, and the radius is the
/// larger one of the diagonal blocks', though no invariant norm need exist.</summary>
internal static class ReducibleSet
{
    /// <summary>How far a unit vector must lie from a span to be taken as new.</summary>
    private const double Away = 1e-9;

    /// <summary>The largest denominator of the coordinates of a subspace that is looked for.</summary>
    private const int LargestDenominator = 100_000;

    /// <summary>The bracket from blocks after a reordering of coordinates, or null where the set does not split so.</summary>
    public static JointRadius? Bound(Rational[][][] set, JointRadiusOptions options, CancellationToken cancellation)
    {
        int d = set[0].Length;
        int[] inner = [.. Enumerable.Range(0, d).Select(j => Reached(set, j)).MinBy(r => r.Length)!];
        return inner.Length == d ? null : Split(set, [.. inner.Select(j => Unit(j, d))], options, cancellation);
    }

    /// <summary>The bracket from the subspace that a word's leading vectors reach under all products, or from the one that those of the
    /// transposed products leave out; null where both are whole or have no simple coordinates.</summary>
    public static JointRadius? ByOrbit(Rational[][][] set, IReadOnlyList<double[]> rounded, int[] word, JointRadiusOptions options, CancellationToken cancellation)
    {
        int d = set[0].Length;
        if (LeadingPair.Of(WordSearch.Product(rounded, word, d), d) is not { } pair) return null;
        if (Rationalised(Orbit(rounded, pair.Right), d) is { } reached && IsInvariant(set, reached)) return Split(set, reached, options, cancellation);
        double[][] transposed = [.. rounded.Select(a => DenseMatrix.Transpose(a, d))];
        if (Rationalised(Orbit(transposed, pair.Left), d) is not { } dual) return null;
        Rational[][] kept = ExactVector.ToMatrix(dual).NullSpace();
        return IsInvariant(set, kept) ? Split(set, kept, options, cancellation) : null;
    }

    /// <summary>The bracket of the blocks.</summary>
    /// <param name="set">The matrices.</param>
    /// <param name="subspace">A basis of an invariant subspace, neither empty nor whole.</param>
    /// <param name="options">Accuracy and budget, half of which goes to each block.</param>
    /// <param name="cancellation">Stops the work.</param>
    private static JointRadius Split(Rational[][][] set, Rational[][] subspace, JointRadiusOptions options, CancellationToken cancellation)
    {
        int d = set[0].Length, inside = subspace.Length;
        List<Rational[]> vectors = [.. subspace];
        for (int j = 0; j < d && vectors.Count < d; j++)
        {
            vectors.Add(Unit(j, d));
            if (ExactVector.ToMatrix([.. vectors]).Rank() < vectors.Count) vectors.RemoveAt(vectors.Count - 1);
        }
        Rational[][] basis = [.. Enumerable.Range(0, d).Select(i => vectors.Select(v => v[i]).ToArray())];
        RationalMatrix columns = ExactVector.ToMatrix(basis);
        // Coordinates of the images in the new basis, one vector of the basis a column.
        Rational[][][] images = [.. set.Select(a => vectors.Select(v => columns.Solve(ExactVector.Apply(a, v))!).ToArray())];
        JointRadiusOptions half = options with { Seconds = options.Seconds / 2 };
        JointRadius first = JointSpectralRadius.Bound(Block(images, 0, inside), half, cancellation), second = JointSpectralRadius.Bound(Block(images, inside, d), half, cancellation);
        JointRadius larger = first.Certificate.Lower >= second.Certificate.Lower ? first : second;
        Rational upper = Rational.Max(first.Certificate.Upper, second.Certificate.Upper);
        BlockSplit evidence = new(basis, inside, first.Certificate.Evidence, second.Certificate.Evidence);
        Rational lower = RadiusSearch.CertifyLower(set, [.. larger.Word], options, cancellation);
        return new JointRadius(
            new SpectralRadiusCertificate(set, false, lower, [.. larger.Word], upper, evidence), larger.IsExact && larger.Certificate.Upper == upper,
            $"blocks of {inside} and {d - inside}: {first.Method}; {second.Method}");
    }

    /// <summary>The coordinates that coordinate j reaches: they span an invariant subspace.</summary>
    private static int[] Reached(Rational[][][] set, int j)
    {
        HashSet<int> reached = [j];
        Stack<int> open = new([j]);
        while (open.TryPop(out int column))
        {
            for (int i = 0; i < set[0].Length; i++)
            {
                if (!reached.Contains(i) && set.Any(a => !a[i][column].IsZero))
                {
                    reached.Add(i);
                    open.Push(i);
                }
            }
        }
        return [.. reached.Order()];
    }

    /// <summary>An orthonormal basis of all products' images of a vector's real and imaginary part, to rounding.</summary>
    private static List<double[]> Orbit(IReadOnlyList<double[]> set, Complex[] start)
    {
        List<double[]> basis = [];
        Add([.. start.Select(e => e.Real)]);
        Add([.. start.Select(e => e.Imaginary)]);
        for (int next = 0; next < basis.Count && basis.Count < start.Length; next++)
        {
            foreach (double[] a in set) Add(DenseMatrix.Apply(a, basis[next]));
        }
        return basis;

        void Add(double[] v)
        {
            double size = Math.Sqrt(DenseMatrix.Dot(v, v));
            if (size < Away) return;
            double[] rest = DenseMatrix.Scaled(v, 1 / size);
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] q in basis)
                {
                    double along = DenseMatrix.Dot(q, rest);
                    for (int i = 0; i < rest.Length; i++) rest[i] -= along * q[i];
                }
            }
            double away = Math.Sqrt(DenseMatrix.Dot(rest, rest));
            if (away > Away) basis.Add(DenseMatrix.Scaled(rest, 1 / away));
        }
    }

    /// <summary>The reduced basis of a span, if it is a proper one and its entries are near fractions of small denominators; null
    /// otherwise.</summary>
    private static Rational[][]? Rationalised(List<double[]> span, int d)
    {
        if (span.Count == 0 || span.Count >= d) return null;
        double[][] rows = [.. span.Select(v => v.ToArray())];
        for (int r = 0; r < rows.Length; r++)
        {
            (int Row, int Column) pivot = Enumerable.Range(r, rows.Length - r).SelectMany(i => Enumerable.Range(0, d).Select(j => (i, j))).MaxBy(p => Math.Abs(rows[p.i][p.j]));
            (rows[r], rows[pivot.Row]) = (rows[pivot.Row], rows[r]);
            rows[r] = DenseMatrix.Scaled(rows[r], 1 / rows[r][pivot.Column]);
            for (int i = 0; i < rows.Length; i++)
            {
                if (i == r) continue;
                double factor = rows[i][pivot.Column];
                for (int j = 0; j < d; j++) rows[i][j] -= factor * rows[r][j];
            }
        }
        Rational[][] reduced = new Rational[rows.Length][];
        for (int r = 0; r < rows.Length; r++)
        {
            reduced[r] = new Rational[d];
            for (int j = 0; j < d; j++)
            {
                if (Fraction(rows[r][j]) is not { } entry) return null;
                reduced[r][j] = entry;
            }
        }
        return reduced;
    }

    /// <summary>The first convergent of a number's continued fraction that is the number to rounding, or null.</summary>
    private static Rational? Fraction(double x)
    {
        (long P, long Q) before = (0, 1), here = (1, 0);
        double rest = x;
        while (true)
        {
            double whole = Math.Floor(rest);
            if (Math.Abs(whole) > LargestDenominator) return null;
            (before, here) = (here, (((long)whole * here.P) + before.P, ((long)whole * here.Q) + before.Q));
            if (here.Q > LargestDenominator) return null;
            if (Math.Abs(x - ((double)here.P / here.Q)) <= Away) return new Rational(here.P, here.Q);
            rest = 1 / (rest - whole);
        }
    }

    private static bool IsInvariant(Rational[][][] set, Rational[][] basis) =>
        set.All(a => basis.All(v => ExactVector.ToMatrix([.. basis, ExactVector.Apply(a, v)]).Rank() == basis.Length));

    private static Rational[] Unit(int j, int d) => [.. Enumerable.Range(0, d).Select(i => i == j ? Rational.One : 0)];

    /// <summary>Rows and columns from the first to before the last, of matrices held by columns.</summary>
    private static Rational[][][] Block(Rational[][][] images, int first, int last) =>
        [.. images.Select(columns => Enumerable.Range(first, last - first).Select(i => columns[first..last].Select(c => c[i]).ToArray()).ToArray())];
}
