using MathNet.Numerics.LinearAlgebra;
using Orthant.Learning;
using Orthant.Numerics;

namespace Orthant.Tests.Learning;

/// <summary>The acceptance cases, each on three seeds of directions and samples, and the promises about sample sizes and false
/// directions.</summary>
[Trait("Category", "Long")]
public sealed class LearningAcceptanceTests
{
    public static TheoryData<string, ulong> Runs { get; } = MakeRuns();

    [Theory]
    [MemberData(nameof(Runs))]
    public void CasesAreLearned(string id, ulong seed)
    {
        LearningCase c = LearningCase.All().Single(x => x.Id == id);
        (LearnedNetwork learned, double sine, double error) = Learn(c, seed);
        Assert.Equal(c.ExpectedDimension, learned.Dimension);
        if (c.MostError is double most) Assert.InRange(sine, 0, most);
        if (c.MostNrmse is double mostNrmse) Assert.InRange(error, 0, mostNrmse);
    }

    [Theory]
    [InlineData(3000, 2e-3)]
    [InlineData(8000, 5e-4)]
    public void SixFoldPlanesNeedThreeThousandRows(int rows, double most)
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            SampleFamily family = SampleFamily.AlternatingPlane(6);
            FamilySample sample = family.Draw(rows, 50, seed);
            LearnedNetwork learned = FilteredPca.Fit(sample.Samples, new FilteredPcaOptions { Seed = seed });
            Assert.Equal(2, learned.Dimension);
            Assert.InRange(FilteredPcaTests.Measure(family, sample, learned).Error, 0, most);
        }
    }

    [Fact]
    public void BetweenTheThresholdsDirectionsAreSignificantAndTheFitIsNot()
    {
        LearnedNetwork learned = FilteredPca.Fit(
            SampleFamily.AlternatingPlane(6).Draw(1300, 50, 2).Samples, new FilteredPcaOptions { Seed = 2 });
        Assert.Equal(0, learned.Dimension);
        Assert.True(learned.IsSignificantButNotValidated);
    }

    [Theory]
    [InlineData("null", InputLaw.Normal)]
    [InlineData("null", InputLaw.StudentT)]
    [InlineData("sawtooth", InputLaw.Normal)]
    public void FalseDirectionsAreRare(string name, InputLaw law)
    {
        int found = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            FamilySample sample = SampleFamily.Parse(name, seed)!.WithInputs(law).Draw(6000, 30, seed);
            if (FilteredPca.Fit(sample.Samples, new FilteredPcaOptions { Seed = seed }).Rounds.Any(r => r.Significant > 0)) found++;
        }
        Assert.Equal(0, found);
    }

    [Fact]
    public void AnglesKeepTheirBounds()
    {
        // 40 runs with noise: the angle of each direction to the hidden plane is below its bound of 95 % in 95 % of them, give or take 4
        // standard deviations.
        int kept = 0, all = 0;
        double squares = 0, expected = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            FamilySample sample = SampleFamily.AlternatingPlane(2).WithNoise(0.5).Draw(4000, 12, seed);
            LearnedNetwork learned = FilteredPca.Fit(
                sample.Samples, new FilteredPcaOptions { Seed = seed, Whitening = WhiteningKind.None, FinalStages = 0 });
            Assert.Equal(2, learned.Dimension);
            Subspace hidden = Subspace.Span(12, sample.Basis.AsSpan());
            foreach (LearnedDirection direction in learned.Directions)
            {
                double sine = Subspace.Span(12, direction.Row.AsSpan()).SineTo(hidden);
                all++;
                if (sine <= direction.Angle95) kept++;
                squares += sine * sine;
                expected += direction.StandardAngle * direction.StandardAngle;
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kept} of {all}; root mean square {Math.Sqrt(squares / all):G3}, predicted {Math.Sqrt(expected / all):G3}");
        Assert.InRange(kept / (double)all, 0.95 - (4 * Math.Sqrt(0.95 * 0.05 / all)), 1);
        Assert.InRange(squares / expected, 0.7, 1.4);
    }

    internal static (LearnedNetwork Learned, double Sine, double Error) Learn(LearningCase c, ulong seed)
    {
        // Targets are scaled as the case says, by a factor near 1 of the family's own scale; errors are relative, so it does not matter.
        SampleFamily family = c.Family.WithInputs(c.Law).WithNoise(c.Id == "L-null" ? 1 : c.Noise);
        FamilySample sample = family.Draw(c.Rows, c.Inputs, seed);
        if (c.Id != "L-covar")
        {
            LearnedNetwork plain = FilteredPca.Fit(sample.Samples, new FilteredPcaOptions { Seed = seed });
            (double sine, double error) = FilteredPcaTests.Measure(family, sample, plain);
            return (plain, sine, error);
        }
        // x = A z with a covariance whose eigenvalues run from 0.05 to 5; y = f(V z) = f(V A⁻¹ x).
        int d = c.Inputs;
        RandomStream random = new(seed, 77);
        Matrix<double> turn = Matrix<double>.Build.Dense(d, d, (_, _) => random.NextNormal()).QR().Q;
        Matrix<double> map = turn * Matrix<double>.Build.DiagonalOfDiagonalArray(
            [.. Enumerable.Range(0, d).Select(i => Math.Sqrt(0.05 * Math.Pow(100, i / (d - 1.0))))]);
        double[] a = map.ToRowMajorArray();
        float[] x = Array.ConvertAll(
            FilteredPcaTests.Mapped(Array.ConvertAll(sample.Samples.AllInputs.ToArray(), v => (double)v), d, a), v => (float)v);
        LearnedNetwork learned = FilteredPca.Fit(
            new SampleArray(x, sample.Samples.AllTargets.ToArray()), new FilteredPcaOptions { Seed = seed });
        double test = FilteredPcaTests.Measure(family, sample, learned, a).Error;
        Subspace hidden = Subspace.Span(
            d, (Matrix<double>.Build.DenseOfRowMajor(2, d, [.. sample.Basis]) * map.Inverse()).ToRowMajorArray());
        return (learned, learned.Dimension == 0 ? 1 : hidden.SineTo(Subspace.Span(d, learned.Basis.SelectMany(r => r).ToArray())), test);
    }

    private static TheoryData<string, ulong> MakeRuns()
    {
        TheoryData<string, ulong> runs = [];
        foreach (string name in (string[])
        [
            "altplane4", "altplane6", "parity4", "generic4", "multiscale", "gated", "lattice", "dependent", "deep3", "deep3bias", "covar",
                "uniform", "studentt",
            "altplane4_noise0.5", "sawtooth", "null", "bump", "six",
        ])
        {
            for (ulong seed = 7; seed <= 9; seed++) runs.Add($"L-{name}", seed);
        }
        return runs;
    }
}
