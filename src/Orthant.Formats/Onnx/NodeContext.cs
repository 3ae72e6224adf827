using System.Text;
using AttributeType = Orthant.Formats.Onnx.AttributeProto.Types.AttributeType;

namespace Orthant.Formats.Onnx;

/// <summary>A node of a graph as its operation sees it: its inputs as values, its attributes by name and type, and how to report an
/// error.</summary>
internal sealed class NodeContext
{
    private readonly NodeProto node;
    private readonly GraphValue?[] inputs;
    private readonly Dictionary<string, AttributeProto> attributes = [];

    public NodeContext(GraphContext graph, NodeProto node, int index, GraphValue?[] inputs)
    {
        Graph = graph;
        this.node = node;
        this.inputs = inputs;
        Place = PlaceOf(node, index);
        foreach (AttributeProto attribute in node.Attribute)
        {
            if (!attributes.TryAdd(attribute.Name, attribute))
            {
                throw Error($"attribute '{attribute.Name}' a second time", "each attribute once");
            }
        }
        if (graph.IsOwnFile && node.Name.LastIndexOf('/') is > 0 and int end) Group = node.Name[..end];
    }

    /// <summary>How an error calls a node: its number, name and operation.</summary>
    public static string PlaceOf(NodeProto node, int index) =>
        node.Name.Length == 0 ? $"node {index} ({node.OpType})" : $"node {index} '{node.Name}' ({node.OpType})";

    /// <summary>What all nodes of the graph share.</summary>
    public GraphContext Graph { get; }

    /// <summary>The node, for an error.</summary>
    public string Place { get; }

    /// <summary>The layer that the node's name says it belongs to, in a file of ours.</summary>
    public string? Group { get; }

    /// <summary>The number of inputs that the node lists, left out ones included.</summary>
    public int InputCount => inputs.Length;

    /// <summary>The number of outputs that the node lists.</summary>
    public int OutputCount => node.Output.Count;

    /// <summary>Refuses a number of inputs out of bounds.</summary>
    public void RequireInputs(int least, int largest)
    {
        if (inputs.Length >= least && inputs.Length <= largest) return;
        throw Error($"{inputs.Length} inputs", least == largest ? $"{least}" : $"from {least} to {largest}");
    }

    /// <summary>Refuses attributes that the operation does not have.</summary>
    public void RequireAttributes(params ReadOnlySpan<string> known)
    {
        foreach (string name in attributes.Keys)
        {
            if (known.Contains(name)) continue;
            string expected = known.Length == 0
                ? "no attributes"
                : $"one of {string.Join(", ", known.ToArray())}{Suggestion.For(name, known.ToArray())}";
            throw Error($"attribute '{name}'", expected);
        }
    }

    /// <summary>Whether an input is there.</summary>
    public bool Has(int input) => input < inputs.Length && inputs[input] is not null;

    /// <summary>An input that has to be there.</summary>
    public GraphValue Input(int input) =>
        Has(input) ? inputs[input]! : throw Error($"no input {input}", "a tensor");

    /// <summary>An input that has to depend on the network's input.</summary>
    public SignalValue Signal(int input) =>
        Input(input) as SignalValue ?? throw Error($"a constant as input {input}", "a tensor that depends on the network's input");

    /// <summary>An input that has to be the same for every input of the network.</summary>
    public ConstantValue Constant(int input) =>
        Input(input) as ConstantValue
        ?? throw Error(
            $"input {input} '{node.Input[input]}' that depends on the network's input",
            "a constant, for the network to be piecewise linear");

    /// <summary>A constant of one number that the file states.</summary>
    public double Number(int input)
    {
        ConstantValue constant = Constant(input);
        if (constant.Count != 1) throw Error($"{constant.Count} numbers as input {input}", "one number");
        if (constant.RelativeError != 0) throw Error($"a rounded number as input {input}", "a number that the file states");
        return constant.Numbers[0];
    }

    /// <summary>A constant list of integers.</summary>
    public long[] Integers(int input) => Constant(input).Integers ?? throw Error($"floating-point numbers as input {input}", "integers");

    /// <summary>Whether an attribute is there.</summary>
    public bool HasAttribute(string name) => attributes.ContainsKey(name);

    /// <summary>An integer attribute.</summary>
    public long Integer(string name, long otherwise) => Attribute(name, AttributeType.Int, a => a.HasI)?.I ?? otherwise;

    /// <summary>An attribute that is 0 or 1.</summary>
    public bool Flag(string name, bool otherwise = false) => Integer(name, otherwise ? 1 : 0) switch
    {
        0 => false,
        1 => true,
        long other => throw Error($"{other} for attribute '{name}'", "0 or 1"),
    };

    /// <summary>A finite floating-point attribute.</summary>
    public float Float(string name, float otherwise)
    {
        float value = Attribute(name, AttributeType.Float, a => a.HasF)?.F ?? otherwise;
        return float.IsFinite(value) ? value : throw Error($"{value} for attribute '{name}'", "a finite number");
    }

    /// <summary>A text attribute.</summary>
    public string Text(string name, string otherwise) =>
        Attribute(name, AttributeType.String, a => a.HasS) is { } a ? Encoding.UTF8.GetString(a.S.Span) : otherwise;

    /// <summary>An attribute of several integers, or null when it is not there.</summary>
    public long[]? IntegerList(string name) => Attribute(name, AttributeType.Ints, _ => true) is { } a ? [.. a.Ints] : null;

    /// <summary>A tensor attribute, or null when it is not there.</summary>
    public ConstantValue? Tensor(string name) =>
        Attribute(name, AttributeType.Tensor, a => a.T is not null) is { } a
            ? TensorData.Read(Graph.Source, $"{Place}, attribute '{name}'", a.T)
            : null;

    /// <summary>Integers that stand in an attribute in older operator sets and in an input in newer ones; null when in neither.</summary>
    public long[]? IntegerList(string attribute, int input) =>
        HasAttribute(attribute) ? IntegerList(attribute) : Has(input) ? Integers(input) : null;

    /// <summary>An axis counted from the front.</summary>
    public int Axis(long axis, int rank) =>
        axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Error($"axis {axis}", $"an axis of {rank} dimensions");

    /// <summary>An error at this node.</summary>
    public OrthantInputException Error(string found, string expected, Exception? cause = null) =>
        new(Graph.Source, Place, found, expected, cause);

    private AttributeProto? Attribute(string name, AttributeType type, Func<AttributeProto, bool> holds)
    {
        if (!attributes.TryGetValue(name, out AttributeProto? attribute)) return null;
        if (attribute.HasRefAttrName) throw Error($"attribute '{name}' that refers to a function's", "a value");
        // Files of the first format version leave the type out.
        bool typed = !attribute.HasType || attribute.Type == AttributeType.Undefined || attribute.Type == type;
        if (typed && holds(attribute)) return attribute;
        throw Error($"attribute '{name}' of type {attribute.Type}", $"type {type}");
    }
}
