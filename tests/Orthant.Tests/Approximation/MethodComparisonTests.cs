using System.Collections.Immutable;
using Orthant.Approximation;

namespace Orthant.Tests.Approximation;

/// <summary>One function of each class has the rates that the theory gives it.</summary>
public sealed class MethodComparisonTests
{
    private static Dictionary<string, MethodCurve> Curves(string formula, double a, double b, int epochs = 0) =>
        MethodComparison.Of(Expression.Parse(formula), a, b, new ComparisonOptions { MostPieces = 64, Epochs = epochs }).ToDictionary(c => c.Name);

    [Fact]
    public void FreeKnotsOutrunFixedOnesOnARoot()
    {
        Dictionary<string, MethodCurve> curves = Curves("sqrt(x)", 0, 1);
        Assert.Equal(2, curves["freeKnots"].Rate!.Value, 0.05);
        Assert.Equal(0.5, curves["fixedKnots"].Rate!.Value, 0.02);
        Assert.InRange(curves["wavelets"].Rate!.Value, 1.2, 2.2);
        // The best spline of 16 pieces has the error 1/(4·16·17).
        Assert.Equal(1.0 / (4 * 16 * 17), curves["freeKnots"].Points.Single(p => p.Size == 16).Error, 1e-9);
    }

    [Fact]
    public void TakagiFallsExponentiallyInDepth()
    {
        Dictionary<string, MethodCurve> curves = Curves("takagi(x)", 0, 1);
        Assert.Equal("exp(-s n)", curves["hats"].Rate!.Law);
        // Half of 2/3·2^-m, as the sum may be lifted to the middle; 12 parameters halve it.
        Assert.Equal(Math.Log(2) / 12, curves["hats"].Rate!.Value, 0.002);
        Assert.Equal(1, curves["freeKnots"].Rate!.Value, 0.1);
        Assert.All(curves["hats"].Points.Where(p => p.Size <= 8), p => Assert.Equal(1, p.Error / (Math.ScaleB(1, -p.Size) / 3), 0.05));
    }

    [Fact]
    public void CopiesCostALogarithm()
    {
        Dictionary<string, MethodCurve> curves = Curves("abs(sin(32*pi*x))", 0, 1);
        MethodPoint copy = curves["copies"].Points.Single(p => p.Size == 8), free = curves["freeKnots"].Points[^1];
        Assert.True(copy.Error < 0.05 * free.Error && copy.Parameters < free.Parameters, $"{copy} {free}");
    }

    [Fact]
    public void AnalyticFunctionsFallFasterThanAnyPower()
    {
        MethodCurve products = Curves("exp(x)", 0, 1)["products"];
        Assert.NotEqual("n^-s", products.Rate!.Law);
        Assert.True(products.Points[^1].Error < 1e-9 && products.Points.All(p => p.IsProved));
    }

    [Fact]
    public void ATrainedNetworkIsMeasuredBesideThem()
    {
        MethodCurve trained = Curves("x^2", 0, 1, epochs: 30)["trained"];
        Assert.All(trained.Points, p => Assert.InRange(p.Error, 1e-6, 0.5));
    }

    [Fact]
    public void TheDocumentedComparisonHolds()
    {
        ImmutableArray<MethodCurve> curves = MethodComparison.Of(Expression.Parse("sqrt(x)"), 0, 1, new ComparisonOptions { Epochs = 0 });
        FittedRate? rate = curves.First(c => c.Name == "freeKnots").Rate;
        Assert.Equal(2, rate!.Value, 0.05);
    }

    [Fact]
    public void HierarchicalHatsInterpolateAtTheirKnots()
    {
        Expression f = Expression.Parse("x^2");
        LinearSpline all = new HierarchicalHats(f, 0, 2).Largest(127);
        Assert.All(all.Knots, t => Assert.Equal(t * t, all.Evaluate(t), 1e-12));
        Assert.Equal(129, all.Knots.Length);
    }

    [Fact]
    public void ATermOfTheRieszBasisIsFoundAgain()
    {
        RieszExpansion found = RieszExpansion.Of(TargetFunction.Of(x => 2 - (3 * ((4 * Math.Abs((5 * x % 1) - 0.5)) - 1))), 4).Largest(1);
        Assert.Equal(5, found.Terms[0].Frequency);
        for (int i = 0; i < 50; i++) Assert.Equal(found.ToNetwork().Evaluate([i / 50.0])[0], found.Evaluate(i / 50.0), 1e-12);
        Assert.Equal(found.ToNetwork().HiddenWidths.Length, found.Depth);
    }
}
