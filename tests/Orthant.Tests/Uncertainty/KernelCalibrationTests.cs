using MathNet.Numerics.Distributions;
using Orthant.Numerics;
using Orthant.Uncertainty;

namespace Orthant.Tests.Uncertainty;

public sealed class KernelCalibrationTests
{
    [Theory]
    [InlineData(0.003)]
    [InlineData(0.05)]
    public void TheErrorIsTheMeanGapToTheAccuracyOfBetaKernels(double h)
    {
        RandomStream random = new(3);
        double[] p = [.. Enumerable.Range(0, 60).Select(_ => random.NextDouble())];
        bool[] right = [.. p.Select(q => random.NextDouble() < q * q)];
        (p[0], p[1]) = (0, 1);
        double expected = 0;
        for (int i = 0; i < p.Length; i++)
        {
            // The densities themselves, by another library; at 0 and 1 they are taken next to it.
            double[] weights = [.. p.Select((q, j) => j == i ? 0 : Beta.PDF((p[i] / h) + 1, ((1 - p[i]) / h) + 1, Math.Clamp(q, 1e-12, 1 - 1e-12)))];
            double sum = weights.Sum();
            if (sum > 0) expected += Math.Abs((weights.Zip(right, (w, r) => r ? w : 0).Sum() / sum) - p[i]);
        }
        Assert.Equal(expected / p.Length, KernelCalibration.ExpectedError(p, right, h), 1e-8);
    }

    [Fact]
    public void CalibratedConfidencesHaveASmallErrorAndOthersTheirGap()
    {
        RandomStream random = new(8);
        double[] p = [.. Enumerable.Range(0, 4000).Select(_ => random.NextDouble(0.4, 1))];
        bool[] calibrated = [.. p.Select(q => random.NextDouble() < q)], over = [.. p.Select(q => random.NextDouble() < q - 0.2)];
        Assert.InRange(KernelCalibration.ExpectedError(p, calibrated), 0, 0.03);
        Assert.Equal(0.2, KernelCalibration.ExpectedError(p, over), 0.02);
        Assert.InRange(KernelCalibration.Bandwidth(p), 1e-3, 0.1);
        // Two heaps far from each other want narrow kernels.
        Assert.True(KernelCalibration.Bandwidth([.. p.Select((_, i) => (i % 2 == 0 ? 0.3 : 0.7) + (1e-3 * p[i]))]) < KernelCalibration.Bandwidth(p));
    }

    [Fact]
    public void WrongInputIsRefused()
    {
        Assert.Throws<ArgumentException>(() => KernelCalibration.ExpectedError([0.5], [true]));
        Assert.Throws<ArgumentException>(() => KernelCalibration.ExpectedError([0.5, 0.6], [true]));
        Assert.Throws<ArgumentException>(() => KernelCalibration.ExpectedError([0.5, 0.6], [true, false], 0));
    }
}
