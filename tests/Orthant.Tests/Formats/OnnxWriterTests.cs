using System.Diagnostics;
using CsCheck;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orthant.Formats;
using Orthant.Formats.Onnx;
using Orthant.Networks;
using Google.Protobuf;

namespace Orthant.Tests.Formats;

public sealed class OnnxWriterTests
{
    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    public void WhatIsWrittenIsReadBackEqual(ElementType type) => RandomNetworks.All(type).Sample(network =>
    {
        LoadedModel back = OnnxReader.Load("x", OnnxWriter.ToBytes("x", network));
        Assert.Equal(Describe(network), Describe(back.Network));
        Assert.Equal(network, back.Network);
        Assert.Equal(network.Name, back.Network.Name);
        Assert.Equal(network.Metadata, back.Network.Metadata);
        Assert.Empty(back.Notes);
    }, iter: 300);

    [Fact]
    public void OnnxRuntimeComputesTheSame() => RandomNetworks.All(ElementType.Float32).Sample(network =>
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(OnnxWriter.ToBytes("x", network), options);
        Random random = new(7);
        double[] x = [.. Enumerable.Range(0, 3 * network.Inputs).Select(_ => (double)(float)(random.NextDouble() - 0.5))];
        double[] y = new double[3 * network.Outputs];
        network.Evaluate<double>(3, x, y);
        DenseTensor<float> batch = new(Array.ConvertAll(x, v => (float)v), [3, network.Inputs]);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", batch)]);
        float[] theirs = [.. results[0].AsEnumerable<float>()];
        double scale = 1 + y.Max(Math.Abs);
        for (int i = 0; i < y.Length; i++) Assert.Equal(y[i], theirs[i], 1e-4 * scale);
    }, iter: 100, threads: 1);

    /// <summary>ONNX Runtime rounds every layer to half precision where we do not round at all: within 1e-3 of the outputs' size nevertheless.</summary>
    [Fact]
    public void OnnxRuntimeComputesTheSameInHalfPrecision() => RandomNetworks.All(ElementType.Float16).Sample(network =>
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(OnnxWriter.ToBytes("x", network), options);
        Random random = new(7);
        double[] x = [.. Enumerable.Range(0, network.Inputs).Select(_ => (double)(System.Half)(random.NextDouble() - 0.5))];
        DenseTensor<Float16> batch = new(Array.ConvertAll(x, v => new Float16(BitConverter.HalfToUInt16Bits((System.Half)v))), [1, network.Inputs]);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", batch)]);
        double[] theirs = [.. results[0].AsEnumerable<Float16>().Select(h => (double)BitConverter.UInt16BitsToHalf(h.value))];
        double[] y = network.Evaluate(x);
        double scale = 1 + y.Max(Math.Abs);
        for (int i = 0; i < y.Length; i++) Assert.Equal(y[i], theirs[i], 1e-3 * scale);
    }, iter: 100, threads: 1);

    [Fact]
    public void OnnxsOwnCheckerAcceptsEveryFile()
    {
        string? python = Python();
        Assert.SkipWhen(python is null, "no python3 with the package onnx is on this machine");
        using ScratchFolder folder = new();
        int count = 0;
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            RandomNetworks.All(type).Sample(n => OnnxWriter.Write(folder.File($"{count++}.onnx"), n), iter: 40, threads: 1);
        }
        const string Check = """
            import onnx, sys, glob
            for f in glob.glob(sys.argv[1] + '/*.onnx'):
                m = onnx.load(f)
                onnx.checker.check_model(m, full_check=True)
                assert m.ir_version == 8 and m.opset_import[0].version == 17 and m.metadata_props[0].value == 'droprelu:0.9 \u20ac'
                assert all(t.HasField('raw_data') for t in m.graph.initializer)
            print('fine')
            """;
        Assert.Equal("fine", Run(python!, Check, folder.Root));
    }

    [Fact]
    public void PythonsFilesAreUnderstoodFieldByField()
    {
        string? python = Python();
        Assert.SkipWhen(python is null, "no python3 with the package onnx is on this machine");
        using ScratchFolder folder = new();
        const string Make = """
            import onnx, sys
            from onnx import helper as h, TensorProto as T
            nodes = [h.make_node('Gemm', ['x', 'w', 'b'], ['y'], name='g', alpha=0.5, beta=2.0, transA=0, transB=1, doc_string='d', domain='')]
            init = [h.make_tensor('w', T.FLOAT, [2, 3], [1, 2, 3, 4, 5, 6]), h.make_tensor('b', T.FLOAT, [2], [0.25, -1])]
            g = h.make_graph(nodes, 'graph', [h.make_tensor_value_info('x', T.FLOAT, ['n', 3])], [h.make_tensor_value_info('y', T.FLOAT, ['n', 2])], init, 'doc')
            m = h.make_model(g, producer_name='p', producer_version='v', opset_imports=[h.make_opsetid('', 13)], functions=[])
            h.set_model_props(m, {'k': 'v'})
            t = m.training_info.add(); t.algorithm.name = 'kept'
            m.graph.quantization_annotation.add().tensor_name = 'kept too'
            onnx.save(m, sys.argv[1] + '/p.onnx')
            print('fine')
            """;
        Assert.Equal("fine", Run(python!, Make, folder.Root));
        byte[] file = File.ReadAllBytes(folder.File("p.onnx"));
        ModelProto model = OnnxReader.Parse("p", file);
        Assert.Equal(("p", "v", "graph", "doc"), (model.ProducerName, model.ProducerVersion, model.Graph.Name, model.Graph.DocString));
        Assert.Equal("n", model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam);
        // What the schema does not list (training information, annotations) is kept as it stands.
        Assert.Equal(file.Length, model.ToByteArray().Length);
        File.WriteAllBytes(folder.File("q.onnx"), model.ToByteArray());
        const string Same = """
            import onnx, sys
            a, b = onnx.load(sys.argv[1] + '/p.onnx'), onnx.load(sys.argv[1] + '/q.onnx')
            assert a == b and b.training_info[0].algorithm.name == 'kept'
            print('fine')
            """;
        Assert.Equal("fine", Run(python!, Same, folder.Root));
        ReluNetwork network = OnnxReader.Load("p", file).Network;
        Assert.Equal([0.5 * (1 + 4 + 9) + 0.5, 0.5 * (4 + 10 + 18) - 2], network.Evaluate([1, 2, 3]));
    }

    [Fact]
    public void ANumberThatTheTypeDoesNotHoldIsRefusedNotRounded()
    {
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 0.1 } })], ElementType.Float32);
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => OnnxWriter.ToBytes("x", network));
        Assert.Contains("0.1", e.Found, StringComparison.Ordinal);
        OnnxWriter.ToBytes("x", network.With(elementType: ElementType.Float64));
    }

    [Fact]
    public void SlopesThatAreNoFloatsStayDoubles()
    {
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1 } }, null, ActivationFunction.Leaky(0.1))]);
        Assert.Equal(network, OnnxReader.Load("x", OnnxWriter.ToBytes("x", network)).Network);
    }

    [Fact]
    public void MapsMadeOfSeveralBecomeDenseOnesWithTheSameFunction()
    {
        DenseOperator part = new(new double[,] { { 1, 2 }, { 3, 4 } });
        LinearOperator[] maps =
        [
            new ConcatenationOperator([part, new IdentityOperator(2)]),
            new BlockDiagonalOperator([part, part]),
            SparseOperator.SumOfParts(2, 2),
        ];
        foreach (LinearOperator linear in maps)
        {
            ReluNetwork network = new([new AffineLayer(linear, [], ActivationFunction.Relu)]);
            ReluNetwork back = OnnxReader.Load("x", OnnxWriter.ToBytes("x", network)).Network;
            double[] x = [.. Enumerable.Range(0, network.Inputs).Select(i => i - 1.5)];
            Assert.Equal(network.Evaluate(x), back.Evaluate(x));
        }
    }

    [Fact]
    public void FieldsThatTheSchemaLacksSurviveARoundTrip()
    {
        // Field 99 with the bytes "new", in the model and inside its graph.
        byte[] unknown = [0x9A, 0x06, 3, .. "new"u8];
        ModelProto model = ModelProto.Parser.ParseFrom([.. OnnxWriter.ToBytes("x", RandomNetworks.Plain.Single()), .. unknown]);
        model.Graph = GraphProto.Parser.ParseFrom([.. model.Graph.ToByteArray(), .. unknown]);
        byte[] again = OnnxReader.Parse("x", model.ToByteArray()).ToByteArray();
        Assert.Equal(model.ToByteArray(), again);
        Assert.Equal(2, Count(again, unknown));
        OnnxReader.Load("x", again);
    }

    private static int Count(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> wanted)
    {
        int count = 0;
        for (int i = 0; i + wanted.Length <= bytes.Length; i++) count += bytes.Slice(i, wanted.Length).SequenceEqual(wanted) ? 1 : 0;
        return count;
    }

    private static string Describe(ReluNetwork network) => string.Join("; ", network.Layers.Select(l => l.ToString()));

    private static string? Python() => Array.Find(["python3", "/usr/bin/python3"], p => Run(p, "import onnx; print('fine')", "") == "fine");

    private static string Run(string python, string script, string argument)
    {
        ProcessStartInfo start = new(python, ["-c", script, argument]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : error.Result;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
