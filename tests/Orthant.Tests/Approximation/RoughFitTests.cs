using CsCheck;
using Orthant.Approximation;
using Orthant.Numerics;

namespace Orthant.Tests.Approximation;

public sealed class RoughFitTests
{
    [Theory]
    [InlineData("takagi(x)", 4)]
    [InlineData("takagi(x)", 16)]
    [InlineData("takagi(x)", 64)]
    public void TakagiIsBestToAThirdOfThePieces(string formula, int pieces)
    {
        FittedSpline fit = SplineFit.WithPieces(Expression.Parse(formula), 0, 1, pieces);
        double best = 1.0 / (3 * pieces);
        Assert.InRange(fit.LowerBound, best * (1 - 1e-6), best);
        Assert.InRange(fit.Error, best, best * (1 + 1e-6));
    }

    [Theory]
    [InlineData("weierstrass(x)", 0, 1, 16)]
    [InlineData("weierstrass(x, 0.4, 7)", -0.3, 0.5, 9)]
    [InlineData("x*takagi(3*x) - sin(x)", 0, 1, 12)]
    public void BracketsAreTight(string formula, double a, double b, int pieces)
    {
        Expression f = Expression.Parse(formula);
        FittedSpline fit = SplineFit.WithPieces(f, a, b, pieces);
        Assert.InRange(fit.LowerBound, fit.Error * (1 - 1e-4), fit.Error);
        for (int i = 0; i <= 20000; i++)
        {
            double x = a + ((b - a) * (i / 20000.0));
            Assert.InRange(Math.Abs(f.Value(x) - fit.Spline.Evaluate(x)), 0, fit.Error);
        }
    }

    [Fact]
    public void RangesOfFractalFunctionsHoldTheirValues() =>
        Gen.Select(Gen.Int[0, 2], Gen.Double[-2, 2], Gen.Double[-9, 0], Gen.Double[0, 1], Gen.Double[-3, 3]).Sample((which, a, size, t, slope) =>
        {
            Expression f = Expression.Parse(which switch { 0 => "takagi(x)", 1 => "weierstrass(x)", _ => "weierstrass(x, 0.7, 5)" });
            double b = a + Math.Pow(10, size), x = Math.Clamp(a + (t * (b - a)), a, b), value = f.Value(x);
            Interval range = f.Range(new Interval(a, b)), along = f.RangeAlong(new Interval(a, b), slope), here = value - (slope * ((Interval)x - a));
            // The value in doubles is itself some units wrong.
            const double slack = 1e-14;
            Assert.InRange(value, range.Lower - slack, range.Upper + slack);
            Assert.True(here.Upper >= along.Lower - slack && here.Lower <= along.Upper + slack, $"{f} at {x:R} of [{a:R}, {b:R}]: {here} outside {along}");
        }, iter: 4000);

    [Fact]
    public void WeierstrassIsTheSumOfItsCosines() => Gen.Double[-3, 3].Sample(x =>
    {
        Interval sum = 0, weight = 1, turn = Interval.Pi * x;
        for (int n = 0; n < 24; n++)
        {
            sum += weight * Interval.Cos(turn);
            (weight, turn) = (weight * 0.5, turn * 3);
        }
        Interval wanted = sum + (2 * weight * new Interval(-1, 1)), found = Expression.Parse("weierstrass(x)").Range(x);
        Assert.NotNull(Interval.Intersect(wanted, found));
        Assert.True(found.Width < 1e-13, $"{found}");
    }, iter: 500);

    [Fact]
    public void PolesOfRoughFunctionsAreRefused() =>
        Assert.Throws<OrthantInputException>(() => SplineFit.WithPieces(Expression.Parse("takagi(x)/(x-0.3)"), 0, 1, 4));

    [Fact]
    public void PartsOfALongTableGiveTheFitOfTheWhole() => Gen.Select(Gen.Int[1, 60], Gen.Int[0, 1000], Gen.Int[33_000, 50_000]).Sample((pieces, seed, rows) =>
    {
        Random random = new(seed);
        double[] x = new double[rows], y = new double[rows];
        double at = 0, walk = 0;
        for (int i = 0; i < rows; i++)
        {
            (x[i], y[i]) = (at, walk + (seed % 3 == 0 ? Math.Sin(at / 3000) * 20 : 0));
            at += 0.1 + random.NextDouble();
            walk += random.NextDouble() - 0.5;
        }
        FittedSpline fit = TableFit.WithPieces(x, y, pieces);
        double whole = new Tunnel(x, y, SplineFitOptions.Default, polygonal: false).Best(pieces, 0, 0, true, default).Epsilon;
        Assert.Equal(1, fit.Error / whole, 1e-9);
        Assert.InRange(fit.LowerBound, whole * (1 - 1e-9), whole * (1 + 1e-9));
        Assert.True(fit.Spline.Pieces <= pieces);
        double error = 1.7 * whole;
        FittedSpline within = TableFit.WithError(x, y, error);
        int links = new Tunnel(x, y, SplineFitOptions.Default, polygonal: false).Count(error * (1 - 1e-12), rows, true);
        Assert.InRange(within.Error, 0, error);
        Assert.Equal((links, links - 1), (within.Spline.Pieces, within.ImpossiblePieces));
    }, iter: 12);
}
