namespace Orthant.Uncertainty;

/// <summary>How good probabilities are on samples whose classes are known.</summary>
/// <param name="Accuracy">The part of samples whose most probable class is the right one.</param>
/// <param name="NegativeLogLikelihood">The mean of −ln p of the right class, in nats.</param>
/// <param name="Brier">The mean over samples of Σ_k (p_k − indicator)², from 0 to 2.</param>
/// <param name="Ece">The expected calibration error in bins of equal width; see <see cref="Calibration"/>.</param>
/// <param name="AdaptiveEce">The expected calibration error in bins of equal mass.</param>
/// <param name="Aurc">The area under the risk-coverage curve, by the largest probability; see <see cref="RiskCoverage"/>.</param>
public sealed record ClassificationMetrics(double Accuracy, double NegativeLogLikelihood, double Brier, double Ece, double AdaptiveEce,
    double Aurc)
{
    /// <summary>The bins of <see cref="Ece"/> unless said otherwise.</summary>
    public const int UsualBins = 15;

    /// <summary>The bins of <see cref="AdaptiveEce"/> unless said otherwise.</summary>
    public const int UsualAdaptiveBins = 10;

    /// <summary>Computes all metrics.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">The right class of each sample.</param>
    /// <param name="bins">The number of bins of equal width.</param>
    /// <param name="adaptiveBins">The number of bins of equal mass.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static ClassificationMetrics Of(
        ClassProbabilities probabilities, ReadOnlySpan<int> labels, int bins = UsualBins, int adaptiveBins = UsualAdaptiveBins)
    {
        (double[] confidences, bool[] correct) = Outcomes(probabilities, labels);
        return new ClassificationMetrics(
            (double)correct.Count(c => c) / labels.Length,
            SampleLosses.NegativeLogLikelihoods(probabilities, labels).Average(),
            SampleLosses.BrierScores(probabilities, labels).Average(),
            Calibration.EqualWidth(confidences, correct, bins).ExpectedError,
            Calibration.EqualMass(confidences, correct, adaptiveBins).ExpectedError,
            RiskCoverage.Of(confidences, correct).Area);
    }

    /// <summary>The part of samples whose class is among the most probable ones; of equal probabilities those of lower classes come
    /// first.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">The right class of each sample.</param>
    /// <param name="count">How many classes are looked at, from 1.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static double TopAccuracy(ClassProbabilities probabilities, ReadOnlySpan<int> labels, int count)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        CheckLabels(probabilities, labels);
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<double> row = probabilities.Row(i);
            int before = 0;
            for (int k = 0; k < row.Length; k++)
            {
                if (row[k] > row[labels[i]] || (row[k] == row[labels[i]] && k < labels[i])) before++;
            }
            if (before < count) right++;
        }
        return (double)right / labels.Length;
    }

    /// <summary>Accuracy and negative log-likelihood alone.</summary>
    internal static (double Accuracy, double NegativeLogLikelihood) Brief(ClassProbabilities probabilities, ReadOnlySpan<int> labels)
    {
        CheckLabels(probabilities, labels);
        int right = 0;
        double log = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            if (probabilities.Winner(i) == labels[i]) right++;
            log -= probabilities.LogOf(i, labels[i]);
        }
        return ((double)right / labels.Length, log / labels.Length);
    }

    /// <summary>The largest probability of each sample, and whether its class was the right one.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">The right class of each sample.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static (double[] Confidences, bool[] Correct) Outcomes(ClassProbabilities probabilities, ReadOnlySpan<int> labels)
    {
        CheckLabels(probabilities, labels);
        double[] confidences = new double[labels.Length];
        bool[] correct = new bool[labels.Length];
        for (int i = 0; i < confidences.Length; i++)
        {
            int winner = probabilities.Winner(i);
            confidences[i] = probabilities.Row(i)[winner];
            correct[i] = winner == labels[i];
        }
        return (confidences, correct);
    }

    private static void CheckLabels(ClassProbabilities probabilities, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        if (labels.Length != probabilities.Samples) throw new OrthantInputException("labels", "", $"{labels.Length} labels",
            $"{probabilities.Samples}, one a sample");
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] < (uint)probabilities.Classes) continue;
            throw new OrthantInputException("labels", $"sample {i}", $"class {labels[i]}",
                $"classes from 0 to {probabilities.Classes - 1}");
        }
    }
}
