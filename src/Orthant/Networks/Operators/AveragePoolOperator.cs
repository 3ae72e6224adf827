using System.Numerics;

namespace Orthant.Networks;

/// <summary>Averages the pixels under a sliding window, channel by channel.</summary>
/// <remarks>An entry is the double nearest to 1/n for the n pixels averaged; it equals 1/n only where n is a power of two, and
/// <see cref="EntriesAreExact"/> says whether it always does.</remarks>
public sealed class AveragePoolOperator : LinearOperator
{
    private readonly int[] pixels;
    private readonly int[] starts;

    /// <summary>Creates an average pooling.</summary>
    /// <param name="input">The shape of the input.</param>
    /// <param name="window">Size, stride and frame of the window; every position has to cover a pixel.</param>
    /// <param name="countFrame">Whether cells on the frame count as zeros (and in n) or are left out of the average.</param>
    /// <exception cref="ArgumentException">The window does not fit, or a position covers the frame alone.</exception>
    public AveragePoolOperator(ImageShape input, SlidingWindow window, bool countFrame)
        : base(checked(input.Channels * window.PositionsOn(input).Rows * window.PositionsOn(input).Columns), input.Length)
    {
        (int rows, int columns) = window.PositionsOn(input);
        Input = input;
        Output = new ImageShape(input.Channels, rows, columns);
        Window = window;
        CountFrame = countFrame;
        (starts, pixels) = WindowPixels.List(input, window);
        for (int p = 0; p < Output.Pixels; p++)
        {
            int n = Divisor(p);
            EntriesAreExact &= BitOperations.IsPow2(n);
            LongestRow = Math.Max(LongestRow, starts[p + 1] - starts[p]);
        }
    }

    /// <summary>The shape of the input.</summary>
    public ImageShape Input { get; }

    /// <summary>The shape of the output: as many channels as the input.</summary>
    public ImageShape Output { get; }

    /// <summary>Size, stride and frame of the window.</summary>
    public SlidingWindow Window { get; }

    /// <summary>Whether cells on the frame count as zeros or are left out of the average.</summary>
    public bool CountFrame { get; }

    /// <summary>Whether every entry is exactly 1/n.</summary>
    public bool EntriesAreExact { get; } = true;

    /// <inheritdoc/>
    public override string Kind => "averagePool";

    /// <inheritdoc/>
    public override long Parameters => 0;

    /// <inheritdoc/>
    public override int LongestRow { get; }

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        for (int c = 0; c < rows * Input.Channels; c++)
        {
            ReadOnlySpan<T> from = x.Slice(c * Input.Pixels, Input.Pixels);
            Span<T> to = y.Slice(c * Output.Pixels, Output.Pixels);
            for (int p = 0; p < to.Length; p++)
            {
                T sum = T.Zero;
                for (int k = starts[p]; k < starts[p + 1]; k++) sum += from[pixels[k]];
                to[p] = sum * T.CreateTruncating(Entry(p));
            }
        }
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        x.Clear();
        for (int c = 0; c < rows * Input.Channels; c++)
        {
            ReadOnlySpan<T> from = y.Slice(c * Output.Pixels, Output.Pixels);
            Span<T> to = x.Slice(c * Input.Pixels, Input.Pixels);
            for (int p = 0; p < from.Length; p++)
            {
                T share = from[p] * T.CreateTruncating(Entry(p));
                for (int k = starts[p]; k < starts[p + 1]; k++) to[pixels[k]] += share;
            }
        }
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y) => Apply(rows, x, y);

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x) => ApplyTranspose(rows, y, x);

    /// <inheritdoc/>
    public override SparseRow Row(int index)
    {
        int channel = index / Output.Pixels, position = index % Output.Pixels;
        int count = starts[position + 1] - starts[position];
        int[] columns = new int[count];
        double[] values = new double[count];
        for (int k = 0; k < count; k++) columns[k] = (channel * Input.Pixels) + pixels[starts[position] + k];
        Array.Fill(values, Entry(position));
        return new SparseRow(columns, values);
    }

    private int Divisor(int position) => CountFrame ? Window.Cells : starts[position + 1] - starts[position];

    private double Entry(int position) => 1.0 / Divisor(position);

    private protected override bool SameEntries(LinearOperator other)
    {
        AveragePoolOperator o = (AveragePoolOperator)other;
        return Input == o.Input && Window == o.Window && CountFrame == o.CountFrame;
    }

    private protected override int EntriesHash() => HashCode.Combine(Input, Window, CountFrame);
}

/// <summary>The pixels under each position of a sliding window, the frame left out.</summary>
internal static class WindowPixels
{
    /// <summary>Lists pixels of one channel position by position: those of position p are pixels[starts[p]] … pixels[starts[p + 1] - 1], increasing.</summary>
    /// <exception cref="ArgumentException">A position covers the frame alone.</exception>
    public static (int[] Starts, int[] Pixels) List(ImageShape image, SlidingWindow window)
    {
        (int rows, int columns) = window.PositionsOn(image);
        int[] starts = new int[checked((rows * columns) + 1)];
        List<int> pixels = [];
        for (int p = 0; p < rows * columns; p++)
        {
            for (int cell = 0; cell < window.Cells; cell++)
            {
                int pixel = window.Pixel(image, p / columns, p % columns, cell);
                if (pixel >= 0) pixels.Add(pixel);
            }
            if (pixels.Count == starts[p]) throw new ArgumentException($"Position {p} of the window {window} lies on the frame alone.");
            starts[p + 1] = pixels.Count;
        }
        return (starts, [.. pixels]);
    }
}
