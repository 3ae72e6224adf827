using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>The whole gradient of the function in the cell around a point.</summary>
/// <param name="Point">Where it was taken.</param>
/// <param name="Value">The outputs there.</param>
/// <param name="Gradient">outputs × inputs.</param>
/// <param name="Error">What rounding may have done to one entry.</param>
internal sealed record CellGradient(double[] Point, double[] Value, double[] Gradient, double Error)
{
    /// <summary>Takes a gradient with the largest step at which the function is linear.</summary>
    /// <returns>Null where even the smallest step finds a kink.</returns>
    /// <remarks>Two random sign vectors probe a step from both sides before inputs + 1 rows are spent on it; one more random row has to agree with the result.</remarks>
    public static CellGradient? Measure(QueryMeter meter, RandomStream random, double[] x, double firstStep)
    {
        int d = x.Length, m = meter.Outputs;
        double[] f0 = meter.Ask(x), rows = new double[Math.Max(4, d + 1) * d];
        for (double h = firstStep; h > 1e-9 * Math.Max(1, QueryMeter.Largest(x)); h /= 4)
        {
            for (int probe = 0; probe < 4; probe++)
            {
                Span<double> row = rows.AsSpan(probe * d, d);
                if (probe % 2 == 0) Signs(random, row, h);
                else TensorPrimitives.Negate(rows.AsSpan((probe - 1) * d, d), row);
            }
            double[] probes = rows.AsSpan(0, 4 * d).ToArray();
            for (int probe = 0; probe < 4; probe++) TensorPrimitives.Add(probes.AsSpan(probe * d, d), x, probes.AsSpan(probe * d, d));
            if (!IsLinear(meter, f0, meter.Ask(2, probes.AsSpan(0, 2 * d))) || !IsLinear(meter, f0, meter.Ask(2, probes.AsSpan(2 * d)))) continue;
            Span<double> last = rows.AsSpan(d * d, d);
            Signs(random, last, h);
            double[] sign = last.ToArray();
            for (int j = 0; j < d; j++)
            {
                x.CopyTo(rows.AsSpan(j * d, d));
                rows[(j * d) + j] += h;
            }
            TensorPrimitives.Add(last, x, last);
            double[] f = meter.Ask(d + 1, rows.AsSpan(0, (d + 1) * d)), gradient = new double[m * d];
            bool agrees = true;
            for (int i = 0; i < m; i++)
            {
                // The step that x + h really took: h may not be a multiple of the last bit of x.
                for (int j = 0; j < d; j++) gradient[(i * d) + j] = (f[(j * m) + i] - f0[i]) / (rows[(j * d) + j] - x[j]);
                double predicted = f0[i] + TensorPrimitives.Dot<double>(sign, gradient.AsSpan(i * d, d));
                agrees &= Math.Abs(f[(d * m) + i] - predicted) < (meter.IsCoarse ? 60 : 1e4) * Math.Sqrt(d) * meter.Noise(f0);
            }
            if (agrees) return new CellGradient(x, f0, gradient, 4 * meter.Noise(f) / h);
        }
        return null;
    }

    /// <summary>The output whose gradients differ most between two cells, with the difference (other − this) in that output.</summary>
    public (int Output, double[] Difference) JumpTo(CellGradient other)
    {
        int d = Point.Length, outputs = Value.Length, best = 0;
        double[] difference = new double[Gradient.Length];
        TensorPrimitives.Subtract(other.Gradient, Gradient, difference);
        for (int i = 1; i < outputs; i++)
        {
            if (TensorPrimitives.Norm<double>(difference.AsSpan(i * d, d)) > TensorPrimitives.Norm<double>(difference.AsSpan(best * d, d))) best = i;
        }
        return (best, difference.AsSpan(best * d, d).ToArray());
    }

    private static void Signs(RandomStream random, Span<double> row, double h)
    {
        for (int j = 0; j < row.Length; j++) row[j] = (random.NextUInt32() & 1) == 0 ? h : -h;
    }

    private static bool IsLinear(QueryMeter meter, double[] f0, double[] pair)
    {
        double tolerance = (meter.IsCoarse ? 64 : 256) * (meter.Noise(f0) + (meter.Growth * QueryMeter.Largest(pair)));
        for (int i = 0; i < f0.Length; i++)
        {
            if (!(Math.Abs(pair[i] + pair[f0.Length + i] - (2 * f0[i])) <= tolerance)) return false;
        }
        return true;
    }
}
