using System.Collections.Immutable;

namespace Orthant.Extraction;

/// <summary>One stage of a plan.</summary>
/// <param name="Name">What is looked for, as in <see cref="ExtractionStage"/>.</param>
/// <param name="Queries">Rows that it will cost, about.</param>
public sealed record PlannedStage(string Name, long Queries);

/// <summary>What an extraction will cost, stage by stage, before anything is asked: an estimate for widths that are assumed, since the true ones are found on the way.</summary>
/// <remarks>
/// <para>A line meets about one kink a unit and costs 17 rows a kink; a whole gradient costs a row an input; a first-layer plane is tested by up to 24 rows, a bend is measured by 8.
/// Below the last layer each kink of a deeper one is walked from in vain. The factors 1.2 and 1.4 for what fails and is repeated are those of random networks, of which most cost
/// between 0.6 and 1.6 times the plan; a second attempt doubles it, and so may coarse answers.</para>
/// </remarks>
public sealed class ExtractionPlan
{
    private const int LineRows = 17, PlaneRows = 24, BendRows = 8, VainWalk = 100, SelfTestRows = 103;

    private ExtractionPlan(IEnumerable<int> widths, IEnumerable<PlannedStage> stages, long budget)
    {
        HiddenWidths = [.. widths];
        Stages = [.. stages];
        Budget = budget;
    }

    /// <summary>The hidden widths assumed.</summary>
    public ImmutableArray<int> HiddenWidths { get; }

    /// <summary>The stages in their order.</summary>
    public ImmutableArray<PlannedStage> Stages { get; }

    /// <summary>The largest number of rows allowed.</summary>
    public long Budget { get; }

    /// <summary>All rows.</summary>
    public long Queries => Stages.Sum(s => s.Queries);

    /// <summary>The stage in which the budget will end; null when it suffices.</summary>
    public string? EndsIn
    {
        get
        {
            long sum = 0;
            return Stages.FirstOrDefault(s => (sum += s.Queries) > Budget)?.Name;
        }
    }

    /// <summary>Plans an extraction.</summary>
    /// <param name="inputs">The oracle's inputs, at least 1.</param>
    /// <param name="outputs">Its outputs, at least 1.</param>
    /// <param name="hiddenWidths">The widths to assume, at least one; null for two layers as wide as the input, but between 8 and 32.</param>
    /// <param name="options">Budget and refinement; null for the usual ones.</param>
    public static ExtractionPlan Of(int inputs, int outputs, IReadOnlyList<int>? hiddenWidths = null, ExtractionOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        options ??= new ExtractionOptions();
        long[] widths = [.. (hiddenWidths ?? [Math.Clamp(inputs, 8, 32), Math.Clamp(inputs, 8, 32)]).Select(w => (long)w)];
        if (widths.Length == 0 || widths.Any(w => w < 1)) throw new ArgumentException("There is at least one layer, and at least one unit in each.", nameof(hiddenWidths));
        long all = widths.Sum(), deeper = all - widths[0], lines = deeper == 0 ? 2 : 3;
        List<PlannedStage> stages = [new("self-test", SelfTestRows)];
        long met = all + ((lines - 1) * deeper);
        stages.Add(new("layer 1", (long)(1.2 * ((lines * all * LineRows) + (met * (inputs + 7L)) + ((widths[0] + ((lines - 1) * deeper)) * PlaneRows)))));
        for (int l = 1; l < widths.Length; l++)
        {
            deeper -= widths[l];
            long walks = widths[l] * widths[l - 1] * BendRows * 3 / 2, search = 4 * all * LineRows, vain = 12 * deeper * (VainWalk + inputs);
            stages.Add(new($"layer {l + 1}", (long)(1.4 * (walks + search)) + vain));
        }
        stages.Add(new("output", 24 * widths[^1]));
        long parameters = outputs * (widths[^1] + 1);
        for (int l = 0; l < widths.Length; l++) parameters += widths[l] * ((l == 0 ? inputs : widths[l - 1]) + 1);
        if (options.Refine && parameters <= ExtractionRun.MostDenseParameters) stages.Add(new("refinement", ExtractionRun.RefinementRows(parameters) + (60 * widths[^1])));
        else if (options.Refine && widths.Length == 1 && outputs == 1) stages.Add(new("refinement", 3 * parameters));
        return new ExtractionPlan(widths.Select(w => (int)w), stages, options.Budget);
    }
}
