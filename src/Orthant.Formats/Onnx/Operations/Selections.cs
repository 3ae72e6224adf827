using Orthant.Networks;

namespace Orthant.Formats.Onnx.Operations;

/// <summary>Operations that choose, repeat or put together numbers by constant places.</summary>
internal static class Selections
{
    public static GraphValue Concat(NodeContext node)
    {
        node.RequireAttributes("axis");
        node.RequireInputs(1, int.MaxValue);
        GraphValue[] parts = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        int rank = parts[0].Shape.Length;
        int axis = node.Axis(node.Integer("axis", 0), rank);
        foreach (GraphValue part in parts)
        {
            bool fits = part.Shape.Length == rank && Enumerable.Range(0, rank).All(d => d == axis || part.Shape[d] == parts[0].Shape[d]);
            if (!fits)
            {
                throw node.Error(
                    $"shapes ({string.Join(", ", parts[0].Shape)}) and ({string.Join(", ", part.Shape)})",
                    "equal lengths but for the axis");
            }
        }
        int[] shape = [.. parts[0].Shape];
        shape[axis] = (int)Math.Min(parts.Sum(p => (long)p.Shape[axis]), int.MaxValue);
        SignalAlgebra.Checked(node, shape);
        int[] order = Order(parts, axis);
        if (Array.TrueForAll(parts, p => p is ConstantValue)) return Constants(parts, shape, order);
        Signal[] signals = [.. parts.Select(
            p => p is SignalValue s ? s.Signal : throw node.Error("constants put beside a tensor that depends on the input", "one kind"))];
        SignalValue joined = new([signals.Sum(s => s.Size)], new JoinSignal(signals, BranchJoin.Concatenation) { Group = node.Group });
        return SignalAlgebra.Select(node, joined, shape, order);
    }

    public static GraphValue Slice(NodeContext node)
    {
        node.RequireAttributes("starts", "ends", "axes");
        node.RequireInputs(1, 5);
        GraphValue x = node.Input(0);
        int rank = x.Shape.Length;
        long[] starts = node.IntegerList("starts", 1) ?? throw node.Error("no starts", "where to begin");
        long[] ends = node.IntegerList("ends", 2) ?? throw node.Error("no ends", "where to end");
        long[] axes = node.IntegerList("axes", 3) ?? [.. Enumerable.Range(0, starts.Length).Select(a => (long)a)];
        long[] steps = node.Has(4) ? node.Integers(4) : [.. Enumerable.Repeat(1L, starts.Length)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
        {
            throw node.Error("lists of different lengths", "equal ones");
        }
        int[] shape = [.. x.Shape], strides = SignalAlgebra.Strides(x.Shape);
        int first = 0;
        HashSet<int> seen = [];
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = node.Axis(axes[i], rank);
            if (!seen.Add(axis)) throw node.Error($"axis {axis} twice", "each axis once");
            if (steps[i] == 0 || Math.Abs((decimal)steps[i]) > int.MaxValue)
            {
                throw node.Error($"a step of {steps[i]}", "a step other than 0");
            }
            long length = x.Shape[axis], step = steps[i];
            long lowest = step > 0 ? 0 : -1, highest = step > 0 ? length : length - 1;
            long from = Math.Clamp(starts[i] < 0 ? Math.Max(starts[i], -length - 1) + length : starts[i], step > 0 ? 0 : -1, highest);
            long to = Math.Clamp(ends[i] < 0 ? Math.Max(ends[i], -length - 1) + length : ends[i], lowest, highest);
            long count = step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
            shape[axis] = (int)Math.Max(0, count);
            first += (int)from * strides[axis];
            strides[axis] *= (int)step;
        }
        SignalAlgebra.Checked(node, shape);
        return SignalAlgebra.Select(node, x, shape, SignalAlgebra.Places(shape, strides, first));
    }

    public static GraphValue Gather(NodeContext node)
    {
        node.RequireAttributes("axis");
        node.RequireInputs(2, 2);
        GraphValue x = node.Input(0);
        int axis = node.Axis(node.Integer("axis", 0), x.Shape.Length);
        int length = x.Shape[axis];
        ConstantValue chosen = node.Constant(1);
        long[] indices = node.Integers(1);
        foreach (long i in indices)
        {
            if (i < -length || i >= length) throw node.Error($"index {i}", $"from {-length} to {length - 1}");
        }
        int[] shape = SignalAlgebra.Checked(node, [.. x.Shape[..axis], .. chosen.Shape, .. x.Shape[(axis + 1)..]]);
        int inner = SignalAlgebra.Product(x.Shape.AsSpan(axis + 1)), outer = SignalAlgebra.Product(x.Shape.AsSpan(0, axis));
        int[] places = new int[SignalAlgebra.Product(shape)];
        int at = 0;
        for (int o = 0; o < outer; o++)
        {
            foreach (long i in indices)
            {
                int from = ((o * length) + (int)(i < 0 ? i + length : i)) * inner;
                for (int k = 0; k < inner; k++) places[at++] = from + k;
            }
        }
        return SignalAlgebra.Select(node, x, shape, places);
    }

    /// <summary>Consecutive stretches of one axis.</summary>
    public static GraphValue[] Split(NodeContext node)
    {
        node.RequireAttributes("axis", "split", "num_outputs");
        node.RequireInputs(1, 2);
        GraphValue x = node.Input(0);
        int axis = node.Axis(node.Integer("axis", 0), x.Shape.Length), length = x.Shape[axis], count = node.OutputCount;
        int even = (length + count - 1) / count;
        long[] sizes = node.IntegerList("split", 1)
            ?? [.. Enumerable.Range(0, count).Select(i => (long)Math.Clamp(length - (i * even), 0, even))];
        bool fits = sizes.Length == count && Array.TrueForAll(sizes, s => s >= 0 && s <= length) && sizes.Sum() == length;
        if (!fits) throw node.Error($"parts of {string.Join(", ", sizes)}", $"{count} parts of {length} in all");
        int[] strides = SignalAlgebra.Strides(x.Shape);
        GraphValue[] parts = new GraphValue[count];
        int start = 0;
        for (int i = 0; i < count; i++)
        {
            int[] shape = [.. x.Shape];
            shape[axis] = (int)sizes[i];
            SignalAlgebra.Checked(node, shape);
            parts[i] = SignalAlgebra.Select(node, x, shape, SignalAlgebra.Places(shape, strides, start * strides[axis]));
            start += (int)sizes[i];
        }
        return parts;
    }

    /// <summary>A frame of zeros, or of one other number.</summary>
    public static GraphValue Pad(NodeContext node)
    {
        node.RequireAttributes("mode", "pads", "value");
        node.RequireInputs(1, 4);
        if (node.Text("mode", "constant") is not "constant" and var mode) throw node.Error($"mode '{mode}'", "mode 'constant'");
        SignalValue x = node.Signal(0);
        int rank = x.Shape.Length;
        long[] given = node.IntegerList("pads", 1) ?? throw node.Error("no pads", "the widths of the frame");
        double value = node.HasAttribute("value") ? node.Float("value", 0) : node.Has(2) ? node.Number(2) : 0;
        int[] axes = node.Has(3) ? [.. node.Integers(3).Select(a => node.Axis(a, rank))] : [.. Enumerable.Range(0, rank)];
        if (given.Length != 2 * axes.Length || !double.IsFinite(value))
        {
            throw node.Error($"{given.Length} widths", $"{2 * axes.Length}, and a finite value");
        }
        int[] before = new int[rank], shape = [.. x.Shape];
        for (int i = 0; i < axes.Length; i++)
        {
            long left = given[i], right = given[axes.Length + i];
            if (Math.Abs((decimal)left) > Signal.LargestSize || Math.Abs((decimal)right) > Signal.LargestSize)
            {
                throw node.Error($"widths {left} and {right}", "smaller ones");
            }
            before[axes[i]] = (int)left;
            shape[axes[i]] += (int)(left + right);
        }
        SignalAlgebra.Checked(node, shape);
        int[] own = SignalAlgebra.Strides(x.Shape), outer = SignalAlgebra.Strides(shape);
        int[] places = new int[SignalAlgebra.Product(shape)];
        for (int i = 0; i < places.Length; i++)
        {
            int place = 0;
            for (int d = 0; d < rank && place >= 0; d++)
            {
                int at = (i / outer[d] % shape[d]) - before[d];
                place = at >= 0 && at < x.Shape[d] ? place + (at * own[d]) : -1;
            }
            places[i] = place;
        }
        double[]? bias = value == 0 ? null : Array.ConvertAll(places, p => p < 0 ? value : 0);
        return SignalAlgebra.Affine(node, x, shape, SparseOperator.Select(x.Count, places), bias);
    }

    public static GraphValue Expand(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(2, 2);
        GraphValue x = node.Input(0);
        long[] wanted = node.Integers(1);
        if (wanted.Length > 64 || wanted.Any(l => l is < 0 or > int.MaxValue))
        {
            throw node.Error($"shape {ByteSize.Text(wanted)}", "a shape");
        }
        int[] shape = SignalAlgebra.BroadcastShape(node, x.Shape, Array.ConvertAll(wanted, l => (int)l));
        return x is ConstantValue constant
            ? SignalAlgebra.Broadcast(node, constant, shape)
            : SignalAlgebra.Broadcast(node, (SignalValue)x, shape);
    }

    private static ConstantValue Constants(GraphValue[] parts, int[] shape, int[] order)
    {
        ConstantValue[] constants = [.. parts.Cast<ConstantValue>()];
        int[] flat = [order.Length];
        if (Array.TrueForAll(constants, c => c.Integers is not null))
        {
            return ConstantValue.OfIntegers(flat, [.. constants.SelectMany(c => c.Integers!)]).Selected(shape, order);
        }
        double error = constants.Max(c => c.RelativeError);
        ConstantValue all = ConstantValue.OfNumbers(flat, [.. constants.SelectMany(c => c.Numbers)]) with { RelativeError = error };
        return all.Selected(shape, order);
    }

    /// <summary>Where in the parts, one after the other, each number of the concatenation along an axis stands.</summary>
    private static int[] Order(GraphValue[] parts, int axis)
    {
        int[] order = new int[parts.Sum(p => p.Count)];
        int outer = SignalAlgebra.Product(parts[0].Shape.AsSpan(0, axis)), at = 0;
        for (int o = 0; o < outer; o++)
        {
            int start = 0;
            foreach (GraphValue part in parts)
            {
                int stretch = part.Count / outer;
                for (int k = 0; k < stretch; k++) order[at++] = start + (o * stretch) + k;
                start += part.Count;
            }
        }
        return order;
    }
}
