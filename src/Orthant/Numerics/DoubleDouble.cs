using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Orthant.Numerics;

/// <summary>A floating-point number of about 32 decimal digits, held as the unevaluated sum of two doubles; use it where double
/// arithmetic loses too many digits and no proof of the last one is wanted.</summary>
/// <remarks>An immutable value; <c>default</c> is zero. The high part is the sum rounded to double. With u = 2⁻⁵³ and no overflow or
/// underflow (results between 2⁻⁹⁰⁰ and 2¹⁰⁰⁰) the relative errors are at most 3u² for sums and differences, 5u² for products, 10u² for
/// quotients and 4u² for square roots (M. Joldes, J.-M. Muller, V. Popescu, ACM TOMS 44, 2017; V. Lefèvre et al., ACM TOMS 49, 2023);
/// each elementary function states its own bound. For exactness see <see cref="Rational"/>.
/// </remarks>
public readonly partial struct DoubleDouble : IEquatable<DoubleDouble>, IComparable<DoubleDouble>, IComparable,
    IAdditionOperators<DoubleDouble, DoubleDouble, DoubleDouble>, ISubtractionOperators<DoubleDouble, DoubleDouble, DoubleDouble>,
    IMultiplyOperators<DoubleDouble, DoubleDouble, DoubleDouble>, IDivisionOperators<DoubleDouble, DoubleDouble, DoubleDouble>,
    IUnaryNegationOperators<DoubleDouble, DoubleDouble>, IComparisonOperators<DoubleDouble, DoubleDouble, bool>,
    IAdditiveIdentity<DoubleDouble, DoubleDouble>, IMultiplicativeIdentity<DoubleDouble, DoubleDouble>
{
    private DoubleDouble(double high, double low)
    {
        Hi = high;
        Lo = low;
    }

    /// <summary>The number rounded to double.</summary>
    public double Hi { get; }

    /// <summary>What the rounding left over: at most half a unit in the last place of <see cref="Hi"/>.</summary>
    public double Lo { get; }

    /// <summary>The number 0.</summary>
    public static DoubleDouble Zero => default;

    /// <summary>The number 1.</summary>
    public static DoubleDouble One => new(1, 0);

    /// <summary>The circle's number π, to 2⁻¹⁰⁷.</summary>
    public static DoubleDouble Pi => Constants.Pi;

    /// <summary>The natural logarithm of 2, to 2⁻¹⁰⁷ of its value.</summary>
    public static DoubleDouble Ln2 => Constants.Ln2;

    /// <inheritdoc/>
    public static DoubleDouble AdditiveIdentity => Zero;

    /// <inheritdoc/>
    public static DoubleDouble MultiplicativeIdentity => One;

    /// <summary>Whether the number is neither infinite nor NaN.</summary>
    public bool IsFinite => double.IsFinite(Hi) && double.IsFinite(Lo);

    /// <summary>-1, 0 or 1; 0 for NaN.</summary>
    public int Sign => Hi > 0 ? 1 : Hi < 0 ? -1 : 0;

    /// <summary>The exact sum of two doubles (D. E. Knuth's two-sum), unless it overflows.</summary>
    /// <param name="a">First term.</param>
    /// <param name="b">Second term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble TwoSum(double a, double b)
    {
        double s = a + b;
        double t = s - a;
        return new(s, (a - (s - t)) + (b - t));
    }

    /// <summary>The exact product of two doubles, unless it overflows or is smaller than 2⁻⁹⁶⁹.</summary>
    /// <param name="a">First factor.</param>
    /// <param name="b">Second factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble TwoProduct(double a, double b)
    {
        double p = a * b;
        return new(p, Math.FusedMultiplyAdd(a, b, -p));
    }

    /// <summary>The nearest number to a rational one: relative error at most 2⁻¹⁰⁷ in the normal range.</summary>
    /// <param name="value">Any rational number.</param>
    public static DoubleDouble FromRational(Rational value)
    {
        double high = value.ToDouble();
        return double.IsInfinity(high) ? new(high, 0) : new(high, (value - Rational.FromDouble(high)).ToDouble());
    }

    /// <summary>The same number, exactly.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is infinite or NaN.</exception>
    public Rational ToRational() => Rational.FromDouble(Hi) + Rational.FromDouble(Lo);

    /// <summary>Converts a double without rounding.</summary>
    /// <param name="value">Any double.</param>
    public static implicit operator DoubleDouble(double value) => new(value, 0);

    /// <summary>Rounds to the nearest double.</summary>
    /// <param name="value">Any number.</param>
    public static explicit operator double(DoubleDouble value) => value.Hi;

    /// <summary>Adds: relative error at most 3u², also under cancellation.</summary>
    /// <param name="left">First term.</param>
    /// <param name="right">Second term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator +(DoubleDouble left, DoubleDouble right)
    {
        DoubleDouble s = TwoSum(left.Hi, right.Hi);
        if (!double.IsFinite(s.Hi)) return new(s.Hi, 0);
        DoubleDouble t = TwoSum(left.Lo, right.Lo);
        s = FastTwoSum(s.Hi, s.Lo + t.Hi);
        return FastTwoSum(s.Hi, s.Lo + t.Lo);
    }

    /// <summary>Adds a double: relative error at most 2u².</summary>
    /// <param name="left">First term.</param>
    /// <param name="right">Second term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator +(DoubleDouble left, double right)
    {
        DoubleDouble s = TwoSum(left.Hi, right);
        return double.IsFinite(s.Hi) ? FastTwoSum(s.Hi, s.Lo + left.Lo) : new(s.Hi, 0);
    }

    /// <summary>Subtracts: relative error at most 3u², also under cancellation.</summary>
    /// <param name="left">What is subtracted from.</param>
    /// <param name="right">What is subtracted.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator -(DoubleDouble left, DoubleDouble right) => left + -right;

    /// <summary>Subtracts a double: relative error at most 2u².</summary>
    /// <param name="left">What is subtracted from.</param>
    /// <param name="right">What is subtracted.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator -(DoubleDouble left, double right) => left + -right;

    /// <summary>Multiplies: relative error at most 5u².</summary>
    /// <param name="left">First factor.</param>
    /// <param name="right">Second factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator *(DoubleDouble left, DoubleDouble right)
    {
        DoubleDouble p = TwoProduct(left.Hi, right.Hi);
        if (!double.IsFinite(p.Hi)) return new(p.Hi, 0);
        double low = Math.FusedMultiplyAdd(left.Hi, right.Lo, left.Lo * right.Hi);
        return FastTwoSum(p.Hi, p.Lo + low);
    }

    /// <summary>Multiplies by a double: relative error at most 2u².</summary>
    /// <param name="left">First factor.</param>
    /// <param name="right">Second factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator *(DoubleDouble left, double right)
    {
        DoubleDouble p = TwoProduct(left.Hi, right);
        return double.IsFinite(p.Hi) ? FastTwoSum(p.Hi, Math.FusedMultiplyAdd(left.Lo, right, p.Lo)) : new(p.Hi, 0);
    }

    /// <summary>Divides: relative error at most 10u².</summary>
    /// <param name="left">The dividend.</param>
    /// <param name="right">The divisor.</param>
    public static DoubleDouble operator /(DoubleDouble left, DoubleDouble right)
    {
        double quotient = left.Hi / right.Hi;
        if (!double.IsFinite(quotient) || double.IsInfinity(right.Hi)) return new(quotient, 0);
        // One Newton step for the reciprocal, then one product.
        double t = 1 / right.Hi;
        double r = Math.FusedMultiplyAdd(-right.Hi, t, 1);
        DoubleDouble error = FastTwoSum(r, -(right.Lo * t));
        return left * (error * t + t);
    }

    /// <summary>Changes the sign.</summary>
    /// <param name="value">Any number.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator -(DoubleDouble value) => new(-value.Hi, -value.Lo);

    /// <summary>Whether two numbers are equal; NaN equals nothing.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator ==(DoubleDouble left, DoubleDouble right) => left.Hi == right.Hi && left.Lo == right.Lo;

    /// <summary>Whether two numbers differ.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator !=(DoubleDouble left, DoubleDouble right) => !(left == right);

    /// <summary>Whether the first number is smaller.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator <(DoubleDouble left, DoubleDouble right) =>
        left.Hi < right.Hi || (left.Hi == right.Hi && left.Lo < right.Lo);

    /// <summary>Whether the first number is larger.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator >(DoubleDouble left, DoubleDouble right) => right < left;

    /// <summary>Whether the first number is smaller or equal.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator <=(DoubleDouble left, DoubleDouble right) =>
        left.Hi < right.Hi || (left.Hi == right.Hi && left.Lo <= right.Lo);

    /// <summary>Whether the first number is larger or equal.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator >=(DoubleDouble left, DoubleDouble right) => right <= left;

    /// <summary>The magnitude of a number.</summary>
    /// <param name="value">Any number.</param>
    public static DoubleDouble Abs(DoubleDouble value) => value.Hi < 0 ? -value : value;

    /// <summary>Multiplies by a power of two, without rounding unless the result is subnormal or too large.</summary>
    /// <param name="value">Any number.</param>
    /// <param name="exponent">The power of two.</param>
    public static DoubleDouble ScaleB(DoubleDouble value, int exponent)
    {
        double high = Math.ScaleB(value.Hi, exponent);
        return double.IsFinite(high) ? FastTwoSum(high, Math.ScaleB(value.Lo, exponent)) : new(high, 0);
    }

    /// <summary>The square root: relative error at most 4u².</summary>
    /// <param name="value">A number that is not negative; NaN for a negative one.</param>
    public static DoubleDouble Sqrt(DoubleDouble value)
    {
        double root = Math.Sqrt(value.Hi);
        if (root == 0 || !double.IsFinite(root)) return new(root, 0);
        double rest = Math.FusedMultiplyAdd(-root, root, value.Hi) + value.Lo;
        return FastTwoSum(root, rest / (2 * root));
    }

    /// <summary>An integer power: relative error at most 12 |exponent| u².</summary>
    /// <param name="value">The base.</param>
    /// <param name="exponent">Any integer; 0 gives 1.</param>
    public static DoubleDouble Pow(DoubleDouble value, int exponent)
    {
        DoubleDouble result = One, square = value;
        for (uint n = (uint)Math.Abs((long)exponent); n != 0; n >>= 1)
        {
            if ((n & 1) != 0) result *= square;
            square *= square;
        }
        return exponent < 0 ? One / result : result;
    }

    /// <inheritdoc/>
    public int CompareTo(DoubleDouble other)
    {
        int high = Hi.CompareTo(other.Hi);
        return high != 0 ? high : Lo.CompareTo(other.Lo);
    }

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        DoubleDouble other => CompareTo(other),
        _ => throw new ArgumentException("A double-double number compares with its like only.", nameof(obj)),
    };

    /// <inheritdoc/>
    public bool Equals(DoubleDouble other) => Hi.Equals(other.Hi) && Lo.Equals(other.Lo);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DoubleDouble other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Hi, Lo);

    /// <summary>The number with 33 significant digits in scientific notation; <see cref="Parse"/> reads it back to within 2⁻¹⁰⁵.</summary>
    public override string ToString()
    {
        const int digits = 33;
        if (!IsFinite) return Hi.ToString(CultureInfo.InvariantCulture);
        if (Hi == 0) return "0";
        Rational magnitude = Rational.Abs(ToRational());
        int exponent = (int)Math.Floor(Math.Log10(Math.Abs(Hi)));
        BigInteger scaled = Digits(magnitude, digits - 1 - exponent);
        // The logarithm may be one off at powers of ten, and rounding may carry into one more digit.
        if (scaled >= BigInteger.Pow(10, digits)) scaled = Digits(magnitude, digits - 1 - ++exponent);
        if (scaled < BigInteger.Pow(10, digits - 1)) scaled = Digits(magnitude, digits - 1 - --exponent);
        string text = scaled.ToString(CultureInfo.InvariantCulture);
        string sign = Hi < 0 ? "-" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{text[0]}.{text.AsSpan(1)}e{exponent}");
    }

    /// <summary>Reads a decimal number or a quotient of integers, rounded to nearest.</summary>
    /// <param name="text">What <see cref="Rational.Parse"/> reads.</param>
    /// <exception cref="OrthantInputException">The text is no such number.</exception>
    public static DoubleDouble Parse(string text) => FromRational(Rational.Parse(text));

    /// <summary>The exact sum of two doubles of which the first is zero or at least as large as the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DoubleDouble FastTwoSum(double a, double b)
    {
        double s = a + b;
        return new(s, b - (s - a));
    }

    private static BigInteger Digits(Rational magnitude, int scale) => (magnitude * Rational.Pow(10, scale) + Rational.Half).Floor();
}
