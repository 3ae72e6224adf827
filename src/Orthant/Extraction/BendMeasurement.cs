using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>By how much a unit's surface bends where it crosses a known boundary, from eight rows.</summary>
/// <param name="Bend">τ: beyond the boundary the normal is n + τ·(the direction crossed), n of length 1 before.</param>
/// <param name="Deviation">What rounding may have done to τ.</param>
/// <param name="Shift">From the point that was asked about to the surface, along the normal's part within the boundary.</param>
internal readonly record struct BendMeasurement(double Bend, double Deviation, double[] Shift)
{
    /// <summary>Measures where a surface and a boundary cross.</summary>
    /// <param name="meter">The oracle.</param>
    /// <param name="x">A point on both, as far as is known.</param>
    /// <param name="normal">The surface's normal before the crossing, of length 1.</param>
    /// <param name="boundary">The boundary's normal, of length 1.</param>
    /// <param name="side">+1 when the boundary's unit switches on, −1 when off.</param>
    /// <param name="clearance">How far the next other boundary is.</param>
    /// <param name="attempts">How many scales to try.</param>
    /// <returns>Null when the two do not cross as they should: the surface is another one, or a boundary is not known.</returns>
    /// <remarks>Four rows before and four behind the boundary, across the surface (p crosses the boundary along the surface, q the surface along the boundary):
    /// <code>
    ///      q
    ///      |   o   |       o       o: a row. On each side the slopes of the outer pairs
    ///      |   o   |     _-o       meet at the kink; the second kink lies τ·dp lower.
    ///  ----|---+---|---_---+
    ///      |   o   | -     o
    ///      |   o   |       o       The first side has to show its kink at 0, both sides
    ///      +-------+--------→ p    have to show the same jump of slope.
    /// </code></remarks>
    public static BendMeasurement? Measure(QueryMeter meter, ReadOnlySpan<double> x, ReadOnlySpan<double> normal, ReadOnlySpan<double> boundary, double side, double clearance, int attempts)
    {
        int d = x.Length, m = meter.Outputs;
        double cosine = TensorPrimitives.Dot(normal, boundary), sine2 = 1 - (cosine * cosine);
        if (sine2 < 1e-3) return null;
        double[] p = new double[d], q = new double[d];
        for (int j = 0; j < d; j++)
        {
            p[j] = side * (boundary[j] - (cosine * normal[j])) / sine2;
            q[j] = (normal[j] - (cosine * boundary[j])) / sine2;
        }
        double dp = 0.25 * clearance * Math.Sqrt(sine2), dq = dp;
        double[] rows = new double[8 * d];
        ReadOnlySpan<double> across = [-1, -0.5, 0.5, 1];
        double contrast = meter.IsCoarse ? 30 : 1e4;
        for (int attempt = 0; attempt < attempts; attempt++)
        {
            for (int i = 0; i < 8; i++)
            {
                Span<double> row = rows.AsSpan(i * d, d);
                TensorPrimitives.MultiplyAdd(p, i < 4 ? -dp : dp, x, row);
                TensorPrimitives.MultiplyAdd(q, across[i % 4] * dq, row, row);
            }
            double[] f = meter.Ask(8, rows);
            int k = 0;
            double widest = -1;
            for (int i = 0; i < m; i++)
            {
                double jump = Math.Abs(f[(3 * m) + i] - f[(2 * m) + i] - f[m + i] + f[i]);
                if (jump > widest) (widest, k) = (jump, i);
            }
            double noise = 16 * meter.Noise(f) / dq;
            (double position, double jumpA) = Kink(f, m, k, 0, dq);
            if (Math.Abs(jumpA) > contrast * noise && Math.Abs(position) < (meter.IsCoarse ? 0.15 : 0.02) * dq)
            {
                (double beyond, double jumpB) = Kink(f, m, k, 4, dq);
                if (Math.Abs(jumpA - jumpB) < Math.Max(1e-5 * Math.Abs(jumpA), (meter.IsCoarse ? 12 : 100) * noise) && Math.Abs(beyond) < 0.45 * dq)
                {
                    TensorPrimitives.Multiply(q, position, q);
                    return new BendMeasurement(-(beyond - position) / dp, 8 * meter.Noise(f) / (Math.Abs(jumpA) * dp), q);
                }
                // A clean near side: the bend moves the far kink out of the window, so the step along the surface shrinks alone.
                dp /= 5;
                if (attempt >= 2)
                {
                    dq /= 2;
                    dp /= 2;
                }
                continue;
            }
            dp /= 4;
            dq /= 4;
        }
        return null;
    }

    /// <summary>Where a kink lies on a stretch of four rows at −1, −1/2, 1/2 and 1 times a step, and the jump of the slope there.</summary>
    public static (double Position, double Jump) Kink(ReadOnlySpan<double> f, int outputs, int k, int first, double step)
    {
        double f0 = f[(first * outputs) + k], f1 = f[((first + 1) * outputs) + k], f2 = f[((first + 2) * outputs) + k], f3 = f[((first + 3) * outputs) + k];
        double left = (f1 - f0) / (0.5 * step), right = (f3 - f2) / (0.5 * step), jump = right - left;
        return ((f1 - f2 + (0.5 * step * (left + right))) / jump, jump);
    }
}
