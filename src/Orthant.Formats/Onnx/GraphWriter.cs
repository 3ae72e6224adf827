using System.Buffers.Binary;
using Google.Protobuf;
using Orthant.Networks;
using AttributeType = Orthant.Formats.Onnx.AttributeProto.Types.AttributeType;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Formats.Onnx;

/// <summary>Builds the graph of a network: a few nodes a layer, every tensor between layers of shape (N, width).</summary>
/// <remarks>A node is named after its layer and its part in it, such as <c>layer3/branch0/layer1/bias</c>.</remarks>
internal sealed class GraphWriter
{
    /// <summary>A serialised message has to stay below 2 GiB.</summary>
    private const long MostBytes = int.MaxValue - (1 << 20);

    private const int MostDenseEntries = 1 << 26;

    private readonly string source;
    private readonly ReluNetwork network;
    private readonly GraphProto graph = new();
    private readonly DataType type;
    private long bytes;

    public GraphWriter(string source, ReluNetwork network)
    {
        this.source = source;
        this.network = network;
        type = network.ElementType switch
        {
            ElementType.Float16 => DataType.Float16,
            ElementType.Float32 => DataType.Float,
            _ => DataType.Double,
        };
    }

    public ModelProto Write()
    {
        // The format asks for a name; readers of ours take this one for none.
        graph.Name = network.Name.Length == 0 ? NoName : network.Name;
        graph.Input.Add(Info("input", network.Inputs));
        string last = Chain(network.Layers, "", "input");
        graph.Node.Add(new NodeProto { Input = { last }, Output = { "output" }, OpType = "Identity" });
        graph.Output.Add(Info("output", network.Outputs));
        ModelProto model = new() { IrVersion = 8, ProducerName = OnnxWriter.Producer, ProducerVersion = "1", Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        foreach ((string key, string value) in network.Metadata) model.MetadataProps.Add(
            new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    /// <summary>The name of a graph whose network has none.</summary>
    public const string NoName = "network";

    private string Chain(IReadOnlyList<Layer> layers, string prefix, string input)
    {
        string tensor = input;
        for (int i = 0; i < layers.Count; i++) tensor = Write(layers[i], $"{prefix}layer{i}", tensor);
        return tensor;
    }

    private string Write(Layer layer, string name, string input) => layer switch
    {
        AffineLayer affine => Activate(affine.Activations, name, Affine(affine, name, input)),
        MaxPoolLayer pool => MaxPool(pool, name, input),
        ParallelLayer parallel => Activate(parallel.Activations, name, Join(parallel, name, input)),
        _ => throw new ArgumentException($"A layer of kind {layer.Kind} has no form in ONNX.", nameof(layer)),
    };

    private string Affine(AffineLayer layer, string name, string input)
    {
        string mapped;
        ReadOnlySpan<double> bias = layer.HasBias ? layer.Bias : default;
        switch (layer.Linear)
        {
            case IdentityOperator when layer.HasBias:
                mapped = input;
                break;
            case IdentityOperator when layer.Activations.IsIdentity:
                return Node("Identity", $"{name}/linear", [input]);
            case IdentityOperator:
                return input;
            case DiagonalOperator diagonal:
                mapped = Node("Mul", $"{name}/linear", [input, Tensor($"{name}/scale", [diagonal.Inputs], diagonal.Entries)]);
                break;
            case ConvolutionOperator convolution:
                (mapped, bool taken) = Convolution(convolution, bias, name, input);
                if (taken) return mapped;
                break;
            case AveragePoolOperator pool:
                mapped = AveragePool(pool, name, input);
                break;
            case SparseOperator sparse when Selection(sparse) is { } chosen:
                mapped = Node("Gather", $"{name}/linear", [input, Integers($"{name}/columns", chosen)], [Attribute("axis", 1)]);
                break;
            default:
                return Dense(layer.Linear, bias, name, input);
        }
        return layer.HasBias ? Node("Add", $"{name}/bias", [mapped, Tensor($"{name}/shift", [layer.Outputs], bias)]) : mapped;
    }

    private string Dense(LinearOperator linear, ReadOnlySpan<double> bias, string name, string input)
    {
        if ((long)linear.Outputs * linear.Inputs > MostDenseEntries)
        {
            throw Error(name, $"{linear}, which would be written entry by entry", "a smaller one");
        }
        ReadOnlySpan<double> entries = linear is DenseOperator dense ? dense.Entries : linear.ToDense();
        List<string> inputs = [input, Tensor($"{name}/weights", [linear.Outputs, linear.Inputs], entries)];
        if (!bias.IsEmpty) inputs.Add(Tensor($"{name}/shift", [linear.Outputs], bias));
        return Node("Gemm", $"{name}/linear", inputs, [Attribute("transB", 1)]);
    }

    /// <summary>A convolution, with the bias when that is one number a channel.</summary>
    private (string Tensor, bool BiasTaken) Convolution(ConvolutionOperator linear, ReadOnlySpan<double> bias, string name, string input)
    {
        SlidingWindow w = linear.Window;
        long[] shape = [linear.Output.Channels, linear.Input.Channels / linear.Groups, w.Height, w.Width];
        List<string> inputs = [Image(linear.Input, name, input), Tensor($"{name}/weights", shape, linear.Filters)];
        double[]? perChannel = PerChannel(bias, linear.Output);
        if (perChannel is not null) inputs.Add(Tensor($"{name}/shift", [perChannel.Length], perChannel));
        AttributeProto[] attributes = [.. Window(w), Attribute("dilations", [w.DilationY, w.DilationX]), Attribute("group", linear.Groups)];
        string image = Node("Conv", $"{name}/linear", inputs, attributes);
        return (Node("Flatten", $"{name}/flatten", [image]), perChannel is not null);
    }

    private string AveragePool(AveragePoolOperator pool, string name, string input)
    {
        SlidingWindow w = pool.Window;
        if (w.DilationY != 1 || w.DilationX != 1) throw Error(name, "a dilated average pooling", "one without dilation");
        string image = Image(pool.Input, name, input);
        string pooled = Node(
            "AveragePool", $"{name}/linear", [image], [.. Window(w), Attribute("count_include_pad", pool.CountFrame ? 1 : 0)]);
        return Node("Flatten", $"{name}/flatten", [pooled]);
    }

    private string MaxPool(MaxPoolLayer pool, string name, string input)
    {
        SlidingWindow w = pool.Window;
        string image = Image(pool.Input, name, input);
        string pooled = Node("MaxPool", $"{name}/pool", [image], [.. Window(w), Attribute("dilations", [w.DilationY, w.DilationX])]);
        return Node("Flatten", $"{name}/flatten", [pooled]);
    }

    private string Join(ParallelLayer layer, string name, string input)
    {
        string[] branches = [.. layer.Branches.Select((b, i) => Chain(b, $"{name}/branch{i}/", input))];
        return layer.Join == BranchJoin.Concatenation
            ? Node("Concat", $"{name}/join", branches, [Attribute("axis", 1)])
            : Node(branches.Length == 2 ? "Add" : "Sum", $"{name}/join", branches);
    }

    private string Activate(UnitActivations activations, string name, string input)
    {
        if (activations.IsIdentity) return input;
        string node = $"{name}/activation";
        if (activations.Shared is not { } shared) return ActivatePerUnit(activations, name, input);
        if (shared.IsRelu) return Node("Relu", node, [input]);
        if (shared.Equals(ActivationFunction.Abs)) return Node("Abs", node, [input]);
        if (shared.IsHomogeneous && shared.LeftSlope == (float)shared.LeftSlope)
        {
            return Node(
                "LeakyRelu", node, [input],
                [new AttributeProto { Name = "alpha", Type = AttributeType.Float, F = (float)shared.LeftSlope }]);
        }
        if (shared.IsHomogeneous) return Node("PRelu", node, [input, Tensor($"{name}/slopes", [1], [shared.LeftSlope])]);
        (double lower, double upper) = Bounds(shared);
        string least = double.IsInfinity(lower) ? "" : Tensor($"{name}/lower", [], [lower]);
        return Node("Clip", node, double.IsInfinity(upper) ? [input, least] : [input, least, Tensor($"{name}/upper", [], [upper])]);
    }

    /// <summary>Slopes unit by unit, then bounds unit by unit, those that do nothing left to do nothing.</summary>
    private string ActivatePerUnit(UnitActivations activations, string name, string input)
    {
        ActivationFunction[] all = [.. Enumerable.Range(0, activations.Count).Select(i => activations[i])];
        string tensor = input;
        double[] slopes = Array.ConvertAll(all, a => a.IsHomogeneous ? a.LeftSlope : 1);
        double[] lower = Array.ConvertAll(all, a => Bounds(a).Lower), upper = Array.ConvertAll(all, a => Bounds(a).Upper);
        if (slopes.Any(s => s != 1)) tensor = Node("PRelu", $"{name}/activation", [tensor, Tensor($"{name}/slopes", [all.Length], slopes)]);
        if (lower.Any(double.IsFinite)) tensor = Node("Max", $"{name}/atLeast", [tensor, Tensor($"{name}/lower", [all.Length], lower)]);
        if (upper.Any(double.IsFinite)) tensor = Node("Min", $"{name}/atMost", [tensor, Tensor($"{name}/upper", [all.Length], upper)]);
        return tensor;
    }

    /// <summary>The bounds of a clip; infinite where there is none, as for the homogeneous functions.</summary>
    private static (double Lower, double Upper) Bounds(ActivationFunction f) => f.IsHomogeneous
        ? (double.NegativeInfinity, double.PositiveInfinity)
        : (
            f.Slope(0) == 0 ? f.Intercept(0) : double.NegativeInfinity,
            f.Slope(f.Pieces - 1) == 0 ? f.Intercept(f.Pieces - 1) : double.PositiveInfinity);

    private static double[]? PerChannel(ReadOnlySpan<double> bias, ImageShape image)
    {
        if (bias.IsEmpty) return null;
        double[] channels = new double[image.Channels];
        for (int i = 0; i < bias.Length; i++)
        {
            if (i % image.Pixels == 0) channels[i / image.Pixels] = bias[i];
            else if (BitConverter.DoubleToInt64Bits(channels[i / image.Pixels]) != BitConverter.DoubleToInt64Bits(bias[i])) return null;
        }
        return channels;
    }

    /// <summary>For each output the input that it copies, or null when the map does anything else.</summary>
    private static long[]? Selection(SparseOperator sparse)
    {
        long[] chosen = new long[sparse.Outputs];
        for (int i = 0; i < chosen.Length; i++)
        {
            SparseRow row = sparse.Row(i);
            if (row.Count != 1 || row.Values[0] != 1) return null;
            chosen[i] = row.Columns[0];
        }
        return chosen;
    }

    private string Image(ImageShape image, string name, string input) =>
        Node("Reshape", $"{name}/reshape", [input, Integers($"{name}/shape", [-1, image.Channels, image.Height, image.Width])]);

    private static AttributeProto[] Window(SlidingWindow w) =>
    [
        Attribute("kernel_shape", [w.Height, w.Width]),
        Attribute("strides", [w.StrideY, w.StrideX]),
        Attribute("pads", [w.Top, w.Left, w.Bottom, w.Right]),
    ];

    private string Node(string operation, string name, IEnumerable<string> inputs, IEnumerable<AttributeProto>? attributes = null)
    {
        graph.Node.Add(
            new NodeProto { Input = { inputs }, Output = { name }, Name = name, OpType = operation, Attribute = { attributes ?? [] } });
        return name;
    }

    private static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    private static AttributeProto Attribute(string name, long[] values) =>
        new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    private ValueInfoProto Info(string name, int width)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = width });
        TypeProto.Types.Tensor tensor = new() { ElemType = (int)type, Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private string Integers(string name, long[] values)
    {
        byte[] raw = new byte[8 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(raw.AsSpan(8 * i), values[i]);
        return Add(name, DataType.Int64, [values.Length], raw);
    }

    private string Tensor(string name, long[] shape, ReadOnlySpan<double> values)
    {
        int size = type switch { DataType.Double => 8, DataType.Float => 4, _ => 2 };
        if (bytes + ((long)size * values.Length) > MostBytes) throw Error(name, "weights beyond 2 GB", "what one message can hold");
        byte[] raw = new byte[size * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> at = raw.AsSpan(size * i, size);
            double kept;
            switch (type)
            {
                case DataType.Double:
                    BinaryPrimitives.WriteDoubleLittleEndian(at, kept = values[i]);
                    break;
                case DataType.Float:
                    kept = (float)values[i];
                    BinaryPrimitives.WriteSingleLittleEndian(at, (float)values[i]);
                    break;
                default:
                    kept = (double)(Half)values[i];
                    BinaryPrimitives.WriteHalfLittleEndian(at, (Half)values[i]);
                    break;
            }
            if (kept != values[i])
            {
                throw Error(
                    name, $"the number {values[i]:R}", $"numbers that {network.ElementType} holds; give the network a wider element type");
            }
        }
        return Add(name, type, shape, raw);
    }

    private string Add(string name, DataType dataType, long[] shape, byte[] raw)
    {
        bytes += raw.Length;
        graph.Initializer.Add(
            new TensorProto { Name = name, DataType = (int)dataType, Dims = { shape }, RawData = UnsafeByteOperations.UnsafeWrap(raw) });
        return name;
    }

    private OrthantInputException Error(string place, string found, string expected) => new(source, place, found, expected);
}
