using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Orthant.Numerics;

/// <summary>Rows of float32 that come one by one, kept in the order in which the kernels read them, and their sum and ZᵀZ.</summary>
/// <remarks>
/// <para>Panels of columns one behind the other; the kernels read both operands of ZᵀZ from them, so nothing is copied again:</para>
/// <code>
///     panel 0: row 0 │ row 1 │ … │ row capacity − 1      panel 1: row 0 │ …       two vectors a row; beyond the last column zeros
///              c0 … c31                                           c32 … c63
/// </code>
/// <para>An element of ZᵀZ is one chain of fused multiply-adds over the rows in their order, the same bits as
/// <see cref="SymmetricRankUpdate"/> gives.</para>
/// <para>Not safe for use by several threads at once.</para>
/// </remarks>
internal sealed unsafe class RowPack
{
    private const int Alignment = 64;

    private readonly MicroKernels<float>? kernels;
    private readonly int columns, capacity, width, panels;

    /// <summary>Memory that the garbage collector does not move: the panels, then a strip of a tile's rows of the product.</summary>
    private readonly float[] storage;
    private readonly nint start;

    /// <summary>Makes an empty pack.</summary>
    /// <param name="path">The instructions to use.</param>
    /// <param name="columns">The length of a row, at least 1.</param>
    /// <param name="capacity">The most rows.</param>
    public RowPack(VectorPath path, int columns, int capacity)
    {
        kernels = MicroKernels<float>.For(path);
        this.columns = columns;
        this.capacity = capacity;
        width = kernels?.PanelWidth ?? columns;
        panels = (columns + width - 1) / width;
        int strip = panels * width * (kernels?.TileRows ?? columns);
        storage = GC.AllocateArray<float>((panels * width * capacity) + strip + (Alignment / sizeof(float)), pinned: true);
        nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(storage));
        start = ((address + Alignment - 1) & -Alignment) - address;
    }

    /// <summary>The rows in it.</summary>
    public int Count { get; private set; }

    private float* Panels => (float*)((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(storage)) + start);

    /// <summary>How many floats <see cref="Add"/> reads of a row: its length in whole vectors.</summary>
    public static int PaddedLength(int columns) => (columns + Vector512<float>.Count - 1) / Vector512<float>.Count * Vector512<float>.Count;

    /// <summary>Puts in a row times a factor; the pack must not be full.</summary>
    /// <param name="row">The row, and readable memory up to <see cref="PaddedLength"/>, whose numbers do not count.</param>
    /// <param name="factor">What the row is multiplied by.</param>
    public void Add(float* row, float factor)
    {
        float* to = Panels + ((nint)Count * width);
        Count++;
        if (kernels is null)
        {
            for (int i = 0; i < columns; i++) to[i] = row[i] * factor;
            return;
        }
        Vector512<float> factors = Vector512.Create(factor);
        int lanes = Vector512<float>.Count, whole = columns - (columns % lanes), inside = 0;
        nint next = ((nint)capacity * width) - width;
        for (int i = 0; i < whole; i += lanes)
        {
            (Vector512.Load(row + i) * factors).Store(to);
            to += lanes;
            inside += lanes;
            if (inside < width) continue;
            inside = 0;
            to += next;
        }
        if (whole == columns) return;
        Vector512<int> isInside = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(columns - whole));
        ((Vector512.Load(row + whole) * factors) & isInside.AsSingle()).Store(to);
    }

    /// <summary>Adds the rows' sum and the lower triangle of ZᵀZ to sums of doubles, and empties the pack.</summary>
    /// <param name="sum">columns.</param>
    /// <param name="squares">columns × columns, row-major; what is above the diagonal is not defined.</param>
    public void AddTo(Span<double> sum, Span<double> squares)
    {
        if (Count == 0) return;
        float* strip = Panels + ((nint)panels * width * capacity);
        fixed (double* to = squares)
        {
            if (kernels is null)
            {
                Operand<float> rows = new(Panels, columns, true);
                ScalarMultiply.Run(columns, columns, Count, rows, new Operand<float>(Panels, columns, false), strip, columns, false,
                    lowerOnly: true);
                Widen(strip, columns, 0, columns, to);
            }
            else
            {
                for (int first = 0; first < columns;)
                {
                    int height = Math.Min(Math.Min(kernels.TileRows, width - (first % width)), columns - first);
                    Multiply(first, height, strip);
                    Widen(strip, panels * width, first, height, to);
                    first += height;
                }
            }
        }
        AddSum(sum);
        Count = 0;
        GC.KeepAlive(storage);
    }

    /// <summary>Rows first … first + height − 1 of ZᵀZ, up to the vector that holds the diagonal.</summary>
    private void Multiply(int first, int height, float* strip)
    {
        nint size = (nint)capacity * width;
        int own = first / width, inside = first % width;
        float* a = Panels + (own * size) + inside;
        var full = kernels!.Kernel(height, 2, true);
        for (int panel = 0; panel < own; panel++)
        {
            full(Count, a, width, Panels + (panel * size), width, strip + (panel * width), panels * width, 0);
        }
        int vectors = inside + height > kernels.Lanes ? 2 : 1;
        kernels.Kernel(height, vectors, true)(Count, a, width, Panels + (own * size), width, strip + (own * width), panels * width, 0);
    }

    /// <summary>Adds rows of floats, on and below the diagonal, to rows of doubles.</summary>
    private void Widen(float* from, int stride, int first, int height, double* to)
    {
        int lanes = Vector512<float>.Count;
        for (int r = 0; r < height; r++)
        {
            int end = first + r + 1, j = 0;
            float* source = from + ((nint)r * stride);
            double* target = to + ((nint)(first + r) * columns);
            for (; j < end && j + lanes <= columns && kernels is not null; j += lanes)
            {
                (Vector512<double> lower, Vector512<double> upper) = Vector512.Widen(Vector512.Load(source + j));
                (Vector512.Load(target + j) + lower).Store(target + j);
                (Vector512.Load(target + j + (lanes / 2)) + upper).Store(target + j + (lanes / 2));
            }
            for (; j < end; j++) target[j] += source[j];
        }
    }

    /// <summary>Adds the sum of the rows: four interleaved sums in float32, in double from there on.</summary>
    private void AddSum(Span<double> sum)
    {
        Span<float> sums = stackalloc float[4 * width <= 1024 ? 4 * width : 0];
        if (sums.IsEmpty) sums = new float[4 * width];
        for (int panel = 0; panel < panels; panel++)
        {
            int count = Math.Min(width, columns - (panel * width));
            float* from = Panels + ((nint)panel * width * capacity);
            sums.Clear();
            int r = 0;
            if (width == 2 * Vector512<float>.Count) r = SumOfFours(from, sums);
            for (; r < Count; r++)
            {
                Span<float> part = sums.Slice(r % 4 * width, width);
                TensorPrimitives.Add(part, new ReadOnlySpan<float>(from + ((nint)r * width), width), part);
            }
            for (int i = 0; i < count; i++)
            {
                sum[(panel * width) + i] += ((double)sums[i] + sums[width + i]) + ((double)sums[(2 * width) + i] + sums[(3 * width) + i]);
            }
        }
    }

    /// <summary>The sums of rows 0, 4, …; 1, 5, …; 2, 6, …; 3, 7, … of a panel of two vectors.</summary>
    /// <returns>The rows that are done.</returns>
    private int SumOfFours(float* from, Span<float> sums)
    {
        const int lanes = 16;
        int whole = Count - (Count % 4);
        for (int half = 0; half < 2; half++)
        {
            Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
            float* row = from + (half * lanes);
            for (int r = 0; r < whole; r += 4)
            {
                s0 += Vector512.Load(row);
                s1 += Vector512.Load(row + (2 * lanes));
                s2 += Vector512.Load(row + (4 * lanes));
                s3 += Vector512.Load(row + (6 * lanes));
                row += 8 * lanes;
            }
            s0.CopyTo(sums[(half * lanes)..]);
            s1.CopyTo(sums[((2 + half) * lanes)..]);
            s2.CopyTo(sums[((4 + half) * lanes)..]);
            s3.CopyTo(sums[((6 + half) * lanes)..]);
        }
        return whole;
    }
}
