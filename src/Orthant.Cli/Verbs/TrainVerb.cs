using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Cli.Verbs;

/// <summary>Trains a network on a table or on images.</summary>
internal sealed class TrainVerb : Verb
{
    private readonly Argument<string> data = new("DATA") { Description = "IMAGES,LABELS (two idx files), CIFAR batches (.bin,.bin,…), a folder of class folders, or a .csv or .npy table whose last column is the target" };
    private readonly Option<string?> arch = new("--arch") { Description = "widths such as 784-128-128-10, a .json architecture, or a model to go on from", HelpName = "WIDTHS|FILE" };
    private readonly Option<string> activation = new("--activation")
    {
        Description = "relu, leaky:A, dropout:P, droprelu:KEEP, rrelu:L,U, rrelu-xu:L,U or symdroprelu:Q (default: relu)",
        HelpName = "LAW",
        DefaultValueFactory = _ => "relu",
    };

    private readonly Option<string?> test = new("--test") { Description = "data to measure on (default: the training data)", HelpName = "DATA" };
    private readonly Option<string?> target = new("--target") { Description = "the target column of a table, by name or number", HelpName = "COLUMN" };
    private readonly Option<int> epochs = new("--epochs") { Description = "how often every sample is seen (default: 5)", HelpName = "N", DefaultValueFactory = _ => 5 };
    private readonly Option<int> batch = new("--batch") { Description = "samples of a step (default: 128)", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<double> rate = new("--rate") { Description = "the largest learning rate (default: 0.001)", HelpName = "R", DefaultValueFactory = _ => 1e-3 };
    private readonly Option<string> optimizer = new("--optimizer") { Description = "adam or sgd (momentum 0.9, Nesterov; default: adam)", HelpName = "NAME", DefaultValueFactory = _ => "adam" };
    private readonly Option<double> decay = new("--weight-decay") { Description = "weight decay (default: 0)", HelpName = "D", DefaultValueFactory = _ => 0 };
    private readonly Option<string> schedule = new("--schedule")
    {
        Description = "constant, linear or cosine (both after a warm-up), or steps (default: constant)",
        HelpName = "NAME",
        DefaultValueFactory = _ => "constant",
    };

    private readonly Option<double> gain = new("--gain") { Description = "multiplies the first weights (default: 1)", HelpName = "G", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> flip = new("--flip") { Description = "mirror half of the training images at random (networks of convolutions)" };
    private readonly Option<int> shift = new("--shift") { Description = "move training images by up to N pixels at random (default: 0)", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<int> patience = new("--patience") { Description = "end when the loss on --test has not fallen for N epochs (default: 0, never)", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<double> warmUp = new("--warm-up") { Description = "the part of the run in which linear and cosine rise (default: 0.1)", HelpName = "W", DefaultValueFactory = _ => 0.1 };
    private readonly Option<string?> normalize = new("--normalize") { Description = "inputs enter as (x - MEAN) / SD; pixels are divided by 255 before", HelpName = "MEAN,SD" };
    private readonly Option<string?> resume = new("--resume") { Description = "go on from a checkpoint of the same call", HelpName = "F" };
    private readonly Option<string?> checkpoint = new("--checkpoint") { Description = "write a checkpoint after every epoch (when stopped: always, to OUT.checkpoint)", HelpName = "F" };
    private readonly Option<string?> output = new("--out") { Description = "the .onnx or .json file to write", HelpName = "NET" };

    public override string Name => "train";

    public override string Summary => "trains a network on a table or on images";

    public override IReadOnlyList<string> Examples =>
    [
        "./orthant train samples/spiral.csv --arch 2-32-32-2 --epochs 20 --rate 0.01 --out out/spiral.onnx",
        "./orthant train samples/spiral.csv --arch 2-16-2 --activation droprelu:0.9 --epochs 5 --out out/random-slopes.onnx --json",
    ];

    public override IReadOnlyList<Argument> Arguments => [data];

    public override IReadOnlyList<Option> Options =>
        [arch, activation, test, target, epochs, batch, rate, optimizer, decay, schedule, warmUp, gain, flip, shift, patience, normalize, resume, checkpoint, output];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(output) ?? throw new OrthantInputException("command line", "--out", "nothing", "the file to write the network to");
        string shape = call.Get(arch) ?? throw new OrthantInputException("command line", "--arch", "nothing", "widths such as 784-128-128-10, or a file");
        (double Mean, double Deviation)? scaling = Scaling(call);
        DataSource source = DataSource.Load(call.Get(data), call.Get(target));
        (int[]? widths, ReluNetwork? start, TrainableArchitecture? images) = Shape(shape, source);
        int outputs = start?.Outputs ?? widths?[^1] ?? OutputsOf(shape, images!);
        LabelledData training = Labelled(call.Get(data), source, outputs, scaling);
        LabelledData? measured = call.Get(test) is string other ? Labelled(other, DataSource.Load(other, call.Get(target)), outputs, scaling) : null;
        TrainingTask task = images is not null ? new TrainingTask(images, training, measured)
            : start is null ? new TrainingTask(widths!, training, measured) : new TrainingTask(start, training, measured);
        TrainingOptions options = ReadOptions(call) with { Checkpoints = call.Get(checkpoint) is string kept ? new CheckpointFile(kept) : null };
        if (images is null && options.Augmentation != Augmentation.None) throw new OrthantInputException("command line", "--flip, --shift", "dense layers", "a network of convolutions");
        if (options.Patience > 0 && measured is null) throw new OrthantInputException("command line", "--patience", "no --test", "data to measure on");
        string[] inputs = [.. call.Get(data).Split(','), .. call.Get(resume) is string r ? [r] : Array.Empty<string>()];
        OutputFolder.PrepareFor(path);
        foreach (string input in inputs.Where(File.Exists)) OutputFile.RefuseInput(path, input);
        TrainingResult result;
        using (ProgressLine line = call.ShowProgress()) result = NetworkTrainer.Train(task, options, new EpochLines(line), call.Cancellation);
        ReluNetwork network = result.Network.With(name: Path.GetFileNameWithoutExtension(path), metadata: Notes(result.Network, scaling));
        ModelFile.Write(path, network);
        string? saved = call.Get(checkpoint) ?? (result.IsComplete ? null : path + ".checkpoint");
        if (saved is not null) OutputFile.Write(saved, stream => stream.Write(result.Checkpoint.ToBytes()));
        return Answered(path, saved, result, measured is not null);
    }

    private static Answer Answered(string path, string? saved, TrainingResult result, bool onTest)
    {
        double[] later = [.. result.Epochs.Skip(1).Select(e => e.Seconds).Order()];
        double? median = later.Length > 0 ? later[later.Length / 2] : result.Epochs.IsEmpty ? null : result.Epochs[0].Seconds;
        TrainingMetrics m = result.Metrics;
        Dictionary<string, object?> json = new()
        {
            ["nll"] = m.NegativeLogLikelihood,
            ["measuredOn"] = onTest ? "test" : "training",
            ["epochs"] = result.Epochs.Select(e => new
            {
                epoch = e.Epoch,
                loss = e.Loss,
                learningRate = e.LearningRate,
                accuracy = e.Test?.Accuracy,
                nll = e.Test?.NegativeLogLikelihood,
                rmse = e.Test?.RootMeanSquareError,
                seconds = e.Seconds,
            }).ToArray(),
            ["secondsPerEpoch"] = median,
            ["peakMemoryBytes"] = System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64,
            ["file"] = path,
            ["checkpoint"] = saved,
        };
        json[m.Accuracy is null ? "rmse" : "accuracy"] = m.Accuracy ?? m.RootMeanSquareError;
        return new Answer(json, view =>
        {
            view.Table(["epoch", "loss", onTest ? "test" : "", "seconds"], result.Epochs.TakeLast(12).Select(e => new[]
            {
                e.Epoch.ToString(CultureInfo.InvariantCulture), View.Number(e.Loss), e.Test is { } t ? View.Number(t.Accuracy ?? t.RootMeanSquareError ?? 0) : "", View.Number(e.Seconds),
            }));
            string on = onTest ? "test data" : "training data";
            view.Line(m.Accuracy is double accuracy
                ? $"accuracy {View.Number(accuracy)}, negative log-likelihood {View.Number(m.NegativeLogLikelihood ?? 0)} on the {on}"
                : $"root mean square error {View.Number(m.RootMeanSquareError ?? 0)} on the {on}");
            view.Line($"{path}: {result.Network}");
            if (!result.IsComplete) view.Line($"stopped after {result.Epochs.Length} whole epochs");
            if (saved is not null) view.Next($"go on with the same call and --resume {saved}");
            else view.Next($"orthant report {path} --out out");
        }, result.IsComplete);
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, string> Notes(ReluNetwork network, (double Mean, double Deviation)? scaling)
    {
        if (scaling is not (double mean, double deviation)) return network.Metadata;
        return network.Metadata.SetItem("input-normalization", string.Create(CultureInfo.InvariantCulture, $"{mean:R},{deviation:R}"));
    }

    private static (int[]? Widths, ReluNetwork? Start, TrainableArchitecture? Images) Shape(string shape, DataSource source)
    {
        if (RandomNetwork.ParseWidths(shape) is int[] widths && !File.Exists(shape))
        {
            // Two groups, such as 2-2, are inputs and outputs here: what is learned has no hidden layer.
            return (shape.Split('-').Length == 2 && !shape.Contains('x', StringComparison.Ordinal) ? widths[..2] : widths, null, null);
        }
        if (!File.Exists(shape)) throw new OrthantInputException("command line", "--arch", $"'{shape}'", "widths such as 784-128-128-10, or a file that exists");
        if (!shape.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return (null, ModelFile.Load(shape).Network, null);
        NetworkArchitecture file = JsonNetwork.LoadArchitecture(shape);
        if (file.Layers.All(l => l is DenseArchitecture or FlattenArchitecture))
        {
            return ([source.Width, .. file.Layers.OfType<DenseArchitecture>().Select(l => l.Units)], null, null);
        }
        ImageShape input = source.Images is ImageSet images ? new ImageShape(images.Channels, images.Height, images.Width) : new ImageShape(1, 1, source.Width);
        return (null, null, new TrainableArchitecture(input, Trainable(shape, file.Layers)));
    }

    private static ImmutableArray<TrainableLayer> Trainable(string source, ImmutableArray<ArchitectureLayer> layers)
    {
        bool Activates(ActivationFunction activation) => activation.IsRelu || (activation.IsIdentity
            ? false
            : throw new OrthantInputException(source, "activation", $"{activation}", "relu or identity; --activation says what relu stands for"));
        return
        [
            .. layers.Where(l => l is not FlattenArchitecture).Select(l => (TrainableLayer)(l switch
            {
                ConvolutionArchitecture c => new TrainableConvolution(c.Filters, c.Kernel, c.Stride, c.Padding, Activates(c.Activation)),
                BatchNormArchitecture b => new TrainableBatchNorm(Activates(b.Activation)),
                PoolArchitecture p => new TrainablePool(p.Largest, p.Size, p.Stride),
                ResidualArchitecture r => new TrainableResidual(Trainable(source, r.Layers), Activates(r.Activation)),
                DenseArchitecture d => new TrainableDense(d.Units, Activates(d.Activation)),
                _ => throw new OrthantInputException(source, "layers", l.GetType().Name, "layers that can be trained"),
            })),
        ];
    }

    private static int OutputsOf(string source, TrainableArchitecture images) => images.Layers is [.., TrainableDense last]
        ? last.Units
        : throw new OrthantInputException(source, "layers", "an end that is no dense layer", "a last {\"dense\": N}");

    private static LabelledData Labelled(string name, DataSource source, int outputs, (double Mean, double Deviation)? scaling)
    {
        (double mean, double deviation) = scaling ?? (0, 1);
        InputRows rows = source.Images is ImageSet images
            ? InputRows.OfBytes(images.Pixels, source.Width, mean, deviation)
            : InputRows.OfSingles(Array.ConvertAll(source.Inputs(), x => (float)((x - mean) / deviation)), source.Width);
        double[] targets = source.Targets.ToArray();
        if (outputs == 1) return LabelledData.Regression(rows, Array.ConvertAll(targets, t => (float)t), 1);
        if (!source.TargetsAreClasses) throw new OrthantInputException(name, "target", "numbers that are no classes", $"whole numbers from 0 to {outputs - 1}, or a network of one output");
        if (source.Classes > outputs) throw new OrthantInputException(name, "target", $"class {source.Classes - 1}", $"classes below {outputs}, the network's outputs");
        return LabelledData.Classification(rows, Array.ConvertAll(targets, t => (int)t), outputs);
    }

    private TrainingOptions ReadOptions(VerbCall call)
    {
        if (!ActivationLaw.TryParse(call.Get(activation), out ActivationLaw? law))
        {
            throw new OrthantInputException("command line", "--activation", $"'{call.Get(activation)}'", "relu, leaky:A, dropout:P, droprelu:KEEP, rrelu:L,U, rrelu-xu:L,U or symdroprelu:Q");
        }
        double peak = call.Get(rate), weightDecay = call.Get(decay);
        double rise = call.Get(warmUp);
        if (!(rise is >= 0 and <= 1)) throw new OrthantInputException("command line", "--warm-up", $"{rise}", "a number from 0 to 1");
        if (!(peak > 0) || !double.IsFinite(peak)) throw new OrthantInputException("command line", "--rate", $"{peak}", "a positive number");
        return new TrainingOptions
        {
            Activation = law,
            Epochs = call.Get(epochs),
            BatchSize = call.Get(batch),
            Patience = call.Get(patience),
            InitialGain = call.Get(gain),
            Augmentation = new Augmentation(call.Get(flip), call.Get(shift)),
            Seed = call.Seed,
            Threads = call.Threads,
            Optimizer = call.Get(optimizer) switch
            {
                "adam" => new Adam(WeightDecay: weightDecay),
                "sgd" => new MomentumDescent(WeightDecay: weightDecay),
                string name => throw new OrthantInputException("command line", "--optimizer", $"'{name}'", "adam or sgd"),
                null => new Adam(),
            },
            Schedule = call.Get(schedule) switch
            {
                "constant" => LearningRateSchedule.Constant(peak),
                "linear" => LearningRateSchedule.WarmUpLinear(peak, rise),
                "cosine" => LearningRateSchedule.WarmUpCosine(peak, rise),
                "steps" => LearningRateSchedule.Steps(peak, 0.1, 3),
                string name => throw new OrthantInputException("command line", "--schedule", $"'{name}'", "constant, linear, cosine or steps"),
                null => LearningRateSchedule.Constant(peak),
            },
            Resume = call.Get(resume) is string f ? TrainingCheckpoint.FromBytes(InputFile.ReadAllBytes(f)) : null,
        };
    }

    private (double Mean, double Deviation)? Scaling(VerbCall call)
    {
        if (call.Get(normalize) is not string text) return null;
        double[] numbers = ArgumentText.Numbers(text, "--normalize");
        if (numbers.Length != 2 || numbers[1] <= 0) throw new OrthantInputException("command line", "--normalize", $"'{text}'", "MEAN,SD with a positive SD");
        return (numbers[0], numbers[1]);
    }

    /// <summary>Keeps the last checkpoint in a file that is always whole: it is written beside and renamed.</summary>
    private sealed class CheckpointFile(string path) : IProgress<TrainingCheckpoint>
    {
        public void Report(TrainingCheckpoint value) => OutputFile.Write(path, stream => stream.Write(value.ToBytes()));
    }

    private sealed class EpochLines(ProgressLine line) : IProgress<EpochReport>
    {
        public void Report(EpochReport value) => line.Report(new WorkProgress("training", value.Epoch, value.Epochs, "epochs"));
    }
}
