using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>A line through the domain with all its kinks, and the gradients between them where they were wanted.</summary>
/// <remarks>Two neighbouring kinks share the gradient between them, so K kinks cost K + 1 gradients and give K whole, signed jumps.</remarks>
internal sealed class SampledLine
{
    private readonly QueryMeter meter;
    private readonly RandomStream random;
    private readonly SearchDomain domain;
    private readonly double[] ends;
    private readonly CellGradient?[] between;
    private readonly bool[] taken;

    public SampledLine(QueryMeter meter, RandomStream random, SearchDomain domain, double[] origin, double[] direction, double from, double to)
    {
        (this.meter, this.random, this.domain) = (meter, random, domain);
        (Origin, Direction) = (origin, direction);
        (from, to) = domain.Clip(origin, direction, from, to);
        List<double> kinks = LineSweep.Kinks(meter, origin, direction, from, to);
        Kinks = [.. kinks];
        meter.Kinks += kinks.Count;
        ends = [from, .. kinks, to];
        between = new CellGradient?[ends.Length - 1];
        taken = new bool[ends.Length - 1];
    }

    /// <summary>A random line: a point of the domain at some distance from the origin, a random direction.</summary>
    public static SampledLine Random(QueryMeter meter, RandomStream random, SearchDomain domain, double deviation, double reach)
    {
        // From corner to corner the forms of a box take twice as wide a range as along a line in no special direction: units that switch near corners only are met there.
        bool isDiagonal = domain.IsBounded && random.NextInt32(2) == 0;
        double[] p = domain.Point(random, isDiagonal ? 0 : deviation), v = isDiagonal ? domain.Diagonal(random) : domain.Direction(random);
        return new SampledLine(meter, random, domain, p, v, -reach, reach);
    }

    /// <summary>A line through two points, a half longer than the way between them.</summary>
    public static SampledLine Through(QueryMeter meter, RandomStream random, SearchDomain domain, double[] a, double[] b)
    {
        double[] v = new double[a.Length], middle = new double[a.Length];
        TensorPrimitives.Subtract(a, b, v);
        double length = TensorPrimitives.Norm<double>(v);
        TensorPrimitives.Divide(v, length, v);
        TensorPrimitives.Add(a, b, middle);
        TensorPrimitives.Divide(middle, 2, middle);
        return new SampledLine(meter, random, domain, middle, v, -0.75 * length, 0.75 * length);
    }

    public double[] Origin { get; }

    public double[] Direction { get; }

    /// <summary>Where the kinks are, ascending.</summary>
    public double[] Kinks { get; }

    /// <summary>All gradients that were taken.</summary>
    public IEnumerable<CellGradient> Gradients => between.OfType<CellGradient>();

    public double[] PointAt(double t)
    {
        double[] x = new double[Origin.Length];
        TensorPrimitives.MultiplyAdd(Direction, t, Origin, x);
        return x;
    }

    /// <summary>A kink with the jump of the gradient; null where no gradient could be taken on one of its sides.</summary>
    public Seed? SeedAt(int kink)
    {
        if (Between(kink) is not CellGradient left || Between(kink + 1) is not CellGradient right) return null;
        (_, double[] jump) = left.JumpTo(right);
        return new Seed(PointAt(Kinks[kink]), jump, left.Error + right.Error);
    }

    private CellGradient? Between(int interval)
    {
        if (!taken[interval])
        {
            taken[interval] = true;
            double length = Math.Min(ends[interval + 1] - ends[interval], 200);
            double[] middle = PointAt((ends[interval] + ends[interval + 1]) / 2);
            double step = length / 4 / Math.Sqrt(Origin.Length);
            if (domain.IsBounded) step = Math.Min(step, 0.9 * domain.Clearance(middle));
            between[interval] = CellGradient.Measure(meter, random, middle, step);
        }
        return between[interval];
    }
}
