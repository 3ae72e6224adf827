using Orthant.Numerics;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.RecalibrationTests;

namespace Orthant.Tests.Uncertainty;

public class SignificanceTests
{
    [Fact]
    public void A_bootstrap_interval_of_a_mean_has_the_normal_width_and_holds_the_truth_as_often_as_it_says()
    {
        RandomStream random = new(11);
        int held = 0;
        double width = 0;
        double[] x = new double[100];
        for (int trial = 0; trial < 200; trial++)
        {
            random.FillNormals(x);
            Bootstrap b = Bootstrap.Of(100, drawn => drawn.Average(i => x[i]), (ulong)trial, 300);
            Assert.Equal(x.Average(), b.Value, 1e-12);
            if (b.Lower <= 0 && b.Upper >= 0) held++;
            width += (b.Upper - b.Lower) / 200;
        }
        // 2 · 1.96 / √100, and 0.95 · 200 with four binomial deviations and the bootstrap's own shortness of about a hundredth.
        Assert.InRange(width, 0.37, 0.41);
        Assert.InRange(held, 173, 200);
    }

    /// <summary>Each point of a band is the interval that its statistic has by itself.</summary>
    [Fact]
    public void A_band_is_an_interval_a_point()
    {
        (double[] logits, int[] labels) = Drawn(300, 4, 8);
        (double[] c, bool[] right) = ClassificationMetrics.Outcomes(ClassProbabilities.FromLogits(logits, 4), labels);
        Bootstrap[] reliability = Calibration.ReliabilityBand(c, right, 10, 3, 150);
        for (int b = 0; b < 10; b++)
        {
            double Accuracy(IEnumerable<int> drawn)
            {
                bool[] own = [.. drawn.Where(i => c[i] > b / 10.0 && c[i] <= (b + 1) / 10.0).Select(i => right[i])];
                return own.Length == 0 ? double.NaN : own.Average(r => r ? 1.0 : 0);
            }
            if (double.IsNaN(Accuracy(Enumerable.Range(0, 300))))
            {
                Assert.True(double.IsNaN(reliability[b].Value) && double.IsNaN(reliability[b].Lower));
                continue;
            }
            if (Enumerable.Range(0, 300).Count(i => c[i] > b / 10.0 && c[i] <= (b + 1) / 10.0) < 20) continue;
            Bootstrap own = Bootstrap.Of(300, drawn => Accuracy(drawn), 3, 150);
            Assert.Equal((own.Value, own.Lower, own.Upper), (reliability[b].Value, reliability[b].Lower, reliability[b].Upper));
        }
        Bootstrap[] risk = RiskCoverage.Band(c, right, 20, 5, 80);
        Bootstrap half = Bootstrap.Of(300, drawn => RiskCoverage.Of([.. drawn.Order().Select(i => c[i])], [.. drawn.Order().Select(i => right[i])]).Risks.Span[149], 5, 80);
        Assert.Equal((half.Value, half.Lower, half.Upper), (risk[9].Value, risk[9].Lower, risk[9].Upper));
        Assert.Equal(1 - right.Average(r => r ? 1.0 : 0), risk[^1].Value, 1e-12);
    }

    [Fact]
    public void A_paired_test_sees_a_shift_and_is_uniform_without_one()
    {
        RandomStream random = new(12);
        double[] a = new double[50], b = new double[50], zero = new double[50];
        int small = 0;
        for (int trial = 0; trial < 300; trial++)
        {
            random.FillNormals(a);
            random.FillNormals(b);
            if (PairedTest.Of(a, b, (ulong)trial, 199).PValue <= 0.1) small++;
        }
        // 30 of 300, within four binomial deviations.
        Assert.InRange(small, 9, 51);
        PairedTest shifted = PairedTest.Of([.. a.Select(v => v + 1)], a);
        Assert.Equal(1, shifted.Difference, 1e-12);
        Assert.Equal(1.0 / 1001, shifted.PValue, 1e-12);
        Assert.Equal(1, PairedTest.Of(zero, zero).PValue);
        Assert.Contains("equally many", Refusal(() => PairedTest.Of([1, 2], [1])));
    }
}
