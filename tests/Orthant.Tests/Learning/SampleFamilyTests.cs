using Orthant.Learning;

namespace Orthant.Tests.Learning;

/// <summary>The families of samples: their values, their laws, and what makes them hard.</summary>
public sealed class SampleFamilyTests
{
    [Fact]
    public void ProbePointsHaveTheListedValues()
    {
        foreach (LearningCase c in LearningCase.All())
        {
            for (int i = 0; i < c.ProbePoints.Length; i++)
            {
                double value = c.Family.Evaluate(c.ProbePoints[i].AsSpan(0, c.Dimension)) * c.Family.Scale / c.Scale;
                Assert.Equal(c.ProbeValues[i], value, 1e-9);
            }
            // The scale is a sample's standard deviation on both sides.
            if (c.Dimension > 0) Assert.Equal(1, c.Family.Scale / c.Scale, 0.02);
        }
    }

    [Theory]
    [InlineData("altplane4", 2)]
    [InlineData("altplane6", 2)]
    [InlineData("parity4", 4)]
    public void LowHermiteMomentsVanish(string name, int k)
    {
        FamilySample sample = SampleFamily.Parse(name, 0)!.Draw(100_000, k, 3);
        ReadOnlySpan<float> x = sample.Samples.AllInputs.Span;
        ReadOnlySpan<double> y = sample.Samples.AllTargets.Span;
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double first = 0, second = 0;
                for (int r = 0; r < y.Length; r++)
                {
                    first += y[r] * x[(r * k) + i] / y.Length;
                    second += y[r] * ((x[(r * k) + i] * x[(r * k) + j]) - (i == j ? 1 : 0)) / y.Length;
                }
                // Five standard deviations of a mean of 100,000 products.
                Assert.InRange(first, -5 * 0.005, 5 * 0.005);
                Assert.InRange(second, -5 * 0.012, 5 * 0.012);
            }
        }
    }

    [Theory]
    [InlineData(InputLaw.Normal)]
    [InlineData(InputLaw.Uniform)]
    [InlineData(InputLaw.StudentT)]
    public void InputsHaveMeanZeroAndVarianceOne(InputLaw law)
    {
        float[] x = SampleFamily.Null.WithInputs(law).Draw(20_000, 5, 1).Samples.AllInputs.ToArray();
        Assert.Equal(0, x.Average(v => (double)v), 0.02);
        Assert.Equal(1, x.Average(v => (double)v * v), 0.05);
    }

    [Fact]
    public void TargetsDependOnTheHiddenDirectionsAlone()
    {
        FamilySample sample = SampleFamily.Gated.Draw(50, 12, 4);
        double[] u = new double[3];
        for (int r = 0; r < 50; r++)
        {
            for (int j = 0; j < 3; j++)
            {
                u[j] = Enumerable.Range(0, 12).Sum(i => sample.Basis[(j * 12) + i] * sample.Samples.AllInputs.Span[(r * 12) + i]);
            }
            Assert.Equal(SampleFamily.Gated.Evaluate(u), sample.Samples.AllTargets.Span[r], 1e-12);
        }
    }

    [Fact]
    public void EveryNameIsAFamilyAndOddOnesAreRefused()
    {
        Assert.All(SampleFamily.Names, n => Assert.Equal(n.Name, SampleFamily.Parse(n.Name, 1)!.Name));
        Assert.Null(SampleFamily.Parse("altplane3", 1));
        Assert.Null(SampleFamily.Parse("parity5", 1));
        Assert.Null(SampleFamily.Parse("altplane", 1));
        Assert.Throws<ArgumentException>(() => SampleFamily.AlternatingPlane(5));
    }
}
