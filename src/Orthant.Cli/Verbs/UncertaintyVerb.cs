using System.CommandLine;
using System.Diagnostics;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary>Tells how sure a network is, by randomised activations, and writes networks that draw them.</summary>
internal sealed class UncertaintyVerb : Verb
{
    private const int BudgetSamples = 200;

    private readonly Argument<string[]> models = new("MODEL") { Description = "an .onnx, .json or .nnet network; several for --method ensemble", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> data = new("--data") { Description = "inputs and targets to measure on: IMAGES,LABELS (idx), .csv or .npy", HelpName = "D" };
    private readonly Option<string?> outside = new("--ood") { Description = "data from elsewhere, which uncertainty should tell from D", HelpName = "D2" };
    private readonly Option<string?> validation = new("--validation") { Description = "data that a strength is tuned on", HelpName = "D3" };
    private readonly Option<string?> target = new("--target") { Description = "the target column of a table, by name or number", HelpName = "COLUMN" };
    private readonly Option<string?> method = new("--method")
    {
        Description = "deterministic, mc-dropout[:P], mc-droprelu[:KEEP], mc-rrelu[:L,U], mc-symdroprelu[:Q] or ensemble; without numbers the strength is tuned "
            + "on --validation (mc-rrelu: slopes uniform on (-s, s)); default: the law in the file's metadata, or deterministic",
        HelpName = "M",
    };

    private readonly Option<string> convention = new("--rrelu-convention")
    {
        Description = "slope: L,U bound the slope; xu: they bound its reciprocal, as in 3,8 (default: slope)",
        HelpName = "C",
        DefaultValueFactory = _ => "slope",
    };

    private readonly Option<string> granularity = new("--granularity")
    {
        Description = "which units share a draw: element (none), channel, layer, or batch (a pass is one network; default: element)",
        HelpName = "G",
        DefaultValueFactory = _ => "element",
    };

    private readonly Option<int> passes = new("--passes") { Description = "passes (default: 20)", HelpName = "T", DefaultValueFactory = _ => 20 };
    private readonly Option<double?> tolerance = new("--tolerance") { Description = "double the passes until the Monte-Carlo error of nll is at most this (1280 at most)", HelpName = "E" };
    private readonly Option<double> budget = new("--accuracy-budget") { Description = "how much accuracy tuning may lose (default: 0.002)", HelpName = "A", DefaultValueFactory = _ => 0.002 };
    private readonly Option<string> objective = new("--tune-for") { Description = "what tuning makes small: nll or ece (default: nll)", HelpName = "NAME", DefaultValueFactory = _ => "nll" };
    private readonly Option<double?> noise = new("--noise") { Description = "the variance of the noise, for the nll of values that are no classes", HelpName = "V" };
    private readonly Option<string?> normalize = new("--normalize") { Description = "inputs enter as (x - MEAN) / SD (default: as the file's metadata say)", HelpName = "MEAN,SD" };
    private readonly Option<string?> export = new("--export") { Description = "write the .onnx model with random activations in the graph itself", HelpName = "F" };
    private readonly PredictionForm predictions = new();
    private readonly Option<bool> slopeInputs = new("--export-inputs") { Description = "the exported model takes the slopes as inputs instead of drawing them" };

    public override string Name => "uncertainty";

    public override string Summary => "how sure a network is, by randomised activations";

    public override IReadOnlyList<string> Examples =>
    [
        "./orthant uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-rrelu:-0.2,0.2",
        "./orthant uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --method mc-dropout --export out/random.onnx --json",
    ];

    public override IReadOnlyList<Argument> Arguments => [models];

    public override IReadOnlyList<Option> Options =>
        [data, outside, validation, target, method, convention, granularity, passes, tolerance, budget, objective, noise, normalize, export, slopeInputs, .. predictions.All];

    public override Answer Run(VerbCall call)
    {
        string[] paths = call.Get(models);
        if (predictions.ReadsTables(call)) return predictions.RunTables(call, paths, call.Get(validation), call.Get(outside), call.Get(target));
        UncertaintyMethod wanted = UncertaintyMethod.Parse(call.Get(method), call.Get(convention)!);
        if (paths.Length > 1 && !wanted.IsEnsemble) throw new OrthantInputException("command line", "MODEL", $"{paths.Length} models", "one, or --method ensemble");
        CheckNumbers(call);
        if (call.Get(data) is null)
        {
            if (call.Get(export) is null) throw new OrthantInputException("command line", "--data", "nothing", "data to measure on, or --export");
            if (wanted.IsEnsemble || wanted.IsTuned) throw new OrthantInputException("command line", "--method", $"'{call.Get(method)}' without data", "a law with its numbers, such as mc-rrelu:-0.2,0.2");
            RandomizedModel model = Export(call, paths[0], wanted.Law);
            return new Answer(new { law = model.Law.ToString(), replaced = model.Replaced, file = call.Get(export), notes = model.Notes }, view => ShowExport(view, call.Get(export)!, model));
        }
        using ProgressLine line = call.ShowProgress();
        ReluNetwork[] networks = [.. paths.Select(p => ModelFile.Load(p).Network)];
        Dataset inside = Dataset.Load(call.Get(data)!, call.Get(target), Scaling(call, networks[0]), networks[0]);
        Dataset? elsewhere = call.Get(outside) is string other ? Dataset.Load(other, call.Get(target), Scaling(call, networks[0]), networks[0]) : null;
        if (networks.Length > 1 && networks.FirstOrDefault(n => n.Outputs != networks[0].Outputs || n.Inputs != networks[0].Inputs) is ReluNetwork odd)
        {
            throw new OrthantInputException("ensemble", "members", $"{odd} beside {networks[0]}", "members of the same inputs and outputs");
        }
        PassOptions options = new() { Passes = call.Get(passes), Seed = call.Seed, Threads = call.Threads };
        if (networks[0].Outputs == 1) return Values(call, networks[0], wanted, inside, options);
        ReadOnlyMemory<int> labels = inside.Labels(networks[0]);
        StrengthTuning? tuning = wanted.IsTuned ? Tune(call, networks[0], wanted, options, line) : null;
        ActivationLaw? law = tuning?.Best.Law ?? wanted.Law;
        if (predictions.IsWanted(call)) return Calibrated(call, networks, wanted, law, inside, elsewhere, options);
        bool exports = call.Get(export) is not null && tuning?.Best.Law.IsRandom != false;
        if (call.Get(export) is not null && !exports) call.Note("the plain network does best on the validation data: nothing is exported");
        RandomizedModel? exported = exports ? Export(call, paths[0], law) : null;
        return Classes(call, networks, wanted, law, tuning, inside, labels, elsewhere, options, exported);
    }

    /// <summary>A network's predictions, calibrated on the validation data or with sets that hold the right class.</summary>
    private Answer Calibrated(VerbCall call, ReluNetwork[] networks, UncertaintyMethod wanted, ActivationLaw? law, Dataset inside, Dataset? elsewhere, PassOptions options)
    {
        if (call.Get(export) is not null) throw new OrthantInputException("command line", "--export", "a model of calibrated predictions", "--export without --recalibrate and --conformal");
        string source = call.Get(validation) ?? throw new OrthantInputException("command line", "--validation", "nothing", "labelled data to learn from");
        UncertainNetwork? random = wanted.IsEnsemble ? null : UncertainNetwork.Of(networks[0], law, ParseGranularity(call.Get(granularity)!));
        PredictionForm.Predictions Of(Dataset d, bool isLabelled)
        {
            PredictiveDistribution p = random is null ? Ensemble(networks, d.Rows, options) : random.Predict(d.Rows, options, null, call.Cancellation);
            double[]? logits = random is { Law.IsRandom: false } ? Array.ConvertAll(random.Pass(d.Rows, 0, options), z => (double)z) : null;
            return new PredictionForm.Predictions(p.Mean, isLabelled ? d.Labels(networks[0]).ToArray() : [], logits, p);
        }
        Dataset learned = Dataset.Load(source, call.Get(target), Scaling(call, networks[0]), networks[0]);
        string name = random is null ? $"ensemble of {networks.Length}" : random.Law.IsRandom ? $"mc-{random.Law}" : "deterministic";
        return predictions.Run(call, name, Of(inside, true), Of(learned, true), elsewhere is null ? null : Of(elsewhere, false));
    }

    private Answer Classes(
        VerbCall call, ReluNetwork[] networks, UncertaintyMethod wanted, ActivationLaw? law, StrengthTuning? tuning, Dataset inside, ReadOnlyMemory<int> labels,
        Dataset? elsewhere, PassOptions options, RandomizedModel? exported)
    {
        PredictiveDistribution p;
        PredictiveDistribution? far = null;
        UncertainNetwork? random = null;
        long started = Stopwatch.GetTimestamp();
        double seconds;
        if (wanted.IsEnsemble)
        {
            p = Ensemble(networks, inside.Rows, options);
            seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (elsewhere is not null) far = Ensemble(networks, elsewhere.Rows, options);
        }
        else
        {
            random = UncertainNetwork.Of(networks[0], law, ParseGranularity(call.Get(granularity)!));
            Func<PredictiveDistribution, bool>? enough = call.Get(tolerance) is double e
                ? d => d.MonteCarloError(x => ClassificationMetrics.Of(x.Mean, labels.Span).NegativeLogLikelihood) <= e
                : null;
            p = random.Predict(inside.Rows, options, enough, call.Cancellation);
            seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (elsewhere is not null) far = random.Predict(elsewhere.Rows, options with { Passes = p.Passes }, null, call.Cancellation);
        }
        UncertaintyEvaluation figures = UncertaintyEvaluation.Of(p, labels, far);
        DiversityBudget? diversity = random is { Law.IsRandom: true } ? DiversityBudget.Of(random, inside.First(BudgetSamples), call.Threads, call.Cancellation) : null;
        ClassificationMetrics m = figures.Metrics;
        string chosen = wanted.IsEnsemble ? "ensemble" : random!.Law.IsRandom ? $"mc-{random.Law}" : "deterministic";
        object json = new
        {
            method = chosen,
            passes = p.Passes,
            samples = p.Samples,
            classes = p.Classes,
            accuracy = m.Accuracy,
            nll = m.NegativeLogLikelihood,
            brier = m.Brier,
            ece = m.Ece,
            adaptiveEce = m.AdaptiveEce,
            aurc = m.Aurc,
            entropy = figures.Entropy,
            mutualInformation = figures.MutualInformation,
            variance = p.Variance.ToArray().Average(),
            disagreement = p.PairwiseDisagreement(),
            pairwiseDivergence = p.MeanPairwiseDivergence(),
            ood = figures.ByEntropy is null ? null : new
            {
                samples = far!.Samples,
                auroc = figures.ByEntropy.Auroc,
                auprIn = figures.ByEntropy.AuprIn,
                auprOut = figures.ByEntropy.AuprOut,
                fpr95 = figures.ByEntropy.Fpr95,
                fpr95InPositive = figures.ByEntropy.Fpr95InPositive,
                detectionError = figures.ByEntropy.DetectionError,
                aurocMutualInformation = figures.ByInformation?.Auroc,
            },
            diversityBudget = UncertaintyView.Budget(diversity),
            matchingLaws = UncertaintyView.Matches(diversity),
            monteCarloError = figures.Errors,
            tuning = tuning?.Trials.Select(t => new
            {
                law = t.Law.ToString(),
                accuracy = t.Metrics.Accuracy,
                nll = t.Metrics.NegativeLogLikelihood,
                ece = t.Metrics.Ece,
                mutualInformation = t.MutualInformation,
                withinBudget = t.WithinBudget,
                chosen = ReferenceEquals(t, tuning.Best),
            }).ToArray(),
            seconds,
            export = exported is null ? null : new { file = call.Get(export), replaced = exported.Replaced, notes = exported.Notes },
        };
        return new Answer(json, view =>
        {
            view.Heading($"{chosen}, {p.Passes} {(wanted.IsEnsemble ? "members" : p.Passes == 1 ? "pass" : "passes")} over {View.Count(p.Samples)} samples");
            UncertaintyView.Figures(view, figures);
            if (tuning is not null) UncertaintyView.Tuning(view, tuning);
            if (diversity is not null) UncertaintyView.Diversity(view, diversity);
            if (exported is not null) ShowExport(view, call.Get(export)!, exported);
            if (chosen == "deterministic") view.Next($"orthant uncertainty {call.Get(models)[0]} --data {call.Get(data)} --method mc-rrelu:-0.2,0.2");
        });
    }

    private Answer Values(VerbCall call, ReluNetwork network, UncertaintyMethod wanted, Dataset inside, PassOptions options)
    {
        if (wanted.IsTuned || wanted.IsEnsemble) throw new OrthantInputException("command line", "--method", "a method for classes", "a law with its numbers, for a network of one output");
        UncertainNetwork random = UncertainNetwork.Of(network, wanted.Law, ParseGranularity(call.Get(granularity)!));
        RandomizedModel? exported = call.Get(export) is null ? null : Export(call, call.Get(models)[0], random.Law);
        long started = Stopwatch.GetTimestamp();
        ValueDistribution values = random.PredictValues(inside.Rows, options, call.Cancellation);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds, error = values.RootMeanSquareError(inside.Targets.Span);
        double variance = values.Variance.ToArray().Average();
        double? likelihood = call.Get(noise) is double v ? values.NegativeLogLikelihood(inside.Targets.Span, v) : null;
        DiversityBudget? diversity = random.Law.IsRandom ? DiversityBudget.Of(random, inside.First(BudgetSamples), call.Threads, call.Cancellation) : null;
        object json = new
        {
            method = random.Law.IsRandom ? $"mc-{random.Law}" : "deterministic",
            passes = values.Passes,
            samples = inside.Rows.Count,
            rmse = error,
            variance,
            nll = likelihood,
            diversityBudget = UncertaintyView.Budget(diversity),
            matchingLaws = UncertaintyView.Matches(diversity),
            seconds,
            export = exported is null ? null : new { file = call.Get(export), replaced = exported.Replaced, notes = exported.Notes },
        };
        return new Answer(json, view =>
        {
            view.Facts(("root mean square error", View.Number(error)), ("mean predictive deviation", View.Number(Math.Sqrt(variance))), ("passes", $"{values.Passes}"));
            if (diversity is not null) UncertaintyView.Diversity(view, diversity);
        });
    }

    private static PredictiveDistribution Ensemble(ReluNetwork[] networks, InputRows rows, PassOptions options) =>
        PredictiveDistribution.FromMembers([.. networks.Select(n => UncertainNetwork.Of(n, ActivationLaw.Leaky(UncertainNetwork.Of(n).Law.MeanSlope)).Pass(rows, 0, options))], networks[0].Outputs);

    private StrengthTuning Tune(VerbCall call, ReluNetwork network, UncertaintyMethod wanted, PassOptions options, ProgressLine line)
    {
        string source = call.Get(validation) ?? throw new OrthantInputException("command line", "--validation", "nothing", $"data to tune {call.Get(method)} on, or a law with its numbers");
        Dataset rows = Dataset.Load(source, call.Get(target), Scaling(call, network), network);
        TuningObjective aim = call.Get(objective) switch
        {
            "nll" => TuningObjective.NegativeLogLikelihood,
            "ece" => TuningObjective.CalibrationError,
            string text => throw new OrthantInputException("command line", "--tune-for", $"'{text}'", "nll or ece"),
            null => TuningObjective.NegativeLogLikelihood,
        };
        return StrengthTuning.Run(
            network, wanted.Family!.Value, rows.Rows, rows.Labels(network), call.Get(budget), aim, ParseGranularity(call.Get(granularity)!), options, line, call.Cancellation);
    }

    private RandomizedModel Export(VerbCall call, string path, ActivationLaw? law)
    {
        string to = call.Get(export)!;
        if (!to.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)) throw new OrthantInputException("command line", "--export", $"'{to}'", "a name that ends in .onnx");
        if (ParseGranularity(call.Get(granularity)!) != RandomGranularity.Element) throw new OrthantInputException("command line", "--granularity", call.Get(granularity)!, "element, with --export");
        byte[] content = InputFile.ReadAllBytes(path);
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".nnet", StringComparison.OrdinalIgnoreCase))
        {
            content = OnnxWriter.ToBytes(path, ModelFile.Load(path).Network);
        }
        RandomizedModel model = RandomizedOnnx.Rewrite(path, content, law, call.Get(slopeInputs));
        OutputFolder.PrepareFor(to);
        OutputFile.Write(to, stream => stream.Write(model.Content.Span), path);
        return model;
    }

    private static void ShowExport(View view, string file, RandomizedModel model)
    {
        view.Line($"{file}: {model.Replaced} activations replaced by {model.Law}");
        foreach (string note in model.Notes) view.Line($"  {note}");
    }

    private void CheckNumbers(VerbCall call)
    {
        if (call.Get(passes) < 1) throw new OrthantInputException("command line", "--passes", $"{call.Get(passes)}", "1 or more");
        if (call.Get(tolerance) is double e && !(e > 0)) throw new OrthantInputException("command line", "--tolerance", $"{e}", "a positive number");
        if (call.Get(noise) is double v && !(v > 0 && double.IsFinite(v))) throw new OrthantInputException("command line", "--noise", $"{v}", "a positive number");
        _ = ParseGranularity(call.Get(granularity)!);
    }

    private static RandomGranularity ParseGranularity(string text) => text switch
    {
        "element" => RandomGranularity.Element,
        "channel" => RandomGranularity.Channel,
        "layer" => RandomGranularity.Layer,
        "batch" => RandomGranularity.Batch,
        _ => throw new OrthantInputException("command line", "--granularity", $"'{text}'", "element, channel, layer or batch"),
    };

    private (double Mean, double Deviation) Scaling(VerbCall call, ReluNetwork network)
    {
        string? text = call.Get(normalize) ?? network.Metadata.GetValueOrDefault("input-normalization");
        if (text is null) return (0, 1);
        double[] numbers = ArgumentText.Numbers(text, "--normalize");
        if (numbers.Length != 2 || numbers[1] <= 0) throw new OrthantInputException("command line", "--normalize", $"'{text}'", "MEAN,SD with a positive SD");
        return (numbers[0], numbers[1]);
    }

    /// <summary>Samples as the network reads them.</summary>
    private sealed record Dataset(string Name, DataSource Source, InputRows Rows, Func<int, InputRows> Part)
    {
        public ReadOnlyMemory<double> Targets => Source.Targets;

        public static Dataset Load(string name, string? target, (double Mean, double Deviation) scaling, ReluNetwork network)
        {
            DataSource source = DataSource.Load(name, target);
            (double mean, double deviation) = scaling;
            if (source.Rows == 0) throw new OrthantInputException(name, "", "no samples", "at least one");
            if (source.Width != network.Inputs) throw new OrthantInputException(name, "", $"{source.Width} inputs a sample", $"{network.Inputs}, as many as {network} reads");
            if (source.Images is ImageSet images)
            {
                InputRows Bytes(int count) => InputRows.OfBytes(images.Pixels[..(count * source.Width)], source.Width, mean, deviation);
                return new Dataset(name, source, Bytes(source.Rows), Bytes);
            }
            float[] values = Array.ConvertAll(source.Inputs(), x => (float)((x - mean) / deviation));
            InputRows Numbers(int count) => InputRows.OfSingles(values.AsMemory(0, count * source.Width), source.Width);
            return new Dataset(name, source, Numbers(source.Rows), Numbers);
        }

        public InputRows First(int count) => Part(Math.Min(count, Source.Rows));

        public ReadOnlyMemory<int> Labels(ReluNetwork network)
        {
            if (!Source.TargetsAreClasses) throw new OrthantInputException(Name, "target", "numbers that are no classes", $"whole numbers from 0 to {network.Outputs - 1}");
            int[] labels = Array.ConvertAll(Source.Targets.ToArray(), t => (int)t);
            int wrong = Array.FindIndex(labels, l => l >= network.Outputs);
            if (wrong >= 0) throw new OrthantInputException(Name, $"sample {wrong}", $"class {labels[wrong]}", $"classes below {network.Outputs}, the network's outputs");
            return labels;
        }
    }
}
