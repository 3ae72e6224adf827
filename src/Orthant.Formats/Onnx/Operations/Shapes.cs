namespace Orthant.Formats.Onnx.Operations;

/// <summary>Operations that rename, reshape or reorder numbers without changing them.</summary>
internal static class Shapes
{
    public static GraphValue Identity(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(1, 1);
        // In a file of ours, it is a layer that was there.
        return node.Group is not null && node.Input(0) is SignalValue x ? SignalAlgebra.Affine(node, x, x.Shape, null) : node.Input(0);
    }

    /// <summary>What dropout is when a network is used: nothing.</summary>
    public static GraphValue Dropout(NodeContext node)
    {
        node.RequireAttributes("ratio", "seed", "is_test");
        node.RequireInputs(1, 3);
        if (node.Has(2) && node.Constant(2).Numbers.Any(n => n != 0))
        {
            throw node.Error("dropout in training mode", "a network for inference");
        }
        return node.Input(0);
    }

    public static GraphValue Cast(NodeContext node)
    {
        node.RequireAttributes("to", "saturate");
        node.RequireInputs(1, 1);
        var type = (TensorProto.Types.DataType)node.Integer("to", 0);
        bool toNumbers = type is TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Double;
        switch (node.Input(0))
        {
            case SignalValue x when toNumbers:
                return x;
            case ConstantValue { Integers: not null } c when type is TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Int32:
                return c;
            case ConstantValue c when type is TensorProto.Types.DataType.Double
                || (toNumbers && Array.TrueForAll(c.Numbers, n => n == (float)n)):
                return ConstantValue.OfNumbers(c.Shape, c.Numbers) with { RelativeError = c.RelativeError };
            case ConstantValue { Integers: null } c when type is TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Int32:
                if (Array.TrueForAll(c.Numbers, n => Math.Abs(n) < 1L << 31))
                {
                    return ConstantValue.OfIntegers(c.Shape, Array.ConvertAll(c.Numbers, n => (long)n));
                }
                break;
        }
        throw node.Error($"a cast to {TensorData.NameOf((int)node.Integer("to", 0))}", "a cast that changes no number");
    }

    public static GraphValue Flatten(NodeContext node)
    {
        node.RequireAttributes("axis");
        node.RequireInputs(1, 1);
        GraphValue x = node.Input(0);
        long axis = node.Integer("axis", 1);
        int cut = axis == x.Shape.Length ? x.Shape.Length : node.Axis(axis, x.Shape.Length);
        int rows = SignalAlgebra.Product(x.Shape.AsSpan(0, cut));
        return SignalAlgebra.Reshape(node, x, [rows, SignalAlgebra.Product(x.Shape.AsSpan(cut))]);
    }

    public static GraphValue Reshape(NodeContext node)
    {
        node.RequireAttributes("shape", "allowzero");
        node.RequireInputs(1, 2);
        GraphValue x = node.Input(0);
        long[] wanted = node.IntegerList("shape", 1) ?? throw node.Error("no shape", "the shape to give");
        if (wanted.Length > 64) throw node.Error($"{wanted.Length} dimensions", "at most 64");
        bool zeroIsZero = node.Flag("allowzero");
        int[] shape = new int[wanted.Length];
        int open = -1;
        long known = 1;
        for (int d = 0; d < shape.Length; d++)
        {
            long length = wanted[d];
            if (length == 0 && !zeroIsZero)
            {
                length = d < x.Shape.Length
                    ? x.Shape[d]
                    : throw node.Error($"0 for dimension {d}", $"one of the {x.Shape.Length} there are");
            }
            if (length == -1 && open < 0)
            {
                open = d;
                continue;
            }
            if (length is < 0 or > int.MaxValue) throw node.Error($"the length {length}", "a length, or -1 once");
            shape[d] = (int)length;
            known = Math.Min(known * length, int.MaxValue + 1L);
        }
        if (open >= 0)
        {
            if (known == 0 || x.Count % known != 0) throw node.Error($"{x.Count} numbers", $"a multiple of {known}");
            shape[open] = (int)(x.Count / known);
        }
        return SignalAlgebra.Reshape(node, x, shape);
    }

    public static GraphValue Squeeze(NodeContext node)
    {
        node.RequireAttributes("axes");
        node.RequireInputs(1, 2);
        GraphValue x = node.Input(0);
        int[]? axes = node.IntegerList("axes", 1)?.Select(a => node.Axis(a, x.Shape.Length)).ToArray();
        if (axes?.Any(a => x.Shape[a] != 1) == true)
        {
            throw node.Error($"shape ({string.Join(", ", x.Shape)})", "a length of 1 on every squeezed axis");
        }
        return SignalAlgebra.Reshape(node, x, [.. x.Shape.Where((length, d) => axes is null ? length != 1 : !axes.Contains(d))]);
    }

    public static GraphValue Unsqueeze(NodeContext node)
    {
        node.RequireAttributes("axes");
        node.RequireInputs(1, 2);
        GraphValue x = node.Input(0);
        long[] wanted = node.IntegerList("axes", 1) ?? throw node.Error("no axes", "the axes to add");
        if (wanted.Length + x.Shape.Length > 64) throw node.Error($"{wanted.Length} axes", "at most 64 dimensions in all");
        int[] axes = [.. wanted.Select(a => node.Axis(a, x.Shape.Length + wanted.Length))];
        if (axes.Distinct().Count() != axes.Length) throw node.Error("an axis twice", "distinct axes");
        Queue<int> own = new(x.Shape);
        return SignalAlgebra.Reshape(
            node, x, [.. Enumerable.Range(0, x.Shape.Length + axes.Length).Select(d => axes.Contains(d) ? 1 : own.Dequeue())]);
    }

    public static GraphValue Transpose(NodeContext node)
    {
        node.RequireAttributes("perm");
        node.RequireInputs(1, 1);
        GraphValue x = node.Input(0);
        int rank = x.Shape.Length;
        long[] perm = node.IntegerList("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(d => (long)d)];
        if (perm.Length != rank || !perm.Order().SequenceEqual(Enumerable.Range(0, rank).Select(d => (long)d)))
        {
            throw node.Error($"perm ({string.Join(", ", perm)})", $"a permutation of {rank} axes");
        }
        int[] strides = SignalAlgebra.Strides(x.Shape);
        int[] shape = [.. perm.Select(p => x.Shape[p])];
        return SignalAlgebra.Select(node, x, shape, SignalAlgebra.Places(shape, [.. perm.Select(p => strides[p])]));
    }

    /// <summary>The lengths of a tensor, a symbolic batch counted as 1.</summary>
    public static GraphValue Shape(NodeContext node)
    {
        node.RequireAttributes("start", "end");
        node.RequireInputs(1, 1);
        int[] shape = node.Input(0).Shape;
        int start = Bound(node.Integer("start", 0), shape.Length), end = Bound(node.Integer("end", shape.Length), shape.Length);
        long[] lengths = [.. shape.Take(end).Skip(start).Select(l => (long)l)];
        return ConstantValue.OfIntegers([lengths.Length], lengths);
    }

    public static GraphValue Constant(NodeContext node)
    {
        node.RequireAttributes("value", "value_float", "value_int", "value_ints");
        node.RequireInputs(0, 0);
        if (node.Tensor("value") is { } tensor) return tensor;
        if (node.HasAttribute("value_float")) return ConstantValue.OfNumbers([], [node.Float("value_float", 0)]);
        if (node.HasAttribute("value_int")) return ConstantValue.OfIntegers([], [node.Integer("value_int", 0)]);
        if (node.IntegerList("value_ints") is { } integers) return ConstantValue.OfIntegers([integers.Length], integers);
        throw node.Error("no tensor", "the attribute 'value'");
    }

    /// <summary>A tensor of one number over and over.</summary>
    public static GraphValue ConstantOfShape(NodeContext node)
    {
        node.RequireAttributes("value");
        node.RequireInputs(1, 1);
        long[] lengths = node.Integers(0);
        if (lengths.Length > 64 || lengths.Any(l => l is < 0 or > int.MaxValue))
        {
            throw node.Error($"shape {ByteSize.Text(lengths)}", "a shape");
        }
        int[] shape = SignalAlgebra.Checked(node, Array.ConvertAll(lengths, l => (int)l));
        ConstantValue value = node.Tensor("value") ?? ConstantValue.OfNumbers([1], [0]);
        if (value.Count != 1) throw node.Error($"a value of {value.Count} numbers", "one number");
        return value.Selected(shape, new int[SignalAlgebra.Product(shape)]);
    }

    private static int Bound(long at, int rank) => (int)Math.Clamp(at < 0 ? at + rank : at, 0, rank);
}
