using System.Numerics;

namespace Orthant.Networks;

/// <summary>A linear map that stores only some entries of its matrix, row by row: selections, paddings, sums, averages.</summary>
public sealed class SparseOperator : LinearOperator
{
    private readonly int[] starts;
    private readonly int[] columns;
    private readonly NumberArray entries;

    /// <summary>Takes a copy of a matrix in compressed row form.</summary>
    /// <param name="inputs">The number of columns.</param>
    /// <param name="rowStarts">For each row where its entries begin, and at last their number: outputs + 1 numbers from 0, not decreasing.</param>
    /// <param name="columns">The column of each entry, increasing within a row.</param>
    /// <param name="values">The entries, finite.</param>
    /// <exception cref="ArgumentException">The arrays do not describe a matrix.</exception>
    public SparseOperator(int inputs, ReadOnlySpan<int> rowStarts, ReadOnlySpan<int> columns, ReadOnlySpan<double> values)
        : base(rowStarts.Length - 1, inputs)
    {
        if (rowStarts[0] != 0 || rowStarts[^1] != columns.Length || columns.Length != values.Length)
        {
            throw new ArgumentException("Row starts, columns and values do not fit together.");
        }
        for (int row = 0; row < Outputs; row++)
        {
            if (rowStarts[row + 1] < rowStarts[row]) throw new ArgumentException($"Row {row} ends before it begins.");
            for (int k = rowStarts[row]; k < rowStarts[row + 1]; k++)
            {
                bool increasing = k == rowStarts[row] || columns[k] > columns[k - 1];
                if (!increasing || (uint)columns[k] >= (uint)inputs)
                {
                    throw new ArgumentException($"Row {row} has column {columns[k]}; columns increase from 0 to {inputs - 1}.");
                }
            }
            LongestRow = Math.Max(LongestRow, rowStarts[row + 1] - rowStarts[row]);
        }
        starts = rowStarts.ToArray();
        this.columns = columns.ToArray();
        entries = new NumberArray(values, "Entry");
    }

    /// <summary>Collects rows given as column and value pairs; columns may come in any order but only once a row.</summary>
    /// <param name="inputs">The number of columns.</param>
    /// <param name="rows">The rows, at least one.</param>
    public static SparseOperator FromRows(int inputs, IEnumerable<IEnumerable<(int Column, double Value)>> rows)
    {
        List<int> starts = [0];
        List<int> columns = [];
        List<double> values = [];
        foreach (IEnumerable<(int Column, double Value)> row in rows)
        {
            foreach ((int column, double value) in row.OrderBy(e => e.Column))
            {
                columns.Add(column);
                values.Add(value);
            }
            starts.Add(columns.Count);
        }
        return new SparseOperator(inputs, [.. starts], [.. columns], [.. values]);
    }

    /// <summary>Copies chosen coordinates: output i is input <paramref name="sources"/>[i], or 0 where that is -1.</summary>
    /// <param name="inputs">The number of inputs.</param>
    /// <param name="sources">For each output a coordinate from 0 to inputs - 1, or -1: transpositions, slices, paddings.</param>
    public static SparseOperator Select(int inputs, IEnumerable<int> sources) =>
        FromRows(inputs, sources.Select(s => s < 0 ? [] : new[] { (s, 1.0) }));

    /// <summary>Adds up equally long parts: output i is the sum over p of input p·size + i.</summary>
    /// <param name="size">The length of a part.</param>
    /// <param name="parts">The number of parts.</param>
    public static SparseOperator SumOfParts(int size, int parts) =>
        FromRows(checked(size * parts), Enumerable.Range(0, size).Select(i => Enumerable.Range(0, parts).Select(p => ((p * size) + i, 1.0))));

    /// <inheritdoc/>
    public override string Kind => "sparse";

    /// <inheritdoc/>
    public override long Parameters => entries.Length;

    /// <inheritdoc/>
    public override int LongestRow { get; }

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        Gather(rows, x, entries.As<T>(), y);
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        Scatter(rows, y, entries.As<T>(), x);
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        Gather(rows, x, entries.Absolutes, y);
    }

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        Scatter(rows, y, entries.Absolutes, x);
    }

    /// <inheritdoc/>
    public override SparseRow Row(int index)
    {
        int from = starts[index], count = starts[index + 1] - from;
        return new SparseRow(columns.AsSpan(from, count), entries.Values.Slice(from, count));
    }

    private void Gather<T>(int rows, ReadOnlySpan<T> x, ReadOnlySpan<T> values, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<T> from = x.Slice(row * Inputs, Inputs);
            Span<T> to = y.Slice(row * Outputs, Outputs);
            for (int i = 0; i < to.Length; i++)
            {
                T sum = T.Zero;
                for (int k = starts[i]; k < starts[i + 1]; k++) sum += values[k] * from[columns[k]];
                to[i] = sum;
            }
        }
    }

    private void Scatter<T>(int rows, ReadOnlySpan<T> y, ReadOnlySpan<T> values, Span<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        x.Clear();
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<T> from = y.Slice(row * Outputs, Outputs);
            Span<T> to = x.Slice(row * Inputs, Inputs);
            for (int i = 0; i < from.Length; i++)
            {
                for (int k = starts[i]; k < starts[i + 1]; k++) to[columns[k]] += values[k] * from[i];
            }
        }
    }

    private protected override bool SameEntries(LinearOperator other)
    {
        SparseOperator o = (SparseOperator)other;
        return starts.AsSpan().SequenceEqual(o.starts) && columns.AsSpan().SequenceEqual(o.columns) && entries.SameBits(o.entries);
    }

    private protected override int EntriesHash() => HashCode.Combine(columns.Length, entries.Hash());
}
