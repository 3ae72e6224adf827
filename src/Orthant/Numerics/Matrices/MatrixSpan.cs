namespace Orthant.Numerics;

/// <summary>A writable row-major matrix in memory that somebody else owns. For operands that are only read, see <see cref="ReadOnlyMatrixSpan{T}"/>.</summary>
/// <typeparam name="T">The element type.</typeparam>
public readonly ref struct MatrixSpan<T>
    where T : unmanaged
{
    /// <summary>A matrix whose rows follow each other without a gap.</summary>
    /// <param name="values">At least rows × columns elements; element (i, j) is at i·columns + j.</param>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, 0 or more.</param>
    /// <exception cref="ArgumentException">The span is too short for the shape.</exception>
    public MatrixSpan(Span<T> values, int rows, int columns)
        : this(values, rows, columns, columns)
    {
    }

    /// <summary>A matrix whose rows begin <paramref name="stride"/> elements apart: a part of a wider matrix, or one with padded rows.</summary>
    /// <param name="values">At least (rows − 1)·stride + columns elements; element (i, j) is at i·stride + j.</param>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, 0 or more.</param>
    /// <param name="stride">The distance between the starts of two rows, at least <paramref name="columns"/>.</param>
    /// <exception cref="ArgumentException">The span is too short for the shape, or the stride is less than the number of columns.</exception>
    public MatrixSpan(Span<T> values, int rows, int columns, int stride)
    {
        MatrixShape.Check(values.Length, rows, columns, stride);
        Values = values;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    /// <summary>The elements, gaps between rows included.</summary>
    public Span<T> Values { get; }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The number of columns.</summary>
    public int Columns { get; }

    /// <summary>The distance between the starts of two rows.</summary>
    public int Stride { get; }

    /// <summary>One element.</summary>
    /// <param name="row">From 0 to <see cref="Rows"/> − 1.</param>
    /// <param name="column">From 0 to <see cref="Columns"/> − 1.</param>
    public ref T this[int row, int column] => ref Row(row)[column];

    /// <summary>The elements of one row.</summary>
    /// <param name="row">From 0 to <see cref="Rows"/> − 1.</param>
    public Span<T> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return Values.Slice(row * Stride, Columns);
    }

    /// <summary>The same matrix, only to be read.</summary>
    public static implicit operator ReadOnlyMatrixSpan<T>(MatrixSpan<T> matrix) => matrix.AsReadOnly();

    /// <summary>The same matrix, only to be read.</summary>
    public ReadOnlyMatrixSpan<T> AsReadOnly() => new(Values, Rows, Columns, Stride);
}

/// <summary>A row-major matrix, or the transpose of one, that is only read. For results, see <see cref="MatrixSpan{T}"/>.</summary>
/// <typeparam name="T">The element type.</typeparam>
public readonly ref struct ReadOnlyMatrixSpan<T>
    where T : unmanaged
{
    /// <summary>A matrix whose rows follow each other without a gap.</summary>
    /// <param name="values">At least rows × columns elements; element (i, j) is at i·columns + j.</param>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, 0 or more.</param>
    /// <exception cref="ArgumentException">The span is too short for the shape.</exception>
    public ReadOnlyMatrixSpan(ReadOnlySpan<T> values, int rows, int columns)
        : this(values, rows, columns, columns)
    {
    }

    /// <summary>A matrix whose rows begin <paramref name="stride"/> elements apart: a part of a wider matrix, or one with padded rows.</summary>
    /// <param name="values">At least (rows − 1)·stride + columns elements; element (i, j) is at i·stride + j.</param>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, 0 or more.</param>
    /// <param name="stride">The distance between the starts of two rows, at least <paramref name="columns"/>.</param>
    /// <exception cref="ArgumentException">The span is too short for the shape, or the stride is less than the number of columns.</exception>
    public ReadOnlyMatrixSpan(ReadOnlySpan<T> values, int rows, int columns, int stride)
    {
        MatrixShape.Check(values.Length, rows, columns, stride);
        Values = values;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    private ReadOnlyMatrixSpan(ReadOnlySpan<T> values, int rows, int columns, int stride, bool isTransposed)
    {
        Values = values;
        Rows = rows;
        Columns = columns;
        Stride = stride;
        IsTransposed = isTransposed;
    }

    /// <summary>The elements as they lie in memory.</summary>
    public ReadOnlySpan<T> Values { get; }

    /// <summary>The number of rows of the matrix (of the transpose, where it is one).</summary>
    public int Rows { get; }

    /// <summary>The number of columns of the matrix (of the transpose, where it is one).</summary>
    public int Columns { get; }

    /// <summary>The distance between the starts of two rows as they lie in memory.</summary>
    public int Stride { get; }

    /// <summary>Whether element (i, j) lies at j·stride + i instead of i·stride + j.</summary>
    public bool IsTransposed { get; }

    /// <summary>One element.</summary>
    /// <param name="row">From 0 to <see cref="Rows"/> − 1.</param>
    /// <param name="column">From 0 to <see cref="Columns"/> − 1.</param>
    public T this[int row, int column]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns, nameof(column));
            return Values[IsTransposed ? (column * Stride) + row : (row * Stride) + column];
        }
    }

    /// <summary>The transpose: the same memory, read the other way. Nothing is copied.</summary>
    public ReadOnlyMatrixSpan<T> Transposed() => new(Values, Columns, Rows, Stride, !IsTransposed);
}

/// <summary>The check that both kinds of matrix make.</summary>
internal static class MatrixShape
{
    /// <summary>Refuses a shape that does not fit into a span.</summary>
    public static void Check(int length, int rows, int columns, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, columns);
        if (rows == 0 || columns == 0) return;
        long needed = ((long)(rows - 1) * stride) + columns;
        if (length < needed)
        {
            throw new ArgumentException($"A {rows} × {columns} matrix of stride {stride} needs {needed} elements; the span has {length}.");
        }
    }
}
