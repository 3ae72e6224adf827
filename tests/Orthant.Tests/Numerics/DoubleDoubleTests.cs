using CsCheck;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public sealed class DoubleDoubleTests
{
    private const double U2 = 1.232595164407831e-32; // 2^-106

    private static readonly Gen<double> Doubles = Gen.Select(Gen.Double[-1, 1], Gen.Int[-60, 60], Math.ScaleB);

    private static readonly Gen<DoubleDouble> Numbers = Gen.Select(Doubles, Gen.Double[-1, 1], Gen.Int[0, 40],
        (high, low, gap) => DoubleDouble.TwoSum(high, Math.ScaleB(high * low, -53 - gap)));

    [Fact]
    public void Sums_and_products_of_doubles_are_exact() => Gen.Select(Doubles, Doubles).Sample((a, b) =>
    {
        Assert.Equal(Rational.FromDouble(a) + Rational.FromDouble(b), DoubleDouble.TwoSum(a, b).ToRational());
        Assert.Equal(Rational.FromDouble(a) * Rational.FromDouble(b), DoubleDouble.TwoProduct(a, b).ToRational());
    });

    [Fact]
    public void Operations_keep_their_error_bounds() => Gen.Select(Numbers, Numbers).Sample((a, b) =>
    {
        Rational x = a.ToRational(), y = b.ToRational();
        AssertClose(x + y, a + b, 3 * U2);
        AssertClose(x - y, a - b, 3 * U2);
        AssertClose(x * y, a * b, 5 * U2);
        AssertClose(x + Rational.FromDouble(b.Hi), a + b.Hi, 2 * U2);
        AssertClose(x * Rational.FromDouble(b.Hi), a * b.Hi, 2 * U2);
        if (b.Sign != 0) AssertClose(x / y, a / b, 10 * U2);
        DoubleDouble root = DoubleDouble.Sqrt(DoubleDouble.Abs(a));
        // A root's relative error is half its square's.
        AssertClose(Rational.Abs(x), (root.ToRational() * root.ToRational()), 8 * U2);
        Assert.Equal(x.CompareTo(y), a.CompareTo(b));
        Assert.Equal(x < y, a < b);
    }, iter: 20_000);

    [Fact]
    public void Cancellation_keeps_the_relative_error() => Gen.Select(Numbers, Gen.Double[-1, 1], Gen.Int[40, 100]).Sample((a, d, gap) =>
    {
        DoubleDouble b = -(a + Math.ScaleB(d * a.Hi, -gap));
        AssertClose(a.ToRational() + b.ToRational(), a + b, 3 * U2);
    }, iter: 5000);

    [Fact]
    public void Exponential_agrees_with_the_series() => Gen.Double[-100, 100].Sample(x =>
    {
        DoubleDouble exact = x;
        AssertClose(ReferenceSeries.Exp(Rational.FromDouble(x)), DoubleDouble.Exp(exact), Math.ScaleB(1, -100));
    }, iter: 400);

    [Fact]
    public void Logarithm_inverts_the_series_of_the_exponential() => Gen.Select(Gen.Double[0.5, 2], Gen.Int[-100, 100]).Sample((m, e) =>
    {
        double x = Math.ScaleB(m, e);
        foreach (double at in new[] { x, m, 1 + (m - 1) / 1e6 })
        {
            if (at == 1) continue;
            DoubleDouble log = DoubleDouble.Log(at);
            // exp(log x (1 + e)) = x (1 + e log x).
            double error = ReferenceSeries.RelativeError(Rational.FromDouble(at), ReferenceSeries.Exp(log.ToRational()));
            Assert.True(error <= Math.ScaleB(1, -96) * Math.Abs(log.Hi) * 1.001, $"{at:R}: {error}");
        }
        DoubleDouble small = DoubleDouble.Log1p(Math.ScaleB(m - 1, -20));
        AssertClose(1 + Rational.FromDouble(Math.ScaleB(m - 1, -20)), ReferenceSeries.Exp(small.ToRational()),
            Math.ScaleB(1, -96) * Math.Abs(small.Hi) * 1.001);
    }, iter: 200);

    [Fact]
    public void Sine_and_cosine_agree_with_the_series() => Gen.Double[-110, 110].Sample(x =>
    {
        (DoubleDouble sin, DoubleDouble cos) = DoubleDouble.SinCos(x);
        Rational exact = Rational.FromDouble(x);
        Assert.True(Rational.Abs(sin.ToRational() - ReferenceSeries.Sin(exact)) <= Rational.Pow(2, -100));
        Assert.True(Rational.Abs(cos.ToRational() - ReferenceSeries.Cos(exact)) <= Rational.Pow(2, -100));
        Rational small = Rational.FromDouble(x / 160);
        AssertClose(ReferenceSeries.Sin(small), DoubleDouble.Sin(x / 160), Math.ScaleB(1, -100));
    }, iter: 300);

    [Fact]
    public void Inverse_tangent_is_inverted_by_the_series() => Gen.Select(Gen.Double[0, 1], Gen.Int[-30, 30]).Sample((m, e) =>
    {
        double x = Math.ScaleB(m, e);
        Rational angle = DoubleDouble.Atan(x).ToRational(), exact = Rational.FromDouble(x);
        Rational sin = ReferenceSeries.Sin(angle), cos = ReferenceSeries.Cos(angle);
        // sin(y) - x cos(y) = sqrt(1 + x^2) sin(y - atan x).
        double distance = Rational.Abs(sin - exact * cos).ToDouble() / Math.Sqrt(1 + x * x);
        Assert.True(distance <= Math.ScaleB(Math.Atan(x), -100) * 1.001, $"{x:R}: {distance}");
    }, iter: 300);

    [Fact]
    public void Hyperbolic_functions_and_the_logistic_function_agree_with_the_series() => Gen.Double[-40, 40].Sample(wide =>
    {
        foreach (double x in new[] { wide, wide / 100 })
        {
            Rational e = ReferenceSeries.Exp(Rational.FromDouble(x));
            AssertClose((e - 1 / e) / 2, DoubleDouble.Sinh(x), Math.ScaleB(1, -97));
            AssertClose((e + 1 / e) / 2, DoubleDouble.Cosh(x), Math.ScaleB(1, -99));
            AssertClose((e * e - 1) / (e * e + 1), DoubleDouble.Tanh(x), Math.ScaleB(1, -97));
            AssertClose(e / (1 + e), DoubleDouble.Sigmoid(x), Math.ScaleB(1, -99));
        }
    }, iter: 200);

    [Fact]
    public void Error_function_agrees_with_the_series() => Gen.Select(Gen.Double[-9, 9], Gen.Int[0, 20]).Sample((m, e) =>
    {
        double x = Math.ScaleB(m, -e);
        AssertClose(ReferenceSeries.Erf(Rational.FromDouble(x)), DoubleDouble.Erf(x), Math.ScaleB(1, -94));
    }, iter: 200);

    [Theory]
    // mpmath 1.3.0, 60 digits.
    [InlineData("sin", 1e22, "-0.852200849767188801772705893753")]
    [InlineData("cos", 1e22, "0.523214785395138945497594473385")]
    [InlineData("sin", 1e300, "-0.817881912115908597045885282755")]
    [InlineData("sin", 2.5e6, "0.77952706395552676095116203425")]
    [InlineData("log", 1e-310, "-713.801378828154165100644600662")]
    [InlineData("exp", 700, "1.01423205473500450945532959523e304")]
    public void Extreme_arguments_agree_with_mpmath(string function, double x, string expected)
    {
        DoubleDouble value = function switch
        {
            "sin" => DoubleDouble.Sin(x),
            "cos" => DoubleDouble.Cos(x),
            "log" => DoubleDouble.Log(x),
            _ => DoubleDouble.Exp(x),
        };
        AssertClose(Rational.Parse(expected), value, 2e-29);
    }

    [Fact]
    public void Text_survives_the_round_trip() => Numbers.Sample(a =>
    {
        if (a.Sign != 0) AssertClose(a.ToRational(), DoubleDouble.Parse(a.ToString()), Math.ScaleB(1, -105));
    });

    [Fact]
    public void Powers_agree_with_rational_powers() => Gen.Select(Gen.Double[0.5, 2], Gen.Int[-40, 40]).Sample((x, n) =>
        AssertClose(Rational.Pow(Rational.FromDouble(x), n), DoubleDouble.Pow(x, n), 12 * Math.Max(1, Math.Abs(n)) * U2));

    [Fact]
    public void Infinities_and_NaN_are_carried_through()
    {
        DoubleDouble infinity = double.PositiveInfinity, nan = double.NaN;
        Assert.Equal(double.PositiveInfinity, (infinity + 1.0).Hi);
        Assert.Equal(double.PositiveInfinity, ((DoubleDouble)double.MaxValue * 2.0).Hi);
        Assert.Equal(double.PositiveInfinity, ((DoubleDouble)double.MaxValue + double.MaxValue).Hi);
        Assert.Equal(0, (DoubleDouble.One / infinity).Hi);
        Assert.Equal(double.PositiveInfinity, (DoubleDouble.One / DoubleDouble.Zero).Hi);
        Assert.True(double.IsNaN((infinity - infinity).Hi));
        Assert.Equal(double.PositiveInfinity, DoubleDouble.Exp(1000).Hi);
        Assert.Equal(0, DoubleDouble.Exp(-1000).Hi);
        Assert.Equal(double.NegativeInfinity, DoubleDouble.Log(0.0).Hi);
        Assert.True(double.IsNaN(DoubleDouble.Log(-1.0).Hi));
        Assert.True(double.IsNaN(DoubleDouble.Sin(infinity).Hi));
        Assert.Equal(Math.PI / 2, DoubleDouble.Atan(infinity).Hi);
        Assert.Equal(1, DoubleDouble.Tanh(infinity).Hi);
        Assert.Equal(-1, DoubleDouble.Erf(-infinity).Hi);
        Assert.Equal(1, DoubleDouble.Sigmoid(infinity).Hi);
        Assert.Equal(0, DoubleDouble.Sigmoid(-infinity).Hi);
        Assert.Equal(double.PositiveInfinity, DoubleDouble.Cosh(-infinity).Hi);
        foreach (Func<DoubleDouble, DoubleDouble> f in new Func<DoubleDouble, DoubleDouble>[]
        {
            DoubleDouble.Exp, DoubleDouble.Log, DoubleDouble.Sin, DoubleDouble.Atan, DoubleDouble.Sinh, DoubleDouble.Tanh,
            DoubleDouble.Erf, DoubleDouble.Sigmoid, DoubleDouble.Sqrt,
        })
        {
            Assert.True(double.IsNaN(f(nan).Hi));
        }
    }

    private static void AssertClose(Rational truth, DoubleDouble value, double bound) => AssertClose(truth, value.ToRational(), bound);

    private static void AssertClose(Rational truth, Rational value, double bound)
    {
        double error = ReferenceSeries.RelativeError(truth, value);
        Assert.True(error <= bound, $"truth {truth.ToDouble():R}, relative error {error:R}, bound {bound:R}");
    }
}
