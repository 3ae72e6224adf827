using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>Where exactly the function has its kink across a surface, from four rows.</summary>
/// <param name="Point">The point on the kink.</param>
/// <param name="Distance">How far it is from the point asked about, signed along the normal.</param>
/// <param name="Deviation">What rounding may have done to its position; the step does not matter.</param>
internal readonly record struct KinkPosition(double[] Point, double Distance, double Deviation)
{
    /// <summary>Looks for a kink near a point.</summary>
    /// <param name="meter">The oracle.</param>
    /// <param name="x">Where it should be.</param>
    /// <param name="normal">Across the surface, of any length.</param>
    /// <param name="step">The farthest row's distance.</param>
    /// <returns>Null when there is none within 0.4 steps.</returns>
    public static KinkPosition? Locate(QueryMeter meter, ReadOnlySpan<double> x, ReadOnlySpan<double> normal, double step)
    {
        int d = x.Length, m = meter.Outputs;
        double length = TensorPrimitives.Norm(normal);
        double[] rows = new double[4 * d];
        ReadOnlySpan<double> across = [-1, -0.5, 0.5, 1];
        for (int i = 0; i < 4; i++) TensorPrimitives.MultiplyAdd(normal, across[i] * step / length, x, rows.AsSpan(i * d, d));
        double[] f = meter.Ask(4, rows);
        int k = 0;
        double widest = -1;
        for (int i = 0; i < m; i++)
        {
            double jump = Math.Abs(f[(3 * m) + i] - f[(2 * m) + i] - f[m + i] + f[i]);
            if (jump > widest) (widest, k) = (jump, i);
        }
        double noise = meter.Noise(f);
        (double position, double slope) = BendMeasurement.Kink(f, m, k, 0, step);
        if (!(Math.Abs(slope) * step > (meter.IsCoarse ? 30 : 1e3) * 16 * noise) || !(Math.Abs(position) < 0.4 * step)) return null;
        double[] point = new double[d];
        TensorPrimitives.MultiplyAdd(normal, position / length, x, point);
        double size = TensorPrimitives.Norm(x);
        return new KinkPosition(point, position, ((meter.IsCoarse ? 8 : 1) * noise / Math.Abs(slope)) + (2.2e-16 * size));
    }
}
