using System.Buffers;
using System.Numerics;

namespace Orthant.Networks;

/// <summary>A two-dimensional convolution (in the networks' sense: a correlation), zero on the frame, held by its filters alone.</summary>
/// <remarks>
/// <para>Input and output are images in C × H × W order. With g groups, output channel o reads the input channels of its group:
/// out[o, p] = Σ filters[o, c, cell] · in[g(o)·C/g + c, pixel(p, cell)].</para>
/// <para>Applied as a matrix product of the filters with the image's patches (one column a position), one sample at a time.</para>
/// </remarks>
public sealed class ConvolutionOperator : LinearOperator
{
    private readonly NumberArray filters;
    private readonly int[] patches;

    /// <summary>Takes a copy of the filters.</summary>
    /// <param name="input">The shape of the input.</param>
    /// <param name="outputChannels">The number of filters.</param>
    /// <param name="window">Size, stride, dilation and frame of the filters.</param>
    /// <param name="groups">A common divisor of the input and output channels; 1 for an ordinary convolution.</param>
    /// <param name="filters">outputChannels × (channels / groups) × height × width finite numbers.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together, or a number is not finite.</exception>
    public ConvolutionOperator(ImageShape input, int outputChannels, SlidingWindow window, int groups, ReadOnlySpan<double> filters)
        : base(checked(outputChannels * window.PositionsOn(input).Rows * window.PositionsOn(input).Columns), input.Length)
    {
        if (groups < 1 || input.Channels % groups != 0 || outputChannels % groups != 0)
        {
            throw new ArgumentException($"{groups} groups do not divide {input.Channels} input and {outputChannels} output channels.");
        }
        (int rows, int columns) = window.PositionsOn(input);
        Input = input;
        Output = new ImageShape(outputChannels, rows, columns);
        Window = window;
        Groups = groups;
        if (filters.Length != (long)outputChannels * PatchLength)
        {
            throw new ArgumentException($"{outputChannels} filters of {PatchLength} numbers were expected, but {filters.Length} numbers were given.");
        }
        this.filters = new NumberArray(filters, "Filter weight");
        patches = new int[checked(window.Cells * Output.Pixels)];
        for (int cell = 0; cell < window.Cells; cell++)
        {
            for (int p = 0; p < Output.Pixels; p++) patches[(cell * Output.Pixels) + p] = window.Pixel(input, p / columns, p % columns, cell);
        }
    }

    /// <summary>The shape of the input.</summary>
    public ImageShape Input { get; }

    /// <summary>The shape of the output.</summary>
    public ImageShape Output { get; }

    /// <summary>Size, stride, dilation and frame of the filters.</summary>
    public SlidingWindow Window { get; }

    /// <summary>The number of groups of channels that do not see each other.</summary>
    public int Groups { get; }

    /// <summary>The filters, output channels × (input channels / groups) × height × width.</summary>
    public ReadOnlySpan<double> Filters => filters.Values;

    /// <inheritdoc/>
    public override string Kind => "convolution";

    /// <inheritdoc/>
    public override long Parameters => filters.Length;

    /// <inheritdoc/>
    public override int LongestRow => PatchLength;

    private int PatchLength => checked(Input.Channels / Groups * Window.Cells);

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        Correlate(rows, x, filters.As<T>(), y);
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        Spread(rows, y, filters.As<T>(), x);
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        Correlate(rows, x, filters.Absolutes, y);
    }

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        Spread(rows, y, filters.Absolutes, x);
    }

    /// <inheritdoc/>
    public override SparseRow Row(int index)
    {
        int channel = index / Output.Pixels, position = index % Output.Pixels;
        int perGroup = Input.Channels / Groups, firstInput = channel / (Output.Channels / Groups) * perGroup;
        int[] columns = new int[PatchLength];
        double[] values = new double[PatchLength];
        int count = 0;
        for (int c = 0; c < perGroup; c++)
        {
            for (int cell = 0; cell < Window.Cells; cell++)
            {
                int pixel = patches[(cell * Output.Pixels) + position];
                if (pixel < 0) continue;
                columns[count] = ((firstInput + c) * Input.Pixels) + pixel;
                values[count++] = filters.Values[(((channel * perGroup) + c) * Window.Cells) + cell];
            }
        }
        return new SparseRow(columns.AsSpan(0, count), values.AsSpan(0, count));
    }

    /// <summary>Per sample and group: filters (O/g × K) times patches (K × positions).</summary>
    private void Correlate<T>(int rows, ReadOnlySpan<T> x, ReadOnlySpan<T> weights, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int k = PatchLength, positions = Output.Pixels, outPerGroup = Output.Channels / Groups;
        T[] rented = ArrayPool<T>.Shared.Rent(checked(k * positions));
        Span<T> columns = rented.AsSpan(0, k * positions);
        for (int row = 0; row < rows; row++)
        {
            for (int group = 0; group < Groups; group++)
            {
                GatherPatches(x.Slice((row * Inputs) + (group * k / Window.Cells * Input.Pixels), k / Window.Cells * Input.Pixels), columns);
                DenseProduct.Times(outPerGroup, positions, k, weights.Slice(group * outPerGroup * k, outPerGroup * k), columns,
                    y.Slice((row * Outputs) + (group * outPerGroup * positions), outPerGroup * positions));
            }
        }
        ArrayPool<T>.Shared.Return(rented);
    }

    /// <summary>The transpose: patches = filtersᵀ (K × O/g) times the output image, then added back to the pixels they cover.</summary>
    private void Spread<T>(int rows, ReadOnlySpan<T> y, ReadOnlySpan<T> weights, Span<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int k = PatchLength, positions = Output.Pixels, outPerGroup = Output.Channels / Groups;
        T[] rented = ArrayPool<T>.Shared.Rent(checked(k * positions));
        Span<T> columns = rented.AsSpan(0, k * positions);
        x.Clear();
        for (int row = 0; row < rows; row++)
        {
            for (int group = 0; group < Groups; group++)
            {
                DenseProduct.TransposedTimes(k, positions, outPerGroup, weights.Slice(group * outPerGroup * k, outPerGroup * k),
                    y.Slice((row * Outputs) + (group * outPerGroup * positions), outPerGroup * positions), columns);
                ScatterPatches(columns, x.Slice((row * Inputs) + (group * k / Window.Cells * Input.Pixels), k / Window.Cells * Input.Pixels));
            }
        }
        ArrayPool<T>.Shared.Return(rented);
    }

    private void GatherPatches<T>(ReadOnlySpan<T> image, Span<T> columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int at = 0;
        for (int c = 0; c < image.Length; c += Input.Pixels)
        {
            foreach (int pixel in patches) columns[at++] = pixel < 0 ? T.Zero : image[c + pixel];
        }
    }

    private void ScatterPatches<T>(ReadOnlySpan<T> columns, Span<T> image)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int at = 0;
        for (int c = 0; c < image.Length; c += Input.Pixels)
        {
            foreach (int pixel in patches)
            {
                if (pixel >= 0) image[c + pixel] += columns[at];
                at++;
            }
        }
    }

    private protected override bool SameEntries(LinearOperator other)
    {
        ConvolutionOperator o = (ConvolutionOperator)other;
        return Input == o.Input && Window == o.Window && Groups == o.Groups && filters.SameBits(o.filters);
    }

    private protected override int EntriesHash() => HashCode.Combine(Input, Window, Groups, filters.Hash());
}
