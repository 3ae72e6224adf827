using System.Collections.Immutable;
using System.CommandLine;
using Orthant.Formats;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary>What can be done with predictions alone, a network's or another program's: calibrate them, and promise sets that hold the right class.</summary>
internal sealed class PredictionForm
{
    private const int Resamples = 200;

    private static readonly string[] Maps = ["temperature", "vector", "matrix", "isotonic", "histogram"];

    private readonly Option<string?> outputs = new("--outputs")
    {
        Description = "MODEL are tables of another program's logits or probabilities, a column a class, then the right class; several are an ensemble's members",
        HelpName = "KIND",
    };

    private readonly Option<string?> map = new("--recalibrate") { Description = $"{string.Join(", ", Maps)}: learned on --validation", HelpName = "MAP" };
    private readonly Option<string?> conformal = new("--conformal") { Description = "lac, aps or raps: sets of classes, learned on --validation", HelpName = "SCORE" };
    private readonly Option<double> alpha = new("--alpha") { Description = "the part of samples whose class may be missing from its set (default: 0.1)", HelpName = "A", DefaultValueFactory = _ => 0.1 };
    private readonly Option<bool> byClass = new("--by-class") { Description = "the sets keep their promise for each class" };

    public IReadOnlyList<Option> All => [outputs, map, conformal, alpha, byClass];

    public bool ReadsTables(VerbCall call) => call.Get(outputs) is not null;

    public bool IsWanted(VerbCall call) => call.Get(map) is not null || call.Get(conformal) is not null;

    /// <summary>Predictions with the right classes, or without.</summary>
    /// <param name="Mean">The mean probabilities.</param>
    /// <param name="Labels">The right classes; empty where they do not matter.</param>
    /// <param name="Logits">The logits of a single member; null for several, and for probabilities.</param>
    /// <param name="Passes">All passes or members, where there are several.</param>
    internal sealed record Predictions(ClassProbabilities Mean, int[] Labels, double[]? Logits = null, PredictiveDistribution? Passes = null);

    /// <summary>The form of tables.</summary>
    public Answer RunTables(VerbCall call, string[] paths, string? validation, string? outside, string? target)
    {
        string kind = call.Get(outputs)!;
        if (kind is not ("logits" or "probabilities")) throw Wrong("--outputs", $"'{kind}'", "logits or probabilities");
        Predictions inside = Read(paths, kind, target);
        return Run(
            call, $"{kind} of {string.Join(", ", paths)}", inside, validation is null ? null : Read(validation.Split(','), kind, target),
            outside is null ? null : Read(outside.Split(','), kind, target));
    }

    /// <summary>Calibrates, promises and measures.</summary>
    public Answer Run(VerbCall call, string name, Predictions inside, Predictions? validation, Predictions? outside)
    {
        string? mapName = call.Get(map), setName = call.Get(conformal);
        if (mapName is not null && !Maps.Contains(mapName)) throw Wrong("--recalibrate", $"'{mapName}'", Spelling.Nearest(mapName, Maps) is string near ? $"perhaps {near}" : string.Join(", ", Maps));
        if (IsWanted(call) && validation is null) throw Wrong("--validation", "nothing", "labelled predictions to learn from");
        foreach (Predictions other in new[] { validation, outside }.OfType<Predictions>())
        {
            if (other.Mean.Classes != inside.Mean.Classes) throw new OrthantInputException("predictions", "classes", $"{other.Mean.Classes} beside {inside.Mean.Classes}", "as many in every table");
        }
        LogitScaling? scaling = null;
        Func<ClassProbabilities, ClassProbabilities> apply = mapName is null ? p => p : Learn(mapName, validation!, out scaling);
        ClassProbabilities after = apply(inside.Mean);
        ClassProbabilities? far = outside is null ? null : apply(outside.Mean);
        Dictionary<string, Bootstrap> figures = Figures(after, inside.Labels, call.Seed);
        PairedTest? test = mapName is null ? null : PairedTest.Of(Losses(after, inside.Labels), Losses(inside.Mean, inside.Labels), call.Seed);
        ConformalClassifier? classifier = setName is null ? null : ConformalClassifier.Calibrate(apply(validation!.Mean), validation.Labels, new ConformalOptions
        {
            Score = setName switch
            {
                "lac" => ConformalScore.LeastAmbiguous,
                "aps" => ConformalScore.Adaptive,
                "raps" => ConformalScore.RegularizedAdaptive,
                _ => throw Wrong("--conformal", $"'{setName}'", "lac, aps or raps"),
            },
            Alpha = call.Get(alpha),
            ByClass = call.Get(byClass),
        });
        ImmutableArray<int>[]? sets = classifier?.Predict(after);
        double coverage = sets is null ? 0 : (double)sets.Where((s, i) => s.Contains(inside.Labels[i])).Count() / sets.Length, size = sets?.Average(s => s.Length) ?? 0;
        (string Name, DetectionMetrics Metrics)[] scores = far is null ? [] : [.. Scores(inside with { Mean = after }, outside! with { Mean = far })];
        object json = new
        {
            predictions = name,
            samples = after.Samples,
            classes = after.Classes,
            recalibration = mapName,
            temperature = scaling?.Temperature,
            figures = figures.ToDictionary(f => f.Key, f => new { value = f.Value.Value, lower = f.Value.Lower, upper = f.Value.Upper }),
            nllChange = test is null ? null : new { difference = test.Difference, lower = test.Interval.Lower, upper = test.Interval.Upper, pValue = test.PValue },
            conformal = classifier is null ? null : new
            {
                score = setName,
                alpha = call.Get(alpha),
                byClass = call.Get(byClass),
                thresholds = classifier.Thresholds.Select(t => double.IsFinite(t) ? t : (double?)null).ToArray(),
                coverage,
                meanSize = size,
                empty = sets!.Count(s => s.IsEmpty),
            },
            ood = scores.ToDictionary(s => s.Name, s => new { auroc = s.Metrics.Auroc, auprOut = s.Metrics.AuprOut, auprIn = s.Metrics.AuprIn, fpr95 = s.Metrics.Fpr95 }),
        };
        return new Answer(json, view =>
        {
            view.Heading($"{name}{(mapName is null ? "" : $", {mapName} calibration")}, {View.Count(after.Samples)} samples");
            view.Table(["", "value", "95 % of resamples from", "to"], figures.Select(f => new[] { f.Key, View.Number(f.Value.Value), View.Number(f.Value.Lower), View.Number(f.Value.Upper) }));
            if (scaling?.Temperature is double t) view.Line($"temperature {View.Number(t)}");
            if (test is not null) view.Line($"nll changes by {View.Number(test.Difference)}, p-value {View.Number(test.PValue)}");
            if (sets is not null) view.Line($"{setName} sets hold the right class of {View.Number(coverage)} of samples; {View.Number(size)} classes on average");
            if (scores.Length > 0) view.Table(["score", "AUROC", "FPR at 95 %"], scores.Select(s => new[] { s.Name, View.Number(s.Metrics.Auroc), View.Number(s.Metrics.Fpr95) }));
        });
    }

    private static Func<ClassProbabilities, ClassProbabilities> Learn(string name, Predictions from, out LogitScaling? scaling)
    {
        scaling = null;
        if (name is "isotonic" or "histogram")
        {
            return (name == "isotonic" ? ClasswiseCalibration.FitIsotonic(from.Mean, from.Labels) : ClasswiseCalibration.FitHistogram(from.Mean, from.Labels)).Apply;
        }
        double[] z = Logarithms(from.Mean);
        int classes = from.Mean.Classes;
        LogitScaling fitted = scaling = name switch
        {
            "temperature" => LogitScaling.FitTemperature(z, from.Labels, classes),
            "vector" => LogitScaling.FitVector(z, from.Labels, classes),
            _ => LogitScaling.FitMatrix(z, from.Labels, classes),
        };
        return p => fitted.Apply(Logarithms(p));
    }

    /// <summary>ln p serves as logits: it is the logits less a number of each row.</summary>
    private static double[] Logarithms(ClassProbabilities p) =>
        [.. Enumerable.Range(0, p.Samples * p.Classes).Select(j => p.LogOf(j / p.Classes, j % p.Classes))];

    private static double[] Losses(ClassProbabilities p, int[] labels) => [.. labels.Select((label, i) => -p.LogOf(i, label))];

    private static Dictionary<string, Bootstrap> Figures(ClassProbabilities p, int[] labels, ulong seed)
    {
        (double[] confidences, bool[] correct) = ClassificationMetrics.Outcomes(p, labels);
        double[] losses = Losses(p, labels), brier = [.. labels.Select((label, i) => p.Row(i).ToArray().Sum(v => v * v) - (2 * p.Row(i)[label]) + 1)];
        Bootstrap Of(Func<int[], double> statistic) => Bootstrap.Of(labels.Length, statistic, seed, Resamples);
        (double[] C, bool[] R) Drawn(int[] drawn) => (Array.ConvertAll(drawn, i => confidences[i]), Array.ConvertAll(drawn, i => correct[i]));
        return new Dictionary<string, Bootstrap>
        {
            ["accuracy"] = Of(drawn => drawn.Average(i => correct[i] ? 1.0 : 0)),
            ["nll"] = Of(drawn => drawn.Average(i => losses[i])),
            ["brier"] = Of(drawn => drawn.Average(i => brier[i])),
            ["ece"] = Of(drawn => Drawn(drawn) is var (c, r) ? Calibration.EqualWidth(c, r, ClassificationMetrics.UsualBins).ExpectedError : 0),
            ["aurc"] = Of(drawn => Drawn(drawn) is var (c, r) ? RiskCoverage.Of(c, r).Area : 0),
        };
    }

    private static IEnumerable<(string, DetectionMetrics)> Scores(Predictions inside, Predictions outside)
    {
        yield return ("maxProbability", DetectionMetrics.Of(OutlierScores.MaxProbability(inside.Mean), OutlierScores.MaxProbability(outside.Mean)));
        yield return ("entropy", DetectionMetrics.Of(OutlierScores.Entropy(inside.Mean), OutlierScores.Entropy(outside.Mean)));
        if (inside.Passes is { Passes: > 1 } p && outside.Passes is PredictiveDistribution q)
        {
            yield return ("mutualInformation", DetectionMetrics.Of(OutlierScores.MutualInformation(p), OutlierScores.MutualInformation(q)));
            yield return ("variance", DetectionMetrics.Of(OutlierScores.Variance(p), OutlierScores.Variance(q)));
        }
        if (inside.Logits is not double[] z || outside.Logits is not double[] y) yield break;
        yield return ("energy", DetectionMetrics.Of(OutlierScores.Energy(z, inside.Mean.Classes), OutlierScores.Energy(y, inside.Mean.Classes)));
        yield return ("maxLogit", DetectionMetrics.Of(OutlierScores.MaxLogit(z, inside.Mean.Classes), OutlierScores.MaxLogit(y, inside.Mean.Classes)));
    }

    private static Predictions Read(string[] paths, string kind, string? target)
    {
        DataSource[] tables = [.. paths.Select(p => DataSource.Load(p, target))];
        DataSource first = tables[0];
        int odd = Array.FindIndex(tables, t => t.Rows != first.Rows || t.Width != first.Width);
        if (odd >= 0) throw new OrthantInputException(paths[odd], "", $"{tables[odd].Rows} × {tables[odd].Width}", $"{first.Rows} × {first.Width} as in {paths[0]}: members of one shape");
        if (!first.TargetsAreClasses) throw new OrthantInputException(paths[0], "target", "numbers that are no classes", $"whole numbers from 0 to {first.Width - 1}");
        int[] labels = Array.ConvertAll(first.Targets.ToArray(), t => (int)t);
        int differs = Array.FindIndex(tables, t => !t.Targets.Span.SequenceEqual(first.Targets.Span));
        if (differs >= 0) throw new OrthantInputException(paths[differs], "target", $"other classes than {paths[0]}", "members' predictions of the same samples");
        double[][] values = [.. tables.Select(t => t.Inputs())];
        if (kind == "logits")
        {
            PredictiveDistribution passes = PredictiveDistribution.FromLogits([.. values.SelectMany(v => v)], values.Length, first.Width);
            return values.Length > 1 ? new Predictions(passes.Mean, labels, null, passes) : new Predictions(ClassProbabilities.FromLogits(values[0], first.Width), labels, values[0]);
        }
        double[][] rows = [.. values.Select(v => ClassProbabilities.FromProbabilities(v, first.Width).Values.ToArray())];
        return new Predictions(ClassProbabilities.FromProbabilities([.. rows[0].Select((_, j) => rows.Average(r => r[j]))], first.Width), labels);
    }

    private static OrthantInputException Wrong(string place, string found, string expected) => new("command line", place, found, expected);
}
