using Google.Protobuf;
using Orthant.Formats;
using Orthant.Formats.Onnx;
using Orthant.Networks;

namespace Orthant.Tests.Formats;

/// <summary>Models whose weights lie in another file.</summary>
public sealed class ExternalTensorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orthant-external").FullName;

    private string Model => Path.Combine(folder, "model", "m.onnx");

    [Fact]
    public void WeightsBesideTheModelAreReadAsIfTheyWereInIt()
    {
        ReluNetwork network = RandomNetwork.Create([3, 5, 2], WeightInitializer.He, 0.5, 4);
        string whole = Path.Combine(folder, "whole.onnx");
        ModelFile.Write(whole, network);
        Directory.CreateDirectory(Path.Combine(folder, "model", "data"));
        Write(whole, "data/weights.bin", 64, _ => { });
        double[] x = [0.3, -0.8, 0.55];
        Assert.Equal(ModelFile.Load(whole).Network.Evaluate(x), ModelFile.Load(Model).Network.Evaluate(x));
        Assert.Equal(network.Evaluate(x), OnnxReader.Load(Model).Network.Evaluate(x));
        // From memory alone there is no folder to look in.
        OrthantInputException alone = Assert.Throws<OrthantInputException>(() => OnnxReader.Load("m", File.ReadAllBytes(Model)));
        Assert.Equal("data in another file", alone.Found);
    }

    [Theory]
    [InlineData("location", "../whole.onnx", "outside the model's folder")]
    [InlineData("location", "data/../../whole.onnx", "outside the model's folder")]
    [InlineData("location", "/etc/hostname", "a relative path")]
    [InlineData("location", "c:weights", "a relative path")]
    [InlineData("location", "", "a relative path")]
    [InlineData("location", "absent.bin", "which is no file")]
    [InlineData("location", "data", "which is no file")]
    [InlineData("location", "link.bin", "a link that leads outside")]
    [InlineData("location", "far/secret.bin", "a link that leads outside")]
    [InlineData("offset", "1000000", "bytes from 1000000 on")]
    [InlineData("offset", "9223372036854775807", "bytes from 9223372036854775807 on")]
    [InlineData("offset", "-4", "a number of bytes")]
    [InlineData("length", "3", "3 bytes of data")]
    [InlineData("length", "1099511627776", "1099511627776 bytes of data")]
    [InlineData("shape", "1099511627776", "shape")]
    public void WhatLeadsElsewhereOrIsNotThereIsRefused(string key, string value, string said)
    {
        string whole = Path.Combine(folder, "whole.onnx"), outside = Path.Combine(folder, "outside");
        ModelFile.Write(whole, RandomNetwork.Create([3, 5, 2], WeightInitializer.He, 0.5, 4));
        Directory.CreateDirectory(Path.Combine(folder, "model", "data"));
        Directory.CreateDirectory(outside);
        File.WriteAllBytes(Path.Combine(outside, "secret.bin"), new byte[4096]);
        File.CreateSymbolicLink(Path.Combine(folder, "model", "link.bin"), Path.Combine(outside, "secret.bin"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "model", "far"), outside);
        Write(whole, "data/weights.bin", 0, tensor =>
        {
            if (key == "shape")
            {
                tensor.Dims.Clear();
                tensor.Dims.Add(long.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
                return;
            }
            foreach (StringStringEntryProto old in tensor.ExternalData.Where(e => e.Key == key).ToArray()) tensor.ExternalData.Remove(old);
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        });
        OrthantInputException wrong = Assert.Throws<OrthantInputException>(() => ModelFile.Load(Model));
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    /// <summary>Moves all initialisers of a file to another, from some place on.</summary>
    private void Write(string whole, string location, int from, Action<TensorProto> change)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(whole));
        using MemoryStream data = new();
        data.Write(new byte[from]);
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            Assert.True(tensor.HasRawData);
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{data.Position}" });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{tensor.RawData.Length}" });
            data.Write(tensor.RawData.Span);
            tensor.ClearRawData();
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            change(tensor);
        }
        File.WriteAllBytes(Path.Combine(folder, "model", location), data.ToArray());
        File.WriteAllBytes(Model, model.ToByteArray());
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
