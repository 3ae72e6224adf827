using System.Numerics.Tensors;

namespace Orthant.Numerics;

/// <summary>The factorisation A P = Q R of a dense matrix with columns in the order in which they add most, by Householder reflections.</summary>
/// <remarks>G. H. Golub, "Numerical methods for solving linear least squares problems", Numerische Mathematik 7, 1965; norms are downdated and computed
/// again where cancellation would spoil them. The matrix is kept column by column, so every inner loop runs along memory:
/// <code>
/// column j:  [ r r r | v v v v v ]      above the diagonal R, on and below it the reflection's vector
/// </code></remarks>
internal sealed class PivotedQr
{
    private readonly double[] entries;
    private readonly double[] factors;
    private readonly double[] diagonal;
    private readonly int[] order;

    /// <summary>Factorises a matrix; the array is overwritten and kept.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="columnMajor">Element (i, j) at j·rows + i.</param>
    /// <param name="steps">How many columns to choose, where fewer than all are wanted.</param>
    public PivotedQr(int rows, int columns, double[] columnMajor, int steps = int.MaxValue)
    {
        Rows = rows;
        Columns = columns;
        entries = columnMajor;
        Steps = Math.Min(Math.Min(rows, columns), steps);
        factors = new double[Steps];
        diagonal = new double[Steps];
        order = new int[columns];
        for (int j = 0; j < columns; j++) order[j] = j;
        Factorise();
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>How many columns have been chosen.</summary>
    public int Steps { get; }

    /// <summary>The columns in the order of their choice.</summary>
    public ReadOnlySpan<int> Order => order;

    /// <summary>|R(i, i)|, not increasing.</summary>
    public double Diagonal(int i) => Math.Abs(diagonal[i]);

    /// <summary>How many diagonal entries exceed a fraction of the first.</summary>
    public int Rank(double relative)
    {
        int rank = 0;
        while (rank < Steps && Diagonal(rank) > relative * Diagonal(0)) rank++;
        return rank;
    }

    /// <summary>The least-squares solution on the first columns of the order; the other unknowns are zero.</summary>
    /// <param name="b">The right-hand side, <see cref="Rows"/> numbers; overwritten by Qᵀb.</param>
    /// <param name="x">The unknowns, <see cref="Columns"/> numbers.</param>
    /// <param name="rank">How many columns to use.</param>
    public void Solve(Span<double> b, Span<double> x, int rank)
    {
        for (int k = 0; k < Steps; k++) Reflect(k, b);
        x.Clear();
        Span<double> y = b[..rank];
        for (int k = rank - 1; k >= 0; k--)
        {
            double value = y[k] / diagonal[k];
            x[order[k]] = value;
            ReadOnlySpan<double> above = entries.AsSpan(k * Rows, k);
            TensorPrimitives.MultiplyAdd(above, -value, y[..k], y[..k]);
        }
    }

    /// <summary>The Euclidean norms of the rows of R⁻¹ on the first columns, in the order of the unknowns: how much each unknown amplifies noise; infinite for
    /// the unknowns beyond the rank.</summary>
    public double[] Amplification(int rank)
    {
        double[] result = new double[Columns];
        Array.Fill(result, double.PositiveInfinity);
        double[] squares = new double[rank], column = new double[rank];
        for (int j = 0; j < rank; j++)
        {
            // Column j of R⁻¹ by back substitution.
            Array.Clear(column);
            column[j] = 1;
            for (int k = j; k >= 0; k--)
            {
                double value = column[k] / diagonal[k];
                squares[k] += value * value;
                TensorPrimitives.MultiplyAdd(entries.AsSpan(k * Rows, k), -value, column.AsSpan(0, k), column.AsSpan(0, k));
            }
        }
        for (int k = 0; k < rank; k++) result[order[k]] = Math.Sqrt(squares[k]);
        return result;
    }

    private void Factorise()
    {
        double[] norms = new double[Columns], original = new double[Columns];
        for (int j = 0; j < Columns; j++) norms[j] = original[j] = TensorPrimitives.Norm<double>(Column(j));
        for (int k = 0; k < Steps; k++)
        {
            int best = k;
            for (int j = k + 1; j < Columns; j++)
            {
                if (norms[j] > norms[best]) best = j;
            }
            if (best != k)
            {
                Swap(k, best);
                (norms[k], norms[best]) = (norms[best], norms[k]);
                (original[k], original[best]) = (original[best], original[k]);
                (order[k], order[best]) = (order[best], order[k]);
            }
            Span<double> pivot = Column(k)[k..];
            double length = TensorPrimitives.Norm<double>(pivot);
            if (length == 0) continue;
            double alpha = pivot[0] > 0 ? -length : length;
            pivot[0] -= alpha;
            diagonal[k] = alpha;
            factors[k] = -1 / (alpha * pivot[0]);
            for (int j = k + 1; j < Columns; j++)
            {
                Reflect(k, Column(j));
                double share = Column(j)[k] / norms[j];
                norms[j] *= Math.Sqrt(Math.Max(0, 1 - (share * share)));
                if (!(norms[j] > 1e-6 * original[j])) norms[j] = original[j] = k + 1 < Rows ? TensorPrimitives.Norm<double>(Column(j)[(k + 1)..]) : 0;
            }
        }
    }

    /// <summary>Applies reflection k, I − f v vᵀ, to a vector of all rows.</summary>
    private void Reflect(int k, Span<double> vector)
    {
        if (factors[k] == 0) return;
        ReadOnlySpan<double> v = Column(k)[k..];
        Span<double> rest = vector[k..];
        TensorPrimitives.MultiplyAdd(v, -factors[k] * TensorPrimitives.Dot(v, rest), rest, rest);
    }

    private Span<double> Column(int j) => entries.AsSpan(j * Rows, Rows);

    private void Swap(int i, int j)
    {
        Span<double> a = Column(i), b = Column(j);
        for (int k = 0; k < Rows; k++) (a[k], b[k]) = (b[k], a[k]);
    }
}
