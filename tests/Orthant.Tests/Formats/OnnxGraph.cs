using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orthant.Formats;
using Orthant.Formats.Onnx;
using Orthant.Networks;
using AttributeType = Orthant.Formats.Onnx.AttributeProto.Types.AttributeType;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Tests.Formats;

/// <summary>A small ONNX model put together by hand, with ONNX Runtime as the oracle for what it computes.</summary>
internal sealed class OnnxGraph
{
    private readonly Dictionary<string, long[]> outputs = [];

    public OnnxGraph(params long[] inputShape)
    {
        InputShape = inputShape;
        Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        Model.Graph.Input.Add(Info("x", inputShape));
    }

    public long[] InputShape { get; }

    public ModelProto Model { get; } = new() { IrVersion = 8, ProducerName = "test", Graph = new GraphProto { Name = "g" } };

    public OnnxGraph Opset(long version)
    {
        Model.OpsetImport[0].Version = version;
        if (version < 9) Model.IrVersion = 3;
        return this;
    }

    public OnnxGraph Node(string operation, string inputs, string output, params (string Name, object Value)[] attributes)
    {
        NodeProto node = new() { OpType = operation, Name = $"n{Model.Graph.Node.Count}", Output = { output.Split(' ') } };
        node.Input.Add(inputs.Length == 0 ? [] : inputs.Split(' ').Select(i => i == "-" ? "" : i));
        foreach ((string name, object value) in attributes) node.Attribute.Add(Attribute(name, value));
        Model.Graph.Node.Add(node);
        return this;
    }

    public OnnxGraph Floats(string name, long[] dims, params float[] values) =>
        Add(new TensorProto { Name = name, DataType = (int)DataType.Float, Dims = { dims }, FloatData = { values } });

    public OnnxGraph Longs(string name, params long[] values) =>
        Add(new TensorProto { Name = name, DataType = (int)DataType.Int64, Dims = { values.Length }, Int64Data = { values } });

    public OnnxGraph Add(TensorProto tensor)
    {
        Model.Graph.Initializer.Add(tensor);
        return this;
    }

    public OnnxGraph Output(string name, params long[] shape)
    {
        outputs[name] = shape;
        Model.Graph.Output.Add(Info(name, shape));
        return this;
    }

    public byte[] Bytes() => Model.ToByteArray();

    public LoadedModel Load() => OnnxReader.Load("m.onnx", Bytes());

    public OrthantInputException Refused() => Assert.Throws<OrthantInputException>(Load);

    /// <summary>Reads the model, and requires that network and normal form compute what ONNX Runtime does.</summary>
    public LoadedModel AgreesWithRuntime(double tolerance = 1e-5)
    {
        LoadedModel loaded = Load();
        ReluNetwork network = loaded.Network;
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(Bytes(), options);
        Random random = new(3);
        int[] shape = [.. InputShape.Select(l => (int)Math.Max(l, 1))];
        for (int p = 0; p < 10; p++)
        {
            float[] x = [.. Enumerable.Range(0, network.Inputs).Select(_ => (float)((4 * random.NextDouble()) - 2))];
            using var results = session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, shape))]);
            float[] expected = [.. results[0].AsEnumerable<float>()];
            double[] point = Array.ConvertAll(x, v => (double)v);
            double[] ours = network.Evaluate(point), normal = network.NormalForm.Evaluate(point);
            Assert.Equal(results[0].AsTensor<float>().Dimensions.ToArray(), loaded.OutputShape.Select(l => (int)l));
            double scale = 1 + expected.Max(Math.Abs);
            for (int i = 0; i < ours.Length; i++)
            {
                Assert.Equal(expected[i], ours[i], tolerance * scale);
                Assert.Equal(ours[i], normal[i], 1e-12 * scale);
            }
        }
        return loaded;
    }

    public static ValueInfoProto Info(string name, long[] shape, DataType type = DataType.Float)
    {
        TensorShapeProto lengths = new();
        foreach (long length in shape)
        {
            TensorShapeProto.Types.Dimension dimension = new();
            if (length < 0) dimension.DimParam = "batch";
            else dimension.DimValue = length;
            lengths.Dim.Add(dimension);
        }
        TypeProto.Types.Tensor tensor = new() { ElemType = (int)type, Shape = lengths };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        int i => new() { Name = name, Type = AttributeType.Int, I = i },
        float f => new() { Name = name, Type = AttributeType.Float, F = f },
        string s => new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(s) },
        int[] list => new() { Name = name, Type = AttributeType.Ints, Ints = { list.Select(l => (long)l) } },
        TensorProto tensor => new() { Name = name, Type = AttributeType.Tensor, T = tensor },
        _ => throw new ArgumentException(name),
    };
}
