using System.Collections.Immutable;

namespace Orthant.Uncertainty;

/// <summary>Sets of classes that hold the right one with a promised probability, whatever the network: split conformal prediction.</summary>
/// <remarks>
/// <para>With n calibration scores the threshold is the k-th smallest, k = ⌈(n + 1)(1 − α)⌉, and +∞ where k &gt; n; a set holds the classes whose score is at most
/// the threshold. If calibration and new samples are exchangeable, the right class is in the set with probability at least 1 − α.</para>
/// <para>Source: Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005; Papadopoulos et al., ECML 2002. Immutable, safe to share.</para>
/// </remarks>
public sealed class ConformalClassifier
{
    private readonly ConformalOptions options;

    private ConformalClassifier(ConformalOptions options, ImmutableArray<double> thresholds)
    {
        this.options = options;
        Thresholds = thresholds;
    }

    /// <summary>One threshold a class, +∞ where there are too few rows; all the same unless the promise is by class.</summary>
    public ImmutableArray<double> Thresholds { get; }

    /// <summary>Learns the thresholds.</summary>
    /// <param name="probabilities">The probabilities of calibration data that the network was not trained on.</param>
    /// <param name="labels">Its classes.</param>
    /// <param name="options">What is promised; null for the usual.</param>
    /// <exception cref="OrthantInputException">Labels do not fit, alpha is not between 0 and 1, or the promise is by class and there are fewer rows than classes.</exception>
    public static ConformalClassifier Calibrate(ClassProbabilities probabilities, ReadOnlySpan<int> labels, ConformalOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        options ??= new ConformalOptions();
        CalibrationRows.CheckLevel(options.Alpha);
        CalibrationRows.CheckLabels(labels, probabilities.Samples, probabilities.Classes);
        if (options.ByClass && labels.Length < probabilities.Classes)
        {
            throw new OrthantInputException("calibration data", "", $"{labels.Length} rows", $"at least {probabilities.Classes}, as many as classes");
        }
        double[] all = new double[probabilities.Classes], own = new double[labels.Length];
        for (int i = 0; i < own.Length; i++)
        {
            Scores(probabilities.Row(i), options, Uniform(options, i, CalibrationStream), all);
            own[i] = all[labels[i]];
        }
        if (!options.ByClass) return new ConformalClassifier(options, [.. Enumerable.Repeat(ConformalQuantile.Of(own, options.Alpha), all.Length)]);
        int[] of = labels.ToArray();
        return new ConformalClassifier(
            options, [.. Enumerable.Range(0, all.Length).Select(k => ConformalQuantile.Of([.. own.Where((_, i) => of[i] == k)], options.Alpha))]);
    }

    /// <summary>The classes of each sample's set, in ascending order.</summary>
    /// <param name="probabilities">Probabilities of as many classes.</param>
    /// <exception cref="OrthantInputException">The number of classes differs.</exception>
    public ImmutableArray<int>[] Predict(ClassProbabilities probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        int classes = Thresholds.Length;
        if (probabilities.Classes != classes) throw new OrthantInputException("probabilities", "", $"{probabilities.Classes} classes", $"{classes}, as in the calibration data");
        double[] scores = new double[classes];
        ImmutableArray<int>[] sets = new ImmutableArray<int>[probabilities.Samples];
        for (int i = 0; i < sets.Length; i++)
        {
            Scores(probabilities.Row(i), options, Uniform(options, i, PredictionStream), scores);
            sets[i] = [.. Enumerable.Range(0, classes).Where(k => scores[k] <= Thresholds[k])];
            if (sets[i].IsEmpty && options.AtLeastOne) sets[i] = [probabilities.Winner(i)];
        }
        return sets;
    }

    /// <summary>The score of every class of every sample, samples × classes, without randomisation.</summary>
    /// <param name="probabilities">The probabilities.</param>
    /// <param name="options">Which score.</param>
    public static double[] ScoresOf(ClassProbabilities probabilities, ConformalOptions options)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(options);
        double[] scores = new double[probabilities.Values.Length];
        for (int i = 0; i < probabilities.Samples; i++) Scores(probabilities.Row(i), options, 0, scores.AsSpan(i * probabilities.Classes, probabilities.Classes));
        return scores;
    }

    private const ulong CalibrationStream = 0xCA11;
    private const ulong PredictionStream = 0x5E7;

    private static double Uniform(ConformalOptions options, int sample, ulong purpose) =>
        options.Randomization is ulong seed ? new Numerics.RandomStream(seed, (purpose << 32) + (ulong)sample).NextDouble() : 0;

    // Equal probabilities keep the order of their classes.
    private static void Scores(ReadOnlySpan<double> p, ConformalOptions options, double uniform, Span<double> scores)
    {
        if (options.Score == ConformalScore.LeastAmbiguous)
        {
            for (int k = 0; k < p.Length; k++) scores[k] = 1 - p[k];
            return;
        }
        double[] values = p.ToArray();
        double sum = 0;
        int rank = 0;
        foreach (int k in Enumerable.Range(0, values.Length).OrderByDescending(k => values[k]))
        {
            sum += values[k];
            scores[k] = sum - (uniform * values[k]);
            if (options.Score == ConformalScore.RegularizedAdaptive) scores[k] += options.RankPenalty * Math.Max(0, rank + 1 - options.FreeRanks);
            rank++;
        }
    }
}
