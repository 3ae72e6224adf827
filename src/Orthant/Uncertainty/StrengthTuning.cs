using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>Chooses how strong a law should be, on validation data, without losing more accuracy than is allowed.</summary>
/// <remarks>A family is tried at strengths in geometric steps; among those whose accuracy is within the budget the one of the least calibration error or negative
/// log-likelihood is taken. The plain network takes part, so that the answer may be to leave it alone.</remarks>
public sealed class StrengthTuning
{
    private StrengthTuning(ImmutableArray<StrengthTrial> trials, StrengthTrial best)
    {
        Trials = trials;
        Best = best;
    }

    /// <summary>All strengths that were tried, the plain network first.</summary>
    public ImmutableArray<StrengthTrial> Trials { get; }

    /// <summary>The one that was chosen.</summary>
    public StrengthTrial Best { get; }

    /// <summary>The laws of a family from weak to strong.</summary>
    /// <param name="family">Dropout, DropRelu, SymmetricDrop, or RandomizedLeaky for slopes uniform on (−s, s).</param>
    public static ImmutableArray<ActivationLaw> Strengths(ActivationLawKind family)
    {
        double[] steps = [0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4];
        return
        [
            .. steps.Select(s => family switch
            {
                ActivationLawKind.Dropout => ActivationLaw.Dropout(s),
                ActivationLawKind.DropRelu => ActivationLaw.DropRelu(1 - s),
                ActivationLawKind.SymmetricDrop => ActivationLaw.SymmetricDropRelu(s),
                ActivationLawKind.RandomizedLeaky => ActivationLaw.RandomizedLeaky(-2 * s, 2 * s),
                _ => throw new ArgumentException($"{family} has no strength to be tuned.", nameof(family)),
            }),
        ];
    }

    /// <summary>Tries all strengths of a family.</summary>
    /// <param name="network">The network.</param>
    /// <param name="family">The family; see <see cref="Strengths"/>.</param>
    /// <param name="inputs">Validation samples.</param>
    /// <param name="labels">Their classes.</param>
    /// <param name="accuracyBudget">How much accuracy may be lost, 0 or more.</param>
    /// <param name="objective">What is made small.</param>
    /// <param name="granularity">Which units share a draw.</param>
    /// <param name="options">Passes, seed, threads.</param>
    /// <param name="progress">Is told of every trial.</param>
    /// <param name="cancellation">Stops between tiles.</param>
    /// <exception cref="OrthantInputException">Data do not fit the network, or it has nothing to randomise.</exception>
    public static StrengthTuning Run(
        ReluNetwork network, ActivationLawKind family, InputRows inputs, ReadOnlyMemory<int> labels, double accuracyBudget,
        TuningObjective objective = TuningObjective.NegativeLogLikelihood, RandomGranularity granularity = RandomGranularity.Element,
        PassOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (!(accuracyBudget >= 0)) throw new OrthantInputException("tuning", "accuracy budget", $"{accuracyBudget}", "0 or more");
        ImmutableArray<ActivationLaw> laws = [ActivationLaw.Relu, .. Strengths(family)];
        List<StrengthTrial> trials = [];
        foreach (ActivationLaw law in laws)
        {
            progress?.Report(new WorkProgress("tuning", trials.Count, laws.Length, "strengths"));
            PredictiveDistribution p = UncertainNetwork.Of(network, law, granularity).Predict(inputs, options, null, cancellation);
            ClassificationMetrics metrics = ClassificationMetrics.Of(p.Mean, labels.Span);
            bool allowed = trials.Count == 0 || metrics.Accuracy >= trials[0].Metrics.Accuracy - accuracyBudget - 1e-12;
            trials.Add(new StrengthTrial(law, metrics, p.MutualInformation.ToArray().Average(), allowed));
        }
        double Loss(StrengthTrial t) => objective == TuningObjective.CalibrationError ? t.Metrics.Ece : t.Metrics.NegativeLogLikelihood;
        return new StrengthTuning([.. trials], trials.Where(t => t.WithinBudget).MinBy(Loss)!);
    }
}

/// <summary>What <see cref="StrengthTuning"/> makes small.</summary>
public enum TuningObjective
{
    /// <summary>The mean negative log-likelihood.</summary>
    NegativeLogLikelihood,

    /// <summary>The expected calibration error.</summary>
    CalibrationError,
}

/// <summary>One strength on the validation data.</summary>
/// <param name="Law">The law.</param>
/// <param name="Metrics">How good the mean probabilities are.</param>
/// <param name="MutualInformation">The mean mutual information, in nats.</param>
/// <param name="WithinBudget">Whether its accuracy is within the budget of the plain network's.</param>
public sealed record StrengthTrial(ActivationLaw Law, ClassificationMetrics Metrics, double MutualInformation, bool WithinBudget);
