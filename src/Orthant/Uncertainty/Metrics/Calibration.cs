using System.Collections.Immutable;

namespace Orthant.Uncertainty;

/// <summary>Whether probabilities mean what they say: confidence beside accuracy, bin by bin.</summary>
/// <remarks>The expected calibration error is Σ n_b/N |acc_b − conf_b| over the bins that hold a sample. Sources: Naeini, Cooper and
/// Hauskrecht, AAAI 2015;
/// Guo, Pleiss, Sun and Weinberger, ICML 2017; equal mass: Nguyen and O'Connor, EMNLP 2015.</remarks>
public sealed class Calibration
{
    private Calibration(ImmutableArray<CalibrationBin> bins, int samples)
    {
        Bins = bins;
        Samples = samples;
    }

    /// <summary>The bins that hold a sample, from the least confidence up.</summary>
    public ImmutableArray<CalibrationBin> Bins { get; }

    /// <summary>The number of samples.</summary>
    public int Samples { get; }

    /// <summary>The mean gap between accuracy and confidence, each bin weighted by its samples.</summary>
    public double ExpectedError => Bins.Sum(b => (double)b.Count / Samples * b.Gap);

    /// <summary>The root of the mean squared gap, each bin weighted by its samples.</summary>
    public double RootMeanSquareError => Math.Sqrt(Bins.Sum(b => (double)b.Count / Samples * b.Gap * b.Gap));

    /// <summary>The root of the mean squared gap without what it owes to chance: each bin's squared gap less the variance of its accuracy,
    /// acc(1 − acc)/(n − 1). 0 where the rest is below 0; bins of one sample tell nothing and are left out.</summary>
    /// <remarks>Bröcker, Climate Dynamics 2012; Kumar, Liang and Ma, NeurIPS 2019.</remarks>
    public double DebiasedError => Math.Sqrt(Math.Max(0,
        Bins.Where(b => b.Count > 1).Sum(b =>
        (double)b.Count / Samples * ((b.Gap * b.Gap) - (b.Accuracy * (1 - b.Accuracy) / (b.Count - 1))))));

    /// <summary>The largest gap of a bin.</summary>
    public double LargestError => Bins.Max(b => b.Gap);

    /// <summary>The accuracy of each bin of equal width with its bootstrap interval: the band of a reliability diagram.</summary>
    /// <param name="confidences">One number from 0 to 1 a sample.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <param name="resamples">At least 2.</param>
    /// <returns>One a bin, also the empty ones, which are NaN; intervals of 95 %.</returns>
    public static Bootstrap[] ReliabilityBand(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins, ulong seed = 0,
        int resamples = 200)
    {
        Check(confidences, correct, bins);
        int[] of = new int[confidences.Length];
        for (int i = 0; i < of.Length; i++) of[i] = BinOf(confidences[i], bins);
        bool[] right = correct.ToArray();
        return Bootstrap.Band(of.Length, drawn =>
        {
            double[] count = new double[bins], hits = new double[bins];
            foreach (int i in drawn)
            {
                count[of[i]]++;
                if (right[i]) hits[of[i]]++;
            }
            return [.. hits.Zip(count, (h, c) => c == 0 ? double.NaN : h / c)];
        }, seed, resamples);
    }

    /// <summary>Bins of equal width, closed on the right: ((b − 1)/B, b/B], with 0 in the first.</summary>
    /// <param name="confidences">One number from 0 to 1 a sample.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    public static Calibration EqualWidth(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins)
    {
        Check(confidences, correct, bins);
        int[] count = new int[bins], right = new int[bins];
        double[] sum = new double[bins];
        for (int i = 0; i < confidences.Length; i++)
        {
            int bin = BinOf(confidences[i], bins);
            count[bin]++;
            sum[bin] += confidences[i];
            if (correct[i]) right[bin]++;
        }
        return new Calibration([.. Enumerable.Range(0, bins).Where(b => count[b] > 0).Select(b => new CalibrationBin(
            (double)b / bins, (b + 1.0) / bins, count[b], sum[b] / count[b], (double)right[b] / count[b]))], confidences.Length);
    }

    /// <summary>Bins of equally many samples in ascending (stable) order of confidence, the first ones holding one more where the division
    /// leaves a rest.</summary>
    /// <param name="confidences">One number from 0 to 1 a sample.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    public static Calibration EqualMass(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins)
    {
        Check(confidences, correct, bins);
        double[] c = confidences.ToArray();
        bool[] right = correct.ToArray();
        int[] order = [.. Enumerable.Range(0, c.Length).OrderBy(i => c[i])];
        List<CalibrationBin> result = [];
        for (int b = 0, start = 0; b < bins; b++)
        {
            int size = (c.Length / bins) + (b < c.Length % bins ? 1 : 0);
            if (size == 0) break;
            int[] members = order[start..(start + size)];
            result.Add(new CalibrationBin(c[members[0]], c[members[^1]], size, members.Average(i => c[i]),
                members.Average(i => right[i] ? 1.0 : 0)));
            start += size;
        }
        return new Calibration([.. result], c.Length);
    }

    /// <summary>The mean over classes of the expected error of each class's own probability, in bins of equal width.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="labels">One class a sample.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    /// <remarks>Kull, Perello-Nieto, Kängsepp, Silva Filho, Song and Flach, NeurIPS 2019.</remarks>
    public static double Classwise(ClassProbabilities probabilities, ReadOnlySpan<int> labels, int bins)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        double total = 0;
        double[] own = new double[labels.Length];
        bool[] isIt = new bool[labels.Length];
        for (int k = 0; k < probabilities.Classes; k++)
        {
            for (int i = 0; i < own.Length; i++)
            {
                own[i] = probabilities.Row(i)[k];
                isIt[i] = labels[i] == k;
            }
            total += EqualWidth(own, isIt, bins).ExpectedError;
        }
        return total / probabilities.Classes;
    }

    /// <summary>The bin of ((b − 1)/B, b/B] that a number lies in; the edges are compared as the quotients that they are.</summary>
    internal static int BinOf(double value, int bins)
    {
        int bin = Math.Clamp((int)Math.Ceiling(value * bins) - 1, 0, bins - 1);
        while (bin > 0 && value <= (double)bin / bins) bin--;
        while (bin < bins - 1 && value > (bin + 1.0) / bins) bin++;
        return bin;
    }

    private static void Check(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        if (confidences.IsEmpty || confidences.Length != correct.Length) throw new ArgumentException($"{confidences.Length} confidences were given {correct.Length} outcomes.");
    }
}

/// <summary>The samples of one bin of a <see cref="Calibration"/>.</summary>
/// <param name="Lower">The bin's lower edge, excluded; for bins of equal mass the least confidence.</param>
/// <param name="Upper">The bin's upper edge, included; for bins of equal mass the largest confidence.</param>
/// <param name="Count">The number of samples, at least 1.</param>
/// <param name="Confidence">The mean confidence.</param>
/// <param name="Accuracy">The part of samples that were right.</param>
public sealed record CalibrationBin(double Lower, double Upper, int Count, double Confidence, double Accuracy)
{
    /// <summary>|accuracy − confidence|.</summary>
    public double Gap => Math.Abs(Accuracy - Confidence);
}
