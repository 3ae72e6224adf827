using System.Collections.Immutable;
using System.Numerics;

namespace Orthant.Networks;

/// <summary>Forward and backward passes over layers that follow one another, between two pooled buffers.</summary>
internal static class LayerChain
{
    public static void Forward<T>(ImmutableArray<Layer> layers, ForwardPass pass, int rows, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (layers.IsEmpty)
        {
            x.CopyTo(y);
            return;
        }
        if (layers.Length == 1)
        {
            layers[0].Forward(pass, rows, x, y);
            return;
        }
        int widest = layers.AsSpan()[..^1].Widest();
        using Columns<T> first = new(rows, widest), second = new(rows, widest);
        Span<T> from = first.Values, to = second.Values;
        layers[0].Forward(pass, rows, x, from[..(rows * layers[0].Outputs)]);
        for (int i = 1; i < layers.Length; i++)
        {
            ReadOnlySpan<T> input = from[..(rows * layers[i].Inputs)];
            Span<T> output = i == layers.Length - 1 ? y : to[..(rows * layers[i].Outputs)];
            layers[i].Forward(pass, rows, input, output);
            Span<T> swap = from;
            from = to;
            to = swap;
        }
    }

    public static void Backward<T>(ImmutableArray<Layer> layers, BackwardPass pass, int rows, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (layers.IsEmpty)
        {
            dy.CopyTo(dx);
            return;
        }
        if (layers.Length == 1)
        {
            layers[0].Backward(pass, rows, dy, dx);
            return;
        }
        int widest = layers.AsSpan()[..^1].Widest();
        using Columns<T> first = new(rows, widest), second = new(rows, widest);
        Span<T> from = first.Values, to = second.Values;
        layers[^1].Backward(pass, rows, dy, from[..(rows * layers[^1].Inputs)]);
        for (int i = layers.Length - 2; i >= 0; i--)
        {
            ReadOnlySpan<T> input = from[..(rows * layers[i].Outputs)];
            Span<T> output = i == 0 ? dx : to[..(rows * layers[i].Inputs)];
            layers[i].Backward(pass, rows, input, output);
            Span<T> swap = from;
            from = to;
            to = swap;
        }
    }

    private static int Widest(this ReadOnlySpan<Layer> layers)
    {
        int widest = 0;
        foreach (Layer layer in layers) widest = Math.Max(widest, layer.Outputs);
        return widest;
    }
}
