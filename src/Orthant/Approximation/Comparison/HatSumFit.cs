using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>The least-squares sum c + λx + Σ a_k H∘ᵏ(x) on [0, 1], lifted to the middle of its errors.</summary>
internal static class HatSumFit
{
    private const int Samples = 3000, Tests = 12_000;

    /// <summary>The largest error seen of the best sum of m compositions.</summary>
    /// <param name="f">On [0, 1].</param>
    /// <param name="m">At least 1.</param>
    public static double Error(Func<double, double> f, int m)
    {
        int columns = m + 2;
        double[] a = new double[Samples * columns], y = new double[Samples];
        for (int i = 0; i < Samples; i++)
        {
            // Multiples of the golden section are even at every scale, and no dyadic grid hides a hat of theirs.
            double x = (i + 0.5) * 0.6180339887498949 % 1;
            Row(x, a.AsSpan(i * columns, columns));
            y[i] = f(x);
        }
        double[] c = LeastSquares.Solve(Samples, columns, a, y, 1e-12), row = new double[columns];
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (int i = 0; i <= Tests; i++)
        {
            double x = (double)i / Tests;
            Row(x, row);
            double rest = f(x);
            for (int k = 0; k < columns; k++) rest -= c[k] * row[k];
            (low, high) = (Math.Min(low, rest), Math.Max(high, rest));
        }
        return 0.5 * (high - low);
    }

    private static void Row(double x, Span<double> row)
    {
        (row[0], row[1]) = (1, x);
        for (int k = 2; k < row.Length; k++)
        {
            x = x <= 0.5 ? 2 * x : 2 * (1 - x);
            row[k] = x;
        }
    }
}
