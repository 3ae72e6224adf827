using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Benchmarks.Ratios;

/// <summary>Randomised rectifiers on Fashion-MNIST: trained with them, or put into networks that were trained plainly; and the speed of passes beside ONNX
/// Runtime on the rewritten model.</summary>
internal static class UncertaintyRatios
{
    private const int Seeds = 3, Epochs = 5, Passes = 20, TrainingImages = 55_000;
    private const double Mean = 0.2860, Deviation = 0.3530;

    private static readonly string[] Trained = ["relu", "dropout:0.2", "droprelu:0.9", "droprelu:0.8", "rrelu:0.125,0.3333333333333333", "rrelu:0,1"];
    private static readonly string[] Later = ["rrelu:-0.1,0.1", "rrelu:-0.2,0.2", "rrelu:-0.4,0.4", "symdroprelu:0.02", "droprelu:0.95", "dropout:0.05", "dropout:0.1", "dropout:0.2", "rrelu:0.125,0.3333333333333333"];

    /// <summary>Measures all figures.</summary>
    /// <returns>The page, or null where data are missing.</returns>
    public static string? Measure()
    {
        string data = Environment.GetEnvironmentVariable("ORTHANT_DATA") ?? Path.Combine(RatioBook.Root(), "..", "shared", "data");
        string models = Path.Combine(RatioBook.Root(), "..", "shared", "cases", "uncertainty", "models");
        if (!Directory.Exists(Path.Combine(data, "fashion-mnist")))
        {
            Console.Error.WriteLine("ratios uncertainty: Fashion-MNIST is not on this machine (set ORTHANT_DATA); nothing was measured");
            return null;
        }
        ImageSet train = Read(data, "fashion-mnist", "train"), test = Read(data, "fashion-mnist", "t10k"), other = Read(data, "mnist", "t10k");
        LabelledData training = LabelledData.Classification(InputRows.OfBytes(train.Pixels[..(TrainingImages * 784)], 784, Mean, Deviation), train.Labels[..TrainingImages], 10);
        InputRows inside = InputRows.OfBytes(test.Pixels, 784, Mean, Deviation), outside = InputRows.OfBytes(other.Pixels, 784, Mean, Deviation);
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Randomised rectifiers on Fashion-MNIST

            {Machine.Describe()}. 784-128-128-10, Adam 1e-3, batch 128, {Epochs} epochs, the first 55,000 training images; {Passes} passes over the 10,000 test
            images; AUROC against the 10,000 test images of MNIST by predictive entropy (H) and mutual information (MI). Mean of {Seeds} seeds ± their standard
            deviation. Repeat with `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios uncertainty`.

            ## Trained with the law

            | law | accuracy | NLL | Brier | ECE | AURC | AUROC H | AUROC MI | mean MI |
            |---|---|---|---|---|---|---|---|---|

            """);
        List<ReluNetwork> plain = [];
        foreach (string law in Trained)
        {
            List<Figures> rows = [];
            for (ulong seed = 0; seed < Seeds; seed++)
            {
                ReluNetwork network = NetworkTrainer.Train(new TrainingTask([784, 128, 128, 10], training), new TrainingOptions { Activation = Law(law), Epochs = Epochs, Seed = seed }).Network;
                if (law == "relu") plain.Add(network);
                rows.Add(Measure(UncertainNetwork.Of(network, Law(law)), inside, test, outside, seed));
            }
            Append(page, law == "relu" ? "deterministic" : law, rows);
        }
        AppendEnsemble(page, training, plain, inside, test, outside);
        AppendLater(page, models, inside, test, outside);
        AppendSpeed(page, plain[0], inside);
        return page.ToString();
    }

    /// <summary>Five networks of their own seeds, the average of their probabilities; one figure, as the networks are used up.</summary>
    private static void AppendEnsemble(StringBuilder page, LabelledData training, List<ReluNetwork> plain, InputRows inside, ImageSet test, InputRows outside)
    {
        List<ReluNetwork> members = [.. plain];
        for (ulong seed = Seeds; seed < 5; seed++)
        {
            members.Add(NetworkTrainer.Train(new TrainingTask([784, 128, 128, 10], training), new TrainingOptions { Epochs = Epochs, Seed = seed }).Network);
        }
        PredictiveDistribution Of(InputRows rows) => PredictiveDistribution.FromMembers([.. members.Select(m => UncertainNetwork.Of(m).Pass(rows, 0))], 10);
        Append(page, "ensemble of 5", [Measure(Of(inside), test, Of(outside))]);
    }

    private static void AppendLater(StringBuilder page, string models, InputRows inside, ImageSet test, InputRows outside)
    {
        if (!Directory.Exists(models)) return;
        page.Append("""

            ## Put into five networks that were trained plainly elsewhere

            | law | accuracy | NLL | Brier | ECE | AURC | AUROC H | AUROC MI | mean MI | ECE of each network |
            |---|---|---|---|---|---|---|---|---|---|

            """);
        ReluNetwork[] networks = [.. Directory.GetFiles(models, "*.onnx").Order(StringComparer.Ordinal).Select(f => ModelFile.Load(f).Network)];
        foreach (string law in Later.Prepend("relu"))
        {
            Figures[] rows = [.. networks.Select(n => Measure(UncertainNetwork.Of(n, Law(law)), inside, test, outside, 0))];
            string each = string.Join(' ', rows.Select(r => r.Values[3].ToString("F4", CultureInfo.InvariantCulture)));
            Append(page, law == "relu" ? "deterministic" : law, rows, $" {each} |");
        }
    }

    /// <summary>Ours and theirs in turns, by processor time of one thread.</summary>
    private static void AppendSpeed(StringBuilder page, ReluNetwork network, InputRows inside)
    {
        page.Append(CultureInfo.InvariantCulture, $"""

            ## Speed: {Passes} passes over 10,000 images

            Milliseconds of processor time of one thread, medians of 7 rounds in turns; ours with all statistics, ONNX Runtime 1.31.1 on the rewritten model alone,
            in batches of 250. A ratio below 1 means that Orthant is faster. Two threads beside one are by the clock, and say little on a machine that others use.

            | law | Orthant | ONNX Runtime | ratio | one thread, ms by the clock | two threads | two beside one |
            |---|---|---|---|---|---|---|

            """);
        float[] x = new float[inside.Count * 784];
        inside.Gather([.. Enumerable.Range(0, inside.Count)], x);
        foreach (string law in (string[])["dropout:0.2", "droprelu:0.9", "rrelu:-0.2,0.2"])
        {
            UncertainNetwork random = UncertainNetwork.Of(network, Law(law));
            using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL };
            using InferenceSession session = new(RandomizedOnnx.Rewrite("m", OnnxWriter.ToBytes("m", network), Law(law)).Content.ToArray(), options);
            List<double> ours = [], theirs = [], one = [], two = [];
            for (int round = -1; round < 7; round++)
            {
                PassOptions how = new() { Passes = Passes, Seed = (ulong)(round + 1) };
                double a = ThreadClock.Seconds;
                double single = Clocked(() => random.Predict(inside, how));
                double b = ThreadClock.Seconds;
                RunRuntime(session, x);
                double c = ThreadClock.Seconds, both = Clocked(() => random.Predict(inside, how with { Threads = 2 }));
                if (round < 0) continue;
                one.Add(single);
                two.Add(both);
                ours.Add(b - a);
                theirs.Add(c - b);
            }
            double mine = ThreadClock.Median(ours), rival = ThreadClock.Median(theirs);
            page.AppendLine(CultureInfo.InvariantCulture, $"| {law} | {1e3 * mine:F0} | {1e3 * rival:F0} | {mine / rival:F2} | {1e3 * ThreadClock.Median(one):F0} | {1e3 * ThreadClock.Median(two):F0} | {ThreadClock.Median([.. one.Zip(two, (s, t) => s / t)]):F2} |");
        }
    }

    private static double Clocked(Action work)
    {
        long started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void RunRuntime(InferenceSession session, float[] x)
    {
        const int Rows = 250;
        using RunOptions options = new();
        for (int pass = 0; pass < Passes; pass++)
        {
            for (int first = 0; first < x.Length; first += Rows * 784)
            {
                using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, x.AsMemory(first, Rows * 784), [Rows, 784]);
                using IDisposableReadOnlyCollection<OrtValue> output = session.Run(options, session.InputNames, [input], session.OutputNames);
            }
        }
    }

    private static Figures Measure(UncertainNetwork network, InputRows inside, ImageSet test, InputRows outside, ulong seed)
    {
        PassOptions options = new() { Passes = Passes, Seed = seed };
        return Measure(network.Predict(inside, options), test, network.Predict(outside, options));
    }

    private static Figures Measure(PredictiveDistribution inside, ImageSet test, PredictiveDistribution outside)
    {
        ClassificationMetrics m = ClassificationMetrics.Of(inside.Mean, test.Labels.Span);
        double entropy = DetectionMetrics.Of(inside.Entropy.Span, outside.Entropy.Span).Auroc;
        double information = inside.Passes > 1 ? DetectionMetrics.Of(inside.MutualInformation.Span, outside.MutualInformation.Span).Auroc : double.NaN;
        return new Figures([m.Accuracy, m.NegativeLogLikelihood, m.Brier, m.Ece, m.Aurc, entropy, information, inside.MutualInformation.ToArray().Average()]);
    }

    private static void Append(StringBuilder page, string name, IReadOnlyList<Figures> rows, string more = "")
    {
        string line = $"| {name} |";
        for (int j = 0; j < rows[0].Values.Length; j++)
        {
            double mean = rows.Average(r => r.Values[j]), deviation = Math.Sqrt(rows.Sum(r => (r.Values[j] - mean) * (r.Values[j] - mean)) / Math.Max(1, rows.Count - 1));
            line += double.IsNaN(mean) ? " – |" : string.Create(CultureInfo.InvariantCulture, $" {mean:F4}{(rows.Count > 1 ? $" ± {deviation:F4}" : "")} |");
        }
        Console.WriteLine(line + more);
        page.Append(line).Append(more).Append('\n');
    }

    private static ActivationLaw Law(string text) => ActivationLaw.TryParse(text, out ActivationLaw? law) ? law : throw new ArgumentException(text, nameof(text));

    private static ImageSet Read(string data, string set, string part) => Idx.ReadImages(
        Path.Combine(data, set, $"{part}-images-idx3-ubyte.gz"), Path.Combine(data, set, $"{part}-labels-idx1-ubyte.gz"));

    private sealed record Figures(double[] Values);
}
