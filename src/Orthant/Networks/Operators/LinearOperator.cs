using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>A linear map of known sizes that keeps its structure: dense, sparse, diagonal, convolution, concatenation, identity.</summary>
/// <remarks>
/// <para>As a matrix it has <see cref="Outputs"/> rows and <see cref="Inputs"/> columns. Its entries are finite doubles and count as
/// the exact numbers that they are: rows are never products that were rounded.</para>
/// <para>Operators are immutable, safe to share between threads and equal when structure and entries are. Batches are row-major,
/// one sample a row.</para>
/// </remarks>
public abstract class LinearOperator : IEquatable<LinearOperator>
{
    private protected LinearOperator(int outputs, int inputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        Outputs = outputs;
        Inputs = inputs;
    }

    /// <summary>The number of rows.</summary>
    public int Outputs { get; }

    /// <summary>The number of columns.</summary>
    public int Inputs { get; }

    /// <summary>The structure in a word: dense, sparse, diagonal, convolution, concatenation, blockDiagonal, identity.</summary>
    public abstract string Kind { get; }

    /// <summary>How many numbers the operator stores as its own (shared ones once; an identity has none).</summary>
    public abstract long Parameters { get; }

    /// <summary>Y = X·Aᵀ: applies the operator to every row of a batch.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="x">rows × <see cref="Inputs"/>.</param>
    /// <param name="y">rows × <see cref="Outputs"/>, overwritten; must not overlap <paramref name="x"/>.</param>
    public abstract void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>X = Y·A: applies the transpose to every row of a batch.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="y">rows × <see cref="Outputs"/>.</param>
    /// <param name="x">rows × <see cref="Inputs"/>, overwritten; must not overlap <paramref name="y"/>.</param>
    public abstract void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Y = X·|A|ᵀ with the absolute values of the entries: what intervals and error bounds are carried by.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="x">rows × <see cref="Inputs"/>, not negative.</param>
    /// <param name="y">rows × <see cref="Outputs"/>, overwritten; must not overlap <paramref name="x"/>.</param>
    public abstract void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y);

    /// <summary>X = Y·|A| with the absolute values of the entries.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="y">rows × <see cref="Outputs"/>, not negative.</param>
    /// <param name="x">rows × <see cref="Inputs"/>, overwritten; must not overlap <paramref name="y"/>.</param>
    public abstract void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x);

    /// <summary>The entries of one row that are stored, with increasing columns; a stored entry may be zero.</summary>
    /// <param name="index">From 0 to <see cref="Outputs"/> - 1.</param>
    public abstract SparseRow Row(int index);

    /// <summary>One row in exact arithmetic: column and entry of each stored number, with increasing columns.</summary>
    /// <param name="index">From 0 to <see cref="Outputs"/> - 1.</param>
    public virtual IReadOnlyList<(int Column, Rational Value)> ExactRow(int index)
    {
        SparseRow row = Row(index);
        var exact = new (int, Rational)[row.Count];
        for (int k = 0; k < exact.Length; k++) exact[k] = (row.Columns[k], Rational.FromDouble(row.Values[k]));
        return exact;
    }

    /// <summary>The largest number of stored entries of a row: the length of the sums that <see cref="Apply"/> rounds.</summary>
    public abstract int LongestRow { get; }

    /// <summary>All entries as a matrix, <see cref="Outputs"/> × <see cref="Inputs"/>, row-major.</summary>
    /// <exception cref="OverflowException">The matrix has more entries than an array can hold.</exception>
    public double[] ToDense()
    {
        double[] matrix = new double[checked(Outputs * Inputs)];
        for (int i = 0; i < Outputs; i++)
        {
            SparseRow row = Row(i);
            for (int k = 0; k < row.Count; k++) matrix[(i * Inputs) + row.Columns[k]] = row.Values[k];
        }
        return matrix;
    }

    /// <summary>Equal structure and equal entries (0 and -0 differ).</summary>
    public bool Equals(LinearOperator? other) =>
        ReferenceEquals(this, other)
        || (other is not null && GetType() == other.GetType() && Inputs == other.Inputs && Outputs == other.Outputs && SameEntries(other));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LinearOperator);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Inputs, Outputs, EntriesHash());

    /// <summary>For example <c>dense 16×2</c>.</summary>
    public override string ToString() => $"{Kind} {Outputs}×{Inputs}";

    private protected abstract bool SameEntries(LinearOperator other);

    private protected abstract int EntriesHash();

    private protected void CheckBatch(int rows, int inputLength, int outputLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (inputLength != (long)rows * Inputs || outputLength != (long)rows * Outputs)
        {
            throw new ArgumentException(
                $"A batch of {rows} rows of {this} needs {(long)rows * Inputs} and {(long)rows * Outputs} numbers, "
                + $"but {inputLength} and {outputLength} were given.");
        }
    }
}

/// <summary>The stored entries of one row of a <see cref="LinearOperator"/>, with increasing columns.</summary>
public readonly ref struct SparseRow
{
    /// <summary>Pairs columns with values, both of the same length.</summary>
    public SparseRow(ReadOnlySpan<int> columns, ReadOnlySpan<double> values)
    {
        if (columns.Length != values.Length) throw new ArgumentException("Columns and values differ in number.");
        Columns = columns;
        Values = values;
    }

    /// <summary>The columns, increasing.</summary>
    public ReadOnlySpan<int> Columns { get; }

    /// <summary>The entries in those columns.</summary>
    public ReadOnlySpan<double> Values { get; }

    /// <summary>The number of stored entries.</summary>
    public int Count => Columns.Length;
}
