using System.Buffers;
using System.Numerics;

namespace Orthant.Networks;

/// <summary>The largest pixel under a sliding window, channel by channel; cells on the frame do not take part.</summary>
/// <remarks>A unit is a window of a channel; its piece is the number of the winning cell among the pixels that the window covers at
/// that position, in row-major order; of equal cells the first wins.</remarks>
public sealed class MaxPoolLayer : Layer
{
    private readonly int[] starts;
    private readonly int[] pixels;

    /// <summary>Creates a max pooling.</summary>
    /// <param name="input">The shape of the input.</param>
    /// <param name="window">Size, stride, dilation and frame of the window; every position has to cover a pixel.</param>
    /// <exception cref="ArgumentException">The window does not fit, or a position covers the frame alone.</exception>
    public MaxPoolLayer(ImageShape input, SlidingWindow window)
        : base(input.Length, checked(input.Channels * window.PositionsOn(input).Rows * window.PositionsOn(input).Columns))
    {
        if (window.Cells > ushort.MaxValue) throw new ArgumentException($"A window of {window.Cells} cells is larger than {ushort.MaxValue}.");
        (int rows, int columns) = window.PositionsOn(input);
        Input = input;
        Output = new ImageShape(input.Channels, rows, columns);
        Window = window;
        (starts, pixels) = WindowPixels.List(input, window);
    }

    /// <summary>The shape of the input.</summary>
    public ImageShape Input { get; }

    /// <summary>The shape of the output: as many channels as the input.</summary>
    public ImageShape Output { get; }

    /// <summary>Size, stride, dilation and frame of the window.</summary>
    public SlidingWindow Window { get; }

    /// <inheritdoc/>
    public override string Kind => "maxPool";

    /// <inheritdoc/>
    public override UnitActivations? Activations => null;

    /// <inheritdoc/>
    public override long Parameters => 0;

    /// <inheritdoc/>
    public override long Multiplications => 0;

    /// <summary>The inputs that the cells of a unit's window are, in the order of its pieces.</summary>
    /// <param name="unit">From 0 to outputs - 1.</param>
    public int[] Cells(int unit)
    {
        int channel = unit / Output.Pixels, position = unit % Output.Pixels;
        return pixels[starts[position]..starts[position + 1]].Select(p => (channel * Input.Pixels) + p).ToArray();
    }

    internal override void ListSites(SiteList sites) => sites.Add(Outputs, null);

    internal override void Forward<T>(ForwardPass pass, int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        ushort[] rented = ArrayPool<ushort>.Shared.Rent(checked(rows * Outputs));
        Span<ushort> winners = rented.AsSpan(0, rows * Outputs);
        for (int c = 0; c < rows * Input.Channels; c++)
        {
            Compete(x.Slice(c * Input.Pixels, Input.Pixels), winners.Slice(c * Output.Pixels, Output.Pixels), y.Slice(c * Output.Pixels, Output.Pixels));
        }
        if (pass.UsesPlainRule)
        {
            pass.SkipSite();
        }
        else
        {
            pass.Choose(rows, winners);
            for (int i = 0; i < y.Length; i++) y[i] = x[Source(i, winners[i])];
        }
        ArrayPool<ushort>.Shared.Return(rented);
    }

    internal override void Backward<T>(BackwardPass pass, int rows, ReadOnlySpan<T> dy, Span<T> dx)
    {
        ReadOnlySpan<ushort> winners = pass.Next();
        dx.Clear();
        for (int i = 0; i < dy.Length; i++) dx[Source(i, winners[i % Outputs])] += dy[i];
    }

    internal override void Lower(NormalFormBuilder builder) => builder.AddMaximum(Enumerable.Range(0, Outputs).Select(Cells).ToArray());

    private void Compete<T>(ReadOnlySpan<T> image, Span<ushort> winners, Span<T> largest)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int p = 0; p < largest.Length; p++)
        {
            int from = starts[p], best = from;
            for (int k = from + 1; k < starts[p + 1]; k++)
            {
                if (image[pixels[k]] > image[pixels[best]]) best = k;
            }
            winners[p] = (ushort)(best - from);
            largest[p] = image[pixels[best]];
        }
    }

    /// <summary>Where in a batch of inputs the given cell of the window of an output of the batch lies.</summary>
    private int Source(int output, int cell)
    {
        int image = output / Output.Pixels, position = output % Output.Pixels;
        return (image * Input.Pixels) + pixels[starts[position] + cell];
    }

    private protected override bool SameAs(Layer other) => other is MaxPoolLayer o && Input == o.Input && Window == o.Window;

    private protected override int ContentHash() => HashCode.Combine(Input, Window);
}
