using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Orthant.Training;

/// <summary>The inputs of a data set, one row a sample, kept as they were stored: bytes stay bytes, and a batch is scaled as it is gathered.</summary>
/// <remarks>It refers to memory that it does not copy; the caller may not change that memory while it is in use. Safe to share.</remarks>
public abstract class InputRows
{
    private protected InputRows(long length, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (length % width != 0) throw new ArgumentException($"{length} values are not a whole number of rows of {width}.");
        Width = width;
        Count = checked((int)(length / width));
    }

    /// <summary>The number of samples.</summary>
    public int Count { get; }

    /// <summary>The number of inputs of a sample.</summary>
    public int Width { get; }

    /// <summary>8-bit values b, such as pixels, that enter the network as (b/255 − mean)/deviation.</summary>
    /// <param name="values">samples × width, row-major.</param>
    /// <param name="width">The number of inputs of a sample.</param>
    /// <param name="mean">What is subtracted after the division by 255.</param>
    /// <param name="deviation">What is then divided by, positive.</param>
    public static InputRows OfBytes(ReadOnlyMemory<byte> values, int width, double mean = 0, double deviation = 1)
    {
        if (!double.IsFinite(mean)) throw new ArgumentOutOfRangeException(nameof(mean), mean, "Expected a finite number.");
        if (!(deviation > 0 && double.IsFinite(deviation))) throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "Expected a positive number.");
        return new ByteRows(values, width, (float)(1 / (255 * deviation)), (float)(-mean / deviation));
    }

    /// <summary>Values that enter the network as they are.</summary>
    /// <param name="values">samples × width, row-major.</param>
    /// <param name="width">The number of inputs of a sample.</param>
    public static InputRows OfSingles(ReadOnlyMemory<float> values, int width) => new SingleRows(values, width);

    /// <summary>Writes the samples with the given indices, one row each, as the network reads them.</summary>
    /// <param name="indices">From 0 to <see cref="Count"/> − 1 each.</param>
    /// <param name="destination">indices × <see cref="Width"/>, row-major.</param>
    public abstract void Gather(ReadOnlySpan<int> indices, Span<float> destination);

    private sealed class ByteRows(ReadOnlyMemory<byte> values, int width, float scale, float shift) : InputRows(values.Length, width)
    {
        private const int CacheLine = 64;
        private const int RowsAhead = 3;

        public override void Gather(ReadOnlySpan<int> indices, Span<float> destination)
        {
            ReadOnlySpan<byte> source = values.Span;
            for (int i = 0; i < indices.Length; i++)
            {
                if (i + RowsAhead < indices.Length) Prefetch(source.Slice(indices[i + RowsAhead] * Width, Width));
                Scale(source.Slice(indices[i] * Width, Width), destination.Slice(i * Width, Width));
            }
        }

        /// <summary>Asks for a row that comes soon: rows are in random order, which the processor cannot foresee.</summary>
        private static unsafe void Prefetch(ReadOnlySpan<byte> row)
        {
            if (!Sse.IsSupported) return;
            fixed (byte* start = row)
            {
                for (int at = 0; at < row.Length; at += CacheLine) Sse.Prefetch0(start + at);
            }
        }

        /// <summary>One vector of bytes widens to two of 16-bit and four of 32-bit integers.</summary>
        private void Scale(ReadOnlySpan<byte> from, Span<float> to)
        {
            Vector<float> scales = new(scale), shifts = new(shift);
            ReadOnlySpan<Vector<byte>> bytes = MemoryMarshal.Cast<byte, Vector<byte>>(from);
            Span<Vector<float>> floats = MemoryMarshal.Cast<float, Vector<float>>(to);
            for (int i = 0; i < bytes.Length; i++)
            {
                Vector.Widen(bytes[i], out Vector<ushort> first, out Vector<ushort> second);
                Vector.Widen(first, out Vector<uint> a, out Vector<uint> b);
                Vector.Widen(second, out Vector<uint> c, out Vector<uint> d);
                floats[4 * i] = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(Vector.AsVectorInt32(a)), scales, shifts);
                floats[(4 * i) + 1] = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(Vector.AsVectorInt32(b)), scales, shifts);
                floats[(4 * i) + 2] = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(Vector.AsVectorInt32(c)), scales, shifts);
                floats[(4 * i) + 3] = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(Vector.AsVectorInt32(d)), scales, shifts);
            }
            for (int j = bytes.Length * Vector<byte>.Count; j < from.Length; j++) to[j] = MathF.FusedMultiplyAdd(from[j], scale, shift);
        }
    }

    private sealed class SingleRows(ReadOnlyMemory<float> values, int width) : InputRows(values.Length, width)
    {
        public override void Gather(ReadOnlySpan<int> indices, Span<float> destination)
        {
            ReadOnlySpan<float> source = values.Span;
            for (int i = 0; i < indices.Length; i++) source.Slice(indices[i] * Width, Width).CopyTo(destination.Slice(i * Width, Width));
        }
    }
}
