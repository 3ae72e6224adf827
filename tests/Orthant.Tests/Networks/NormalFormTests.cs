using CsCheck;
using Orthant.Networks;

namespace Orthant.Tests.Networks;

/// <summary>The layered network and its normal form are one function with one pattern.</summary>
public sealed class NormalFormTests
{
    [Fact]
    public void BothFormsAgreeExactlyWhereSumsAreExact() =>
        RandomNetworks.WithPoint(RandomNetworks.Coarse).Sample(
            (n, x) => Assert.Equal(n.Evaluate(x), n.NormalForm.Evaluate(x)), iter: 3000);

    [Fact]
    public void BothFormsAgreeToRoundingOnOtherNumbers() =>
        RandomNetworks.WithPoint(RandomNetworks.Fine).Sample((n, x) =>
        {
            double[] layered = n.Evaluate(x), chain = n.NormalForm.Evaluate(x);
            for (int i = 0; i < layered.Length; i++) Assert.Equal(layered[i], chain[i], 1e-12 * (1 + Math.Abs(layered[i])));
        }, iter: 2000);

    [Fact]
    public void ActiveUnitsDecodeToThePatternOfTheNetwork() =>
        RandomNetworks.WithPoint(RandomNetworks.Coarse).Sample((n, x) =>
        {
            bool[] active = new bool[n.NormalForm.StageStarts[^1]];
            n.NormalForm.Evaluate(x, active);
            Assert.Equal(n.PatternAt(x), n.NormalForm.Decode(active));
        }, iter: 3000);

    [Fact]
    public void EveryUnitOfTheFormHasAtMostOneKinkAtZero() =>
        RandomNetworks.Any(RandomNetworks.Coarse).Sample(n =>
        {
            foreach (NormalStage stage in n.NormalForm.Stages)
            {
                for (int i = 0; i < stage.Units; i++) Assert.True(stage.Activations[i].IsHomogeneous);
            }
        }, iter: 500);

    [Fact]
    public void APlainReluNetworkIsItsOwnNormalForm()
    {
        ReluNetwork network = new([
            AffineLayer.Dense(new double[,] { { 1, 2 }, { -1, 0.5 } }, [0.25, -1], ActivationFunction.Relu),
            AffineLayer.Dense(new double[,] { { 1, -1 } }, [3]),
        ]);
        Assert.True(network.NormalForm.IsOneToOne);
        Assert.Equal(2, network.NormalForm.Stages.Length);
        Assert.Equal([0, 2, 3], network.NormalForm.StageStarts);
    }

    [Fact]
    public void TheWinnerOfAPoolingIsTheFirstOfEquals()
    {
        ReluNetwork network = new([new MaxPoolLayer(new ImageShape(1, 1, 5), new SlidingWindow(1, 5))]);
        foreach ((double[] x, int winner) in new[] { (new double[] { 1, 3, 3, 3, 2 }, 1), ([0, 0, 0, 0, 0], 0), ([0, 0, 0, 0, 1], 4), ([-1, -2, 5, 4, 5], 2) })
        {
            bool[] active = new bool[network.NormalForm.StageStarts[^1]];
            Assert.Equal(x.Max(), network.NormalForm.Evaluate(x, active)[0]);
            Assert.Equal(winner, network.PatternAt(x)[0]);
            Assert.Equal(winner, network.NormalForm.Decode(active)[0]);
        }
    }
}
