using System.Text.Json;

namespace Orthant.Uncertainty;

/// <summary>What one method did on one data set with one seed. For means over seeds see <see cref="GridRow"/>.</summary>
/// <remarks>An immutable value that is written and read as one line of JSON.</remarks>
public sealed record GridCell
{
    /// <summary>The data set's name.</summary>
    public required string DataSet { get; init; }

    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>What the cell was measured with: cells of other settings are not comparable.</summary>
    public string Settings { get; init; } = "";

    /// <summary>The part of samples whose most probable class is right.</summary>
    public double Accuracy { get; init; }

    /// <summary>The mean negative log-likelihood, in nats.</summary>
    public double Nll { get; init; }

    /// <summary>The Brier score, 0 to 2.</summary>
    public double Brier { get; init; }

    /// <summary>The expected calibration error, in bins of equal width.</summary>
    public double Ece { get; init; }

    /// <summary>The expected calibration error, in bins of equal mass.</summary>
    public double AdaptiveEce { get; init; }

    /// <summary>The area under the risk-coverage curve.</summary>
    public double Aurc { get; init; }

    /// <summary>How well entropy tells samples from elsewhere (AUROC); null without any.</summary>
    public double? OodEntropy { get; init; }

    /// <summary>How well mutual information tells them; null for a single pass.</summary>
    public double? OodMutualInformation { get; init; }

    /// <summary>How well the energy of the logits tells them; null for several passes.</summary>
    public double? OodEnergy { get; init; }

    /// <summary>Diversity: the mean mutual information, in nats; 0 for a single pass.</summary>
    public double MutualInformation { get; init; }

    /// <summary>Diversity: how often two passes differ in their most probable class; 0 for a single pass.</summary>
    public double Disagreement { get; init; }

    /// <summary>Processor seconds of training and fitting.</summary>
    public double TrainingSeconds { get; init; }

    /// <summary>Processor seconds of the predictions on the test data.</summary>
    public double InferenceSeconds { get; init; }

    /// <summary>Memory: the bytes that have to be kept in order to predict.</summary>
    public long ModelBytes { get; init; }

    /// <summary>The difference of the negative log-likelihood from the plain network's of the same seed; null for that one, and where
    /// either is infinite.</summary>
    public double? NllDifference { get; init; }

    /// <summary>The two-sided p-value of that difference, by random signs.</summary>
    public double? NllPValue { get; init; }

    /// <summary>Whether it is the ensemble whose costs the others are set beside.</summary>
    public bool IsEnsemble { get; init; }

    /// <summary>The cell as one line of JSON.</summary>
    public string ToLine() => OrthantJson.Serialize(this);

    /// <summary>Reads what <see cref="ToLine"/> writes.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="line">One line.</param>
    /// <exception cref="OrthantInputException">The line is no cell.</exception>
    public static GridCell Parse(string source, string line)
    {
        try
        {
            return JsonSerializer.Deserialize<GridCell>(line, OrthantJson.Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new OrthantInputException(source, "", "a line that is no cell of a grid", "what uncertainty --grid has written", e);
        }
    }
}

/// <summary>A number of several seeds.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation over n − 1; null for one seed, and where a number is infinite.</param>
public sealed record SeedFigure(double Mean, double? Deviation)
{
    internal static SeedFigure? Of(IEnumerable<double?> values)
    {
        double[] all = [.. values.OfType<double>()];
        if (all.Length == 0) return null;
        double mean = all.Average();
        if (!double.IsFinite(mean)) return new SeedFigure(mean, null);
        return new SeedFigure(mean, all.Length == 1 ? null : Math.Sqrt(all.Sum(v => (v - mean) * (v - mean)) / (all.Length - 1)));
    }
}

/// <summary>A method on a data set: the means of its cells over seeds, and its costs beside the ensemble's.</summary>
public sealed record GridRow
{
    private GridRow(IReadOnlyList<GridCell> cells, GridRow? ensemble)
    {
        DataSet = cells[0].DataSet;
        Method = cells[0].Method;
        Seeds = cells.Count;
        Accuracy = Mean(cells, c => c.Accuracy);
        Nll = Mean(cells, c => c.Nll);
        Brier = Mean(cells, c => c.Brier);
        Ece = Mean(cells, c => c.Ece);
        Aurc = Mean(cells, c => c.Aurc);
        OodEntropy = SeedFigure.Of(cells.Select(c => c.OodEntropy));
        OodMutualInformation = SeedFigure.Of(cells.Select(c => c.OodMutualInformation));
        OodEnergy = SeedFigure.Of(cells.Select(c => c.OodEnergy));
        MutualInformation = Mean(cells, c => c.MutualInformation);
        Disagreement = Mean(cells, c => c.Disagreement);
        TrainingSeconds = Mean(cells, c => c.TrainingSeconds);
        InferenceSeconds = Mean(cells, c => c.InferenceSeconds);
        ModelBytes = cells[0].ModelBytes;
        NllDifference = SeedFigure.Of(cells.Select(c => c.NllDifference));
        LargestNllPValue = cells.All(c => c.NllPValue is not null) ? cells.Max(c => c.NllPValue) : null;
        IsEnsemble = cells[0].IsEnsemble;
        GridRow? other = IsEnsemble ? this : ensemble;
        if (other is null) return;
        TrainingRatio = TrainingSeconds.Mean / other.TrainingSeconds.Mean;
        InferenceRatio = InferenceSeconds.Mean / other.InferenceSeconds.Mean;
        MemoryRatio = (double)ModelBytes / other.ModelBytes;
    }

    /// <summary>The data set's name.</summary>
    public string DataSet { get; }

    /// <summary>The method's name.</summary>
    public string Method { get; }

    /// <summary>The number of seeds.</summary>
    public int Seeds { get; }

    /// <summary>See <see cref="GridCell.Accuracy"/>.</summary>
    public SeedFigure Accuracy { get; }

    /// <summary>See <see cref="GridCell.Nll"/>.</summary>
    public SeedFigure Nll { get; }

    /// <summary>See <see cref="GridCell.Brier"/>.</summary>
    public SeedFigure Brier { get; }

    /// <summary>See <see cref="GridCell.Ece"/>.</summary>
    public SeedFigure Ece { get; }

    /// <summary>See <see cref="GridCell.Aurc"/>.</summary>
    public SeedFigure Aurc { get; }

    /// <summary>See <see cref="GridCell.OodEntropy"/>.</summary>
    public SeedFigure? OodEntropy { get; }

    /// <summary>See <see cref="GridCell.OodMutualInformation"/>.</summary>
    public SeedFigure? OodMutualInformation { get; }

    /// <summary>See <see cref="GridCell.OodEnergy"/>.</summary>
    public SeedFigure? OodEnergy { get; }

    /// <summary>See <see cref="GridCell.MutualInformation"/>.</summary>
    public SeedFigure MutualInformation { get; }

    /// <summary>See <see cref="GridCell.Disagreement"/>.</summary>
    public SeedFigure Disagreement { get; }

    /// <summary>See <see cref="GridCell.TrainingSeconds"/>.</summary>
    public SeedFigure TrainingSeconds { get; }

    /// <summary>See <see cref="GridCell.InferenceSeconds"/>.</summary>
    public SeedFigure InferenceSeconds { get; }

    /// <summary>See <see cref="GridCell.ModelBytes"/>.</summary>
    public long ModelBytes { get; }

    /// <summary>See <see cref="GridCell.NllDifference"/>.</summary>
    public SeedFigure? NllDifference { get; }

    /// <summary>The largest p-value of any seed: below a level, every seed alone differs from the plain network.</summary>
    public double? LargestNllPValue { get; }

    /// <summary>Whether it is the ensemble whose costs the others are set beside.</summary>
    public bool IsEnsemble { get; }

    /// <summary>Training time over the ensemble's; null where the data set has no ensemble.</summary>
    public double? TrainingRatio { get; }

    /// <summary>Inference time over the ensemble's.</summary>
    public double? InferenceRatio { get; }

    /// <summary>Memory over the ensemble's.</summary>
    public double? MemoryRatio { get; }

    /// <summary>The rows of cells, in the order in which data sets and methods first appear.</summary>
    /// <param name="cells">Any cells.</param>
    public static IReadOnlyList<GridRow> Of(IEnumerable<GridCell> cells)
    {
        List<GridRow> rows = [];
        foreach (IGrouping<string, GridCell> data in cells.GroupBy(c => c.DataSet))
        {
            GridCell[][] methods = [.. data.GroupBy(c => c.Method).Select(g => g.ToArray())];
            GridRow? ensemble = methods.FirstOrDefault(m => m[0].IsEnsemble) is GridCell[] own ? new GridRow(own, null) : null;
            rows.AddRange(methods.Select(m => new GridRow(m, ensemble)));
        }
        return rows;
    }

    private static SeedFigure Mean(IReadOnlyList<GridCell> cells, Func<GridCell, double?> figure) => SeedFigure.Of(cells.Select(figure))!;
}
