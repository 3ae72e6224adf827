using System.Diagnostics;
using System.Globalization;
using System.Numerics;

namespace Orthant.Numerics;

/// <summary>An exact rational number of any size, always in lowest terms; use it where a sign or an equality has to be proved.</summary>
/// <remarks>An immutable value; <c>default</c> is zero. Every finite <see cref="double"/> is a rational number, so arithmetic that begins
/// at a network's weights stays exact. There is no infinity and no NaN: division by zero throws.</remarks>
public readonly struct Rational : IEquatable<Rational>, IComparable<Rational>, IComparable,
    IAdditionOperators<Rational, Rational, Rational>, ISubtractionOperators<Rational, Rational, Rational>,
    IMultiplyOperators<Rational, Rational, Rational>, IDivisionOperators<Rational, Rational, Rational>,
    IUnaryNegationOperators<Rational, Rational>, IComparisonOperators<Rational, Rational, bool>,
    IAdditiveIdentity<Rational, Rational>, IMultiplicativeIdentity<Rational, Rational>
{
    /// <summary>Longest text that <see cref="Parse"/> reads, in characters.</summary>
    public const int MaxTextLength = 20_000;

    /// <summary>Largest magnitude of a decimal exponent that <see cref="Parse"/> reads; it keeps "1e999999999" from filling the memory.</summary>
    public const int MaxDecimalExponent = 10_000;

    private readonly BigInteger _numerator;

    // Zero stands for one, so that default(Rational) is the number zero.
    private readonly BigInteger _denominator;

    /// <summary>Creates the quotient of two integers, in lowest terms.</summary>
    /// <param name="numerator">Any integer.</param>
    /// <param name="denominator">Any integer but zero; its sign moves to the numerator.</param>
    /// <exception cref="DivideByZeroException"><paramref name="denominator"/> is zero.</exception>
    public Rational(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero) throw new DivideByZeroException("A rational number has a denominator other than zero.");
        this = Reduced(numerator, denominator);
    }

    /// <summary>Creates an integer.</summary>
    /// <param name="value">Any integer.</param>
    public Rational(BigInteger value)
    {
        _numerator = value;
        _denominator = BigInteger.One;
    }

    private Rational(BigInteger numerator, BigInteger denominator, bool lowestTerms)
    {
        Debug.Assert(lowestTerms, "The caller vouches for lowest terms and a positive denominator.");
        _numerator = numerator;
        _denominator = denominator;
    }

    /// <summary>The number 0.</summary>
    public static Rational Zero => default;

    /// <summary>The number 1.</summary>
    public static Rational One { get; } = new(BigInteger.One);

    /// <summary>The number 1/2.</summary>
    public static Rational Half { get; } = new(BigInteger.One, 2);

    /// <inheritdoc/>
    public static Rational AdditiveIdentity => Zero;

    /// <inheritdoc/>
    public static Rational MultiplicativeIdentity => One;

    /// <summary>The numerator in lowest terms; it carries the sign.</summary>
    public BigInteger Numerator => _numerator;

    /// <summary>The denominator in lowest terms; at least 1.</summary>
    public BigInteger Denominator => _denominator.IsZero ? BigInteger.One : _denominator;

    /// <summary>-1, 0 or 1.</summary>
    public int Sign => _numerator.Sign;

    /// <summary>Whether the number is 0.</summary>
    public bool IsZero => _numerator.IsZero;

    /// <summary>Whether the number is an integer.</summary>
    public bool IsInteger => Denominator.IsOne;

    /// <summary>Converts a binary floating-point number without any rounding.</summary>
    /// <param name="value">A finite number; -0 becomes 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is infinite or NaN.</exception>
    public static Rational FromDouble(double value)
    {
        if (!double.IsFinite(value)) throw new ArgumentOutOfRangeException(nameof(value), value, "Only finite numbers are rational.");
        if (value == 0) return Zero;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int field = (int)(bits >> 52) & 0x7FF;
        long significand = (bits & 0xF_FFFF_FFFF_FFFF) | (field == 0 ? 0 : 1L << 52);
        int exponent = Math.Max(field, 1) - 1075;
        // Dropping the trailing zeros first leaves an odd significand over a power of two: lowest terms without a gcd.
        int zeros = BitOperations.TrailingZeroCount(significand);
        significand >>= zeros;
        exponent += zeros;
        if (bits < 0) significand = -significand;
        return exponent >= 0
            ? new Rational((BigInteger)significand << exponent)
            : new Rational(significand, BigInteger.One << -exponent, true);
    }

    /// <summary>Converts an integer.</summary>
    /// <param name="value">Any integer.</param>
    public static implicit operator Rational(int value) => new((BigInteger)value);

    /// <summary>Converts an integer.</summary>
    /// <param name="value">Any integer.</param>
    public static implicit operator Rational(long value) => new((BigInteger)value);

    /// <summary>Converts an integer.</summary>
    /// <param name="value">Any integer.</param>
    public static implicit operator Rational(BigInteger value) => new(value);

    /// <summary>Converts a finite floating-point number without rounding; see <see cref="FromDouble"/>.</summary>
    /// <param name="value">A finite number.</param>
    public static explicit operator Rational(double value) => FromDouble(value);

    /// <summary>Rounds to the nearest floating-point number; see <see cref="ToDouble"/>.</summary>
    /// <param name="value">Any rational number.</param>
    public static explicit operator double(Rational value) => value.ToDouble();

    /// <summary>Adds exactly.</summary>
    /// <param name="left">First term.</param>
    /// <param name="right">Second term.</param>
    public static Rational operator +(Rational left, Rational right)
    {
        BigInteger p = left.Denominator, q = right.Denominator;
        return p == q
            ? Reduced(left._numerator + right._numerator, p)
            : Reduced(left._numerator * q + right._numerator * p, p * q);
    }

    /// <summary>Subtracts exactly.</summary>
    /// <param name="left">What is subtracted from.</param>
    /// <param name="right">What is subtracted.</param>
    public static Rational operator -(Rational left, Rational right) => left + -right;

    /// <summary>Multiplies exactly.</summary>
    /// <param name="left">First factor.</param>
    /// <param name="right">Second factor.</param>
    public static Rational operator *(Rational left, Rational right) =>
        Reduced(left._numerator * right._numerator, left.Denominator * right.Denominator);

    /// <summary>Divides exactly.</summary>
    /// <param name="left">The dividend.</param>
    /// <param name="right">The divisor.</param>
    /// <exception cref="DivideByZeroException"><paramref name="right"/> is zero.</exception>
    public static Rational operator /(Rational left, Rational right) =>
        new(left._numerator * right.Denominator, left.Denominator * right._numerator);

    /// <summary>Changes the sign.</summary>
    /// <param name="value">Any rational number.</param>
    public static Rational operator -(Rational value) => new(-value._numerator, value._denominator, true);

    /// <summary>Whether two numbers are equal.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator ==(Rational left, Rational right) => left.Equals(right);

    /// <summary>Whether two numbers differ.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator !=(Rational left, Rational right) => !left.Equals(right);

    /// <summary>Whether the first number is smaller.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator <(Rational left, Rational right) => left.CompareTo(right) < 0;

    /// <summary>Whether the first number is larger.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator >(Rational left, Rational right) => left.CompareTo(right) > 0;

    /// <summary>Whether the first number is smaller or equal.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator <=(Rational left, Rational right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the first number is larger or equal.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static bool operator >=(Rational left, Rational right) => left.CompareTo(right) >= 0;

    /// <summary>The magnitude of a number.</summary>
    /// <param name="value">Any rational number.</param>
    public static Rational Abs(Rational value) => value.Sign < 0 ? -value : value;

    /// <summary>The smaller of two numbers.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static Rational Min(Rational left, Rational right) => left <= right ? left : right;

    /// <summary>The larger of two numbers.</summary>
    /// <param name="left">First number.</param>
    /// <param name="right">Second number.</param>
    public static Rational Max(Rational left, Rational right) => left >= right ? left : right;

    /// <summary>An integer power.</summary>
    /// <param name="value">The base.</param>
    /// <param name="exponent">Any integer; 0 gives 1, for the base 0 too.</param>
    /// <exception cref="DivideByZeroException">The base is zero and the exponent negative.</exception>
    public static Rational Pow(Rational value, int exponent)
    {
        if (exponent >= 0) return new(BigInteger.Pow(value._numerator, exponent), BigInteger.Pow(value.Denominator, exponent), true);
        // -(exponent + 1) avoids the one integer that has no negative.
        Rational inverse = value.Reciprocal();
        return Pow(inverse, -(exponent + 1)) * inverse;
    }

    /// <summary>One over this number.</summary>
    /// <exception cref="DivideByZeroException">The number is zero.</exception>
    public Rational Reciprocal()
    {
        if (IsZero) throw new DivideByZeroException("Zero has no reciprocal.");
        return Sign > 0 ? new(Denominator, _numerator, true) : new(-Denominator, -_numerator, true);
    }

    /// <summary>The largest integer that is not larger.</summary>
    public BigInteger Floor()
    {
        BigInteger quotient = BigInteger.DivRem(_numerator, Denominator, out BigInteger remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The smallest integer that is not smaller.</summary>
    public BigInteger Ceiling() => -(-this).Floor();

    /// <summary>The nearest floating-point number, ties to even: subnormal numbers and overflow to infinity included.</summary>
    public double ToDouble()
    {
        if (IsZero) return 0;
        BigInteger magnitude = BigInteger.Abs(_numerator), denominator = Denominator;
        // The quotient is brought to 63 or 64 bits; what the division leaves over is kept as a sticky lowest bit.
        int shift = checked((int)(63 - (magnitude.GetBitLength() - denominator.GetBitLength())));
        BigInteger quotient = shift >= 0
            ? BigInteger.DivRem(magnitude << shift, denominator, out BigInteger remainder)
            : BigInteger.DivRem(magnitude, denominator << -shift, out remainder);
        ulong bits = (ulong)quotient | (remainder.IsZero ? 0UL : 1UL);
        double result = RoundScaled(bits, -shift);
        return Sign < 0 ? -result : result;
    }

    /// <inheritdoc/>
    public int CompareTo(Rational other)
    {
        if (Sign != other.Sign) return Sign.CompareTo(other.Sign);
        BigInteger p = Denominator, q = other.Denominator;
        return p == q ? _numerator.CompareTo(other._numerator) : (_numerator * q).CompareTo(other._numerator * p);
    }

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        Rational other => CompareTo(other),
        _ => throw new ArgumentException("A rational number compares with rational numbers only.", nameof(obj)),
    };

    /// <inheritdoc/>
    public bool Equals(Rational other) => _numerator == other._numerator && Denominator == other.Denominator;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_numerator, Denominator);

    /// <summary>The number as "p/q", or "p" for an integer; <see cref="Parse"/> reads it back.</summary>
    public override string ToString() => IsInteger
        ? _numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{_numerator}/{_denominator}");

    /// <summary>Reads "7", "-7/64", "0.1" or "-3e-2" exactly: 0.1 is one tenth.</summary>
    /// <param name="text">A decimal number with an optional exponent, or a quotient of two integers.</param>
    /// <exception cref="OrthantInputException">The text is no such number, or is beyond <see cref="MaxTextLength"/> or
    /// <see cref="MaxDecimalExponent"/>.</exception>
    public static Rational Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (TryParse(text, out Rational value)) return value;
        string shown = text.Length <= 40 ? text : text[..40] + "…";
        throw new OrthantInputException("number", string.Empty, $"\"{shown}\"", "a decimal number or a quotient such as 7/64");
    }

    /// <summary>Reads a number as <see cref="Parse"/> does, without an exception.</summary>
    /// <param name="text">A decimal number with an optional exponent, or a quotient of two integers; white space around it is allowed.</param>
    /// <param name="value">The number, or zero.</param>
    /// <returns>Whether the text is such a number within the limits.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Rational value)
    {
        value = Zero;
        text = text.Trim();
        if (text.Length is 0 or > MaxTextLength) return false;
        int slash = text.IndexOf('/');
        if (slash < 0) return TryParseDecimal(text, out value);
        if (!TryParseInteger(text[..slash], true, out BigInteger numerator)
            || !TryParseInteger(text[(slash + 1)..], false, out BigInteger denominator) || denominator.IsZero)
        {
            return false;
        }
        value = new Rational(numerator, denominator);
        return true;
    }

    private static bool TryParseDecimal(ReadOnlySpan<char> text, out Rational value)
    {
        value = Zero;
        int exponent = 0;
        int mark = text.IndexOfAny('e', 'E');
        if (mark >= 0)
        {
            if (!int.TryParse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) return false;
            if (exponent is < -MaxDecimalExponent or > MaxDecimalExponent) return false;
            text = text[..mark];
        }
        int point = text.IndexOf('.');
        BigInteger digits;
        if (point >= 0)
        {
            // "1.", ".5" and "-.5" are numbers; "." and "-" are not.
            if (!TryParseInteger(string.Concat(text[..point], text[(point + 1)..]), true, out digits)) return false;
            exponent -= text.Length - point - 1;
        }
        else if (!TryParseInteger(text, true, out digits))
        {
            return false;
        }
        BigInteger scale = BigInteger.Pow(10, Math.Abs(exponent));
        value = exponent >= 0 ? new Rational(digits * scale) : new Rational(digits, scale);
        return true;
    }

    private static bool TryParseInteger(ReadOnlySpan<char> text, bool signed, out BigInteger value) => BigInteger.TryParse(
        text, signed ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static Rational Reduced(BigInteger numerator, BigInteger denominator)
    {
        if (numerator.IsZero) return Zero;
        if (denominator.Sign < 0)
        {
            numerator = -numerator;
            denominator = -denominator;
        }
        if (denominator.IsOne) return new(numerator, denominator, true);
        if (denominator.IsPowerOfTwo)
        {
            // Sums and products of floating-point numbers: the common factor is a power of two, found by counting zeros.
            int common = (int)BigInteger.Min(BigInteger.TrailingZeroCount(numerator), BigInteger.TrailingZeroCount(denominator));
            return new(numerator >> common, denominator >> common, true);
        }
        BigInteger divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return divisor.IsOne ? new(numerator, denominator, true) : new(numerator / divisor, denominator / divisor, true);
    }

    /// <summary>The double nearest to bits · 2^exponent, ties to even; the lowest bit of <paramref name="bits"/> may be sticky.</summary>
    /// <param name="bits">A number of at least 63 significant bits.</param>
    /// <param name="exponent">The power of two that scales it.</param>
    private static double RoundScaled(ulong bits, int exponent)
    {
        int length = 64 - BitOperations.LeadingZeroCount(bits);
        int top = length - 1 + exponent;
        int kept = Math.Min(53, 53 + 1022 + top);
        if (kept < 0) return 0;
        int dropped = length - kept;
        ulong significand = dropped == 64 ? 0 : bits >> dropped;
        ulong half = 1UL << (dropped - 1);
        ulong rest = bits & (half | (half - 1));
        if (rest > half || (rest == half && (significand & 1) == 1)) significand++;
        // Exact by construction: the significand has no more bits than the result can hold.
        return Math.ScaleB(significand, exponent + dropped);
    }
}
