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

    private readonly QueryMeter meter;
    private readonly RandomStream random;
    private readonly SearchDomain domain;
    private readonly List<(double[] Normal, double Offset)> planes = [];

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
    public void Run(int quietLines, int mostLines)
    {
        double reach = domain.IsBounded ? double.MaxValue / 4 : 1e3;
        for (int line = 0, quiet = 0; line < mostLines && quiet < quietLines; line++)
        {
            SampledLine sampled = SampledLine.Random(meter, random, domain, 1, reach);
            int before = planes.Count;
            for (int i = 0; i < sampled.Kinks.Length; i++) Inspect(sampled, i);
            Gradients.AddRange(sampled.Gradients);
            quiet = planes.Count > before ? 0 : quiet + 1;
            // Alone on its first line, a network of one hidden layer needs no third.
            if (quiet > 0 && Pool.Count == 0 && planes.Count > 0) break;
        }
    }

    private void Inspect(SampledLine line, int kink)
    {
        double t = line.Kinks[kink];
        double[] x = line.PointAt(t);
        if (planes.Any(p => Math.Abs(TensorPrimitives.Dot<double>(p.Normal, x) + p.Offset) < 1e-6 * Scale(t))) return;
        if (line.SeedAt(kink) is not Seed seed) return;
        double length = TensorPrimitives.Norm<double>(seed.Jump);
        if (!(length > 0)) return;
        double[] w = new double[x.Length];
        TensorPrimitives.Divide(seed.Jump, length, w);
        double b = -TensorPrimitives.Dot<double>(w, x);
        if (IsPlane(w, b)) planes.Add((w, b));
        else Pool.Add(seed);
    }

    private double Scale(double t) => Math.Max(1, Math.Abs(t)) * Math.Max(1, meter.Unit / 2e-14);

    private bool IsPlane(double[] w, double b)
    {
        int hits = 0, d = w.Length, tried = 0;
        double[] rows = new double[3 * d];
        for (int attempt = 0; attempt < 10 * Trials && tried < Trials; attempt++)
        {
            double[] y = domain.Point(random, domain.IsBounded ? 1 : random.NextInt32(3) switch { 0 => 1, 1 => 10, _ => 100 });
            TensorPrimitives.MultiplyAdd(w, -(TensorPrimitives.Dot<double>(w, y) + b), y, y);
            double step = Math.Max(1e-4, 2e5 * meter.Unit) * Math.Max(1, 0.1 * QueryMeter.Largest(y));
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
        double tolerance = (meter.Unit > 1e-14 ? 256 : 3200) * meter.Noise(f);
        for (int k = 0; k < m; k++)
        {
            if (Math.Abs(f[m + k] + f[(2 * m) + k] - (2 * f[k])) > tolerance) return true;
        }
        return false;
    }
}
