using System.Numerics;
using System.Runtime.CompilerServices;

namespace Orthant.Numerics;

/// <summary>An operand of a product: element (i, j) at origin[i·stride + j], or at origin[j·stride + i] when transposed.</summary>
internal readonly unsafe struct Operand<T>(T* origin, nint stride, bool isTransposed)
    where T : unmanaged
{
    public readonly T* Origin = origin;
    public readonly nint Stride = stride;
    public readonly bool IsTransposed = isTransposed;

    /// <summary>The operand without its first rows and columns.</summary>
    public Operand<T> From(nint row, nint column) =>
        new(Origin + (IsTransposed ? (column * Stride) + row : (row * Stride) + column), Stride, IsTransposed);
}

/// <summary>A block of B as the kernels read it: some columns in place, the others in packed panels.</summary>
/// <remarks>
/// <code>
///     columns   0 … InPlaceColumns-1          InPlaceColumns …
///               read at InPlace + j,          panels of 2W columns (the last one W, when that is enough, and zero-padded),
///               InPlaceStride apart           each Depth rows of its own width; rows before Skip belong to earlier blocks
/// </code>
/// </remarks>
internal unsafe struct PanelBlock<T>
    where T : unmanaged
{
    public T* InPlace;
    public nint InPlaceStride;
    public int InPlaceColumns;
    public T* Packed;
    public nint Depth;
    public nint Skip;
}

/// <summary>The blocked product C = A·B or C = C + A·B of matrices in memory. The entry points are <see cref="MatrixMultiply"/>,
/// <see cref="PackedMatrix{T}"/> and <see cref="SymmetricRankUpdate"/>.</summary>
/// <remarks>
/// <para>Five loops, from the outside: columns of B (so that its panels stay in the outer cache), depth, rows of A, panels, tiles. B is packed
/// into panels that a kernel reads from front to back, except where it is read too rarely to repay that. A is packed only where its stride would
/// throw all rows of a tile into the same cache sets.</para>
/// <para>The blocking follows Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.</para>
/// </remarks>
internal static unsafe class BlockedMultiply
{
    /// <summary>Rows of B in a block: a panel of them stays in the first-level cache or little beyond.</summary>
    private const int DepthBytes = 1536;

    /// <summary>Rows of A that pass over the panels together.</summary>
    private const int RowBlock = 192;

    /// <summary>Columns of B whose packed panels stay in the second-level cache.</summary>
    private const int ColumnBlock = 1024;

    /// <summary>Up to so many rows of A, packing B costs more than it saves.</summary>
    private const int FewRows = 24;

    /// <summary>Strides that are multiples of this many bytes put the rows of a tile into the same sets of the first-level cache.</summary>
    private const int AliasingBytes = 4096;

    [ThreadStatic]
    private static AlignedBuffer<byte>? scratchA;

    [ThreadStatic]
    private static AlignedBuffer<byte>? scratchB;

    /// <summary>C (m × n) = A (m × k) · B (k × n), added to C when <paramref name="accumulate"/>; with <paramref name="lowerOnly"/> only
    /// elements on and below the diagonal are read and written.</summary>
    public static void Run<T>(
        MicroKernels<T>? kernels, int m, int n, int k, Operand<T> a, Operand<T> b, T* c, nint ldc, bool accumulate, bool lowerOnly)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (kernels is null || k == 0)
        {
            ScalarMultiply.Run(m, n, k, a, b, c, ldc, accumulate, lowerOnly);
            return;
        }
        int lanes = kernels.Lanes;
        bool readInPlace = !b.IsTransposed && (m <= FewRows || (n <= 2 * kernels.PanelWidth && k <= 1024));
        int depthBlock = DepthBytes / sizeof(T);
        for (int j0 = 0; j0 < n; j0 += ColumnBlock)
        {
            int columns = Math.Min(ColumnBlock, n - j0);
            int inPlace = !readInPlace ? 0 : columns % lanes == 0 ? columns : columns - (columns % kernels.PanelWidth);
            int depth;
            for (int k0 = 0; k0 < k; k0 += depth)
            {
                depth = NextDepth(k - k0, depthBlock);
                Operand<T> block = b.From(k0, j0);
                PanelBlock<T> panels = new() { InPlace = block.Origin, InPlaceStride = b.Stride, InPlaceColumns = inPlace, Depth = depth };
                if (inPlace < columns)
                {
                    panels.Packed = Scratch<T>(ref scratchB, (nint)depth * (columns - inPlace + kernels.PanelWidth));
                    MatrixPacking.PackPanels(kernels, depth, columns - inPlace, block.From(0, inPlace), panels.Packed);
                }
                Operand<T> rows = a.From(0, k0);
                RunRows(kernels, m, columns, depth, rows, panels, c + j0, ldc, accumulate || k0 > 0, lowerOnly ? j0 : -1);
            }
        }
    }

    /// <summary>C (m × n) = A (m × k) · B with B packed beforehand, whole panels k rows deep.</summary>
    public static void RunPacked<T>(MicroKernels<T> kernels, int m, int n, int k, Operand<T> a, T* packed, T* c, nint ldc, bool accumulate)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int depthBlock = DepthBytes / sizeof(T);
        for (int j0 = 0; j0 < n; j0 += ColumnBlock)
        {
            int columns = Math.Min(ColumnBlock, n - j0);
            int depth;
            for (int k0 = 0; k0 < k; k0 += depth)
            {
                depth = NextDepth(k - k0, depthBlock);
                PanelBlock<T> panels = new() { Packed = packed + ((nint)j0 * k), Depth = k, Skip = k0 };
                RunRows(kernels, m, columns, depth, a.From(0, k0), panels, c + j0, ldc, accumulate || k0 > 0, -1);
            }
        }
    }

    /// <summary>The next block's depth: a last block may be half as deep again, rather than leave a sliver.</summary>
    private static int NextDepth(int remaining, int depthBlock) => remaining <= depthBlock + (depthBlock / 2) ? remaining : depthBlock;

    /// <summary>All rows of A times one block of B. firstColumn is the column of C that the block begins at when only the lower triangle
    /// is wanted, else -1.</summary>
    [SkipLocalsInit]
    private static void RunRows<T>(
        MicroKernels<T> kernels, int m, int n, int depth, Operand<T> a, in PanelBlock<T> panels, T* c, nint ldc, bool accumulate, int firstColumn)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int tileRows = kernels.TileRows;
        bool packA = m >= tileRows && n >= 2 * kernels.PanelWidth && PaysToPack(kernels, a);
        byte* edgeBytes = stackalloc byte[(8 * 2 * 64) + 64];
        T* edge = (T*)(((nint)edgeBytes + 63) & ~63);
        for (int i0 = 0; i0 < m; i0 += RowBlock)
        {
            int rows = Math.Min(RowBlock, m - i0);
            if (firstColumn >= i0 + rows) continue;
            Operand<T> block = a.From(i0, 0);
            if (packA)
            {
                T* packed = Scratch<T>(ref scratchA, (nint)depth * RowBlock);
                MatrixPacking.PackTiles(tileRows, rows, depth, block, packed);
                block = new Operand<T>(packed, 0, true);
            }
            int wide = !block.IsTransposed && firstColumn < 0 && m <= kernels.WideRows
                ? RunWide(kernels, m, n, depth, block, panels, c, ldc, accumulate)
                : 0;
            for (int j = wide; j < n;)
            {
                bool inPlace = j < panels.InPlaceColumns;
                int width = Math.Min(kernels.PanelWidth, (inPlace ? panels.InPlaceColumns : n) - j);
                int vectors = width > kernels.Lanes ? 2 : 1;
                int paddedWidth = vectors * kernels.Lanes;
                T* panel = inPlace
                    ? panels.InPlace + j
                    : panels.Packed + ((j - panels.InPlaceColumns) * panels.Depth) + (panels.Skip * paddedWidth);
                nint panelStride = inPlace ? panels.InPlaceStride : paddedWidth;
                int first = firstColumn < 0 ? 0 : Math.Max(0, firstColumn + j - i0) / tileRows * tileRows;
                for (int i = first; i < rows; i += tileRows)
                {
                    int height = Math.Min(tileRows, rows - i);
                    var kernel = kernels.Kernel(height, vectors, block.IsTransposed);
                    T* tileA = packA ? block.Origin + ((nint)i * depth) : block.Origin + (i * (block.IsTransposed ? 1 : block.Stride));
                    nint stepA = packA ? height : block.Stride;
                    T* tileC = c + ((i0 + i) * ldc) + j;
                    int diagonal = firstColumn < 0 ? int.MaxValue - tileRows : i0 + i - (firstColumn + j);
                    if (width == paddedWidth && diagonal >= width - 1)
                    {
                        kernel(depth, tileA, stepA, panel, panelStride, tileC, ldc, accumulate ? 1 : 0);
                        continue;
                    }
                    if (accumulate) CopyTile(height, width, diagonal, tileC, ldc, edge, paddedWidth);
                    kernel(depth, tileA, stepA, panel, panelStride, edge, paddedWidth, accumulate ? 1 : 0);
                    CopyTile(height, width, diagonal, edge, paddedWidth, tileC, ldc);
                }
                j += width;
            }
        }
    }

    /// <summary>Few rows of A times as many groups of four panels as begin the block, all in place or all packed.</summary>
    /// <returns>The columns that are done.</returns>
    private static int RunWide<T>(
        MicroKernels<T> kernels, int m, int n, int depth, Operand<T> a, in PanelBlock<T> panels, T* c, nint ldc, bool accumulate)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int panelWidth = kernels.PanelWidth, step = MicroKernels<T>.WidePanels * panelWidth;
        bool inPlace = panels.InPlaceColumns >= step;
        if (!inPlace && panels.InPlaceColumns > 0) return 0;
        var kernel = kernels.WideKernel(m);
        int end = inPlace ? panels.InPlaceColumns : n - (n % panelWidth), j = 0;
        for (; j + step <= end; j += step)
        {
            T* b = inPlace ? panels.InPlace + j : panels.Packed + (j * panels.Depth) + (panels.Skip * panelWidth);
            nint stride = inPlace ? panels.InPlaceStride : panelWidth, distance = inPlace ? panelWidth : panels.Depth * panelWidth;
            kernel(depth, a.Origin, a.Stride, b, stride, distance, c + j, ldc, accumulate ? 1 : 0);
        }
        return j;
    }

    /// <summary>Whether reading A from its place would thrash the first-level cache.</summary>
    private static bool PaysToPack<T>(MicroKernels<T> kernels, Operand<T> a)
        where T : unmanaged =>
        (a.Stride * sizeof(T)) % AliasingBytes == 0 && (!a.IsTransposed || kernels.Lanes * sizeof(T) == 32);

    /// <summary>Copies the part of a tile that lies inside C, and on or below the diagonal: row r up to column diagonal + r.</summary>
    private static void CopyTile<T>(int height, int width, int diagonal, T* from, nint fromStride, T* to, nint toStride)
        where T : unmanaged
    {
        for (int r = 0; r < height; r++)
        {
            int count = Math.Min(width, diagonal + r + 1);
            if (count > 0) MatrixPacking.Copy((byte*)(from + (r * fromStride)), (byte*)(to + (r * toStride)), count * sizeof(T));
        }
    }

    /// <summary>This thread's scratch memory, grown when it is too small and never shrunk.</summary>
    private static T* Scratch<T>(ref AlignedBuffer<byte>? buffer, nint length)
        where T : unmanaged
    {
        int bytes = checked((int)(length * sizeof(T)));
        if (buffer is null || buffer.Length < bytes)
        {
            buffer?.Dispose();
            buffer = new AlignedBuffer<byte>(bytes);
        }
        return (T*)buffer.Pointer;
    }
}
