using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orthant.Numerics;

/// <summary>A matrix B in the order in which the kernels of A·B read it: packed once, for weights that many products share.</summary>
/// <remarks>Immutable and safe to share. It is the right operand of <see cref="MatrixMultiply.Into{T}(ReadOnlyMatrixSpan{T}, PackedMatrix{T}, MatrixSpan{T})"/>;
/// to multiply by Wᵀ, pack <c>w.Transposed()</c>. A packed matrix holds a copy of rows × (columns rounded up to a vector).</remarks>
/// <typeparam name="T">float or double on vector kernels; other types are kept as they are.</typeparam>
public sealed class PackedMatrix<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly MicroKernels<T>? kernels;

    /// <summary>The panels, in an array that the garbage collector does not move; they begin on a 64-byte boundary.</summary>
    private readonly T[] storage;
    private readonly nint start;

    /// <summary>Packs a matrix.</summary>
    /// <param name="matrix">k × n, or the transpose of an n × k matrix in memory. It is copied.</param>
    public PackedMatrix(ReadOnlyMatrixSpan<T> matrix)
        : this(VectorPaths.Best, matrix)
    {
    }

    internal unsafe PackedMatrix(VectorPath path, ReadOnlyMatrixSpan<T> matrix)
    {
        const int Alignment = 64;
        Rows = matrix.Rows;
        Columns = matrix.Columns;
        kernels = MicroKernels<T>.For(path);
        nint length = kernels is null ? (nint)Rows * Columns : MatrixPacking.PanelLength(kernels, Rows, Columns);
        storage = GC.AllocateUninitializedArray<T>(checked((int)length + (Alignment / sizeof(T))), pinned: true);
        nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(storage));
        start = ((address + Alignment - 1) & -Alignment) - address;
        if (kernels is null)
        {
            for (int i = 0; i < Rows; i++)
            {
                for (int j = 0; j < Columns; j++) Panels[(i * Columns) + j] = matrix[i, j];
            }
            return;
        }
        fixed (T* origin = matrix.Values)
        {
            MatrixPacking.PackPanels(kernels, Rows, Columns, new Operand<T>(origin, matrix.Stride, matrix.IsTransposed), Panels);
        }
    }

    /// <summary>The number of rows, k: the columns of the operand it is multiplied by from the left.</summary>
    public int Rows { get; }

    /// <summary>The number of columns, n: the columns of the result.</summary>
    public int Columns { get; }

    private unsafe T* Panels => (T*)((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(storage)) + start);

    internal unsafe void Multiply(ReadOnlyMatrixSpan<T> a, MatrixSpan<T> c, bool accumulate)
    {
        MatrixMultiply.CheckShapes(a.Rows, a.Columns, Rows, Columns, c);
        MatrixMultiply.CheckApart(a.Values, c);
        fixed (T* pa = a.Values, pc = c.Values)
        {
            Operand<T> left = new(pa, a.Stride, a.IsTransposed);
            if (kernels is not null && Rows > 0)
            {
                BlockedMultiply.RunPacked(kernels, c.Rows, Columns, Rows, left, Panels, pc, c.Stride, accumulate);
            }
            else
            {
                ScalarMultiply.Run(c.Rows, Columns, Rows, left, new Operand<T>(Panels, Columns, false), pc, c.Stride, accumulate, false);
            }
        }
        GC.KeepAlive(storage);
    }
}
