using Orthant.Reports.Parts;

namespace Orthant.Reports;

/// <summary>Builds the report of a network: every module's part, one after the other.</summary>
public static class Report
{
    /// <summary>The parts in their order; a part that has nothing to say about a network returns null.</summary>
    private static readonly (string Name, Func<ReportInput, CancellationToken, ReportSection?> Build)[] Parts =
    [
        ("the file", NetworkPart.Build),
        ("the data", DataPart.Build),
        ("weights", WeightsPart.Build),
        ("activations", ActivationsPart.Build),
        ("bounds", BoundsPart.Build),
        ("depth", ConvergencePart.Build),
        ("before training", PriorsPart.Build),
        ("straight pieces", ApproximationPart.Build),
        ("how sure it is", UncertaintyPart.Build),
        ("what it gives away", ExtractionPart.Build),
        ("methods", GridPart.Build),
        ("exact pieces", GeometryPart.Build),
        ("a slice", SlicePart.Build),
    ];

    /// <summary>Builds a report.</summary>
    /// <param name="input">What it is about.</param>
    /// <param name="progress">Told after every part.</param>
    /// <param name="cancellation">Stops between and within parts.</param>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static ReportDocument Build(ReportInput input, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        List<ReportSection> sections = [];
        for (int i = 0; i < Parts.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new WorkProgress($"report: {Parts[i].Name}", i, Parts.Length, "parts"));
            if (Parts[i].Build(input, cancellation) is ReportSection section) sections.Add(section);
        }
        Dictionary<string, object> json = new() { ["file"] = input.FileName, ["network"] = input.Network.ToString() };
        foreach (ReportSection section in sections) json[section.Key] = section.Json;
        return new ReportDocument(ReportPage.Render(input, sections), OrthantJson.SerializeIndented(json) + "\n", [.. sections.Select(s => s.Title)]);
    }
}
