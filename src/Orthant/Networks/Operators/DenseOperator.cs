using System.Numerics;
using System.Runtime.InteropServices;
using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>A linear map given by all entries of its matrix, row-major.</summary>
public sealed class DenseOperator : LinearOperator
{
    private readonly NumberArray entries;
    private readonly int[] columns;
    private readonly PackedCache<double> doubles = new();
    private readonly PackedCache<float> singles = new();

    /// <summary>Takes a copy of a matrix.</summary>
    /// <param name="outputs">The number of rows.</param>
    /// <param name="inputs">The number of columns.</param>
    /// <param name="rowMajor">outputs × inputs finite numbers.</param>
    /// <exception cref="ArgumentException">The number of entries does not fit the sizes, or an entry is not finite.</exception>
    public DenseOperator(int outputs, int inputs, ReadOnlySpan<double> rowMajor)
        : base(outputs, inputs)
    {
        if (rowMajor.Length != (long)outputs * inputs)
        {
            throw new ArgumentException($"A {outputs}×{inputs} matrix has {(long)outputs * inputs} entries, but {rowMajor.Length} were given.");
        }
        entries = new NumberArray(rowMajor, "Weight");
        columns = new int[inputs];
        for (int j = 0; j < inputs; j++) columns[j] = j;
    }

    /// <summary>Takes a copy of a matrix whose first index is the row.</summary>
    public DenseOperator(double[,] matrix)
        : this(matrix.GetLength(0), matrix.GetLength(1), MemoryMarshal.CreateReadOnlySpan(ref matrix[0, 0], matrix.Length))
    {
    }

    /// <inheritdoc/>
    public override string Kind => "dense";

    /// <inheritdoc/>
    public override long Parameters => entries.Length;

    /// <inheritdoc/>
    public override int LongestRow => Inputs;

    /// <summary>The entries, <see cref="LinearOperator.Outputs"/> × <see cref="LinearOperator.Inputs"/>, row-major.</summary>
    public ReadOnlySpan<double> Entries => entries.Values;

    /// <inheritdoc/>
    public override void Apply<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<T>(x, rows, Inputs), Packed<T>(transposed: true), new MatrixSpan<T>(y, rows, Outputs));
    }

    /// <inheritdoc/>
    public override void ApplyTranspose<T>(int rows, ReadOnlySpan<T> y, Span<T> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<T>(y, rows, Outputs), Packed<T>(transposed: false), new MatrixSpan<T>(x, rows, Inputs));
    }

    /// <inheritdoc/>
    public override void ApplyAbsolute(int rows, ReadOnlySpan<double> x, Span<double> y)
    {
        CheckBatch(rows, x.Length, y.Length);
        DenseProduct.TimesTransposed(rows, Outputs, Inputs, x, entries.Absolutes, y);
    }

    /// <inheritdoc/>
    public override void ApplyAbsoluteTranspose(int rows, ReadOnlySpan<double> y, Span<double> x)
    {
        CheckBatch(rows, x.Length, y.Length);
        DenseProduct.Times(rows, Inputs, Outputs, y, entries.Absolutes, x);
    }

    /// <inheritdoc/>
    public override SparseRow Row(int index) => new(columns, entries.Values.Slice(index * Inputs, Inputs));

    /// <summary>The matrix, or its transpose, in the order of the multiply's kernels; packed when first used.</summary>
    private PackedMatrix<T> Packed<T>(bool transposed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        PackedCache<T> cache = (PackedCache<T>)(object)(typeof(T) == typeof(double) ? doubles : singles);
        ReadOnlyMatrixSpan<T> matrix = new(entries.As<T>(), Outputs, Inputs);
        return transposed ? cache.Transposed ??= new PackedMatrix<T>(matrix.Transposed()) : cache.Plain ??= new PackedMatrix<T>(matrix);
    }

    /// <summary>What has been packed so far; two threads may pack the same matrix once each.</summary>
    private sealed class PackedCache<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public PackedMatrix<T>? Plain;
        public PackedMatrix<T>? Transposed;
    }

    private protected override bool SameEntries(LinearOperator other) => entries.SameBits(((DenseOperator)other).entries);

    private protected override int EntriesHash() => entries.Hash();
}
