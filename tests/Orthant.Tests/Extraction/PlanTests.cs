using Orthant.Extraction;
using Orthant.Networks;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

/// <summary>What is said before the start and on the way.</summary>
public sealed class PlanTests
{
    /// <summary>The factors that the plan's documentation promises of most networks hold of these.</summary>
    [Theory]
    [InlineData("10-10-1")]
    [InlineData("6-8-6-1")]
    [InlineData("10-10-10-1")]
    [InlineData("20-10-10-1")]
    [InlineData("10-15-15-1")]
    public void ThePlanIsNearWhatIsAsked(string text)
    {
        int[] widths = [.. text.Split('-').Select(int.Parse)];
        ExtractionPlan plan = ExtractionPlan.Of(widths[0], widths[^1], widths[1..^1]);
        double[] ratios = [.. new ulong[] { 1, 2, 3 }.Select(seed => Extract(Build(widths, seed)).Queries / (double)plan.Queries)];
        Assert.InRange(ratios.Order().ElementAt(1), 0.6, 1.6);
    }

    [Fact]
    public void TheStageInWhichABudgetEndsIsNamed()
    {
        ExtractionPlan plan = ExtractionPlan.Of(10, 1, [10, 10]);
        Assert.Null(plan.EndsIn);
        long sum = 0;
        foreach (PlannedStage stage in plan.Stages)
        {
            Assert.Equal(stage.Name, ExtractionPlan.Of(10, 1, [10, 10], new ExtractionOptions { Budget = sum + stage.Queries - 1 }).EndsIn);
            sum += stage.Queries;
        }
        Assert.Equal(sum, plan.Queries);
        Assert.Null(ExtractionPlan.Of(10, 1, [10, 10], new ExtractionOptions { Budget = sum }).EndsIn);
        Assert.Throws<ArgumentException>(() => ExtractionPlan.Of(10, 1, []));
    }

    [Fact]
    public void ProgressTellsUnitsKinksAndErrors()
    {
        List<WorkProgress> told = [];
        ReluNetwork truth = Build([6, 8, 6, 1], 5);
        RecoveredNetwork found = NetworkExtraction.Run(new NetworkOracle(truth), new ExtractionOptions { Progress = new Listener(told.Add), Budget = 50_000 });
        Assert.True(told.Select(t => t.Done).SequenceEqual(told.Select(t => t.Done).Order()));
        Assert.All(told, t => Assert.Equal(50_000, t.Total));
        Assert.Equal(found.Stages.Select(s => s.Name), told.Select(t => t.Stage).Distinct());
        Assert.Contains(told, t => t.Detail.StartsWith("units 8 + 6;", StringComparison.Ordinal) && t.Detail.Contains("kinks met", StringComparison.Ordinal));
        Assert.Contains(told, t => t.Detail.StartsWith("residual", StringComparison.Ordinal));
        Assert.InRange(found.Kinks, 14, 1000);
    }

    private sealed class Listener(Action<WorkProgress> tell) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => tell(value);
    }
}
