using System.Numerics;

namespace Orthant.Networks;

/// <summary>Multiplies each coordinate by a number of its own: scaling, and the slope of a batch normalisation.</summary>
public sealed class DiagonalOperator : LinearOperator
{
    private readonly NumberArray entries;
    private readonly int[] columns;

    /// <summary>Takes a copy of the diagonal.</summary>
    /// <param name="diagonal">At least one finite number.</param>
    public DiagonalOperator(ReadOnlySpan<double> diagonal)
        : base(diagonal.Length, diagonal.Length)
    {
        entries = new NumberArray(diagonal, "Diagonal entry");
        columns = new int[diagonal.Length];
        for (int j = 0; j < columns.Length; j++) columns[j] = j;
    }

    /// <inheritdoc/>
    public override string Kind => "diagonal";

    /// <inheritdoc/>
    public override long Parameters => entries.Length;

    /// <inheritdoc/>
    public override int LongestRow => 1;

    /// <summary>The diagonal.</summary>
    public ReadOnlySpan<double> Entries => entries.Values;

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        Scale(rows, x, entries.As<T>(), y);
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        Scale(rows, y, entries.As<T>(), x);
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        Scale(rows, x, entries.Absolutes, y);
    }

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x) => ApplyAbsolute(rows, y, x);

    /// <inheritdoc/>
    public override SparseRow Row(int index) => new(columns.AsSpan(index, 1), entries.Values.Slice(index, 1));

    private static void Scale<T>(int rows, ReadOnlySpan<T> from, ReadOnlySpan<T> diagonal, Span<T> to)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = diagonal.Length;
        for (int row = 0; row < rows; row++)
        {
            System.Numerics.Tensors.TensorPrimitives.Multiply(from.Slice(row * n, n), diagonal, to.Slice(row * n, n));
        }
    }

    private protected override bool SameEntries(LinearOperator other) => entries.SameBits(((DiagonalOperator)other).entries);

    private protected override int EntriesHash() => entries.Hash();
}
