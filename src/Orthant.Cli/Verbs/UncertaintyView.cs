using System.Globalization;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary>The tables of <see cref="UncertaintyVerb"/>, for a person and as JSON.</summary>
internal static class UncertaintyView
{
    private static readonly ActivationLawKind[] Families =
        [ActivationLawKind.Dropout, ActivationLawKind.DropRelu, ActivationLawKind.SymmetricDrop, ActivationLawKind.RandomizedLeaky];

    public static void Figures(View view, UncertaintyEvaluation e, Dictionary<string, Bootstrap> intervals)
    {
        string Error(string key) => e.Errors.TryGetValue(key, out double value) ? View.Number(value) : "";
        string Interval(string key) => intervals.TryGetValue(key, out Bootstrap? b)
            ? string.Create(CultureInfo.InvariantCulture, $"{b.Lower:G4} to {b.Upper:G4}") : "";
        string[] Row(string name, string key, double value) => [name, View.Number(value), Error(key), Interval(key)];
        List<string[]> rows =
        [
            Row("accuracy", "accuracy", e.Metrics.Accuracy),
            Row("negative log-likelihood", "nll", e.Metrics.NegativeLogLikelihood),
            Row("Brier score", "brier", e.Metrics.Brier),
            Row($"ECE, {ClassificationMetrics.UsualBins} equal bins", "ece", e.Metrics.Ece),
            Row($"ECE, {ClassificationMetrics.UsualAdaptiveBins} bins of equal mass", "adaptiveEce", e.Metrics.AdaptiveEce),
            Row("AURC", "aurc", e.Metrics.Aurc),
            Row("predictive entropy", "entropy", e.Entropy),
            Row("mutual information", "mutualInformation", e.MutualInformation),
        ];
        view.Table(["", "value", "Monte-Carlo error", "95 % of resamples"], rows);
    }

    public static void Tuning(View view, StrengthTuning tuning) => view.Table(
        ["law", "accuracy", "nll", "ECE", "mutual information", ""],
        tuning.Trials.Select(t => new[]
        {
            t.Law.ToString(), View.Number(t.Metrics.Accuracy), View.Number(t.Metrics.NegativeLogLikelihood), View.Number(t.Metrics.Ece),
                View.Number(t.MutualInformation),
            ReferenceEquals(t, tuning.Best) ? "chosen" : t.WithinBudget ? "" : "beyond the budget",
        }));

    public static void Diversity(View view, DiversityBudget budget)
    {
        view.Table(["site", "units", "active", "(h-)²/(h+)²", "variance injected a unit", "variance at the outputs"],
            budget.Sites.Select(s => new[]
        {
            $"{s.Site}", $"{s.Units}", View.Number(s.ActivePart), s.InactiveRatio is double r ? View.Number(r) : "none active",
                View.Number(s.InjectedVariance), View.Number(s.OutputVariance),
        }));
        string[] matches = [.. Families.Where(f => f != budget.Law.Kind).Select(budget.Match).OfType<ActivationLaw>().Select(l =>
            $"mc-{l}")];
        if (matches.Length > 0) view.Line($"as much variance at the outputs, to first order: {string.Join(", ", matches)}");
    }

    public static object[]? Trials(StrengthTuning? tuning) => tuning is null ? null :
    [
        .. tuning.Trials.Select(t => (object)new
        {
            law = t.Law.ToString(),
            accuracy = t.Metrics.Accuracy,
            nll = t.Metrics.NegativeLogLikelihood,
            ece = t.Metrics.Ece,
            mutualInformation = t.MutualInformation,
            withinBudget = t.WithinBudget,
            chosen = ReferenceEquals(t, tuning.Best),
        }),
    ];

    public static object[] Budget(DiversityBudget? budget) => budget is null ? [] :
    [
        .. budget.Sites.Select(s => (object)new
        {
            site = s.Site,
            units = s.Units,
            activePart = s.ActivePart,
            activeSquare = s.ActiveSquare,
            inactiveSquare = s.InactiveSquare,
            inactiveRatio = s.InactiveRatio,
            injectedVariance = s.InjectedVariance,
            outputVariance = s.OutputVariance,
        }),
    ];

    public static string[] Matches(DiversityBudget? budget) =>
        budget is null ? [] : [.. Families.Where(f => f != budget.Law.Kind).Select(budget.Match).OfType<ActivationLaw>().Select(l =>
            $"mc-{l}")];
}
