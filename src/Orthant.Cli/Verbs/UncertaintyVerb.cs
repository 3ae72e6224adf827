using System.CommandLine;
using System.Diagnostics;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary>Tells how sure a network is, by any of the methods, and writes networks that draw random activations.</summary>
internal sealed class UncertaintyVerb : Verb
{
    private const int BudgetSamples = 200;

    private readonly Argument<string[]> models = new("MODEL")
    {
        Description = "an .onnx, .json or .nnet network, several for --method ensemble; with --recipe an architecture; with --outputs tables",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> data =
        new("--data") { Description = "inputs and targets to measure on: IMAGES,LABELS (idx), .csv or .npy", HelpName = "D" };
    private readonly Option<string?> outside =
        new("--ood") { Description = "data from elsewhere, which uncertainty should tell from D", HelpName = "D2" };
    private readonly Option<string?> validation =
        new("--validation") { Description = "data that strengths, calibration maps and sets are learned on", HelpName = "D3" };
    private readonly Option<string?> training =
        new("--training")
        {
            Description = "data that the network was trained on: for laplace, scores of features and --recipe",
            HelpName = "D4"
        };
    private readonly Option<string?> target =
        new("--target") { Description = "the target column of a table, by name or number", HelpName = "COLUMN" };
    private readonly Option<string?> method = new("--method")
    {
        Description = "deterministic, mc-dropout[:P], mc-droprelu[:KEEP], mc-rrelu[:L,U], mc-symdroprelu[:Q], ensemble[:N] or laplace[:full|diagonal|kronecker]; "
            + "without numbers an mc- strength is tuned on --validation (mc-rrelu: slopes uniform on (-s, s)). With +MAP behind it, or a MAP alone: temperature, vector, "
            + "matrix, isotonic or histogram calibration, learned on --validation. Default: the law in the file's metadata, or deterministic",
        HelpName = "M",
    };

    private readonly Option<string?> beside =
        new("--beside")
        {
            Description = "a second method, compared by paired tests (default, with a MAP: the same without it)",
            HelpName = "M2"
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

    private readonly Option<int> passes =
        new("--passes") { Description = "passes, or draws of laplace (default: 20)", HelpName = "T", DefaultValueFactory = _ => 20 };
    private readonly Option<double?> tolerance =
        new("--tolerance")
        {
            Description = "double the passes until the Monte-Carlo error of nll is at most this (1280 at most)",
            HelpName = "E"
        };
    private readonly Option<double> budget =
        new("--accuracy-budget")
        {
            Description = "how much accuracy tuning may lose (default: 0.002)",
            HelpName = "A",
            DefaultValueFactory = _ => 0.002
        };
    private readonly Option<string> objective =
        new("--tune-for")
        {
            Description = "what tuning makes small: nll or ece (default: nll)",
            HelpName = "NAME",
            DefaultValueFactory = _ => "nll"
        };
    private readonly Option<double?> noise =
        new("--noise") { Description = "the variance of the noise, for the nll of values that are no classes", HelpName = "V" };
    private readonly Option<string?> recipe = new("--recipe")
    {
        Description = "MODEL is an architecture (as train --arch) and is trained here on --training: options of train, such as epochs=20,rate=0.01; ensemble:N trains N",
        HelpName = "R",
    };

    private readonly Option<string?> normalize =
        new("--normalize") { Description = "inputs enter as (x - MEAN) / SD (default: as the file's metadata say)", HelpName = "MEAN,SD" };
    private readonly Option<string?> export =
        new("--export") { Description = "write the .onnx model with random activations in the graph itself", HelpName = "F" };
    private readonly Option<bool> slopeInputs =
        new("--export-inputs") { Description = "the exported model takes the slopes as inputs instead of drawing them" };
    private readonly Option<string?> outputs = new("--outputs")
    {
        Description = "MODEL are tables of another program's logits, probabilities or (for values) quantiles: a column a class, or the lower and the upper end, then the target",
        HelpName = "KIND",
    };

    private readonly PredictionForm form = new();
    private readonly GridForm grid = new();

    public override string Name => "uncertainty";

    public override string Summary => "how sure a network is, by random activations and the methods beside them";

    public override IReadOnlyList<string> Examples =>
    [
        "./orthant uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-rrelu:-0.2,0.2",
        "./orthant uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --method mc-dropout --export out/random.onnx --json",
    ];

    public override IReadOnlyList<Argument> Arguments => [models];

    public override IReadOnlyList<Option> Options =>
    [
        data, outside, validation, training, target, method, beside, convention, granularity, passes, tolerance, budget, objective, noise,
            recipe, normalize, .. form.All, outputs, export, slopeInputs, .. grid.All,
    ];

    public override Answer Run(VerbCall call)
    {
        string[] paths = call.Get(models);
        if (grid.IsWanted(call)) return paths.Length == 0 ? grid.Run(call)
            : throw Wrong("MODEL", paths[0], "none: --grid names its own architectures");
        if (paths.Length == 0) throw Wrong("MODEL", "nothing", "a network, or tables with --outputs");
        CheckNumbers(call);
        if (call.Get(outputs) is string kind) return Tables(call, paths, kind);
        PredictiveMethod? wanted = Method(call, call.Get(method));
        bool isEnsemble = wanted?.Predictor == PredictorKind.Ensemble;
        if (paths.Length > 1 && !isEnsemble) throw Wrong("MODEL", $"{paths.Length} models", "one, or --method ensemble");
        if (call.Get(data) is null) return ExportAlone(call, paths[0], wanted);
        using ProgressLine line = call.ShowProgress();
        (ReluNetwork[] networks, double? seconds) = call.Get(recipe) is string text ? Trained(call, paths, text, wanted, line)
            : ([.. paths.Select(p => ModelFile.Load(p).Network)], null);
        InputScaling scaling = InputScaling.Of(call.Get(normalize), networks[0]);
        SampleData Load(string name, DataSource? like = null) => SampleData.Load(name, call.Get(target), scaling, networks[0], like);
        SampleData inside = Load(call.Get(data)!);
        SampleData? learned = call.Get(validation) is string v ? Load(v) : null;
        SampleData? elsewhere = call.Get(outside) is string o ? Load(o, inside.Source) : null;
        if (networks[0].Outputs == 1) return Values(call, networks[0], wanted, inside, learned);
        SampleData? seen = call.Get(training) is string t ? Load(t) : null;
        return Classes(call, paths, networks, wanted, inside, learned, elsewhere, seen, seconds, line);
    }

    private Answer Classes(
        VerbCall call, string[] paths, ReluNetwork[] networks, PredictiveMethod? wanted, SampleData inside, SampleData? learned,
            SampleData? elsewhere, SampleData? seen, double? trainingSeconds, ProgressLine line)
    {
        int classes = networks[0].Outputs;
        PassOptions options = new() { Passes = call.Get(passes), Seed = call.Seed, Threads = call.Threads };
        int[] labels = inside.Labels(classes), calibrationLabels = learned?.Labels(classes) ?? [];
        LabelledData? trained = seen?.Labelled(classes);
        StrengthTuning? tuning = wanted is { IsTuned: true } ? Tune(call, networks[0], wanted, learned, options, line) : null;
        PredictiveMethod chosen = tuning is null ? wanted ?? new PredictiveMethod { Predictor = PredictorKind.Randomized }
            : wanted! with { Family = null, Law = tuning.Best.Law };
        Predictor predictor = Predictor.Of(chosen, networks, trained, ParseGranularity(call.Get(granularity)!), call.Threads);
        RandomizedModel? exported = null;
        if (call.Get(export) is not null)
        {
            if (predictor.Method.Map is not null || form.PromisesSets(call)) throw Wrong("--export", "a model of calibrated predictions",
                "--export without a calibration map and --conformal");
            if (predictor.Randomized is null && tuning is null) throw Wrong("--export", $"the method {predictor.Method}",
                "a random law, such as mc-rrelu:-0.2,0.2");
            if (predictor.Randomized is null) call.Note("the plain network does best on the validation data: nothing is exported");
            else exported = Export(call, paths[0], predictor.Randomized.Law);
        }
        Func<PredictiveDistribution, bool>? enough = call.Get(tolerance) is double e
            ? d => d.MonteCarloError(x => ClassificationMetrics.Of(x.Mean, labels).NegativeLogLikelihood) <= e
            : null;
        long started = Stopwatch.GetTimestamp();
        Predictions found = predictor.Predict(inside.Rows, options, enough, call.Cancellation);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        PassOptions same = options with { Passes = found.Passes.Passes };
        Predictions? Of(SampleData? d) => d is null ? null : predictor.Predict(d.Rows, same, null, call.Cancellation);
        FeatureScores? features = trained is null || networks.Length > 1 ? null
            : FeatureScores.Fit(LastLayer.Of(networks[0]), trained, call.Seed, call.Threads);
        PredictiveMethod? other = Method(call, call.Get(beside));
        if (other is { IsTuned: true }) throw Wrong("--beside", $"{other}", "a method with its numbers");
        Predictor? second = other is null ? null
            : Predictor.Of(other, networks.Length > 1 && other.Predictor != PredictorKind.Ensemble ? networks[..1] : networks, trained,
            predictor.Randomized?.Granularity ?? RandomGranularity.Element, call.Threads);
        IReadOnlyList<Corruption> corruptions = form.Corruptions(call);
        if (corruptions.Count > 0 && inside.Source.Images is null) throw Wrong("--corrupt", $"{inside.Name}, which is a table",
            "images to corrupt");
        MeasuredMethod measured = new()
        {
            Method = predictor.Method,
            Inside = found,
            Labels = labels,
            Calibration = Of(learned),
            CalibrationLabels = calibrationLabels,
            Outside = Of(elsewhere),
            InsideFeatures = features is null ? null : () => features.Of(inside.Rows, call.Threads),
            OutsideFeatures = features is null || elsewhere is null ? null : () => features.Of(elsewhere.Rows, call.Threads),
            Corrupted = [.. corruptions.SelectMany(c =>
                Enumerable.Range(1, ImageCorruption.Severities).Select(s => (c, s, (Func<Predictions>)(() =>
            {
                ImageSet images = inside.Source.Images!;
                line.Report(new WorkProgress($"{c}".ToLowerInvariant(), s, ImageCorruption.Severities, "severities"));
                byte[] pixels = ImageCorruption.Apply(c, s, images.Pixels.Span,
                    new ImageShape(images.Channels, images.Height, images.Width), call.Seed);
                return predictor.Predict(inside.WithPixels(pixels), same, null, call.Cancellation);
            }))))],
            Beside = second is null ? null : (second.Method, second.Predict(inside.Rows, same, null, call.Cancellation), learned is null
                ? null : second.Predict(learned.Rows, same, null, call.Cancellation)),
        };
        DiversityBudget? diversity = predictor.Randomized is UncertainNetwork random
            ? DiversityBudget.Of(random, inside.First(BudgetSamples), call.Threads, call.Cancellation) : null;
        Dictionary<string, object?> more = new()
        {
            ["diversityBudget"] = UncertaintyView.Budget(diversity),
            ["matchingLaws"] = UncertaintyView.Matches(diversity),
            ["tuning"] = UncertaintyView.Trials(tuning),
            ["laplace"] = predictor.Laplace is LastLayerLaplace p
                ? new
                {
                    structure = predictor.Method.Structure,
                    priorPrecision = p.PriorPrecision,
                    logMarginalLikelihood = p.LogMarginalLikelihood
                }
                : null,
            ["modelBytes"] = predictor.ModelBytes,
            ["trainingSeconds"] = trainingSeconds,
            ["seconds"] = seconds,
            ["export"] = exported is null ? null : new { file = call.Get(export), replaced = exported.Replaced, notes = exported.Notes },
        };
        return form.Run(call, measured, more, view =>
        {
            if (predictor.Laplace is LastLayerLaplace l) view.Line($"prior precision {View.Number(l.PriorPrecision)}, logarithm of the marginal likelihood {View.Number(l.LogMarginalLikelihood)}");
            if (tuning is not null) UncertaintyView.Tuning(view, tuning);
            if (diversity is not null) UncertaintyView.Diversity(view, diversity);
            if (exported is not null) ShowExport(view, call.Get(export)!, exported);
            if (predictor.Method is
                {
                    Predictor: PredictorKind.Deterministic,
                    Map: null
                }) view.Next($"orthant uncertainty {paths[0]} --data {call.Get(data)} --method mc-rrelu:-0.2,0.2");
        });
    }

    /// <summary>Another program's predictions.</summary>
    private Answer Tables(VerbCall call, string[] paths, string kind)
    {
        if (kind is not ("logits" or "probabilities" or "quantiles")) throw Wrong("--outputs", $"'{kind}'",
            "logits, probabilities or quantiles");
        if (call.Get(export) is not null || call.Get(recipe) is not null || call.Get(training) is not null || call.Get(data) is not null)
        {
            throw Wrong("--outputs", "--data, --training, --recipe or --export beside it",
                "tables of predictions alone, also for --validation and --ood");
        }
        if (kind == "quantiles") return form.RunQuantiles(call, paths, call.Get(validation), call.Get(target));
        PredictiveMethod wanted = Method(call, call.Get(method)) ?? new PredictiveMethod();
        if (wanted.Predictor is PredictorKind.Randomized or PredictorKind.Laplace) throw Wrong("--method", $"{wanted}",
            "deterministic, ensemble or a calibration map, with --outputs");
        if (wanted.Members is int members && members != paths.Length) throw Wrong("MODEL", $"{paths.Length} tables",
            $"{members}, as {wanted} says");
        if (paths.Length > 1) wanted = wanted with { Predictor = PredictorKind.Ensemble, Members = paths.Length };
        return form.RunTables(call, wanted, paths, kind, call.Get(validation), call.Get(outside), call.Get(target));
    }

    /// <summary>Trains the networks that a method needs: one with its law, or as many as an ensemble has members.</summary>
    private (ReluNetwork[] Networks, double? Seconds) Trained(VerbCall call, string[] paths, string text, PredictiveMethod? wanted,
        ProgressLine line)
    {
        if (paths.Length > 1) throw Wrong("MODEL", $"{paths.Length} architectures", "one, with --recipe");
        string source = call.Get(training) ?? throw Wrong("--training", "nothing", "the data to train on, with --recipe");
        if (wanted is { Predictor: PredictorKind.Ensemble, Members: null }) throw Wrong("--method", "ensemble",
            "ensemble:N, with --recipe");
        SampleData samples = SampleData.Of(source, DataSource.Load(source, call.Get(target)), InputScaling.Of(call.Get(normalize), null));
        ArchitectureChoice choice = ArchitectureChoice.Read(paths[0], "MODEL", samples.Source);
        TrainingTask task = choice.Task(samples.Labelled(choice.Outputs), null);
        TrainingOptions how = TrainingRecipe.Parse(text, "--recipe", call.Seed, call.Threads) with
        {
            Activation = wanted?.Law
            ?? ActivationLaw.Relu
        };
        ReluNetwork[] networks = new ReluNetwork[wanted?.Members ?? 1];
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < networks.Length; i++)
        {
            line.Report(new WorkProgress("training", i, networks.Length, "networks"));
            TrainingResult result = NetworkTrainer.Train(task, how with { Seed = call.Seed + (ulong)i }, null, call.Cancellation);
            call.Cancellation.ThrowIfCancellationRequested();
            networks[i] = result.Network;
        }
        return (networks, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private Answer ExportAlone(VerbCall call, string path, PredictiveMethod? wanted)
    {
        if (call.Get(export) is null) throw Wrong("--data", "nothing", "data to measure on, or --export");
        if (wanted is not null && (wanted.IsTuned || wanted.Map is not null || wanted.Predictor != PredictorKind.Randomized))
        {
            throw Wrong("--method", $"'{call.Get(method)}' without data", "a law with its numbers, such as mc-rrelu:-0.2,0.2");
        }
        RandomizedModel model = Export(call, path, wanted?.Law);
        return new Answer(new { law = model.Law.ToString(), replaced = model.Replaced, file = call.Get(export), notes = model.Notes },
            view => ShowExport(view, call.Get(export)!, model));
    }

    private Answer Values(VerbCall call, ReluNetwork network, PredictiveMethod? wanted, SampleData inside, SampleData? learned)
    {
        if (wanted is not null && (wanted.IsTuned || wanted.Map is not null
            || wanted.Predictor is PredictorKind.Ensemble or PredictorKind.Laplace))
        {
            throw Wrong("--method", $"{wanted}", "deterministic, or a law with its numbers, for a network of one output");
        }
        UncertainNetwork random = wanted is { Predictor: PredictorKind.Deterministic } ? UncertainNetwork.AtMeanSlopes(network)
            : UncertainNetwork.Of(network, wanted?.Law, ParseGranularity(call.Get(granularity)!));
        PassOptions options = new() { Passes = call.Get(passes), Seed = call.Seed, Threads = call.Threads };
        RandomizedModel? exported = call.Get(export) is null ? null : Export(call, call.Get(models)[0], random.Law);
        long started = Stopwatch.GetTimestamp();
        ValueDistribution values = random.PredictValues(inside.Rows, options, call.Cancellation);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds, error = values.RootMeanSquareError(inside.Targets.Span);
        double variance = values.Variance.ToArray().Average();
        double? likelihood = call.Get(noise) is double v ? values.NegativeLogLikelihood(inside.Targets.Span, v) : null;
        DiversityBudget? diversity = random.Law.IsRandom
            ? DiversityBudget.Of(random, inside.First(BudgetSamples), call.Threads, call.Cancellation) : null;
        PromisedIntervals? intervals = form.Intervals(call, values, inside, learned,
            d => random.PredictValues(d.Rows, options, call.Cancellation), call.Get(noise) ?? 0);
        object json = new
        {
            method = random.Law.IsRandom ? $"mc-{random.Law}" : "deterministic",
            passes = values.Passes,
            samples = inside.Rows.Count,
            rmse = error,
            variance,
            nll = likelihood,
            conformal = intervals,
            diversityBudget = UncertaintyView.Budget(diversity),
            matchingLaws = UncertaintyView.Matches(diversity),
            seconds,
            export = exported is null ? null : new { file = call.Get(export), replaced = exported.Replaced, notes = exported.Notes },
        };
        return new Answer(json, view =>
        {
            view.Facts(("root mean square error", View.Number(error)), ("mean predictive deviation", View.Number(Math.Sqrt(variance))),
                ("passes", $"{values.Passes}"));
            if (intervals is not null) PredictionForm.Show(view, intervals);
            if (diversity is not null) UncertaintyView.Diversity(view, diversity);
        });
    }

    private StrengthTuning Tune(VerbCall call, ReluNetwork network, PredictiveMethod wanted, SampleData? rows, PassOptions options,
        ProgressLine line)
    {
        if (rows is null) throw Wrong("--validation", "nothing", $"data to tune {call.Get(method)} on, or a law with its numbers");
        TuningObjective aim = call.Get(objective) switch
        {
            "nll" => TuningObjective.NegativeLogLikelihood,
            "ece" => TuningObjective.CalibrationError,
            string text => throw Wrong("--tune-for", $"'{text}'", "nll or ece"),
            null => TuningObjective.NegativeLogLikelihood,
        };
        return StrengthTuning.Run(
            network, wanted.Family!.Value, rows.Rows, rows.Labels(network.Outputs), call.Get(budget), aim,
                ParseGranularity(call.Get(granularity)!), options, line, call.Cancellation);
    }

    private RandomizedModel Export(VerbCall call, string path, ActivationLaw? law)
    {
        string to = call.Get(export)!;
        if (call.Get(recipe) is not null) throw Wrong("--export", "an architecture, with --recipe", "a model: train it and export it");
        if (!to.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)) throw Wrong("--export", $"'{to}'", "a name that ends in .onnx");
        byte[] content = InputFile.ReadAllBytes(path);
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".nnet", StringComparison.OrdinalIgnoreCase))
        {
            content = OnnxWriter.ToBytes(path, ModelFile.Load(path).Network);
        }
        RandomizedModel model = RandomizedOnnx.Rewrite(path, content, law, call.Get(slopeInputs), ParseGranularity(call.Get(granularity)!));
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
        if (call.Get(passes) < 1) throw Wrong("--passes", $"{call.Get(passes)}", "1 or more");
        if (call.Get(tolerance) is double e && !(e > 0)) throw Wrong("--tolerance", $"{e}", "a positive number");
        if (call.Get(noise) is double v && !(v > 0 && double.IsFinite(v))) throw Wrong("--noise", $"{v}", "a positive number");
        _ = ParseGranularity(call.Get(granularity)!);
    }

    private PredictiveMethod? Method(VerbCall call, string? text)
    {
        string how = call.Get(convention)!;
        if (how is not ("slope" or "xu")) throw Wrong("--rrelu-convention", $"'{how}'", "slope or xu");
        if (text is null) return null;
        return PredictiveMethod.Parse(how == "xu" && text.StartsWith("mc-rrelu:", StringComparison.Ordinal)
            ? $"mc-rrelu-xu:{text["mc-rrelu:".Length..]}" : text);
    }

    private static RandomGranularity ParseGranularity(string text) => text switch
    {
        "element" => RandomGranularity.Element,
        "channel" => RandomGranularity.Channel,
        "layer" => RandomGranularity.Layer,
        "batch" => RandomGranularity.Batch,
        _ => throw Wrong("--granularity", $"'{text}'", "element, channel, layer or batch"),
    };

    private static OrthantInputException Wrong(string place, string found, string expected) => new("command line", place, found, expected);
}
