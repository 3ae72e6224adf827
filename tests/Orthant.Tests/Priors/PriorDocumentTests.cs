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
        Console.WriteLine($"sd {Math.Sqrt(law.SecondMoment):G4}, kurtosis {law.Kurtosis:G4}, dead {law.AtomAtZero:E1}");
        Console.WriteLine($"P(|f| > 1) = {law.Survival(1):E4}, 99 % of |f| below {law.Quantile(0.99):G5}, log p(5) = {law.LogPdf(5):F3}");

        Assert.Equal(3 * (1 + 5.0 / 300) * (1 + 5.0 / 100), law.Kurtosis, 1e-12);

        PriorNetwork mixed = new(inputs: 64,
            [
                new PriorLayer(64, 1.4, PriorLayerKind.OrthogonalRelu),
                new PriorLayer(100, Math.Sqrt(2.0 / 64)) { KeepProbability = 0.9 },
                new PriorLayer(50, 0.14, PriorLayerKind.LeakyRelu) { Slope = 0.1 },
            ],
            outputs: 3, readOutStd: 0.2);
        PriorPredictive output = PriorPredictive.Of(mixed, inputNorm: 8);
        Console.WriteLine($"P(|f| ≤ 1) = {output.AtomAtZero + output.LowerMass(1):F4}");

        Assert.InRange(output.AtomAtZero + output.LowerMass(1), 0.01, 0.99);

        PriorNetwork wanted = PriorDesign.ForProbability(PriorNetwork.He(10, 64, 64, 1), inputNorm: 3, bound: 3, probability: 0.95);
        int width = PriorDesign.WidthForKurtosis(hiddenLayers: 10, kurtosis: 4);          // 172
        int alive = PriorDesign.WidthForDeadShare(hiddenLayers: 20, share: 1e-9);         // dead networks below 1e-9
        double typical = PriorDesign.NextWeightStd(new PriorLayer(64, 1), order: 0);      // keeps E log of the norm
        double bottleneck = PriorDesign.KurtosisFactor(new PriorLayer(2, 1));             // 3.5: what a layer of two units costs

        Assert.True(typical > 0);
        Assert.Equal((35, 3.5), (alive, Math.Round(bottleneck, 12)));
        Assert.Equal(0.95, PriorPredictive.Of(wanted, 3).LowerMass(3), 1e-9);
        Assert.Equal(172, width);

        double[] samples = new double[10_000];
        law.Sampler().Fill(new RandomStream(seed: 1), samples);
        Console.WriteLine(PriorFit.Test(law, samples));

        PriorFit fit = PriorFit.Test(law, samples);
        Assert.True(fit.KolmogorovPValue > 1e-4 && fit.AndersonDarlingPValue > 1e-4);
    }
}
