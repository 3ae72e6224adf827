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
