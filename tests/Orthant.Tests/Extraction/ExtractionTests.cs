using Orthant.Extraction;
using Orthant.Networks;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

/// <summary>What holds of every extraction.</summary>
public sealed class ExtractionTests
{
    private static readonly ReluNetwork Truth = Build([6, 8, 6, 1], 5);

    [Fact]
    public void OnlyAnswersAreSeen()
    {
        // The same function behind a delegate: the same rows, the same network.
        RecoveredNetwork direct = Extract(Truth);
        RecoveredNetwork hidden = NetworkExtraction.Run(new DelegateOracle(6, 1, x => Truth.Evaluate(x)), new ExtractionOptions());
        Assert.Equal(direct.Queries, hidden.Queries);
        Assert.Equal(direct.Network, hidden.Network);
    }

    [Fact]
    public void EveryRowIsCounted()
    {
        long asked = 0;
        RecoveredNetwork found = NetworkExtraction.Run(new DelegateOracle(6, 1, x =>
        {
            asked++;
            return Truth.Evaluate(x);
        }));
        Assert.Equal(asked, found.Queries);
        Assert.Equal(asked, found.Stages.Sum(s => s.Queries));
    }

    [Fact]
    public void TheNumberOfThreadsDoesNotMatter()
    {
        RecoveredNetwork one = NetworkExtraction.Run(new NetworkOracle(Truth), new ExtractionOptions { Threads = 1 });
        Assert.Equal(Extract(Truth).Network, one.Network);
    }

    [Fact]
    public void TheBudgetIsKept()
    {
        foreach (long budget in (long[])[10, 500, 1500, 4000])
        {
            RecoveredNetwork found = Extract(Truth, budget: budget);
            Assert.InRange(found.Queries, 0, budget);
            Assert.False(found.IsComplete);
            Assert.Contains(found.Notes, n => n.Contains("budget", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void ConfidenceCoversTheError()
    {
        RecoveredNetwork found = Extract(Truth);
        double error = Math.Pow(2, Error(Truth, found));
        Assert.True(found.IsIdentifiable);
        Assert.Equal(14, found.Units.Length);
        Assert.InRange(error, 0, 100 * found.Units.Max(u => u.Error));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void AnAnswerThatIsNoNumberIsRefused(double answer)
    {
        OrthantInputException error = Assert.Throws<OrthantInputException>(() => NetworkExtraction.Run(new DelegateOracle(2, 1, _ => [answer])));
        Assert.Contains("finite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOracleThatLiesAboutItsSizeIsRefused() =>
        Assert.Throws<OrthantInputException>(() => NetworkExtraction.Run(new DelegateOracle(2, 2, _ => [0])));

    [Fact]
    public void AlignmentForgivesOrderAndScaleButNotSigns()
    {
        double[,] first = { { 1, 2 }, { -1, 0.5 } }, second = { { 3, -1 } };
        ReluNetwork a = new([AffineLayer.Dense(first, [0.5, -0.25], ActivationFunction.Relu), AffineLayer.Dense(second, [0.1])]);
        double[,] other = { { -2, 1 }, { 4, 8 } }, outputs = { { -0.5, 0.75 } }, negated = { { 2, -1 }, { 4, 8 } };
        ReluNetwork b = new([AffineLayer.Dense(other, [-0.5, 2], ActivationFunction.Relu), AffineLayer.Dense(outputs, [0.1])]);
        ReluNetwork c = new([AffineLayer.Dense(negated, [0.5, 2], ActivationFunction.Relu), AffineLayer.Dense(outputs, [0.1])]);
        Assert.Equal(0, NetworkAlignment.Of(a, b)!.MaxParameterError, 1e-15);
        Assert.Equal([1, 0], NetworkAlignment.Of(a, b)!.Order[0]);
        Assert.True(NetworkAlignment.Of(a, c)!.MaxParameterError > 0.5);
        Assert.Null(NetworkAlignment.Of(a, Build([2, 3, 1], 1)));
    }
}
