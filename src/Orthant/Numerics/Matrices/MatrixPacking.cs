using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orthant.Numerics;

/// <summary>Copies of matrix blocks in the order in which the kernels read them.</summary>
internal static unsafe class MatrixPacking
{
    /// <summary>The number of elements that <see cref="PackPanels"/> writes.</summary>
    public static nint PanelLength<T>(MicroKernels<T> kernels, int depth, int columns)
        where T : unmanaged => (nint)depth * ((columns + kernels.Lanes - 1) / kernels.Lanes * kernels.Lanes);

    /// <summary>Copies a block of B (depth × columns) into panels of two vectors, the last one of one vector when that is enough; columns beyond the
    /// block's end become zero.</summary>
    public static void PackPanels<T>(MicroKernels<T> kernels, int depth, int columns, Operand<T> b, T* packed)
        where T : unmanaged
    {
        for (int j = 0; j < columns; j += kernels.PanelWidth)
        {
            int width = Math.Min(kernels.PanelWidth, columns - j);
            int paddedWidth = width > kernels.Lanes ? kernels.PanelWidth : kernels.Lanes;
            if (b.IsTransposed)
            {
                if (width < paddedWidth) new Span<T>(packed, depth * paddedWidth).Clear();
                Transpose(width, depth, b.Origin + (j * b.Stride), b.Stride, packed, paddedWidth);
            }
            else if (width == paddedWidth)
            {
                for (int k = 0; k < depth; k++)
                {
                    Copy((byte*)(b.Origin + (k * b.Stride) + j), (byte*)(packed + ((nint)k * paddedWidth)), width * sizeof(T));
                }
            }
            else
            {
                CopyPadded(depth, (byte*)(b.Origin + j), b.Stride * sizeof(T), width * sizeof(T), (byte*)packed, paddedWidth * sizeof(T));
            }
            packed += (nint)depth * paddedWidth;
        }
    }

    /// <summary>Copies rows of <paramref name="bytes"/> bytes and fills each up with zeros to a whole number of 32-byte vectors.</summary>
    /// <remarks>Whole vectors are read, the bytes of the row that follows included, and those masked out; the last rows, which have nothing behind
    /// them, are copied in pieces. Whole vectors are written, too, because the kernel's first pass reads them back while they are on their way to the cache.</remarks>
    private static void CopyPadded(int rows, byte* from, nint fromStride, int bytes, byte* to, int toStride)
    {
        nint spare = ((rows - 1) * fromStride) + bytes - toStride;
        int wholeRows = spare < 0 ? 0 : (int)Math.Min(rows - 1, (spare / fromStride) + 1);
        for (int at = 0; at < toStride; at += 32)
        {
            Vector256<byte> inside = Vector256.LessThan(Vector256<byte>.Indices, Vector256.Create((byte)Math.Clamp(bytes - at, 0, 32)));
            for (int row = 0; row < wholeRows; row++) Vector256.Store(Vector256.Load(from + (row * fromStride) + at) & inside, to + ((nint)row * toStride) + at);
        }
        new Span<byte>(to + ((nint)wholeRows * toStride), (rows - wholeRows) * toStride).Clear();
        for (int row = wholeRows; row < rows; row++) Copy(from + (row * fromStride), to + ((nint)row * toStride), bytes);
    }

    /// <summary>Copies a block of A (rows × depth) into tiles of <paramref name="tileRows"/> rows (the last one of what is left), each by columns.</summary>
    public static void PackTiles<T>(int tileRows, int rows, int depth, Operand<T> a, T* packed)
        where T : unmanaged
    {
        for (int i = 0; i < rows; i += tileRows)
        {
            int height = Math.Min(tileRows, rows - i);
            if (a.IsTransposed)
            {
                for (int k = 0; k < depth; k++)
                {
                    Copy((byte*)(a.Origin + (k * a.Stride) + i), (byte*)(packed + ((nint)k * height)), height * sizeof(T));
                }
            }
            else
            {
                Transpose(height, depth, a.Origin + (i * a.Stride), a.Stride, packed, height);
            }
            packed += (nint)depth * height;
        }
    }

    /// <summary>Copies 4 bytes or a multiple of it, in pieces of 32, 16, 8 and 4 bytes that do not straddle the vectors they were stored with:
    /// a load that does has to wait until both stores have reached the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* from, byte* to, int bytes)
    {
        int at = 0;
        for (; at <= bytes - 32; at += 32) Vector256.Store(Vector256.Load(from + at), to + at);
        if ((bytes & 16) != 0)
        {
            Vector128.Store(Vector128.Load(from + at), to + at);
            at += 16;
        }
        if ((bytes & 8) != 0)
        {
            Unsafe.WriteUnaligned(to + at, Unsafe.ReadUnaligned<ulong>(from + at));
            at += 8;
        }
        if ((bytes & 4) != 0) Unsafe.WriteUnaligned(to + at, Unsafe.ReadUnaligned<uint>(from + at));
    }

    /// <summary>to[c·toStride + r] = from[r·fromStride + c] for all rows r and columns c.</summary>
    private static void Transpose<T>(int rows, int columns, T* from, nint fromStride, T* to, nint toStride)
        where T : unmanaged
    {
        int row = 0;
        if (sizeof(T) == 4 && Avx.IsSupported)
        {
            for (; row + 8 <= rows; row += 8) TransposeRows(8, columns, from + (row * fromStride), fromStride, to + row, toStride);
        }
        if (Avx.IsSupported && (sizeof(T) == 8 || sizeof(T) == 4))
        {
            for (; row + 4 <= rows; row += 4) TransposeRows(4, columns, from + (row * fromStride), fromStride, to + row, toStride);
        }
        for (; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) to[(column * toStride) + row] = from[(row * fromStride) + column];
        }
    }

    /// <summary>Transposes 8 (float) or 4 rows in square blocks, and what is left over by element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeRows<T>(int rows, int columns, T* from, nint fromStride, T* to, nint toStride)
        where T : unmanaged
    {
        int column = 0;
        for (; column + rows <= columns; column += rows)
        {
            if (sizeof(T) == 8)
            {
                Transpose4x4((double*)(from + column), fromStride, (double*)(to + (column * toStride)), toStride);
            }
            else if (rows == 8)
            {
                Transpose8x8((float*)(from + column), fromStride, (float*)(to + (column * toStride)), toStride);
            }
            else
            {
                Transpose4x4((float*)(from + column), fromStride, (float*)(to + (column * toStride)), toStride);
            }
        }
        for (; column < columns; column++)
        {
            for (int row = 0; row < rows; row++) to[(column * toStride) + row] = from[(row * fromStride) + column];
        }
    }

    /// <summary>Interleaves pairs of rows by element, pairs of those by two elements, and then exchanges the 128-bit halves.</summary>
    private static void Transpose8x8(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector256<float> r0 = Vector256.Load(from), r1 = Vector256.Load(from + fromStride);
        Vector256<float> r2 = Vector256.Load(from + (2 * fromStride)), r3 = Vector256.Load(from + (3 * fromStride));
        Vector256<float> r4 = Vector256.Load(from + (4 * fromStride)), r5 = Vector256.Load(from + (5 * fromStride));
        Vector256<float> r6 = Vector256.Load(from + (6 * fromStride)), r7 = Vector256.Load(from + (7 * fromStride));
        Vector256<double> t0 = Avx.UnpackLow(r0, r1).AsDouble(), t1 = Avx.UnpackHigh(r0, r1).AsDouble();
        Vector256<double> t2 = Avx.UnpackLow(r2, r3).AsDouble(), t3 = Avx.UnpackHigh(r2, r3).AsDouble();
        Vector256<double> t4 = Avx.UnpackLow(r4, r5).AsDouble(), t5 = Avx.UnpackHigh(r4, r5).AsDouble();
        Vector256<double> t6 = Avx.UnpackLow(r6, r7).AsDouble(), t7 = Avx.UnpackHigh(r6, r7).AsDouble();
        StoreHalves(Avx.UnpackLow(t0, t2), Avx.UnpackLow(t4, t6), to, to + (4 * toStride));
        StoreHalves(Avx.UnpackHigh(t0, t2), Avx.UnpackHigh(t4, t6), to + toStride, to + (5 * toStride));
        StoreHalves(Avx.UnpackLow(t1, t3), Avx.UnpackLow(t5, t7), to + (2 * toStride), to + (6 * toStride));
        StoreHalves(Avx.UnpackHigh(t1, t3), Avx.UnpackHigh(t5, t7), to + (3 * toStride), to + (7 * toStride));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void StoreHalves(Vector256<double> left, Vector256<double> right, float* lower, float* upper)
        {
            Avx.Permute2x128(left, right, 0x20).AsSingle().Store(lower);
            Avx.Permute2x128(left, right, 0x31).AsSingle().Store(upper);
        }
    }

    private static void Transpose4x4(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + fromStride);
        Vector128<float> r2 = Vector128.Load(from + (2 * fromStride)), r3 = Vector128.Load(from + (3 * fromStride));
        Vector128<double> t0 = Sse.UnpackLow(r0, r1).AsDouble(), t1 = Sse.UnpackHigh(r0, r1).AsDouble();
        Vector128<double> t2 = Sse.UnpackLow(r2, r3).AsDouble(), t3 = Sse.UnpackHigh(r2, r3).AsDouble();
        Sse2.UnpackLow(t0, t2).AsSingle().Store(to);
        Sse2.UnpackHigh(t0, t2).AsSingle().Store(to + toStride);
        Sse2.UnpackLow(t1, t3).AsSingle().Store(to + (2 * toStride));
        Sse2.UnpackHigh(t1, t3).AsSingle().Store(to + (3 * toStride));
    }

    private static void Transpose4x4(double* from, nint fromStride, double* to, nint toStride)
    {
        Vector256<double> r0 = Vector256.Load(from), r1 = Vector256.Load(from + fromStride);
        Vector256<double> r2 = Vector256.Load(from + (2 * fromStride)), r3 = Vector256.Load(from + (3 * fromStride));
        Vector256<double> t0 = Avx.UnpackLow(r0, r1), t1 = Avx.UnpackHigh(r0, r1), t2 = Avx.UnpackLow(r2, r3), t3 = Avx.UnpackHigh(r2, r3);
        Avx.Permute2x128(t0, t2, 0x20).Store(to);
        Avx.Permute2x128(t1, t3, 0x20).Store(to + toStride);
        Avx.Permute2x128(t0, t2, 0x31).Store(to + (2 * toStride));
        Avx.Permute2x128(t1, t3, 0x31).Store(to + (3 * toStride));
    }
}
