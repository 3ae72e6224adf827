using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

public sealed class PriorDesignTests
{
    [Fact]
    public void Scales_meet_their_targets()
    {
        PriorNetwork network = PriorNetwork.He(5, 10, 20, 2);
        PriorNetwork elicited = PriorDesign.ForProbability(network, 2, 3, 0.95);
        PriorPredictive law = PriorPredictive.Of(elicited, 2);
        Assert.Equal(0.95, law.AtomAtZero + law.LowerMass(3), 1e-12);
        Assert.Equal(1.7 * 1.7, PriorPredictive.Of(PriorDesign.ForStandardDeviation(network, 2, 1.7), 2).SecondMoment, 1e-12);
        // A scale does not touch the shape.
        Assert.Equal(PriorPredictive.Of(network, 2).Kurtosis, law.Kurtosis, 1e-12);
        Assert.Throws<OrthantInputException>(() => PriorDesign.ForProbability(PriorNetwork.He(5, 1, 1, 1), 1, 3, 0.5));
        Assert.Throws<OrthantInputException>(() => PriorDesign.ForProbability(network, 1, -3, 0.5));
        Assert.Throws<OrthantInputException>(() => PriorDesign.ForStandardDeviation(network, 0, 1));
    }

    [Fact]
    public void Widths_are_the_smallest_that_do()
    {
        Assert.Equal(172, PriorDesign.WidthForKurtosis(10, 4));
        foreach ((int hidden, double kurtosis) in new[] { (1, 3.5), (3, 10.0), (30, 3.2) })
        {
            int d = PriorDesign.WidthForKurtosis(hidden, kurtosis);
            Assert.True(3 * Math.Pow(1 + 5.0 / d, hidden) <= kurtosis);
            Assert.True(d == 1 || 3 * Math.Pow(1 + 5.0 / (d - 1), hidden) > kurtosis);
        }
        int width = PriorDesign.WidthForDeadShare(20, 1e-9);
        Assert.True(Dead(width) <= 1e-9 && Dead(width - 1) > 1e-9);
        int normal = PriorDesign.WidthForNormality(3, 0.01);
        Assert.InRange(normal, 95, 106);
        Assert.Throws<OrthantInputException>(() => PriorDesign.WidthForKurtosis(3, 3));
        Assert.Throws<OrthantInputException>(() => PriorDesign.WidthForDeadShare(0, 0.1));
        Assert.Throws<OrthantInputException>(() => PriorDesign.WidthForNormality(1, 0));

        static double Dead(int d) => PriorPredictive.Of(new PriorNetwork(1, Enumerable.Repeat(new PriorLayer(d, 1), 20), 1, 1), 1).AtomAtZero;
    }

    [Fact]
    public void Scales_of_layers_hold_the_chosen_moment()
    {
        PriorLayer layer = new(12, 1);
        Assert.Equal(Math.Sqrt(2 / 12.0 / (1 - Math.Pow(2, -12))) * (1 - Math.Pow(2, -12)), PriorDesign.NextWeightStd(layer, 2), 1e-12);
        Assert.Equal(PriorDesign.NextWeightStd(layer, 1e-6), PriorDesign.NextWeightStd(layer, 0), 1e-6);
        // Wide layers: sqrt(2/d), sqrt(2/sqrt(d(d+5))) and sqrt((2/d) exp(5/(2d))).
        PriorLayer wide = new(1000, 1);
        Assert.Equal(Math.Sqrt(2 / 1000.0), PriorDesign.NextWeightStd(wide, 2), 1e-12);
        Assert.Equal(Math.Sqrt(2 / Math.Sqrt(1000.0 * 1005)), PriorDesign.NextWeightStd(wide, 4), 1e-12);
        Assert.Equal(Math.Sqrt(2 / 1000.0 * Math.Exp(0.0025 + 49 / 12e6)), PriorDesign.NextWeightStd(wide, 0), 1e-9);
        Assert.Equal(1 + 5 / 4.0, PriorDesign.KurtosisFactor(new PriorLayer(4, 3)), 1e-13);
    }

    [Fact]
    public void Initialisations_are_read_out()
    {
        Assert.Equal(Math.Sqrt(2 / 5.0), PriorNetwork.He(5, 10, 2).Hidden[0].WeightStd, 1e-15);
        Assert.Equal(Math.Sqrt(2 / 15.0), PriorNetwork.Xavier(5, 10, 2).Hidden[0].WeightStd, 1e-15);
        Assert.Equal(Math.Sqrt(1 / 10.0), PriorNetwork.LeCun(5, 10, 2).ReadOutStd, 1e-15);
        Assert.Equal(Math.Sqrt(1 / 10.0), PriorNetwork.NeuralTangent(5, 10, 2).ReadOutStd, 1e-15);
        // He keeps the variance 2 |x|^2/d0 through all layers.
        Assert.Equal(2 / 5.0, PriorPredictive.Of(PriorNetwork.He(5, 10, 20, 30, 2), 1).SecondMoment, 1e-13);
        Assert.Equal("5-10-2 prior", PriorNetwork.He(5, 10, 2).ToString());
    }

    [Fact]
    public void Limits_come_near_as_they_should()
    {
        // KS distance .3441 beta and KL 4.69 beta^2 to first order; the mixture is an order better.
        PriorPredictive law = PriorPredictive.Of(PriorNetwork.He([1, .. Enumerable.Repeat(1000, 2), 1]), 1);
        Assert.Equal(0.3441 * 0.002, law.KolmogorovDistanceToNormal(), 0.01 * 0.3441 * 0.002);
        Assert.Equal(4.69 * 0.002 * 0.002, law.KullbackLeiblerToNormal(), 0.03 * 4.69 * 4e-6);
        PriorPredictive deep = PriorPredictive.Of(PriorNetwork.He([1, .. Enumerable.Repeat(100, 10), 1]), 1);
        Assert.Equal(0.0325, deep.KolmogorovDistanceToNormal(), 5e-5);
        Assert.Equal(6.0e-4, deep.KolmogorovDistanceToMixture(), 2e-4);
        LogNormalMixtureLimit mixture = deep.LogNormalMixture();
        Assert.Equal(10 * 5 / 100.0, mixture.LogVarianceStd * mixture.LogVarianceStd, 1e-12);
        Assert.Equal(Math.Sqrt(deep.SecondMoment), deep.Normal().Std, 1e-12);
        // The limits are laws: densities are slopes of distribution functions.
        Assert.Equal((mixture.Cdf(1.001) - mixture.Cdf(0.999)) / 0.002, mixture.Pdf(1), 1e-6);
        Assert.Equal(1 - 2 * (1 - mixture.Cdf(1.3)), 1 - mixture.Survival(1.3), 1e-14);
        Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(PriorNetwork.He(1, 3, 2), 1, PriorQuantity.OutputNorm).Normal());
    }

    [Fact]
    public void Noise_convolves_the_law()
    {
        PriorPredictive law = PriorPredictive.Of(PriorNetwork.He(2, 3, 4, 1), 1.5);
        NormalVarianceMixture noisy = law.WithNoise(0.5);
        Assert.Equal(law.SecondMoment + 0.25, noisy.SecondMoment, 1e-12);
        Assert.Equal(3 + (law.Kurtosis - 3) * Math.Pow(law.SecondMoment / noisy.SecondMoment, 2), noisy.Kurtosis, 1e-10);
        Assert.Equal(1, noisy.Cdf(1e9), 1e-13);
        Assert.Equal(0.5, noisy.Cdf(0), 1e-13);
        // A sampled convolution: mean over samples of the noise's density.
        double[] samples = new double[100_000];
        law.Sampler().Fill(new RandomStream(8), samples);
        foreach (double y in new[] { 0.0, 0.7, 3 })
        {
            double mean = samples.Average(f => new NormalLimit(0.5).Pdf(y - f));
            double deviation = Math.Sqrt(samples.Average(f => Math.Pow(new NormalLimit(0.5).Pdf(y - f), 2)) / samples.Length);
            Assert.Equal(mean, noisy.Pdf(y), 5 * deviation);
        }
        Assert.Throws<OrthantInputException>(() => law.WithNoise(0));
    }

    [Fact]
    public void Without_biases_the_chain_of_variances_is_the_product()
    {
        PriorNetwork network = new(2, [new(3, 0.9), new(8, 0.5), new(5, 0.7, PriorLayerKind.Linear)], 1, 1.1);
        PriorPredictive law = PriorPredictive.Of(network, 1.2);
        NormalVarianceMixture chain = BiasedPriorPredictive.Of(network, 1.2);
        Assert.Equal(law.AtomAtZero, chain.AtomAtZero, 1e-12);
        Assert.Equal(law.SecondMoment, chain.SecondMoment, 1e-11 * law.SecondMoment);
        Assert.Equal(law.Kurtosis, chain.Kurtosis, 1e-10 * law.Kurtosis);
        foreach (double x in new[] { 0.01, 0.1, 0.5, 1, 3, 10 })
        {
            Assert.Equal(law.Pdf(x), chain.Pdf(x), 1e-10 * law.Pdf(x));
            Assert.Equal(law.Cdf(x), chain.Cdf(x), 1e-12);
        }
    }

    [Fact]
    public void The_chain_of_variances_agrees_with_networks_that_have_biases()
    {
        PriorNetwork network = new(2, [new(3, 0.9) { BiasStd = 0.5 }, new(3, 0.8) { BiasStd = 0.7 }], 1, 1.1, 0.3);
        NormalVarianceMixture law = BiasedPriorPredictive.Of(network, 1.5);
        // E V' = b^2 + s^2 (d/2) E V.
        double variance = 0.25 + 0.81 * 2.25;
        variance = 0.49 + 0.64 * 1.5 * variance;
        variance = 0.09 + 1.21 * 1.5 * variance;
        Assert.Equal(variance, law.SecondMoment, 1e-11);
        Assert.Equal(0, law.AtomAtZero);
        RandomStream random = new(21);
        const int count = 60_000;
        int beyond = 0, inside = 0;
        for (int n = 0; n < count; n++)
        {
            double f = Math.Abs(Forward(network, [0.9, -1.2], random));
            if (f > 3) beyond++;
            if (f < 0.3) inside++;
        }
        AssertShare(law.Survival(3), beyond);
        AssertShare(1 - law.Survival(0.3), inside);
        Assert.Throws<OrthantInputException>(() => BiasedPriorPredictive.Of(network, double.NaN));

        static void AssertShare(double p, int hits) => Assert.Equal(p, hits / (double)count, 4.5 * Math.Sqrt(p * (1 - p) / count));

        static double Forward(PriorNetwork network, double[] h, RandomStream random)
        {
            foreach (PriorLayer layer in network.Hidden)
            {
                h = [.. Enumerable.Range(0, layer.Width).Select(_ => Math.Max(0, Unit(h, layer.WeightStd, layer.BiasStd, random)))];
            }
            return Unit(h, network.ReadOutStd, network.ReadOutBiasStd, random);
        }

        static double Unit(double[] h, double std, double biasStd, RandomStream random) =>
            h.Sum(x => std * random.NextNormal() * x) + biasStd * random.NextNormal();
    }
}
