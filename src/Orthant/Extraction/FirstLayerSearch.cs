using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Finds the hyperplanes of the first hidden layer, and so its width: the only boundaries that bend nowhere.</summary>
/// <remarks>A long line crosses each plane once. A kink's jump is the normal of its boundary; the boundary is a plane when there is a kink at points of that plane
/// that have nothing to do with where it was met. (Points near the kink prove nothing: far out a cell is hundreds wide.) D. Rolnick and K. Kording,
/// "Reverse-engineering deep ReLU networks", ICML 2020, section 4, has the idea of the test.</remarks>
internal sealed class FirstLayerSearch
{
    private const int Trials = 8, Needed = 4;

    private const double FarReach = 2e4;

    private readonly QueryMeter meter;
    private readonly RandomStream random;
    private readonly SearchDomain domain;
    private readonly List<(double[] Normal, double Offset)> planes = [];

    /// <summary>For every plane the last line on which a kink was found to be its.</summary>
    private readonly List<SampledLine> crossed = [];

    public FirstLayerSearch(QueryMeter meter, RandomStream random, SearchDomain domain)
    {
        (this.meter, this.random, this.domain) = (meter, random, domain);
    }

    /// <summary>Unit normals and offsets, w·x + b = 0.</summary>
    public IReadOnlyList<(double[] Normal, double Offset)> Planes => planes;

    /// <summary>Kinks that are of no plane.</summary>
    public List<Seed> Pool { get; } = [];

    /// <summary>Gradients taken on the way.</summary>
    public List<CellGradient> Gradients { get; } = [];

    /// <summary>Searches on random lines until some in a row show no new plane.</summary>
    /// <param name="quietLines">How many lines without a new plane end the search.</param>
    /// <param name="mostLines">The largest number of lines.</param>
    /// <param name="looksFar">Whether planes are looked for far out too.</param>
    public void Run(int quietLines, int mostLines, bool looksFar)
    {
        double reach = domain.IsBounded ? double.MaxValue / 4 : meter.IsCoarse ? 30 : 1e3;
        for (int line = 0, quiet = 0; line < mostLines && quiet < quietLines; line++)
        {
            SampledLine sampled = SampledLine.Random(meter, random, domain, 1, reach);
            int before = planes.Count;
            InspectAll(sampled);
            Gradients.AddRange(sampled.Gradients);
            meter.Tell([planes.Count], Pool.Count);
            quiet = planes.Count > before ? 0 : quiet + 1;
            // Alone on its first line, a network of one hidden layer needs no third.
            if (quiet > 0 && Pool.Count == 0 && planes.Count > 0 && !domain.IsBounded) break;
        }
        if (looksFar && !domain.IsBounded && !meter.IsCoarse) LookFar(reach);
    }

    /// <summary>Looks far out, where a network without far planes is linear and costs ten rows a line: a unit with a large bias switches only there.</summary>
    private void LookFar(double reach)
    {
        for (int line = 0, most = 2; line < most && line < 8; line++)
        {
            double[] p = domain.Point(random, 1), v = domain.Direction(random);
            foreach (int side in (ReadOnlySpan<int>)[1, -1])
            {
                SampledLine sampled = side > 0 ? new(meter, random, domain, p, v, reach, FarReach) : new(meter, random, domain, p, v, -FarReach, -reach);
                int before = planes.Count;
                InspectAll(sampled);
                // Where there is one, there may be more, which other directions meet.
                if (planes.Count > before) most = line + 4;
            }
        }
    }

    /// <summary>A line crosses a plane once: of two kinks next to a plane one belongs to another unit, nearly parallel to it.</summary>
    public void InspectAll(SampledLine line)
    {
        double[] nearest = [.. line.Kinks.Select(t => planes.Count == 0 ? double.PositiveInfinity : Enumerable.Range(0, planes.Count).Min(p => Distance(p, line.PointAt(t))))];
        foreach (int i in Enumerable.Range(0, nearest.Length).OrderBy(i => double.IsInfinity(nearest[i]) ? 0 : nearest[i]).ThenBy(i => i))
        {
            double[] x = line.PointAt(line.Kinks[i]);
            int[] on = [.. Enumerable.Range(0, planes.Count).Where(p => Distance(p, x) < Near(line.Kinks[i])).OrderBy(p => Distance(p, x))];
            int free = Array.FindIndex(on, p => crossed[p] != line);
            if (free >= 0) crossed[on[free]] = line;
            if (on.Length > 0 && (free >= 0 || meter.IsCoarse)) continue;
            int before = planes.Count;
            Inspect(line, i);
            if (planes.Count > before) crossed.Add(line);
        }
    }

    private void Inspect(SampledLine line, int kink)
    {
        double t = line.Kinks[kink];
        double[] x = line.PointAt(t);
        if (line.SeedAt(kink) is not Seed seed) return;
        double length = TensorPrimitives.Norm<double>(seed.Jump);
        if (!(length > 0)) return;
        double[] w = new double[x.Length];
        TensorPrimitives.Divide(seed.Jump, length, w);
        double b = -TensorPrimitives.Dot<double>(w, x);
        double error = Math.Max(1e-12, seed.Error / length);
        if (meter.IsCoarse && error > 1e-3) return;
        if (!IsPlane(w, b, error))
        {
            Pool.Add(seed);
            return;
        }
        if (!meter.IsCoarse) planes.Add((w, b));
        else if (SurfaceFit.Plane(meter, random, domain, w, b, error) is not var (normal, offset)) Pool.Add(seed);
        else if (!IsKnown(normal, offset)) planes.Add((normal, offset));
    }

    /// <summary>Whether a plane of a coarse oracle is one that was found before, within what its noise leaves open.</summary>
    private bool IsKnown(double[] w, double b)
    {
        double near = Math.Clamp(1e5 * meter.Unit, 1e-4, 1e-2);
        foreach ((double[] other, double offset) in planes)
        {
            double sign = TensorPrimitives.Dot<double>(w, other) < 0 ? -1 : 1, square = (b - (sign * offset)) * (b - (sign * offset)) / (domain.Size * domain.Size);
            for (int j = 0; j < w.Length; j++) square += (w[j] - (sign * other[j])) * (w[j] - (sign * other[j]));
            if (square < near * near) return true;
        }
        return false;
    }

    /// <summary>Whether a kink lies on a plane that was found, perhaps after it.</summary>
    public bool Explains(Seed seed) => IsOnPlane(seed.Point, TensorPrimitives.Norm<double>(seed.Point));

    private bool IsOnPlane(double[] x, double t) => Enumerable.Range(0, planes.Count).Any(p => Distance(p, x) < Near(t));

    private double Near(double t) => Math.Max(1e-6, 3e4 * meter.Unit) * Math.Max(1, Math.Abs(t));

    private double Distance(int plane, double[] x) => Math.Abs(TensorPrimitives.Dot<double>(planes[plane].Normal, x) + planes[plane].Offset);

    private bool IsPlane(double[] w, double b, double error)
    {
        int hits = 0, d = w.Length, tried = 0;
        double[] rows = new double[3 * d];
        for (int attempt = 0; attempt < 10 * Trials && tried < Trials; attempt++)
        {
            double[] y = domain.Point(random, domain.IsBounded ? 1 : random.NextInt32(3) switch { 0 => 1, 1 => meter.IsCoarse ? 3 : 10, _ => meter.IsCoarse ? 3 : 100 });
            // The foot of a far plane is one place, whatever is projected on it from nearby.
            if (!domain.IsBounded && Math.Abs(b) > 100) TensorPrimitives.Multiply(y, Math.Abs(b) / 10, y);
            TensorPrimitives.MultiplyAdd(w, -(TensorPrimitives.Dot<double>(w, y) + b), y, y);
            double step = Math.Max(1e-4, 2e5 * meter.Unit) * Math.Max(1, 0.1 * QueryMeter.Largest(y));
            if (meter.IsCoarse) step = Math.Max(step, 3 * error * TensorPrimitives.Norm<double>(y));
            y.CopyTo(rows, 0);
            TensorPrimitives.MultiplyAdd(w, step, y, rows.AsSpan(d, d));
            TensorPrimitives.MultiplyAdd(w, -step, y, rows.AsSpan(2 * d, d));
            if (!domain.Contains(rows.AsSpan(d, d)) || !domain.Contains(rows.AsSpan(2 * d, d))) continue;
            tried++;
            if (IsKink(meter, meter.Ask(3, rows))) hits++;
            if (hits >= Needed || hits + Trials - tried < Needed) break;
        }
        return hits >= Needed;
    }

    /// <summary>Whether the rows at x, x + s and x − s show a second difference.</summary>
    public static bool IsKink(QueryMeter meter, double[] f)
    {
        int m = meter.Outputs;
        double tolerance = (meter.IsCoarse ? 256 : 3200) * meter.Noise(f);
        for (int k = 0; k < m; k++)
        {
            if (Math.Abs(f[m + k] + f[(2 * m) + k] - (2 * f[k])) > tolerance) return true;
        }
        return false;
    }
}
