using System.Numerics;
using System.Runtime.CompilerServices;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>A convolution over framed images as matrix products whose rows lie in the images themselves: forward, and both gradients.</summary>
/// <remarks>
/// <para>The window at a position is k stretches of k·C neighbouring floats, one a row of pixels, so the product's inner index runs over stretches; no patch is
/// copied. Positions in a row of the output are equally far apart, and so are those of a 1 × 1 output in successive images:</para>
/// <code>
///     y[position][filter] = Σ_row Σ_i  x[start(position) + row·Pitch + i] · W[row·kC + i][filter]        i = 0 … kC − 1
/// </code>
/// <para>A dense layer is the convolution whose window is the whole image. Each element is one chain of fused multiply-adds in ascending order, whatever the
/// tile and the vector width. Weights: (rows · columns · channels) × padded filters.</para>
/// </remarks>
internal sealed unsafe class Convolution : IDisposable
{
    /// <summary>Rows of the output that are shorter are gathered into patches for the gradient of the weights: the kernel's loop would be too short.</summary>
    private const int ShortRow = 16;

    private readonly MicroKernels<float>? kernels;
    private readonly ImageTensor input;
    private readonly int windowHeight;
    private readonly int windowWidth;
    private readonly int stride;
    private readonly int padding;
    private readonly int stretch;
    private readonly int panel;
    private readonly AlignedBuffer<float> forward;
    private readonly AlignedBuffer<float> backward;

    [ThreadStatic]
    private static AlignedBuffer<float>? patches;

    public Convolution(MicroKernels<float>? kernels, ImageTensor input, int filters, int windowHeight, int windowWidth, int stride, int padding)
    {
        this.kernels = kernels;
        this.input = input;
        this.windowHeight = windowHeight;
        this.windowWidth = windowWidth;
        this.stride = stride;
        this.padding = padding;
        Filters = filters;
        Padded = DenseModel.Pad(filters);
        stretch = windowWidth * input.Channels;
        Depth = windowHeight * stretch;
        Height = ((input.Shape.Height + (2 * padding) - windowHeight) / stride) + 1;
        Width = ((input.Shape.Width + (2 * padding) - windowWidth) / stride) + 1;
        Weights = new AlignedBuffer<float>(checked(Depth * Padded));
        panel = kernels is null ? Padded : Math.Min(kernels.PanelWidth, Padded);
        forward = new AlignedBuffer<float>(Depth * Padded);
        backward = new AlignedBuffer<float>(kernels is null ? 0 : checked((int)MatrixPacking.PanelLength(kernels, Padded, Depth)));
    }

    public int Filters { get; }

    /// <summary>The filters, padded to whole vectors.</summary>
    public int Padded { get; }

    /// <summary>The channels of the input.</summary>
    public int Channels => input.Shape.Channels;

    /// <summary>The channels of the input that are stored, padding included.</summary>
    public int StoredChannels => input.Channels;

    /// <summary>The length of a window: rows × columns × stored channels.</summary>
    public int Depth { get; }

    /// <summary>Rows of the output.</summary>
    public int Height { get; }

    /// <summary>Columns of the output.</summary>
    public int Width { get; }

    /// <summary>Positions of an image.</summary>
    public int Positions => Height * Width;

    public AlignedBuffer<float> Weights { get; }

    private bool IsWholeImage => Positions == 1;

    /// <summary>Puts the weights into the order of the kernels; once after every update.</summary>
    public void Pack()
    {
        if (kernels is null)
        {
            Weights.Span.CopyTo(forward.Span);
            return;
        }
        MatrixPacking.PackPanels(kernels, Depth, Padded, new Operand<float>(Weights.Pointer, Padded, false), forward.Pointer);
        MatrixPacking.PackPanels(kernels, Padded, Depth, new Operand<float>(Weights.Pointer, Padded, true), backward.Pointer);
    }

    /// <summary>y = W * x for some images; y is images × positions × padded filters.</summary>
    public void Forward(int first, int end, float* y)
    {
        if (IsWholeImage)
        {
            ForwardRow(Window(first, 0, 0), input.Stride, end - first, y + ((nint)first * Padded));
            return;
        }
        for (int n = first; n < end; n++)
        {
            for (int row = 0; row < Height; row++) ForwardRow(Window(n, row, 0), stride * input.Channels, Width, y + ((((nint)n * Positions) + (row * Width)) * Padded));
        }
    }

    /// <summary>The gradient of the weights from some images, overwriting: Σ over positions of window ⊗ dy.</summary>
    public void WeightGradient(int first, int end, float* dy, float* gradient)
    {
        if (end <= first)
        {
            new Span<float>(gradient, Depth * Padded).Clear();
            return;
        }
        if (IsWholeImage)
        {
            GradientRow(Window(first, 0, 0), input.Stride, end - first, dy + ((nint)first * Padded), gradient, false);
            return;
        }
        for (int n = first; n < end; n++)
        {
            float* d = dy + ((nint)n * Positions * Padded);
            if (Width < ShortRow)
            {
                float* x = Gather(n);
                BlockedMultiply.Run(kernels, Depth, Padded, Positions, new Operand<float>(x, Depth, true), new Operand<float>(d, Padded, false), gradient, Padded, n > first, false);
                continue;
            }
            for (int row = 0; row < Height; row++)
            {
                GradientRow(Window(n, row, 0), stride * input.Channels, Width, d + ((nint)row * Width * Padded), gradient, n > first || row > 0);
            }
        }
    }

    /// <summary>Adds dy · Wᵀ to the gradient of the input at the pixels that each window covers; the gradient is cleared first unless it holds something.</summary>
    public void InputGradient(int first, int end, float* dy, bool adds)
    {
        float* x = Patches(Positions * Depth);
        for (int n = first; n < end; n++)
        {
            float* d = dy + ((nint)n * Positions * Padded);
            if (kernels is null) BlockedMultiply.Run(kernels, Positions, Depth, Padded, new Operand<float>(d, Padded, false), new Operand<float>(Weights.Pointer, Padded, true), x, Depth, false, false);
            else BlockedMultiply.RunPacked(kernels, Positions, Depth, Padded, new Operand<float>(d, Padded, false), backward.Pointer, x, Depth, false);
            if (!adds) input.GradientOf(n).Clear();
            float* origin = input.GradientOrigin(n) - (padding * input.Pitch) - (padding * input.Channels), from = x;
            for (int row = 0; row < Height; row++)
            {
                for (int column = 0; column < Width; column++)
                {
                    float* to = origin + (row * stride * input.Pitch) + (column * stride * input.Channels);
                    for (int w = 0; w < windowHeight; w++, from += stretch) AddTo(to + (w * input.Pitch), from, stretch);
                }
            }
        }
    }

    /// <summary>The windows of an image, positions × depth.</summary>
    private float* Gather(int image)
    {
        float* x = Patches(Positions * Depth), to = x;
        for (int row = 0; row < Height; row++)
        {
            for (int column = 0; column < Width; column++)
            {
                float* from = Window(image, row, column);
                for (int w = 0; w < windowHeight; w++, to += stretch) Buffer.MemoryCopy(from + (w * input.Pitch), to, 4L * stretch, 4L * stretch);
            }
        }
        return x;
    }

    private float* Window(int image, int row, int column) =>
        input.Origin(image) + (((row * stride) - padding) * input.Pitch) + (((column * stride) - padding) * input.Channels);

    /// <summary>Tiles of eight positions by one panel of filters; the stretches of the window one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow(float* x, nint step, int positions, float* y)
    {
        float* weights = forward.Pointer;
        int tile = kernels?.TileRows ?? positions;
        for (int j = 0; j < Padded; j += panel)
        {
            int columns = Math.Min(panel, Padded - j);
            for (int p = 0; p < positions; p += tile)
            {
                int rows = Math.Min(tile, positions - p);
                for (int w = 0; w < windowHeight; w++)
                {
                    Tile(false, rows, columns, stretch, x + (p * step) + (w * input.Pitch), step, weights + ((nint)w * stretch * columns), columns, y + ((nint)p * Padded) + j, w > 0);
                }
            }
            weights += (nint)Depth * columns;
        }
    }

    /// <summary>Tiles of eight rows of weights by one panel of filters; the inner index runs over positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GradientRow(float* x, nint step, int positions, float* dy, float* gradient, bool adds)
    {
        int tile = kernels?.TileRows ?? stretch;
        for (int j = 0; j < Padded; j += panel)
        {
            int columns = Math.Min(panel, Padded - j);
            for (int w = 0; w < windowHeight; w++)
            {
                for (int i = 0; i < stretch; i += tile)
                {
                    Tile(true, Math.Min(tile, stretch - i), columns, positions, x + (w * input.Pitch) + i, step, dy + j, Padded, gradient + ((((nint)w * stretch) + i) * Padded) + j, adds);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Tile(bool byColumns, int rows, int columns, int depth, float* a, nint step, float* b, nint ldb, float* c, bool adds)
    {
        if (kernels is not null)
        {
            kernels.Kernel(rows, columns / kernels.Lanes, byColumns)(depth, a, step, b, ldb, c, Padded, adds ? 1 : 0);
            return;
        }
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                float sum = adds ? c[(i * Padded) + j] : 0;
                for (int k = 0; k < depth; k++) sum = MathF.FusedMultiplyAdd(byColumns ? a[(k * step) + i] : a[(i * step) + k], b[(k * ldb) + j], sum);
                c[(i * Padded) + j] = sum;
            }
        }
    }

    /// <summary>Whole vectors, then one by one: a wide store would add to what lies behind the stretch.</summary>
    private static void AddTo(float* to, float* from, int count)
    {
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count) (Vector.Load(to + i) + Vector.Load(from + i)).Store(to + i);
        for (; i < count; i++) to[i] += from[i];
    }

    private static float* Patches(int length)
    {
        if (patches is null || patches.Length < length)
        {
            patches?.Dispose();
            patches = new AlignedBuffer<float>(length);
        }
        return patches.Pointer;
    }

    public void Dispose()
    {
        Weights.Dispose();
        forward.Dispose();
        backward.Dispose();
    }
}
