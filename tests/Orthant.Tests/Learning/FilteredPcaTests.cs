using Orthant.Learning;

namespace Orthant.Tests.Learning;

/// <summary>Learning from samples: what is found, what is refused, and what is not claimed.</summary>
public sealed class FilteredPcaTests
{
    private const int Inputs = 20;

    internal static (double Sine, double Error) Measure(
        SampleFamily family, FamilySample sample, LearnedNetwork learned, double[]? map = null)
    {
        int d = sample.Samples.Inputs;
        FamilySample test = family.WithNoise(0).Draw(20_000, d, 4242, [.. sample.Basis]);
        double[] x = Array.ConvertAll(test.Samples.AllInputs.ToArray(), v => (double)v), y = test.Samples.AllTargets.ToArray(),
            outputs = new double[y.Length];
        if (map is not null) x = Mapped(x, d, map);
        learned.Network.Evaluate<double>(y.Length, x, outputs);
        double mean = y.Average(), variance = y.Average(v => (v - mean) * (v - mean));
        Subspace hidden = Subspace.Span(d, sample.Basis.AsSpan());
        Subspace found = learned.Dimension == 0 ? Subspace.Empty(d) : Subspace.Span(d, learned.Basis.SelectMany(r => r).ToArray());
        return (hidden.SineTo(found), Math.Sqrt(y.Zip(outputs).Average(p => (p.First - p.Second) * (p.First - p.Second)) / variance));
    }

    /// <summary>Rows times the transpose of a matrix.</summary>
    internal static double[] Mapped(double[] rows, int d, double[] map)
    {
        double[] result = new double[rows.Length];
        for (int at = 0; at < rows.Length; at += d)
        {
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j < d; j++) result[at + i] += map[(i * d) + j] * rows[at + j];
            }
        }
        return result;
    }

    [Theory]
    [InlineData("altplane6", 8000)]
    [InlineData("parity4", 20_000)]
    [InlineData("multiscale", 20_000)]
    public void HardFamiliesAreLearnedExactly(string name, int rows)
    {
        SampleFamily family = SampleFamily.Parse(name, 1)!;
        FamilySample sample = family.Draw(rows, Inputs, 1);
        LearnedNetwork learned = FilteredPca.Fit(sample.Samples);
        (double sine, double error) = Measure(family, sample, learned);
        Assert.Equal(family.Dimension, learned.Dimension);
        Assert.InRange(sine, 0, 1e-4);
        Assert.InRange(error, 0, 2e-3);
        Assert.InRange(learned.HeldOutError!.Value, 0, 3e-4);
        Assert.True(learned.IsHomogeneous && learned.IsExact);
        Assert.Contains(learned.Rounds, r => r.Accepted && r.Eigenvalue > r.NullQuantile && r.Probability < 1e-6);
        // Whoever does not see one of the directions does not know the function.
        Assert.All(learned.Directions, direction => Assert.True(direction.ErrorWithout > 0.01));
    }

    [Fact]
    public void ResultsDoNotDependOnTheNumberOfThreads()
    {
        FamilySample sample = SampleFamily.AlternatingPlane(4).Draw(6000, 10, 5);
        LearnedNetwork one = FilteredPca.Fit(sample.Samples, new FilteredPcaOptions { Threads = 1, Seed = 3 });
        LearnedNetwork three = FilteredPca.Fit(sample.Samples, new FilteredPcaOptions { Threads = 3, Seed = 3 });
        Assert.Equal(one.Network, three.Network);
        Assert.Equal(one.Rounds.Select(r => r.Eigenvalue), three.Rounds.Select(r => r.Eigenvalue));
    }

    [Fact]
    public void CorrelatedShiftedInputsAreWhitened()
    {
        const int d = 8;
        double[] map = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j <= i; j++) map[(i * d) + j] = i == j ? 0.3 + i : 0.4;
        }
        SampleFamily family = SampleFamily.AlternatingPlane(4);
        FamilySample sample = family.Draw(20_000, d, 2);
        double[] x = Mapped(Array.ConvertAll(sample.Samples.AllInputs.ToArray(), v => (double)v), d, map);
        LearnedNetwork learned = FilteredPca.Fit(new SampleArray(Array.ConvertAll(x, v => (float)v), sample.Samples.AllTargets.ToArray()));
        Assert.Equal(2, learned.Dimension);
        Assert.InRange(Measure(family, sample, learned, map).Error, 0, 2e-3);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("sawtooth")]
    public void NothingIsFoundWhereNothingShows(string name)
    {
        LearnedNetwork learned = FilteredPca.Fit(SampleFamily.Parse(name, 0)!.Draw(6000, Inputs, 9).Samples);
        Assert.Equal(0, learned.Dimension);
        Assert.Null(learned.HeldOutError);
        Assert.Contains("no significant direction", learned.Notes);
        Assert.All(learned.Rounds, r => Assert.Equal(0, r.Significant));
    }

    [Fact]
    public void InputsThatAreNotEllipticalAreNoted()
    {
        LearnedNetwork cube = FilteredPca.Fit(SampleFamily.Null.WithInputs(InputLaw.Uniform).Draw(3000, 6, 1).Samples);
        Assert.Contains(cube.Notes, n => n.Contains("neither normal nor elliptical", StringComparison.Ordinal));
        foreach (InputLaw law in (InputLaw[])[InputLaw.Normal, InputLaw.StudentT])
        {
            Assert.DoesNotContain(
                FilteredPca.Fit(SampleFamily.Null.WithInputs(law).Draw(3000, 6, 1).Samples).Notes, n =>
                n.Contains("elliptical", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void TooFewSamplesAreNotAModel()
    {
        LearnedNetwork learned = FilteredPca.Fit(SampleFamily.AlternatingPlane(6).Draw(500, 50, 3).Samples);
        Assert.Equal(0, learned.Dimension);
        Assert.Single(learned.Network.Layers);
    }

    [Fact]
    public void BadInputIsToldInOneLine()
    {
        float[] x = SampleFamily.Null.Draw(100, 4, 1).Samples.AllInputs.ToArray();
        double[] y = [.. Enumerable.Range(0, 100).Select(i => (double)(i % 7))];
        Assert.Contains("target that varies", Refused(x, new double[100]));
        Assert.Contains("more rows than inputs", Refused(x[..16], y[..4]));
        float[] twin = [.. x], same = [.. x], far = [.. x];
        for (int r = 0; r < 100; r++)
        {
            twin[(4 * r) + 3] = 2 * twin[4 * r];
            same[(4 * r) + 1] = 7;
        }
        Assert.Contains("the same as column 1", Refused(twin, y));
        Assert.Contains("an input that varies", Refused(same, y));
        far[7] = float.NaN;
        Assert.Contains("a finite number", Refused(far, y));
        y[3] = double.PositiveInfinity;
        Assert.Contains("target of row 4", Refused(x, y));
    }

    private static string Refused(float[] x, double[] y) =>
        Assert.Throws<OrthantInputException>(() => FilteredPca.Fit(new SampleArray(x, y))).Message;
}
