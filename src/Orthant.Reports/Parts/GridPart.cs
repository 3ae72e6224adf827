using Orthant.Uncertainty;

namespace Orthant.Reports.Parts;

/// <summary>A comparison of methods that was made before: its picture and table.</summary>
internal static class GridPart
{
    /// <summary>The part, or null where no comparison was given.</summary>
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (input.Comparison.IsDefaultOrEmpty) return null;
        IReadOnlyList<GridRow> rows = GridRow.Of(input.Comparison);
        return new ReportSection("methods", "Methods side by side", GridPage.Content("Methods side by side", rows), new { rows });
    }
}
