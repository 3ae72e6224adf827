using System.Collections.Immutable;
using System.Numerics.Tensors;
using Orthant.Networks;

namespace Orthant.Extraction;

/// <summary>A kink of a network's outputs on a line.</summary>
/// <param name="Position">Where it is, in units of the direction.</param>
/// <param name="Layer">The hidden layer of the unit that switches there, from 1.</param>
/// <param name="Unit">The unit, from 0.</param>
public sealed record LineKink(double Position, int Layer, int Unit);

/// <summary>A network of dense layers along a line, with the unit behind every kink: what a server gives away to somebody who asks for one point after the other.</summary>
public sealed class LineProfile
{
    private const int Pieces = 400;

    private LineProfile(List<double> positions, List<double[]> values, List<LineKink> kinks)
    {
        Positions = [.. positions];
        Values = [.. values.Select(v => v.ToImmutableArray())];
        Kinks = [.. kinks];
    }

    /// <summary>Positions of an even grid and of all kinks, ascending: between two of them the function is straight.</summary>
    public ImmutableArray<double> Positions { get; }

    /// <summary>The outputs at each position.</summary>
    public ImmutableArray<ImmutableArray<double>> Values { get; }

    /// <summary>The kinks, ascending; two of one unit within a four-hundredth of the line are not told apart from none.</summary>
    public ImmutableArray<LineKink> Kinks { get; }

    /// <summary>Follows a line.</summary>
    /// <param name="network">The network.</param>
    /// <param name="origin">A point, one number an input.</param>
    /// <param name="direction">A direction, likewise.</param>
    /// <param name="from">The first position.</param>
    /// <param name="to">The last one, larger.</param>
    /// <returns>Null for a network that is no chain of dense layers with rectifiers.</returns>
    public static LineProfile? Of(ReluNetwork network, ReadOnlySpan<double> origin, ReadOnlySpan<double> direction, double from, double to)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (NetworkAlignment.Dense(network) is not { Length: > 1 } layers) return null;
        if (!(from < to)) throw new ArgumentException("The line has a length.", nameof(to));
        KnownLayers hidden = new(network.Inputs, layers[..^1], topIsSigned: true);
        double[] start = origin.ToArray(), along = direction.ToArray();
        double[] At(double t)
        {
            double[] x = new double[start.Length];
            TensorPrimitives.MultiplyAdd(along, t, start, x);
            return x;
        }
        List<LineKink> kinks = [];
        double[] before = hidden.PatternAt(At(from));
        for (int i = 1; i <= Pieces; i++)
        {
            double a = from + ((to - from) * (i - 1) / Pieces), b = from + ((to - from) * i / Pieces);
            double[] after = hidden.PatternAt(At(b));
            for (int unit = 0; unit < after.Length; unit++)
            {
                if (before[unit] == after[unit]) continue;
                (double low, double high) = (a, b);
                for (int step = 0; step < 60; step++)
                {
                    double middle = (low + high) / 2;
                    if (hidden.PatternAt(At(middle))[unit] == before[unit]) low = middle;
                    else high = middle;
                }
                int layer = 0, index = unit;
                while (index >= layers[layer].Units) index -= layers[layer++].Units;
                kinks.Add(new LineKink((low + high) / 2, layer + 1, index));
            }
            before = after;
        }
        kinks.Sort((a, b) => a.Position.CompareTo(b.Position));
        List<double> positions = [.. Enumerable.Range(0, Pieces + 1).Select(i => from + ((to - from) * i / Pieces)), .. kinks.Select(k => k.Position)];
        positions.Sort();
        return new LineProfile(positions, [.. positions.Select(t => network.Evaluate(At(t)))], kinks);
    }
}
