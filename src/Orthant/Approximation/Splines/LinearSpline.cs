using System.Collections.Immutable;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A continuous piecewise-linear function of one variable, by its knots and values; the outer pieces go on as straight lines.</summary>
/// <remarks>An immutable value. The first and the last knot are the ends of <see cref="Domain"/> and no kinks; those between may be. With n
/// inner knots it is a member of Σₙ in the notation of Daubechies, DeVore, Foucart, Hanin and Petrova.</remarks>
public sealed class LinearSpline : IEquatable<LinearSpline>
{
    /// <summary>Creates a spline.</summary>
    /// <param name="knots">At least two finite numbers, strictly increasing.</param>
    /// <param name="values">One finite value each.</param>
    /// <exception cref="ArgumentException">Knots and values do not fit.</exception>
    public LinearSpline(ReadOnlySpan<double> knots, ReadOnlySpan<double> values)
    {
        if (knots.Length < 2 || knots.Length != values.Length) throw new ArgumentException($"{knots.Length} knots and {values.Length} values make no spline; it needs two or more of each.");
        for (int i = 0; i < knots.Length; i++)
        {
            if (!double.IsFinite(knots[i]) || !double.IsFinite(values[i])) throw new ArgumentException($"Knot {i} is ({knots[i]}, {values[i]}); only finite numbers are allowed.");
            if (i > 0 && knots[i] <= knots[i - 1]) throw new ArgumentException($"Knot {i} is {knots[i]} after {knots[i - 1]}; knots increase.");
        }
        Knots = [.. knots];
        Values = [.. values];
    }

    /// <summary>The knots with the domain's ends, strictly increasing.</summary>
    public ImmutableArray<double> Knots { get; }

    /// <summary>The value at each knot.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>The number of straight pieces on the domain.</summary>
    public int Pieces => Knots.Length - 1;

    /// <summary>The number of knots between the ends: N in the networks' sizes.</summary>
    public int InnerKnots => Knots.Length - 2;

    /// <summary>From the first knot to the last.</summary>
    public Interval Domain => new(Knots[0], Knots[^1]);

    /// <summary>The largest magnitude of a slope.</summary>
    public double LargestSlope
    {
        get
        {
            double largest = 0;
            for (int i = 0; i < Pieces; i++) largest = Math.Max(largest, Math.Abs(Slope(i)));
            return largest;
        }
    }

    /// <summary>The largest magnitude of a value on the domain.</summary>
    public double LargestValue => Values.Max(Math.Abs);

    /// <summary>The slope of a piece, rounded.</summary>
    /// <param name="piece">From 0 to <see cref="Pieces"/> - 1.</param>
    public double Slope(int piece) => (Values[piece + 1] - Values[piece]) / (Knots[piece + 1] - Knots[piece]);

    /// <summary>The value at a point, in double arithmetic.</summary>
    /// <param name="x">Any finite number.</param>
    public double Evaluate(double x)
    {
        int i = Piece(x);
        double from = x - Knots[i], to = Knots[i + 1] - x;
        return from < to ? Values[i] + (Slope(i) * from) : Values[i + 1] - (Slope(i) * to);
    }

    /// <summary>Encloses the exact value at a point.</summary>
    /// <param name="x">Any finite number.</param>
    public Interval EnclosureAt(double x)
    {
        int i = Piece(x);
        if (x == Knots[i]) return Values[i];
        if (x == Knots[i + 1]) return Values[i + 1];
        Interval slope = ((Interval)Values[i + 1] - Values[i]) / ((Interval)Knots[i + 1] - Knots[i]);
        return Values[i] + (slope * ((Interval)x - Knots[i]));
    }

    /// <summary>The piece that a point lies in; outside the domain the outermost.</summary>
    internal int Piece(double x)
    {
        int found = Knots.AsSpan().BinarySearch(x);
        int i = found >= 0 ? found : ~found - 1;
        return Math.Clamp(i, 0, Pieces - 1);
    }

    /// <inheritdoc/>
    public bool Equals(LinearSpline? other) =>
        other is not null && Knots.AsSpan().SequenceEqual(other.Knots.AsSpan()) && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LinearSpline);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Knots.Length, Knots[0], Knots[^1], Values[0], Values[^1]);

    /// <summary>For example <c>27 pieces on [-4, 4]</c>.</summary>
    public override string ToString() => $"{Pieces} pieces on {Domain}";
}
