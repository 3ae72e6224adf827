using System.Numerics;
using System.Numerics.Tensors;

namespace Orthant.Networks;

/// <summary>The matrix products of forward and backward passes, row-major and without strides.</summary>
internal static class DenseProduct
{
    /// <summary>Y = X·Wᵀ: rows × n from rows × k and n × k.</summary>
    public static void TimesTransposed<T>(int rows, int n, int k, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<T> one = x.Slice(row * k, k);
            for (int i = 0; i < n; i++) y[(row * n) + i] = TensorPrimitives.Dot(one, w.Slice(i * k, k));
        }
    }

    /// <summary>Y = X·W: rows × n from rows × k and k × n.</summary>
    public static void Times<T>(int rows, int n, int k, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        y.Clear();
        for (int row = 0; row < rows; row++)
        {
            Span<T> one = y.Slice(row * n, n);
            for (int i = 0; i < k; i++)
            {
                T factor = x[(row * k) + i];
                if (factor != T.Zero) TensorPrimitives.MultiplyAdd(w.Slice(i * n, n), factor, one, one);
            }
        }
    }

    /// <summary>Y = Xᵀ·W: rows × n from k × rows and k × n.</summary>
    public static void TransposedTimes<T>(int rows, int n, int k, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        y.Clear();
        for (int i = 0; i < k; i++)
        {
            for (int row = 0; row < rows; row++)
            {
                Span<T> one = y.Slice(row * n, n);
                T factor = x[(i * rows) + row];
                if (factor != T.Zero) TensorPrimitives.MultiplyAdd(w.Slice(i * n, n), factor, one, one);
            }
        }
    }
}
