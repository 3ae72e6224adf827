using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>Priors read from networks, and networks drawn by an initialiser held against the law.</summary>
public sealed class PriorMatchTests
{
    [Fact]
    public void ScalesAreTheRootMeanSquaresOfTheWeights()
    {
        ReluNetwork network = RandomNetwork.Create([20, 50, 30, 2], WeightInitializer.He, 0.3, 5, ElementType.Float64);
        PriorMatch match = PriorMatch.Of(network);
        Assert.Equal([50, 30], match.Network.Hidden.Select(l => l.Width));
        Assert.Equal((20, 2, 0), (match.Network.Inputs, match.Network.Outputs, match.Skipped));
        for (int l = 0; l < 3; l++)
        {
            AffineLayer layer = (AffineLayer)network.Layers[l];
            double[] w = ((DenseOperator)layer.Linear).Entries.ToArray();
            double std = Math.Sqrt(w.Average(x => x * x)), kurtosis = w.Average(x => Math.Pow(x / std, 4));
            Assert.Equal(std, match.Layers[l].WeightStd, 1e-13);
            Assert.Equal(std, l < 2 ? match.Network.Hidden[l].WeightStd : match.Network.ReadOutStd, 1e-13);
            Assert.Equal(kurtosis, match.Layers[l].WeightKurtosis, 1e-10);
            Assert.Equal(Math.Sqrt(layer.Bias.ToArray().Average(x => x * x)), match.Layers[l].BiasStd, 1e-13);
        }
        Assert.Equal(match.Layers[1].BiasStd, match.WithBiases!.Hidden[1].BiasStd);
        Assert.Contains(match.Notes, n => n.Contains("bias", StringComparison.OrdinalIgnoreCase));
        PriorMatch none = PriorMatch.Of(RandomNetwork.Create([20, 50, 2], WeightInitializer.He, 0, 5));
        Assert.Null(none.WithBiases);
    }

    [Fact]
    public void UniformWeightsAreSeenAndSaid()
    {
        RandomStream random = new(3);
        double[] uniform = [.. Enumerable.Range(0, 4000).Select(_ => random.NextDouble(-0.1, 0.1))];
        ReluNetwork network = new([new AffineLayer(new DenseOperator(40, 100, uniform), [], ActivationFunction.Relu), new AffineLayer(new DenseOperator(1, 40, uniform.AsSpan(0, 40).ToArray()), [], (ActivationFunction?)null)]);
        PriorMatch match = PriorMatch.Of(network);
        Assert.Equal(WeightLaw.Uniform, match.Layers[0].WeightLaw);
        Assert.Contains(match.Notes, n => n.Contains("uniform", StringComparison.OrdinalIgnoreCase));
        PriorMatch normal = PriorMatch.Of(RandomNetwork.Create([100, 40, 1], WeightInitializer.He, 0, 3));
        Assert.Equal(WeightLaw.Normal, normal.Layers[0].WeightLaw);
    }

    [Fact]
    public void ANetworkWithoutADenseReadOutIsRefused()
    {
        ReluNetwork relu = new([new AffineLayer(new DenseOperator(2, 2, [1, 2, 3, 4]), [], ActivationFunction.Relu)]);
        Assert.Throws<OrthantInputException>(() => PriorMatch.Of(relu));
        ReluNetwork dead = new([new AffineLayer(new DenseOperator(2, 2, [0, 0, 0, 0]), [], ActivationFunction.Relu), new AffineLayer(new DenseOperator(1, 2, [1, 1]), [], (ActivationFunction?)null)]);
        Assert.Throws<OrthantInputException>(() => PriorMatch.Of(dead));
    }

    /// <summary>The right initialiser is believed on forty networks, one of another scale or of another shape is not.</summary>
    [Fact]
    public void WeightsAreHeldAgainstTheirInitialiser()
    {
        int small = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            foreach (WeightFit fit in WeightFit.Test(RandomNetwork.Create([30, 40, 1], WeightInitializer.He, 0, seed), WeightInitializer.He))
            {
                Assert.Equal(Math.Sqrt(2.0 / fit.Inputs), fit.ClaimedStd, 1e-15);
                Assert.True(Math.Min(fit.ScalePValue, Math.Min(fit.KolmogorovPValue, fit.AndersonDarlingPValue)) > 1e-5, $"{fit}");
                if (fit.KolmogorovPValue < 0.05) small++;
            }
        }
        // 80 tests at 5 %: 4 expected; 14 or more once in 10⁵.
        Assert.InRange(small, 0, 13);
        WeightFit scale = WeightFit.Test(RandomNetwork.Create([30, 40, 1], WeightInitializer.LeCun, 0, 1), WeightInitializer.He)[0];
        Assert.True(scale.ScalePValue < 1e-10 && scale.KolmogorovPValue < 1e-4);
    }

    [Fact]
    public void NetworksOfAnInitialiserFollowItsLaw()
    {
        double[] outputs = InitializerSample.Outputs([5, 6, 4, 1], WeightInitializer.He, ActivationFunction.Relu, 1.5, 40_000, 9);
        PriorNetwork he = PriorNetwork.He(5, 6, 4, 1);
        PriorFit fit = PriorFit.Test(PriorPredictive.Of(he, 1.5), outputs);
        Assert.True(fit.AtomPValue > 1e-4 && fit.KolmogorovPValue > 1e-4 && fit.AndersonDarlingPValue > 1e-4, $"{fit}");
        Assert.True(PriorFit.Test(PriorPredictive.Of(he, 1.6), outputs).KolmogorovPValue < 1e-4);
        Assert.Equal(outputs[..10], InitializerSample.Outputs([5, 6, 4, 1], WeightInitializer.He, ActivationFunction.Relu, 1.5, 10, 9));
        Assert.Throws<OrthantInputException>(() => InitializerSample.Outputs([5], WeightInitializer.He, ActivationFunction.Relu, 1, 1, 1));
        Assert.Throws<OrthantInputException>(() => InitializerSample.Outputs([5, 1], WeightInitializer.He, ActivationFunction.Relu, double.NaN, 1, 1));
        Assert.Throws<OrthantInputException>(() => InitializerSample.Outputs([5, 1], WeightInitializer.He, ActivationFunction.Relu, 1, 0, 1));
    }

    [Fact]
    public void QuantilesOfMixturesAreInverseOnBothSides()
    {
        NormalVarianceMixture law = BiasedPriorPredictive.Of(new(2, [new(3, 0.9) { BiasStd = 0.5 }, new(3, 0.8)], 1, 1.1, 0), 1.5);
        foreach (double p in new[] { 1e-12, 1e-3, 0.2, 0.5 })
        {
            double r = law.UpperQuantile(p);
            Assert.Equal(p, law.Survival(r), 1e-13 * p);
            if (p + law.AtomAtZero < 1) Assert.Equal(p, law.LowerMass(law.Quantile(p + law.AtomAtZero)), 1e-11 * p + 1e-16);
        }
        Assert.Equal(0, law.Quantile(0.5 * law.AtomAtZero));
        Assert.Equal(0, law.UpperQuantile(1 - (0.5 * law.AtomAtZero)));
        Assert.Equal(law.Quantile(0.75), law.UpperQuantile(0.25), 1e-13);
        Assert.Throws<OrthantInputException>(() => law.UpperQuantile(0));
    }
}
