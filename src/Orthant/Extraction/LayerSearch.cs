using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Finds the units of the layer above the known ones, from the kinks that nothing known explains.</summary>
internal sealed class LayerSearch
{
    /// <summary>Lines in a row that lead to no unit although they show kinks: those belong to deeper layers, and every one costs a walk.</summary>
    private const int MostBarrenLines = 8;

    private readonly QueryMeter meter;
    private readonly RandomStream random;
    private readonly SearchDomain domain;

    public LayerSearch(QueryMeter meter, RandomStream random, SearchDomain domain, KnownLayers known, IEnumerable<Seed> pool)
    {
        (this.meter, this.random, this.domain, Known) = (meter, random, domain, known);
        Pool.AddRange(pool);
        foreach (Seed seed in Pool) seed.Failures = 0;
    }

    public KnownLayers Known { get; }

    /// <summary>The units found.</summary>
    public List<SurfaceUnit> Units { get; } = [];

    /// <summary>Kinks from which no walk has led to a unit, and which no unit explains.</summary>
    public List<Seed> Pool { get; } = [];

    /// <summary>Gradients taken on the way.</summary>
    public List<CellGradient> Gradients { get; } = [];

    /// <summary>How many walks ended in which way.</summary>
    public Dictionary<WalkEnd, int> Ends { get; } = [];

    /// <summary>Walks from every kink of the pool, the nearest to the origin first: they are known best.</summary>
    /// <param name="effort">What each walk may cost.</param>
    /// <param name="tries">How often a kink is tried in all before it is left alone.</param>
    /// <param name="most">The largest number of kinks to try.</param>
    public int WalkPool(WalkEffort effort, int tries, int most = int.MaxValue)
    {
        Seed[] seeds = [.. Pool.OrderBy(s => TensorPrimitives.Norm<double>(s.Point))];
        Pool.Clear();
        int found = 0;
        for (int i = 0; i < seeds.Length; i++)
        {
            Seed seed = seeds[i];
            if (Explains(seed.Point)) continue;
            if (seed.Failures < tries && most-- > 0 && Walk(seed, effort, tries)) found++;
            else if (!Explains(seed.Point)) Pool.Add(seed);
        }
        return found;
    }

    /// <summary>Walks once more, with more effort, from kinks of which a search one layer higher says that they are in no span of its features: a unit of this layer is missing there.</summary>
    /// <returns>Whether there was one; the pool is then what is still not explained.</returns>
    public bool WalkAgain(IEnumerable<Seed> strays, WalkEffort effort)
    {
        Pool.Clear();
        Pool.AddRange(strays);
        Seed[] others = [.. Pool.Where(s => s.LastEnd != WalkEnd.NotInSpan)];
        Pool.RemoveAll(s => s.LastEnd != WalkEnd.NotInSpan);
        foreach (Seed seed in Pool) seed.Failures = 0;
        bool found = WalkPool(effort, 2) > 0;
        Pool.AddRange(others.Where(s => !Explains(s.Point)));
        return found;
    }

    /// <summary>Walks from the kinks of a line that are not explained, those next to its middle first.</summary>
    /// <returns>How many new units, and how many unexplained kinks.</returns>
    public (int Found, int Unexplained) WalkLine(SampledLine line, WalkEffort effort, int tries)
    {
        int found = 0, unexplained = 0;
        foreach (int i in Enumerable.Range(0, line.Kinks.Length).OrderBy(i => Math.Abs(line.Kinks[i])))
        {
            double[] x = line.PointAt(line.Kinks[i]);
            if (Explains(x) || line.SeedAt(i) is not Seed seed) continue;
            unexplained++;
            if (Walk(seed, effort, tries)) found++;
            else if (!Explains(x)) Pool.Add(seed);
        }
        Gradients.AddRange(line.Gradients);
        Tell();
        return (found, unexplained);
    }

    /// <summary>Random lines until some in a row show nothing new.</summary>
    public void Search(WalkEffort effort, int tries, int quietLines, int mostLines)
    {
        for (int line = 0, quiet = 0, barren = 0; line < mostLines && quiet < quietLines && barren < MostBarrenLines; line++)
        {
            (int found, int unexplained) = WalkLine(RandomLine(), effort, tries);
            if (effort.Failures > WalkEffort.Cheap.Failures) found += WalkPool(effort, 2 * tries);
            barren = found > 0 ? 0 : barren + 1;
            quiet = found > 0 || (unexplained > 0 && effort.Failures > WalkEffort.Cheap.Failures) ? 0 : quiet + 1;
        }
    }

    /// <summary>A line that sweeps an arc of directions, not only two.</summary>
    public SampledLine RandomLine() => SampledLine.Random(
        meter, random, domain, random.NextInt32(4) switch { 0 => 1, 1 => 3, 2 => meter.IsCoarse ? 3 : 30, _ => meter.IsCoarse ? 10 : 200 }, domain.IsBounded ? double.MaxValue / 4 : meter.IsCoarse ? 30 : 1e3);

    /// <summary>Whether a known boundary or a unit found so far has its surface there.</summary>
    public bool Explains(double[] x)
    {
        double size = Math.Max(1, TensorPrimitives.Norm<double>(x)), near = Math.Max(Known.Layers.Count == 1 ? 1e-6 : 3e-6, 3e4 * meter.Unit);
        CellGeometry cell = new(Known, Known.PatternAt(x), withFeatures: false);
        for (int i = 0; i < Known.Boundaries; i++)
        {
            if (cell.Lengths[i] > 1e-9 && Math.Abs(cell.Value(i, x)) < near * size * cell.Lengths[i]) return true;
        }
        if (Units.Count == 0) return false;
        double[] features = Known.FeaturesAt(x);
        foreach (SurfaceUnit unit in Units)
        {
            double slope = Math.Max(1e-3, TensorPrimitives.Norm<double>(cell.Combine(unit.Theta)));
            if (Math.Abs(TensorPrimitives.Dot<double>(unit.Theta, features) + unit.Offset) < Math.Max(3e-5, 1e5 * meter.Unit) * size * slope) return true;
        }
        return false;
    }

    private bool Walk(Seed seed, WalkEffort effort, int tries)
    {
        SurfaceUnit? unit = null;
        while (unit is null && seed.Failures < tries)
        {
            (WalkEnd end, unit) = SurfaceWalk.Follow(meter, random, Known, domain, seed, effort);
            Ends[end] = Ends.GetValueOrDefault(end) + 1;
            if (unit is not null) break;
            seed.LastEnd = end;
            seed.Failures++;
            if (end is WalkEnd.NotInSpan) seed.Failures = tries;
        }
        if (unit is null || Merge(unit)) return false;
        if (!HasSurface(unit))
        {
            seed.Failures++;
            return false;
        }
        if (meter.IsCoarse && !SurfaceFit.Unit(meter, random, domain, Known, unit, (p, u) => domain.ZeroOn(x => unit.ValueAt(Known, x), p, u, 10 * domain.Size, 40)))
        {
            seed.Failures++;
            return false;
        }
        if (meter.IsCoarse && Merge(unit)) return false;
        Units.Add(unit);
        Tell();
        return true;
    }

    /// <summary>Adds a unit that was found elsewhere, unless it is one of those that are known.</summary>
    public void Accept(SurfaceUnit unit)
    {
        if (Merge(unit)) return;
        Units.Add(unit);
        Tell();
    }

    private void Tell() => meter.Tell([.. Known.Layers.Select(l => l.Units), Units.Count], Pool.Count);

    /// <summary>Adds what a walk has seen to a unit that was found before, when it is the same one.</summary>
    private bool Merge(SurfaceUnit unit)
    {
        int top = Known.Top.Units;
        foreach (SurfaceUnit other in Units)
        {
            int[] common = [.. Enumerable.Range(0, top).Where(i => unit.IsSeen(i) && other.IsSeen(i))];
            if (common.Length < 3) common = [.. Enumerable.Range(0, Known.Features).Where(i => unit.IsSeen(i) && other.IsSeen(i))];
            if (common.Length < Math.Min(3, Known.Features)) continue;
            double ab = common.Sum(i => unit.Theta[i] * other.Theta[i]), aa = common.Sum(i => unit.Theta[i] * unit.Theta[i]), bb = common.Sum(i => other.Theta[i] * other.Theta[i]);
            if (Math.Min(aa, bb) < 1e-12 || Math.Abs(ab) < (1 - Math.Max(1e-7, 5e2 * meter.Unit)) * Math.Sqrt(aa * bb)) continue;
            if (Enumerable.Range(0, Known.Features).Any(i => unit.IsSeen(i) && !other.IsSeen(i)))
            {
                double scale = ab / aa;
                other.Equations.AddRange(unit.Equations.Select(e => (e.Row, e.Value * scale, e.Deviation * Math.Abs(scale))));
                other.Resolve();
            }
            return true;
        }
        return false;
    }

    /// <summary>Whether the function has kinks at points where the unit's pre-activation is zero.</summary>
    private bool HasSurface(SurfaceUnit unit)
    {
        int hits = 0, tried = 0, d = Known.Inputs;
        double[] rows = new double[3 * d];
        double step = Math.Max(meter.IsCoarse ? 1e-2 : 1e-4, 2e5 * meter.Unit) * domain.Size;
        for (int attempt = 0; attempt < 40 && tried < 6; attempt++)
        {
            double[] u = domain.Direction(random);
            if (domain.ZeroOn(x => unit.ValueAt(Known, x), domain.Point(random, 3), u, 10 * domain.Size, 40) is not double[] x) continue;
            x.CopyTo(rows, 0);
            TensorPrimitives.MultiplyAdd(u, step, x, rows.AsSpan(d, d));
            TensorPrimitives.MultiplyAdd(u, -step, x, rows.AsSpan(2 * d, d));
            if (!domain.Contains(rows.AsSpan(d, d)) || !domain.Contains(rows.AsSpan(2 * d, d))) continue;
            tried++;
            if (FirstLayerSearch.IsKink(meter, meter.Ask(3, rows))) hits++;
        }
        return 3 * hits >= 2 * tried;
    }
}
