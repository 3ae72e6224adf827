using System.Globalization;
using System.Text;
using Orthant.Uncertainty;

namespace Orthant.Reports;

/// <summary>The rows of a comparison of methods as text: columns for a terminal, for a page, and as Markdown.</summary>
public static class GridTable
{
    private static readonly (string Name, Func<GridRow, string> Text)[] Columns =
    [
        ("method", r => Name(r.Method)),
        ("accuracy", r => Figure(r.Accuracy)),
        ("NLL", r => Figure(r.Nll)),
        ("Brier", r => Figure(r.Brier)),
        ("ECE", r => Figure(r.Ece)),
        ("AURC", r => Figure(r.Aurc)),
        ("AUROC entropy", r => Figure(r.OodEntropy)),
        ("AUROC mutual information", r => Figure(r.OodMutualInformation)),
        ("AUROC energy", r => Figure(r.OodEnergy)),
        ("mutual information", r => Figure(r.MutualInformation)),
        ("disagreement", r => Figure(r.Disagreement)),
        ("NLL beside deterministic", r => Figure(r.NllDifference)),
        ("largest p", r => r.LargestNllPValue is double p ? p.ToString("F3", CultureInfo.InvariantCulture) : "–"),
        ("training s", r => Number(r.TrainingSeconds.Mean)),
        ("inference s", r => Number(r.InferenceSeconds.Mean)),
        ("memory kB", r => (r.ModelBytes / 1000.0).ToString("F0", CultureInfo.InvariantCulture)),
        ("training / ensemble", r => Ratio(r.TrainingRatio)),
        ("inference / ensemble", r => Ratio(r.InferenceRatio)),
        ("memory / ensemble", r => Ratio(r.MemoryRatio)),
    ];

    /// <summary>The names of all columns.</summary>
    public static IReadOnlyList<string> All => [.. Columns.Select(c => c.Name)];

    /// <summary>The names of the columns that fit a terminal.</summary>
    public static IReadOnlyList<string> Short => ["method", "accuracy", "NLL", "ECE", "AUROC", "train", "infer"];

    /// <summary>All columns of a row: mean ± standard deviation over seeds.</summary>
    /// <param name="row">The row.</param>
    public static IReadOnlyList<string> Row(GridRow row) => [.. Columns.Select(c => c.Text(row))];

    /// <summary>The columns of <see cref="Short"/>: means alone, AUROC by the better of entropy and mutual information, costs over the
    /// ensemble's.</summary>
    /// <param name="row">The row.</param>
    public static IReadOnlyList<string> ShortRow(GridRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        double best = Math.Max(row.OodEntropy?.Mean ?? 0, row.OodMutualInformation?.Mean ?? 0);
        return
        [
            Name(row.Method), Four(row.Accuracy.Mean), Four(row.Nll.Mean), Four(row.Ece.Mean), best > 0 ? Four(best) : "–",
            row.TrainingRatio is double t ? $"{Number(t)} ×" : $"{Number(row.TrainingSeconds.Mean)} s", row.InferenceRatio is double i
                ? $"{Number(i)} ×" : $"{Number(row.InferenceSeconds.Mean)} s",
        ];
    }

    /// <summary>A table a data set, in Markdown.</summary>
    /// <param name="rows">The rows.</param>
    public static string Markdown(IReadOnlyList<GridRow> rows)
    {
        StringBuilder text = new();
        foreach (IGrouping<string, GridRow> set in rows.GroupBy(r => r.DataSet))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"## {set.Key}\n\n| {string.Join(" | ", All)} |\n|{string.Concat(Enumerable.Repeat("---|", Columns.Length))}\n");
            foreach (GridRow row in set) text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", Row(row))} |\n");
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>A method with its numbers in three digits, such as mc-rrelu:0.125,0.333.</summary>
    /// <param name="method">The method's name.</param>
    internal static string Name(string method)
    {
        string[] parts = method.Split(',');
        for (int i = 0; i < parts.Length; i++)
        {
            int at = parts[i].LastIndexOf(':') + 1;
            if (double.TryParse(parts[i][at..], NumberStyles.Float, CultureInfo.InvariantCulture, out double number)) parts[i] =
                parts[i][..at] + number.ToString("0.###", CultureInfo.InvariantCulture);
        }
        return string.Join(',', parts);
    }

    private static string Figure(SeedFigure? figure) => figure is null ? "–" : figure.Deviation is double d
        ? $"{Four(figure.Mean)} ± {Four(d)}" : Four(figure.Mean);

    private static string Four(double value) => double.IsPositiveInfinity(value) ? "∞" : value.ToString("F4", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(value < 10 ? "F2" : "F1", CultureInfo.InvariantCulture);

    private static string Ratio(double? ratio) => ratio is double r ? Number(r) : "–";
}
