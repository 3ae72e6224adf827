using System.Numerics;
using CsCheck;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public class MatrixMultiplyTests
{
    /// <summary>Shapes that meet every edge of the blocking: below, at and above a vector, a panel, a tile, a row block, a depth block and a column block.</summary>
    private static readonly (int M, int N, int K)[] EdgeShapes =
    [
        (1, 1, 1), (1, 40, 30), (7, 10, 5), (13, 33, 17), (128, 10, 128), (24, 31, 600), (25, 47, 129), (12, 1100, 9), (37, 64, 1024), (200, 16, 27),
        (130, 72, 900), (193, 65, 384), (9, 96, 577), (50, 2050, 3), (40, 128, 1030), (33, 64, 2048), (1, 300, 700), (2, 520, 33), (1, 128, 64), (1, 1200, 7), (2, 70, 400), (20, 3, 40), (5, 1, 64), (30, 17, 50),
    ];

    [Fact]
    public void Every_path_gives_the_bits_of_the_plain_chain_on_the_edges_of_the_blocking()
    {
        foreach ((int m, int n, int k) in EdgeShapes)
        {
            for (int variant = 0; variant < 8; variant++)
            {
                Product shape = new(m, n, k, (variant & 1) != 0, (variant & 2) != 0, (variant & 4) != 0, Pad: variant % 3, Seed: (uint)(m + n + k));
                CheckBits<float>(shape);
                CheckBits<double>(shape);
            }
        }
    }

    [Fact]
    public void Every_path_gives_the_bits_of_the_plain_chain_on_any_shape() =>
        ProductGen(130).Sample(shape => CheckBits<float>(shape) && CheckBits<double>(shape), iter: 300);

    [Fact]
    public void The_error_stays_below_the_bound_of_one_chain() => ProductGen(130).Sample(
        shape =>
        {
            const double UnitSingle = 1.0 / (1 << 24);
            float[] a = Values<float>(shape.LengthA, shape.Seed), b = Values<float>(shape.LengthB, shape.Seed + 1);
            float[] c = Values<float>(shape.LengthC, shape.Seed + 2), before = [.. c];
            Multiply(VectorPaths.Best, shape, a, b, c);
            Matrix<double> exactA = ToMathNet(shape.ViewA<float>(a)), exactB = ToMathNet(shape.ViewB<float>(b));
            Matrix<double> product = exactA * exactB, size = exactA.PointwiseAbs() * exactB.PointwiseAbs();
            double steps = (shape.K + 1) * UnitSingle, gamma = steps / (1 - steps);
            for (int i = 0; i < shape.M; i++)
            {
                for (int j = 0; j < shape.N; j++)
                {
                    double start = shape.Accumulate ? before[(i * shape.StrideC) + j] : 0;
                    // The oracle's own rounding is below 1e-9 of the bound's u.
                    double bound = (gamma * (size[i, j] + Math.Abs(start)) * (1 + 1e-8)) + 1e-300;
                    Assert.InRange(c[(i * shape.StrideC) + j], product[i, j] + start - bound, product[i, j] + start + bound);
                }
            }
        },
        iter: 60);

    [Fact]
    public void Doubles_agree_with_MathNet() => ProductGen(90).Sample(
        shape =>
        {
            double[] a = Values<double>(shape.LengthA, shape.Seed), b = Values<double>(shape.LengthB, shape.Seed + 1), c = new double[shape.LengthC];
            Multiply(VectorPaths.Best, shape with { Accumulate = false }, a, b, c);
            Matrix<double> left = ToMathNet(shape.ViewA<double>(a)), right = ToMathNet(shape.ViewB<double>(b));
            Matrix<double> product = left * right, size = left.PointwiseAbs() * right.PointwiseAbs();
            for (int i = 0; i < shape.M; i++)
            {
                for (int j = 0; j < shape.N; j++)
                {
                    // Both sums err by at most gamma_k.
                    Assert.Equal(product[i, j], c[(i * shape.StrideC) + j], 2.1 * shape.K * size[i, j] / (1L << 53));
                }
            }
        },
        iter: 60);

    [Fact]
    public void A_row_alone_has_the_bits_that_it_has_among_others() =>
        Gen.Select(Gen.Int[2, 60], Gen.Int[1, 90], Gen.Int[1, 700], Gen.Bool, Gen.UInt).Sample(
            (m, n, k, transposed, seed) =>
            {
                Product all = new(m, n, k, false, transposed, false, 0, seed), one = all with { M = 1 };
                float[] a = Values<float>(all.LengthA, seed), b = Values<float>(all.LengthB, seed + 1), c = new float[all.LengthC], row = new float[n];
                PackedMatrix<float> packed = new(all.ViewB<float>(b));
                MatrixMultiply.Into(all.ViewA<float>(a), packed, new MatrixSpan<float>(c, m, n));
                for (int i = 0; i < m; i++)
                {
                    MatrixMultiply.Into(new ReadOnlyMatrixSpan<float>(a.AsSpan(i * k, k), 1, k), packed, new MatrixSpan<float>(row, 1, n));
                    if (!SameBits<float>(row, c.AsSpan(i * n, n))) return false;
                    MatrixMultiply.Into(new ReadOnlyMatrixSpan<float>(a.AsSpan(i * k, k), 1, k), one.ViewB<float>(b), new MatrixSpan<float>(row, 1, n));
                    if (!SameBits<float>(row, c.AsSpan(i * n, n))) return false;
                }
                return true;
            },
            iter: 40);

    [Fact]
    public void The_rank_update_is_symmetric_and_has_the_bits_of_the_product() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 70], Gen.Bool, Gen.Bool, Gen.UInt).Sample(
            (n, k, transposed, accumulate, seed) =>
                CheckRankUpdate<float>(n, k, transposed, accumulate, seed) && CheckRankUpdate<double>(n, k, transposed, accumulate, seed),
            iter: 60);

    /// <summary>Vector loads may run over the end of a row, but never over the end of an operand: every operand ends where unreadable memory begins.</summary>
    [Fact]
    public void Nothing_outside_the_operands_is_touched()
    {
        foreach ((int m, int n, int k) in EdgeShapes)
        {
            for (int variant = 0; variant < 8; variant++)
            {
                Product shape = new(m, n, k, (variant & 1) != 0, (variant & 2) != 0, (variant & 4) != 0, Pad: variant % 2, Seed: 1);
                using GuardedMemory a = new(shape.LengthA), b = new(shape.LengthB), c = new(shape.LengthC);
                foreach (VectorPath path in VectorPaths.Supported)
                {
                    MatrixSpan<float> result = new(c.Span, m, n, shape.StrideC);
                    MatrixMultiply.Run(path, shape.ViewA<float>(a.Span), shape.ViewB<float>(b.Span), result, shape.Accumulate);
                    new PackedMatrix<float>(path, shape.ViewB<float>(b.Span)).Multiply(shape.ViewA<float>(a.Span), result, shape.Accumulate);
                    if (m == n) SymmetricRankUpdate.RunLower(path, shape.ViewA<float>(a.Span), result, shape.Accumulate);
                }
            }
        }
    }

    [Fact]
    public void An_empty_inner_dimension_gives_zero_or_leaves_the_sum()
    {
        double[] c = [1, 2, 3, 4];
        foreach (VectorPath path in VectorPaths.Supported)
        {
            MatrixMultiply.Run(path, new ReadOnlyMatrixSpan<double>([], 2, 0), new ReadOnlyMatrixSpan<double>([], 0, 2), new MatrixSpan<double>(c, 2, 2), true);
            Assert.Equal([1, 2, 3, 4], c);
        }
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>([], 2, 0), new ReadOnlyMatrixSpan<double>([], 0, 2), new MatrixSpan<double>(c, 2, 2));
        Assert.Equal([0, 0, 0, 0], c);
    }

    [Fact]
    public void Not_a_number_in_one_column_stays_in_that_column()
    {
        foreach (VectorPath path in VectorPaths.Supported)
        {
            float[] b = [1, float.NaN, 2, 3, float.PositiveInfinity, 4], c = new float[3];
            MatrixMultiply.Run(path, new ReadOnlyMatrixSpan<float>([1, 1], 1, 2), new ReadOnlyMatrixSpan<float>(b, 2, 3), new MatrixSpan<float>(c, 1, 3), false);
            Assert.Equal([4, float.NaN, 6], c);
        }
    }

    [Fact]
    public void Half_precision_takes_the_scalar_chain()
    {
        Half[] c = new Half[1];
        MatrixMultiply.Into(
            new ReadOnlyMatrixSpan<Half>([(Half)2, (Half)3], 1, 2), new ReadOnlyMatrixSpan<Half>([(Half)5, (Half)7], 2, 1), new MatrixSpan<Half>(c, 1, 1));
        Assert.Equal((Half)31, c[0]);
    }

    [Fact]
    public void Shapes_that_do_not_fit_and_shared_memory_are_refused()
    {
        float[] x = new float[64];
        Assert.Throws<ArgumentException>(() => new MatrixSpan<float>(x, 9, 8).Rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MatrixSpan<float>(x, 2, 8, 7).Rows);
        Assert.Throws<ArgumentException>(() =>
            MatrixMultiply.Into(new ReadOnlyMatrixSpan<float>(x, 2, 3), new ReadOnlyMatrixSpan<float>(x, 4, 2), new MatrixSpan<float>(new float[4], 2, 2)));
        Assert.Throws<ArgumentException>(() => MatrixMultiply.Into(
            new ReadOnlyMatrixSpan<float>(x.AsSpan(0, 4), 2, 2), new ReadOnlyMatrixSpan<float>(x.AsSpan(4, 4), 2, 2), new MatrixSpan<float>(x.AsSpan(7), 2, 2)));
        Assert.Throws<ArgumentException>(() =>
            SymmetricRankUpdate.Into(new ReadOnlyMatrixSpan<float>(x, 2, 3), new MatrixSpan<float>(new float[9], 3, 3)));
    }

    private static Gen<Product> ProductGen(int largest) =>
        Gen.Select(Gen.Int[1, largest], Gen.Int[1, largest], Gen.Int[1, largest], Gen.Int[0, 7], Gen.Int[0, 5], Gen.UInt)
            .Select((m, n, k, variant, pad, seed) => new Product(m, n, k, (variant & 1) != 0, (variant & 2) != 0, (variant & 4) != 0, pad, seed));

    private static bool CheckBits<T>(Product shape)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] a = Values<T>(shape.LengthA, shape.Seed), b = Values<T>(shape.LengthB, shape.Seed + 1), start = Values<T>(shape.LengthC, shape.Seed + 2);
        T[] expected = [.. start];
        ReadOnlyMatrixSpan<T> viewA = shape.ViewA<T>(a), viewB = shape.ViewB<T>(b);
        for (int i = 0; i < shape.M; i++)
        {
            for (int j = 0; j < shape.N; j++)
            {
                T sum = shape.Accumulate ? start[(i * shape.StrideC) + j] : T.Zero;
                for (int k = 0; k < shape.K; k++) sum = T.FusedMultiplyAdd(viewA[i, k], viewB[k, j], sum);
                expected[(i * shape.StrideC) + j] = sum;
            }
        }
        foreach (VectorPath path in VectorPaths.Supported)
        {
            T[] c = [.. start];
            Multiply<T>(path, shape, a, b, c);
            Assert.True(SameBits<T>(expected, c), $"{path} {shape}");
            c = [.. start];
            PackedMatrix<T> packed = new(path, viewB);
            packed.Multiply(viewA, new MatrixSpan<T>(c, shape.M, shape.N, shape.StrideC), shape.Accumulate);
            Assert.True(SameBits<T>(expected, c), $"packed {path} {shape}");
        }
        return true;
    }

    private static bool CheckRankUpdate<T>(int n, int k, bool transposed, bool accumulate, uint seed)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] values = Values<T>(n * k, seed);
        ReadOnlyMatrixSpan<T> a = transposed ? new ReadOnlyMatrixSpan<T>(values, k, n).Transposed() : new ReadOnlyMatrixSpan<T>(values, n, k);
        T[] start = Values<T>(n * n, seed + 1);
        SymmetricRankUpdate.Mirror(new MatrixSpan<T>(start, n, n));
        T[] expected = [.. start];
        MatrixMultiply.Run(VectorPath.Scalar, a, a.Transposed(), new MatrixSpan<T>(expected, n, n), accumulate);
        foreach (VectorPath path in VectorPaths.Supported)
        {
            T[] lower = [.. start];
            for (int i = 0; i < n; i++) lower.AsSpan((i * n) + i + 1, n - i - 1).Fill(T.NaN);
            SymmetricRankUpdate.RunLower(path, a, new MatrixSpan<T>(lower, n, n), accumulate);
            for (int i = 0; i < n; i++)
            {
                if (!SameBits<T>(expected.AsSpan(i * n, i + 1), lower.AsSpan(i * n, i + 1))) return false;
                foreach (T above in lower.AsSpan((i * n) + i + 1, n - i - 1))
                {
                    if (!T.IsNaN(above)) return false;
                }
            }
        }
        T[] both = [.. start];
        if (accumulate) SymmetricRankUpdate.AddInto(a, new MatrixSpan<T>(both, n, n));
        else SymmetricRankUpdate.Into(a, new MatrixSpan<T>(both, n, n));
        return SameBits<T>(expected, both);
    }

    private static void Multiply<T>(VectorPath path, Product shape, T[] a, T[] b, T[] c)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        MatrixMultiply.Run(path, shape.ViewA<T>(a), shape.ViewB<T>(b), new MatrixSpan<T>(c, shape.M, shape.N, shape.StrideC), shape.Accumulate);

    private static bool SameBits<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes(x).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(y));

    private static T[] Values<T>(int length, uint seed)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Random random = new((int)seed);
        T[] values = new T[length];
        for (int i = 0; i < length; i++) values[i] = T.CreateTruncating((random.NextDouble() * 2) - 1);
        return values;
    }

    private static Matrix<double> ToMathNet<T>(ReadOnlyMatrixSpan<T> matrix)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Matrix<double> result = Matrix<double>.Build.Dense(matrix.Rows, matrix.Columns);
        for (int i = 0; i < matrix.Rows; i++)
        {
            for (int j = 0; j < matrix.Columns; j++) result[i, j] = double.CreateTruncating(matrix[i, j]);
        }
        return result;
    }

    /// <summary>A product to test: its shape, which operands are transposed, whether it is added to C, and how far the rows are padded.</summary>
    private sealed record Product(int M, int N, int K, bool TransposeA, bool TransposeB, bool Accumulate, int Pad, uint Seed)
    {
        public int StrideC => N + Pad;

        public int LengthC => ((M - 1) * StrideC) + N;

        public int LengthA => TransposeA ? ((K - 1) * (M + Pad)) + M : ((M - 1) * (K + Pad)) + K;

        public int LengthB => TransposeB ? ((N - 1) * (K + Pad)) + K : ((K - 1) * (N + Pad)) + N;

        public ReadOnlyMatrixSpan<T> ViewA<T>(ReadOnlySpan<T> a)
            where T : unmanaged => TransposeA ? new ReadOnlyMatrixSpan<T>(a, K, M, M + Pad).Transposed() : new ReadOnlyMatrixSpan<T>(a, M, K, K + Pad);

        public ReadOnlyMatrixSpan<T> ViewB<T>(ReadOnlySpan<T> b)
            where T : unmanaged => TransposeB ? new ReadOnlyMatrixSpan<T>(b, N, K, K + Pad).Transposed() : new ReadOnlyMatrixSpan<T>(b, K, N, N + Pad);
    }
}
