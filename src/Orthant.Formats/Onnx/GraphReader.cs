using Orthant.Networks;

namespace Orthant.Formats.Onnx;

/// <summary>Lowers the nodes that one output of a graph depends on, each after those it reads from.</summary>
internal sealed class GraphReader
{
    private const int OldestOperatorSet = 7;
    private const int NewestOperatorSet = 22;

    private readonly string source;
    private readonly ModelProto model;
    private readonly GraphProto graph;
    private readonly GraphContext context;
    private readonly Dictionary<string, GraphValue> values = [];
    private readonly Dictionary<string, int> producers = [];
    private readonly Dictionary<string, TensorProto> initialisers = [];

    public GraphReader(string source, ModelProto model)
    {
        this.source = source;
        this.model = model;
        graph = model.Graph;
        context = new GraphContext(source, model.ProducerName == OnnxWriter.Producer);
    }

    public LoadedModel Read()
    {
        CheckOperatorSets();
        foreach (TensorProto initialiser in graph.Initializer)
        {
            if (!initialisers.TryAdd(initialiser.Name, initialiser))
            {
                throw Error($"initialiser '{initialiser.Name}'", "a second tensor of that name", "distinct names");
            }
        }
        if (graph.SparseInitializer.Count > 0) throw Error("graph", "sparse initialisers", "dense ones");
        ValueInfoProto input = SingleInput();
        (int[] shape, long[] stated, ElementType type) = InputType(input);
        InputSignal signal = new(SignalAlgebra.Product(shape));
        values.Add(input.Name, new SignalValue(shape, signal));
        ListProducers();
        (string outputName, string tensor) = WithoutTail();
        LowerUntil(tensor);
        if (values[tensor] is not SignalValue output)
        {
            throw Error($"output '{outputName}'", "a constant", "an output that depends on the input");
        }
        return Finish(signal, output, input.Name, stated, outputName, type);
    }

    private LoadedModel Finish(
        InputSignal input, SignalValue output, string inputName, long[] inputShape, string outputName, ElementType type)
    {
        List<Layer> layers = LayerSequence.Build(source, input, output.Signal);
        if (layers.Count == 0) layers.Add(new AffineLayer(new IdentityOperator(input.Size), []));
        Dictionary<string, string> metadata = [];
        foreach (StringStringEntryProto entry in model.MetadataProps)
        {
            if (!metadata.TryAdd(entry.Key, entry.Value)) throw Error($"metadata '{entry.Key}'", "the key a second time", "distinct keys");
        }
        ReluNetwork network = new(layers, type, context.IsOwnFile && graph.Name == GraphWriter.NoName ? "" : graph.Name, metadata);
        return new LoadedModel(
            network, [.. context.Notes.Distinct()], inputName, [.. inputShape], outputName, [.. output.Shape.Select(l => (long)l)]);
    }

    private void CheckOperatorSets()
    {
        OperatorSetIdProto? standard = model.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx");
        if (standard is null)
        {
            throw Error("operator sets", "none of the standard domain", $"one from {OldestOperatorSet} to {NewestOperatorSet}");
        }
        if (standard.Version < OldestOperatorSet)
        {
            throw Error("operator sets", $"version {standard.Version}", $"{OldestOperatorSet} to {NewestOperatorSet}");
        }
        if (standard.Version > NewestOperatorSet)
        {
            context.Notes.Add($"Operator set {standard.Version} is newer than {NewestOperatorSet}, by which its operations are read.");
        }
    }

    private ValueInfoProto SingleInput()
    {
        ValueInfoProto[] inputs = [.. graph.Input.Where(i => !initialisers.ContainsKey(i.Name))];
        if (inputs.Length == 1) return inputs[0];
        string names = string.Join(", ", inputs.Take(5).Select(i => $"'{i.Name}'"));
        throw Error("graph", inputs.Length == 0 ? "no input" : $"{inputs.Length} inputs ({names})", "one input");
    }

    /// <summary>The input's lengths with a symbolic batch as 1, as stated, and its element type.</summary>
    private (int[] Shape, long[] Stated, ElementType Type) InputType(ValueInfoProto input)
    {
        string place = $"input '{input.Name}'";
        TypeProto.Types.Tensor tensor = input.Type?.TensorType
            ?? throw Error(place, "no tensor type", "a tensor of floating-point numbers");
        ElementType type = (TensorProto.Types.DataType)tensor.ElemType switch
        {
            TensorProto.Types.DataType.Float => ElementType.Float32,
            TensorProto.Types.DataType.Double => ElementType.Float64,
            TensorProto.Types.DataType.Float16 => ElementType.Float16,
            _ => throw Error(place, $"element type {TensorData.NameOf(tensor.ElemType)}", "Float, Double or Float16"),
        };
        if (tensor.Shape is null) throw Error(place, "no shape", "a shape");
        long[] stated = [.. tensor.Shape.Dim.Select(
            d => d.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue && d.DimValue > 0 ? d.DimValue : -1)];
        long size = 1;
        for (int d = 0; d < stated.Length; d++)
        {
            if (stated[d] < 0 && d > 0)
            {
                throw Error(place, $"an unknown length for dimension {d}", "a number; only the batch, dimension 0, may be unknown");
            }
            size = Math.Min(size * Math.Max(stated[d], 1), int.MaxValue);
            if (stated[d] > Signal.LargestSize || size > Signal.LargestSize)
            {
                throw Error(place, $"shape {ByteSize.Text(stated)}", $"at most {Signal.LargestSize} numbers");
            }
        }
        return ([.. stated.Select(l => (int)Math.Max(l, 1))], stated, type);
    }

    private void ListProducers()
    {
        for (int index = 0; index < graph.Node.Count; index++)
        {
            foreach (string output in graph.Node[index].Output)
            {
                if (output.Length == 0) continue;
                if (producers.TryAdd(output, index) && !initialisers.ContainsKey(output) && !values.ContainsKey(output)) continue;
                throw Error(Place(index), $"output '{output}', a name that is taken", "distinct names of tensors");
            }
        }
    }

    /// <summary>The first output, and the tensor from which it is computed by operations that only turn scores into something
    /// else.</summary>
    private (string Output, string Tensor) WithoutTail()
    {
        if (graph.Output.Count == 0) throw Error("graph", "no output", "an output");
        string output = graph.Output[0].Name, tensor = output;
        if (graph.Output.Count > 1) context.Notes.Add($"Of {graph.Output.Count} outputs the first, '{output}', is read.");
        string at = tensor;
        // A reshaping may stand between the scores and what is left out.
        for (int steps = 0; steps < graph.Node.Count && producers.TryGetValue(at, out int index); steps++)
        {
            NodeProto node = graph.Node[index];
            bool tail = OperationTable.Tails.Contains(node.OpType);
            if (node.Input.Count == 0 || !(
                tail || node.OpType is "Identity" or "Cast" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze"))
            {
                break;
            }
            at = node.Input[0];
            if (!tail) continue;
            context.Notes.Add($"{node.OpType} at the end is left out: the outputs are what it is computed from.");
            tensor = at;
        }
        return (output, tensor);
    }

    /// <summary>Lowers all nodes that a tensor depends on, without recursion, so that depth is no limit.</summary>
    private void LowerUntil(string wanted)
    {
        Stack<(string Tensor, string? Reader)> pending = new([(wanted, null)]);
        HashSet<int> open = [];
        while (pending.TryPeek(out (string Tensor, string? Reader) item))
        {
            if (values.ContainsKey(item.Tensor) || TryInitialiser(item.Tensor))
            {
                pending.Pop();
                continue;
            }
            if (!producers.TryGetValue(item.Tensor, out int index))
            {
                IEnumerable<string> known = producers.Keys.Concat(initialisers.Keys).Concat(values.Keys).Take(1000);
                throw Error(
                    item.Reader ?? "graph", $"tensor '{item.Tensor}', which nothing computes",
                    $"a tensor of the graph{Suggestion.For(item.Tensor, known)}");
            }
            string[] missing = [.. graph.Node[index].Input.Where(
                i => i.Length > 0 && !values.ContainsKey(i) && !TryInitialiser(i)).Distinct()];
            if (missing.Length == 0)
            {
                Lower(index);
                open.Remove(index);
                pending.Pop();
                continue;
            }
            if (!open.Add(index)) throw Error(Place(index), "a cycle: the node reads what is computed from it", "a graph without cycles");
            foreach (string tensor in missing) pending.Push((tensor, Place(index)));
        }
    }

    private bool TryInitialiser(string name)
    {
        if (!initialisers.TryGetValue(name, out TensorProto? tensor)) return false;
        values.Add(name, TensorData.Read(source, $"initialiser '{name}'", tensor));
        return true;
    }

    private void Lower(int index)
    {
        NodeProto node = graph.Node[index];
        bool standard = node.Domain is "" or "ai.onnx";
        if (!standard || !OperationTable.Known.TryGetValue(node.OpType, out OperationTable.Lowering? lowering))
        {
            string name = standard ? node.OpType : $"{node.Domain}.{node.OpType}";
            string suggestion = standard ? Suggestion.For(node.OpType, OperationTable.Known.Keys) : "";
            throw Error(Place(index), $"operation {name}", $"one that is piecewise linear and known{suggestion}");
        }
        GraphValue?[] inputs = [.. node.Input.Select(i => i.Length == 0 ? null : values[i])];
        GraphValue[] outputs = lowering(new NodeContext(context, node, index, inputs));
        for (int i = 0; i < Math.Min(outputs.Length, node.Output.Count); i++)
        {
            if (node.Output[i].Length > 0) values[node.Output[i]] = outputs[i];
        }
        // An output that inference does not have, such as the mask of a dropout, is an error only for who reads it.
        if (node.Output.Skip(outputs.Length).FirstOrDefault(o => o.Length > 0 && IsRead(o)) is { } unread)
        {
            throw Error(Place(index), $"output '{unread}' in use", $"only the first {outputs.Length} outputs");
        }
    }

    private bool IsRead(string tensor) => graph.Node.Any(n => n.Input.Contains(tensor)) || graph.Output.Any(o => o.Name == tensor);

    private string Place(int index) => NodeContext.PlaceOf(graph.Node[index], index);

    private OrthantInputException Error(string place, string found, string expected) => new(source, place, found, expected);
}
