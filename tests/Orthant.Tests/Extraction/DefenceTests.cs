using Orthant.Extraction;
using Orthant.Networks;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

public sealed class DefenceTests
{
    [Theory]
    [InlineData("round:6")]
    [InlineData("noise:0.001")]
    [InlineData("float16")]
    [InlineData("topk:2")]
    [InlineData("none")]
    public void WhatIsWrittenIsRead(string text) => Assert.Equal(text, Defence.Parse(text).ToString());

    [Theory]
    [InlineData("round")]
    [InlineData("round:-1")]
    [InlineData("round:2.5")]
    [InlineData("noise:0")]
    [InlineData("noise:NaN")]
    [InlineData("topk:0")]
    [InlineData("float16:3")]
    [InlineData("")]
    public void WhatIsNoDefenceIsRefused(string text) => Assert.Throws<OrthantInputException>(() => Defence.Parse(text));

    [Fact]
    public void EachDoesWhatItSays()
    {
        DelegateOracle oracle = new(1, 3, x => [x[0] + 0.12345, -2, 5]);
        Assert.Equal([0.12, -2, 5], Answer("round:2"));
        Assert.Equal([0.12345, 0, 5], Answer("topk:2"));
        Assert.Equal([0.12345, -2, 5], Answer("topk:3"));
        Assert.Equal([(double)(Half)0.12345, -2, 5], Answer("float16"));
        double[] noisy = Answer("noise:0.1");
        Assert.NotEqual(5, noisy[2]);
        Assert.InRange(noisy[2], 4, 6);

        double[] Answer(string defence)
        {
            double[] y = new double[3];
            Defence.Parse(defence).Guard(oracle, 1).Query(1, [0], y, TestContext.Current.CancellationToken);
            return y;
        }
    }

    [Fact]
    public void CoarserAnswersCostBothSidesMore()
    {
        ReluNetwork truth = Build([6, 8, 6, 1], 5);
        IReadOnlyList<DefenceCost> costs = DefenceAudit.Run(
            new NetworkOracle(truth), [new(DefenceKind.None), Defence.Parse("round:6"), Defence.Parse("round:1")], new ExtractionOptions { Budget = 300_000 }, 500, TestContext.Current.CancellationToken);
        Assert.Equal(0, costs[0].UserError);
        Assert.Equal(1, costs[0].UserAgreement);
        Assert.InRange(costs[0].OutputError!.Value, 0, 1e-11);
        // Uniform errors in ±h/2 have the root mean square h/√12.
        Assert.InRange(costs[1].UserError, 0.9e-6 / Math.Sqrt(12), 1.1e-6 / Math.Sqrt(12));
        Assert.True(costs[1].Found.IsComplete);
        Assert.InRange(costs[1].OutputError!.Value, 1e-9, 1e-4);
        Assert.False(costs[2].Found.IsComplete);
        Assert.True(costs[2].UserAgreement < 1);
        Assert.All(costs, c => Assert.InRange(c.PatternShare, 0.1, 1));
    }
}
