using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>The examples of docs/priors.md, with the numbers that the page states.</summary>
public sealed class PriorDocumentTests
{
    [Fact]
    public void The_examples_run_and_say_what_the_page_says()
    {
        PriorNetwork network = PriorNetwork.He(784, 300, 100, 10);
        PriorPredictive law = PriorPredictive.Of(network, inputNorm: 1);
        Assert.Equal(3 * (1 + 5.0 / 300) * (1 + 5.0 / 100), law.Kurtosis, 1e-12);
        PriorNetwork mixed = new(inputs: 64,
            [
                new PriorLayer(64, 1.4, PriorLayerKind.OrthogonalRelu),
                new PriorLayer(100, Math.Sqrt(2.0 / 64)) { KeepProbability = 0.9 },
                new PriorLayer(50, 0.14, PriorLayerKind.LeakyRelu) { Slope = 0.1 },
            ],
            outputs: 3, readOutStd: 0.2);
        PriorPredictive output = PriorPredictive.Of(mixed, inputNorm: 8);
        Assert.InRange(output.AtomAtZero + output.LowerMass(1), 0.01, 0.99);
        PriorNetwork wanted = PriorDesign.ForProbability(PriorNetwork.He(10, 64, 64, 1), inputNorm: 3, bound: 3, probability: 0.95);
        Assert.Equal(0.95, PriorPredictive.Of(wanted, 3).LowerMass(3), 1e-9);
        Assert.Equal(172, PriorDesign.WidthForKurtosis(hiddenLayers: 10, kurtosis: 4));
        Assert.Equal(35, PriorDesign.WidthForDeadShare(hiddenLayers: 20, share: 1e-9));
        Assert.Equal(3.5, PriorDesign.KurtosisFactor(new PriorLayer(2, 1)), 1e-12);
        double[] samples = new double[10_000];
        law.Sampler().Fill(new RandomStream(seed: 1), samples);
        PriorFit fit = PriorFit.Test(law, samples);
        Assert.True(fit.KolmogorovPValue > 1e-4 && fit.AndersonDarlingPValue > 1e-4);
    }
}
