namespace Orthant.Uncertainty;

/// <summary>Intervals that hold the target with a promised probability: conformalized quantile regression.</summary>
/// <remarks>The margin is the conformal quantile of max(lower − y, y − upper) and may be negative, which makes intervals smaller. Source: Romano, Patterson and
/// Candès, NeurIPS 2019. Where <see cref="ConformalClassifier"/> gives sets of classes, this gives intervals of numbers. Immutable, safe to share.</remarks>
public sealed class ConformalInterval
{
    private ConformalInterval(double margin) => Margin = margin;

    /// <summary>What is added on both sides; +∞ where there are too few rows for the promise.</summary>
    public double Margin { get; }

    /// <summary>Learns the margin.</summary>
    /// <param name="lower">The predicted lower ends on calibration data.</param>
    /// <param name="upper">The predicted upper ends.</param>
    /// <param name="targets">The targets.</param>
    /// <param name="alpha">The part of targets that may lie outside, between 0 and 1.</param>
    /// <exception cref="OrthantInputException">The lengths differ or are 0, a number is NaN, or alpha is not between 0 and 1.</exception>
    public static ConformalInterval Calibrate(ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, ReadOnlySpan<double> targets, double alpha)
    {
        CalibrationRows.CheckLevel(alpha);
        if (targets.IsEmpty || lower.Length != targets.Length || upper.Length != targets.Length)
        {
            throw new OrthantInputException("calibration data", "", $"{lower.Length} lower ends, {upper.Length} upper ends and {targets.Length} targets", "equally many, at least one");
        }
        double[] scores = new double[targets.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = Math.Max(lower[i] - targets[i], targets[i] - upper[i]);
            if (double.IsNaN(scores[i])) throw new OrthantInputException("calibration data", $"row {i}", "not a number", "numbers");
        }
        return new ConformalInterval(ConformalQuantile.Of(scores, alpha));
    }

    /// <summary>The interval of one prediction; its ends meet in the middle where a negative margin would cross them.</summary>
    public (double Lower, double Upper) Apply(double lower, double upper)
    {
        double from = lower - Margin, to = upper + Margin;
        return from <= to ? (from, to) : ((lower + upper) / 2, (lower + upper) / 2);
    }
}
