using System.Numerics;
using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Reports;

/// <summary>Collects the regions of a plane as polygons with the gradient of the first output and the zero sets of all.</summary>
public sealed class RegionPolygons : IRegionVisitor
{
    private readonly int outputs;
    private readonly int[] layers;
    private readonly Lock gate = new();
    private readonly List<RegionPolygon> polygons = [];

    /// <summary>Begins to collect.</summary>
    /// <param name="network">The network; zero sets of its first eight outputs are kept.</param>
    public RegionPolygons(ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        outputs = network.Outputs;
        var starts = network.NormalForm.StageStarts;
        layers = new int[starts.Length];
        foreach (ActivationSite site in network.Sites)
        {
            for (int unit = 0; unit < site.Units; unit++)
            {
                foreach (int decider in network.NormalForm.DecidersOf(site.FirstUnit + unit)) layers[StageOf(decider)] = site.Index;
            }
        }

        int StageOf(int unit)
        {
            int stage = 0;
            while (stage + 1 < starts.Length && starts[stage + 1] <= unit) stage++;
            return stage;
        }
    }

    /// <summary>The polygons, in an order that does not depend on threads.</summary>
    public IReadOnlyList<RegionPolygon> Collected() =>
        [.. polygons.OrderBy(p => p.Corners.Min(c => c.X)).ThenBy(p => p.Corners.Min(c => c.Y)).ThenBy(p => p.Corners.Max(c => c.X)).ThenBy(p => p.Corners.Max(c => c.Y))];

    /// <inheritdoc/>
    public void Visit(in RegionView region)
    {
        (double X, double Y)[] corners = new (double, double)[region.VertexCount];
        Span<double> t = stackalloc double[2], gradient = stackalloc double[2];
        double cx = 0, cy = 0;
        for (int k = 0; k < corners.Length; k++)
        {
            region.ScaledVertex(k, t);
            corners[k] = (t[0], t[1]);
            cx += t[0] / corners.Length;
            cy += t[1] / corners.Length;
        }
        int[] order = Enumerable.Range(0, corners.Length).OrderBy(k => Math.Atan2(corners[k].Y - cy, corners[k].X - cx)).ToArray();
        region.Gradient(0, gradient);
        List<(double, double, double, double)> zeros = [];
        for (int o = 0; o < Math.Min(outputs, 8); o++)
        {
            if (ZeroSegment(region, order, corners, o) is { } segment) zeros.Add(segment);
        }
        RegionPolygon polygon = new([.. order.Select(k => corners[k])], Math.Atan2(gradient[1], gradient[0]), Math.Sqrt((gradient[0] * gradient[0]) + (gradient[1] * gradient[1])), SideLayers(region, order), zeros);
        lock (gate) polygons.Add(polygon);
    }

    /// <summary>The layer of the neuron that changes sign on each side, from corner i to the next; the first one where several do, -1 at the box.</summary>
    private int[] SideLayers(in RegionView region, int[] order)
    {
        int[] sides = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            int stage = int.MaxValue;
            for (ulong left = region.FacetsOf(order[i]) & region.FacetsOf(order[(i + 1) % order.Length]); left != 0; left &= left - 1)
            {
                stage = Math.Min(stage, region.Facet(BitOperations.TrailingZeroCount(left)).Stage);
            }
            sides[i] = stage is < 0 or int.MaxValue ? -1 : layers[stage];
        }
        return sides;
    }

    private static (double, double, double, double)? ZeroSegment(in RegionView region, int[] order, (double X, double Y)[] corners, int output)
    {
        List<(double X, double Y)> ends = [];
        for (int i = 0; i < order.Length; i++)
        {
            int u = order[i], w = order[(i + 1) % order.Length];
            double a = region.Value(output, u), b = region.Value(output, w);
            if (a > 0 == b > 0) continue;
            double s = a / (a - b);
            ends.Add((corners[u].X + (s * (corners[w].X - corners[u].X)), corners[u].Y + (s * (corners[w].Y - corners[u].Y))));
        }
        return ends.Count == 2 ? (ends[0].X, ends[0].Y, ends[1].X, ends[1].Y) : null;
    }
}
