using System.Globalization;
using Orthant.Uncertainty;

namespace Orthant.Reports;

/// <summary>Draws a comparison of methods: a line a method, a panel a figure, dots for the means and bars for the standard deviations over
/// seeds.</summary>
public static class GridPicture
{
    private const double NameWidth = 216, PanelWidth = 124, Gap = 14, RowHeight = 19, Head = 42, Foot = 26;

    private static readonly (string Name, string Better, bool Logarithmic, Func<GridRow, SeedFigure?> Figure)[] Panels =
    [
        ("accuracy", "higher is better", false, r => r.Accuracy),
        ("NLL", "lower is better", false, r => r.Nll),
        ("ECE", "lower is better", false, r => r.Ece),
        ("AUROC, entropy", "higher is better", false, r => r.OodEntropy),
        ("AUROC, mutual inf.", "higher is better", false, r => r.OodMutualInformation),
        ("train + infer, s", "lower is cheaper", true, r => new SeedFigure(r.TrainingSeconds.Mean + r.InferenceSeconds.Mean, null)),
    ];

    /// <summary>One block of panels a data set.</summary>
    /// <param name="title">What is compared.</param>
    /// <param name="rows">At least one.</param>
    public static SvgPicture Draw(string title, IReadOnlyList<GridRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        IGrouping<string, GridRow>[] sets = [.. rows.GroupBy(r => r.DataSet)];
        double width = NameWidth + (Panels.Length * (PanelWidth + Gap)) + 8, height = sets.Sum(s => BlockHeight(s.Count()));
        string description = string.Join("; ", rows.Select(r => string.Create(
            CultureInfo.InvariantCulture, $"{r.DataSet}, {r.Method}: accuracy {r.Accuracy.Mean:F4}, negative log-likelihood {r.Nll.Mean:F4}, calibration error {r.Ece.Mean:F4}"))) + ".";
        SvgPicture picture = new(width, height, title, description);
        double top = 0;
        foreach (IGrouping<string, GridRow> set in sets)
        {
            DrawBlock(picture, top, set.Key, [.. set]);
            top += BlockHeight(set.Count());
        }
        return picture;
    }

    private static double BlockHeight(int rows) => Head + (rows * RowHeight) + Foot;

    private static void DrawBlock(SvgPicture picture, double top, string name, GridRow[] rows)
    {
        double bottom = top + Head + (rows.Length * RowHeight);
        picture.Label(8, top + 16, name, "ink small strong");
        for (int i = 0; i < rows.Length; i++)
        {
            double y = top + Head + (i * RowHeight) + (RowHeight / 2);
            picture.Line(NameWidth, y, picture.Width - 8, y, "grid");
            picture.Label(NameWidth - 8, y + 4, GridTable.Name(rows[i].Method), rows[i].IsEnsemble ? "end ink small strong"
                : "end ink small");
        }
        for (int p = 0; p < Panels.Length; p++)
        {
            double left = NameWidth + (p * (PanelWidth + Gap)) + 6;
            // What is infinite has no place on an axis; the table has it.
            SeedFigure?[] figures = [.. rows.Select(Panels[p].Figure).Select(f => f is not null && double.IsFinite(f.Mean) ? f : null)];
            picture.Label(left + (PanelWidth / 2), top + 16, Panels[p].Name, "middle ink small strong");
            picture.Label(left + (PanelWidth / 2), top + 30, Panels[p].Better, "middle muted small");
            picture.Line(left, bottom, left + PanelWidth, bottom, "muted");
            if (figures.OfType<SeedFigure>().ToArray() is { Length: > 0 } all) DrawPanel(picture, left, top + Head, bottom, figures,
                AxisOf(all, Panels[p].Logarithmic), $"s{p % 8}");
        }
    }

    private static Axis AxisOf(SeedFigure[] figures, bool logarithmic)
    {
        double low = figures.Min(f => f.Mean - (f.Deviation ?? 0)), high = figures.Max(f => f.Mean + (f.Deviation ?? 0));
        if (logarithmic) return new Axis("", low / 1.5, high * 1.5, Logarithmic: true);
        double room = Math.Max((high - low) * 0.08, 1e-4);
        return new Axis("", low - room, high + room);
    }

    /// <summary>As many ticks as their labels leave room for.</summary>
    private static (double Value, string Text)[] Ticks(Axis axis)
    {
        const double DigitWidth = 6, Space = 8;
        return Enumerable.Range(2, 5).Reverse().Select(n => axis.Ticks(n).ToArray()).FirstOrDefault(t =>
            t.Sum(x => (x.Text.Length * DigitWidth) + Space) <= PanelWidth) ?? [];
    }

    private static void DrawPanel(SvgPicture picture, double left, double top, double bottom, SeedFigure?[] figures, Axis axis,
        string colour)
    {
        double X(double value) => left + (axis.Fraction(value) * PanelWidth);
        foreach ((double value, string text) in Ticks(axis))
        {
            picture.Line(X(value), top, X(value), bottom + 3, "grid");
            picture.Label(X(value), bottom + 16, text, "middle muted small");
        }
        for (int i = 0; i < figures.Length; i++)
        {
            if (figures[i] is not SeedFigure figure) continue;
            double y = top + (i * RowHeight) + (RowHeight / 2);
            if (figure.Deviation is double d) picture.Line(X(figure.Mean - d), y, X(figure.Mean + d), y, $"{colour} thick");
            picture.Circle(X(figure.Mean), y, 3.5, colour);
        }
    }
}
