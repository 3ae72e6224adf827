using System.Collections.Immutable;
using System.CommandLine;
using Orthant.Formats;
using Orthant.Reports;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary>What a method says of all data that a call names, before calibration.</summary>
internal sealed record MeasuredMethod
{
    public required PredictiveMethod Method { get; init; }

    public required Predictions Inside { get; init; }

    public required int[] Labels { get; init; }

    /// <summary>Predictions on the validation data, or null without any.</summary>
    public Predictions? Calibration { get; init; }

    public int[] CalibrationLabels { get; init; } = [];

    public Predictions? Outside { get; init; }

    /// <summary>The Mahalanobis and the neighbour score of the samples, computed when they are asked for; null without training
    /// data.</summary>
    public Func<(double[] Mahalanobis, double[] Neighbours)>? InsideFeatures { get; init; }

    public Func<(double[] Mahalanobis, double[] Neighbours)>? OutsideFeatures { get; init; }

    /// <summary>Predictions on corrupted samples, computed when they are asked for.</summary>
    public IReadOnlyList<(Corruption Kind, int Severity, Func<Predictions> Predict)> Corrupted { get; init; } = [];

    /// <summary>The method to compare with, on the same samples and validation data.</summary>
    public (PredictiveMethod Method, Predictions Inside, Predictions? Calibration)? Beside { get; init; }
}

/// <summary>Intervals of values on data that they were not learned on.</summary>
/// <param name="Score">Always cqr, conformalized quantile regression.</param>
/// <param name="Alpha">The part of targets that may lie outside.</param>
/// <param name="Margin">What is added on both sides; null where there are too few rows for the promise.</param>
/// <param name="Coverage">The part of targets inside.</param>
/// <param name="MeanWidth">The mean width; null where it is infinite.</param>
internal sealed record PromisedIntervals(string Score, double Alpha, double? Margin, double Coverage, double? MeanWidth);

/// <summary>What is done with predictions, a network's or another program's: calibrate them, measure them, promise sets that hold the right
/// class.</summary>
internal sealed class PredictionForm
{
    private const int Resamples = 200;

    /// <summary>Samples up to which kernels are compared pair by pair.</summary>
    private const int MostForKernels = 20_000;

    private static readonly string[] SetScores = ["lac", "aps", "raps"];
    private static readonly int[] TopCounts = [3, 5];
    private static readonly double[] Risks = [0.01, 0.05, 0.1];

    private readonly Option<string?> conformal = new("--conformal")
    {
        Description = "lac, aps or raps: sets of classes, learned on --validation; cqr: intervals of values. Beside a MAP half of the rows of --validation are for the sets",
        HelpName = "SCORE",
    };

    private readonly Option<double> alpha =
        new("--alpha")
        {
            Description = "the part of samples whose class may be missing from its set (default: 0.1)",
            HelpName = "A",
            DefaultValueFactory = _ => 0.1
        };
    private readonly Option<bool> byClass = new("--by-class") { Description = "the sets keep their promise for each class" };
    private readonly Option<string> score = new("--score")
    {
        Description = "what tells --ood apart: maxProbability, entropy, mutualInformation, variance, energy, maxLogit, mahalanobis or neighbours (default: entropy)",
        HelpName = "NAME",
        DefaultValueFactory = _ => "entropy",
    };

    private readonly Option<string?> corrupt = new("--corrupt")
    {
        Description = "measure on corrupted images at five severities too: all, or some of noise, impulse, blur, contrast, brightness, shift, with commas between them",
        HelpName = "KINDS",
    };

    private readonly Option<string?> pictures = new("--pictures")
    {
        Description = "a folder for reliability.svg, risk-coverage.svg, with --ood outliers.svg, with --corrupt robustness-accuracy.svg and robustness-ece.svg",
        HelpName = "DIR",
    };

    public IReadOnlyList<Option> All => [score, conformal, alpha, byClass, corrupt, pictures];

    /// <summary>The corruptions that a call names.</summary>
    public IReadOnlyList<Corruption> Corruptions(VerbCall call)
    {
        if (call.Get(corrupt) is not string text) return [];
        string[] names = [.. Enum.GetNames<Corruption>().Select(n => n.ToLowerInvariant())];
        if (text == "all") return Enum.GetValues<Corruption>();
        return [.. text.Split(',', StringSplitOptions.TrimEntries).Distinct().Select(t => Array.IndexOf(names, t) is int at and >= 0
            ? (Corruption)at
            : throw Wrong("--corrupt", $"'{t}'", Spelling.Nearest(t, names) is string near ? $"perhaps {near}"
                : $"all, or some of {string.Join(", ", names)}"))];
    }

    public bool PromisesSets(VerbCall call) => call.Get(conformal) is not null;

    /// <summary>The form of tables of logits or probabilities.</summary>
    public Answer RunTables(VerbCall call, PredictiveMethod method, string[] paths, string kind, string? validation, string? outside,
        string? target)
    {
        (Predictions inside, int[] labels) = Read(paths, kind, target);
        (Predictions Predictions, int[] Labels)? learned = validation is null ? null : Read(validation.Split(','), kind, target),
            far = outside is null ? null : Read(outside.Split(','), kind, target);
        MeasuredMethod measured = new()
        {
            Method = method,
            Inside = inside,
            Labels = labels,
            Calibration = learned?.Predictions,
            CalibrationLabels = learned?.Labels ?? [],
            Outside = far?.Predictions
        };
        return Run(call, measured, new Dictionary<string, object?> { ["predictions"] = paths }, _ => { });
    }

    /// <summary>Calibrates, promises and measures.</summary>
    /// <param name="call">The call.</param>
    /// <param name="measured">The predictions.</param>
    /// <param name="more">Keys of the document beside those of predictions.</param>
    /// <param name="show">What a person is shown at the end.</param>
    public Answer Run(VerbCall call, MeasuredMethod measured, Dictionary<string, object?> more, Action<View> show)
    {
        string? setName = call.Get(conformal);
        PredictiveMethod method = measured.Method;
        OutlierScore chosen = ParseScore(call.Get(score)!);
        if (setName is not null && !SetScores.Contains(setName)) throw Wrong("--conformal", $"'{setName}'", setName == "cqr"
            ? "lac, aps or raps for classes" : "lac, aps or raps, or cqr for values");
        if ((setName ?? method.Map?.ToString()) is not null && measured.Calibration is null) throw Wrong("--validation", "nothing",
            "labelled predictions to learn from");
        foreach (Predictions d in new[] { measured.Calibration, measured.Outside }.OfType<Predictions>())
        {
            if (d.Mean.Classes != measured.Inside.Mean.Classes) throw new OrthantInputException("predictions", "classes",
                $"{d.Mean.Classes} beside {measured.Inside.Mean.Classes}", "as many in every table");
        }
        bool halves = method.Map is not null && setName is not null;
        Recalibration? map = Learn(method, measured.Calibration, measured.CalibrationLabels, halves, call.Seed);
        ClassProbabilities after = map?.Apply(measured.Inside.Mean) ?? measured.Inside.Mean;
        ClassProbabilities? far = measured.Outside is null ? null : map?.Apply(measured.Outside.Mean) ?? measured.Outside.Mean;
        UncertaintyEvaluation figures = UncertaintyEvaluation.Of(measured.Inside.Passes, measured.Labels, measured.Outside?.Passes, map);
        Dictionary<string, Bootstrap> intervals = Intervals(after, measured.Labels, call.Seed);
        object? sets = setName is null ? null : Sets(call, setName, map, measured, after, halves);
        Dictionary<OutlierScore, DetectionMetrics> scores = far is null ? [] : Scores(measured, after, far);
        if (far is not null && !scores.ContainsKey(chosen)) throw Wrong("--score",
            chosen is OutlierScore.Mahalanobis or OutlierScore.Neighbours ? $"{call.Get(score)} without --training"
            : $"{call.Get(score)} of {method}", Needs(chosen));
        (string Name, PairedTest Nll, PairedTest Brier)? comparison = Compare(measured, after, halves, call.Seed);
        PredictiveDistribution p = measured.Inside.Passes;
        ClassificationMetrics m = figures.Metrics;
        CorruptedFigures[] corrupted = [.. measured.Corrupted.Select(c =>
            CorruptedFigures.Of(c.Kind, c.Severity, c.Predict(), map, measured.Labels))];
        (double[] confidences, bool[] correct) = ClassificationMetrics.Outcomes(after, measured.Labels);
        RiskCoverage risk = RiskCoverage.Of(confidences, correct);
        Calibration calibration = Calibration.EqualWidth(confidences, correct, ClassificationMetrics.UsualBins);
        BrierDecomposition parts = BrierDecomposition.Of(after, measured.Labels);
        Dictionary<string, object?> json = new()
        {
            ["method"] = method.ToString(),
            ["passes"] = p.Passes,
            ["samples"] = p.Samples,
            ["classes"] = p.Classes,
            ["accuracy"] = m.Accuracy,
            ["topAccuracy"] = TopCounts.Where(k => k < p.Classes).ToDictionary(k => $"{k}",
                k => ClassificationMetrics.TopAccuracy(after, measured.Labels, k)),
            ["nll"] = m.NegativeLogLikelihood,
            ["brier"] = m.Brier,
            ["brierParts"] = new
            {
                reliability = parts.Reliability,
                resolution = parts.Resolution,
                uncertainty = parts.Uncertainty,
                withinBins = parts.WithinBins
            },
            ["ece"] = m.Ece,
            ["adaptiveEce"] = m.AdaptiveEce,
            ["maximumCalibrationError"] = calibration.LargestError,
            ["debiasedCalibrationError"] = calibration.DebiasedError,
            ["kernelCalibrationError"] = p.Samples is >= 2 and <= MostForKernels ? KernelCalibration.ExpectedError(confidences, correct) : null,
            ["classwiseEce"] = Calibration.Classwise(after, measured.Labels, ClassificationMetrics.UsualBins),
            ["aurc"] = m.Aurc,
            ["excessAurc"] = risk.ExcessArea,
            ["coverageAtRisk"] = Risks.ToDictionary(r => r.ToString(System.Globalization.CultureInfo.InvariantCulture), risk.CoverageAt),
            ["misclassificationAuroc"] = DetectionMetrics.MisclassificationAuroc(confidences, correct) is double a && !double.IsNaN(a) ? a
                : null,
            ["entropy"] = figures.Entropy,
            ["mutualInformation"] = figures.MutualInformation,
            ["variance"] = p.Variance.ToArray().Average(),
            ["disagreement"] = p.PairwiseDisagreement(),
            ["pairwiseDivergence"] = p.MeanPairwiseDivergence(),
            ["ood"] = far is null ? null : Detection(chosen, scores[chosen], figures, scores, far.Samples),
            ["monteCarloError"] = figures.Errors.Where(e => chosen == OutlierScore.Entropy || !IsDetection(e.Key)).ToDictionary(e => e.Key,
                e => double.IsFinite(e.Value) ? e.Value : (double?)null),
            ["intervals"] = intervals.ToDictionary(f => f.Key, f => new { lower = f.Value.Lower, upper = f.Value.Upper }),
            ["recalibration"] = map is null ? null : new { map = map.Map.ToString().ToLowerInvariant(), temperature = map.Temperature },
            ["comparison"] = comparison is not (string beside, PairedTest nll, PairedTest brier) ? null
                : new { beside, nll = Test(nll), brier = Test(brier) },
            ["conformal"] = sets,
            ["robustness"] = corrupted.Length == 0 ? null : new { meanError = corrupted.Average(c => 1 - c.Accuracy), figures = corrupted },
        };
        if (call.Get(pictures) is string folder) Draw(folder, confidences, correct, call.Seed, measured, chosen, after, far, figures,
            corrupted);
        foreach ((string key, object? value) in more) json[key] = value;
        return new Answer(json, view =>
        {
            view.Heading($"{method}{(p.Passes > 1 ? $", {p.Passes} {(method.Predictor == PredictorKind.Ensemble ? "members" : method.Predictor == PredictorKind.Laplace ? "draws" : "passes")}" : "")}, {View.Count(p.Samples)} samples");
            UncertaintyView.Figures(view, figures, intervals);
            if (map?.Temperature is double t) view.Line($"temperature {View.Number(t)}");
            if (comparison is (string name, PairedTest first, PairedTest squares))
            {
                view.Line($"beside {name}: nll {View.Number(first.Difference)} (p-value {View.Number(first.PValue)}), Brier {View.Number(squares.Difference)} (p-value {View.Number(squares.PValue)})");
            }
            if (sets is PromisedSets s) view.Line($"{setName} sets hold the right class of {View.Number(s.Coverage)} of samples; {View.Number(s.MeanSize)} classes on average");
            if (corrupted.Length > 0)
            {
                view.Table(["severity", "acc. 1", "acc. 3", "acc. 5", "ECE 1", "ECE 3", "ECE 5"],
                    corrupted.GroupBy(c => c.Corruption).Select(g => (IEnumerable<string>)
                    [g.Key, .. At(g, c => c.Accuracy), .. At(g, c => c.Ece)]));
            }
            if (scores.Count > 0) view.Table(["from elsewhere, by", "AUROC", "AUPR out", "FPR at 95 %"],
                scores.Select(x => new[] { NameOf(x.Key), View.Number(x.Value.Auroc), View.Number(x.Value.AuprOut),
                View.Number(x.Value.Fpr95) }));
            show(view);
        });
    }

    private static IEnumerable<string> At(IEnumerable<CorruptedFigures> kind, Func<CorruptedFigures, double> figure) =>
        kind.Where(c => c.Severity % 2 == 1).Select(c => figure(c).ToString("F3", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>What is left of a method's figures on corrupted samples.</summary>
    private sealed record CorruptedFigures(string Corruption, int Severity, double Accuracy, double Nll, double Brier, double Ece,
        double Entropy, double MutualInformation)
    {
        public static CorruptedFigures Of(Corruption kind, int severity, Predictions found, Recalibration? map, int[] labels)
        {
            UncertaintyEvaluation e = UncertaintyEvaluation.Of(found.Passes, labels, null, map);
            ClassificationMetrics m = e.Metrics;
            return new CorruptedFigures(kind.ToString().ToLowerInvariant(), severity, m.Accuracy, m.NegativeLogLikelihood, m.Brier, m.Ece,
                e.Entropy, e.MutualInformation);
        }
    }

    private static void Draw(
        string folder, double[] confidences, bool[] correct, ulong seed, MeasuredMethod measured, OutlierScore chosen,
            ClassProbabilities after, ClassProbabilities? far,
        UncertaintyEvaluation figures, CorruptedFigures[] corrupted)
    {
        OutputFolder.Create(folder);
        void Write(string name, SvgPicture picture) => OutputFile.WriteText(Path.Combine(folder, name), picture.ToFile());
        Write("reliability.svg", UncertaintyPicture.Reliability(confidences, correct, seed));
        Write("risk-coverage.svg", UncertaintyPicture.Risk(confidences, correct, seed));
        if (far is not null)
        {
            // Scores of features are computed a second time for their picture.
            double[] Score(ClassProbabilities p, Predictions of, Func<(double[] Mahalanobis, double[] Neighbours)>? features) =>
                chosen switch
                {
                    OutlierScore.Mahalanobis => features!().Mahalanobis,
                    OutlierScore.Neighbours => features!().Neighbours,
                    _ => OutlierScores.Of(chosen, p, of)!,
                };
            Write("outliers.svg", UncertaintyPicture.Outliers(NameOf(chosen), Score(after, measured.Inside, measured.InsideFeatures),
                Score(far, measured.Outside!, measured.OutsideFeatures)));
        }
        if (corrupted.Length == 0) return;
        IReadOnlyList<(string, IReadOnlyList<double>)> Curves(double start, Func<CorruptedFigures, double> figure) =>
            [.. corrupted.GroupBy(c => c.Corruption).Select(g =>
                (g.Key, (IReadOnlyList<double>)[start, .. g.OrderBy(c => c.Severity).Select(figure)]))];
        Write("robustness-accuracy.svg", UncertaintyPicture.Robustness("accuracy", Curves(figures.Metrics.Accuracy, c => c.Accuracy)));
        Write("robustness-ece.svg", UncertaintyPicture.Robustness("expected calibration error", Curves(figures.Metrics.Ece, c => c.Ece)));
    }

    /// <summary>Tables of a lower end, an upper end and a target a row: their intervals, with the promised coverage.</summary>
    public Answer RunQuantiles(VerbCall call, string[] paths, string? validation, string? target)
    {
        if (call.Get(conformal) is string other and not "cqr") throw Wrong("--conformal", $"'{other}'", "cqr, for quantiles");
        if (paths.Length > 1) throw Wrong("MODEL", $"{paths.Length} tables", "one, of quantiles");
        if (validation is null) throw Wrong("--validation", "nothing", "a table of quantiles to learn from");
        DataSource inside = Quantiles(paths[0], target), learned = Quantiles(validation, target);
        double[] Column(DataSource d, int column) => [.. d.Inputs().Where((_, j) => j % 2 == column)];
        PromisedIntervals found = Promise(call.Get(alpha), Column(learned, 0), Column(learned, 1), learned.Targets.Span, Column(inside, 0),
            Column(inside, 1), inside.Targets.Span);
        return new Answer(new { predictions = paths, samples = inside.Rows, conformal = found }, view => Show(view, found));
    }

    /// <summary>Intervals of a network's values: the normal quantiles around the mean of its passes, made as wide as the validation data
    /// ask for.</summary>
    /// <returns>Null where none are asked for.</returns>
    public PromisedIntervals? Intervals(VerbCall call, ValueDistribution values, SampleData inside, SampleData? learned, Func<SampleData,
        ValueDistribution> predict, double noise)
    {
        if (call.Get(conformal) is not string name) return null;
        if (name != "cqr") throw Wrong("--conformal", $"'{name}'", "cqr, for a network of one output");
        if (learned is null) throw Wrong("--validation", "nothing", "data to learn intervals from");
        double level = call.Get(alpha);
        if (!(level > 0 && level < 1)) throw Wrong("--alpha", $"{level}", "a number between 0 and 1");
        double quantile = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, 1 - (level / 2));
        double[] Ends(ValueDistribution v, double sign) =>
            [.. Enumerable.Range(0, v.Mean.Length).Select(i => v.Mean.Span[i] + (sign * quantile * Math.Sqrt(v.Variance.Span[i] + noise)))];
        ValueDistribution seen = predict(learned);
        return Promise(level, Ends(seen, -1), Ends(seen, 1), learned.Targets.Span, Ends(values, -1), Ends(values, 1), inside.Targets.Span);
    }

    public static void Show(View view, PromisedIntervals found) =>
        view.Line($"intervals hold {View.Number(found.Coverage)} of targets, {View.Number(1 - found.Alpha)} promised; {(found.MeanWidth is double w ? $"mean width {View.Number(w)}" : "without ends: too few rows to learn from")}");

    private static PromisedIntervals Promise(double alpha, double[] learnedLower, double[] learnedUpper, ReadOnlySpan<double> learned,
        double[] lower, double[] upper, ReadOnlySpan<double> targets)
    {
        ConformalInterval intervals = ConformalInterval.Calibrate(learnedLower, learnedUpper, learned, alpha);
        int inside = 0;
        double width = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            (double from, double to) = intervals.Apply(lower[i], upper[i]);
            if (targets[i] >= from && targets[i] <= to) inside++;
            width += (to - from) / targets.Length;
        }
        return new PromisedIntervals("cqr", alpha, double.IsFinite(intervals.Margin) ? intervals.Margin : null,
            (double)inside / targets.Length, double.IsFinite(width) ? width : null);
    }

    private static DataSource Quantiles(string path, string? target)
    {
        DataSource table = DataSource.Load(path, target);
        if (table.Width != 2) throw new OrthantInputException(path, "", $"{table.Width} columns beside the target",
            "two: the lower and the upper end");
        if (table.Rows == 0) throw new OrthantInputException(path, "", "no rows", "at least one");
        return table;
    }

    /// <summary>What sets of classes keep of their promise.</summary>
    private sealed record PromisedSets(string Score, double Alpha, bool ByClass, double?[] Thresholds, double Coverage,
        double?[]? ClassCoverage, double MeanSize, int Empty);

    private PromisedSets Sets(VerbCall call, string name, Recalibration? map, MeasuredMethod measured, ClassProbabilities after,
        bool halves)
    {
        ClassProbabilities learned = map?.Apply(measured.Calibration!.Mean) ?? measured.Calibration!.Mean;
        int[] rows = Half(measured.CalibrationLabels.Length, halves, true, call.Seed);
        ConformalClassifier classifier =
            ConformalClassifier.Calibrate(learned.Select(rows), Array.ConvertAll(rows, i => measured.CalibrationLabels[i]),
            new ConformalOptions
            {
                Score = name switch
                {
                    "lac" => ConformalScore.LeastAmbiguous,
                    "aps" => ConformalScore.Adaptive,
                    _ => ConformalScore.RegularizedAdaptive
                },
                Alpha = call.Get(alpha),
                ByClass = call.Get(byClass),
            });
        ImmutableArray<int>[] sets = classifier.Predict(after);
        bool[] held = [.. sets.Select((s, i) => s.Contains(measured.Labels[i]))];
        double? Of(int k)
        {
            bool[] own = [.. held.Where((_, i) => measured.Labels[i] == k)];
            return own.Length == 0 ? null : own.Average(h => h ? 1.0 : 0);
        }
        return new PromisedSets(
            name, call.Get(alpha), call.Get(byClass), [.. classifier.Thresholds.Select(t => double.IsFinite(t) ? t : (double?)null)],
                held.Average(h => h ? 1.0 : 0),
            call.Get(byClass) ? [.. Enumerable.Range(0, after.Classes).Select(Of)] : null, sets.Average(s => s.Length),
                sets.Count(s => s.IsEmpty));
    }

    /// <summary>The map of a method, learned on all calibration rows, or on half of them where the rest is for sets.</summary>
    private static Recalibration? Learn(PredictiveMethod method, Predictions? calibration, int[] labels, bool halves, ulong seed)
    {
        if (method.Map is not RecalibrationMap map) return null;
        int[] rows = Half(labels.Length, halves, false, seed);
        return Recalibration.Fit(map, calibration!.Mean.Select(rows), Array.ConvertAll(rows, i => labels[i]));
    }

    /// <summary>One of two halves of the rows, divided at random, or all rows. Sets whose map had seen their rows would promise too
    /// much.</summary>
    private static int[] Half(int count, bool halves, bool second, ulong seed)
    {
        if (!halves) return [.. Enumerable.Range(0, count)];
        int[] order = new Numerics.RandomStream(seed, HalfStream).Permutation(count);
        return second ? order[(count / 2)..] : order[..(count / 2)];
    }

    private const ulong HalfStream = 0x4A1F;

    private static (string Name, PairedTest Nll, PairedTest Brier)? Compare(MeasuredMethod measured, ClassProbabilities after, bool halves,
        ulong seed)
    {
        if ((measured.Beside?.Inside ?? (measured.Method.Map is null ? null : measured.Inside)) is not Predictions other) return null;
        PredictiveMethod method = measured.Beside?.Method ?? measured.Method with { Map = null };
        if (method.Map is not null && measured.Beside?.Calibration is null) throw Wrong("--validation", "nothing",
            $"labelled predictions to learn {method} from");
        ClassProbabilities before = Learn(method, measured.Beside?.Calibration, measured.CalibrationLabels, halves,
            seed)?.Apply(other.Mean) ?? other.Mean;
        double[] first = SampleLosses.NegativeLogLikelihoods(after, measured.Labels),
            second = SampleLosses.NegativeLogLikelihoods(before, measured.Labels);
        if (!first.All(double.IsFinite) || !second.All(double.IsFinite)) return null;
        return (method.ToString(), PairedTest.Of(first, second, seed),
            PairedTest.Of(SampleLosses.BrierScores(after, measured.Labels), SampleLosses.BrierScores(before, measured.Labels), seed));
    }

    private static object Test(PairedTest test) =>
        new { difference = test.Difference, lower = test.Interval.Lower, upper = test.Interval.Upper, pValue = test.PValue };

    private static Dictionary<string, Bootstrap> Intervals(ClassProbabilities p, int[] labels, ulong seed)
    {
        (double[] confidences, bool[] correct) = ClassificationMetrics.Outcomes(p, labels);
        double[] losses = SampleLosses.NegativeLogLikelihoods(p, labels), brier = SampleLosses.BrierScores(p, labels);
        Bootstrap Of(Func<int[], double> statistic) => Bootstrap.Of(labels.Length, statistic, seed, Resamples);
        (double[] C, bool[] R) Drawn(int[] drawn) =>
            (Array.ConvertAll(drawn, i => confidences[i]), Array.ConvertAll(drawn, i => correct[i]));
        return new Dictionary<string, Bootstrap>
        {
            ["accuracy"] = Of(drawn => drawn.Average(i => correct[i] ? 1.0 : 0)),
            ["nll"] = Of(drawn => drawn.Average(i => losses[i])),
            ["brier"] = Of(drawn => drawn.Average(i => brier[i])),
            ["ece"] = Of(drawn => Drawn(drawn) is var (c, r) ? Calibration.EqualWidth(c, r, ClassificationMetrics.UsualBins).ExpectedError
                : 0),
            ["aurc"] = Of(drawn => Drawn(drawn) is var (c, r) ? RiskCoverage.Of(c, r).Area : 0),
        };
    }

    private static Dictionary<OutlierScore,
        DetectionMetrics> Scores(MeasuredMethod measured, ClassProbabilities inside, ClassProbabilities outside)
    {
        Dictionary<OutlierScore, DetectionMetrics> found = [];
        foreach (OutlierScore score in Enum.GetValues<OutlierScore>())
        {
            if (OutlierScores.Of(score, inside, measured.Inside) is double[] i
                && OutlierScores.Of(score, outside, measured.Outside!) is double[] o) found[score] = DetectionMetrics.Of(i, o);
        }
        if (measured.InsideFeatures is null || measured.OutsideFeatures is null) return found;
        ((double[] near, double[] neighbours), (double[] far, double[] others)) = (measured.InsideFeatures(), measured.OutsideFeatures());
        found[OutlierScore.Mahalanobis] = DetectionMetrics.Of(near, far);
        found[OutlierScore.Neighbours] = DetectionMetrics.Of(neighbours, others);
        return found;
    }

    private static object Detection(OutlierScore chosen, DetectionMetrics d, UncertaintyEvaluation figures, Dictionary<OutlierScore,
        DetectionMetrics> scores, int samples) => new
        {
            samples,
            score = NameOf(chosen),
            auroc = d.Auroc,
            auprIn = d.AuprIn,
            auprOut = d.AuprOut,
            fpr95 = d.Fpr95,
            fpr95InPositive = d.Fpr95InPositive,
            detectionError = d.DetectionError,
            aurocMutualInformation = figures.ByInformation?.Auroc,
            scores = scores.ToDictionary(s => NameOf(s.Key),
            s => new { auroc = s.Value.Auroc, auprOut = s.Value.AuprOut, auprIn = s.Value.AuprIn, fpr95 = s.Value.Fpr95 }),
        };

    private static bool IsDetection(string key) => key is "auroc" or "auprIn" or "auprOut" or "fpr95";

    private static string NameOf(OutlierScore score) => char.ToLowerInvariant(score.ToString()[0]) + score.ToString()[1..];

    private static OutlierScore ParseScore(string text)
    {
        string[] names = [.. Enum.GetValues<OutlierScore>().Select(NameOf)];
        int at = Array.IndexOf(names, text);
        return at >= 0 ? (OutlierScore)at
            : throw Wrong("--score", $"'{text}'", Spelling.Nearest(text, names) is string near ? $"perhaps {near}"
            : string.Join(", ", names));
    }

    private static string Needs(OutlierScore score) => score switch
    {
        OutlierScore.Mahalanobis or OutlierScore.Neighbours => "one network, and --training for what it was trained on",
        OutlierScore.Energy or OutlierScore.MaxLogit => "a method of a single pass, such as deterministic",
        _ => "a method of several passes, draws or members",
    };

    private static (Predictions Predictions, int[] Labels) Read(string[] paths, string kind, string? target)
    {
        DataSource[] tables = [.. paths.Select(p => DataSource.Load(p, target))];
        DataSource first = tables[0];
        int odd = Array.FindIndex(tables, t => t.Rows != first.Rows || t.Width != first.Width);
        if (odd >= 0) throw new OrthantInputException(paths[odd], "", $"{tables[odd].Rows} × {tables[odd].Width}",
            $"{first.Rows} × {first.Width} as in {paths[0]}: members of one shape");
        if (first.Rows == 0) throw new OrthantInputException(paths[0], "", "no rows", "at least one");
        if (!first.TargetsAreClasses) throw new OrthantInputException(paths[0], "target", "numbers that are no classes",
            $"whole numbers from 0 to {first.Width - 1}");
        int[] labels = Array.ConvertAll(first.Targets.ToArray(), t => (int)t);
        int wrong = Array.FindIndex(labels, l => l >= first.Width);
        if (wrong >= 0) throw new OrthantInputException(paths[0], $"row {wrong}", $"class {labels[wrong]}",
            $"classes below {first.Width}, the number of columns");
        int differs = Array.FindIndex(tables, t => !t.Targets.Span.SequenceEqual(first.Targets.Span));
        if (differs >= 0) throw new OrthantInputException(paths[differs], "target", $"other classes than {paths[0]}",
            "members' predictions of the same samples");
        double[][] values = [.. tables.Select(t => t.Inputs())];
        if (kind == "logits")
        {
            return (new Predictions(PredictiveDistribution.FromLogits([.. values.SelectMany(v => v)], values.Length, first.Width),
                values.Length == 1 ? new ReadOnlyMemory<double>(values[0]) : (ReadOnlyMemory<double>?)null), labels);
        }
        return (new Predictions(PredictiveDistribution.FromProbabilities([.. values.Select((v, i) =>
            Named(paths[i], () => ClassProbabilities.FromProbabilities(v, first.Width)))])), labels);
    }

    /// <summary>An error about numbers, with the file that they are from.</summary>
    private static T Named<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (OrthantInputException e)
        {
            throw new OrthantInputException(path, e.Place, e.Found, e.Expected, e);
        }
    }

    private static OrthantInputException Wrong(string place, string found, string expected) => new("command line", place, found, expected);
}
