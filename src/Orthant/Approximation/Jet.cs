using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Enclosures of a function's value and its first two derivatives over an interval, or at a point.</summary>
/// <param name="Value">Contains f(x) for every x of the interval.</param>
/// <param name="Slope">Contains every difference quotient of f on the interval; unbounded where none is known.</param>
/// <param name="Curvature">Contains every second derivative; unbounded where f has none or none is known.</param>
/// <remarks>This is forward automatic differentiation of second order in interval arithmetic. A kink, as of |x|, has the hull of both
/// slopes and no bounded curvature; a possible jump has no bounded slope either.</remarks>
public readonly record struct Jet(Interval Value, Interval Slope, Interval Curvature)
{
    /// <summary>A constant.</summary>
    public static Jet Constant(Interval value) => new(value, 0, 0);

    /// <summary>The variable itself.</summary>
    public static Jet Variable(Interval x) => new(x, 1, 0);

    /// <summary>Encloses the sum.</summary>
    public static Jet operator +(Jet a, Jet b) => new(a.Value + b.Value, a.Slope + b.Slope, a.Curvature + b.Curvature);

    /// <summary>Encloses the difference.</summary>
    public static Jet operator -(Jet a, Jet b) => new(a.Value - b.Value, a.Slope - b.Slope, a.Curvature - b.Curvature);

    /// <summary>Encloses the negative.</summary>
    public static Jet operator -(Jet a) => new(-a.Value, -a.Slope, -a.Curvature);

    /// <summary>Encloses the product.</summary>
    public static Jet operator *(Jet a, Jet b) => new(
        a.Value * b.Value,
        (a.Slope * b.Value) + (a.Value * b.Slope),
        (a.Curvature * b.Value) + (2 * a.Slope * b.Slope) + (a.Value * b.Curvature));

    /// <summary>The chain rule: g(this), from enclosures of g, g′ and g″ over <see cref="Value"/>.</summary>
    /// <param name="value">Encloses g.</param>
    /// <param name="first">Encloses g′.</param>
    /// <param name="second">Encloses g″.</param>
    public Jet Through(Interval value, Interval first, Interval second) =>
        new(value, first * Slope, (second * Interval.Square(Slope)) + (first * Curvature));

    /// <summary>Encloses what is one of two on every part of the interval: the values' hull, and no more about the derivatives than that
    /// one of them holds; the curvature is lost.</summary>
    /// <param name="a">The one.</param>
    /// <param name="b">The other.</param>
    /// <param name="continuous">Whether the two are joined without a jump; with one, the slope is lost as well.</param>
    internal static Jet Either(Jet a, Jet b, bool continuous) => new(
        Interval.Hull(a.Value, b.Value), continuous ? Interval.Hull(a.Slope, b.Slope) : Interval.Entire, Interval.Entire);

    /// <summary>A continuous function without any derivative.</summary>
    internal static Jet Rough(Interval value) => new(value, Interval.Entire, Interval.Entire);

    /// <summary>Implicit slope and curvature operators of records need names for languages without operators.</summary>
    internal static Jet Unknown => new(Interval.Entire, Interval.Entire, Interval.Entire);
}
