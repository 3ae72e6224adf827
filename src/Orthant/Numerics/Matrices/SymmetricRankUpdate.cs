using System.Numerics;

namespace Orthant.Numerics;

/// <summary>The product of a matrix with its own transpose, A·Aᵀ, at half the cost of a general product. For AᵀA pass <c>a.Transposed()</c>.</summary>
/// <remarks>Each element has the same bits as the one that <see cref="MatrixMultiply"/> computes, and so the result is exactly symmetric.</remarks>
public static class SymmetricRankUpdate
{
    /// <summary>c = a·aᵀ, both triangles.</summary>
    /// <param name="a">n × k.</param>
    /// <param name="c">The result, n × n; it may not share memory with <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The result is not n × n, or it overlaps the operand.</exception>
    public static void Into<T>(ReadOnlyMatrixSpan<T> a, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        LowerInto(a, c);
        Mirror(c);
    }

    /// <summary>c = c + a·aᵀ for a symmetric c, both triangles. Only the lower triangle of c is read.</summary>
    /// <param name="a">n × k.</param>
    /// <param name="c">The matrix that is added to, n × n; it may not share memory with <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The result is not n × n, or it overlaps the operand.</exception>
    public static void AddInto<T>(ReadOnlyMatrixSpan<T> a, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        AddLowerInto(a, c);
        Mirror(c);
    }

    /// <summary>c = a·aᵀ on and below the diagonal; what is above the diagonal is left alone.</summary>
    /// <param name="a">n × k.</param>
    /// <param name="c">The result, n × n; it may not share memory with <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The result is not n × n, or it overlaps the operand.</exception>
    public static void LowerInto<T>(ReadOnlyMatrixSpan<T> a, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T> => RunLower(VectorPaths.Best, a, c, accumulate: false);

    /// <summary>c = c + a·aᵀ on and below the diagonal; what is above the diagonal is left alone. Sums over batches of columns add up this way, and
    /// <see cref="Mirror"/> completes them.</summary>
    /// <param name="a">n × k.</param>
    /// <param name="c">The matrix that is added to, n × n; it may not share memory with <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The result is not n × n, or it overlaps the operand.</exception>
    public static void AddLowerInto<T>(ReadOnlyMatrixSpan<T> a, MatrixSpan<T> c)
        where T : unmanaged, IFloatingPointIeee754<T> => RunLower(VectorPaths.Best, a, c, accumulate: true);

    /// <summary>Copies what is below the diagonal to above it.</summary>
    /// <param name="c">A square matrix.</param>
    /// <exception cref="ArgumentException">The matrix is not square.</exception>
    public static void Mirror<T>(MatrixSpan<T> c)
        where T : unmanaged
    {
        const int Block = 32;
        if (c.Rows != c.Columns) throw new ArgumentException($"A {c.Rows} × {c.Columns} matrix is not square.");
        Span<T> values = c.Values;
        for (int i0 = 0; i0 < c.Rows; i0 += Block)
        {
            for (int j0 = 0; j0 <= i0; j0 += Block)
            {
                for (int i = i0; i < Math.Min(i0 + Block, c.Rows); i++)
                {
                    for (int j = j0; j < Math.Min(j0 + Block, i); j++) values[(j * c.Stride) + i] = values[(i * c.Stride) + j];
                }
            }
        }
    }

    /// <summary>The lower triangle on one path.</summary>
    internal static unsafe void RunLower<T>(VectorPath path, ReadOnlyMatrixSpan<T> a, MatrixSpan<T> c, bool accumulate)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        MatrixMultiply.CheckShapes(a.Rows, a.Columns, a.Columns, a.Rows, c);
        MatrixMultiply.CheckApart(a.Values, c);
        fixed (T* pa = a.Values, pc = c.Values)
        {
            Operand<T> left = new(pa, a.Stride, a.IsTransposed), right = new(pa, a.Stride, !a.IsTransposed);
            BlockedMultiply.Run(MicroKernels<T>.For(path), a.Rows, a.Rows, a.Columns, left, right, pc, c.Stride, accumulate, lowerOnly: true);
        }
    }
}
