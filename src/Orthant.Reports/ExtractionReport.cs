using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Reports.Parts;

namespace Orthant.Reports;

/// <summary>What is known of an extraction afterwards.</summary>
public sealed record ExtractionOutcome
{
    /// <summary>What was planned.</summary>
    public required ExtractionPlan Plan { get; init; }

    /// <summary>What was recovered.</summary>
    public required RecoveredNetwork Found { get; init; }

    /// <summary>Its parameters beside those of the true network; null without one, or with other widths.</summary>
    public NetworkAlignment? Aligned { get; init; }

    /// <summary>A comparison on fresh inputs.</summary>
    public SampledError? Compared { get; init; }

    /// <summary>Bounds on the difference that hold for every input of <see cref="Lower"/> to <see cref="Upper"/>.</summary>
    public FormalError? Formal { get; init; }

    /// <summary>The largest difference there.</summary>
    public WorstDifference? Worst { get; init; }

    /// <summary>What defences cost; empty when none was tried.</summary>
    public IReadOnlyList<DefenceCost> Defences { get; init; } = [];

    /// <summary>The box's lower corner, one number an input.</summary>
    public required IReadOnlyList<double> Lower { get; init; }

    /// <summary>The box's upper corner.</summary>
    public required IReadOnlyList<double> Upper { get; init; }
}

/// <summary>A page about an extraction: what was recovered, how surely, from how many questions, and what cannot be known.</summary>
public static class ExtractionReport
{
    /// <summary>The page, one file without a script.</summary>
    /// <param name="outcome">What came of it; something has to be recovered.</param>
    /// <param name="oracle">The oracle's name as it is shown.</param>
    /// <param name="command">The command that made it; may be empty.</param>
    public static string Render(ExtractionOutcome outcome, string oracle, string command = "")
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(oracle);
        ReluNetwork network = outcome.Found.Network ?? throw new ArgumentException("Nothing was recovered.", nameof(outcome));
        HtmlPart html = new();
        html.Paragraph("Recovered from answers alone. This is an audit: for models that one owns or is entitled to test.");
        ExtractionPart.Recovered(html, outcome);
        List<ReportSection> sections = [new("recovered", "What was recovered", html.ToString(), new { })];
        HtmlPart asked = new();
        asked.Figure(ExtractionPicture.Queries(outcome.Plan, outcome.Found.Stages), "Rows asked, stage by stage, beside the plan for the widths assumed before the start.");
        ExtractionPart.Stages(asked, outcome.Plan, outcome.Found.Stages);
        sections.Add(new("queries", "What was asked", asked.ToString(), new { }));
        HtmlPart sure = new();
        ExtractionPart.Confidence(sure, outcome.Found);
        sections.Add(new("confidence", "How surely it is known", sure.ToString(), new { }));
        if (ExtractionPicture.Line(network, [.. outcome.Lower], [.. outcome.Upper], 0) is SvgPicture line)
        {
            HtmlPart kinks = new();
            kinks.Figure(line, "The recovered network on a line: each kink is a unit that switches.", Evidence.Computed("Each unit's pre-activation is followed along the line, its zeros by bisection."));
            sections.Add(new("line", "Where it gives itself away", kinks.ToString(), new { }));
        }
        if (outcome.Defences.Count > 0)
        {
            HtmlPart defences = new();
            ExtractionPart.Defences(defences, outcome.Defences);
            sections.Add(new("defences", "What a defence costs", defences.ToString(), new { }));
        }
        ReportInput input = new() { Network = network, FileName = oracle, Lower = [.. outcome.Lower], Upper = [.. outcome.Upper], BoxSource = "", Command = command };
        return ReportPage.Render(input, sections);
    }
}
