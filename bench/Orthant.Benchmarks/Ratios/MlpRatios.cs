using System.Globalization;
using System.Text;
using System.Text.Json;
using Orthant.Formats;
using Orthant.Training;

namespace Orthant.Benchmarks.Ratios;

/// <summary>Training the 784-128-128-10 network on Fashion-MNIST beside PyTorch, on one thread, by processor time.</summary>
internal static class MlpRatios
{
    private const int Epochs = 5;
    private const int Seeds = 3;

    private static readonly string[] Laws = ["relu", "dropout:0.2", "droprelu:0.9", "rrelu:0.125,0.3333333333333333"];

    /// <summary>Measures all activation laws, three seeds each, Orthant and its rival in turns.</summary>
    /// <returns>The page, or null where data or rival are missing.</returns>
    public static string? Measure()
    {
        string folder = Path.Combine(
            Environment.GetEnvironmentVariable("ORTHANT_DATA") ?? Path.Combine(RatioBook.Root(), "..", "shared", "data"), "fashion-mnist");
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine("ratios mlp: Fashion-MNIST is not on this machine (set ORTHANT_DATA); nothing was measured");
            return null;
        }
        LabelledData training = Read(folder, "train"), test = Read(folder, "t10k");
        if (RunRival(folder, Laws[0], 1, 0) is not Outcome first)
        {
            Console.Error.WriteLine("ratios mlp: python3 with torch is not installed (Debian: python3-torch); nothing was measured");
            return null;
        }
        RunOwn(training, test, Laws[0], 1, 0);
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Training a dense network beside PyTorch

            {Machine.Describe()}; PyTorch {first.Version} (Debian python3-torch, bench/rivals/mlp_torch.py).

            784-128-128-10 on Fashion-MNIST, 60,000 images, Adam 1e-3, batch 128, {Epochs} epochs, {Seeds} seeds, one thread each, the two in turns after a
            warm-up. Seconds of processor time an epoch, measuring apart: median and range over seeds and epochs. A ratio below 1 means that Orthant is faster.
            Accuracy and negative log-likelihood (nats) on the 10,000 test images with the mean slopes, one figure a seed.
            Repeat with `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios mlp`.

            | activation | Orthant s/epoch | PyTorch s/epoch | ratio | Orthant accuracy | mean | PyTorch accuracy | Orthant NLL | PyTorch NLL |
            |---|---|---|---|---|---|---|---|---|

            """);
        foreach (string law in Laws)
        {
            List<Outcome> own = [], rival = [];
            for (int seed = 0; seed < Seeds; seed++)
            {
                own.Add(RunOwn(training, test, law, Epochs, (ulong)seed));
                if (RunRival(folder, law, Epochs, seed) is Outcome outcome) rival.Add(outcome);
            }
            double mine = ThreadClock.Median(own.SelectMany(o => o.Seconds)), theirs = ThreadClock.Median(rival.SelectMany(o => o.Seconds));
            string line = string.Create(
                CultureInfo.InvariantCulture,
                $"| {law} | {Range(own)} | {Range(rival)} | {mine / theirs:F2} | {Each(own, o => o.Accuracy)} | {own.Average(o => o.Accuracy):F4} | {Each(rival, o => o.Accuracy)} | {Each(own, o => o.Nll)} | {Each(rival, o => o.Nll)} |");
            Console.WriteLine(line);
            page.Append(line).Append('\n');
        }
        return page.ToString();
    }

    private static string Range(List<Outcome> outcomes)
    {
        double[] all = [.. outcomes.SelectMany(o => o.Seconds)];
        return string.Create(CultureInfo.InvariantCulture, $"{ThreadClock.Median(all):F3} ({all.Min():F3}–{all.Max():F3})");
    }

    private static string Each(List<Outcome> outcomes, Func<Outcome, double> figure) =>
        string.Join(' ', outcomes.Select(o => figure(o).ToString("F4", CultureInfo.InvariantCulture)));

    private static Outcome RunOwn(LabelledData training, LabelledData test, string name, int epochs, ulong seed)
    {
        if (!ActivationLaw.TryParse(name, out ActivationLaw? law)) throw new ArgumentException(name, nameof(name));
        TrainingTask task = new([784, 128, 128, 10], training);
        EpochClock clock = new();
        TrainingResult result = NetworkTrainer.Train(task, new TrainingOptions { Activation = law, Epochs = epochs, Seed = seed }, clock);
        float[] x = new float[test.Count * 784], z = new float[test.Count * 10];
        test.Inputs.Gather(Enumerable.Range(0, test.Count).ToArray(), x);
        result.Network.Evaluate<float>(test.Count, x, z);
        double right = 0, loss = 0;
        for (int i = 0; i < test.Count; i++)
        {
            float[] row = z[(10 * i)..(10 * (i + 1))];
            float top = row.Max();
            int label = test.Classes.Span[i];
            if (Array.IndexOf(row, top) == label) right++;
            loss += Math.Log(row.Sum(v => Math.Exp(v - top))) + top - row[label];
        }
        return new Outcome("", [.. clock.Seconds], right / test.Count, loss / test.Count);
    }

    private static Outcome? RunRival(string folder, string law, int epochs, int seed) => PythonRival.Run("mlp_torch.py", folder, law, $"{epochs}", $"{seed}") is JsonElement found
        ? new Outcome(
            found.GetProperty("version").GetString()!,
            [.. found.GetProperty("seconds").EnumerateArray().Select(e => e.GetDouble())],
            found.GetProperty("accuracy").GetDouble(),
            found.GetProperty("nll").GetDouble())
        : null;

    private static LabelledData Read(string folder, string part)
    {
        ImageSet images = Idx.ReadImages(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"), Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"));
        return LabelledData.Classification(InputRows.OfBytes(images.Pixels, images.Size, 0.2860, 0.3530), images.Labels, 10);
    }

    private sealed record Outcome(string Version, double[] Seconds, double Accuracy, double Nll);

    /// <summary>The processor time between the ends of two epochs; the first begins with the clock.</summary>
    private sealed class EpochClock : IProgress<EpochReport>
    {
        private double last = ThreadClock.Seconds;

        public List<double> Seconds { get; } = [];

        public void Report(EpochReport value)
        {
            double now = ThreadClock.Seconds;
            Seconds.Add(now - last);
            last = now;
        }
    }
}
