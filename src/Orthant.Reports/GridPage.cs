using Orthant.Uncertainty;

namespace Orthant.Reports;

/// <summary>A comparison of methods as one page without scripts or addresses outside itself.</summary>
public static class GridPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="title">What is compared.</param>
    /// <param name="rows">At least one.</param>
    /// <param name="command">The command that repeats it.</param>
    public static string Render(string title, IReadOnlyList<GridRow> rows, string command) =>
        ReportPage.Single(title, "How sure networks are, method by method", Content(title, rows), command);

    /// <summary>Picture and table, as they also stand in a report.</summary>
    internal static string Content(string title, IReadOnlyList<GridRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        HtmlPart html = new();
        html.Paragraph($"Mean ± standard deviation over {rows.Max(r => r.Seeds)} seeds. Costs are processor seconds, and bytes that have to be kept in order to predict; "
            + "the largest p is that of any seed's paired test of the likelihood against the plain network's.");
        html.Figure(GridPicture.Draw(title, rows), "A dot is the mean, a bar one standard deviation to either side.");
        foreach (IGrouping<string, GridRow> set in rows.GroupBy(r => r.DataSet))
        {
            html.SubHeading(set.Key);
            html.Table(GridTable.All, set.Select(GridTable.Row));
        }
        return html.ToString();
    }
}
