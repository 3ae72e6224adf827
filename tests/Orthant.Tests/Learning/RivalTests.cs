using Orthant.Learning;

namespace Orthant.Tests.Learning;

/// <summary>The classical methods find what they can and miss what they must; the paper's enumeration finds what its net holds.</summary>
public sealed class RivalTests
{
    private static double Sine(FamilySample sample, ReductionMethod method, int k)
    {
        int d = sample.Samples.Inputs;
        return Subspace.Span(d, sample.Basis.AsSpan())
            .SineTo(Subspace.Span(d, DimensionReduction.Find(sample.Samples, method, k).SelectMany(r => r).ToArray()));
    }

    [Fact]
    public void EachMethodSeesWhatItsMomentsSee()
    {
        FamilySample even = SampleFamily.AlternatingPlane(4).Draw(20_000, 10, 1), plain = SampleFamily.Units(1, 1, 1).Draw(20_000, 10, 1),
            square = SampleFamily.AlternatingPlane(2).Draw(20_000, 10, 1);
        // An even function with vanishing moments of degree 2: only slices' second moments show it.
        Assert.True(Sine(even, ReductionMethod.Save, 2) < 0.2 && Sine(even, ReductionMethod.Dr, 2) < 0.2);
        Assert.True(Sine(even, ReductionMethod.Sir, 2) > 0.5 && Sine(even, ReductionMethod.Phd, 2) > 0.5);
        // One hinge: all see it.
        Assert.All(Enum.GetValues<ReductionMethod>(), m => Assert.InRange(Sine(plain, m, 1), 0, 0.2));
        Assert.InRange(Sine(square, ReductionMethod.Phd, 2), 0, 0.2);
    }

    [Fact]
    public void TheEnumerationsFindWhatTheirNetsHold()
    {
        FamilySample hinges = SampleFamily.OneLayer("two", [[1, -0.5], [0, 0.866]], [1, 1]).Draw(20_000, 8, 4);
        foreach (EnumeratedClass kind in Enum.GetValues<EnumeratedClass>())
        {
            LearnedNetwork learned = EnumerationLearner.Fit(hinges.Samples, kind);
            Assert.Equal(2, learned.Dimension);
            Assert.InRange(Subspace.Span(8, hinges.Basis.AsSpan()).SineTo(Subspace.Span(8, learned.Basis.SelectMany(r => r).ToArray())), 0,
                0.2);
            Assert.InRange(learned.HeldOutError!.Value, 0, 0.35);
            Assert.Equal(2, learned.Rounds.Count(r => r.Accepted));
        }
        Assert.Equal(0, EnumerationLearner.Fit(SampleFamily.Null.Draw(8000, 8, 1).Samples, EnumeratedClass.Networks).Dimension);
    }

    [Fact]
    public void RivalsAreJudgedOnTheSameRows()
    {
        FamilySample sample = SampleFamily.AlternatingPlane(4).Draw(6000, 8, 1);
        LearnedNetwork learned = FilteredPca.Fit(sample.Samples);
        RivalResult[] rivals = [.. RivalComparison.Run(sample.Samples, learned, epochs: 2)];
        Assert.Equal(["SIR", "SAVE", "DR", "PHD", "Adam 512", "Adam 192-192"], rivals.Select(r => r.Method));
        Assert.All(rivals, r => Assert.True(r.HeldOutError > 10 * learned.HeldOutError));
        Assert.True(rivals[1].SineToLearned < 0.2 && rivals[0].SineToLearned > 0.5);
    }
}
