using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>What <see cref="ExtractVerb"/> shows, for a person and as JSON.</summary>
internal static class ExtractionView
{
    /// <summary>The plan in one line.</summary>
    public static string InALine(ExtractionPlan plan) => $"plan: about {View.Count(plan.Queries)} queries if the hidden widths are {string.Join(", ", plan.HiddenWidths)}"
        + (plan.EndsIn is string stage ? $"; the budget of {View.Count(plan.Budget)} would end in {stage}, and a partial network be written" : "");

    /// <summary>The plan as JSON.</summary>
    public static object Plan(ExtractionPlan plan) => new
    {
        hiddenWidths = plan.HiddenWidths,
        queries = plan.Queries,
        stages = plan.Stages,
        budget = plan.Budget == long.MaxValue ? (long?)null : plan.Budget,
        endsIn = plan.EndsIn,
    };

    /// <summary>The plan as a table.</summary>
    public static void ShowPlan(View view, string source, ExtractionPlan plan)
    {
        view.Heading($"about {View.Count(plan.Queries)} queries (2^{Math.Log2(plan.Queries):F1}), if the hidden widths are {string.Join(", ", plan.HiddenWidths)}");
        view.Table(["stage", "queries"], plan.Stages.Select(s => (IEnumerable<string>)[s.Name, View.Count(s.Queries)]));
        view.Line("an estimate from random networks: most cost between 0.6 and 1.6 times as much; coarse answers, deep and trained networks more");
        if (plan.EndsIn is string stage) view.Line($"the budget of {View.Count(plan.Budget)} would end in {stage}, and a partial network be written");
        view.Next($"orthant extract {source}");
    }

    /// <summary>One method of a comparison.</summary>
    public sealed record MethodLine(string Method, bool Complete, IReadOnlyList<int> HiddenWidths, long Queries, double? MaxParameterError, double? MaxOutputError, double Seconds)
    {
        private const int Compared = 2000;

        public static MethodLine Of(ExtractionMethod method, RecoveredNetwork found, ReluNetwork? known, ulong seed)
        {
            bool upToShift = found.PostProcessing != PostProcessing.Raw;
            double? parameters = known is null || found.Network is null ? null : NetworkAlignment.Of(known, found.Network, upToShift)?.MaxParameterError;
            // Only a true network answers for nothing.
            double? outputs = known is null || found.Network is null || upToShift ? null : SampledError.Measure(new NetworkOracle(known), found.Network, Compared, seed).Maximum;
            return new MethodLine(method == ExtractionMethod.Chains ? "chains" : "rk2020", found.IsComplete, found.HiddenWidths, found.Queries, parameters, outputs, found.Stages.Sum(s => s.Seconds));
        }
    }

    /// <summary>Everything as JSON.</summary>
    public static Dictionary<string, object?> Json(ExtractionOutcome outcome, ReluNetwork? known, IReadOnlyList<MethodLine> methods)
    {
        RecoveredNetwork found = outcome.Found;
        return new()
        {
            ["hiddenWidths"] = found.HiddenWidths,
            ["queries"] = found.Queries,
            ["auditQueries"] = known is null && outcome.Compared is { } fresh ? fresh.Samples : 0,
            ["complete"] = found.IsComplete,
            ["identifiable"] = found.IsIdentifiable,
            ["postProcessing"] = found.PostProcessing.ToString().ToLowerInvariant(),
            ["kinks"] = found.Kinks,
            ["unexplainedKinks"] = found.UnexplainedKinks,
            ["residual"] = double.IsFinite(found.Residual) ? found.Residual : null,
            ["maxParameterError"] = outcome.Aligned?.MaxParameterError,
            ["layerErrors"] = outcome.Aligned?.LayerErrors,
            ["maxOutputError"] = outcome.Compared?.Maximum,
            ["outputErrorShare"] = outcome.Compared?.WorseShare,
            ["formalBound"] = outcome.Formal?.Bound,
            ["formalIntervalBounds"] = outcome.Formal?.IntervalBounds,
            ["formalNormBounds"] = outcome.Formal?.NormBounds,
            ["worstCase"] = outcome.Worst is { } w ? new { maximum = w.Maximum, witness = w.Witness, output = w.Output, at = w.At, regions = w.Regions } : null,
            ["plan"] = Plan(outcome.Plan),
            ["stages"] = found.Stages,
            ["units"] = found.Units,
            ["notes"] = found.Notes,
            ["methods"] = methods.Count == 0 ? null : methods,
            ["defences"] = outcome.Defences.Count == 0 ? null : outcome.Defences.Select(c => new Dictionary<string, object?>
            {
                ["defence"] = c.Defence.ToString(),
                ["queries"] = c.Found.Queries,
                ["complete"] = c.Found.IsComplete,
                ["hiddenWidths"] = c.Found.HiddenWidths,
                ["maxParameterError"] = Error(c, known),
                ["maxOutputError"] = c.OutputError,
                ["userError"] = c.UserError,
                ["userAgreement"] = c.UserAgreement,
                ["patternShare"] = c.PatternShare,
            }).ToArray(),
        };
    }

    private static double? Error(DefenceCost cost, ReluNetwork? known) =>
        known is null || cost.Found.Network is null ? null : NetworkAlignment.Of(known, cost.Found.Network, cost.Found.PostProcessing != PostProcessing.Raw)?.MaxParameterError;

    /// <summary>Everything for a person.</summary>
    public static void Show(View view, string source, ExtractionOutcome outcome, ReluNetwork? known, IReadOnlyList<MethodLine> methods)
    {
        (RecoveredNetwork found, IReadOnlyList<DefenceCost> costs) = (outcome.Found, outcome.Defences);
        view.Heading(found.Network is null ? "nothing was recovered" : $"{(found.IsComplete ? "recovered" : "recovered in part")}: {found.Network}");
        List<(string, string)> facts =
        [
            ("queries", $"{View.Count(found.Queries)} (2^{Math.Log2(found.Queries):F2})"),
            ("identifiable", found.IsIdentifiable ? "yes, up to order and scale" : "not all of it"),
            ("kinks", $"{View.Count(found.Kinks)} met, {View.Count(found.UnexplainedKinks)} unexplained"),
        ];
        if (found.Units.Length > 0) facts.Add(("worst unit", $"parameters within about {View.Number(found.Units.Max(u => u.Error))}"));
        if (outcome.Aligned is { } aligned) facts.Add(("parameter error", $"{View.Number(aligned.MaxParameterError)} (2^{Math.Log2(aligned.MaxParameterError):F1})"));
        else if (known is not null) facts.Add(("parameter error", "none: the widths differ from the true ones"));
        if (outcome.Compared is { } compared) facts.Add(("output error", $"{View.Number(compared.Maximum)} on {View.Count(compared.Samples)} inputs; at most {compared.WorseShare:P3} of them are worse"));
        if (outcome.Formal is { } formal) facts.Add(("proved bound", $"{View.Number(formal.Bound)} for every input of the box (entry by entry {View.Number(formal.IntervalBounds.Max())}, by norms {View.Number(formal.NormBounds.Max())})"));
        if (outcome.Worst is { } worst) facts.Add(("worst input", $"{View.Number(worst.Maximum)}, exact: {View.Count(worst.Regions)} regions of the difference"));
        view.Facts(facts);
        view.Table(["stage", "planned", "queries", "seconds"], found.Stages.Select(s => (IEnumerable<string>)
            [s.Name, outcome.Plan.Stages.FirstOrDefault(p => p.Name == s.Name) is { } p ? View.Count(p.Queries) : "", View.Count(s.Queries), View.Number(Math.Round(s.Seconds, 2))]));
        if (methods.Count > 0)
        {
            view.Table(["method", "whole", "hidden widths", "queries", "weights", "outputs", "seconds"], methods.Select(m => (IEnumerable<string>)
            [
                m.Method, m.Complete ? "yes" : "no", string.Join("-", m.HiddenWidths), View.Count(m.Queries), m.MaxParameterError is double e ? $"{e:G2}" : "-",
                m.MaxOutputError is double o ? $"{o:G2}" : "-", View.Number(Math.Round(m.Seconds, 2)),
            ]));
        }
        if (costs.Count > 0)
        {
            view.Line("behind a defence: the largest errors of weights and outputs, what users lose (root mean square, same decisions), and the share of questions that show a pattern");
            view.Table(["defence", "whole", "queries", "weights", "outputs", "users", "agree", "pattern"], costs.Select(c => (IEnumerable<string>)
            [
                c.Defence.ToString(), c.Found.IsComplete ? "yes" : "no", View.Count(c.Found.Queries), Error(c, known) is double e ? $"{e:G2}" : "-",
                c.OutputError is double o ? $"{o:G2}" : "-", $"{c.UserError:G2}", $"{c.UserAgreement:P1}", $"{c.PatternShare:P0}",
            ]));
        }
        foreach (string note in found.Notes) view.Line($"note: {note}");
        view.Next(found.IsComplete ? $"orthant extract {source} --audit" : $"orthant extract {source} --budget {2 * found.Queries}");
    }
}
