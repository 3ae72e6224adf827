using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>Twelve architectures, networks drawn weight by weight: a million of each up to width 16 and depth 10, ten thousand of the wide ones.</summary>
[Trait("Category", "Long")]
public sealed class PriorMillionDrawTests
{
    [Theory]
    [InlineData(1_000_000, 1)]
    [InlineData(1_000_000, 16)]
    [InlineData(1_000_000, 2, 3)]
    [InlineData(1_000_000, 8, 4)]
    [InlineData(1_000_000, 5, 5, 5)]
    [InlineData(1_000_000, 16, 2, 16)]
    [InlineData(1_000_000, 3, 3, 3, 3, 3, 3)]
    [InlineData(1_000_000, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4)]
    [InlineData(1_000_000, 9, 8, 7, 6, 5, 4, 3, 2)]
    [InlineData(10_000, 100, 100)]
    [InlineData(10_000, 300, 50, 200)]
    [InlineData(10_000, 64, 64, 64, 64, 64)]
    public void OutputsFollowTheLaw(int draws, params int[] widths)
    {
        double[] input = [0.6, -0.8, 1.1];
        PriorNetwork network = new(3, widths.Select(d => new PriorLayer(d, Math.Sqrt(2.0 / d))), 1, 0.9);
        RandomStream random = new(2026, (ulong)widths.Length);
        double[] outputs = new double[draws], h = new double[widths.Max() + 3], z = new double[h.Length];
        for (int n = 0; n < draws; n++)
        {
            input.CopyTo(h, 0);
            int count = input.Length;
            foreach (int width in widths)
            {
                double std = Math.Sqrt(2.0 / width);
                for (int i = 0; i < width; i++)
                {
                    double sum = 0;
                    for (int j = 0; j < count; j++) sum += random.NextNormal() * h[j];
                    z[i] = Math.Max(0, std * sum);
                }
                (h, z, count) = (z, h, width);
            }
            double f = 0;
            for (int j = 0; j < count; j++) f += random.NextNormal() * h[j];
            outputs[n] = 0.9 * f;
        }
        PriorFit fit = PriorFit.Test(PriorPredictive.Of(network, input), outputs);
        Assert.True(fit.AtomPValue > 1e-4 && fit.KolmogorovPValue > 1e-4 && fit.AndersonDarlingPValue > 1e-4, $"{fit}");
        // The same draws do not fit a law with scales five per cent larger, where there are enough of them to tell.
        PriorNetwork other = new(3, network.Hidden, 1, 0.945);
        if (draws == 1_000_000) Assert.True(PriorFit.Test(PriorPredictive.Of(other, input), outputs).KolmogorovPValue < 1e-4);
    }
}
