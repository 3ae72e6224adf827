using Orthant.Learning;

namespace Orthant.Tests.Documentation;

/// <summary>The examples of docs/learning.md.</summary>
public sealed class LearningExamples
{
    [Fact]
    public void AHiddenPlaneIsLearned()
    {
        FamilySample sample = SampleFamily.AlternatingPlane(4).Draw(rows: 6000, inputs: 10, seed: 1);
        LearnedNetwork learned = FilteredPca.Fit(sample.Samples);
        Assert.Equal(2, learned.Dimension);
        Assert.True(learned.HeldOutError < 1e-3);
    }
}
