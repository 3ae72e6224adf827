using System.Numerics;

namespace Orthant.Numerics;

/// <summary>A dense matrix of rational numbers with exact determinant, rank, solution and null space.</summary>
/// <remarks>Immutable. Every row is scaled to integers and eliminated without fractions (E. H. Bareiss, Mathematics of Computation 22, 1968):
/// every intermediate entry is a minor of the scaled matrix, so numbers grow no faster than Hadamard's bound. Cost: O(rows · cols · rank)
/// operations on integers of O(rank) words.</remarks>
public sealed class RationalMatrix
{
    private readonly Rational[,] _entries;

    /// <summary>Creates a matrix from a copy of its entries.</summary>
    /// <param name="entries">The entries (rows × columns).</param>
    public RationalMatrix(Rational[,] entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        _entries = (Rational[,])entries.Clone();
    }

    /// <summary>Number of rows.</summary>
    public int Rows => _entries.GetLength(0);

    /// <summary>Number of columns.</summary>
    public int Columns => _entries.GetLength(1);

    /// <summary>One entry.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="column">Column, from 0.</param>
    public Rational this[int row, int column] => _entries[row, column];

    /// <summary>Converts a matrix of finite floating-point numbers without rounding.</summary>
    /// <param name="entries">The entries (rows × columns), all finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">An entry is infinite or NaN.</exception>
    public static RationalMatrix FromDoubles(double[,] entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        int rows = entries.GetLength(0), columns = entries.GetLength(1);
        Rational[,] exact = new Rational[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) exact[i, j] = Rational.FromDouble(entries[i, j]);
        }
        return new RationalMatrix(exact);
    }

    /// <summary>The product with a vector.</summary>
    /// <param name="vector">One number a column.</param>
    /// <returns>One number a row.</returns>
    /// <exception cref="ArgumentException">The vector's length is not the number of columns.</exception>
    public Rational[] Multiply(ReadOnlySpan<Rational> vector)
    {
        if (vector.Length != Columns) throw new ArgumentException("The vector has one entry a column.", nameof(vector));
        Rational[] product = new Rational[Rows];
        for (int i = 0; i < Rows; i++)
        {
            Rational sum = Rational.Zero;
            for (int j = 0; j < Columns; j++)
            {
                if (!_entries[i, j].IsZero && !vector[j].IsZero) sum += _entries[i, j] * vector[j];
            }
            product[i] = sum;
        }
        return product;
    }

    /// <summary>The determinant of a square matrix; 1 for the empty one.</summary>
    /// <exception cref="InvalidOperationException">The matrix is not square.</exception>
    public Rational Determinant()
    {
        if (Rows != Columns) throw new InvalidOperationException("Only a square matrix has a determinant.");
        Elimination elimination = new(this, default);
        return elimination.Rank < Rows ? Rational.Zero : new Rational(elimination.Sign * elimination.LastPivot, elimination.Scale);
    }

    /// <summary>The number of linearly independent rows.</summary>
    public int Rank() => new Elimination(this, default).Rank;

    /// <summary>One solution x of A x = b, or null when there is none.</summary>
    /// <param name="rightHandSide">One number a row.</param>
    /// <returns>One number a column; unknowns that the equations leave free are 0.</returns>
    /// <exception cref="ArgumentException">The right-hand side's length is not the number of rows.</exception>
    public Rational[]? Solve(ReadOnlySpan<Rational> rightHandSide)
    {
        if (rightHandSide.Length != Rows) throw new ArgumentException("The right-hand side has one entry a row.", nameof(rightHandSide));
        Elimination elimination = new(this, rightHandSide);
        for (int i = elimination.Rank; i < Rows; i++)
        {
            if (!elimination.Entries[i][Columns].IsZero) return null;
        }
        Rational[] solution = new Rational[Columns];
        for (int i = 0; i < elimination.Rank; i++)
        {
            solution[elimination.PivotColumns[i]] = new Rational(elimination.Entries[i][Columns], elimination.LastPivot);
        }
        return solution;
    }

    /// <summary>A basis of the vectors x with A x = 0.</summary>
    /// <returns>Columns − rank vectors, one number a column each; each is 1 at one free unknown and 0 at the others.</returns>
    public Rational[][] NullSpace()
    {
        Elimination elimination = new(this, default);
        List<Rational[]> basis = new(Columns - elimination.Rank);
        HashSet<int> pivots = [.. elimination.PivotColumns];
        for (int free = 0; free < Columns; free++)
        {
            if (pivots.Contains(free)) continue;
            Rational[] vector = new Rational[Columns];
            vector[free] = Rational.One;
            for (int i = 0; i < elimination.Rank; i++)
            {
                vector[elimination.PivotColumns[i]] = new Rational(-elimination.Entries[i][free], elimination.LastPivot);
            }
            basis.Add(vector);
        }
        return [.. basis];
    }

    /// <summary>Fraction-free Gauss–Jordan elimination: afterwards every pivot column is LastPivot times a unit vector.</summary>
    private sealed class Elimination
    {
        public Elimination(RationalMatrix matrix, ReadOnlySpan<Rational> rightHandSide)
        {
            int rows = matrix.Rows, columns = matrix.Columns, width = columns + (rightHandSide.IsEmpty ? 0 : 1);
            Entries = new BigInteger[rows][];
            for (int i = 0; i < rows; i++)
            {
                Entries[i] = ScaledRow(matrix, i, width > columns ? rightHandSide[i] : Rational.Zero, width, out BigInteger scale);
                Scale *= scale;
            }
            for (int column = 0; column < columns && Rank < rows; column++) Eliminate(column, rows, width);
        }

        public BigInteger[][] Entries { get; }

        public List<int> PivotColumns { get; } = [];

        public int Rank => PivotColumns.Count;

        /// <summary>The common value of all pivots at the end: the minor of the pivot rows and columns, up to sign.</summary>
        public BigInteger LastPivot { get; private set; } = BigInteger.One;

        /// <summary>The sign of the row exchanges.</summary>
        public int Sign { get; private set; } = 1;

        /// <summary>The product of the factors that made the rows integral.</summary>
        public BigInteger Scale { get; } = BigInteger.One;

        private void Eliminate(int column, int rows, int width)
        {
            int rank = Rank, chosen = -1;
            for (int i = rank; i < rows; i++)
            {
                // The shortest pivot keeps the products of this step short.
                if (!Entries[i][column].IsZero
                    && (chosen < 0 || Entries[i][column].GetBitLength() < Entries[chosen][column].GetBitLength()))
                {
                    chosen = i;
                }
            }
            if (chosen < 0) return;
            if (chosen != rank)
            {
                (Entries[chosen], Entries[rank]) = (Entries[rank], Entries[chosen]);
                Sign = -Sign;
            }
            BigInteger[] pivotRow = Entries[rank];
            BigInteger pivot = pivotRow[column];
            for (int i = 0; i < rows; i++)
            {
                if (i == rank) continue;
                BigInteger[] row = Entries[i];
                BigInteger factor = row[column];
                for (int j = 0; j < width; j++)
                {
                    BigInteger product = factor.IsZero || pivotRow[j].IsZero ? BigInteger.Zero : factor * pivotRow[j];
                    row[j] = row[j].IsZero && product.IsZero ? BigInteger.Zero : (pivot * row[j] - product) / LastPivot;
                }
            }
            LastPivot = pivot;
            PivotColumns.Add(column);
        }

        private static BigInteger[] ScaledRow(RationalMatrix matrix, int i, Rational last, int width, out BigInteger scale)
        {
            int columns = matrix.Columns;
            scale = last.Denominator;
            for (int j = 0; j < columns; j++)
            {
                BigInteger denominator = matrix[i, j].Denominator;
                if (!denominator.IsOne) scale = scale / BigInteger.GreatestCommonDivisor(scale, denominator) * denominator;
            }
            BigInteger[] row = new BigInteger[width];
            for (int j = 0; j < columns; j++) row[j] = matrix[i, j].Numerator * (scale / matrix[i, j].Denominator);
            if (width > columns) row[columns] = last.Numerator * (scale / last.Denominator);
            return row;
        }
    }
}
