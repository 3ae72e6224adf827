using System.Text;
using CsCheck;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Tests.Formats;

public sealed class JsonNetworkTests
{
    private const string TwoLayers = """
        {"name": "n", "layers": [
          {"weights": [[1, -2], [0.5, 3e0]], "bias": [0, 1], "activation": "leaky:0.1"},
          {"residual": [{"weights": [[1, 0], [0, 1]], "activation": "identity"}], "activation": "relu"},
          {"weights": [[1, 1]]}]}
        """;

    [Fact]
    public void WhatIsWrittenIsReadBackEqual() => RandomNetworks.Plain.Sample(network =>
    {
        ReluNetwork back = JsonNetwork.Load("x", Encoding.UTF8.GetBytes(JsonNetwork.ToText("x", network))).Network;
        Assert.Equal(network, back);
        Assert.Equal(network.Name, back.Name);
    }, iter: 300);

    [Fact]
    public void AHandWrittenNetworkIsWhatItSays()
    {
        ReluNetwork network = Load(TwoLayers);
        Assert.Equal("n", network.Name);
        Assert.Equal([Math.Max(0, 2 * -3 * 0.1) + (2 * 7.5)], network.Evaluate([1, 2]), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(ElementType.Float64, network.ElementType);
    }

    [Fact]
    public void EveryCaseFileIsRead()
    {
        string folder = Repository.Need(Repository.Cases("extraction"), "the acceptance cases");
        string[] files = Directory.GetFiles(Path.Combine(folder, "networks"), "*.json");
        Assert.NotEmpty(files);
        foreach (string file in files) Assert.Contains(
            $"-{ModelFile.Load(file).Network.ToString().Split(' ')[0]}", Path.GetFileName(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"layers": []}""", "layers (line 1)", "no layers")]
    [InlineData("""{"name": "x"}""", "line 1", "no layers")]
    [InlineData("""{"layers": [{"wieghts": [[1]]}]}""", "layers[0] (line 1)", "the key 'wieghts'")]
    [InlineData("""{"layers": [{"bias": [1]}]}""", "layers[0] (line 1)", "no weights")]
    [InlineData("""{"layers": [{"weights": [[1], [2, 3]]}]}""", "layers[0].weights[1] (line 1)", "a row of 2 numbers")]
    [InlineData("""{"layers": [{"weights": [[1]], "bias": [1, 2]}]}""", "layers[0].bias (line 1)", "2 biases")]
    [InlineData("""{"layers": [{"weights": [[1], [2]]}, {"weights": [[1]]}]}""", "layers[1] (line 1)", "a layer that reads 1 numbers")]
    [InlineData("""{"layers": [{"weights": [[1]], "activation": "rellu"}]}""", "layers[0].activation (line 1)", "\"rellu\"")]
    [InlineData("""{"layers": [{"weights": [[1]], "activation": "leaky:x"}]}""", "layers[0].activation (line 1)", "\"leaky:x\"")]
    [InlineData("""{"layers": [{"residual": [{"weights": [[1, 2]]}]}]}""", "layers[0].residual (line 1)", "a branch from 2 to 1 numbers")]
    [InlineData("""{"layers": [{"residual": [{"weights": [[1]]}], "bias": [1]}]}""", "layers[0] (line 1)", "weights beside")]
    [InlineData("""{"layers": [{"dense": 3}]}""", "layers[0] (line 1)", "the key 'dense'")]
    public void AMistakeIsNamedWithItsPlace(string text, string place, string found)
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Load(text));
        Assert.Equal(place, e.Place);
        Assert.Contains(found, e.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void AnArchitectureIsReadWithoutWeights()
    {
        using ScratchFolder folder = new();
        string text = """
            {"layers": [
              {"conv": {"filters": 8, "kernel": 3, "padding": 1}, "activation": "relu"}, {"batchNorm": true, "activation": "relu"},
              {"residual": [{"conv": {"filters": 8, "kernel": 3, "stride": 1, "padding": 1}}], "activation": "relu"},
              {"pool": "max", "size": 2, "stride": 1}, {"pool": "average", "size": 2}, {"flatten": true}, {"dense": 10}]}
            """;
        NetworkArchitecture architecture = JsonNetwork.LoadArchitecture(folder.Write("a.json", text));
        Assert.Equal(
            [
                new ConvolutionArchitecture(8, 3, 1, 1, ActivationFunction.Relu), new BatchNormArchitecture(ActivationFunction.Relu),
                new PoolArchitecture(true, 2, 1), new PoolArchitecture(false, 2, 2), new FlattenArchitecture(),
                new DenseArchitecture(10, ActivationFunction.Identity),
            ],
            architecture.Layers.RemoveAt(2));
        Assert.Equal(
            [new ConvolutionArchitecture(8, 3, 1, 1, ActivationFunction.Identity)],
            Assert.IsType<ResidualArchitecture>(architecture.Layers[2]).Layers);
    }

    [Theory]
    [InlineData("""{"layers": [{"dense": 0}]}""", "0")]
    [InlineData("""{"layers": [{"dense": 3, "flatten": true}]}""", "dense and flatten")]
    [InlineData("""{"layers": [{"activation": "relu"}]}""", "no kind")]
    [InlineData("""{"layers": [{"pool": "mean", "size": 2}]}""", "\"mean\"")]
    [InlineData("""{"layers": [{"pool": "max", "size": 2, "activation": "relu"}]}""", "the key 'activation'")]
    [InlineData("""{"layers": [{"conv": {"filters": 2, "kernal": 3}}]}""", "the key 'kernal'")]
    [InlineData("""{"layers": [{"weights": [[1]]}]}""", "the key 'weights'")]
    public void AMistakenArchitectureIsRefused(string text, string found)
    {
        using ScratchFolder folder = new();
        string path = folder.Write("a.json", text);
        Assert.Contains(
            found, Assert.Throws<OrthantInputException>(() => JsonNetwork.LoadArchitecture(path)).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void ANetworkThatJsonHasNoFormForIsRefused()
    {
        ReluNetwork pooled = new([new MaxPoolLayer(new ImageShape(1, 2, 2), new SlidingWindow(2, 2))]);
        Assert.Equal("layers[0]", Assert.Throws<OrthantInputException>(() => JsonNetwork.ToText("x", pooled)).Place);
        UnitActivations mixed = UnitActivations.PerUnit([ActivationFunction.Relu, ActivationFunction.Abs]);
        Assert.Throws<OrthantInputException>(
            () => JsonNetwork.ToText("x", new ReluNetwork([new AffineLayer(new IdentityOperator(2), [], mixed)])));
    }

    [Fact]
    public void TheFormatIsToldByNameOrContent()
    {
        using ScratchFolder folder = new();
        ReluNetwork network = Load(TwoLayers);
        foreach (string name in (string[])["a.onnx", "a.json", "a.onnx.gz", "a.JSON.gz"])
        {
            ModelFile.Write(folder.File(name), network);
            Assert.Equal(network, ModelFile.Load(folder.File(name)).Network);
            File.Copy(folder.File(name), folder.File("other"), overwrite: true);
            Assert.Equal(network, ModelFile.Load(folder.File("other")).Network);
        }
        Assert.Throws<OrthantInputException>(() => ModelFile.Write(folder.File("a.txt"), network));
        Assert.Throws<OrthantInputException>(() => ModelFile.Write(folder.File("a.json"), network, folder.File("a.json")));
    }

    private static ReluNetwork Load(string text) => JsonNetwork.Load("x", Encoding.UTF8.GetBytes(text)).Network;
}
