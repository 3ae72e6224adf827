using CsCheck;
using Orthant.Approximation;

namespace Orthant.Tests.Approximation;

public sealed class DisconnectedFitTests
{
    [Theory]
    [InlineData("exp(x)", 0, 1, 16)]
    [InlineData("sin(50*x)", 0, 1, 16)]
    [InlineData("takagi(x)", 0, 1, 16)]
    [InlineData("abs(x)^0.3", -1, 1, 8)]
    public void JumpsHelpAndTheBracketHolds(string formula, double a, double b, int pieces)
    {
        Expression f = Expression.Parse(formula);
        DisconnectedSpline fit = DisconnectedFit.WithPieces(f, a, b, pieces);
        FittedSpline continuous = SplineFit.WithPieces(f, a, b, pieces);
        Assert.InRange(fit.Pieces.Length, 1, pieces);
        Assert.InRange(fit.LowerBound, fit.Error * (1 - 1e-2), fit.Error);
        // A line with jumps is at least as near as one without.
        Assert.True(fit.LowerBound <= continuous.Error * (1 + 1e-9), $"{fit.LowerBound} {continuous.Error}");
        Assert.Equal((a, b), (fit.Pieces[0].Knots[0], fit.Pieces[^1].Knots[^1]));
        for (int i = 1; i < fit.Pieces.Length; i++) Assert.Equal(Math.BitIncrement(fit.Pieces[i - 1].Knots[^1]), fit.Pieces[i].Knots[0]);
        for (int i = 0; i <= 5000; i++)
        {
            double x = a + ((b - a) * (i / 5000.0));
            LinearSpline piece = fit.Pieces.First(p => x <= p.Knots[^1]);
            Assert.InRange(Math.Abs(f.Value(x) - piece.Evaluate(x)), 0, fit.Error);
        }
    }

    [Fact]
    public void AConvexFunctionGainsNothingFromJumps()
    {
        // Balanced errors make the pieces of x² meet anyway: 1/(8N²).
        DisconnectedSpline fit = DisconnectedFit.WithPieces(Expression.Parse("x^2"), 0, 1, 8);
        Assert.InRange(1.0 / 512, fit.LowerBound, fit.Error);
    }

    [Fact]
    public void FewestPiecesOfGeluAreThoseOfTheCases()
    {
        DisconnectedSpline fit = DisconnectedFit.WithError(Expression.Parse("gelu(x)"), -8, 8, 1e-3);
        Assert.Equal((23, 22), (fit.Pieces.Length, fit.ImpossiblePieces));
        Assert.InRange(fit.Error, 0, 1e-3);
    }

    [Fact]
    public void TablesAreFittedToTheBruteForceOptimum() => Gen.Select(Gen.Double[-1, 1].Array[2, 9], Gen.Int[1, 4]).Sample((y, pieces) =>
    {
        double[] x = [.. Enumerable.Range(0, y.Length).Select(i => (double)i)];
        double wanted = Best(y, 0, pieces);
        DisconnectedSpline fit = DisconnectedFit.WithPieces(x, y, pieces);
        Assert.Equal(wanted, fit.Error, 1e-9);
        Assert.InRange(fit.LowerBound, wanted - 1e-9, wanted + 1e-9);
        if (wanted > 1e-6) Assert.Equal(Math.Min(pieces, y.Length), DisconnectedFit.WithError(x, y, wanted * 0.999).ImpossiblePieces is int k && k >= pieces ? pieces : 0);
    }, iter: 300);

    /// <summary>The least largest distance of so many lines to the values from an index on, by trying all cuts.</summary>
    private static double Best(double[] y, int from, int pieces)
    {
        if (from >= y.Length) return 0;
        double best = double.PositiveInfinity;
        for (int to = pieces == 1 ? y.Length : from + 1; to <= y.Length; to++) best = Math.Min(best, Math.Max(OneLine(y, from, to), pieces == 1 ? 0 : Best(y, to, pieces - 1)));
        return best;
    }

    /// <summary>The best line's error is half the largest vertical gap between a point and a chord around it.</summary>
    private static double OneLine(double[] y, int from, int to)
    {
        double worst = 0;
        for (int i = from; i < to; i++)
        {
            for (int j = i + 1; j < to; j++)
            {
                for (int k = j + 1; k < to; k++) worst = Math.Max(worst, Math.Abs(y[j] - (y[i] + ((y[k] - y[i]) * (j - i) / (k - i)))) / 2);
            }
        }
        return worst;
    }
}
