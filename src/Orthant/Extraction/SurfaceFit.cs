using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Finds a surface again from where exactly the function has its kink at points all over it: the error that a coarse oracle's gradients gave falls to that of positions divided by
/// the distances between them.</summary>
internal static class SurfaceFit
{
    private const int Rounds = 2;

    /// <summary>Moves a plane w·x + b = 0, |w| = 1, onto the kinks next to it.</summary>
    /// <param name="meter">The oracle.</param>
    /// <param name="random">Where points come from.</param>
    /// <param name="domain">Where they may lie.</param>
    /// <param name="w">The normal.</param>
    /// <param name="b">The offset.</param>
    /// <param name="error">By how much an entry of the normal may be wrong.</param>
    /// <returns>Null where the function has no kink at most of the points: there is no such plane.</returns>
    public static (double[] Normal, double Offset)? Plane(QueryMeter meter, RandomStream random, SearchDomain domain, double[] w, double b, double error)
    {
        int d = w.Length, wanted = 3 * (d + 1);
        for (int round = 0; round < Rounds; round++)
        {
            List<double[]> rows = [];
            List<double> distances = [];
            int tried = 0;
            for (int attempt = 0; attempt < 6 * wanted && rows.Count < wanted && tried < 2 * wanted; attempt++)
            {
                double[] y = domain.Point(random, random.NextInt32(2) == 0 ? 1 : 3);
                TensorPrimitives.MultiplyAdd(w, -(TensorPrimitives.Dot<double>(w, y) + b), y, y);
                double step = Step(meter, domain, y, error);
                if (!domain.Contains(y) || domain.Clearance(y) < step) continue;
                tried++;
                if (KinkPosition.Locate(meter, y, w, step) is not KinkPosition kink) continue;
                double[] row = [.. y, 1];
                TensorPrimitives.Divide(row, kink.Deviation, row);
                rows.Add(row);
                distances.Add(kink.Distance / kink.Deviation);
            }
            if (rows.Count < d + 4 || 2 * rows.Count < tried) return null;
            if (Trimmed(rows, distances) is not (double[] change, _)) return (w, b);
            double[] moved = new double[d];
            TensorPrimitives.Subtract(w, change.AsSpan(0, d), moved);
            double length = TensorPrimitives.Norm<double>(moved);
            TensorPrimitives.Divide(moved, length, moved);
            (w, b, error) = (moved, (b - change[d]) / length, 0.1 * error);
        }
        return (w, b);
    }

    /// <summary>Adds to a unit's equations one for each of many points of its surface: θ·(features there − features at the seed) = 0.</summary>
    /// <param name="meter">The oracle.</param>
    /// <param name="random">Where points come from.</param>
    /// <param name="domain">Where they may lie.</param>
    /// <param name="known">The layers below.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="zero">A zero of the unit's pre-activation on a line, from the model.</param>
    /// <returns>Whether the function has a kink at most of the points: the unit is one.</returns>
    public static bool Unit(QueryMeter meter, RandomStream random, SearchDomain domain, KnownLayers known, SurfaceUnit unit, Func<double[], double[], double[]?> zero)
    {
        int features = known.Features, wanted = 2 * (features + 4);
        double error = unit.Deviation.Where(v => v < unit.SeenDeviation).DefaultIfEmpty(unit.SeenDeviation).Average();
        for (int round = 0; round < Rounds; round++)
        {
            List<double[]> rows = [], equations = [];
            List<double> values = [], deviations = [];
            int tried = 0;
            for (int attempt = 0; attempt < 6 * wanted && rows.Count < wanted && tried < 3 * wanted; attempt++)
            {
                if (zero(domain.Point(random, random.NextInt32(2) == 0 ? 1 : 3), domain.Direction(random)) is not double[] x) continue;
                CellGeometry cell = new(known, known.PatternAt(x), withFeatures: false);
                double[] normal = cell.Combine(unit.Theta);
                double length = TensorPrimitives.Norm<double>(normal), step = Step(meter, domain, x, error);
                if (length < 0.05 || domain.Clearance(x) < step || known.NearestBoundary(x) < 1.5 * step) continue;
                tried++;
                if (KinkPosition.Locate(meter, x, normal, step) is not KinkPosition kink) continue;
                double[] row = known.FeaturesAt(kink.Point), here = known.FeaturesAt(x);
                TensorPrimitives.Subtract(row, unit.StartFeatures, row);
                double deviation = length * kink.Deviation, value = TensorPrimitives.Dot<double>(unit.Theta, row);
                equations.Add([.. row]);
                deviations.Add(deviation);
                TensorPrimitives.Divide(row, deviation, row);
                rows.Add([.. row, 1 / deviation]);
                values.Add(value / deviation);
            }
            if (2 * rows.Count < tried || rows.Count < 4) return false;
            // What the walk has seen of every weight, so that those that few points show keep their values.
            int measured = rows.Count;
            for (int k = 0; k < features; k++)
            {
                double[] prior = new double[features + 1];
                prior[k] = 1 / Math.Max(3 * unit.Deviation[k], 1e-9);
                rows.Add(prior);
                values.Add(0);
            }
            if (Trimmed(rows, values) is not (_, int[] kept)) return true;
            foreach (int i in kept.Where(i => i < measured)) unit.Equations.Add((equations[i], 0, deviations[i]));
            unit.Resolve();
            error *= 0.1;
        }
        return true;
    }

    /// <summary>How far from a point its kink may be.</summary>
    private static double Step(QueryMeter meter, SearchDomain domain, double[] x, double error) =>
        Math.Max(Math.Max(1e-3, 2e4 * meter.Unit) * domain.Size, 4 * error * TensorPrimitives.Norm<double>(x));

    /// <summary>Least squares; rows that another kink has disturbed go one after the other.</summary>
    private static (double[] Solution, int[] Kept)? Trimmed(List<double[]> rows, List<double> values)
    {
        int width = rows[0].Length;
        List<int> keep = [.. Enumerable.Range(0, rows.Count)];
        while (true)
        {
            double[] design = [.. keep.SelectMany(i => rows[i])], y = [.. keep.Select(i => values[i])];
            double[] solution = LeastSquares.Solve(keep.Count, width, design, y, 1e-12);
            double[] residual = [.. keep.Select(i => Math.Abs(values[i] - TensorPrimitives.Dot<double>(rows[i], solution)))];
            int worst = Array.IndexOf(residual, residual.Max());
            // Weights hold a kink's position to a few times what rounding may do; a row beside another kink is off by far more.
            if (residual[worst] < 5) return (solution, [.. keep]);
            if (keep.Count <= width + 2) return null;
            keep.RemoveAt(worst);
        }
    }
}
