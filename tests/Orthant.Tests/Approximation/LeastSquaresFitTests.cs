using Orthant.Approximation;

namespace Orthant.Tests.Approximation;

public sealed class LeastSquaresFitTests
{
    [Theory]
    [InlineData("sqrt(x)", 0, 1, 8, 0.00137948)]
    [InlineData("runge(x)", -1, 1, 8, 0.0073491)]
    [InlineData("runge(x)", -1, 1, 10, 0.0045687)]
    [InlineData("gelu(x)", -4, 4, 16, 0.00091257)]
    [InlineData("abs(x)^0.3", -1, 1, 8, 0.0070434)]
    public void RootMeanSquaresAreAsGoodAsTheBestKnown(string formula, double a, double b, int pieces, double known)
    {
        Expression f = Expression.Parse(formula);
        LinearSpline spline = LeastSquaresFit.OfFunction(f, a, b, pieces);
        double sum = 0;
        for (int i = 0; i <= 2000; i++)
        {
            double x = a + ((b - a) * (i / 2000.0)), r = f.Value(x) - spline.Evaluate(x);
            sum += r * r;
        }
        Assert.InRange(Math.Sqrt(sum / 2001), 0, known * 1.02);
    }

    [Fact]
    public void LinesAreFound()
    {
        double[] x = [0, 1, 2, 3, 4, 5, 6], y = [0, 1, 2, 3, 2, 1, 0];
        LinearSpline spline = LeastSquaresFit.OfSamples(x, y, 2);
        Assert.Equal(3, spline.Knots[1], 1e-3);
    }
}
