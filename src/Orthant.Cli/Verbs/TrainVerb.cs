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
    private readonly Argument<string> data =
        new("DATA") { Description = "IMAGES,LABELS (two idx files), CIFAR batches (.bin,.bin,…), a folder of class folders, or a .csv or .npy table whose last column is the target" };
    private readonly Option<string?> arch =
        new("--arch")
        {
            Description = "widths such as 784-128-128-10, a .json architecture, or a model to go on from",
            HelpName = "WIDTHS|FILE"
        };
    private readonly Option<string> activation = new("--activation")
    {
        Description = "relu, leaky:A, dropout:P, droprelu:KEEP, rrelu:L,U, rrelu-xu:L,U or symdroprelu:Q (default: relu)",
        HelpName = "LAW",
        DefaultValueFactory = _ => "relu",
    };

    private readonly Option<string?> test =
        new("--test") { Description = "data to measure on (default: the training data)", HelpName = "DATA" };
    private readonly Option<string?> target =
        new("--target") { Description = "the target column of a table, by name or number", HelpName = "COLUMN" };
    private readonly TrainingRecipe recipe = new();
    private readonly Option<int> patience =
        new("--patience")
        {
            Description =
        "end when the loss on --test has not fallen for N epochs, with the weights of the least loss (default: 0, never)",
            HelpName = "N",
            DefaultValueFactory = _ => 0
        };
    private readonly Option<string?> normalize =
        new("--normalize") { Description = "inputs enter as (x - MEAN) / SD; pixels are divided by 255 before", HelpName = "MEAN,SD" };
    private readonly Option<string?> resume = new("--resume") { Description = "go on from a checkpoint of the same call", HelpName = "F" };
    private readonly Option<string?> checkpoint =
        new("--checkpoint")
        {
            Description = "write a checkpoint after every epoch (when stopped: always, to OUT.checkpoint)",
            HelpName = "F"
        };
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
        [arch, activation, test, target, .. recipe.All, patience, normalize, resume, checkpoint, output];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(output) ?? throw new OrthantInputException("command line", "--out", "nothing",
            "the file to write the network to");
        string shape = call.Get(arch) ?? throw new OrthantInputException("command line", "--arch", "nothing",
            "widths such as 784-128-128-10, or a file");
        InputScaling? scaling = call.Get(normalize) is string given ? InputScaling.Parse(given) : null;
        SampleData samples = SampleData.Of(call.Get(data), DataSource.Load(call.Get(data), call.Get(target)), scaling ?? InputScaling.None);
        ArchitectureChoice choice = ArchitectureChoice.Read(shape, "--arch", samples.Source);
        LabelledData training = samples.Labelled(choice.Outputs);
        LabelledData? measured = call.Get(test) is string other
            ? SampleData.Of(other, DataSource.Load(other, call.Get(target)), scaling ?? InputScaling.None).Labelled(choice.Outputs)
            : null;
        TrainingTask task = choice.Task(training, measured);
        TrainingOptions options = ReadOptions(call) with
        {
            Checkpoints = call.Get(checkpoint) is string kept ? new CheckpointFile(kept)
            : null
        };
        if (choice.Images is null && options.Augmentation != Augmentation.None) throw new OrthantInputException("command line",
            "--flip, --shift", "dense layers", "a network of convolutions");
        if (options.Patience > 0 && measured is null) throw new OrthantInputException("command line", "--patience", "no --test",
            "data to measure on");
        string[] inputs = [.. call.Get(data).Split(','), .. call.Get(resume) is string r ? [r] : Array.Empty<string>()];
        OutputFolder.PrepareFor(path);
        foreach (string input in inputs.Where(File.Exists)) OutputFile.RefuseInput(path, input);
        TrainingResult result;
        using (ProgressLine line = call.ShowProgress()) result =
            NetworkTrainer.Train(task, options, new EpochLines(line), call.Cancellation);
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
                e.Epoch.ToString(CultureInfo.InvariantCulture), View.Number(e.Loss), e.Test is { } t
                    ? View.Number(t.Accuracy ?? t.RootMeanSquareError ?? 0) : "", View.Number(e.Seconds),
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

    private static ImmutableSortedDictionary<string, string> Notes(ReluNetwork network, InputScaling? scaling)
    {
        if (scaling is not (double mean, double deviation)) return network.Metadata;
        return network.Metadata.SetItem("input-normalization", string.Create(CultureInfo.InvariantCulture, $"{mean:R},{deviation:R}"));
    }

    private TrainingOptions ReadOptions(VerbCall call)
    {
        if (!ActivationLaw.TryParse(call.Get(activation), out ActivationLaw? law))
        {
            throw new OrthantInputException("command line", "--activation", $"'{call.Get(activation)}'",
                "relu, leaky:A, dropout:P, droprelu:KEEP, rrelu:L,U, rrelu-xu:L,U or symdroprelu:Q");
        }
        return recipe.Read(call, call.Seed, call.Threads) with
        {
            Activation = law,
            Patience = call.Get(patience),
            Resume = call.Get(resume) is string f ? TrainingCheckpoint.FromBytes(InputFile.ReadAllBytes(f)) : null,
        };
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
