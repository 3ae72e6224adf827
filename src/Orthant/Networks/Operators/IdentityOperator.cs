namespace Orthant.Networks;

/// <summary>The map that returns its input.</summary>
public sealed class IdentityOperator : LinearOperator
{
    private static readonly double[] One = [1];
    private readonly int[] columns;

    /// <summary>The identity of a size.</summary>
    /// <param name="size">The number of inputs and outputs, at least 1.</param>
    public IdentityOperator(int size)
        : base(size, size)
    {
        columns = new int[size];
        for (int j = 0; j < size; j++) columns[j] = j;
    }

    /// <inheritdoc/>
    public override string Kind => "identity";

    /// <inheritdoc/>
    public override long Parameters => 0;

    /// <inheritdoc/>
    public override int LongestRow => 1;

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        x.CopyTo(y);
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        y.CopyTo(x);
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y) => Apply(rows, x, y);

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x) => ApplyTranspose(rows, y, x);

    /// <inheritdoc/>
    public override SparseRow Row(int index) => new(columns.AsSpan(index, 1), One);

    private protected override bool SameEntries(LinearOperator other) => true;

    private protected override int EntriesHash() => 0;
}
