using CsCheck;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public sealed class IntervalTests
{
    private static readonly Gen<double> Ends = Gen.OneOf(
        Gen.Double[-10, 10], Gen.Select(Gen.Double[-1, 1], Gen.Int[-80, 80], Math.ScaleB), Gen.Int[-3, 3].Select(i => (double)i));

    private static readonly Gen<Interval> Intervals = Gen.Select(Ends, Ends, Gen.Int[0, 3], (a, b, kind) =>
        kind == 0 ? new Interval(a, a) : new Interval(Math.Min(a, b), Math.Max(a, b)));

    private static readonly double[] Special = [double.NegativeInfinity, double.PositiveInfinity, double.Epsilon, -double.Epsilon,
        double.MaxValue, double.MinValue, 0.0, -0.0, 1.0];

    // Ends that overflow, underflow or are unbounded.
    private static readonly Gen<double> WildEnds = Gen.OneOf(Gen.Double, Gen.Int[0, 8].Select(i => Special[i])).Where(x => !double.IsNaN(x));

    private static readonly Gen<Interval> WildIntervals = Gen.Select(WildEnds, WildEnds).Where((a, b) =>
        Math.Min(a, b) < double.PositiveInfinity && Math.Max(a, b) > double.NegativeInfinity)
        .Select((a, b) => new Interval(Math.Min(a, b), Math.Max(a, b)));

    [Fact]
    public void Arithmetic_encloses_and_is_tightest() => Gen.Select(Intervals, Intervals).Sample((x, y) =>
    {
        Rational a = Rational.FromDouble(x.Lower), b = Rational.FromDouble(x.Upper);
        Rational c = Rational.FromDouble(y.Lower), d = Rational.FromDouble(y.Upper);
        AssertTightest(a + c, b + d, x + y);
        AssertTightest(a - d, b - c, x - y);
        Rational[] products = [a * c, a * d, b * c, b * d];
        AssertTightest(products.Min(), products.Max(), x * y);
        if (c.Sign * d.Sign > 0)
        {
            Rational[] quotients = [a / c, a / d, b / c, b / d];
            AssertTightest(quotients.Min(), quotients.Max(), x / y);
        }
        Rational least = a.Sign * b.Sign <= 0 ? Rational.Zero : Rational.Min(a * a, b * b);
        AssertTightest(least, Rational.Max(a * a, b * b), Interval.Square(x));
    }, iter: 5000);

    [Fact]
    public void Square_roots_enclose_and_are_tightest() => Intervals.Sample(x =>
    {
        Interval magnitudes = Interval.Abs(x), roots = Interval.Sqrt(magnitudes);
        AssertRoot(magnitudes.Lower, roots.Lower, Math.BitIncrement(roots.Lower));
        AssertRoot(magnitudes.Upper, Math.BitDecrement(roots.Upper), roots.Upper);

        static void AssertRoot(double square, double below, double above)
        {
            if (square == 0) return;
            Rational s = Rational.FromDouble(square), lo = Rational.FromDouble(below), hi = Rational.FromDouble(above);
            Assert.True(lo * lo <= s && s <= hi * hi);
        }
    });

    [Fact]
    public void Arithmetic_encloses_at_the_ends_of_the_range() => Gen.Select(WildIntervals, WildIntervals,
        Gen.Double[0, 1], Gen.Double[0, 1]).Sample((x, y, s, t) =>
        {
            Rational p = Inside(x, s), q = Inside(y, t);
            Assert.True((x + y).Encloses(p + q), $"{x} + {y}");
            Assert.True((x - y).Encloses(p - q), $"{x} - {y}");
            Assert.True((x * y).Encloses(p * q), $"{x} * {y}");
            if (!q.IsZero) Assert.True((x / y).Encloses(p / q), $"{x} / {y}");
            Assert.True(Interval.Square(x).Encloses(p * p), $"{x}^2");
            Assert.True(Interval.Pow(x, 3).Encloses(p * p * p), $"{x}^3");
            Assert.True(x.Contains(x.Midpoint) && double.IsFinite(x.Midpoint));
            Assert.True(Interval.Hull(x, y).Contains(x) && Interval.Hull(x, y).Contains(y));
        }, iter: 20_000);

    [Fact]
    public void Exponentials_logarithms_and_powers_are_tight() => Gen.Select(Gen.Double[-90, 90], Gen.Double[-2, 2]).Sample((wide, small) =>
    {
        foreach (double x in new[] { wide, small, small / 1e5 })
        {
            Rational exact = Rational.FromDouble(x), e = ReferenceSeries.Exp(exact);
            AssertTight(e, Interval.Exp(x));
            AssertTight(e / (1 + e), Interval.Sigmoid(x));
            Interval log = Interval.Log(e.ToDouble());
            AssertOneStep(log);
            // The logarithm of the doubles around exp(x) are on both sides of x.
            Assert.True(Interval.Log(Interval.FromRational(e)).Contains(x));
            AssertOneStep(Interval.Softplus(x));
        }
    }, iter: 200);

    [Fact]
    public void Softplus_is_the_logarithm_of_one_plus_the_exponential() => Gen.Double[-30, 30].Sample(x =>
    {
        // exp(softplus x) = 1 + exp(x), compared in rationals at both ends.
        Interval s = Interval.Softplus(x);
        Rational truth = 1 + ReferenceSeries.Exp(Rational.FromDouble(x));
        Assert.True(ReferenceSeries.Exp(Rational.FromDouble(s.Lower)) <= truth);
        Assert.True(ReferenceSeries.Exp(Rational.FromDouble(s.Upper)) >= truth);
    }, iter: 100);

    [Fact]
    public void Trigonometric_functions_are_tight_and_see_their_extremes() => Gen.Select(Gen.Double[-100, 100], Gen.Double[0, 7]).Sample(
        (x, width) =>
        {
            Rational sin = ReferenceSeries.Sin(Rational.FromDouble(x)), cos = ReferenceSeries.Cos(Rational.FromDouble(x));
            AssertTight(sin, Interval.Sin(x));
            AssertTight(cos, Interval.Cos(x));
            Assert.True(Interval.Tan(x).Encloses(sin / cos));
            Interval wide = new(x, x + width), sines = Interval.Sin(wide), cosines = Interval.Cos(wide), tangents = Interval.Tan(wide);
            double largest = -1, smallest = 1;
            for (int i = 0; i <= 200; i++)
            {
                double at = Math.Min(x + width * i / 200, wide.Upper);
                largest = Math.Max(largest, Math.Sin(at));
                smallest = Math.Min(smallest, Math.Sin(at));
                Assert.True(sines.Lower <= Math.Sin(at) + 1e-15 && Math.Sin(at) - 1e-15 <= sines.Upper, $"sin {wide} at {at}");
                Assert.True(cosines.Lower <= Math.Cos(at) + 1e-15 && Math.Cos(at) - 1e-15 <= cosines.Upper, $"cos {wide} at {at}");
                Assert.True(tangents.Lower <= Math.Tan(at) + 1e-9 * Math.Abs(Math.Tan(at)), $"tan {wide} at {at}");
            }
            // A grid of step 7/200 misses an extreme by less than step^2/2.
            Assert.True(sines.Upper - largest < 1e-3 && smallest - sines.Lower < 1e-3, $"sin {wide} = {sines}");
        }, iter: 300);

    [Fact]
    public void Hyperbolic_functions_and_erf_are_tight() => Gen.Select(Gen.Double[-30, 30], Gen.Double[-1, 1], Gen.Double[-6, 6]).Sample(
        (wide, small, medium) =>
        {
            foreach (double x in new[] { wide, small, small / 1e4 })
            {
                Rational e = ReferenceSeries.Exp(Rational.FromDouble(x));
                AssertTight((e - 1 / e) / 2, Interval.Sinh(x));
                AssertTight((e + 1 / e) / 2, Interval.Cosh(x));
                AssertTight((e * e - 1) / (e * e + 1), Interval.Tanh(x));
            }
            AssertTight(ReferenceSeries.Erf(Rational.FromDouble(medium)), Interval.Erf(medium));
            Rational angle = Rational.FromDouble(Math.Atan(medium));
            Interval atan = Interval.Atan(medium);
            AssertOneStep(atan);
            Rational low = Rational.FromDouble(atan.Lower), high = Rational.FromDouble(atan.Upper), exact = Rational.FromDouble(medium);
            Assert.True(ReferenceSeries.Sin(low) <= exact * ReferenceSeries.Cos(low));
            Assert.True(ReferenceSeries.Sin(high) >= exact * ReferenceSeries.Cos(high));
        }, iter: 100);

    [Fact]
    public void Wide_arguments_give_the_hull_of_the_values() => Gen.Select(Intervals, Gen.Double[0, 1]).Sample((x, s) =>
    {
        double at = Math.Clamp(x.Lower + s * (x.Upper - x.Lower), x.Lower, x.Upper);
        AssertWithin(Interval.Exp(x), Interval.Exp(at));
        AssertWithin(Interval.Cosh(x), Interval.Cosh(at));
        AssertWithin(Interval.Sinh(x), Interval.Sinh(at));
        AssertWithin(Interval.Tanh(x), Interval.Tanh(at));
        AssertWithin(Interval.Atan(x), Interval.Atan(at));
        AssertWithin(Interval.Erf(x), Interval.Erf(at));
        AssertWithin(Interval.NormalCdf(x), Interval.NormalCdf(at));
        AssertWithin(Interval.Sigmoid(x), Interval.Sigmoid(at));
        AssertWithin(Interval.Softplus(x), Interval.Softplus(at));
        AssertWithin(Interval.Pow(x, 4), Interval.Pow(at, 4));
        AssertWithin(Interval.Pow(x, 5), Interval.Pow(at, 5));
        Interval positive = Interval.Abs(x);
        if (positive.Upper > 0) AssertWithin(Interval.Log(positive), Interval.Log(new Interval(positive.Upper, positive.Upper)));
        AssertWithin(Interval.Pow(positive, 2.5), Interval.Pow(positive.Upper, 2.5));
        if (positive.Lower > 0) AssertWithin(Interval.Pow(positive, -0.5), Interval.Pow(positive.Upper, -0.5));
    }, iter: 1000);

    [Fact]
    public void Integer_powers_are_tight_and_real_powers_agree() => Gen.Select(Gen.Double[-4, 4], Gen.Int[-30, 30]).Sample((x, n) =>
    {
        if (x == 0) return;
        Interval power = Interval.Pow(x, n);
        Rational truth = Rational.Pow(Rational.FromDouble(x), n);
        Assert.True(power.Encloses(truth));
        if (Math.Abs(Math.Log10(Math.Abs(x)) * n) > 250) return;
        if (n > 0) AssertTight(truth, power);
        if (x > 0) AssertTight(truth, Interval.Pow((Interval)x, (double)n));
    }, iter: 2000);

    [Theory]
    [InlineData(710)]
    [InlineData(-710)]
    [InlineData(-744.9)]
    [InlineData(-746)]
    [InlineData(1e308)]
    [InlineData(-1e308)]
    public void Functions_survive_overflow_and_underflow(double x)
    {
        Interval exp = Interval.Exp(x), sigmoid = Interval.Sigmoid(x), softplus = Interval.Softplus(x);
        Assert.True(x > 0 ? exp.Upper == double.PositiveInfinity && exp.Lower == double.MaxValue : exp.Lower >= 0 && exp.Upper < 1e-307);
        Assert.True(x > 0 ? sigmoid.Upper == 1 && sigmoid.Lower > 0.999 : sigmoid.Lower >= 0 && sigmoid.Upper <= exp.Upper);
        Assert.True(x > 0 ? softplus.Contains(x) : softplus.Upper <= exp.Upper && softplus.Lower >= 0);
        Assert.True(x > 0 || (exp.Lower <= Math.Exp(x) && Math.Exp(x) <= exp.Upper));
        Assert.True(Interval.Tanh(x).Contains(Math.Sign(x)) && Interval.Erf(x).Contains(Math.Sign(x)));
        Assert.True(Interval.Cosh(x).Upper >= 1e300);
    }

    [Fact]
    public void Unbounded_intervals_have_their_limits()
    {
        Interval all = Interval.Entire;
        Assert.Equal(new Interval(0, double.PositiveInfinity), Interval.Exp(all));
        Assert.Equal(new Interval(-1, 1), Interval.Tanh(all));
        Assert.Equal(new Interval(0, 1), Interval.Sigmoid(all));
        Assert.Equal(new Interval(-1, 1), Interval.Sin(all));
        Assert.Equal(all, Interval.Tan(all));
        Assert.Equal(new Interval(1, double.PositiveInfinity), Interval.Cosh(all));
        Assert.Equal(new Interval(double.NegativeInfinity, double.PositiveInfinity), Interval.Log(new Interval(0, double.PositiveInfinity)));
        Assert.Equal((Interval)0, 0 * all);
        Assert.Equal(all, 1 / new Interval(-1, 1));
        Assert.Equal(new Interval(1, double.PositiveInfinity), 1 / new Interval(0, 1));
        Assert.Equal(new Interval(double.NegativeInfinity, -1), 1 / new Interval(-1, 0));
        Assert.Equal(double.PositiveInfinity, all.Width);
    }

    [Fact]
    public void Refuses_what_is_no_interval_and_what_is_outside_a_domain()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Interval(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Interval(double.NaN, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Interval(double.PositiveInfinity, double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => Interval.Sqrt(new Interval(-1, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Interval.Log(new Interval(-1, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Interval.Log(0.0));
        Assert.Null(Interval.Intersect(new Interval(0, 1), new Interval(2, 3)));
        Assert.Equal((Interval)1, Interval.Intersect(new Interval(0, 1), new Interval(1, 3)));
    }

    [Fact]
    public void A_decimal_is_enclosed_by_neighbours()
    {
        Interval tenth = Interval.Parse("0.1");
        Assert.True(tenth.Encloses(new Rational(1, 10)));
        AssertOneStep(tenth);
        Assert.Equal((Interval)0.25, Interval.Parse("1/4"));
        Assert.Equal(double.MaxValue, Interval.Parse("1e400").Lower);
    }

    private static Rational Inside(Interval x, double s)
    {
        double low = Math.Max(x.Lower, -double.MaxValue), high = Math.Min(x.Upper, double.MaxValue);
        double at = Math.Clamp(low * (1 - s) + high * s, low, high);
        return Rational.FromDouble(s < 0.2 ? low : s > 0.8 ? high : at);
    }

    private static void AssertTightest(Rational lower, Rational upper, Interval found) =>
        Assert.Equal(new Interval(Interval.FromRational(lower).Lower, Interval.FromRational(upper).Upper), found);

    /// <summary>Encloses the truth by a double or two neighbours.</summary>
    private static void AssertTight(Rational truth, Interval found)
    {
        Assert.True(found.Encloses(truth), $"{truth.ToDouble():R} is not in {found}");
        if (Math.BitIncrement(found.Lower) >= found.Upper) return;
        // Both neighbours are needed where the truth cannot be told from a double.
        double nearest = truth.ToDouble();
        Assert.True(Math.BitDecrement(nearest) == found.Lower && Math.BitIncrement(nearest) == found.Upper, $"{found} is wide");
        Assert.True(ReferenceSeries.RelativeError(truth, Rational.FromDouble(nearest)) < 1e-27, $"{found} is wide");
    }

    /// <summary>Contains an image, but for one step at each end: an end may be exact where its neighbour is not.</summary>
    private static void AssertWithin(Interval wide, Interval image) =>
        Assert.True(Math.BitDecrement(wide.Lower) <= image.Lower && image.Upper <= Math.BitIncrement(wide.Upper), $"{image} in {wide}");

    private static void AssertOneStep(Interval found) =>
        Assert.True(Math.BitIncrement(Math.BitIncrement(found.Lower)) >= found.Upper, $"{found} is wide");
}
