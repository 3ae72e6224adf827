using System.Numerics;
using System.Runtime.CompilerServices;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>Bias and activation of a block of rows in one pass, after an <see cref="ActivationLaw"/>.</summary>
/// <remarks>
/// <para>Random bits belong to places: the 16-bit field e of block b of the counters (·, row, pass, node) is that of unit 128·b + e (see
/// <see cref="Philox"/>), so a draw depends neither on the batch that a row is in, nor on threads or vector widths.</para>
/// <code>
///     unit        0 … 15      16 … 31     32 … 47     …    112 … 127   | 128 …
///     word        0 … 15      0 … 15      16 … 31     …    48 … 63     | next block
///     half        low         high        low         …    high
/// </code>
/// </remarks>
internal static unsafe class RandomizedActivation
{
    /// <summary>A row's width is a multiple of this.</summary>
    public const int WidthUnit = 16;

    /// <summary>y = d·(h + bias) for rows × width; h is overwritten with y.</summary>
    /// <param name="law">The law.</param>
    /// <param name="draw">Whether to draw; otherwise the mean slope is used, and dropout does not drop.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">The units of a row, a multiple of <see cref="WidthUnit"/>.</param>
    /// <param name="values">rows × width: pre-activations without bias, then activations.</param>
    /// <param name="bias">width numbers.</param>
    /// <param name="derivative">rows × width, where d is written to; null for nowhere.</param>
    /// <param name="firstRow">The number of the first row, by which bits are drawn.</param>
    /// <param name="pass">The number of the pass, by which bits are drawn.</param>
    /// <param name="node">The number of the layer, by which bits are drawn.</param>
    /// <param name="key">The key of the bits.</param>
    public static void Apply(
        ActivationLaw law, bool draw, int rows, int width, float* values, float* bias, float* derivative, uint firstRow, uint pass, uint node, ulong key)
    {
        if (!draw || !law.IsRandom)
        {
            ApplyFixed((float)law.MeanSlope, rows, width, values, bias, derivative);
            return;
        }
        Span<uint> words = stackalloc uint[Philox.BlockWords];
        float* none = stackalloc float[Philox.BlockHalfWords];
        SlopeDraw slope = new(law);
        fixed (uint* block = words)
        {
            for (int row = 0; row < rows; row++)
            {
                nint offset = (nint)row * width;
                for (int first = 0; first < width; first += Philox.BlockHalfWords)
                {
                    Philox.Fill((uint)(first / Philox.BlockHalfWords), firstRow + (uint)row, pass, node, key, words);
                    int units = Math.Min(Philox.BlockHalfWords, width - first);
                    float* d = derivative is null ? none : derivative + offset + first;
                    ApplyBlock(slope, units, block, values + offset + first, bias + first, d);
                }
            }
        }
    }

    /// <summary>values = values · factors, elementwise: the backward step through every law.</summary>
    public static void Multiply(nint count, float* values, float* factors)
    {
        for (nint i = 0; i < count; i += Vector<float>.Count) (Vector.Load(values + i) * Vector.Load(factors + i)).Store(values + i);
    }

    /// <summary>values = (values + bias)·factors with factors from an earlier pass: the network with its pattern frozen.</summary>
    public static void ApplyFrozen(int rows, int width, float* values, float* bias, float* factors)
    {
        for (int row = 0; row < rows; row++, values += width, factors += width)
        {
            for (int j = 0; j < width; j += Vector<float>.Count)
            {
                ((Vector.Load(values + j) + Vector.Load(bias + j)) * Vector.Load(factors + j)).Store(values + j);
            }
        }
    }

    /// <summary>values = d·values for at most a block of units of any number, with d drawn from a block of bits.</summary>
    /// <param name="slope">The law.</param>
    /// <param name="units">From 1 to <see cref="Philox.BlockHalfWords"/>; nothing behind them is touched.</param>
    /// <param name="words">A block of bits.</param>
    /// <param name="values">The pre-activations, then the activations.</param>
    public static void ApplyDraws(in SlopeDraw slope, int units, uint* words, float* values)
    {
        int whole = units / Vector<float>.Count * Vector<float>.Count;
        for (int j = 0; j < whole; j += Vector<float>.Count) Scale(slope, words, j, values + j);
        if (whole == units) return;
        float* tail = stackalloc float[Vector<float>.Count];
        new Span<float>(tail, Vector<float>.Count).Clear();
        new ReadOnlySpan<float>(values + whole, units - whole).CopyTo(new Span<float>(tail, units - whole));
        Scale(slope, words, whole, tail);
        new ReadOnlySpan<float>(tail, units - whole).CopyTo(new Span<float>(values + whole, units - whole));
    }

    /// <summary>One vector of units from the given one of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(in SlopeDraw slope, uint* words, int unit, float* values)
    {
        Vector<uint> word = Vector.Load(words + (unit / 32 * 16) + (unit % 16));
        Vector<int> field = Vector.AsVectorInt32(unit % 32 < 16 ? word & new Vector<uint>(SlopeDraw.FieldMask) : word >>> 16);
        Vector<float> h = Vector.Load(values);
        (h * slope.Factors(field, Vector.GreaterThan(h, Vector<float>.Zero))).Store(values);
    }

    private static void ApplyFixed(float slope, int rows, int width, float* values, float* bias, float* derivative)
    {
        Vector<float> left = new(slope);
        for (int row = 0; row < rows; row++, values += width)
        {
            for (int j = 0; j < width; j += Vector<float>.Count)
            {
                Vector<float> h = Vector.Load(values + j) + Vector.Load(bias + j);
                Vector<float> d = Vector.ConditionalSelect(Vector.GreaterThan(h, Vector<float>.Zero), Vector<float>.One, left);
                (h * d).Store(values + j);
                if (derivative is not null) d.Store(derivative + j);
            }
            if (derivative is not null) derivative += width;
        }
    }

    private static void ApplyBlock(in SlopeDraw slope, int units, uint* words, float* values, float* bias, float* derivative)
    {
        Vector<uint> low = new(SlopeDraw.FieldMask);
        for (int j = 0; j < units; j += Vector<float>.Count)
        {
            Vector<uint> word = Vector.Load(words + (j / 32 * 16) + (j % 16));
            Vector<int> field = Vector.AsVectorInt32(j % 32 < 16 ? word & low : word >>> 16);
            Vector<float> h = Vector.Load(values + j) + Vector.Load(bias + j);
            Vector<float> d = slope.Factors(field, Vector.GreaterThan(h, Vector<float>.Zero));
            (h * d).Store(values + j);
            d.Store(derivative + j);
        }
    }
}
