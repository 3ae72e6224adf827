using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

public sealed class PriorSamplingTests
{
    /// <summary>Twelve networks, seeds fixed: a right law fails a threshold of 10⁻⁴ once in hundreds of such suites, a wrong one always.</summary>
    [Theory]
    [InlineData("relu", 200_000, 1)]
    [InlineData("relu", 200_000, 3, 2)]
    [InlineData("relu", 100_000, 10, 10, 10)]
    [InlineData("relu", 50_000, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)]
    [InlineData("relu", 50_000, 300, 100)]
    [InlineData("linear", 200_000, 1, 1)]
    [InlineData("linear", 100_000, 4, 16)]
    [InlineData("leaky", 100_000, 3, 5)]
    [InlineData("leaky", 100_000, 16)]
    [InlineData("dropout", 100_000, 6, 4)]
    [InlineData("orthogonal", 100_000, 4, 4, 4)]
    [InlineData("mixed", 100_000, 5, 5, 7)]
    public void The_sampler_draws_from_the_law(string kind, int count, params int[] widths)
    {
        PriorNetwork network = Network(kind, widths);
        foreach (PriorQuantity quantity in new[] { PriorQuantity.Output, PriorQuantity.OutputNorm, PriorQuantity.PostActivationNorm(widths.Length) })
        {
            // The norm behind orthogonal layers alone is the product of the gains with a positive probability.
            if (kind == "orthogonal" && quantity.Kind == PriorQuantityKind.PostActivationNorm)
            {
                Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(network, 1.5, quantity).Survival(1));
                continue;
            }
            PriorPredictive law = PriorPredictive.Of(network, 1.5, quantity);
            double[] samples = new double[count / 4];
            law.Sampler().Fill(new RandomStream(11, (ulong)(widths.Length + count)), samples);
            AssertFits(PriorFit.Test(law, samples));
        }
    }

    [Theory]
    [InlineData("relu", 60_000, 1)]
    [InlineData("relu", 60_000, 3, 2)]
    [InlineData("relu", 40_000, 4, 4, 4, 4)]
    [InlineData("relu", 10_000, 16, 16, 8)]
    [InlineData("relu", 1_000, 100, 60)]
    [InlineData("linear", 40_000, 2, 5)]
    [InlineData("leaky", 40_000, 3, 5)]
    [InlineData("leaky", 10_000, 12, 9)]
    [InlineData("dropout", 40_000, 6, 4)]
    [InlineData("orthogonal", 20_000, 4, 4)]
    [InlineData("mixed", 10_000, 5, 5, 7)]
    [InlineData("relu", 40_000, 2, 2, 2, 2, 2, 2)]
    public void Networks_of_real_weight_matrices_follow_the_law(string kind, int count, params int[] widths)
    {
        PriorNetwork network = Network(kind, widths);
        double[] input = new double[network.Inputs];
        for (int i = 0; i < input.Length; i++) input[i] = i % 2 == 0 ? 0.5 + 0.1 * i : -0.3;
        RandomStream random = new(5, (ulong)count);
        double[] outputs = new double[count], norms = new double[count], units = new double[count];
        for (int n = 0; n < count; n++) (outputs[n], norms[n], units[n]) = Forward(network, input, random);
        AssertFits(PriorFit.Test(PriorPredictive.Of(network, input), outputs));
        AssertFits(PriorFit.Test(PriorPredictive.Of(network, input, PriorQuantity.OutputNorm), norms));
        if (kind == "relu") AssertFits(PriorFit.Test(PriorPredictive.Of(network, input, PriorQuantity.PostActivation(widths.Length)), units));
    }

    [Fact]
    public void A_wrong_law_is_rejected()
    {
        PriorPredictive law = PriorPredictive.Of(PriorNetwork.He(3, 6, 6, 1), 1), other = PriorPredictive.Of(PriorNetwork.He(3, 7, 7, 1), 1);
        double[] samples = new double[40_000];
        other.Sampler().Fill(new RandomStream(3), samples);
        PriorFit fit = PriorFit.Test(law, samples);
        Assert.True(fit.AtomPValue < 1e-6);
        PriorPredictive scaled = PriorPredictive.Of(PriorNetwork.He(3, 6, 6, 1), 1.1);
        scaled.Sampler().Fill(new RandomStream(3), samples);
        fit = PriorFit.Test(law, samples);
        Assert.True(fit.AtomPValue > 1e-4);
        Assert.True(fit.KolmogorovPValue < 1e-4 && fit.AndersonDarlingPValue < 1e-4);
    }

    [Fact]
    public void P_values_are_those_of_the_tables()
    {
        // Critical values of the limiting laws: Kolmogorov 1.3581 at 5 %, 1.6276 at 1 %; Anderson-Darling 2.4924 at 5 %, 3.8781 at 1 %.
        Assert.Equal(0.05, PriorFit.KolmogorovTail(1.3581), 2e-5);
        Assert.Equal(0.01, PriorFit.KolmogorovTail(1.6276), 2e-5);
        Assert.Equal(0.27, PriorFit.KolmogorovTail(1.0), 1e-4);
        Assert.Equal(PriorFit.KolmogorovTail(1.0), PriorFit.KolmogorovTail(1.0000001), 1e-6);
        Assert.Equal(0.05, PriorFit.AndersonDarlingTail(2.4924), 2e-5);
        Assert.Equal(0.01, PriorFit.AndersonDarlingTail(3.8781), 2e-5);
        Assert.InRange(PriorFit.AndersonDarlingTail(0.05), 0.9999, 1);
        PriorPredictive law = PriorPredictive.Of(PriorNetwork.He(2, 3, 1), 1);
        Assert.Throws<OrthantInputException>(() => PriorFit.Test(law, []));
        Assert.Throws<OrthantInputException>(() => PriorFit.Test(law, [1, double.NaN]));
        PriorPredictive norm = PriorPredictive.Of(PriorNetwork.He(2, 3, 1), 1, PriorQuantity.OutputNorm);
        Assert.Throws<OrthantInputException>(() => PriorFit.Test(norm, [-1]));
    }

    private static void AssertFits(PriorFit fit)
    {
        Assert.True(fit.AtomPValue > 1e-4, $"{fit}");
        Assert.True(fit.KolmogorovPValue > 1e-4, $"{fit}");
        Assert.True(fit.AndersonDarlingPValue > 1e-4, $"{fit}");
    }

    private static PriorNetwork Network(string kind, int[] widths)
    {
        int inputs = kind is "orthogonal" or "mixed" ? widths[0] : 3;
        return new(inputs, widths.Select((d, l) => kind switch
        {
            "linear" => new PriorLayer(d, 0.9, PriorLayerKind.Linear),
            "leaky" => new PriorLayer(d, 0.9, PriorLayerKind.LeakyRelu) { Slope = 0.25 },
            "dropout" => new PriorLayer(d, 0.9) { KeepProbability = 0.7 },
            "orthogonal" => new PriorLayer(d, 1.3, PriorLayerKind.OrthogonalRelu),
            "mixed" => l switch
            {
                0 => new PriorLayer(d, 1.2, PriorLayerKind.OrthogonalLinear),
                1 => new PriorLayer(d, 1.4, PriorLayerKind.OrthogonalRelu),
                _ => new PriorLayer(d, 0.6, PriorLayerKind.LeakyRelu) { Slope = -0.4 },
            },
            _ => new PriorLayer(d, 0.9),
        }), 2, 0.8);
    }

    /// <summary>A plain forward pass through freshly drawn matrices; also the last hidden layer's first unit.</summary>
    private static (double Output, double Norm, double Unit) Forward(PriorNetwork network, double[] input, RandomStream random)
    {
        double[] h = input;
        foreach (PriorLayer layer in network.Hidden)
        {
            bool orthogonal = layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear;
            double[] z = orthogonal ? Rotate(h, layer.WeightStd, random) : Multiply(h, layer.Width, layer.WeightStd, random);
            for (int i = 0; i < z.Length; i++)
            {
                z[i] = layer.Kind switch
                {
                    PriorLayerKind.Linear or PriorLayerKind.OrthogonalLinear => z[i],
                    PriorLayerKind.LeakyRelu => Math.Max(z[i], 0) + layer.Slope * Math.Min(z[i], 0),
                    _ => Math.Max(z[i], 0),
                };
                if (layer.KeepProbability < 1) z[i] = random.NextDouble() < layer.KeepProbability ? z[i] / layer.KeepProbability : 0;
            }
            h = z;
        }
        double[] f = Multiply(h, network.Outputs, network.ReadOutStd, random);
        return (f[0], Math.Sqrt(f.Sum(x => x * x)), h[0]);
    }

    private static double[] Multiply(double[] x, int rows, double std, RandomStream random)
    {
        double[] y = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            foreach (double value in x) y[i] += std * random.NextNormal() * value;
        }
        return y;
    }

    /// <summary>A uniformly random orthogonal matrix times x, by Gram–Schmidt on normal columns.</summary>
    private static double[] Rotate(double[] x, double gain, RandomStream random)
    {
        int d = x.Length;
        double[] y = new double[d];
        List<double[]> columns = [];
        for (int j = 0; j < d; j++)
        {
            double[] v = [.. Enumerable.Range(0, d).Select(_ => random.NextNormal())];
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] u in columns)
                {
                    double dot = 0;
                    for (int i = 0; i < d; i++) dot += u[i] * v[i];
                    for (int i = 0; i < d; i++) v[i] -= dot * u[i];
                }
            }
            double norm = Math.Sqrt(v.Sum(a => a * a));
            for (int i = 0; i < d; i++)
            {
                v[i] /= norm;
                y[i] += gain * v[i] * x[j];
            }
            columns.Add(v);
        }
        return y;
    }
}
