using System.Numerics.Tensors;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>The method of D. Rolnick and K. Kording, "Reverse-engineering deep ReLU networks", ICML 2020, as it is written there: to compare with.</summary>
/// <remarks>
/// <para>Algorithm 1: boundary points on random segments by bisection; around each a hyperplane through points on short segments; it belongs to the first layer when there is a boundary at points of it far
/// away. Algorithm 2: from each other point along its boundary to the nearest known boundary, a new hyperplane behind it, until the unit's boundary has met those of all units of the layer below; by how
/// much it turned at each gives that weight. A boundary that has turned before is of a deeper layer.</para>
/// <para>Segments are bisected where two slopes predict no single kink, as in <see cref="LineSweep"/>. The paper leaves open how weights of different crossings share one scale and how signs are told: here by the linear equations of <see cref="SurfaceUnit"/> and <see cref="LayerSigns"/>, and the
/// outputs by <see cref="LastLayer"/>. Nothing is refined.</para>
/// </remarks>
internal sealed class RolnickKording
{
    private const int Segments = 12, MostMoreSegments = 40, FarPoints = 6, FarNeeded = 4, MostSteps = 40;
    private const double Reach = 100, Short = 1e-3;

    private readonly QueryMeter meter;
    private readonly ExtractionOptions options;
    private readonly RandomStream random;
    private readonly SearchDomain domain;

    public RolnickKording(IOracle oracle, ExtractionOptions options, CancellationToken cancellation)
    {
        this.options = options;
        meter = new QueryMeter(oracle, options.Budget, options.Progress, cancellation);
        random = new RandomStream(options.Seed, 88);
        domain = options.Lower.IsEmpty ? new SearchDomain(oracle.Inputs) : new SearchDomain([.. options.Lower], [.. options.Upper]);
    }

    /// <summary>A boundary point that no known unit explains.</summary>
    private sealed record BoundaryPoint(double[] Point, double[] Normal);

    public RecoveredNetwork Run()
    {
        List<HiddenLayer> layers = [];
        HiddenLayer? output = null;
        List<string> notes = [];
        List<BoundaryPoint> open = [];
        bool complete = false, split = false;
        double residual = double.PositiveInfinity;
        try
        {
            meter.Begin("layer 1");
            List<(double[] Normal, double Offset)> planes = FirstLayer(open);
            if (planes.Count > 0) layers.Add(HiddenLayer.Of(meter.Inputs, planes));
            KnownLayers known = new(meter.Inputs, layers, topIsSigned: false);
            LastLayer last = new(meter, random, domain);
            for (int level = 2; planes.Count > 0 && open.Count > 0 && level <= options.MostHiddenLayers; level++)
            {
                meter.Begin($"layer {level}");
                List<SurfaceUnit> units = NextLayer(known, open);
                if (units.Count == 0) break;
                LayerSigns.Solution signs = LayerSigns.Solve(known, units);
                KnownLayers signed = new(meter.Inputs, [.. known.Layers.SkipLast(1), signs.Layer], topIsSigned: true);
                layers = [.. signed.Layers];
                if (last.Residual(signed, signs.Units) <= last.Tolerance)
                {
                    meter.Begin("output");
                    (HiddenLayer top, output, _, residual) = last.Finish(signed, signs.Units, (k, i) => !signs.Units[k].Seen[i]);
                    layers.Add(top);
                    (complete, split) = (true, last.IsSplit);
                    break;
                }
                layers.Add(HiddenLayer.Of(signed.Top.Units, [.. signs.Units.Select(u => (u.Weights, u.Bias))]));
                known = new KnownLayers(meter.Inputs, layers, topIsSigned: false);
            }
            if (planes.Count > 0 && layers.Count == 1 && open.Count == 0) (complete, layers, output, residual) = OneLayer(last, planes);
        }
        catch (BudgetExhaustedException)
        {
            notes.Add($"the budget of {options.Budget} queries ended");
        }
        catch (OperationCanceledException) when (meter.Cancellation.IsCancellationRequested)
        {
            notes.Add("the extraction was stopped");
        }
        if (!complete) notes.Add("the method as published did not come to an end: a boundary was missed, or took a turn that no known unit explains");
        return new RecoveredNetwork
        {
            Network = layers.Count == 0 || output is null ? null : new ReluNetwork([.. layers.Select(l => ExtractionRun.Affine(l, ActivationFunction.Relu)), ExtractionRun.Affine(output, null)]),
            IsComplete = complete,
            IsIdentifiable = complete && !split,
            HiddenWidths = [.. layers.Select(l => l.Units)],
            Queries = meter.Rows,
            Kinks = meter.Kinks,
            UnexplainedKinks = open.Count,
            Residual = residual,
            Stages = [.. meter.Stages()],
            Units = [],
            Notes = [.. notes],
        };
    }

    private (bool, List<HiddenLayer>, HiddenLayer?, double) OneLayer(LastLayer last, List<(double[] Normal, double Offset)> planes)
    {
        KnownLayers input = new(meter.Inputs, [], topIsSigned: true);
        bool[] seen = [.. Enumerable.Repeat(true, meter.Inputs)];
        List<NextUnit> units = [.. planes.Select(p => new NextUnit(p.Normal, p.Offset, seen, domain.Point(random, 1), p.Normal))];
        if (last.Residual(input, units) > last.Tolerance) return (false, [HiddenLayer.Of(meter.Inputs, planes)], null, double.PositiveInfinity);
        meter.Begin("output");
        (HiddenLayer top, HiddenLayer output, _, double residual) = last.Finish(input, units, (_, _) => false);
        return (true, [top], output, residual);
    }

    /// <summary>Algorithm 1.</summary>
    private List<(double[] Normal, double Offset)> FirstLayer(List<BoundaryPoint> others)
    {
        List<(double[] Normal, double Offset)> planes = [];
        for (int segment = 0; segment < Segments; segment++)
        {
            foreach (double[] p in PointsOnSegment(domain.Point(random, 1), domain.Direction(random), Reach * domain.Size))
            {
                if (planes.Exists(h => IsOn(h, p)) || InferHyperplane(p) is not double[] w) continue;
                (double[] Normal, double Offset) plane = (w, -TensorPrimitives.Dot<double>(w, p));
                if (TestHyperplane(plane)) planes.Add(plane);
                else others.Add(new BoundaryPoint(p, w));
            }
        }
        others.RemoveAll(o => planes.Exists(h => IsOn(h, o.Point)));
        return planes;
    }

    private static bool IsOn((double[] Normal, double Offset) plane, double[] p) =>
        Math.Abs(TensorPrimitives.Dot<double>(plane.Normal, p) + plane.Offset) < 1e-6 * Math.Max(1, TensorPrimitives.Norm<double>(p));

    /// <summary>All boundary points on a segment about a point, by bisection.</summary>
    private IEnumerable<double[]> PointsOnSegment(double[] middle, double[] direction, double half)
    {
        (double from, double to) = domain.Clip(middle, direction, -half, half);
        List<double> kinks = LineSweep.Kinks(meter, middle, direction, from, to);
        meter.Kinks += kinks.Count;
        foreach (double t in kinks)
        {
            double[] x = new double[middle.Length];
            TensorPrimitives.MultiplyAdd(direction, t, middle, x);
            yield return x;
        }
    }

    /// <summary>The normal of the boundary around one of its points, of length 1: through points on short random segments; null where they do not lie in a plane.</summary>
    private double[]? InferHyperplane(double[] p)
    {
        int d = p.Length;
        double size = Math.Max(1, TensorPrimitives.Norm<double>(p));
        for (double radius = Short * size; radius > 1e-6 * size; radius /= 10)
        {
            List<double[]> hits = [];
            for (int segment = 0; segment < 3 * (d + 2) && hits.Count < d + 2; segment++)
            {
                double[] near = domain.Near(random, p, 0.3 * radius / Math.Sqrt(d)), u = domain.Direction(random);
                double[][] found = [.. PointsOnSegment(near, u, radius)];
                if (found.Length != 1) continue;
                TensorPrimitives.Subtract(found[0], p, found[0]);
                hits.Add(found[0]);
            }
            if (hits.Count < d + 1) continue;
            double[] gram = new double[d * d];
            foreach (double[] h in hits)
            {
                for (int i = 0; i < d; i++) TensorPrimitives.MultiplyAdd(h, h[i] / (radius * radius), gram.AsSpan(i * d, d), gram.AsSpan(i * d, d));
            }
            SymmetricEigen eigen = new(d, gram);
            double[] w = eigen.Vectors.AsSpan(Array.IndexOf(eigen.Values, eigen.Values.Min()) * d, d).ToArray();
            double worst = hits.Max(h => Math.Abs(TensorPrimitives.Dot<double>(w, h))) / radius;
            // A plane to what the points are known to; a bend within reach shows as far more.
            if (worst < Math.Max(1e-7, 1e5 * meter.Unit / radius)) return w;
        }
        return null;
    }

    /// <summary>Whether there is a boundary at points of a plane that have nothing to do with where it was met.</summary>
    private bool TestHyperplane((double[] Normal, double Offset) plane)
    {
        int hits = 0;
        for (int k = 0; k < FarPoints; k++)
        {
            double[] y = domain.Point(random, k % 2 == 0 ? 1 : 10);
            TensorPrimitives.MultiplyAdd(plane.Normal, -(TensorPrimitives.Dot<double>(plane.Normal, y) + plane.Offset), y, y);
            double size = Math.Max(1, TensorPrimitives.Norm<double>(y));
            if (PointsOnSegment(y, plane.Normal, 0.01 * size).Any(x => IsOn(plane, x))) hits++;
        }
        return hits >= FarNeeded;
    }

    /// <summary>Algorithm 2: the units of the layer above the known ones; points of deeper ones stay in the list.</summary>
    private List<SurfaceUnit> NextLayer(KnownLayers known, List<BoundaryPoint> points)
    {
        LayerSearch search = new(meter, random, domain, known, []);
        List<BoundaryPoint> deeper = [];
        Queue<BoundaryPoint> waiting = new(points.OrderBy(p => TensorPrimitives.Norm<double>(p.Point)));
        for (int more = 0, quiet = 0; ; more++)
        {
            int before = search.Units.Count, unexplained = 0;
            while (waiting.TryDequeue(out BoundaryPoint? point))
            {
                if (search.Explains(point.Point)) continue;
                unexplained++;
                if (Trace(known, point) is SurfaceUnit unit) search.Accept(unit);
                else deeper.Add(point);
            }
            // Points of this layer from further segments, until some show nothing new.
            quiet = search.Units.Count > before || unexplained > 0 ? 0 : quiet + 1;
            if (quiet >= 3 || more >= MostMoreSegments || search.Units.Count == 0) break;
            foreach (double[] p in PointsOnSegment(domain.Point(random, random.NextInt32(2) == 0 ? 1 : 30), domain.Direction(random), Reach * domain.Size))
            {
                if (!search.Explains(p) && InferHyperplane(p) is double[] w) waiting.Enqueue(new BoundaryPoint(p, w));
            }
        }
        points.Clear();
        points.AddRange(deeper.Where(p => !search.Explains(p.Point)));
        return [.. search.Units];
    }

    /// <summary>Follows one boundary until it has met those of all units of the layer below.</summary>
    private SurfaceUnit? Trace(KnownLayers known, BoundaryPoint seed)
    {
        int n = known.Inputs, top = known.Boundaries - known.Top.Units;
        EquationSystem system = new(known.Features, SurfaceWalk.PriorDeviation);
        double[] x = seed.Point, normal = seed.Normal, pattern = known.PatternAt(x);
        CellGeometry cell = new(known, pattern);
        double[] column = new double[known.Features];
        for (int j = 0; j < n; j++)
        {
            for (int k = 0; k < column.Length; k++) column[k] = cell.Jacobian[(k * n) + j];
            system.Add(column, normal[j], 1e-8);
        }
        bool[] met = new bool[known.Boundaries];
        for (int step = 0; step < MostSteps * known.Top.Units && Array.IndexOf(met, false, top) >= 0; step++)
        {
            // Towards a unit of the layer below that has not been met, along the boundary.
            int target = Enumerable.Range(top, known.Top.Units).Where(i => !met[i]).MinBy(i => Math.Abs(cell.Value(i, x)) / Math.Max(1e-9, cell.Lengths[i]));
            double[] v = cell.Normal(target).ToArray(), chance = domain.Direction(random);
            TensorPrimitives.Multiply(v, -pattern[target] / Math.Max(1e-9, cell.Lengths[target]), v);
            TensorPrimitives.MultiplyAdd(chance, step % 3 * 0.4, v, v);
            TensorPrimitives.MultiplyAdd(normal, -TensorPrimitives.Dot<double>(v, normal) / TensorPrimitives.SumOfSquares<double>(normal), v, v);
            double length = TensorPrimitives.Norm<double>(v);
            if (length < 1e-9) continue;
            TensorPrimitives.Divide(v, length, v);
            (int boundary, double t) = Closest(cell, pattern, x, v);
            if (boundary < 0 || t > Math.Min(1e4, domain.Room(x, v))) continue;
            double beyond = 2e-3 * Math.Max(1, TensorPrimitives.Norm<double>(x));
            double[] there = [.. x];
            TensorPrimitives.MultiplyAdd(v, t + beyond, there, there);
            double side = -pattern[boundary];
            double[] after = [.. pattern];
            after[boundary] = side;
            if (!known.PatternAt(there).AsSpan().SequenceEqual(after)) continue;
            double[] across = [.. normal];
            TensorPrimitives.Divide(across, TensorPrimitives.Norm<double>(across), across);
            // The segment may meet the known boundary too.
            if (PointsOnSegment(there, across, 3 * beyond).FirstOrDefault(p => known.NearestBoundary(p) > 1e-3 * beyond) is not double[] found || InferHyperplane(found) is not double[] turned) return null;
            if (Bend(normal, turned, cell.Normal(boundary), cell.Lengths[boundary]) is not (double scale, double bend)) return null;
            double[] row = [.. cell.Coefficient(boundary)];
            double size = TensorPrimitives.Norm<double>(row);
            if (size > 1e-12)
            {
                TensorPrimitives.Divide(row, size, row);
                system.Add(row, side * bend / size, 1e-8 / size);
            }
            met[boundary] = true;
            TensorPrimitives.Multiply(turned, scale, turned);
            (x, normal, pattern) = (found, turned, known.PatternAt(found));
            cell = new CellGeometry(known, pattern);
        }
        if (Array.IndexOf(met, false, top) >= 0) return null;
        SurfaceUnit unit = new()
        {
            Theta = new double[known.Features],
            Offset = 0,
            Deviation = [],
            Equations = [.. system.Equations],
            Start = seed.Point,
            StartFeatures = known.FeaturesAt(seed.Point),
            Jump = seed.Normal,
        };
        unit.Resolve();
        return unit;
    }

    /// <summary>The nearest known boundary along a direction; no row is asked.</summary>
    private static (int Boundary, double Distance) Closest(CellGeometry cell, double[] pattern, double[] x, double[] v)
    {
        (int Boundary, double Distance) nearest = (-1, double.PositiveInfinity);
        for (int i = 0; i < pattern.Length; i++)
        {
            double rate = TensorPrimitives.Dot<double>(cell.Normal(i), v);
            if (cell.Lengths[i] <= 1e-9 || rate * pattern[i] >= 0) continue;
            double t = Math.Max(0, -cell.Value(i, x) / rate);
            if (t < nearest.Distance) nearest = (i, t);
        }
        return nearest;
    }

    /// <summary>The factor by which the new normal continues the old one, and by how much it has turned in units of the boundary's own normal; null when it turned in another direction.</summary>
    private static (double Scale, double Bend)? Bend(double[] before, double[] after, ReadOnlySpan<double> boundary, double length)
    {
        double[] g = boundary.ToArray(), a = [.. before], b = [.. after];
        TensorPrimitives.Divide(g, length, g);
        double alongA = TensorPrimitives.Dot<double>(a, g), alongB = TensorPrimitives.Dot<double>(b, g);
        TensorPrimitives.MultiplyAdd(g, -alongA, a, a);
        TensorPrimitives.MultiplyAdd(g, -alongB, b, b);
        double square = TensorPrimitives.SumOfSquares<double>(b);
        if (square < 1e-10) return null;
        double scale = TensorPrimitives.Dot<double>(a, b) / square;
        TensorPrimitives.MultiplyAdd(b, -scale, a, a);
        if (TensorPrimitives.Norm<double>(a) > 1e-5 * TensorPrimitives.Norm<double>(before)) return null;
        return (scale, ((scale * alongB) - alongA) / length);
    }
}
