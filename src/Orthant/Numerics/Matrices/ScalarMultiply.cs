using System.Numerics;

namespace Orthant.Numerics;

/// <summary>The product without vectors, for any floating-point type: the same chain of fused multiply-adds an element as the vector kernels.</summary>
internal static unsafe class ScalarMultiply
{
    /// <summary>See <see cref="BlockedMultiply.Run{T}"/>.</summary>
    public static void Run<T>(int m, int n, int k, Operand<T> a, Operand<T> b, T* c, nint ldc, bool accumulate, bool lowerOnly)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        nint rowA = a.IsTransposed ? 1 : a.Stride, stepA = a.IsTransposed ? a.Stride : 1;
        for (int i = 0; i < m; i++)
        {
            T* rowC = c + (i * ldc);
            int columns = lowerOnly ? Math.Min(n, i + 1) : n;
            if (!accumulate) new Span<T>(rowC, columns).Clear();
            if (b.IsTransposed)
            {
                for (int j = 0; j < columns; j++) rowC[j] = Chain(k, a.Origin + (i * rowA), stepA, b.Origin + (j * b.Stride), rowC[j]);
                continue;
            }
            for (int p = 0; p < k; p++)
            {
                T factor = a.Origin[(i * rowA) + (p * stepA)];
                T* rowB = b.Origin + (p * b.Stride);
                for (int j = 0; j < columns; j++) rowC[j] = T.FusedMultiplyAdd(factor, rowB[j], rowC[j]);
            }
        }
    }

    private static T Chain<T>(int k, T* a, nint step, T* b, T start)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int p = 0; p < k; p++) start = T.FusedMultiplyAdd(a[p * step], b[p], start);
        return start;
    }
}
