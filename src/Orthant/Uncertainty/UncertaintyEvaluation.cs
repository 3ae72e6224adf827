using System.Collections.Immutable;

namespace Orthant.Uncertainty;

/// <summary>A method's figures on data whose classes are known, and on samples from elsewhere, each with its Monte-Carlo standard error.</summary>
public sealed class UncertaintyEvaluation
{
    private UncertaintyEvaluation(
        ClassificationMetrics metrics, DetectionMetrics? byEntropy, DetectionMetrics? byInformation, double information, double entropy, ImmutableSortedDictionary<string, double> errors)
    {
        Metrics = metrics;
        ByEntropy = byEntropy;
        ByInformation = byInformation;
        MutualInformation = information;
        Entropy = entropy;
        Errors = errors;
    }

    /// <summary>The metrics of the mean probabilities.</summary>
    public ClassificationMetrics Metrics { get; }

    /// <summary>How well predictive entropy tells samples from elsewhere; null without any.</summary>
    public DetectionMetrics? ByEntropy { get; }

    /// <summary>How well mutual information tells samples from elsewhere; null without any, and for a single pass.</summary>
    public DetectionMetrics? ByInformation { get; }

    /// <summary>The mean mutual information, in nats.</summary>
    public double MutualInformation { get; }

    /// <summary>The mean predictive entropy, in nats.</summary>
    public double Entropy { get; }

    /// <summary>The Monte-Carlo standard errors by the names accuracy, nll, brier, ece, adaptiveEce, aurc, mutualInformation, entropy, and with samples from
    /// elsewhere auroc, auprIn, auprOut, fpr95, aurocMutualInformation; empty for a single pass.</summary>
    public ImmutableSortedDictionary<string, double> Errors { get; }

    /// <summary>Computes all figures.</summary>
    /// <param name="inside">The predictions on labelled data.</param>
    /// <param name="labels">The classes.</param>
    /// <param name="outside">The predictions of the same passes on samples from elsewhere; null for none.</param>
    /// <param name="map">A calibration of the mean probabilities; null for none. Mutual information stays that of the passes.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static UncertaintyEvaluation Of(PredictiveDistribution inside, ReadOnlyMemory<int> labels, PredictiveDistribution? outside = null, Recalibration? map = null)
    {
        ArgumentNullException.ThrowIfNull(inside);
        ClassProbabilities mean = Mapped(inside, map);
        ClassificationMetrics metrics = ClassificationMetrics.Of(mean, labels.Span);
        double[] entropies = OutlierScores.Entropy(mean);
        DetectionMetrics? entropy = outside is null ? null : DetectionMetrics.Of(entropies, OutlierScores.Entropy(Mapped(outside, map)));
        DetectionMetrics? information = outside is null || inside.Passes < 2 ? null : DetectionMetrics.Of(inside.MutualInformation.Span, outside.MutualInformation.Span);
        ImmutableSortedDictionary<string, double> errors = ImmutableSortedDictionary<string, double>.Empty;
        if (inside.Passes > 1)
        {
            double[] all = PredictiveDistribution.Jackknife(inside, outside, (d, o) => Numbers(d, labels.Span, o, map));
            errors = errors.AddRange(Names.Take(all.Length).Select((name, i) => new KeyValuePair<string, double>(name, all[i])));
        }
        return new UncertaintyEvaluation(
            metrics, entropy, information, inside.MutualInformation.ToArray().Average(), entropies.Average(), errors);
    }

    private static readonly string[] Names =
        ["accuracy", "nll", "brier", "ece", "adaptiveEce", "aurc", "mutualInformation", "entropy", "auroc", "auprIn", "auprOut", "fpr95", "aurocMutualInformation"];

    private static double[] Numbers(PredictiveDistribution inside, ReadOnlySpan<int> labels, PredictiveDistribution? outside, Recalibration? map)
    {
        ClassProbabilities mean = Mapped(inside, map);
        ClassificationMetrics m = ClassificationMetrics.Of(mean, labels);
        double[] entropies = OutlierScores.Entropy(mean);
        double[] own = [m.Accuracy, m.NegativeLogLikelihood, m.Brier, m.Ece, m.AdaptiveEce, m.Aurc, inside.MutualInformation.ToArray().Average(), entropies.Average()];
        if (outside is null) return own;
        DetectionMetrics d = DetectionMetrics.Of(entropies, OutlierScores.Entropy(Mapped(outside, map)));
        return [.. own, d.Auroc, d.AuprIn, d.AuprOut, d.Fpr95, DetectionMetrics.Of(inside.MutualInformation.Span, outside.MutualInformation.Span).Auroc];
    }

    private static ClassProbabilities Mapped(PredictiveDistribution p, Recalibration? map) => map?.Apply(p.Mean) ?? p.Mean;
}
