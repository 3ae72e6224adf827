namespace Orthant.Numerics;

/// <summary>The register-blocked inner loops of the matrix multiply for one element type and one vector width.</summary>
/// <remarks>
/// <para>A kernel computes one tile of C, <c>m</c> rows by one or two vectors, and keeps all of it in registers:</para>
/// <code>
///                         b[k]  | lane 0 … lane W-1 | lane 0 … lane W-1 |      two loads a step
///     a[0], step k  ──broadcast─►    c00 += a·b0         c01 += a·b1
///     a[1], step k  ──broadcast─►    c10 += a·b0         c11 += a·b1           fused multiply-adds
///        …                              …                   …
/// </code>
/// <para>So each element of C is one chain of fused multiply-adds in ascending k that starts from zero or from C, and neither the
/// tile's height, nor the vector width, nor any blocking can change its bits.</para>
/// <para>Row kernels read A by rows (element (i, k) at a[i·step + k]), column kernels by columns (a[k·step + i]): the latter serve Aᵀ and
/// packed A. Wide kernels take few rows by four panels at once, so that a product of one row has chains enough to keep the multipliers busy.</para>
/// </remarks>
internal sealed unsafe class MicroKernels<T>
    where T : unmanaged
{
    private readonly delegate*<nint, T*, nint, T*, nint, T*, nint, nint, void>[] rowKernels;
    private readonly delegate*<nint, T*, nint, T*, nint, T*, nint, nint, void>[] columnKernels;
    private readonly delegate*<nint, T*, nint, T*, nint, nint, T*, nint, nint, void>[] wideKernels;

    /// <summary>Collects the kernels of one generated file.</summary>
    /// <param name="lanes">The elements of a vector.</param>
    /// <param name="tileRows">The height of the highest tile.</param>
    /// <param name="rowKernels">The kernels that read A by rows: one vector wide for 1, 2, … rows, then two vectors wide.
    /// Parameters: depth, a, step of a, b, row stride of b, c, row stride of c, and whether to start from C (0 or 1).</param>
    /// <param name="columnKernels">The kernels that read A by columns, in the same order.</param>
    /// <param name="wideKernels">The kernels of four panels for 1, 2, … rows, which read A by rows; after the row stride of b they take the distance
    /// between panels.</param>
    public MicroKernels(
        int lanes,
        int tileRows,
        delegate*<nint, T*, nint, T*, nint, T*, nint, nint, void>[] rowKernels,
        delegate*<nint, T*, nint, T*, nint, T*, nint, nint, void>[] columnKernels,
        delegate*<nint, T*, nint, T*, nint, nint, T*, nint, nint, void>[] wideKernels)
    {
        Lanes = lanes;
        TileRows = tileRows;
        this.rowKernels = rowKernels;
        this.columnKernels = columnKernels;
        this.wideKernels = wideKernels;
    }

    /// <summary>The elements of a vector.</summary>
    public int Lanes { get; }

    /// <summary>The height of the highest tile.</summary>
    public int TileRows { get; }

    /// <summary>The width of a full panel of B: two vectors.</summary>
    public int PanelWidth => 2 * Lanes;

    /// <summary>The panels of a wide kernel.</summary>
    public static int WidePanels => 4;

    /// <summary>The largest number of rows that there is a wide kernel for.</summary>
    public int WideRows => wideKernels.Length;

    /// <summary>The kernels for a path, or null where there are none: on the scalar path, and for element types other than float and double.</summary>
    public static MicroKernels<T>? For(VectorPath path)
    {
        if (typeof(T) == typeof(float))
        {
            return (MicroKernels<T>?)(object?)(path switch
            {
                VectorPath.Vector512 => MicroKernelsSingle512.Table,
                VectorPath.Vector256 => MicroKernelsSingle256.Table,
                _ => null,
            });
        }
        if (typeof(T) == typeof(double))
        {
            return (MicroKernels<T>?)(object?)(path switch
            {
                VectorPath.Vector512 => MicroKernelsDouble512.Table,
                VectorPath.Vector256 => MicroKernelsDouble256.Table,
                _ => null,
            });
        }
        return null;
    }

    /// <summary>The kernel for a tile.</summary>
    /// <param name="rows">From 1 to <see cref="TileRows"/>.</param>
    /// <param name="vectors">1 or 2.</param>
    /// <param name="byColumns">Whether A is read by columns.</param>
    public delegate*<nint, T*, nint, T*, nint, T*, nint, nint, void> Kernel(int rows, int vectors, bool byColumns) =>
        (byColumns ? columnKernels : rowKernels)[((vectors - 1) * TileRows) + rows - 1];

    /// <summary>The wide kernel for so many rows.</summary>
    /// <param name="rows">From 1 to <see cref="WideRows"/>.</param>
    public delegate*<nint, T*, nint, T*, nint, nint, T*, nint, nint, void> WideKernel(int rows) => wideKernels[rows - 1];
}
