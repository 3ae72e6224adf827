using System.Collections.Immutable;
using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>What the self-test says of an oracle.</summary>
/// <param name="Unit">The size of one rounding of its answers, relative to 1 + |answer|.</param>
/// <param name="IsDeterministic">Whether the same row had the same answer.</param>
/// <param name="Notes">What is unusual, a sentence each.</param>
internal sealed record OracleCharacter(double Unit, bool IsDeterministic, ImmutableArray<string> Notes);

/// <summary>A few rows that tell what kind of answers an oracle gives, before any conclusion rests on them.</summary>
internal static class OracleSelfTest
{
    /// <summary>The unit of exact doubles.</summary>
    private const double DoubleUnit = 2.220446049250313e-16;

    public static OracleCharacter Run(QueryMeter meter, RandomStream random, SearchDomain domain)
    {
        const int Points = 6;
        int d = meter.Inputs, m = meter.Outputs;
        // Remote oracles ask for zeros to learn the number of outputs, and remember the answer.
        double[] origin = new double[d];
        if (domain.Contains(origin)) meter.Ask(origin);
        double[][] points = [.. Enumerable.Range(0, Points).Select(_ => domain.Point(random, 1))];
        double[] x = [.. points.SelectMany(p => p)];
        double[] first = meter.Ask(Points, x);
        // Alone and in a batch, and twice: one function has one answer.
        double spread = 0;
        for (int i = 0; i < Points; i++)
        {
            double[] alone = meter.Ask(points[i]);
            for (int k = 0; k < m; k++) spread = Math.Max(spread, Math.Abs(alone[k] - first[(i * m) + k]) / (1 + Math.Abs(alone[k])));
        }
        List<string> notes = [];
        double noise = Noise(meter, random, domain, points);
        double unit = Math.Max(DoubleUnit, Math.Max(noise / 16, spread / 16));
        if (unit < 8 * DoubleUnit) unit = DoubleUnit;
        if (spread > 64 * DoubleUnit) notes.Add($"the same question has different answers, by up to {spread:G2} of their size");
        if (unit > DoubleUnit) notes.Add($"the answers carry noise or rounding of about {16 * unit:G2}: precision is limited to what that allows");
        return new OracleCharacter(unit, spread <= 64 * DoubleUnit, [.. notes]);
    }

    /// <summary>The typical second difference on stretches so short that a smooth answer has none.</summary>
    private static double Noise(QueryMeter meter, RandomStream random, SearchDomain domain, double[][] points)
    {
        int d = meter.Inputs, m = meter.Outputs;
        List<double> sizes = [];
        foreach (double[] p in points)
        {
            double[] u = domain.Direction(random), rows = new double[5 * d];
            double step = 1e-7 * domain.Size;
            for (int i = 0; i < 5; i++) TensorPrimitives.MultiplyAdd(u, (i - 2) * step * (domain.Room(p, u) > 2 * step ? 1 : 0.1), p, rows.AsSpan(i * d, d));
            double[] f = meter.Ask(5, rows);
            for (int i = 1; i < 4; i++)
            {
                for (int k = 0; k < m; k++)
                {
                    double second = f[((i - 1) * m) + k] + f[((i + 1) * m) + k] - (2 * f[(i * m) + k]);
                    sizes.Add(Math.Abs(second) / (1 + Math.Abs(f[(i * m) + k])));
                }
            }
        }
        sizes.Sort();
        return sizes[(int)(0.8 * (sizes.Count - 1))];
    }
}
