using System.Globalization;
using System.Numerics;

namespace Orthant.Numerics;

/// <summary>A closed interval of real numbers with double endpoints, whose operations always enclose the exact result.</summary>
/// <remarks>An immutable value; <c>default</c> is [0, 0]. Never empty: <see cref="Intersect"/> answers null instead. An infinite endpoint
/// means unbounded. Sums, differences, products, quotients and square roots are rounded outwards only where the exact error of the
/// nearest double (two-sum, fused multiply-add) shows that it is needed, so their endpoints are the tightest doubles unless a result is
/// below 10⁻²⁹⁰ in magnitude. Elementary functions are evaluated by <see cref="DoubleDouble"/> with a proved error bound, so that their
/// endpoints are the tightest doubles in all but about one case in 2⁴⁰ unless a function says otherwise; only IEEE 754 arithmetic and square roots are trusted, never
/// <see cref="Math"/>'s elementary functions.</remarks>
public readonly partial struct Interval : IEquatable<Interval>,
    IAdditionOperators<Interval, Interval, Interval>, ISubtractionOperators<Interval, Interval, Interval>,
    IMultiplyOperators<Interval, Interval, Interval>, IDivisionOperators<Interval, Interval, Interval>,
    IUnaryNegationOperators<Interval, Interval>
{
    /// <summary>Creates [lower, upper].</summary>
    /// <param name="lower">Lower end; -∞ when unbounded.</param>
    /// <param name="upper">Upper end; +∞ when unbounded.</param>
    /// <exception cref="ArgumentOutOfRangeException">An end is NaN, the lower end is +∞ or above the upper end, or the upper end is -∞.
    /// </exception>
    public Interval(double lower, double upper)
    {
        if (!(lower <= upper) || lower == double.PositiveInfinity || upper == double.NegativeInfinity)
        {
            throw new ArgumentOutOfRangeException(nameof(upper), upper, $"No interval begins at {lower:R} and ends at {upper:R}.");
        }
        // Adding zero turns -0 into +0, so that equal intervals have equal bits.
        Lower = lower + 0.0;
        Upper = upper + 0.0;
    }

    /// <summary>Lower end.</summary>
    public double Lower { get; }

    /// <summary>Upper end.</summary>
    public double Upper { get; }

    /// <summary>All real numbers.</summary>
    public static Interval Entire => new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>An enclosure of π.</summary>
    public static Interval Pi { get; } = Enclose(DoubleDouble.Pi, 0x1000);

    /// <summary>Whether the interval is one number.</summary>
    public bool IsPoint => Lower == Upper;

    /// <summary>Whether both ends are finite.</summary>
    public bool IsBounded => double.IsFinite(Lower) && double.IsFinite(Upper);

    /// <summary>Upper end minus lower end, rounded up.</summary>
    public double Width => SubtractUp(Upper, Lower);

    /// <summary>A number of the interval near its middle; finite even where the interval is not bounded.</summary>
    public double Midpoint
    {
        get
        {
            if (IsBounded) return Math.Clamp(0.5 * Lower + 0.5 * Upper, Lower, Upper);
            if (double.IsFinite(Lower)) return Math.Max(Lower, double.MaxValue);
            return double.IsFinite(Upper) ? Math.Min(Upper, -double.MaxValue) : 0;
        }
    }

    /// <summary>Largest distance of the ends from <see cref="Midpoint"/>, rounded up.</summary>
    public double Radius => Math.Max(SubtractUp(Upper, Midpoint), SubtractUp(Midpoint, Lower));

    /// <summary>Largest magnitude of a number of the interval.</summary>
    public double Magnitude => Math.Max(Math.Abs(Lower), Math.Abs(Upper));

    /// <summary>Smallest magnitude of a number of the interval.</summary>
    public double Mignitude => Contains(0) ? 0 : Math.Min(Math.Abs(Lower), Math.Abs(Upper));

    /// <summary>The interval of one finite number.</summary>
    /// <param name="value">A finite number.</param>
    public static implicit operator Interval(double value) => new(value, value);

    /// <summary>The tightest interval around a rational number.</summary>
    /// <param name="value">Any rational number.</param>
    public static Interval FromRational(Rational value)
    {
        double nearest = value.ToDouble();
        if (double.IsInfinity(nearest)) return nearest > 0 ? new Interval(double.MaxValue, nearest) : new Interval(nearest, double.MinValue);
        int side = value.CompareTo(Rational.FromDouble(nearest));
        return side == 0 ? nearest : side > 0 ? new Interval(nearest, Math.BitIncrement(nearest)) : new Interval(Math.BitDecrement(nearest), nearest);
    }

    /// <summary>An interval around a decimal number or quotient: 0.1 gives two neighbouring doubles around one tenth.</summary>
    /// <param name="text">What <see cref="Rational.Parse"/> reads.</param>
    /// <exception cref="OrthantInputException">The text is no such number.</exception>
    public static Interval Parse(string text) => FromRational(Rational.Parse(text));

    /// <summary>Encloses all sums.</summary>
    /// <param name="left">First term.</param>
    /// <param name="right">Second term.</param>
    public static Interval operator +(Interval left, Interval right) =>
        new(AddDown(left.Lower, right.Lower), AddUp(left.Upper, right.Upper));

    /// <summary>Encloses all differences.</summary>
    /// <param name="left">What is subtracted from.</param>
    /// <param name="right">What is subtracted.</param>
    public static Interval operator -(Interval left, Interval right) =>
        new(-AddUp(-left.Lower, right.Upper), AddUp(left.Upper, -right.Lower));

    /// <summary>Changes the sign.</summary>
    /// <param name="value">Any interval.</param>
    public static Interval operator -(Interval value) => new(-value.Upper, -value.Lower);

    /// <summary>Encloses all products.</summary>
    /// <param name="left">First factor.</param>
    /// <param name="right">Second factor.</param>
    public static Interval operator *(Interval left, Interval right)
    {
        double a = left.Lower, b = left.Upper, c = right.Lower, d = right.Upper;
        // The extremes are products of ends; signs say which.
        if (a >= 0)
        {
            return c >= 0 ? new(MultiplyDown(a, c), MultiplyUp(b, d))
                : d <= 0 ? new(MultiplyDown(b, c), MultiplyUp(a, d))
                : new(MultiplyDown(b, c), MultiplyUp(b, d));
        }
        if (b <= 0)
        {
            return c >= 0 ? new(MultiplyDown(a, d), MultiplyUp(b, c))
                : d <= 0 ? new(MultiplyDown(b, d), MultiplyUp(a, c))
                : new(MultiplyDown(a, d), MultiplyUp(a, c));
        }
        if (c >= 0) return new(MultiplyDown(a, d), MultiplyUp(b, d));
        if (d <= 0) return new(MultiplyDown(b, c), MultiplyUp(a, c));
        return new(Math.Min(MultiplyDown(a, d), MultiplyDown(b, c)), Math.Max(MultiplyUp(a, c), MultiplyUp(b, d)));
    }

    /// <summary>Encloses all quotients; unbounded where the divisor contains zero.</summary>
    /// <param name="left">The dividend.</param>
    /// <param name="right">The divisor; [0, 0] gives all real numbers.</param>
    public static Interval operator /(Interval left, Interval right)
    {
        double a = left.Lower, b = left.Upper, c = right.Lower, d = right.Upper;
        if (d < 0 || (d == 0 && c < 0)) return -left / -right;
        if (c > 0)
        {
            return a >= 0 ? new(DivideDown(a, d), DivideUp(b, c))
                : b <= 0 ? new(DivideDown(a, c), DivideUp(b, d))
                : new(DivideDown(a, c), DivideUp(b, c));
        }
        if (c == 0 && d > 0)
        {
            // A divisor that only touches zero leaves one end bounded.
            if (a >= 0) return new(DivideDown(a, d), double.PositiveInfinity);
            if (b <= 0) return new(double.NegativeInfinity, DivideUp(b, d));
        }
        return Entire;
    }

    /// <summary>Whether two intervals have the same ends.</summary>
    /// <param name="left">First interval.</param>
    /// <param name="right">Second interval.</param>
    public static bool operator ==(Interval left, Interval right) => left.Equals(right);

    /// <summary>Whether two intervals differ.</summary>
    /// <param name="left">First interval.</param>
    /// <param name="right">Second interval.</param>
    public static bool operator !=(Interval left, Interval right) => !left.Equals(right);

    /// <summary>The smallest interval that contains two.</summary>
    /// <param name="left">First interval.</param>
    /// <param name="right">Second interval.</param>
    public static Interval Hull(Interval left, Interval right) =>
        new(Math.Min(left.Lower, right.Lower), Math.Max(left.Upper, right.Upper));

    /// <summary>What two intervals have in common, or null.</summary>
    /// <param name="left">First interval.</param>
    /// <param name="right">Second interval.</param>
    public static Interval? Intersect(Interval left, Interval right)
    {
        double lower = Math.Max(left.Lower, right.Lower), upper = Math.Min(left.Upper, right.Upper);
        return lower <= upper ? new Interval(lower, upper) : null;
    }

    /// <summary>Encloses the smaller of each two numbers.</summary>
    /// <param name="left">First interval.</param>
    /// <param name="right">Second interval.</param>
    public static Interval Min(Interval left, Interval right) =>
        new(Math.Min(left.Lower, right.Lower), Math.Min(left.Upper, right.Upper));

    /// <summary>Encloses the larger of each two numbers.</summary>
    /// <param name="left">First interval.</param>
    /// <param name="right">Second interval.</param>
    public static Interval Max(Interval left, Interval right) =>
        new(Math.Max(left.Lower, right.Lower), Math.Max(left.Upper, right.Upper));

    /// <summary>Encloses the magnitudes.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Abs(Interval x) => new(x.Mignitude, x.Magnitude);

    /// <summary>Encloses the squares; tighter than the product with itself where the interval contains both signs.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Square(Interval x) =>
        new(MultiplyDown(x.Mignitude, x.Mignitude), MultiplyUp(x.Magnitude, x.Magnitude));

    /// <summary>Encloses the square roots.</summary>
    /// <param name="x">An interval without negative numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">The interval contains negative numbers.</exception>
    public static Interval Sqrt(Interval x)
    {
        if (x.Lower < 0) throw Outside(nameof(x), x, "a square root needs numbers that are not negative");
        return new(SqrtDown(x.Lower), SqrtUp(x.Upper));
    }

    /// <summary>Whether a number lies in the interval.</summary>
    /// <param name="value">Any double.</param>
    public bool Contains(double value) => Lower <= value && value <= Upper;

    /// <summary>Whether a rational number lies in the interval.</summary>
    /// <param name="value">Any rational number.</param>
    public bool Encloses(Rational value) =>
        (double.IsInfinity(Lower) || Rational.FromDouble(Lower) <= value) && (double.IsInfinity(Upper) || value <= Rational.FromDouble(Upper));

    /// <summary>Whether another interval lies in this one.</summary>
    /// <param name="other">Any interval.</param>
    public bool Contains(Interval other) => Lower <= other.Lower && other.Upper <= Upper;

    /// <inheritdoc/>
    public bool Equals(Interval other) => Lower == other.Lower && Upper == other.Upper;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Interval other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Lower, Upper);

    /// <summary>The interval as "[lower, upper]" with round-trip doubles.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Lower:R}, {Upper:R}]");

    private static ArgumentOutOfRangeException Outside(string name, Interval x, string need) => new(name, x, $"Found {x}: {need}.");
}
