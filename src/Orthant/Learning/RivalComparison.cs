using System.Collections.Immutable;
using System.Diagnostics;
using Orthant.Training;

namespace Orthant.Learning;

/// <summary>What another method made of the same samples.</summary>
/// <param name="Method">Its name.</param>
/// <param name="SineToLearned">The sine of the largest angle from a learned direction to the method's subspace; null where it finds
/// none.</param>
/// <param name="HeldOutError">The error on the same held-out rows, over the targets' standard deviation: of the best small network on the
/// method's directions, or of the student itself.</param>
/// <param name="Seconds">The time it took.</param>
public sealed record RivalResult(string Method, double? SineToLearned, double HeldOutError, double Seconds);

/// <summary>Runs the rivals of <see cref="FilteredPca"/> on the user's own samples: reduction methods that are told the number of
/// directions, and dense students trained by Adam.</summary>
public static class RivalComparison
{
    /// <summary>Runs them all.</summary>
    /// <param name="samples">The samples that were learned from.</param>
    /// <param name="learned">What was learned.</param>
    /// <param name="options">The same options: training and held-out rows are the same ones.</param>
    /// <param name="epochs">Epochs of the students.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>One result a rival.</returns>
    /// <exception cref="OrthantInputException">The samples are refused as by <see cref="FilteredPca.Fit"/>.</exception>
    public static ImmutableArray<RivalResult> Run(
        SampleSource samples, LearnedNetwork learned, FilteredPcaOptions? options = null, int epochs = 20,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(learned);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        options ??= new FilteredPcaOptions();
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        LearningRows rows = LearningRows.Of(samples, options, threads, progress, cancellation);
        List<RivalResult> results = [];
        int k = Math.Clamp(learned.Dimension, 1, rows.Training.Inputs);
        ReductionMethod[] methods = Enum.GetValues<ReductionMethod>();
        int done = 0;
        foreach (ReductionMethod method in methods)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new WorkProgress("rivals", done++, methods.Length + 2, "methods"));
            Stopwatch clock = Stopwatch.StartNew();
            Subspace found = DimensionReduction.Find(rows.Training, method, k);
            double seconds = clock.Elapsed.TotalSeconds;
            StudentSearch search = new(rows.Training, rows.HeldOut, options.Seed, threads, cancellation) { Exact = options.Exact };
            Candidate fit = search.Run(new SearchStage([12, 12], 8, 1500, 2) { JointSteps = 0 }, found, hasBiases: true);
            results.Add(new RivalResult(
                method.ToString().ToUpperInvariant(), Sine(learned, rows.Whitening.Unwhiten(found).Matrix, samples.Inputs), fit.Error,
                seconds));
        }
        foreach (int[] hidden in (int[][])[[512], [192, 192]])
        {
            progress?.Report(new WorkProgress("rivals", done++, methods.Length + 2, "methods"));
            results.Add(Student(rows, hidden, epochs, options.Seed, threads, cancellation));
        }
        return [.. results];
    }

    private static double? Sine(LearnedNetwork learned, double[] matrix, int d) =>
        learned.Dimension == 0 ? null : Subspace.Span(d, [.. learned.Basis.SelectMany(r => r)]).SineTo(Subspace.Span(d, matrix));

    /// <summary>A dense student of all whitened inputs, by Adam with a warm-up and a cosine.</summary>
    private static RivalResult Student(LearningRows rows, int[] hidden, int epochs, ulong seed, int threads, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        FitRows training = rows.Training, held = rows.HeldOut;
        LabelledData Data(FitRows r) =>
            LabelledData.Regression(InputRows.OfSingles(r.Values, r.Inputs), Array.ConvertAll(r.Targets, y => (float)y), 1);
        TrainingTask task = new([training.Inputs, .. hidden, 1], Data(training), Data(held));
        TrainingOptions options = new()
        {
            Epochs = epochs,
            BatchSize = 256,
            Schedule = LearningRateSchedule.WarmUpCosine(1e-3, 0.05),
            Seed = seed,
            Threads = threads,
        };
        TrainingResult result = NetworkTrainer.Train(task, options, null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        double error = (result.Metrics.RootMeanSquareError ?? double.NaN) / held.Deviation;
        return new RivalResult($"Adam {string.Join('-', hidden)}", null, error, clock.Elapsed.TotalSeconds);
    }
}
