using Orthant.Training;
using Orthant.Uncertainty;
using AttributeType = Orthant.Formats.Onnx.AttributeProto.Types.AttributeType;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Formats.Onnx;

/// <summary>Puts a randomised activation in the place of a graph's rectifiers, node by node, whatever else the graph holds.</summary>
/// <remarks>
/// <code>
///     laws of the left slope      x ──► RandomUniformLike ──► … ──► slope
///                                 └───────────────────────────► PRelu(x, slope) ──► y
///     dropout                     x ──► Relu ──► h,  h ──► RandomUniformLike ──► Less(·, keep) ──► Cast ──► Mul(h, ·) ──► Mul(·, 1/keep) ──► y
/// </code>
/// <para>Where units share a draw, random numbers have the shape of a slice of x, and are spread over it by broadcasting:</para>
/// <code>
///     channel   x as (samples, channels, rest)      also where the image was flattened; one draw for (sample, channel, 1), then the shape of x again
///     layer     x as (samples, rest)                one draw for (sample, 1), then the shape of x again
///     batch     x as it is                          one draw for a sample's units, the same for all samples of a call
/// </code>
/// <para>Nodes that count as rectifiers: Relu; Clip from 0 (an upper bound is kept behind the new activation); Max with a zero; LeakyRelu
/// of the mean slope in
/// a file that names a law; and the Relu that a convolution or product carries as an attribute. Relus of gates, whose values multiply
/// others after a Sigmoid
/// or HardSigmoid, are left alone: they scale whole channels, and are no hidden units.</para>
/// </remarks>
internal sealed class GraphRandomizer(ActivationLaw law, float? leakySlope, bool slopesAreInputs, DataType type,
    RandomGranularity granularity)
{
    private const int GateDepth = 4;

    private readonly HashSet<string> names = [];
    private int count;

    /// <summary>How many activations were replaced.</summary>
    public int Replaced => count;

    /// <summary>What was taken for granted or left alone.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Rewrites a graph and those inside its nodes.</summary>
    public void Rewrite(GraphProto graph, bool isOutermost = true)
    {
        CollectNames(graph);
        NodeProto[] before = [.. graph.Node];
        Dictionary<string, float> constants = Scalars(graph);
        graph.Node.Clear();
        foreach (NodeProto node in before)
        {
            foreach (AttributeProto attribute in node.Attribute)
            {
                if (attribute.G is GraphProto inner) Rewrite(inner, false);
            }
            if (!TryReplace(graph, node, before, constants, isOutermost)) graph.Node.Add(node);
        }
    }

    private bool TryReplace(GraphProto graph, NodeProto node, NodeProto[] all, Dictionary<string, float> constants, bool isOutermost)
    {
        if (node.Output.Count == 0 || Kind(node, constants) is not (string input, float upper)) return false;
        if (IsGate(node.Output[0], all, GateDepth))
        {
            Notes.Add($"'{node.Name}' is left as it is: it opens a gate");
            return false;
        }
        string source = input, output = node.Output[0];
        if (node.OpType is not ("Relu" or "Clip" or "Max" or "LeakyRelu"))
        {
            // The product keeps its node without the activation.
            NodeProto plain = node.Clone();
            AttributeProto activation = plain.Attribute.First(a => a.Name == "activation");
            plain.Attribute.Remove(activation);
            source = Fresh($"{output}_linear");
            plain.Output[0] = source;
            graph.Node.Add(plain);
        }
        string name = Fresh($"{(node.Name.Length > 0 ? node.Name : output)}_random");
        string last = float.IsPositiveInfinity(upper) ? output : Fresh($"{name}_open");
        (string shaped, string like) = Shared(graph, source, name, granularity == RandomGranularity.Channel ? Channels(graph, input, all)
            : 0);
        string random = shaped == source ? last : Fresh($"{name}_shaped");
        if (law.Kind == ActivationLawKind.Dropout) AddDropout(graph, shaped, like, random, name, isOutermost);
        else Add(graph, "PRelu", [shaped, Slope(graph, like, name, isOutermost)], random, name);
        if (random != last) Add(graph, "Reshape", [random, Add(graph, "Shape", [source], $"{name}_shape", $"{name}_shape")], last,
            $"{name}_back");
        if (!float.IsPositiveInfinity(upper))
        {
            Notes.Add(FormattableString.Invariant($"'{node.Name}' keeps its upper bound {upper}; the law of a rectifier holds below it"));
            Add(graph, "Min", [last, Constant(graph, upper)], output, $"{name}_bound");
        }
        count++;
        return true;
    }

    /// <summary>The input of a rectifier and its upper bound, or null for other nodes.</summary>
    private (string Input, float Upper)? Kind(NodeProto node, Dictionary<string, float> constants)
    {
        switch (node.OpType)
        {
            case "Relu" when node.Input.Count == 1 && leakySlope is null or 0:
                return (node.Input[0], float.PositiveInfinity);
            case "LeakyRelu" when leakySlope is float slope and not 0 && Number(node, "alpha", 0.01f) is float alpha
                && Math.Abs(alpha - slope) <= 1e-6f * Math.Abs(slope):
                return (node.Input[0], float.PositiveInfinity);
            case "Clip" when leakySlope is null or 0:
                float lower = node.Input.Count > 1 ? Value(node.Input[1], constants, float.NegativeInfinity)
                    : Number(node, "min", float.NegativeInfinity);
                float upper = node.Input.Count > 2 ? Value(node.Input[2], constants, float.PositiveInfinity)
                    : Number(node, "max", float.PositiveInfinity);
                return lower == 0 ? (node.Input[0], upper >= float.MaxValue ? float.PositiveInfinity : upper) : null;
            case "Max" when node.Input.Count == 2 && leakySlope is null or 0:
                if (constants.TryGetValue(node.Input[1], out float second) && second == 0) return (node.Input[0], float.PositiveInfinity);
                return constants.TryGetValue(node.Input[0], out float first) && first == 0 ? (node.Input[1], float.PositiveInfinity) : null;
            case "FusedConv" or "FusedGemm" or "FusedMatMul" when node.Attribute.Any(a => a.Name == "activation"
                && a.S.ToStringUtf8() == "Relu"):
                return (node.Output[0], float.PositiveInfinity);
            case string quantised when quantised.StartsWith("QLinear", StringComparison.Ordinal)
                || quantised.StartsWith("QGemm", StringComparison.Ordinal):
                if (!Notes.Contains(Quantised)) Notes.Add(Quantised);
                return null;
            default:
                return null;
        }
    }

    /// <summary>The input in the shape in which draws are broadcast, and a slice of it of the shape of the draws.</summary>
    private (string Shaped, string Like) Shared(GraphProto graph, string source, string name, long channels)
    {
        if (granularity == RandomGranularity.Element) return (source, source);
        // In the target of a Reshape 0 keeps a length, and −1 is what remains.
        string shaped = granularity switch
        {
            RandomGranularity.Channel => Add(graph, "Reshape", [source, Integers(graph, 0, channels, -1)], $"{name}_channels",
                $"{name}_channels"),
            RandomGranularity.Layer => Add(graph, "Reshape", [source, Integers(graph, 0, -1)], $"{name}_units", $"{name}_units"),
            _ => source,
        };
        int axis = granularity switch { RandomGranularity.Channel => 2, RandomGranularity.Layer => 1, _ => 0 };
        string like = Add(graph, "Gather", [shaped, Integers(graph, 0)], $"{name}_like", $"{name}_like",
            [new AttributeProto { Name = "axis", Type = AttributeType.Int, I = axis }]);
        return (shaped, like);
    }

    /// <summary>The channels of an image that may have been flattened: the filters of the convolution that it comes from, through nodes
    /// that keep channels apart;
    /// 0 for what has none, whose second axis is then that of its units.</summary>
    private static long Channels(GraphProto graph, string tensor, NodeProto[] all)
    {
        for (NodeProto? from = Maker(tensor, all); from is not null && from.Input.Count > 0; from = Maker(from.Input[0], all))
        {
            if (from.OpType is "Conv" or "FusedConv") return graph.Initializer.FirstOrDefault(t =>
                t.Name == from.Input[1])?.Dims is [long filters, ..] ? filters : 0;
            if (!KeepsChannels.Contains(from.OpType)) return 0;
        }
        return 0;
    }

    private static readonly string[] KeepsChannels =
        ["Flatten", "Reshape", "Add", "Sum", "Sub", "Identity", "BatchNormalization", "InstanceNormalization", "AveragePool", "MaxPool",
            "Relu", "LeakyRelu", "PRelu", "Clip", "Max", "Dropout", "Mul"];

    private static NodeProto? Maker(string tensor, NodeProto[] all) => Array.Find(all, n => n.Output.Contains(tensor));

    private string Integers(GraphProto graph, params long[] values)
    {
        string name = Fresh("orthant_shape");
        graph.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = (int)DataType.Int64,
            Dims = { values.Length },
            Int64Data = { values }
        });
        return name;
    }

    private const string Quantised = "quantised nodes may cut off below zero by themselves; that is not replaced";

    private string Slope(GraphProto graph, string like, string name, bool isOutermost)
    {
        if (slopesAreInputs) return SlopeInput(graph, name, isOutermost);
        string slope = $"{name}_slope";
        switch (law.Kind)
        {
            case ActivationLawKind.RandomizedLeaky:
                return Uniform(graph, like, slope, law.First, law.Second);
            case ActivationLawKind.ReciprocalLeaky:
                return Add(graph, "Reciprocal", [Uniform(graph, like, $"{name}_divisor", law.First, law.Second)], slope, slope);
            case ActivationLawKind.DropRelu:
                string u = Uniform(graph, like, $"{name}_uniform", 0, 1);
                return Indicator(graph, "Greater", u, law.First, slope);
            case ActivationLawKind.SymmetricDrop:
                string v = Uniform(graph, like, $"{name}_uniform", 0, 1);
                string up = Indicator(graph, "Less", v, law.First / 2, $"{name}_up"),
                    down = Indicator(graph, "Greater", v, 1 - (law.First / 2), $"{name}_down");
                return Add(graph, "Sub", [up, down], slope, slope);
            default:
                return Constant(graph, (float)law.MeanSlope);
        }
    }

    private void AddDropout(GraphProto graph, string source, string like, string output, string name, bool isOutermost)
    {
        string relu = Add(graph, "Relu", [source], $"{name}_relu", $"{name}_relu");
        double keep = 1 - law.First;
        string mask = slopesAreInputs
            ? SlopeInput(graph, name, isOutermost)
            : Indicator(graph, "Less", Uniform(graph, like, $"{name}_uniform", 0, 1), keep, $"{name}_mask");
        string kept = Add(graph, "Mul", [relu, mask], $"{name}_kept", $"{name}_kept");
        Add(graph, "Mul", [kept, Constant(graph, (float)(1 / keep))], output, name);
    }

    /// <summary>An input of the whole graph that is to be given what would be drawn: slopes, or for dropout a mask of zeros and
    /// ones.</summary>
    private string SlopeInput(GraphProto graph, string name, bool isOutermost)
    {
        if (!isOutermost) throw new OrthantInputException(graph.Name, name, "an activation inside a branch or a loop",
            "a graph without, when slopes are inputs");
        string input = Fresh($"{name}_{(law.Kind == ActivationLawKind.Dropout ? "mask" : "slope")}");
        graph.Input.Add(new ValueInfoProto
        {
            Name = input,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } }
        });
        return input;
    }

    private static string Uniform(GraphProto graph, string like, string name, double low, double high) =>
        Add(graph, "RandomUniformLike", [like], name, name,
    [
        new AttributeProto { Name = "low", Type = AttributeType.Float, F = (float)low },
        new AttributeProto { Name = "high", Type = AttributeType.Float, F = (float)high },
    ]);

    private string Indicator(GraphProto graph, string comparison, string value, double threshold, string name)
    {
        string holds = Add(graph, comparison, [value, Constant(graph, (float)threshold)], $"{name}_holds", $"{name}_holds");
        return Add(graph, "Cast", [holds], name, name, [new AttributeProto { Name = "to", Type = AttributeType.Int, I = (long)type }]);
    }

    private string Constant(GraphProto graph, float value)
    {
        string name = Fresh("orthant_constant");
        TensorProto tensor = new() { Name = name, DataType = (int)type, Dims = { 1 } };
        switch (type)
        {
            case DataType.Double: tensor.DoubleData.Add(value); break;
            case DataType.Float16: tensor.Int32Data.Add(BitConverter.HalfToUInt16Bits((Half)value)); break;
            default: tensor.FloatData.Add(value); break;
        }
        graph.Initializer.Add(tensor);
        return name;
    }

    private static string Add(GraphProto graph, string operation, string[] inputs, string output, string name,
        params AttributeProto[] attributes)
    {
        graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = name,
            Input = { inputs },
            Output = { output },
            Attribute = { attributes }
        });
        return output;
    }

    private string Fresh(string wish)
    {
        string name = wish;
        for (int i = 2; !names.Add(name); i++) name = $"{wish}_{i}";
        return name;
    }

    private void CollectNames(GraphProto graph)
    {
        names.UnionWith(graph.Initializer.Select(t => t.Name));
        names.UnionWith(graph.Input.Select(i => i.Name));
        foreach (NodeProto node in graph.Node)
        {
            names.Add(node.Name);
            names.UnionWith(node.Output);
        }
    }

    /// <summary>Constants of one element.</summary>
    private static Dictionary<string, float> Scalars(GraphProto graph)
    {
        Dictionary<string, float> scalars = [];
        foreach (TensorProto tensor in graph.Initializer) Note(tensor.Name, tensor, scalars);
        foreach (NodeProto node in graph.Node.Where(n => n.OpType == "Constant" && n.Output.Count == 1))
        {
            foreach (AttributeProto attribute in node.Attribute)
            {
                if (attribute.T is TensorProto tensor) Note(node.Output[0], tensor, scalars);
                else if (attribute.Name == "value_float") scalars[node.Output[0]] = attribute.F;
            }
        }
        return scalars;
    }

    private static void Note(string name, TensorProto tensor, Dictionary<string, float> scalars)
    {
        if (tensor.Dims.Aggregate(1L, (a, b) => a * b) != 1 || tensor.ExternalData.Count > 0) return;
        switch ((DataType)tensor.DataType)
        {
            case DataType.Float:
                scalars[name] = tensor.FloatData.Count == 1 ? tensor.FloatData[0] : tensor.RawData.Length == 4
                    ? BitConverter.ToSingle(tensor.RawData.Span) : float.NaN;
                break;
            case DataType.Double:
                scalars[name] = (float)(tensor.DoubleData.Count == 1 ? tensor.DoubleData[0] : tensor.RawData.Length == 8
                    ? BitConverter.ToDouble(tensor.RawData.Span) : double.NaN);
                break;
            case DataType.Float16:
                scalars[name] = (float)(tensor.Int32Data.Count == 1
                    ? BitConverter.UInt16BitsToHalf((ushort)tensor.Int32Data[0])
                    : tensor.RawData.Length == 2 ? BitConverter.ToHalf(tensor.RawData.Span) : Half.NaN);
                break;
        }
    }

    private static float Value(string name, Dictionary<string, float> constants, float otherwise) =>
        name.Length == 0 ? otherwise : constants.TryGetValue(name, out float value) ? value : float.NaN;

    private static float Number(NodeProto node, string name, float otherwise) =>
        node.Attribute.FirstOrDefault(a => a.Name == name) is AttributeProto attribute ? attribute.F : otherwise;

    /// <summary>Whether a tensor comes, within a few nodes that each have one use, to a Sigmoid whose result is multiplied.</summary>
    private static bool IsGate(string tensor, NodeProto[] all, int depth)
    {
        if (depth == 0) return false;
        NodeProto[] users = [.. all.Where(n => n.Input.Contains(tensor))];
        if (users is not [NodeProto user] || user.Output.Count != 1) return false;
        if (user.OpType is "Sigmoid" or "HardSigmoid") return all.Any(n => n.OpType == "Mul" && n.Input.Contains(user.Output[0]));
        return user.OpType is "Conv" or "Gemm" or "MatMul" or "Add" or "Reshape" or "Unsqueeze" && IsGate(user.Output[0], all, depth - 1);
    }
}
