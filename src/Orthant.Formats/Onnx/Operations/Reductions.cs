using Orthant.Networks;

namespace Orthant.Formats.Onnx.Operations;

/// <summary>ReduceSum and ReduceMean over constant axes.</summary>
internal static class Reductions
{
    public static GraphValue ReduceSum(NodeContext node) => Reduced(node, mean: false);

    public static GraphValue ReduceMean(NodeContext node) => Reduced(node, mean: true);

    private static SignalValue Reduced(NodeContext node, bool mean)
    {
        node.RequireAttributes("axes", "keepdims", "noop_with_empty_axes");
        node.RequireInputs(1, 2);
        SignalValue x = node.Signal(0);
        int rank = x.Shape.Length;
        long[] given = node.IntegerList("axes", 1) ?? [];
        if (given.Length == 0 && node.Flag("noop_with_empty_axes")) return x;
        bool[] reduced = new bool[rank];
        foreach (long axis in given) reduced[node.Axis(axis, rank)] = true;
        if (given.Length == 0) Array.Fill(reduced, true);
        int[] kept = [.. x.Shape.Select((length, d) => reduced[d] ? 1 : length)];
        int[] cut = [.. x.Shape.Select((length, d) => reduced[d] ? length : 1)];
        int[] strides = SignalAlgebra.Strides(x.Shape);
        int[] starts = SignalAlgebra.Places(kept, strides), offsets = SignalAlgebra.Places(cut, strides);
        double factor = mean ? 1.0 / offsets.Length : 1;
        SparseOperator linear = SparseOperator.FromRows(x.Count, starts.Select(s => offsets.Select(o => (s + o, factor))));
        double error = mean && !System.Numerics.BitOperations.IsPow2(offsets.Length) ? SignalAlgebra.UnitRoundoff : 0;
        int[] shape = node.Flag("keepdims", true) ? kept : [.. x.Shape.Where((_, d) => !reduced[d])];
        return SignalAlgebra.Affine(node, x, shape, linear, null, new ConstantRounding(error, 0, 0));
    }
}
