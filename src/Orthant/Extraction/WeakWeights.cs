using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>A weight from one hidden unit to another.</summary>
/// <param name="Layer">The hidden layer of the unit that reads, from 1: 0 has no weights from units.</param>
/// <param name="Unit">The unit.</param>
/// <param name="Input">The unit of the layer below.</param>
internal readonly record struct WeakWeight(int Layer, int Unit, int Input);

/// <summary>Finds inputs that show weights which random inputs do not: where the unit that reads is active and the unit that is read begins to be.</summary>
/// <remarks>No row is asked. On the boundary z_i = 0 of the unit that is read the other unit's value does not depend on the weight in question, so whether it is active there is known although the
/// weight is not: its pre-activation is climbed on that boundary, through the cells of the layers below, from many starts. A little beyond the boundary the unit is still active whatever the weight, and
/// the output shows it.</remarks>
internal static class WeakWeights
{
    private const int Starts = 150, MostSteps = 80, Kept = 6;

    /// <summary>How far beyond the boundary: the activation that is read, as a share of the pre-activation of the unit that reads.</summary>
    private static readonly double[] Depths = [-0.03, 0.01, 0.03, 0.1];

    /// <summary>Points that show some weights; none for a weight whose unit is nowhere seen to be active on the other one's boundary.</summary>
    /// <param name="layers">All layers, the affine output last.</param>
    /// <param name="weak">The weights.</param>
    /// <param name="domain">Where inputs may lie.</param>
    /// <param name="random">Where starts come from.</param>
    /// <param name="starts">Points that are known to be near the surfaces of units of the last layer.</param>
    /// <param name="impossible">Receives the weights whose two units are nowhere active together, by a search through all cells.</param>
    public static List<double[]> Points(
        IReadOnlyList<HiddenLayer> layers, IEnumerable<WeakWeight> weak, SearchDomain domain, RandomStream random, IReadOnlyList<double[]> starts, ICollection<WeakWeight> impossible)
    {
        List<double[]> points = [];
        foreach (WeakWeight weight in weak)
        {
            KnownLayers known = new(layers[0].Inputs, [.. layers.Take(weight.Layer + 1)], topIsSigned: true);
            KnownLayers all = new(layers[0].Inputs, [.. layers.SkipLast(1)], topIsSigned: true);
            int top = known.Boundaries - known.Top.Units + weight.Unit, below = known.Boundaries - known.Top.Units - known.Below + weight.Input;
            List<(double Quality, double[] Point)> found = [];
            for (int s = 0; s < Starts; s++)
            {
                double[] start = s % 3 == 0 && starts.Count > 0
                    ? domain.Near(random, starts[random.NextInt32(starts.Count)], domain.Size)
                    : domain.Point(random, random.NextInt32(4) switch { 0 => 0.3, 1 => 1, 2 => 3, _ => 10 });
                if (Climb(known, domain, random, start, top, below) is not double[] x) continue;
                found.Add((Effect(layers, all, x, weight), x));
            }
            if (!found.Any(f => f.Quality > 0))
            {
                JointCell.Answer joint = JointCell.Find(layers, weight, domain);
                if (joint.IsImpossible) impossible.Add(weight);
                if (joint.Point is not null && Climb(known, domain, random, joint.Point, top, below) is double[] x) found.Add((Effect(layers, all, x, weight), x));
                else if (joint.Point is not null) points.Add(joint.Point);
            }
            foreach ((double quality, double[] x) in found.OrderByDescending(f => f.Quality).Take(Kept).Where(f => f.Quality > 0))
            {
                CellGeometry cell = new(known, known.PatternAt(x), withFeatures: false);
                double value = cell.Value(top, x), square = cell.Lengths[below] * cell.Lengths[below];
                foreach (double depth in Depths)
                {
                    double[] row = [.. x];
                    TensorPrimitives.MultiplyAdd(cell.Normal(below), depth * value / square, row, row);
                    if (domain.Contains(row)) points.Add(row);
                }
            }
        }
        return points;
    }

    /// <summary>Raises one boundary's value along the boundary of another one until it is positive and large for its place, or does not rise any more.</summary>
    private static double[]? Climb(KnownLayers known, SearchDomain domain, RandomStream random, double[] start, int top, int below)
    {
        double[] x = start;
        double[]? best = null;
        double bestValue = 0;
        for (int step = 0; step < MostSteps; step++)
        {
            CellGeometry cell = new(known, known.PatternAt(x), withFeatures: false);
            double length = cell.Lengths[below];
            if (length < 1e-6) return best;
            ReadOnlySpan<double> w = cell.Normal(below);
            double[] onto = [.. x];
            TensorPrimitives.MultiplyAdd(w, -cell.Value(below, x) / (length * length), onto, onto);
            double shift = Math.Abs(cell.Value(below, x)) / length;
            x = onto;
            if (!domain.Contains(x)) return best;
            // The way to the boundary may have led through others: this cell's forms hold only next to where they were taken.
            if (shift > 1e-9 * Math.Max(1, TensorPrimitives.Norm<double>(x)))
            {
                CellGeometry there = new(known, known.PatternAt(x), withFeatures: false);
                if (Math.Abs(there.Value(below, x)) > 1e-6 * Math.Max(1, TensorPrimitives.Norm<double>(x))) continue;
                cell = there;
                w = cell.Normal(below);
                length = cell.Lengths[below];
                if (length < 1e-6) return best;
            }
            double value = cell.Value(top, x) / Math.Max(1, TensorPrimitives.Norm<double>(x) / Math.Sqrt(x.Length));
            if (value > bestValue) (best, bestValue) = (x, value);
            double[] g = cell.Normal(top).ToArray();
            TensorPrimitives.MultiplyAdd(w, -TensorPrimitives.Dot<double>(g, w) / (length * length), g, g);
            double[] chance = domain.Direction(random);
            TensorPrimitives.MultiplyAdd(w, -TensorPrimitives.Dot<double>(chance, w) / (length * length), chance, chance);
            TensorPrimitives.MultiplyAdd(chance, 0.2 * TensorPrimitives.Norm<double>(g), g, g);
            double size = TensorPrimitives.Norm<double>(g);
            if (size < 1e-9) return best;
            TensorPrimitives.Divide(g, size, g);
            double t = 2 * domain.Size;
            for (int i = 0; i < known.Boundaries; i++)
            {
                double rate = TensorPrimitives.Dot<double>(cell.Normal(i), g), distance = -cell.Value(i, x) / rate;
                if (i != below && i != top && Math.Abs(rate) > 1e-12 && distance > 0) t = Math.Min(t, (distance * 1.001) + 1e-6);
            }
            t = Math.Min(t, 0.9 * domain.Room(x, g));
            double[] next = [.. x];
            TensorPrimitives.MultiplyAdd(g, t, next, next);
            x = next;
        }
        return best;
    }

    /// <summary>How much a row just beyond a point says about a weight: the largest derivative of an output, as refinement weighs rows.</summary>
    private static double Effect(IReadOnlyList<HiddenLayer> layers, KnownLayers all, double[] x, WeakWeight weight)
    {
        double[] z = new double[all.Boundaries], h = new double[all.Boundaries];
        all.Forward(x, z, h);
        HiddenLayer output = layers[^1];
        double[] above = new double[output.Units];
        double most = 0;
        for (int o = 0; o < output.Units; o++)
        {
            double[] d = output.Row(o).ToArray();
            int end = all.Boundaries;
            for (int l = layers.Count - 2; l > weight.Layer; l--)
            {
                double[] before = new double[layers[l].Inputs];
                int first = end - layers[l].Units;
                for (int i = 0; i < layers[l].Units; i++)
                {
                    if (z[first + i] > 0) TensorPrimitives.MultiplyAdd(layers[l].Row(i), d[i], before, before);
                }
                (d, end) = (before, first);
            }
            above[o] = TensorPrimitives.Dot(output.Row(o), h.AsSpan(all.Boundaries - layers[^2].Units)) + output.Bias[o];
            most = Math.Max(most, Math.Abs(d[weight.Unit]));
        }
        double value = Math.Max(0, z[all.Boundaries - layers.Skip(weight.Layer).SkipLast(1).Sum(l => l.Units) + weight.Unit]);
        return most * value / (QueryMeter.Largest(above) + (0.2 * TensorPrimitives.Norm<double>(x) / Math.Sqrt(x.Length)) + 0.1);
    }
}
