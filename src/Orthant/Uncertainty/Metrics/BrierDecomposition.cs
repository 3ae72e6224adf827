namespace Orthant.Uncertainty;

/// <summary>The Brier score taken apart: what is lost to miscalibration, what is won by telling samples apart, and what no forecast of the
/// base rates could avoid.</summary>
/// <param name="Reliability">Σ over classes and bins of n_b/N (mean probability − frequency)²: 0 for calibrated probabilities.</param>
/// <param name="Resolution">Σ of n_b/N (frequency in the bin − frequency overall)²: the larger the better.</param>
/// <param name="Uncertainty">Σ over classes of r(1 − r) with r the frequency of the class.</param>
/// <param name="WithinBins">What is left of the score, the spread of probabilities inside bins: 0 where each bin holds one value.</param>
/// <remarks>Brier score = reliability − resolution + uncertainty + within bins. Sources: Murphy, Journal of Applied Meteorology 1973, one
/// class against the rest;
/// Stephenson, Coelho and Jolliffe, Weather and Forecasting 2008, for the terms within bins.</remarks>
public sealed record BrierDecomposition(double Reliability, double Resolution, double Uncertainty, double WithinBins)
{
    /// <summary>The whole score, 0 to 2.</summary>
    public double Score => Reliability - Resolution + Uncertainty + WithinBins;

    /// <summary>Takes a score apart, in bins of equal width for each class's probability.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">One class a sample.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    /// <exception cref="OrthantInputException">A label is no class, or their number is not that of the samples.</exception>
    public static BrierDecomposition Of(ClassProbabilities probabilities, ReadOnlySpan<int> labels,
        int bins = ClassificationMetrics.UsualBins)
    {
        double score = SampleLosses.BrierScores(probabilities, labels).Average(), reliability = 0, resolution = 0, uncertainty = 0;
        double[] own = new double[labels.Length];
        bool[] isIt = new bool[labels.Length];
        for (int k = 0; k < probabilities.Classes; k++)
        {
            for (int i = 0; i < own.Length; i++) (own[i], isIt[i]) = (probabilities.Row(i)[k], labels[i] == k);
            double frequency = isIt.Average(h => h ? 1.0 : 0);
            uncertainty += frequency * (1 - frequency);
            foreach (CalibrationBin bin in Calibration.EqualWidth(own, isIt, bins).Bins)
            {
                double part = (double)bin.Count / own.Length;
                reliability += part * bin.Gap * bin.Gap;
                resolution += part * (bin.Accuracy - frequency) * (bin.Accuracy - frequency);
            }
        }
        return new BrierDecomposition(reliability, resolution, uncertainty, score - reliability + resolution - uncertainty);
    }
}
