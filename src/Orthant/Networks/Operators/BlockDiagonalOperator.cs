using System.Collections.Immutable;

namespace Orthant.Networks;

/// <summary>Operators that read consecutive parts of the input, their outputs one after the other.</summary>
/// <remarks>For operators that all read the whole input, see <see cref="ConcatenationOperator"/>.</remarks>
public sealed class BlockDiagonalOperator : LinearOperator
{
    /// <summary>Puts operators side by side.</summary>
    /// <param name="blocks">At least one.</param>
    public BlockDiagonalOperator(IEnumerable<LinearOperator> blocks)
        : this([.. blocks])
    {
    }

    private BlockDiagonalOperator(ImmutableArray<LinearOperator> blocks)
        : base(checked(blocks.Sum(b => b.Outputs)), checked(blocks.Sum(b => b.Inputs)))
    {
        Blocks = blocks;
    }

    /// <summary>The operators along the diagonal.</summary>
    public ImmutableArray<LinearOperator> Blocks { get; }

    /// <inheritdoc/>
    public override string Kind => "blockDiagonal";

    /// <inheritdoc/>
    public override long Parameters => Blocks.Sum(b => b.Parameters);

    /// <inheritdoc/>
    public override int LongestRow => Blocks.Max(b => b.LongestRow);

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        int input = 0, output = 0;
        foreach (LinearOperator block in Blocks)
        {
            using Columns<T> from = new(rows, block.Inputs), to = new(rows, block.Outputs);
            from.ReadFrom(x, Inputs, input);
            block.Apply(rows, from.Values, to.Values);
            to.WriteTo(y, Outputs, output);
            input += block.Inputs;
            output += block.Outputs;
        }
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        int input = 0, output = 0;
        foreach (LinearOperator block in Blocks)
        {
            using Columns<T> from = new(rows, block.Outputs), to = new(rows, block.Inputs);
            from.ReadFrom(y, Outputs, output);
            block.ApplyTranspose(rows, from.Values, to.Values);
            to.WriteTo(x, Inputs, input);
            input += block.Inputs;
            output += block.Outputs;
        }
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        int input = 0, output = 0;
        foreach (LinearOperator block in Blocks)
        {
            using Columns<double> from = new(rows, block.Inputs), to = new(rows, block.Outputs);
            from.ReadFrom(x, Inputs, input);
            block.ApplyAbsolute(rows, from.Values, to.Values);
            to.WriteTo(y, Outputs, output);
            input += block.Inputs;
            output += block.Outputs;
        }
    }

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        int input = 0, output = 0;
        foreach (LinearOperator block in Blocks)
        {
            using Columns<double> from = new(rows, block.Outputs), to = new(rows, block.Inputs);
            from.ReadFrom(y, Outputs, output);
            block.ApplyAbsoluteTranspose(rows, from.Values, to.Values);
            to.WriteTo(x, Inputs, input);
            input += block.Inputs;
            output += block.Outputs;
        }
    }

    /// <inheritdoc/>
    public override SparseRow Row(int index)
    {
        int input = 0;
        foreach (LinearOperator block in Blocks)
        {
            if (index >= block.Outputs)
            {
                index -= block.Outputs;
                input += block.Inputs;
                continue;
            }
            SparseRow row = block.Row(index);
            int[] columns = new int[row.Count];
            for (int k = 0; k < columns.Length; k++) columns[k] = row.Columns[k] + input;
            return new SparseRow(columns, row.Values);
        }
        throw new ArgumentOutOfRangeException(nameof(index));
    }

    private protected override bool SameEntries(LinearOperator other) => Blocks.AsSpan().SequenceEqual(((BlockDiagonalOperator)other).Blocks.AsSpan());

    private protected override int EntriesHash() => HashCode.Combine(Blocks.Length, Blocks[0]);
}
