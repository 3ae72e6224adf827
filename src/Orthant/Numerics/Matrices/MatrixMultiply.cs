using System.Numerics;

namespace Orthant.Numerics;

/// <summary>The blocked matrix multiply: C = A·B and C = C + A·B, with either operand transposed.</summary>
/// <remarks>
/// <para>Each element of C is one chain of fused multiply-adds in ascending order of the inner index, begun from zero or from C. Its bits therefore depend
/// neither on the machine's vector width, nor on the number of rows or columns that are computed together, nor on how callers divide C among threads.
/// Its error is at most k·u/(1 − k·u) times the sum of |a||b| (and |c|), with u the unit roundoff (Higham, <i>Accuracy and Stability of Numerical
/// Algorithms</i>, 2nd ed., section 3.1).</para>
/// <para>float and double run on vector kernels; other floating-point types on a scalar loop with the same rule. A call runs on the caller's thread;
/// the methods are safe to call at the same time on different results. For a B that is used many times, see <see cref="PackedMatrix{T}"/>; for A·Aᵀ,
/// <see cref="SymmetricRankUpdate"/>.</para>
/// </remarks>
public static class MatrixMultiply
{
    /// <summary>c = a·b.</summary>
    /// <param name="a">The left operand, m × k; <see cref="ReadOnlyMatrixSpan{T}.Transposed"/> for Aᵀ.</param>
    /// <param name="b">The right operand, k × n.</param>
    /// <param name="c">The result, m × n; it may not share memory with an operand.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the result overlaps an operand.</exception>
    public static void Into<T>(ReadOnlyMatrixSpan<T> a, ReadOnlyMatrixSpan<T> b, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T> => Run(VectorPaths.Best, a, b, c, accumulate: false);

    /// <summary>c = c + a·b.</summary>
    /// <param name="a">The left operand, m × k; <see cref="ReadOnlyMatrixSpan{T}.Transposed"/> for Aᵀ.</param>
    /// <param name="b">The right operand, k × n.</param>
    /// <param name="c">The matrix that is added to, m × n; it may not share memory with an operand.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the result overlaps an operand.</exception>
    public static void AddInto<T>(ReadOnlyMatrixSpan<T> a, ReadOnlyMatrixSpan<T> b, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T> => Run(VectorPaths.Best, a, b, c, accumulate: true);

    /// <summary>c = a·b with b packed beforehand. The same bits as with b unpacked.</summary>
    /// <param name="a">The left operand, m × k.</param>
    /// <param name="b">The right operand, k × n.</param>
    /// <param name="c">The result, m × n; it may not share memory with <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the result overlaps an operand.</exception>
    public static void Into<T>(ReadOnlyMatrixSpan<T> a, PackedMatrix<T> b, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(b);
        b.Multiply(a, c, accumulate: false);
    }

    /// <summary>c = c + a·b with b packed beforehand. The same bits as with b unpacked.</summary>
    /// <param name="a">The left operand, m × k.</param>
    /// <param name="b">The right operand, k × n.</param>
    /// <param name="c">The matrix that is added to, m × n; it may not share memory with <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the result overlaps an operand.</exception>
    public static void AddInto<T>(ReadOnlyMatrixSpan<T> a, PackedMatrix<T> b, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(b);
        b.Multiply(a, c, accumulate: true);
    }

    /// <summary>The product on one path.</summary>
    internal static unsafe void Run<T>(VectorPath path, ReadOnlyMatrixSpan<T> a, ReadOnlyMatrixSpan<T> b, MatrixSpan<T> c, bool accumulate)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        CheckShapes(a.Rows, a.Columns, b.Rows, b.Columns, c);
        CheckApart(a.Values, c);
        CheckApart(b.Values, c);
        fixed (T* pa = a.Values, pb = b.Values, pc = c.Values)
        {
            Operand<T> left = new(pa, a.Stride, a.IsTransposed), right = new(pb, b.Stride, b.IsTransposed);
            BlockedMultiply.Run(MicroKernels<T>.For(path), c.Rows, c.Columns, a.Columns, left, right, pc, c.Stride, accumulate, false);
        }
    }

    internal static void CheckShapes<T>(int rowsA, int columnsA, int rowsB, int columnsB, MatrixSpan<T> c)
        where T : unmanaged
    {
        if (columnsA != rowsB || c.Rows != rowsA || c.Columns != columnsB)
        {
            throw new ArgumentException($"({rowsA} × {columnsA}) · ({rowsB} × {columnsB}) does not give {c.Rows} × {c.Columns}.");
        }
    }

    internal static void CheckApart<T>(ReadOnlySpan<T> operand, MatrixSpan<T> c)
        where T : unmanaged
    {
        if (operand.Overlaps(c.Values)) throw new ArgumentException("The result shares memory with an operand.");
    }
}
