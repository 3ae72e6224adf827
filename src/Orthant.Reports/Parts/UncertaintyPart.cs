using System.Globalization;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Reports.Parts;

/// <summary>How sure the network is on the user's data: calibration, and what randomised rectifiers add to it.</summary>
internal static class UncertaintyPart
{
    private const int MostSamples = 2000, BudgetSamples = 50, Passes = 20;
    private const long MostMultiplications = 200_000_000_000;

    /// <summary>The part, or null without labelled data or without a rectifier.</summary>
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        if (input.Data.IsEmpty || !input.TargetsAreClasses || network.Outputs < 2) return null;
        int samples = Math.Min(MostSamples, input.Targets.Length);
        if (network.Multiplications * samples * Passes > MostMultiplications) samples = Math.Max(1, (int)(MostMultiplications / Passes / Math.Max(1, network.Multiplications)));
        int[] labels = Array.ConvertAll(input.Targets[..samples].ToArray(), t => (int)t);
        if (Array.Exists(labels, l => l >= network.Outputs)) return null;
        (double mean, double deviation) = Scaling(network);
        InputRows Rows(int count) => InputRows.OfSingles(Array.ConvertAll(input.Data[..(count * network.Inputs)].ToArray(), x => (float)((x - mean) / deviation)), network.Inputs);
        InputRows rows = Rows(samples);
        UncertainNetwork plain = UncertainNetwork.Of(network, ActivationLaw.Relu), trained = UncertainNetwork.Of(network);
        if (plain.Sites.IsEmpty) return null;
        PassOptions options = new() { Passes = Passes, Seed = input.Seed };
        ActivationLaw[] laws = trained.Law.IsRandom
            ? [ActivationLaw.Leaky(trained.Law.MeanSlope), trained.Law]
            : [ActivationLaw.Relu, ActivationLaw.Dropout(0.1), ActivationLaw.DropRelu(0.95), ActivationLaw.RandomizedLeaky(-0.2, 0.2)];
        List<(ActivationLaw Law, PredictiveDistribution Distribution, UncertaintyEvaluation Figures)> all = [];
        foreach (ActivationLaw law in laws)
        {
            PredictiveDistribution p = UncertainNetwork.Of(network, law).Predict(rows, options, null, cancellation);
            all.Add((law, p, UncertaintyEvaluation.Of(p, labels)));
        }
        DiversityBudget budget = DiversityBudget.Of(
            UncertainNetwork.Of(network, all[^1].Law), Rows(Math.Min(BudgetSamples, samples)), 1, cancellation);
        HtmlPart html = new();
        html.Paragraph(
            $"The rectifiers are replaced by random ones, {Passes} passes over {Html.Count(samples)} samples each; ± is the error that another seed would make.",
            Evidence.Measured(samples));
        html.Table(["law", "accuracy", "negative log-likelihood", "Brier", "ECE", "AURC", "mutual information"], all.Select(a => (IReadOnlyList<string>)
        [
            Name(a.Law), Value(a.Figures, "accuracy", a.Figures.Metrics.Accuracy), Value(a.Figures, "nll", a.Figures.Metrics.NegativeLogLikelihood),
            Value(a.Figures, "brier", a.Figures.Metrics.Brier), Value(a.Figures, "ece", a.Figures.Metrics.Ece), Value(a.Figures, "aurc", a.Figures.Metrics.Aurc),
            Value(a.Figures, "mutualInformation", a.Figures.MutualInformation),
        ]));
        (double[] confidences, bool[] correct) = ClassificationMetrics.Outcomes(all[0].Distribution.Mean, labels);
        html.Figures([
            (UncertaintyPicture.Reliability(confidences, correct, input.Seed), "Of the samples in a bin of confidence, the part that is right; on the diagonal, confidence means what it says."),
            (UncertaintyPicture.Risk(confidences, correct, input.Seed), "The part that is wrong when only the most confident samples are answered."),
        ]);
        html.SubHeading($"Where randomness would enter: {Name(budget.Law)}");
        html.Table(["site", "units", "active", "(h⁻)²/(h⁺)²", "variance injected a unit", "variance at the outputs"], budget.Sites.Select(s => (IReadOnlyList<string>)
        [
            $"{s.Site}", Html.Count(s.Units), Html.Number(s.ActivePart), s.InactiveRatio is double r ? Html.Number(r) : "none active", Html.Number(s.InjectedVariance), Html.Number(s.OutputVariance),
        ]));
        return new ReportSection("uncertainty", "How sure it is", html.ToString(), new
        {
            samples,
            passes = Passes,
            laws = all.Select(a => new
            {
                law = Name(a.Law),
                accuracy = a.Figures.Metrics.Accuracy,
                nll = a.Figures.Metrics.NegativeLogLikelihood,
                brier = a.Figures.Metrics.Brier,
                ece = a.Figures.Metrics.Ece,
                adaptiveEce = a.Figures.Metrics.AdaptiveEce,
                aurc = a.Figures.Metrics.Aurc,
                mutualInformation = a.Figures.MutualInformation,
                monteCarloError = a.Figures.Errors,
            }),
            diversityBudget = budget.Sites.Select(s => new { site = s.Site, units = s.Units, injectedVariance = s.InjectedVariance, outputVariance = s.OutputVariance }),
        });
    }

    /// <summary>The normalisation that the file's metadata name.</summary>
    private static (double Mean, double Deviation) Scaling(ReluNetwork network)
    {
        double[] numbers = [.. (network.Metadata.GetValueOrDefault("input-normalization") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(t => double.TryParse(t, CultureInfo.InvariantCulture, out double v) ? v : double.NaN)];
        return numbers is [double mean, double deviation and > 0] && double.IsFinite(mean) ? (mean, deviation) : (0, 1);
    }

    private static string Name(ActivationLaw law) => law.IsRandom ? $"mc-{law}" : "deterministic";

    /// <summary>Four digits, and two of the error: enough to compare, and a table that fits.</summary>
    private static string Value(UncertaintyEvaluation figures, string key, double value) =>
        figures.Errors.TryGetValue(key, out double error) ? $"{Text(value, "G4")} ± {Text(error, "G2")}" : Text(value, "G4");

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '\u2212');
}
