using MathNet.Numerics;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>Norms and hidden units of networks with biases: against closed forms, against the law without biases, and against drawn
/// networks.</summary>
public sealed class BiasedPriorQuantityTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(300)]
    [InlineData(10_000)]
    public void TailsOfTheNormOfNormalNumbers(int k)
    {
        ChiTail tail = new(k);
        double spread = Math.Sqrt(k);
        foreach (double share in new[] { 1e-3, 0.2, 0.9, 0.99, 1, 1.01, 1.1, 2, 4 })
        {
            double r = share * spread, x = 0.5 * share * share * k;
            double lower = SpecialFunctions.GammaLowerRegularized(0.5 * k, x), upper = SpecialFunctions.GammaUpperRegularized(0.5 * k, x);
            // MathNet's own error grows with k: 1.1e-11 of the middle at 10,000, against thirty digits below.
            if (lower > 1e-100) Assert.Equal(lower, Math.Exp(tail.LogLower(r, 1)), 3e-11 * lower);
            if (upper > 1e-100) Assert.Equal(upper, Math.Exp(tail.LogUpper(r, 1)), 3e-11 * upper);
            // A variance V stretches by its root.
            Assert.Equal(tail.LogUpper(r, 1), tail.LogUpper(3 * r, 9), 1e-13 * Math.Max(1, Math.Abs(tail.LogUpper(r, 1))));
            double step = 1e-5 * spread / k, slope = (Math.Exp(tail.LogLower(r + step, 1)) - Math.Exp(tail.LogLower(r - step, 1))) / (2 * step);
            double density = Math.Exp(tail.LogDensity(r, 1));
            if (density > 1e-100) Assert.Equal(density, slope, (1e-5 * density) + 1e-9);
        }
        Assert.Equal(0, tail.LogUpper(0, 1));
        Assert.Equal(double.NegativeInfinity, tail.LogLower(0, 1));
    }

    [Fact]
    public void TheMiddleOfAWideLayersNorm() =>
        Assert.Equal(0.501880634033817355348, Math.Exp(new ChiTail(10_000).LogLower(100, 1)), 5e-14);

    [Fact]
    public void TwoNumbersHaveTheNormOfRayleigh()
    {
        ChiTail tail = new(2);
        foreach (double r in new[] { 1e-160, 1e-8, 0.3, 1, 5, 40, 1e5 })
        {
            Assert.Equal(-0.5 * r * r, tail.LogUpper(r, 1), 4e-15 * Math.Max(1e-300, 0.5 * r * r) + 1e-15);
            Assert.Equal(Math.Log(r) - (0.5 * r * r), tail.LogDensity(r, 1), 1e-14 * Math.Max(1, 0.5 * r * r + Math.Abs(Math.Log(r))));
        }
        Assert.Equal(2 * Math.Log(1e-160) - Math.Log(2), tail.LogLower(1e-160, 1), 1e-12);
    }

    [Fact]
    public void WithoutBiasesEveryQuantityHasTheExactLaw()
    {
        PriorNetwork network = new(3, [new(4, 0.8), new(3, 0.9), new(5, 0.7)], 6, 1.1);
        PriorQuantity[] quantities =
        [
            PriorQuantity.Output, PriorQuantity.OutputNorm, PriorQuantity.PreActivation(2), PriorQuantity.PreActivationNorm(3), PriorQuantity.PreActivationNorm(1),
            PriorQuantity.PostActivation(2), PriorQuantity.PostActivation(1),
        ];
        foreach (PriorQuantity quantity in quantities)
        {
            PriorPredictive exact = PriorPredictive.Of(network, 1.4, quantity);
            NormalVarianceMixture chain = BiasedPriorPredictive.Of(network, 1.4, quantity);
            Assert.Equal(exact.IsSymmetric, chain.IsSymmetric);
            Assert.Equal(exact.AtomAtZero, chain.AtomAtZero, 1e-13);
            Assert.Equal(exact.SecondMoment, chain.SecondMoment, 1e-12 * exact.SecondMoment);
            Assert.Equal(exact.Kurtosis, chain.Kurtosis, 1e-12 * exact.Kurtosis);
            foreach (double x in new[] { 1e-4, 0.1, 0.8, 2, 7 })
            {
                Assert.Equal(exact.Pdf(x), chain.Pdf(x), 1e-11 * exact.Pdf(x));
                Assert.Equal(exact.Survival(x), chain.Survival(x), 1e-11 * exact.Survival(x));
                Assert.Equal(exact.LowerMass(x), chain.LowerMass(x), 1e-11 * exact.LowerMass(x));
                Assert.Equal(exact.Cdf(x), chain.Cdf(x), 1e-11);
                Assert.Equal(exact.Cdf(-x), chain.Cdf(-x), 1e-11);
            }
            Assert.Equal(exact.Quantile(0.9), chain.Quantile(0.9), 1e-11 * exact.Quantile(0.9));
        }
    }

    [Fact]
    public void DrawnNetworksWithBiasesFitAndOthersDoNot()
    {
        double[] biases = [0.6, 0.3, 0.8];
        int[] widths = [4, 3, 5, 2];
        PriorNetwork network = Network(1);
        double[] outputs = InitializerSample.Outputs(widths, WeightInitializer.He, ActivationFunction.Relu, 1.3, 30_000, 4, biases);
        PriorFit fit = PriorFit.Test(BiasedPriorPredictive.Of(network, 1.3), outputs);
        Assert.InRange(fit.KolmogorovPValue, 1e-4, 1);
        Assert.InRange(fit.AndersonDarlingPValue, 1e-4, 1);
        Assert.True(PriorFit.Test(BiasedPriorPredictive.Of(Network(1.06), 1.3), outputs).AndersonDarlingPValue < 1e-4);
        Assert.True(PriorFit.Test(PriorPredictive.Of(new PriorNetwork(4, network.Hidden.Select(l => l with { BiasStd = 0 }), 2, network.ReadOutStd), 1.3), outputs).KolmogorovPValue < 1e-6);

        PriorNetwork Network(double scale)
        {
            PriorNetwork he = PriorNetwork.He(widths);
            return new(4, he.Hidden.Select((l, i) => l with { BiasStd = scale * biases[i] }), 2, he.ReadOutStd, scale * biases[2]);
        }
    }

    [Fact]
    public void NormsWithBiasesFitDrawnOnes()
    {
        // One hidden layer, whose units are drawn here: V given them, and k outputs.
        const int hidden = 3, outputs = 4, draws = 5_000;
        PriorNetwork network = new(2, [new(hidden, 0.9) { BiasStd = 0.5 }], outputs, 0.8, 0.4);
        RandomStream random = new(11);
        double[] norms = new double[draws], units = new double[draws], layers = new double[draws];
        for (int n = 0; n < draws; n++)
        {
            double square = 0, layer = 0;
            for (int i = 0; i < hidden; i++)
            {
                double z = Math.Sqrt(0.25 + (0.81 * 1.21)) * random.NextNormal();
                if (i == 0) units[n] = Math.Max(z, 0);
                layer += z * z;
                if (z > 0) square += z * z;
            }
            double norm = 0;
            for (int o = 0; o < outputs; o++)
            {
                double f = Math.Sqrt(0.16 + (0.64 * square)) * random.NextNormal();
                norm += f * f;
            }
            (norms[n], layers[n]) = (Math.Sqrt(norm), Math.Sqrt(layer));
        }
        Fits(PriorQuantity.OutputNorm, norms, units);
        Fits(PriorQuantity.PostActivation(1), units, norms);
        Fits(PriorQuantity.PreActivationNorm(1), layers, norms);

        void Fits(PriorQuantity quantity, double[] samples, double[] others)
        {
            NormalVarianceMixture law = BiasedPriorPredictive.Of(network, 1.1, quantity);
            PriorFit fit = PriorFit.Test(law, samples);
            Assert.InRange(fit.KolmogorovPValue, 1e-4, 1);
            Assert.InRange(fit.AndersonDarlingPValue, 1e-4, 1);
            Assert.InRange(fit.AtomPValue, 1e-4, 1);
            Assert.True(PriorFit.Test(law, others).KolmogorovPValue < 1e-6);
        }
    }

    [Fact]
    public void QuantitiesThatAreNoMixtureAreRefused()
    {
        PriorNetwork network = new(2, [new(3, 1) { BiasStd = 1 }, new(3, 1, PriorLayerKind.LeakyRelu) { Slope = 0.1, BiasStd = 1 }], 2, 1, 1);
        foreach (PriorQuantity quantity in (PriorQuantity[])[PriorQuantity.PostActivationNorm(1), PriorQuantity.PostActivation(2), PriorQuantity.PreActivation(3)])
        {
            Assert.Throws<OrthantInputException>(() => BiasedPriorPredictive.Of(network, 1, quantity));
        }
        NormalVarianceMixture norm = BiasedPriorPredictive.Of(network, 1, PriorQuantity.OutputNorm);
        Assert.Throws<OrthantInputException>(() => norm.Normal());
        Assert.Equal(double.NegativeInfinity, norm.LogPdf(-1));
        Assert.Equal(0, norm.Cdf(-1));
    }
}
