using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Learns a deep ReLU network from samples of inputs and values where gradient descent fails: filtered principal components find
/// the few directions that it depends on, then a small network is fitted on them.</summary>
/// <remarks>
/// <para>S. Chen, A. Klivans and R. Meka, "Learning Deep ReLU Networks Is Fixed-Parameter Tractable", arXiv 2009.13512, made practical:
/// for any bounded filter of the label and of what is found so far, the filtered moments of normal inputs vanish off the hidden subspace,
/// so a filter can only miss directions, never invent them. Rounds of filters (slices of the label, then of the residual, also within
/// cells of what is found) alternate with fits in the directions found. For continuous piecewise-linear functions first and second moments
/// suffice (A. Damian, J. Lee, J. Bruna, arXiv 2506.05500).</para>
/// </remarks>
public static class FilteredPca
{
    /// <summary>Learns from samples.</summary>
    /// <param name="samples">At least as many rows as inputs.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>Directions, network and evidence; dimension 0 where nothing is significant, or no fit was validated.</returns>
    /// <exception cref="OrthantInputException">There are fewer rows than inputs, the target is constant, or inputs are constant or
    /// linearly dependent.</exception>
    public static LearnedNetwork Fit(
        SampleSource samples, FilteredPcaOptions? options = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new FilteredPcaOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MostDirections, nameof(options));
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        return new FilteredPcaRun(
            LearningRows.Of(samples, options, threads, progress, cancellation), options, threads, progress, cancellation).Run();
    }
}

/// <summary>One run: its rows, and what has been found.</summary>
internal sealed class FilteredPcaRun
{
    private const int Slices = 24, Cells = 8, MostRounds = 6, LabelSample = 200_000, LastRows = 8000;

    private readonly LearningRows data;
    private readonly WhitenedRows rows;
    private readonly Whitening whitening;
    private readonly FilteredPcaOptions options;
    private readonly int threads;
    private readonly IProgress<WorkProgress>? progress;
    private readonly CancellationToken cancellation;
    private readonly StudentSearch search;
    private readonly DirectionTest.NullTable nulls;
    private readonly double scale;
    private readonly List<FilterEvidence> evidence = [];
    private readonly List<string> notes = [];
    private bool hasBiases;

    /// <summary>Rows of the last refinement.</summary>
    private int fitted = LastRows;

    public FilteredPcaRun(
        LearningRows data, FilteredPcaOptions options, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        this.data = data;
        rows = data.All;
        whitening = data.Whitening;
        scale = data.Scale;
        this.options = options;
        this.threads = threads;
        this.progress = progress;
        this.cancellation = cancellation;
        search = new StudentSearch(data.Training, data.HeldOut, options.Seed, threads, cancellation)
        {
            Exact = options.Exact,
            Trace = options.Trace,
        };
        nulls = new DirectionTest.NullTable(new RandomStream(options.Seed, 1UL << 40));
    }

    public LearnedNetwork Run()
    {
        (int farthest, double score) = data.FarthestFromElliptical();
        if (score > 7)
        {
            notes.Add($"the inputs are neither normal nor elliptical (whitened {data.InputName(farthest)} differs by {score:F0} "
                + "standard deviations): "
                + "the level of chance is approximate, what counts is the error on held-out rows");
        }
        List<(string Filter, DirectionTest.Result Result)> families = Detect(1, null, Subspace.Empty(rows.Inputs));
        if (!families.Exists(f => f.Result.Significant > 0)) return Result(null, false);
        bool isDeepened = false, isNoise = false;
        Candidate? best = null;
        for (int round = 1; ; round++)
        {
            bool isQuiet = !families.Exists(f => f.Result.Significant > 0);
            if (!isQuiet && Extend(round, best, families) is Candidate extended)
            {
                best = extended;
            }
            else
            {
                // Nothing more to see, or what is seen is what a poor fit leaks: fit better where we are, once.
                if (best is null || isDeepened) break;
                double before = best.Error;
                best = search.Prune(Deepen(best));
                isDeepened = true;
                isNoise = isQuiet && best.Error > 0.97 * before;
                if (isNoise) break;
            }
            if (best.Error < options.Exact || round == MostRounds) break;
            families = Detect(round + 1, best, best.Subspace);
        }
        return Result(best is null ? null : search.PruneWeakest(Finish(search.Prune(best), isNoise)), true);
    }

    /// <summary>Takes the strongest family's directions and fits quickly; null where held-out rows are not predicted better.</summary>
    private Candidate? Extend(int round, Candidate? best, List<(string Filter, DirectionTest.Result Result)> families)
    {
        Subspace found = best?.Subspace ?? Subspace.Empty(rows.Inputs);
        (string filter, DirectionTest.Result strongest) = families.Where(f => f.Result.Significant > 0)
            .OrderByDescending(f => f.Result.Score).First();
        int count = Math.Min(strongest.Significant, options.MostDirections - found.Dimension);
        if (count <= 0) return null;
        Candidate candidate = FitQuickly(found.With(strongest.Vectors.AsSpan(0, count * rows.Inputs)));
        if (candidate.Error >= 0.9 * (best?.Error ?? 1))
        {
            options.Trace?.Invoke($"rejected {candidate.Error:G3}");
            return null;
        }
        int at = evidence.FindIndex(e => e.Round == round && e.Filter == filter);
        evidence[at] = evidence[at] with { Accepted = true };
        return search.Prune(candidate);
    }

    /// <summary>Fits small students in a subspace that is only as good as the spectrum was, and moves it.</summary>
    private Candidate FitQuickly(Subspace wider)
    {
        bool isSmall = search.Training.Count < 10_000;
        double ratio = Homogeneity.Ratio(search.Training, wider, search.Random(), threads);
        options.Trace?.Invoke($"homogeneity {ratio:F2}");
        bool[] forms = whitening.IsCentred || hasBiases ? [true] : ratio < 1.2 ? [false] : ratio > 2 ? [true] : [false, true];
        SearchStage first = new([12, 12], isSmall ? 16 : 8, isSmall ? 800 : 1500, isSmall ? 8 : 2) { MovesAtOnce = true, JointSteps = 25 };
        Candidate? best = null;
        foreach (bool form in forms)
        {
            for (int repeat = 0; repeat < (isSmall ? 3 : 1); repeat++)
            {
                Candidate one = search.Run(first, wider, form);
                if (best is null || one.Error < best.Error) best = one;
                if (best.Error < options.Exact) break;
            }
        }
        hasBiases = forms.Length == 1 ? forms[0] : Homogeneity.Ratio(search.Training, best!.Subspace, search.Random(), threads) > 1.3;
        if (best!.Error >= options.Exact && best.Subspace.Dimension == 2 && !hasBiases) best = HingeFit.Run(search, best);
        return best.Error < options.Exact ? best
            : Better(best, search.Run(first with { Hidden = [32], GivesUpAbove = 3 * best.Error }, best.Subspace, hasBiases));
    }

    /// <summary>Fits larger and deeper students where the subspace is good.</summary>
    private Candidate Deepen(Candidate best)
    {
        if (!hasBiases && best.Error > 10 * options.Exact)
        {
            // The nearest neighbours may take a function for homogeneous that is only nearly so.
            SearchStage plan = new([16, 16], 8, 4000, 3) { GivesUpAbove = best.Error };
            Candidate biased = search.Run(plan, best.Subspace, hasBiases: true);
            if (biased.Error < 0.8 * best.Error)
            {
                hasBiases = true;
                best = biased;
            }
        }
        foreach (int[] hidden in (int[][])[[16, 16], [12, 12, 12]])
        {
            if (best.Error < options.Exact) break;
            best = Better(best, search.Run(
                new SearchStage(hidden, 8, 4000, 3) { GivesUpAbove = 3 * best.Error }, best.Subspace, hasBiases));
        }
        return best;
    }

    /// <summary>Wider and deeper students, long descents, and refinements for as long as they gain.</summary>
    private Candidate Finish(Candidate best, bool isNoise)
    {
        if (isNoise)
        {
            fitted = int.MaxValue;
            return search.Refine(best, new RefinementPlan(12, int.MaxValue, true), tolerance: 1.5);
        }
        for (int stage = 0; stage < options.FinalStages && best.Error > options.Exact; stage++)
        {
            SearchStage plan = new([16, 16, 16], 8, 12_000, 3) { LongSteps = 60, JointSteps = 20, Rows = 12_000 };
            best = Better(best, search.Prune(search.Run(plan, best.Subspace, hasBiases)));
        }
        for (int repeat = 0; repeat < 4 && best.Error > options.Exact && options.FinalStages > 0; repeat++)
        {
            double before = best.Error;
            best = search.Refine(best, new RefinementPlan(40, 12_000, true, SeeksErrors: true));
            if (best.Error > 0.9 * before) break;
        }
        // A kink that only a few of all rows show may have escaped the rows held out.
        return search.Refine(best, new RefinementPlan(20, LastRows, true, SeeksErrors: true), tolerance: 1.5);
    }

    private static Candidate Better(Candidate a, Candidate b) => b.Error < a.Error ? b : a;

    /// <summary>One pass over all rows, and the families that its slots make up.</summary>
    private List<(string Filter, DirectionTest.Result Result)> Detect(int round, Candidate? fit, Subspace found)
    {
        CellPartition? cells = null;
        double[] labels = [.. data.SampledTargets.Select(t => t / scale)];
        if (fit is not null)
        {
            FitRows all = new(rows.Inputs, data.SampledRows, labels);
            double[] outputs = all.Outputs(fit.Student, fit.Subspace, threads);
            for (int i = 0; i < labels.Length; i++) labels[i] -= outputs[i];
            cells = new CellPartition(search.Training.Project(found), found.Dimension, Cells, search.Random());
        }
        int most = Math.Min(labels.Length, LabelSample);
        LabelSlices slices = new(labels.AsSpan(0, most), data.Sampled.AsSpan(0, most), Slices, options.Seed);
        SliceMoments moments = SliceMoments.Of(
            rows, found, () => new BlockLabels(fit?.Student, found, scale), slices, cells, threads, progress, cancellation);
        int slots = moments.Counts.Length;
        string name = fit is null ? "y" : "residual";
        List<(string Name, int[] Group)> families =
        [
            (name, [.. Enumerable.Range(0, slots).Select(s => s % Slices / 2)]),
            ($"|{name}|", [.. Enumerable.Range(0, slots).Select(s => Math.Min(s % Slices, Slices - 1 - (s % Slices)))]),
        ];
        if (cells is not null)
        {
            families.Add(($"{name} by cell", [.. Enumerable.Range(0, slots).Select(s => (s / Slices * 4) + (s % Slices / 6))]));
        }
        List<(string Filter, DirectionTest.Result Result)> results =
            [.. families.Select(f =>
                (f.Name, DirectionTest.Evaluate(
                moments.Grouped(f.Group), found, options.Level / families.Count, nulls, threads, cancellation)))];
        foreach ((string filter, DirectionTest.Result result) in results)
        {
            evidence.Add(Evidence(round, filter, result));
            options.Trace?.Invoke($"round {round} {filter}: z {result.Score:F1}, {result.Significant} directions");
        }
        return results;
    }

    private static FilterEvidence Evidence(int round, string filter, DirectionTest.Result result) => new(
        round, filter, result.Eigenvalues[0], result.Threshold, result.NullMean, result.Score, DirectionTest.Probability(result.Score),
        result.Significant, false)
    {
        Spectrum = [.. result.Eigenvalues],
    };

    private LearnedNetwork Result(Candidate? best, bool fired)
    {
        if (best is null)
        {
            notes.Add(fired
                ? $"not enough samples: directions are significant, but no fit predicted held-out rows; "
                    + $"{rows.Rows} rows of {rows.Inputs} inputs"
                : "no significant direction");
            return new LearnedNetwork
            {
                Network = new ReluNetwork([AffineLayer.Dense(new double[1, rows.Inputs], [data.Mean])], name: "mean"),
                Rounds = [.. evidence],
                IsSignificantButNotValidated = fired,
                HeldOutRows = search.HeldOut.Count,
                Notes = [.. notes],
            };
        }
        (double[] values, double[] turned) = search.Gradients(best.Student, best.Subspace);
        int k = values.Length, d = rows.Inputs;
        Subspace sorted = best.Subspace.Turned(turned);
        double[] back = new double[k * k];
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < k; j++) back[(j * k) + i] = turned[(i * k) + j];
        }
        Student student = best.Student.OnCoordinates(back, k);
        (double[] matrix, double[] constant) = whitening.Unwhiten(sorted);
        Subspace given = Subspace.Span(d, matrix);
        (double Root, double Bound)[] angles = DirectionConfidence.Angles(
            search.Training, student, sorted, fitted, search.Random(), threads, cancellation);
        return new LearnedNetwork
        {
            Basis = [.. Enumerable.Range(0, k).Select(j => given.Row(j).ToArray().ToImmutableArray())],
            BasisSpread = [.. Enumerable.Range(0, k).Select(j => whitening.Spread(given.Row(j)))],
            Centre = [.. whitening.Centre],
            Directions = [.. Enumerable.Range(0, k).Select(j => Direction(student, sorted, matrix, values, j) with
            {
                StandardAngle = angles[j].Root,
                Angle95 = angles[j].Bound,
            })],
            Network = ToNetwork(student, matrix, constant),
            HeldOutError = best.Error,
            HeldOutRows = search.HeldOut.Count,
            Rounds = [.. evidence],
            IsHomogeneous = !student.HasBiases,
            IsExact = best.Error < options.Exact,
            Notes = [.. notes],
        };
    }

    private LearnedDirection Direction(Student student, Subspace subspace, double[] matrix, double[] values, int direction)
    {
        int d = rows.Inputs;
        double[] row = matrix[(direction * d)..((direction + 1) * d)];
        double norm = Math.Sqrt(row.Sum(v => v * v));
        // Every row takes this coordinate from the row before it.
        FitRows held = search.HeldOut;
        StudentPass pass = new(student);
        double squares = 0;
        for (int first = 0; first < held.Count; first += StudentPass.Block)
        {
            int count = Math.Min(StudentPass.Block, held.Count - first);
            FitRows.Coordinates(subspace, held.Values.AsSpan(first * d, count * d), count, pass.Inputs);
            Span<double> u = pass.Inputs.Slice(direction * StudentPass.Block, count);
            double last = u[^1];
            u[..^1].CopyTo(u[1..]);
            u[0] = last;
            ReadOnlySpan<double> outputs = pass.Forward(student, count);
            for (int r = 0; r < count; r++) squares += Math.Pow(outputs[r] - held.Targets[first + r], 2);
        }
        return new LearnedDirection(
            [.. row.Select(v => v / norm)], values[direction] / values.Sum(), Math.Sqrt(squares / held.Count) / held.Deviation);
    }

    private ReluNetwork ToNetwork(Student student, double[] matrix, double[] constant)
    {
        List<Layer> layers = [];
        for (int l = 0; l < student.Layers; l++)
        {
            int from = student.Widths[l], to = student.Widths[l + 1], columns = l == 0 ? rows.Inputs : from;
            ReadOnlySpan<double> w = student.Weights(l), b = student.Biases(l);
            double last = l == student.Layers - 1 ? scale : 1;
            double[,] weights = new double[to, columns];
            double[] bias = new double[to];
            for (int o = 0; o < to; o++)
            {
                bias[o] = b.IsEmpty ? 0 : b[o];
                for (int i = 0; i < from; i++)
                {
                    if (l > 0)
                    {
                        weights[o, i] = w[(o * from) + i] * last;
                        continue;
                    }
                    bias[o] += w[(o * from) + i] * constant[i];
                    for (int a = 0; a < columns; a++) weights[o, a] += w[(o * from) + i] * matrix[(i * columns) + a];
                }
                bias[o] *= last;
            }
            layers.Add(AffineLayer.Dense(weights, bias, l < student.Layers - 1 ? ActivationFunction.Relu : null));
        }
        return new ReluNetwork(layers, ElementType.Float64, "learned");
    }
}
