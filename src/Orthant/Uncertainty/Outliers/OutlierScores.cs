using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>The names of outlier scores.</summary>
public enum OutlierScore
{
    /// <summary><see cref="OutlierScores.MaxProbability"/>.</summary>
    MaxProbability,

    /// <summary><see cref="OutlierScores.Entropy"/>.</summary>
    Entropy,

    /// <summary><see cref="OutlierScores.MutualInformation"/>, of several passes.</summary>
    MutualInformation,

    /// <summary><see cref="OutlierScores.Variance"/>, of several passes.</summary>
    Variance,

    /// <summary><see cref="OutlierScores.Energy"/>, of the logits of a single pass.</summary>
    Energy,

    /// <summary><see cref="OutlierScores.MaxLogit"/>, of the logits of a single pass.</summary>
    MaxLogit,

    /// <summary><see cref="MahalanobisScore"/>, of features.</summary>
    Mahalanobis,

    /// <summary><see cref="NeighbourScore"/>, of features.</summary>
    Neighbours,
}

/// <summary>One number a sample that is larger for samples from elsewhere, of what a network says about them.</summary>
/// <remarks>For scores of features see <see cref="MahalanobisScore"/> and <see cref="NeighbourScore"/>; <see cref="DetectionMetrics"/>
/// judges any score.</remarks>
public static class OutlierScores
{
    /// <summary>A score of predictions by its name.</summary>
    /// <param name="score">Any but those of features.</param>
    /// <param name="mean">The mean probabilities, perhaps calibrated.</param>
    /// <param name="predictions">Passes and logits.</param>
    /// <returns>One number a sample; null where the score needs several passes, logits, or features, and there are none.</returns>
    public static double[]? Of(OutlierScore score, ClassProbabilities mean, Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        bool several = predictions.Passes.Passes > 1;
        return score switch
        {
            OutlierScore.MaxProbability => MaxProbability(mean),
            OutlierScore.Entropy => Entropy(mean),
            OutlierScore.MutualInformation when several => MutualInformation(predictions.Passes),
            OutlierScore.Variance when several => Variance(predictions.Passes),
            OutlierScore.Energy when predictions.Logits is ReadOnlyMemory<double> z => Energy(z.Span, mean.Classes),
            OutlierScore.MaxLogit when predictions.Logits is ReadOnlyMemory<double> z => MaxLogit(z.Span, mean.Classes),
            _ => null,
        };
    }

    /// <summary>1 − the largest probability (Hendrycks and Gimpel, ICLR 2017).</summary>
    public static double[] MaxProbability(ClassProbabilities probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        return [.. Enumerable.Range(0, probabilities.Samples).Select(i => 1 - probabilities.Confidence(i))];
    }

    /// <summary>The entropy of the probabilities, in nats.</summary>
    public static double[] Entropy(ClassProbabilities probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        return [.. Enumerable.Range(0, probabilities.Samples).Select(probabilities.Entropy)];
    }

    /// <summary>The mutual information of many passes, in nats.</summary>
    public static double[] MutualInformation(PredictiveDistribution predictions) =>
        (predictions ?? throw new ArgumentNullException(nameof(predictions))).MutualInformation.ToArray();

    /// <summary>The summed variance of the probabilities of many passes.</summary>
    public static double[] Variance(PredictiveDistribution predictions) =>
        (predictions ?? throw new ArgumentNullException(nameof(predictions))).Variance.ToArray();

    /// <summary>−T ln Σ exp(z/T) of logits (Liu, Wang, Owens and Li, NeurIPS 2020).</summary>
    /// <param name="logits">samples × classes finite numbers.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="temperature">T, positive.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows, or one is not finite.</exception>
    public static double[] Energy(ReadOnlySpan<double> logits, int classes, double temperature = 1)
    {
        ClassProbabilities.CheckRows("logits", logits, classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        double[] scores = new double[logits.Length / classes];
        for (int i = 0; i < scores.Length; i++)
        {
            ReadOnlySpan<double> z = logits.Slice(i * classes, classes);
            double top = TensorPrimitives.Max(z), sum = 0;
            foreach (double value in z) sum += Math.Exp((value - top) / temperature);
            scores[i] = -top - (temperature * Math.Log(sum));
        }
        return scores;
    }

    /// <summary>− the largest logit (Hendrycks et al., ICML 2022).</summary>
    /// <param name="logits">samples × classes finite numbers.</param>
    /// <param name="classes">At least 2.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows, or one is not finite.</exception>
    public static double[] MaxLogit(ReadOnlySpan<double> logits, int classes)
    {
        ClassProbabilities.CheckRows("logits", logits, classes);
        double[] scores = new double[logits.Length / classes];
        for (int i = 0; i < scores.Length; i++) scores[i] = -TensorPrimitives.Max(logits.Slice(i * classes, classes));
        return scores;
    }
}
