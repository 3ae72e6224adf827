using Orthant.Networks;

namespace Orthant.Formats.Onnx;

/// <summary>The shapes and the affine maps that operations are lowered to.</summary>
internal static class SignalAlgebra
{
    /// <summary>Half a unit in the last place of a double of magnitude 1: what one correct rounding can be off, relatively.</summary>
    public const double UnitRoundoff = 1.1102230246251565e-16;

    /// <summary>An affine map of a signal.</summary>
    /// <param name="node">The node that asks for it.</param>
    /// <param name="x">What is mapped.</param>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="linear">The linear map; null for the identity.</param>
    /// <param name="bias">What is added; null for nothing.</param>
    /// <param name="rounding">How far both may be from the file's numbers.</param>
    public static SignalValue Affine(
        NodeContext node, SignalValue x, int[] shape, LinearOperator? linear, double[]? bias = null, ConstantRounding rounding = default) =>
        new(shape, new AffineSignal(x.Signal, linear, bias, rounding) { Group = node.Group });

    /// <summary>One function of one variable for each number of a signal.</summary>
    public static SignalValue Activate(NodeContext node, SignalValue x, UnitActivations activations) =>
        new(x.Shape, new ActivationSignal(x.Signal, activations) { Group = node.Group });

    /// <summary>Requires that a signal of a shape is of a size that can be.</summary>
    /// <returns>The shape.</returns>
    public static int[] Checked(NodeContext node, int[] shape)
    {
        long size = 1;
        foreach (int length in shape) size = Math.Min(size * Math.Max(length, 0), long.MaxValue / int.MaxValue);
        if (size is > 0 and <= Signal.LargestSize) return shape;
        throw node.Error($"shape ({string.Join(", ", shape)})", $"from 1 to {Signal.LargestSize} numbers");
    }

    /// <summary>The numbers of a constant, all finite.</summary>
    public static double[] Finite(NodeContext node, ConstantValue constant)
    {
        double[] numbers = constant.Numbers;
        int bad = Array.FindIndex(numbers, static n => !double.IsFinite(n));
        return bad < 0 ? numbers : throw node.Error($"{numbers[bad]} as element {bad} of a constant", "finite numbers");
    }

    /// <summary>The shape that two shapes are broadcast to: aligned at the last index, a length of 1 repeated.</summary>
    public static int[] BroadcastShape(NodeContext node, int[] a, int[] b)
    {
        int[] shape = new int[Math.Max(a.Length, b.Length)];
        for (int d = 1; d <= shape.Length; d++)
        {
            int left = d <= a.Length ? a[^d] : 1, right = d <= b.Length ? b[^d] : 1;
            if (left != right && left != 1 && right != 1)
            {
                throw node.Error(
                    $"shapes ({string.Join(", ", a)}) and ({string.Join(", ", b)})", "shapes that can be broadcast to each other");
            }
            shape[^d] = left == 1 ? right : left;
        }
        return Checked(node, shape);
    }

    /// <summary>A constant repeated to a larger shape.</summary>
    public static ConstantValue Broadcast(NodeContext node, ConstantValue constant, int[] shape)
    {
        if (constant.Shape.AsSpan().SequenceEqual(shape)) return constant;
        return constant.Count == Product(shape)
            ? constant.Reshaped(shape)
            : constant.Selected(shape, BroadcastPlaces(node, constant.Shape, shape));
    }

    /// <summary>A signal repeated to a larger shape.</summary>
    public static SignalValue Broadcast(NodeContext node, SignalValue x, int[] shape)
    {
        if (x.Count == Product(shape)) return x with { Shape = shape };
        return Affine(node, x, shape, SparseOperator.Select(x.Count, BroadcastPlaces(node, x.Shape, shape)));
    }

    /// <summary>Chosen elements of a constant or a signal; a place of -1 stands for zero.</summary>
    public static GraphValue Select(NodeContext node, GraphValue x, int[] shape, int[] places)
    {
        bool same = places.Length == x.Count;
        for (int i = 0; same && i < places.Length; i++) same = places[i] == i;
        return x switch
        {
            ConstantValue c => same ? c.Reshaped(shape) : c.Selected(shape, places),
            SignalValue s => same
                ? s with { Shape = shape }
                : Affine(node, s, Checked(node, shape), SparseOperator.Select(s.Count, places)),
            _ => throw new ArgumentException("A graph value is a constant or a signal.", nameof(x)),
        };
    }

    /// <summary>The same elements under another shape.</summary>
    public static GraphValue Reshape(NodeContext node, GraphValue x, int[] shape)
    {
        if (x.Count != LongProduct(shape))
        {
            throw node.Error(
                $"{x.Count} numbers of shape ({string.Join(", ", x.Shape)})", $"as many as in shape ({string.Join(", ", shape)})");
        }
        return x is ConstantValue constant ? constant.Reshaped(shape) : (SignalValue)x with { Shape = shape };
    }

    /// <summary>Each number of a signal times its own factor.</summary>
    public static SignalValue Scale(NodeContext node, SignalValue x, double[] factors, double relativeError = 0) =>
        Affine(node, x, x.Shape, new DiagonalOperator(factors), null, new ConstantRounding(relativeError, 0, 0));

    /// <summary>The product of lengths that are known to fit.</summary>
    public static int Product(ReadOnlySpan<int> lengths)
    {
        int product = 1;
        foreach (int length in lengths) product = checked(product * length);
        return product;
    }

    /// <summary>For every index of a shape its place among the elements, given the step of each dimension.</summary>
    /// <param name="shape">The shape to go through, the last index fastest.</param>
    /// <param name="strides">How far one step of each index moves.</param>
    /// <param name="start">The place of the first index.</param>
    public static int[] Places(ReadOnlySpan<int> shape, ReadOnlySpan<int> strides, int start = 0)
    {
        int[] places = new int[Product(shape)];
        int[] index = new int[shape.Length];
        for (int i = 0, place = start; i < places.Length; i++)
        {
            places[i] = place;
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                place += strides[d];
                if (++index[d] < shape[d]) break;
                place -= strides[d] * index[d];
                index[d] = 0;
            }
        }
        return places;
    }

    /// <summary>How far one step of each index moves among elements in row-major order.</summary>
    public static int[] Strides(ReadOnlySpan<int> shape)
    {
        int[] strides = new int[shape.Length];
        int stride = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= shape[d];
        }
        return strides;
    }

    private static int[] BroadcastPlaces(NodeContext node, int[] from, int[] to)
    {
        if (!BroadcastShape(node, from, to).AsSpan().SequenceEqual(to))
        {
            throw node.Error($"shape ({string.Join(", ", from)})", $"one that can be broadcast to ({string.Join(", ", to)})");
        }
        int[] own = Strides(from), strides = new int[to.Length];
        for (int d = 1; d <= from.Length; d++) strides[^d] = from[^d] == 1 ? 0 : own[^d];
        return Places(to, strides);
    }

    private static long LongProduct(ReadOnlySpan<int> lengths)
    {
        long product = 1;
        foreach (int length in lengths) product = Math.Min(product * length, long.MaxValue / int.MaxValue);
        return product;
    }
}
