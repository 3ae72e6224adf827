using System.Globalization;
using System.Numerics;
using CsCheck;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public sealed class RationalTests
{
    private static readonly Gen<Rational> Fractions =
        Gen.Select(Gen.Int[-60, 60], Gen.Int[1, 60], (p, q) => new Rational(p, q));

    private static readonly Gen<double> FiniteDoubles =
        Gen.Long.Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite);

    [Fact]
    public void Arithmetic_obeys_the_field_axioms() => Gen.Select(Fractions, Fractions, Fractions).Sample((a, b, c) =>
    {
        Assert.Equal(a + b, b + a);
        Assert.Equal(a * (b + c), a * b + a * c);
        Assert.Equal(a + (b + c), a + b + c);
        Assert.Equal(Rational.Zero, a - a);
        if (!b.IsZero) Assert.Equal(a, a / b * b);
        Assert.Equal((a - b).Sign, a.CompareTo(b));
    });

    [Fact]
    public void Results_are_in_lowest_terms_with_a_positive_denominator() =>
        Gen.Select(Fractions, Fractions).Sample((a, b) =>
        {
            foreach (Rational r in new[] { a + b, a - b, a * b, b.IsZero ? a : a / b, -a, Rational.Pow(a, 3) })
            {
                Assert.True(r.Denominator.Sign > 0);
                Assert.True(BigInteger.GreatestCommonDivisor(r.Numerator, r.Denominator).IsOne);
            }
        });

    [Fact]
    public void Every_finite_double_survives_the_round_trip() => FiniteDoubles.Sample(x =>
    {
        Assert.Equal(x, Rational.FromDouble(x).ToDouble());
        Rational r = Rational.FromDouble(x);
        Assert.True(r.IsZero || BigInteger.GreatestCommonDivisor(r.Numerator, r.Denominator).IsOne);
    });

    [Fact]
    public void Sums_and_products_of_doubles_are_exact() => Gen.Select(Gen.Int[-1_000_000, 1_000_000], Gen.Int[-1_000_000, 1_000_000],
        Gen.Int[-20, 20]).Sample((a, b, e) =>
        {
            // Values small enough for the double operations themselves to be exact.
            double x = Math.ScaleB(a, e), y = Math.ScaleB(b, e);
            Assert.Equal(Rational.FromDouble(x + y), Rational.FromDouble(x) + Rational.FromDouble(y));
            Assert.Equal(Rational.FromDouble(x * y), Rational.FromDouble(x) * Rational.FromDouble(y));
        });

    [Fact]
    public void Rounding_agrees_with_the_correctly_rounded_decimal_parser() =>
        Gen.Select(Gen.Long[-999_999_999_999_999_999, 999_999_999_999_999_999], Gen.Int[-345, 300]).Sample((digits, exponent) =>
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{digits}e{exponent}");
            Assert.Equal(double.Parse(text, CultureInfo.InvariantCulture), Rational.Parse(text).ToDouble());
        });

    [Fact]
    public void Rounding_breaks_ties_to_even_at_every_scale()
    {
        Rational tiny = Rational.FromDouble(double.Epsilon);
        Assert.Equal(0.0, (tiny / 2).ToDouble());
        Assert.Equal(double.Epsilon, (tiny * new Rational(501, 1000)).ToDouble());
        Assert.Equal(2 * double.Epsilon, (tiny * new Rational(3, 2)).ToDouble());
        Assert.Equal(2 * double.Epsilon, (tiny * new Rational(5, 2)).ToDouble());
        Rational ulp = Rational.Pow(2, -52);
        Assert.Equal(1.0, (1 + ulp / 2).ToDouble());
        Assert.Equal(Math.BitIncrement(1.0), (1 + ulp * new Rational(500_001, 1_000_000)).ToDouble());
        Assert.Equal(1 + 2 * Math.ScaleB(1, -52), (1 + ulp * new Rational(3, 2)).ToDouble());
        Rational largest = Rational.FromDouble(double.MaxValue), half = Rational.Pow(2, 970);
        Assert.Equal(double.MaxValue, (largest + half - 1).ToDouble());
        Assert.Equal(double.PositiveInfinity, (largest + half).ToDouble());
        Assert.Equal(double.NegativeInfinity, (-largest - half).ToDouble());
        Assert.Equal(0.0, new Rational(-1, BigInteger.Pow(10, 5000)).ToDouble());
    }

    [Theory]
    [InlineData("0.1", 1, 10)]
    [InlineData("-3e-2", -3, 100)]
    [InlineData("7/64", 7, 64)]
    [InlineData("-14/128", -7, 64)]
    [InlineData(" 12 ", 12, 1)]
    [InlineData(".5", 1, 2)]
    [InlineData("-.5", -1, 2)]
    [InlineData("5.", 5, 1)]
    [InlineData("1.25E+2", 125, 1)]
    [InlineData("0e5", 0, 1)]
    public void Reads_decimals_and_quotients(string text, long p, long q)
    {
        Rational value = Rational.Parse(text);
        Assert.Equal(new Rational(p, q), value);
        Assert.Equal(value, Rational.Parse(value.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("1/0")]
    [InlineData("1/-2")]
    [InlineData("1/2/3")]
    [InlineData("1.5/2")]
    [InlineData("1.-5")]
    [InlineData("0x10")]
    [InlineData("1,000")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e999999999")]
    [InlineData("1e-10001")]
    [InlineData("1e")]
    [InlineData("1e1.5")]
    public void Refuses_what_is_no_number(string text)
    {
        Assert.False(Rational.TryParse(text, out _));
        Assert.Throws<OrthantInputException>(() => Rational.Parse(text));
    }

    [Fact]
    public void Floor_and_ceiling_enclose() => Fractions.Sample(a =>
    {
        Rational floor = a.Floor(), ceiling = a.Ceiling();
        Assert.True(floor <= a && a < floor + 1);
        Assert.True(ceiling - 1 < a && a <= ceiling);
    });

    [Fact]
    public void Powers_and_reciprocals_agree_with_repeated_products() => Gen.Select(Fractions, Gen.Int[-6, 6]).Sample((a, n) =>
    {
        if (a.IsZero && n < 0)
        {
            Assert.Throws<DivideByZeroException>(() => Rational.Pow(a, n));
            return;
        }
        Rational product = Rational.One;
        for (int i = 0; i < Math.Abs(n); i++) product *= a;
        Assert.Equal(n >= 0 ? product : 1 / product, Rational.Pow(a, n));
    });

    [Fact]
    public void The_default_value_is_zero()
    {
        Rational zero = default;
        Assert.Equal(Rational.Zero, zero);
        Assert.Equal(new Rational(0, 7), zero);
        Assert.Equal(new Rational(0, 7).GetHashCode(), zero.GetHashCode());
        Assert.Equal("0", zero.ToString());
        Assert.Equal(Rational.One, zero + 1);
        Assert.True(zero.IsInteger);
        Assert.Equal(BigInteger.One, zero.Denominator);
    }

    [Fact]
    public void Refuses_division_by_zero_and_non_finite_numbers()
    {
        Assert.Throws<DivideByZeroException>(() => Rational.One / Rational.Zero);
        Assert.Throws<DivideByZeroException>(() => new Rational(1, 0));
        Assert.Throws<DivideByZeroException>(() => Rational.Zero.Reciprocal());
        Assert.Throws<ArgumentOutOfRangeException>(() => Rational.FromDouble(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => Rational.FromDouble(double.NegativeInfinity));
        Assert.Equal(Rational.Zero, Rational.FromDouble(-0.0));
    }
}
