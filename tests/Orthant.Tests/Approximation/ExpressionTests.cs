using CsCheck;
using Orthant.Approximation;
using Orthant.Numerics;

namespace Orthant.Tests.Approximation;

public sealed class ExpressionTests
{
    /// <summary>Formulas with what they mean, on [-3, 3] or the positive part of it.</summary>
    private static readonly (string Text, Func<double, double> Meaning, bool Positive)[] Formulas =
    [
        ("x^2 - 3*x + 0.5", x => (x * x) - (3 * x) + 0.5, false),
        ("exp(-x^2)", x => Math.Exp(-x * x), false),
        ("sin(2*x)*cos(x) - tanh(x)", x => (Math.Sin(2 * x) * Math.Cos(x)) - Math.Tanh(x), false),
        ("sqrt(x) + log(x) - x^0.3", x => Math.Sqrt(x) + Math.Log(x) - Math.Pow(x, 0.3), true),
        ("1/(1+25*x^2)", x => 1 / (1 + (25 * x * x)), false),
        ("max(x, 1-x, 0) - min(x^2, abs(x))", x => Math.Max(Math.Max(x, 1 - x), 0) - Math.Min(x * x, Math.Abs(x)), false),
        ("sigmoid(3*x)*atan(x) + sinh(x)/cosh(x)", x => (Math.Atan(x) / (1 + Math.Exp(-3 * x))) + Math.Tanh(x), false),
        ("piecewise(x < 0, -x, x < 1, x^2, 1)", x => x < 0 ? -x : x < 1 ? x * x : 1, false),
        ("pi*x - e + cbrt(x)", x => (Math.PI * x) - Math.E + Math.Cbrt(x), false),
        ("softplus(x) + relu(x-1) + silu(x)", x => Math.Log(1 + Math.Exp(x)) + Math.Max(0, x - 1) + (x / (1 + Math.Exp(-x))), false),
    ];

    private static readonly Gen<(int Formula, double A, double B, double T)> Windows =
        Gen.Select(Gen.Int[0, Formulas.Length - 1], Gen.Double[-3, 3], Gen.Double[0, 1.5], Gen.Double[0, 1]).Select((f, a, w, t) =>
        {
            double low = Formulas[f].Positive ? Math.Abs(a) + 0.01 : a;
            return (f, low, low + w, t);
        });

    [Fact]
    public void ValuesAreThoseOfTheFormula() => Windows.Sample((f, a, b, t) =>
    {
        double x = a + (t * (b - a)), wanted = Formulas[f].Meaning(x);
        Assert.Equal(wanted, Expression.Parse(Formulas[f].Text).Value(x), 1e-12 * (1 + Math.Abs(wanted)));
    }, iter: 2000);

    [Fact]
    public void RangesAndJetsEncloseValuesAndDifferences() => Windows.Sample((f, a, b, t) =>
    {
        Expression e = Expression.Parse(Formulas[f].Text);
        double x = Math.Clamp(a + (t * (b - a)), a, b), value = e.Value(x), slack = 1e-12 * (1 + Math.Abs(value));
        Interval range = e.Range(new Interval(a, b));
        Jet jet = e.Enclose(new Interval(a, b));
        Assert.InRange(value, range.Lower - slack, range.Upper + slack);
        Assert.InRange(value, jet.Value.Lower - slack, jet.Value.Upper + slack);
        if (b - a < 1e-3) return;
        // The mean slope between the ends is a slope somewhere between them.
        double slope = (e.Value(b) - e.Value(a)) / (b - a), loose = 1e-8 * (1 + Math.Abs(slope));
        Assert.True(jet.Slope.Upper >= slope - loose && jet.Slope.Lower <= slope + loose, $"{e} on [{a}, {b}]: {slope} outside {jet.Slope}");
    }, iter: 3000);

    [Theory]
    [InlineData("")]
    [InlineData("x +")]
    [InlineData("2x")]
    [InlineData("sine(x)")]
    [InlineData("(x")]
    [InlineData("min(x)")]
    [InlineData("x y")]
    [InlineData("1e999999999")]
    public void OtherTextsAreRefusedInOneLine(string text)
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Expression.Parse(text));
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("exp(x) + sine(x)", 9)]
    [InlineData("x +", 3)]
    [InlineData("2x", 1)]
    public void ACaretStandsBeneathThePlace(string text, int column)
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Expression.Parse(text));
        Assert.Equal([text, new string(' ', column) + "^"], e.Excerpt.Split('\n'));
        Assert.Equal($"column {column + 1}", e.Place);
    }

    [Fact]
    public void ACaretStaysWithinALineOfALongText()
    {
        string text = string.Concat(Enumerable.Repeat("x + ", 200)) + "? + x";
        string[] lines = Assert.Throws<OrthantInputException>(() => Expression.Parse(text)).Excerpt.Split('\n');
        Assert.Equal('?', lines[0][lines[1].IndexOf('^')]);
        Assert.True(lines[0].Length < 100);
    }

    [Fact]
    public void NestingIsLimited() =>
        Assert.Throws<OrthantInputException>(() => Expression.Parse(new string('(', 5000) + "x" + new string(')', 5000)));
}
