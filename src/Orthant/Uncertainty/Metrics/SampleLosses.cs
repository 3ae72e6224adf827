namespace Orthant.Uncertainty;

/// <summary>The losses whose means are metrics, one number a sample: what paired tests and bootstraps read.</summary>
public static class SampleLosses
{
    /// <summary>−ln p of each sample's class, in nats; infinite where p is 0.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">One class a sample.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static double[] NegativeLogLikelihoods(ClassProbabilities probabilities, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        CalibrationRows.CheckLabels(labels, probabilities.Samples, probabilities.Classes);
        double[] losses = new double[labels.Length];
        for (int i = 0; i < losses.Length; i++) losses[i] = -probabilities.LogOf(i, labels[i]);
        return losses;
    }

    /// <summary>Σ_k (p_k − indicator)² of each sample, from 0 to 2.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">One class a sample.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static double[] BrierScores(ClassProbabilities probabilities, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        CalibrationRows.CheckLabels(labels, probabilities.Samples, probabilities.Classes);
        double[] scores = new double[labels.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            ReadOnlySpan<double> row = probabilities.Row(i);
            for (int k = 0; k < row.Length; k++)
            {
                double d = row[k] - (k == labels[i] ? 1 : 0);
                scores[i] += d * d;
            }
        }
        return scores;
    }
}
