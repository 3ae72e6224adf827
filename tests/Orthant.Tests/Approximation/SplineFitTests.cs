using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Orthant.Approximation;

namespace Orthant.Tests.Approximation;

public sealed partial class SplineFitTests
{
    [Theory]
    [InlineData("x^2", 0, 1, 16, 1.0 / (8 * 256))]
    [InlineData("sqrt(x)", 0, 1, 8, 1.0 / (4 * 8 * 9))]
    [InlineData("sqrt(x)", 0, 1, 64, 1.0 / (4 * 64 * 65))]
    [InlineData("exp(x)", 0, 1, 1, 0.1059334162)]
    [InlineData("exp(x)", 0, 1, 16, 0.00041098724737)]
    [InlineData("sin(50*x)", 0, 1, 32, 0.1060459521)]
    [InlineData("tanh(x)", -4, 4, 8, 0.01208065901)]
    public void BestErrorsAreTheKnownOnes(string formula, double a, double b, int pieces, double error)
    {
        FittedSpline fit = SplineFit.WithPieces(Expression.Parse(formula), a, b, pieces);
        Assert.Equal(1, fit.Error / error, 1e-6);
        Assert.InRange(fit.LowerBound, fit.Error * (1 - 2e-9), fit.Error);
        Assert.InRange(fit.Spline.Pieces, 1, pieces);
    }

    [Fact]
    public void FewestPiecesAreThoseOfTheCases()
    {
        string folder = Repository.Need(Repository.Cases("approximation"), "the approximation cases");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "pieces_for_eps.json")));
        int compared = 0;
        foreach (JsonProperty function in cases.RootElement.EnumerateObject())
        {
            Match m = Name().Match(function.Name);
            if (!m.Success) continue;
            string name = m.Groups[1].Value;
            Expression f = Expression.Parse(name switch { "recip" => "1/x", "rsqrt" => "1/sqrt(x)", _ => $"{name}(x)" });
            double a = double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), b = double.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture);
            foreach (JsonProperty epsilon in function.Value.EnumerateObject())
            {
                double error = double.Parse(epsilon.Name, CultureInfo.InvariantCulture);
                if (error < 1e-4) continue;
                FittedSpline fit = SplineFit.WithError(f, a, b, error);
                Assert.Equal(epsilon.Value.GetProperty("continuous").GetInt32(), fit.Spline.Pieces);
                Assert.Equal(fit.Spline.Pieces - 1, fit.ImpossiblePieces);
                Assert.InRange(fit.Error, 0, error);
                compared++;
            }
        }
        Assert.True(compared > 15);
    }

    [Fact]
    public void BracketsAreWithinThoseOfTheCases()
    {
        string folder = Repository.Need(Repository.Cases("approximation"), "the approximation cases");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "certified_brackets.json")));
        foreach (JsonProperty bracket in cases.RootElement.EnumerateObject())
        {
            string[] parts = bracket.Name.Split("[0,1] N=");
            FittedSpline fit = SplineFit.WithPieces(Expression.Parse(parts[0] switch { "exp" => "exp(x)", "sin50" => "sin(50*x)", string other => other }), 0, 1, int.Parse(parts[1], CultureInfo.InvariantCulture));
            Assert.True(fit.LowerBound <= bracket.Value[1].GetDouble() && fit.Error >= bracket.Value[0].GetDouble(), $"{bracket.Name}: {fit}");
            Assert.True(fit.Error <= bracket.Value[1].GetDouble(), $"{bracket.Name}: {fit.Error}");
        }
    }

    [Theory]
    [InlineData("1/x", -1, 1)]
    [InlineData("tan(x)", 0, 3)]
    [InlineData("log(x)", -1, 1)]
    [InlineData("sqrt(x)", -1, 1)]
    [InlineData("1/(x-0.3)", 0, 1)]
    public void PolesAreRefusedInOneLine(string formula, double a, double b)
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => SplineFit.WithPieces(Expression.Parse(formula), a, b, 4));
        Assert.Contains("x = ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void ShapesAreKept() => Gen.Select(Gen.Int[0, 3], Gen.Int[1, 8], Gen.Double[1, 8]).Sample((which, pieces, rate) =>
    {
        SplineShape shape = (SplineShape)(which + 1);
        Expression f = Expression.Parse(FormattableString.Invariant($"sin({rate:R}*x) + x"));
        FittedSpline fit = SplineFit.WithPieces(f, 0, 2, pieces, new SplineFitOptions { Shape = shape });
        double[] slopes = [.. Enumerable.Range(0, fit.Spline.Pieces).Select(fit.Spline.Slope)];
        const double rounding = 1e-9;
        for (int i = 0; i < slopes.Length; i++)
        {
            if (shape == SplineShape.Increasing) Assert.True(slopes[i] >= -rounding);
            if (shape == SplineShape.Decreasing) Assert.True(slopes[i] <= rounding);
            if (i > 0 && shape == SplineShape.Convex) Assert.True(slopes[i] >= slopes[i - 1] - rounding);
            if (i > 0 && shape == SplineShape.Concave) Assert.True(slopes[i] <= slopes[i - 1] + rounding);
        }
        Assert.True(fit.Error >= fit.SeenError, $"{fit}");
    }, iter: 60);

    [Theory]
    [InlineData("x^2", -1, 1, SplineShape.Increasing)]
    [InlineData("sin(3*x) + x", -1, 2, SplineShape.Decreasing)]
    [InlineData("x^3 - x", -1, 2, SplineShape.Convex)]
    [InlineData("sin(3*x) + x", 0, 2, SplineShape.Concave)]
    [InlineData("exp(x)", 0, 1, SplineShape.Convex)]
    public void ShapesHaveTightLowerBounds(string formula, double a, double b, SplineShape shape)
    {
        FittedSpline fit = SplineFit.WithPieces(Expression.Parse(formula), a, b, 5, new SplineFitOptions { Shape = shape });
        Assert.InRange(fit.LowerBound, fit.Error * (1 - 1e-6), fit.Error);
    }

    [Fact]
    public void WhatAShapeCostsIsKnown()
    {
        // x² falls by 1 on the left: half of it is lost on an increasing spline. A bulge of -x² above its chord by 1 costs a convex one a half.
        Assert.Equal(0.5, SplineFit.WithPieces(Expression.Parse("x^2"), -1, 1, 40, new SplineFitOptions { Shape = SplineShape.Increasing }).LowerBound, 1e-9);
        Assert.Equal(0.5, SplineFit.WithPieces(Expression.Parse("-x^2"), -1, 1, 3, new SplineFitOptions { Shape = SplineShape.Convex }).LowerBound, 1e-9);
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => SplineFit.WithError(Expression.Parse("x^2"), -1, 1, 0.4, new SplineFitOptions { Shape = SplineShape.Increasing }));
        Assert.Contains("0.5", e.Message, StringComparison.Ordinal);
        double[] x = [0, 1, 2, 3], y = [0, 2, 1, 3];
        Assert.Equal(0.5, TableFit.WithPieces(x, y, 3, new SplineFitOptions { Shape = SplineShape.Increasing }).LowerBound, 1e-12);
    }

    [Fact]
    public void PinnedFitsHaveTightLowerBounds()
    {
        FittedSpline fit = SplineFit.WithPieces(Expression.Parse("exp(x)"), 0, 1, 4, new SplineFitOptions { Pins = [(0, 1), (0.5, 1.6), (1, Math.E)] });
        Assert.InRange(fit.LowerBound, fit.Error * (1 - 1e-6), fit.Error);
        Assert.True(fit.Error >= Math.Exp(0.5) - 1.6 - 0.05);
    }

    [Fact]
    public void ATableOnTheBrinkIsNotCalledImpossible()
    {
        // One line within 1/2 of all rows exists exactly at 1/2, so at that tolerance one piece is not impossible; below it is.
        double[] x = [0, 1, 2], y = [0, 1, 0];
        Assert.Equal(0, TableFit.WithError(x, y, 0.5).ImpossiblePieces);
        Assert.Equal(1, TableFit.WithError(x, y, 0.499).ImpossiblePieces);
    }

    [Fact]
    public void TheDocumentedExampleHolds()
    {
        FittedSpline fit = SplineFit.WithPieces(Expression.Parse("exp(x)"), 0, 1, 6);
        CompiledSpline compiled = FunctionCompiler.Compile(fit.Spline, NetworkForm.Shallow);
        NetworkErrors errors = NetworkErrors.Of(compiled);
        Assert.InRange(errors.Total, 0, 1e-14);
    }

    [Fact]
    public void PinsAreKept()
    {
        FittedSpline fit = SplineFit.WithPieces(Expression.Parse("exp(x)"), 0, 1, 6, new SplineFitOptions { Pins = [(0, 1), (1, Math.E)] });
        Assert.Equal(1, fit.Spline.Values[0]);
        Assert.Equal(Math.E, fit.Spline.Values[^1]);
        FittedSpline free = SplineFit.WithPieces(Expression.Parse("exp(x)"), 0, 1, 6);
        Assert.InRange(fit.Error, free.Error, 2 * free.Error);
    }

    [GeneratedRegex(@"^([a-z0-9]+)\[(-?[\d.]+),(-?[\d.]+)\]$")]
    private static partial Regex Name();
}
