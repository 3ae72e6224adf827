using System.Text.Json;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Tests.Uncertainty;

/// <summary>The end-to-end thresholds, on Fashion-MNIST with MNIST as the other distribution.</summary>
public class FashionUncertaintyTests
{
    private static readonly Lazy<ImageSet> Test = new(() => Read("fashion-mnist", "t10k"));

    private static ImageSet Read(string set, string part)
    {
        string folder = Repository.Need(Repository.Data(set), set);
        return Idx.ReadImages(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"), Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"));
    }

    private static InputRows Rows(ImageSet images) => InputRows.OfBytes(images.Pixels, images.Size, 0.2860, 0.3530);

    private static UncertaintyEvaluation Evaluate(ReluNetwork network, ActivationLaw law, InputRows? outside)
    {
        UncertainNetwork random = UncertainNetwork.Of(network, law);
        PassOptions options = new() { Passes = 20 };
        return UncertaintyEvaluation.Of(random.Predict(Rows(Test.Value), options), Test.Value.Labels, outside is null ? null : random.Predict(outside, options));
    }

    [Theory]
    [InlineData("rrelu U(-0.2,0.2) T=20", "rrelu:-0.2,0.2")]
    [InlineData("droprelu keep 0.95 T=20", "droprelu:0.95")]
    [InlineData("droprelu keep 0.9 T=20", "droprelu:0.9")]
    [InlineData("rrelu U(1/8,1/3) T=20 (shows mean shift harm)", "rrelu:0.125,0.3333333333333333")]
    [InlineData("dropout 0.1 T=20", "dropout:0.1")]
    [InlineData("dropout 0.2 T=20", "dropout:0.2")]
    public void Laws_put_into_a_trained_network_meet_the_thresholds(string key, string text)
    {
        string folder = Repository.Need(Repository.Cases("uncertainty"), "The acceptance cases");
        JsonElement bars = UncertaintyCases.Read("11_end_to_end_thresholds.json").GetProperty("posthoc_on_models/fashion_mlp_128_128_seed0.onnx").GetProperty(key);
        ReluNetwork network = ModelFile.Load(Path.Combine(folder, "models", "fashion_mlp_128_128_seed0.onnx")).Network;
        Assert.True(ActivationLaw.TryParse(text, out ActivationLaw? law));
        Check(bars, Evaluate(network, law, text.StartsWith("dropout", StringComparison.Ordinal) ? Rows(Read("mnist", "t10k")) : null));
    }

    /// <summary>The plain network, its temperature from the last 5,000 training images, and the coverage of sets learned on them.</summary>
    [Fact]
    public void The_plain_network_its_temperature_and_its_sets_meet_the_thresholds()
    {
        string folder = Repository.Need(Repository.Cases("uncertainty"), "The acceptance cases");
        JsonElement bars = UncertaintyCases.Read("11_end_to_end_thresholds.json").GetProperty("posthoc_on_models/fashion_mlp_128_128_seed0.onnx"), plain = bars.GetProperty("deterministic");
        Predictor predictor = Predictor.Of(new PredictiveMethod(), [ModelFile.Load(Path.Combine(folder, "models", "fashion_mlp_128_128_seed0.onnx")).Network]);
        ImageSet train = Read("fashion-mnist", "train");
        const int Kept = 5000;
        ClassProbabilities test = predictor.Predict(Rows(Test.Value)).Mean;
        ClassProbabilities last = predictor.Predict(InputRows.OfBytes(train.Pixels[((train.Count - Kept) * train.Size)..], train.Size, 0.2860, 0.3530)).Mean;
        int[] labels = Test.Value.Labels.ToArray(), learned = train.Labels[(train.Count - Kept)..].ToArray();
        ClassificationMetrics m = ClassificationMetrics.Of(test, labels);
        Assert.Equal(plain.Number("acc"), m.Accuracy, plain.Number("tol_acc"));
        Assert.Equal(plain.Number("nll"), m.NegativeLogLikelihood, plain.Number("tol_nll"));
        Recalibration map = Recalibration.Fit(RecalibrationMap.Temperature, last, learned);
        JsonElement scaled = bars.GetProperty("temperature scaling on last 5000 train");
        ClassificationMetrics after = ClassificationMetrics.Of(map.Apply(test), labels);
        Assert.InRange(after.NegativeLogLikelihood, scaled.GetProperty("nll")[0].GetDouble(), scaled.GetProperty("nll")[1].GetDouble());
        Assert.InRange(after.Ece, 0, scaled.Number("ece_max"));
        JsonElement coverage = bars.GetProperty("LAC alpha 0.1/0.05/0.01 coverage");
        foreach ((double alpha, int i) in new[] { 0.1, 0.05, 0.01 }.Select((a, i) => (a, i)))
        {
            var sets = ConformalClassifier.Calibrate(map.Apply(last), learned, new ConformalOptions { Alpha = alpha }).Predict(map.Apply(test));
            Assert.InRange(sets.Select((s, j) => s.Contains(labels[j]) ? 1.0 : 0).Average(), coverage[i][0].GetDouble(), coverage[i][1].GetDouble());
        }
    }

    [Fact]
    [Trait("Category", "Long")]
    public void An_ensemble_of_five_meets_the_thresholds()
    {
        JsonElement bars = UncertaintyCases.Read("11_end_to_end_thresholds.json").GetProperty("trained").GetProperty("ensemble5");
        ReluNetwork[] members = [.. Enumerable.Range(0, 5).Select(seed => NetworkTrainer.Train(new TrainingTask([784, 128, 128, 10], First55()), new TrainingOptions { Seed = (ulong)seed }).Network)];
        Predictor predictor = Predictor.Of(PredictiveMethod.Parse("ensemble"), members);
        Check(bars, UncertaintyEvaluation.Of(predictor.Predict(Rows(Test.Value)).Passes, Test.Value.Labels, predictor.Predict(Rows(Read("mnist", "t10k"))).Passes));
    }

    /// <summary>Twice the passes, the distance to the mean of very many shrinks by √2.</summary>
    [Fact]
    public void Doubling_the_passes_halves_the_squared_error_of_the_mean()
    {
        ReluNetwork network = RandomNetwork.Create([6, 12, 12, 3], WeightInitializer.He, 0.5, 4);
        InputRows rows = InputRows.OfSingles(UncertaintyExamples.Numbers(6 * 40, 5), 6);
        UncertainNetwork random = UncertainNetwork.Of(network, ActivationLaw.DropRelu(0.7));
        double[] Mean(int passes, ulong seed) => random.Predict(rows, new PassOptions { Passes = passes, Seed = seed }).Mean.Values.ToArray();
        double[] limit = Mean(20_000, 99);
        double Square(int passes) => Enumerable.Range(0, 60).Average(seed => Mean(passes, (ulong)seed).Zip(limit, (a, b) => (a - b) * (a - b)).Average());
        // 60 seeds of 120 numbers, those of a sample tied together: the ratio of two such means has an error of a few hundredths.
        Assert.InRange(Square(10) / Square(20), 1.7, 2.3);
        Assert.All(random.Predict(rows).Entropy.ToArray(), h => Assert.InRange(h, 0, Math.Log(3) + 1e-12));
        Assert.All(random.Predict(rows).MutualInformation.ToArray(), i => Assert.InRange(i, -1e-12, Math.Log(3)));
    }

    /// <summary>The files that all figures stand for are those of the case.</summary>
    [Fact]
    public void Data_are_those_of_the_case()
    {
        JsonElement expected = UncertaintyCases.Read("10_data_integrity.json");
        // The batches of CIFAR-10 are derived by another decoder from pictures that are read here as they are.
        foreach (JsonProperty file in expected.GetProperty("files").EnumerateObject().Where(f => !f.Name.StartsWith("cifar", StringComparison.Ordinal)))
        {
            string[] parts = file.Name.Split('/');
            string path = Path.Combine(Repository.Need(Repository.Data(parts[0]), parts[0]), parts[1] + ".gz");
#pragma warning disable CA5351 // A fingerprint that the case gives, not a protection.
            Assert.Equal(file.Value.GetString(), Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(InputFile.ReadAllBytes(path))));
#pragma warning restore CA5351
        }
        JsonElement stats = expected.GetProperty("stats");
        double[] mnist = Moments(Read("mnist", "train")), fashion = Moments(Read("fashion-mnist", "train"));
        Assert.Equal(stats.Number("mnist_train_mean"), mnist[0], 1e-12);
        Assert.Equal(stats.Number("fashion_train_mean"), fashion[0], 1e-12);
        // The case's deviation differs from that of the pixels, which NumPy confirms, by 2e-7.
        Assert.Equal(stats.Number("fashion_train_std"), fashion[1], 1e-6);
    }

    private static double[] Moments(ImageSet images)
    {
        // Sums of whole numbers are exact.
        long sum = 0, squares = 0, count = images.Pixels.Length;
        foreach (byte v in images.Pixels.Span)
        {
            sum += v;
            squares += v * v;
        }
        double mean = (double)sum / count / 255;
        return [mean, Math.Sqrt(((double)squares / count / (255 * 255)) - (mean * mean))];
    }

    private static LabelledData First55()
    {
        ImageSet train = Read("fashion-mnist", "train");
        return LabelledData.Classification(InputRows.OfBytes(train.Pixels[..(55_000 * 784)], 784, 0.2860, 0.3530), train.Labels[..55_000], 10);
    }

    [Theory]
    [Trait("Category", "Long")]
    [InlineData("deterministic", "relu", 0.4)]
    [InlineData("mc-dropout 0.2", "dropout:0.2", 0.4)]
    [InlineData("mc-droprelu keep 0.9", "droprelu:0.9", 1)]
    [InlineData("mc-rrelu U(1/8,1/3)", "rrelu:0.125,0.3333333333333333", 0.4)]
    public void Laws_that_were_trained_with_meet_the_thresholds(string key, string text, double gain)
    {
        JsonElement bars = UncertaintyCases.Read("11_end_to_end_thresholds.json").GetProperty("trained").GetProperty(key);
        LabelledData data = First55();
        Assert.True(ActivationLaw.TryParse(text, out ActivationLaw? law));
        Check(bars, Evaluate(NetworkTrainer.Train(new TrainingTask([784, 128, 128, 10], data), new TrainingOptions { Activation = law, InitialGain = gain }).Network, law, Rows(Read("mnist", "t10k"))));
    }

    private static void Check(JsonElement bars, UncertaintyEvaluation e)
    {
        foreach (JsonProperty bar in bars.EnumerateObject())
        {
            switch (bar.Name)
            {
                case "nll": Assert.InRange(e.Metrics.NegativeLogLikelihood, bar.Value[0].GetDouble(), bar.Value[1].GetDouble()); break;
                case "nll_max": Assert.InRange(e.Metrics.NegativeLogLikelihood, 0, bar.Value.GetDouble()); break;
                case "acc_min": Assert.InRange(e.Metrics.Accuracy, bar.Value.GetDouble(), 1); break;
                case "ece_max": Assert.InRange(e.Metrics.Ece, 0, bar.Value.GetDouble()); break;
                case "ood_auroc_entropy_min": Assert.InRange(e.ByEntropy!.Auroc, bar.Value.GetDouble(), 1); break;
                case "ood_auroc_mi_min": Assert.InRange(e.ByInformation!.Auroc, bar.Value.GetDouble(), 1); break;
                default: Assert.Fail($"an unknown threshold {bar.Name}"); break;
            }
        }
    }
}
