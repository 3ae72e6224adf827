using System.Buffers;
using System.Collections.Immutable;

namespace Orthant.Networks;

/// <summary>Operators that all read the same input, their outputs one after the other: the matrices stacked upon each other.</summary>
/// <remarks>For operators that read consecutive parts of the input instead, see <see cref="BlockDiagonalOperator"/>.</remarks>
public sealed class ConcatenationOperator : LinearOperator
{
    /// <summary>Stacks operators of equally many inputs.</summary>
    /// <param name="parts">At least one.</param>
    public ConcatenationOperator(IEnumerable<LinearOperator> parts)
        : this([.. parts])
    {
    }

    private ConcatenationOperator(ImmutableArray<LinearOperator> parts)
        : base(checked(parts.Sum(p => p.Outputs)), parts.Length == 0 ? 0 : parts[0].Inputs)
    {
        foreach (LinearOperator part in parts)
        {
            if (part.Inputs != Inputs) throw new ArgumentException($"{part} reads {part.Inputs} inputs, the part before it {Inputs}.");
        }
        Parts = parts;
    }

    /// <summary>The stacked operators, from the top.</summary>
    public ImmutableArray<LinearOperator> Parts { get; }

    /// <inheritdoc/>
    public override string Kind => "concatenation";

    /// <inheritdoc/>
    public override long Parameters => Parts.Sum(p => p.Parameters);

    /// <inheritdoc/>
    public override int LongestRow => Parts.Max(p => p.LongestRow);

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        int from = 0;
        foreach (LinearOperator part in Parts)
        {
            using Columns<T> block = new(rows, part.Outputs);
            part.Apply(rows, x, block.Values);
            block.WriteTo(y, Outputs, from);
            from += part.Outputs;
        }
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        x.Clear();
        int from = 0;
        using Columns<T> image = new(rows, Inputs);
        foreach (LinearOperator part in Parts)
        {
            using Columns<T> block = new(rows, part.Outputs);
            block.ReadFrom(y, Outputs, from);
            part.ApplyTranspose(rows, block.Values, image.Values);
            System.Numerics.Tensors.TensorPrimitives.Add(x, image.Values, x);
            from += part.Outputs;
        }
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        int from = 0;
        foreach (LinearOperator part in Parts)
        {
            using Columns<double> block = new(rows, part.Outputs);
            part.ApplyAbsolute(rows, x, block.Values);
            block.WriteTo(y, Outputs, from);
            from += part.Outputs;
        }
    }

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        x.Clear();
        int from = 0;
        using Columns<double> image = new(rows, Inputs);
        foreach (LinearOperator part in Parts)
        {
            using Columns<double> block = new(rows, part.Outputs);
            block.ReadFrom(y, Outputs, from);
            part.ApplyAbsoluteTranspose(rows, block.Values, image.Values);
            System.Numerics.Tensors.TensorPrimitives.Add(x, image.Values, x);
            from += part.Outputs;
        }
    }

    /// <inheritdoc/>
    public override SparseRow Row(int index)
    {
        foreach (LinearOperator part in Parts)
        {
            if (index < part.Outputs) return part.Row(index);
            index -= part.Outputs;
        }
        throw new ArgumentOutOfRangeException(nameof(index));
    }

    private protected override bool SameEntries(LinearOperator other) => Parts.AsSpan().SequenceEqual(((ConcatenationOperator)other).Parts.AsSpan());

    private protected override int EntriesHash() => HashCode.Combine(Parts.Length, Parts[0]);
}

/// <summary>A pooled matrix that some columns of a wider one are copied to and from.</summary>
internal readonly ref struct Columns<T>
    where T : unmanaged
{
    private readonly T[] rented;
    private readonly int rows;
    private readonly int width;

    public Columns(int rows, int width)
    {
        this.rows = rows;
        this.width = width;
        rented = ArrayPool<T>.Shared.Rent(checked(rows * width));
    }

    public Span<T> Values => rented.AsSpan(0, rows * width);

    /// <summary>Copies columns from, from + 1, … of a matrix with <paramref name="stride"/> columns into this one.</summary>
    public void ReadFrom(ReadOnlySpan<T> wide, int stride, int from)
    {
        for (int row = 0; row < rows; row++) wide.Slice((row * stride) + from, width).CopyTo(Values.Slice(row * width, width));
    }

    /// <summary>Copies this matrix into columns from, from + 1, … of a matrix with <paramref name="stride"/> columns.</summary>
    public void WriteTo(Span<T> wide, int stride, int from)
    {
        for (int row = 0; row < rows; row++) Values.Slice(row * width, width).CopyTo(wide.Slice((row * stride) + from, width));
    }

    public void Dispose() => ArrayPool<T>.Shared.Return(rented);
}
