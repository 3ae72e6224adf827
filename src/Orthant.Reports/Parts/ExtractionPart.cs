using System.Globalization;
using Orthant.Extraction;
using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>What a network gives away to whoever may ask it: estimated from its widths, measured when an audit is asked for.</summary>
internal static class ExtractionPart
{
    /// <summary>An audit asks no more than this of a model, and of each defence.</summary>
    private const long AuditBudget = 60_000;

    private const int MostAuditParameters = 3000, MostUnits = 60, ComparedInputs = 2000;

    /// <summary>The part, or null for a network that is no chain of dense layers with rectifiers.</summary>
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        if (network.HiddenWidths.IsEmpty || ExtractionPicture.Line(network, [.. input.Lower], [.. input.Upper], input.Seed) is not SvgPicture line) return null;
        ExtractionPlan plan = ExtractionPlan.Of(network.Inputs, network.Outputs, network.HiddenWidths);
        HtmlPart html = new();
        html.Paragraph($"Whoever may ask this network for outputs in full precision can recover its widths, weights and signs; for one of these widths with random weights it takes about "
            + $"{Html.Count(plan.Queries)} (2^{Math.Log2(plan.Queries).ToString("F1", CultureInfo.InvariantCulture)}) questions.",
            Evidence.Computed("By the cost of each stage on random networks; most cost between 0.6 and 1.6 times as much. Trained, deep and badly conditioned ones can be harder."));
        html.Figure(line, "Every kink on a line through the box is a unit that switches: that is what an attacker looks for.");
        Dictionary<string, object?> json = new() { ["estimatedQueries"] = plan.Queries, ["stages"] = plan.Stages };
        long parameters = network.HiddenWidths.Append(network.Outputs).Zip(network.HiddenWidths.Prepend(network.Inputs), (n, below) => n * (below + 1L)).Sum();
        if (!input.Audit || parameters > MostAuditParameters)
        {
            html.Figure(ExtractionPicture.Queries(plan, []), "Questions by stage, estimated.");
            if (input.Audit) html.Paragraph($"The audit is for up to {Html.Count(MostAuditParameters)} parameters: this network has {Html.Count(parameters)}.");
            return new ReportSection("extraction", "What this model gives away", html.ToString(), json);
        }
        ExtractionOptions options = new() { Budget = AuditBudget, Seed = input.Seed };
        Defence[] defences = [new(DefenceKind.None), new(DefenceKind.Round, 6), new(DefenceKind.Round, 4), new(DefenceKind.Noise, 1e-4), new(DefenceKind.Float16)];
        IReadOnlyList<DefenceCost> costs = DefenceAudit.Run(new NetworkOracle(network), defences, options, ComparedInputs, cancellation);
        RecoveredNetwork found = costs[0].Found;
        html.SubHeading("Measured: the network recovered from its own answers");
        ExtractionOutcome outcome = new()
        {
            Plan = plan,
            Found = found,
            Aligned = found.Network is null ? null : NetworkAlignment.Of(network, found.Network),
            Formal = found.Network is null ? null : FormalError.Of(network, found.Network, [.. input.Lower], [.. input.Upper]),
            Lower = input.Lower,
            Upper = input.Upper,
        };
        Recovered(html, outcome);
        html.Figure(ExtractionPicture.Queries(plan, found.Stages), "Questions by stage.");
        html.SubHeading("Behind a defence");
        Defences(html, costs);
        json["queries"] = found.Queries;
        json["complete"] = found.IsComplete;
        json["maxParameterError"] = outcome.Aligned?.MaxParameterError;
        json["formalBound"] = outcome.Formal?.Bound;
        json["defences"] = costs.Select(c => new
        {
            defence = c.Defence.ToString(),
            queries = c.Found.Queries,
            complete = c.Found.IsComplete,
            maxOutputError = c.OutputError,
            userError = c.UserError,
            userAgreement = c.UserAgreement,
            patternShare = c.PatternShare,
        }).ToArray();
        return new ReportSection("extraction", "What this model gives away", html.ToString(), json);
    }

    /// <summary>What came of an extraction, in facts and notes.</summary>
    public static void Recovered(HtmlPart html, ExtractionOutcome outcome)
    {
        RecoveredNetwork found = outcome.Found;
        string asked = Evidence.Computed("Counted where the oracle is asked."), certificate = Evidence.Computed("By a fit of the outputs on fresh rows, refined with all parameters together.");
        List<(string, string, string)> facts =
        [
            ("recovered", found.Network is null ? "nothing" : $"{found.Network}{(found.IsComplete ? "" : ", in part")}", certificate),
            ("questions", $"{Html.Count(found.Queries)} (2^{Math.Log2(Math.Max(1, found.Queries)).ToString("F2", CultureInfo.InvariantCulture)})", asked),
            ("identifiable", found.IsIdentifiable ? "yes, up to order and scale" : "not all of it", ""),
            ("kinks met, unexplained", $"{Html.Count(found.Kinks)}, {Html.Count(found.UnexplainedKinks)}", asked),
        ];
        if (outcome.Aligned is NetworkAlignment a) facts.Add(("largest error of a parameter", Html.Number(a.MaxParameterError), Evidence.Computed("Beside the true network, in its order and scales.")));
        if (outcome.Compared is SampledError s) facts.Add(("largest error of an output", Html.Number(s.Maximum), Evidence.Measured((int)s.Samples)));
        if (outcome.Formal is FormalError f) facts.Add(("no input of the box is worse than", Html.Number(f.Bound), Evidence.Interval));
        if (outcome.Worst is WorstDifference w) facts.Add(("the worst one", Html.Number(w.Maximum), Evidence.Exact));
        html.Facts([.. facts]);
        if (found.Notes.Length > 0) html.List(found.Notes.Select(n => char.ToUpperInvariant(n[0]) + n[1..] + "."));
    }

    /// <summary>The stages as a table.</summary>
    public static void Stages(HtmlPart html, ExtractionPlan plan, IReadOnlyList<ExtractionStage> stages) =>
        html.Table(["stage", "planned", "asked", "seconds"], stages.Select(s => (IReadOnlyList<string>)
            [s.Name, plan.Stages.FirstOrDefault(p => p.Name == s.Name) is { } p ? Html.Count(p.Queries) : "", Html.Count(s.Queries), Html.Number(Math.Round(s.Seconds, 2))]));

    /// <summary>How surely each unit is known.</summary>
    public static void Confidence(HtmlPart html, RecoveredNetwork found)
    {
        if (found.Units.IsEmpty)
        {
            html.Paragraph("The parameters were not refined together, so that there is no estimate of their errors.");
            return;
        }
        html.Figure(ExtractionPicture.Confidence(found.Units), "The error of each unit's worst parameter; hollow: a weight that no row shows.",
            Evidence.Computed("The residual of the last fit times the amplification of each parameter, its own row of (JᵀJ)⁻¹."));
        UnitConfidence[] worst = [.. found.Units.OrderByDescending(u => u.Error).Take(MostUnits)];
        html.Table(["unit", "error", "amplification", "open weights"], worst.Select(u => (IReadOnlyList<string>)
            [$"layer {u.Layer}, unit {u.Index}", double.IsFinite(u.Error) ? Html.Number(u.Error) : "not known", double.IsFinite(u.Amplification) ? Html.Number(u.Amplification) : "not shown", string.Join(", ", u.OpenWeights)]));
    }

    /// <summary>Defences as a picture and a table.</summary>
    public static void Defences(HtmlPart html, IReadOnlyList<DefenceCost> costs)
    {
        html.Paragraph("A defence is worth what it does to the copy for what it does to users: high and to the left is good for the owner.");
        if (ExtractionPicture.Defences(costs) is SvgPicture picture) html.Figure(picture, "What users lose, and what is left of the copy. What has no error at all stands at the left or lower edge.", Evidence.Measured(ComparedInputs));
        html.Table(["defence", "copied whole", "questions", "error of the copy", "users lose", "same decisions", "pattern"], costs.Select(c => (IReadOnlyList<string>)
        [
            c.Defence.ToString(), c.Found.IsComplete ? "yes" : "no", Html.Count(c.Found.Queries), c.OutputError is double e ? Html.Number(e) : "", Html.Number(c.UserError),
            Html.Percent(c.UserAgreement), Html.Percent(c.PatternShare),
        ]));
        html.Paragraph("Pattern: the share of questions that lie next to one of the sixteen before them, which is what a server could notice.");
    }
}
