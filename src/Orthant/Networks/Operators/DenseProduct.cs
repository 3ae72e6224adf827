using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>The matrix products of forward and backward passes, row-major and without strides.</summary>
internal static class DenseProduct
{
    /// <summary>Y = X·Wᵀ: rows × n from rows × k and n × k.</summary>
    public static void TimesTransposed<T>(int rows, int n, int k, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<T>(x, rows, k), new ReadOnlyMatrixSpan<T>(w, n, k).Transposed(), new MatrixSpan<T>(y, rows, n));

    /// <summary>Y = X·W: rows × n from rows × k and k × n.</summary>
    public static void Times<T>(int rows, int n, int k, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<T>(x, rows, k), new ReadOnlyMatrixSpan<T>(w, k, n), new MatrixSpan<T>(y, rows, n));

    /// <summary>Y = Xᵀ·W: rows × n from k × rows and k × n.</summary>
    public static void TransposedTimes<T>(int rows, int n, int k, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<T>(x, k, rows).Transposed(), new ReadOnlyMatrixSpan<T>(w, k, n), new MatrixSpan<T>(y, rows, n));
}
