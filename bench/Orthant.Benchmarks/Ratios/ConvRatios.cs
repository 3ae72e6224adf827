using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Benchmarks.Ratios;

/// <summary>Training a small residual network of convolutions beside PyTorch in channels_last order, on one thread; then with random activations and two
/// threads.</summary>
internal static class ConvRatios
{
    private const int Rounds = 5, Steps = 20, Batch = 128;

    private static readonly TrainableArchitecture Network = new(new ImageShape(3, 32, 32),
    [
        new TrainableConvolution(16, 3, 1, 1, false), new TrainableBatchNorm(true),
        new TrainableConvolution(32, 3, 2, 1, false), new TrainableBatchNorm(true),
        new TrainableConvolution(64, 3, 2, 1, false), new TrainableBatchNorm(true),
        new TrainableResidual([new TrainableConvolution(64, 3, 1, 1, false), new TrainableBatchNorm(true), new TrainableConvolution(64, 3, 1, 1, false), new TrainableBatchNorm(false)], true),
        new TrainablePool(false, 8, 8),
        new TrainableDense(10, false),
    ]);

    /// <summary>Measures all figures.</summary>
    /// <returns>The page, or null where the rival is missing.</returns>
    public static string? Measure()
    {
        Random random = new(1);
        byte[] pixels = new byte[Batch * 3072];
        random.NextBytes(pixels);
        LabelledData data = LabelledData.Classification(InputRows.OfBytes(pixels, 3072, 0.5, 0.25), Enumerable.Range(0, Batch).Select(_ => random.Next(10)).ToArray(), 10);
        if (Rival(2) is not (string version, _)) Console.Error.WriteLine("ratios conv: python3 with torch is not installed (Debian: python3-torch); Orthant alone is measured");
        else Console.WriteLine($"PyTorch {version}");
        string[] laws = ["relu", "dropout:0.2", "droprelu:0.9", "rrelu:0.125,0.3333333333333333"];
        foreach (string law in laws) Own(data, law, 1, 3);
        Dictionary<string, List<double>> rates = laws.ToDictionary(l => l, _ => new List<double>());
        List<double> rival = [], one = [], two = [];
        string found = "";
        for (int round = 0; round < Rounds; round++)
        {
            foreach (string law in laws) rates[law].Add(Own(data, law, 1, Steps).Cpu);
            if (Rival(Steps) is (string v, double rate))
            {
                rival.Add(rate);
                found = v;
            }
            one.Add(Own(data, "relu", 1, Steps).Wall);
            two.Add(Own(data, "relu", 2, Steps).Wall);
        }
        double plain = ThreadClock.Median(rates["relu"]);
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Training convolutions beside PyTorch

            {Machine.Describe()}{(rival.Count > 0 ? $"; PyTorch {found} (Debian python3-torch, channels_last, bench/rivals/conv_torch.py)" : "")}.

            3×32×32, conv 16, conv 32 stride 2, conv 64 stride 2, a residual block of two conv 64, global average, dense 10; batch normalisation after every
            convolution; Nesterov SGD, batch {Batch}, one thread, {Steps} steps, medians of {Rounds} rounds in turns, on a machine that others used too.
            Orthant gathers and normalises bytes, flips and shifts; PyTorch is given its images. Repeat with
            `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios conv`.

            | activation | images a second of processor time | time beside the plain rectifier | rate beside PyTorch |
            |---|---|---|---|

            """);
        foreach (string law in laws)
        {
            double rate = ThreadClock.Median(rates[law]);
            string beside = rival.Count > 0 ? (rate / ThreadClock.Median(rival)).ToString("F2", CultureInfo.InvariantCulture) : "not measured";
            page.AppendLine(CultureInfo.InvariantCulture, $"| {law} | {rate:F0} | {plain / rate:F2} | {beside} |");
        }
        if (rival.Count > 0) page.AppendLine(CultureInfo.InvariantCulture, $"| PyTorch relu | {ThreadClock.Median(rival):F0} | | 1 |");
        page.AppendLine();
        page.AppendLine(CultureInfo.InvariantCulture,
            $"By the clock: {ThreadClock.Median(one):F0} images a second with one thread, {ThreadClock.Median(two):F0} with two, {ThreadClock.Median(two.Zip(one, (b, a) => b / a)):F2} times the rate (figures of a loaded machine say little).");
        return page.ToString();
    }

    private static (double Cpu, double Wall) Own(LabelledData data, string law, int threads, int steps)
    {
        if (!ActivationLaw.TryParse(law, out ActivationLaw? parsed)) throw new ArgumentException(law, nameof(law));
        TrainingOptions options = new()
        {
            Activation = parsed,
            BatchSize = Batch,
            Threads = threads,
            Optimizer = new MomentumDescent(WeightDecay: 5e-4),
            Augmentation = new Augmentation(true, 4),
        };
        using ImageTrainingRun run = new(new TrainingTask(Network, data), options);
        run.Initialize();
        int[] samples = [.. Enumerable.Range(0, Batch)];
        for (int i = 0; i < 2; i++) run.Step(samples, 0.05);
        double cpu = ThreadClock.Seconds;
        long wall = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++) run.Step(samples, 0.05);
        return (steps * Batch / (ThreadClock.Seconds - cpu), steps * Batch / Stopwatch.GetElapsedTime(wall).TotalSeconds);
    }

    private static (string Version, double Rate)? Rival(int steps) => PythonRival.Run("conv_torch.py", $"{steps}") is JsonElement found
        ? (found.GetProperty("version").GetString()!, found.GetProperty("imagesPerSecond").GetDouble())
        : null;
}
