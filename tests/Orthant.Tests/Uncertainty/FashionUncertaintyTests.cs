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

    [Theory]
    [Trait("Category", "Long")]
    [InlineData("deterministic", "relu", 0.4)]
    [InlineData("mc-dropout 0.2", "dropout:0.2", 0.4)]
    [InlineData("mc-droprelu keep 0.9", "droprelu:0.9", 1)]
    [InlineData("mc-rrelu U(1/8,1/3)", "rrelu:0.125,0.3333333333333333", 0.4)]
    public void Laws_that_were_trained_with_meet_the_thresholds(string key, string text, double gain)
    {
        JsonElement bars = UncertaintyCases.Read("11_end_to_end_thresholds.json").GetProperty("trained").GetProperty(key);
        ImageSet train = Read("fashion-mnist", "train");
        LabelledData data = LabelledData.Classification(InputRows.OfBytes(train.Pixels[..(55_000 * 784)], 784, 0.2860, 0.3530), train.Labels[..55_000], 10);
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
                case "ood_auroc_mi_min": Assert.InRange(e.ByInformation!.Auroc, bar.Value.GetDouble(), 1); break;
                default: Assert.Fail($"an unknown threshold {bar.Name}"); break;
            }
        }
    }
}
