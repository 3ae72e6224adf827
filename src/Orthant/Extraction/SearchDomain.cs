using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Where an oracle may be asked: everywhere, or in a box.</summary>
internal sealed class SearchDomain
{
    private readonly double[]? lower;
    private readonly double[]? upper;

    /// <summary>All of space.</summary>
    public SearchDomain(int inputs)
    {
        Inputs = inputs;
        Size = 1;
    }

    /// <summary>A box.</summary>
    public SearchDomain(double[] lower, double[] upper)
    {
        Inputs = lower.Length;
        this.lower = lower;
        this.upper = upper;
        Size = Enumerable.Range(0, Inputs).Average(j => upper[j] - lower[j]) / 2;
    }

    public int Inputs { get; }

    public bool IsBounded => lower is not null;

    /// <summary>Half the mean side of the box; 1 where there is none.</summary>
    public double Size { get; }

    /// <summary>A point as a start: normal with a standard deviation; in a box uniform in its inner part, which grows with the deviation.</summary>
    public double[] Point(RandomStream random, double deviation)
    {
        double[] x = new double[Inputs];
        for (int j = 0; j < x.Length; j++)
        {
            x[j] = lower is null
                ? random.NextNormal() * deviation
                : ((lower[j] + upper![j]) / 2) + ((upper[j] - lower[j]) / 2 * random.NextDouble(-1, 1) * Math.Min(0.999, 0.2 + (0.4 * deviation)));
        }
        return x;
    }

    /// <summary>A point near another one.</summary>
    public double[] Near(RandomStream random, ReadOnlySpan<double> centre, double deviation)
    {
        double[] x = centre.ToArray();
        for (int j = 0; j < x.Length; j++)
        {
            x[j] += random.NextNormal() * deviation;
            if (lower is not null) x[j] = Math.Clamp(x[j], lower[j], upper![j]);
        }
        return x;
    }

    public bool Contains(ReadOnlySpan<double> x)
    {
        for (int j = 0; lower is not null && j < x.Length; j++)
        {
            if (x[j] < lower[j] || x[j] > upper![j]) return false;
        }
        return true;
    }

    /// <summary>How far one can go from a point along a direction.</summary>
    public double Room(ReadOnlySpan<double> x, ReadOnlySpan<double> direction)
    {
        double room = double.PositiveInfinity;
        for (int j = 0; lower is not null && j < x.Length; j++)
        {
            if (direction[j] > 0) room = Math.Min(room, (upper![j] - x[j]) / direction[j]);
            else if (direction[j] < 0) room = Math.Min(room, (lower[j] - x[j]) / direction[j]);
        }
        return Math.Max(0, room);
    }

    /// <summary>The distance to the nearest face of the box.</summary>
    public double Clearance(ReadOnlySpan<double> x)
    {
        double room = double.PositiveInfinity;
        for (int j = 0; lower is not null && j < x.Length; j++) room = Math.Min(room, Math.Min(upper![j] - x[j], x[j] - lower[j]));
        return Math.Max(0, room);
    }

    /// <summary>The part of a line's segment [from, to] that lies in the domain.</summary>
    public (double From, double To) Clip(ReadOnlySpan<double> point, ReadOnlySpan<double> direction, double from, double to)
    {
        if (lower is null) return (from, to);
        double[] back = direction.ToArray();
        TensorPrimitives.Negate(back, back);
        const double Inside = 1 - 1e-9;
        return (Math.Max(from, -Room(point, back) * Inside), Math.Min(to, Room(point, direction) * Inside));
    }

    /// <summary>The first zero of a function of the model on a stretch of a line; null where it keeps its sign. No row is asked.</summary>
    public double[]? ZeroOn(Func<double[], double> value, double[] origin, double[] direction, double reach, int pieces)
    {
        (double from, double to) = Clip(origin, direction, -reach, reach);
        double[] At(double t)
        {
            double[] x = new double[origin.Length];
            TensorPrimitives.MultiplyAdd(direction, t, origin, x);
            return x;
        }
        double before = value(At(from)), last = from;
        for (int i = 1; i <= pieces; i++)
        {
            double t = from + ((to - from) * i / pieces), here = value(At(t));
            if (before * here < 0)
            {
                double lo = last, hi = t;
                for (int k = 0; k < 60; k++)
                {
                    double middle = (lo + hi) / 2;
                    if (value(At(middle)) * before > 0) lo = middle;
                    else hi = middle;
                }
                return At(lo);
            }
            (before, last) = (here, t);
        }
        return null;
    }

    /// <summary>A point next to a random corner of the box.</summary>
    public double[] Corner(RandomStream random)
    {
        double[] x = new double[Inputs];
        for (int j = 0; j < x.Length; j++) x[j] = ((lower![j] + upper![j]) / 2) + ((upper[j] - lower[j]) / 2 * ((random.NextUInt32() & 1) == 0 ? 0.999 : -0.999));
        return x;
    }

    /// <summary>The direction from a random corner to the opposite one, of length 1.</summary>
    public double[] Diagonal(RandomStream random)
    {
        double[] u = new double[Inputs];
        for (int j = 0; j < u.Length; j++) u[j] = (upper![j] - lower![j]) * ((random.NextUInt32() & 1) == 0 ? 1 : -1);
        TensorPrimitives.Divide(u, TensorPrimitives.Norm<double>(u), u);
        return u;
    }

    /// <summary>The box's corners; without one, the same distance each way.</summary>
    public (double[] Lower, double[] Upper) Sides(double reach) => lower is not null ? (lower, upper!) : ([.. Enumerable.Repeat(-reach, Inputs)], [.. Enumerable.Repeat(reach, Inputs)]);

    /// <summary>A random direction of length 1.</summary>
    public double[] Direction(RandomStream random)
    {
        double[] u = new double[Inputs];
        random.FillNormals(u);
        TensorPrimitives.Divide(u, TensorPrimitives.Norm<double>(u), u);
        return u;
    }
}
