namespace Orthant.Numerics;

/// <summary>Norms of vectors and matrices, enclosed.</summary>
internal static class IntervalNorms
{
    /// <summary>An enclosure of a vector's norm.</summary>
    /// <param name="x">The vector.</param>
    /// <param name="norm">l1, l2 or linf.</param>
    public static Interval Of(Interval[] x, string norm)
    {
        Interval result = 0;
        foreach (Interval e in x)
        {
            result = norm switch { "l1" => result + Interval.Abs(e), "linf" => Interval.Max(result, Interval.Abs(e)), _ => result + Interval.Square(e) };
        }
        return norm == "l2" ? Interval.Sqrt(result) : result;
    }

    /// <summary>An enclosure of, or for l2 an upper bound on, a matrix's operator norm.</summary>
    /// <param name="a">The matrix.</param>
    /// <param name="norm">l1, l2 or linf.</param>
    public static Interval OfMatrix(Rational[][] a, string norm) => norm switch
    {
        "l1" => Interval.FromRational(ExactMatrices.Transpose(a).Max(Sum)),
        "linf" => Interval.FromRational(a.Max(Sum)),
        _ => SpectralNorm(a),
    };

    private static Rational Sum(Rational[] row) => row.Aggregate(Rational.Zero, (s, x) => s + Rational.Abs(x));

    /// <summary>An upper bound of the largest singular value: the 2^k-th root of the trace of the 2^k-th power of AᵀA.</summary>
    private static Interval SpectralNorm(Rational[][] a)
    {
        Rational[][] exact = ExactMatrices.Multiply(ExactMatrices.Transpose(a), a);
        Interval[][] g = [.. exact.Select(r => r.Select(Interval.FromRational).ToArray())];
        int d = g.Length;
        Interval logarithm = 0;
        double weight = 0.5;
        for (int k = 0; k < 40; k++)
        {
            double size = g.Max(r => r.Max(x => x.Magnitude));
            if (size == 0) return 0;
            logarithm += weight * Interval.Log(size);
            Interval[][] next = [.. g.Select(_ => new Interval[d])];
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j < d; j++)
                {
                    Interval sum = 0;
                    for (int l = 0; l < d; l++) sum += g[i][l] / size * (g[l][j] / size);
                    next[i][j] = sum;
                }
            }
            g = next;
            weight /= 2;
            if (weight * Math.Log(d) < 1e-12) break;
        }
        Interval trace = 0;
        for (int i = 0; i < d; i++) trace += g[i][i];
        return Interval.Exp(logarithm + weight * Interval.Log(Math.Max(trace.Upper, double.Epsilon)));
    }
}
