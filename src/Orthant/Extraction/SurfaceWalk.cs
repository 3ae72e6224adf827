using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>How a walk ended.</summary>
internal enum WalkEnd
{
    /// <summary>The unit is found, all of it or all that could be seen.</summary>
    Found,

    /// <summary>The jump is no combination of the features' gradients: a unit, or a sign, of a known layer is missing, or the kink lies deeper.</summary>
    NotInSpan,

    /// <summary>The surface did not bend where and as it should: it belongs to a deeper layer.</summary>
    Lost,

    /// <summary>Too little of the unit was seen.</summary>
    Short,
}

/// <summary>How much a walk may cost.</summary>
/// <param name="Failures">Failed measurements after which it ends.</param>
/// <param name="Attempts">Scales tried for one measurement.</param>
/// <param name="AcceptPart">Whether a unit of which little was seen is better than none.</param>
internal readonly record struct WalkEffort(int Failures, int Attempts, bool AcceptPart = false)
{
    public static WalkEffort Cheap { get; } = new(3, 4);

    public static WalkEffort Full { get; } = new(8, 9);
}

/// <summary>Recovers a unit of the next layer by following its surface through the arrangement of the known layers.</summary>
/// <remarks>
/// <para>In a cell the surface is a hyperplane with normal n = Jᵀθ. Where it crosses the boundary of a known unit, the normal changes by τ times the boundary's normal, and τ = a·θ with
/// known coefficients a: one linear equation a crossing, for eight rows. A crossing whose a·θ follows from the equations so far costs nothing. So no cluster of signatures has to be
/// merged, no rank is needed, and every measurement checks itself.</para>
/// <para>Above the first layer with open signs the seed's normal n₀ is known in full, and θ is v alone: n = n₀ + Σ v_i (on_i − on_i at the seed) w_i.</para>
/// </remarks>
internal sealed class SurfaceWalk
{
    public const double PriorDeviation = 1e3;

    /// <summary>A combination with a smaller standard deviation is predicted, not measured.</summary>
    private readonly double predictable;

    /// <summary>An entry with a larger deviation counts as not seen.</summary>
    private readonly double visible;

    private readonly QueryMeter meter;
    private readonly RandomStream random;
    private readonly KnownLayers known;
    private readonly SearchDomain domain;
    private readonly WalkEffort effort;
    private readonly int boundaries;
    private readonly int inputs;
    private readonly double[]? seedNormal;
    private readonly double seedError;
    private readonly double[] startPattern;
    private readonly double[] start;
    private readonly double[] startValues;
    private readonly EquationSystem system;
    private readonly int[] failures;
    private readonly double[] measuredAt;
    private double[] pattern;
    private CellGeometry cell;
    private double[] normalMap;
    private double[] theta = [];
    private double[] deviation = [];
    private double[] normal = [];
    private double normalLength;
    private double[] x;

    private SurfaceWalk(QueryMeter meter, RandomStream random, KnownLayers known, SearchDomain domain, WalkEffort effort, double[] start, double[] direction, double error)
    {
        (this.meter, this.random, this.known, this.domain, this.effort, this.start) = (meter, random, known, domain, effort, start);
        seedError = Math.Max(1e-9, error);
        boundaries = known.Boundaries;
        inputs = known.Inputs;
        predictable = Math.Max(3e-5, 1.5e4 * meter.Unit);
        visible = Math.Max(1e-4, 5e4 * meter.Unit);
        x = [.. start];
        startPattern = known.PatternAt(start);
        pattern = [.. startPattern];
        cell = new CellGeometry(known, pattern);
        failures = new int[boundaries];
        measuredAt = new double[boundaries];
        startValues = new double[boundaries];
        for (int i = 0; i < boundaries; i++) startValues[i] = cell.Value(i, start);
        bool reduced = known.Layers.Count == 1 && !known.TopIsSigned && !meter.IsCoarse;
        seedNormal = reduced ? direction : null;
        system = new EquationSystem(reduced ? known.Top.Units : known.Features, PriorDeviation);
        normalMap = NormalMap();
        if (reduced) return;
        double[] column = new double[known.Features];
        for (int j = 0; j < inputs; j++)
        {
            for (int k = 0; k < column.Length; k++) column[k] = cell.Jacobian[(k * inputs) + j];
            system.Add(column, direction[j], seedError);
        }
    }

    /// <summary>Follows the surface on which a kink lies.</summary>
    public static (WalkEnd End, SurfaceUnit? Unit) Follow(QueryMeter meter, RandomStream random, KnownLayers known, SearchDomain domain, Seed seed, WalkEffort effort)
    {
        double length = TensorPrimitives.Norm<double>(seed.Jump);
        if (!(length > 1e-12) || seed.Error > 1e-3 * length) return (WalkEnd.Short, null);
        double[] direction = new double[seed.Jump.Length];
        TensorPrimitives.Divide(seed.Jump, length, direction);
        double[] start = seed.Point;
        if (meter.IsCoarse)
        {
            // All equations of the walk refer to its start, which the sweep knows less well than four rows next to it.
            double step = Math.Min(0.5 * known.NearestBoundary(start), Math.Min(Math.Max(2e-3, 1e4 * meter.Unit) * domain.Size, domain.Clearance(start)));
            if (step <= 0 || KinkPosition.Locate(meter, start, direction, step) is not KinkPosition kink) return (WalkEnd.Short, null);
            start = kink.Point;
        }
        SurfaceWalk walk = new(meter, random, known, domain, effort, start, direction, seed.Error / length);
        WalkEnd end = walk.Run(direction);
        return (end, end == WalkEnd.Found ? walk.Finish(seed) : null);
    }

    private WalkEnd Run(double[] direction)
    {
        Solve();
        double[] misfit = new double[inputs];
        TensorPrimitives.Subtract(normal, direction, misfit);
        if (TensorPrimitives.Norm<double>(misfit) > Math.Max(3e-5, 10 * seedError)) return WalkEnd.NotInSpan;
        int failed = 0, idle = 0, most = (40 * system.Unknowns) + (6 * boundaries) + 100;
        double[] bend = new double[boundaries];
        UpdateBends(bend);
        for (int step = 0; step < most; step++)
        {
            if (TensorPrimitives.Max<double>(deviation) < predictable) break;
            if (normalLength < 1e-5) return effort.AcceptPart ? Outcome() : WalkEnd.Lost;
            if (step > 0 && meter.IsCoarse) ReturnToKink();
            else if (step > 0 && seedNormal is null) ReturnToSurface();
            if (!IsInCell()) return effort.AcceptPart ? Outcome() : WalkEnd.Lost;
            if (++idle > (6 * boundaries) + 200) break;
            int target = Target(bend);
            if (target < 0) break;
            double[] u = Towards(target);
            (int j, double t) = FirstCrossing(x, u, -1);
            if (j < 0 || t > Math.Min(1e4, domain.Room(x, u))) continue;
            double[] crossing = Moved(x, u, t);
            double clearance = Clearance(crossing, j), side = -pattern[j];
            bool open = bend[j] > predictable, better = seedNormal is not null && !open && measuredAt[j] < 0.3 && clearance > 8 * measuredAt[j];
            if (open || better)
            {
                double wanted = (idle < (3 * boundaries) + 30 ? 1e-2 : 1e-4) * Math.Max(1, TensorPrimitives.Norm<double>(crossing) * 0.1 / Math.Sqrt(inputs / 10.0));
                if (open && clearance < wanted && random.NextDouble() < 0.9)
                {
                    x = Moved(x, u, 0.3 * t);
                    continue;
                }
                if (open && failures[j] >= 4)
                {
                    // This crossing has failed too often: turn back into the cell.
                    x = Moved(x, u, 0.5 * t);
                    continue;
                }
                if (Measure(crossing, j, side, clearance) is not BendMeasurement found)
                {
                    failures[j]++;
                    if (open && ++failed >= effort.Failures) return effort.AcceptPart ? Outcome() : WalkEnd.Lost;
                    if (open)
                    {
                        x = Moved(x, u, 0.5 * t);
                        if (StillOnSurface()) continue;
                        return effort.AcceptPart ? Outcome() : WalkEnd.Lost;
                    }
                }
                else
                {
                    AddEquation(j, found);
                    TensorPrimitives.Add(crossing, found.Shift, crossing);
                    measuredAt[j] = clearance;
                    idle = 0;
                }
            }
            Cross(j, side, crossing, u);
            UpdateBends(bend);
        }
        return Outcome();
    }

    /// <summary>Whether enough of the unit was seen.</summary>
    private WalkEnd Outcome()
    {
        int top = known.Top.Units, seen = 0;
        for (int i = 0; i < top; i++)
        {
            if (deviation[i] < visible) seen++;
        }
        return seen >= Math.Min(top, effort.AcceptPart ? 1 : Math.Max(2, 0.5 * top)) ? WalkEnd.Found : WalkEnd.Short;
    }

    private SurfaceUnit Finish(Seed seed)
    {
        List<(double[] Row, double Value, double Deviation)> equations = [.. system.Equations];
        if (seedNormal is not null)
        {
            // From v alone to (v, q): q = Σ v_i w_i over the units on at the seed, minus the seed's normal.
            int top = known.Top.Units, features = known.Features;
            equations = [.. equations.Select(e => ((double[])[.. e.Row, .. new double[inputs]], e.Value, e.Deviation))];
            CellGeometry first = new(known, startPattern, withFeatures: false);
            for (int j = 0; j < inputs; j++)
            {
                double[] row = new double[features];
                for (int k = 0; k < features; k++) row[k] = first.Jacobian[(k * inputs) + j];
                equations.Add((row, seedNormal[j], seedError));
            }
        }
        double[] startFeatures = known.FeaturesAt(start);
        SurfaceUnit unit = new()
        {
            Theta = new double[known.Features],
            Offset = 0,
            Deviation = [],
            Equations = equations,
            Start = start,
            StartFeatures = startFeatures,
            Jump = seed.Jump,
            SeenDeviation = visible,
        };
        unit.Resolve();
        return unit;
    }

    /// <summary>unknowns × inputs: how the normal depends on the unknowns in the cell.</summary>
    private double[] NormalMap()
    {
        if (seedNormal is null) return cell.Jacobian;
        double[] map = new double[boundaries * inputs];
        for (int i = 0; i < boundaries; i++)
        {
            double change = (pattern[i] - startPattern[i]) / 2;
            if (change != 0) TensorPrimitives.Multiply(cell.Normal(i), change, map.AsSpan(i * inputs, inputs));
        }
        return map;
    }

    private void Solve()
    {
        theta = system.Solve();
        deviation = system.Deviations();
        UpdateNormal();
    }

    private void UpdateNormal()
    {
        normal = seedNormal is null ? new double[inputs] : [.. seedNormal];
        for (int k = 0; k < theta.Length; k++)
        {
            if (theta[k] != 0) TensorPrimitives.MultiplyAdd(normalMap.AsSpan(k * inputs, inputs), theta[k], normal, normal);
        }
        normalLength = TensorPrimitives.Norm<double>(normal);
    }

    /// <summary>The standard deviation of the bend at every boundary.</summary>
    private void UpdateBends(Span<double> bend)
    {
        for (int i = 0; i < boundaries; i++)
        {
            if (cell.Lengths[i] <= 1e-9) bend[i] = 0;
            else if (seedNormal is not null) bend[i] = deviation[i];
            else bend[i] = system.Deviation(cell.Coefficient(i));
        }
    }

    private void AddEquation(int j, BendMeasurement found)
    {
        double scale = normalLength / cell.Lengths[j];
        ReadOnlySpan<double> a = cell.Coefficient(j)[..system.Unknowns];
        double length = TensorPrimitives.Norm(a);
        if (length < 1e-12) return;
        double[] row = new double[a.Length];
        TensorPrimitives.Divide(a, length, row);
        system.Add(row, found.Bend * scale / length, Math.Max(1e-11, found.Deviation * scale / length));
        Solve();
    }

    private BendMeasurement? Measure(double[] crossing, int j, double side, double clearance)
    {
        double[] n = new double[inputs], w = new double[inputs];
        TensorPrimitives.Divide(normal, normalLength, n);
        TensorPrimitives.Divide(cell.Normal(j), cell.Lengths[j], w);
        double room = Math.Min(Math.Min(clearance, 100), domain.Clearance(crossing));
        return room <= 0 ? null : BendMeasurement.Measure(meter, crossing, n, w, side, room, effort.Attempts);
    }

    /// <summary>Four rows: whether the kink is still where it should be.</summary>
    private bool StillOnSurface()
    {
        if (effort.Failures > 4) return true;
        if (meter.IsCoarse) return ReturnToKink();
        double step = Math.Min(1e-3, Math.Min(0.3 * Clearance(x, -1), domain.Clearance(x)));
        return step <= 0 || KinkPosition.Locate(meter, x, normal, step) is not null;
    }

    /// <summary>Moves a point that has drifted onto the kink itself: a coarse oracle's normals do not carry far.</summary>
    private bool ReturnToKink()
    {
        double step = Math.Min(0.5 * Clearance(x, -1), Math.Min(Math.Max(2e-3 * domain.Size, 300 * seedError), domain.Clearance(x)));
        if (step <= 0 || KinkPosition.Locate(meter, x, normal, step) is not KinkPosition kink) return false;
        x = kink.Point;
        // The point is on the surface: one more equation, which holds the normal the better the farther the walk has come.
        double[] row = known.FeaturesAt(x);
        TensorPrimitives.Subtract(row, known.FeaturesAt(start), row);
        double length = TensorPrimitives.Norm<double>(row);
        if (length < 0.1 * domain.Size) return true;
        TensorPrimitives.Divide(row, length, row);
        system.Add(row, 0, 3 * normalLength * kink.Deviation / length);
        Solve();
        return true;
    }

    /// <summary>Moves a point that has drifted back onto θ·features = constant, when the way is short.</summary>
    private void ReturnToSurface()
    {
        double value = TensorPrimitives.Dot<double>(theta, known.FeaturesAt(x)) - TensorPrimitives.Dot<double>(theta, known.FeaturesAt(start));
        double move = -value / (normalLength * normalLength);
        if (Math.Abs(move) * normalLength < 0.3 * Clearance(x, -1)) x = Moved(x, normal, move);
    }

    private bool IsInCell()
    {
        for (int i = 0; i < boundaries; i++)
        {
            double value = cell.Value(i, x);
            if (value * pattern[i] < 0 && cell.Lengths[i] > 1e-9 && Math.Abs(value) > 1e-7 * Math.Max(1, Math.Abs(cell.Offsets[i])) * Math.Max(1, TensorPrimitives.Norm<double>(x))) return false;
        }
        return true;
    }

    /// <summary>A near boundary whose bend is not known yet; any near one where there is none; −1 when nothing is left to do.</summary>
    private int Target(double[] bend)
    {
        List<(double Distance, int Index)> open = [], any = [];
        double n2 = normalLength * normalLength;
        for (int i = 0; i < boundaries; i++)
        {
            if (cell.Lengths[i] <= 1e-9) continue;
            double along = TensorPrimitives.Dot<double>(cell.Normal(i), normal), tangent = Math.Sqrt(Math.Max(0, (cell.Lengths[i] * cell.Lengths[i]) - (along * along / n2)));
            double distance = Math.Abs(cell.Value(i, x)) / Math.Max(tangent, 1e-9);
            any.Add((distance, i));
            if (bend[i] > predictable && failures[i] < 4) open.Add((distance, i));
        }
        if (open.Count == 0 && seedNormal is not null) return -1;
        List<(double Distance, int Index)> list = open.Count > 0 ? open : any;
        if (list.Count == 0) return -1;
        list.Sort();
        int reach = open.Count == 0 ? 8 : seedNormal is not null ? (random.NextDouble() < 0.3 ? 2 : 1) : random.NextDouble() < 0.4 ? 3 : 1;
        return list[random.NextInt32(Math.Min(reach, list.Count))].Index;
    }

    /// <summary>Within the surface towards a boundary, with some chance.</summary>
    private double[] Towards(int target)
    {
        double[] u = Tangent(cell.Normal(target), -pattern[target]), chance = domain.Direction(random);
        chance = Tangent(chance, 1);
        double share = random.NextInt32(seedNormal is not null ? 3 : 4) switch { 0 => 0, 1 => 0.2, 2 => 0.5, _ => 1 };
        TensorPrimitives.MultiplyAdd(chance, share, u, u);
        TensorPrimitives.Divide(u, TensorPrimitives.Norm<double>(u), u);
        return u;
    }

    /// <summary>A direction's part within the surface, of length 1.</summary>
    private double[] Tangent(ReadOnlySpan<double> direction, double sign)
    {
        double[] u = new double[inputs];
        TensorPrimitives.MultiplyAdd(normal, -TensorPrimitives.Dot<double>(direction, normal) / (normalLength * normalLength), direction, u);
        double length = TensorPrimitives.Norm<double>(u);
        TensorPrimitives.Multiply(u, sign / Math.Max(length, 1e-300), u);
        return u;
    }

    private (int Boundary, double Distance) FirstCrossing(double[] from, double[] u, int except)
    {
        int first = -1;
        double nearest = double.PositiveInfinity;
        for (int i = 0; i < boundaries; i++)
        {
            if (i == except || cell.Lengths[i] <= 1e-9) continue;
            double rate = TensorPrimitives.Dot<double>(cell.Normal(i), u);
            if (rate * pattern[i] >= 0) continue;
            double t = Math.Max(0, -cell.Value(i, from) / rate);
            if (t < nearest) (nearest, first) = (t, i);
        }
        return (first, nearest);
    }

    private double Clearance(double[] point, int except)
    {
        double nearest = double.PositiveInfinity;
        for (int i = 0; i < boundaries; i++)
        {
            if (i != except && cell.Lengths[i] > 1e-9) nearest = Math.Min(nearest, Math.Abs(cell.Value(i, point)) / cell.Lengths[i]);
        }
        return nearest;
    }

    /// <summary>Goes through a boundary and a little way into the cell behind it.</summary>
    private void Cross(int j, double side, double[] crossing, double[] u)
    {
        double[] w = cell.Normal(j).ToArray();
        pattern[j] = side;
        if (boundaries > known.Layers[0].Units || seedNormal is null) cell = new CellGeometry(known, pattern);
        normalMap = NormalMap();
        UpdateNormal();
        x = crossing;
        if (normalLength < 1e-8) return;
        double[] direction = Tangent(w, side), on = Tangent(u, 1);
        if (TensorPrimitives.Dot<double>(w, u) * side > 0) TensorPrimitives.MultiplyAdd(on, 0.5, direction, direction);
        TensorPrimitives.Divide(direction, TensorPrimitives.Norm<double>(direction), direction);
        double step = Math.Min(3, Math.Min(0.4 * FirstCrossing(x, direction, j).Distance, 0.5 * domain.Room(x, direction)));
        x = Moved(x, direction, step);
    }

    private static double[] Moved(ReadOnlySpan<double> from, ReadOnlySpan<double> direction, double distance)
    {
        double[] to = new double[from.Length];
        TensorPrimitives.MultiplyAdd(direction, distance, from, to);
        return to;
    }
}
