using CsCheck;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public sealed class RationalMatrixTests
{
    private static readonly Gen<Rational> Entries = Gen.Select(Gen.Int[-3, 3], Gen.Int[1, 4], (p, q) => new Rational(p, q));

    [Fact]
    public void The_determinant_is_the_sum_over_permutations() => Square(4).Sample(a =>
        Assert.Equal(LeibnizDeterminant(a), new RationalMatrix(a).Determinant()));

    [Fact]
    public void A_solution_solves_and_none_exists_only_when_the_rank_grows() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5]).SelectMany((m, n) => Gen.Select(Matrix(m, n), Entries.Array[m])).Sample((a, b) =>
        {
            RationalMatrix matrix = new(a);
            Rational[]? x = matrix.Solve(b);
            bool consistent = matrix.Rank() == Augmented(a, b).Rank();
            Assert.Equal(consistent, x is not null);
            if (x is not null) Assert.Equal(b, matrix.Multiply(x));
        });

    [Fact]
    public void The_null_space_has_the_right_dimension_and_is_mapped_to_zero() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 6]).SelectMany((m, n) => Matrix(m, n)).Sample(a =>
        {
            RationalMatrix matrix = new(a);
            Rational[][] basis = matrix.NullSpace();
            Assert.Equal(matrix.Columns - matrix.Rank(), basis.Length);
            foreach (Rational[] v in basis) Assert.All(matrix.Multiply(v), entry => Assert.True(entry.IsZero));
            if (basis.Length > 0) Assert.Equal(basis.Length, Stacked(basis).Rank());
        });

    [Fact]
    public void The_rank_of_a_product_of_thin_factors_is_their_width() => Gen.Select(Matrix(6, 2), Matrix(2, 6)).Sample((a, b) =>
    {
        int expected = Math.Min(new RationalMatrix(a).Rank(), new RationalMatrix(b).Rank());
        Rational[,] product = new Rational[6, 6];
        for (int i = 0; i < 6; i++)
        {
            for (int j = 0; j < 6; j++) product[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j];
        }
        RationalMatrix matrix = new(product);
        Assert.True(matrix.Rank() <= expected);
        Assert.True(expected < 2 || matrix.Rank() == 2);
        Assert.Equal(Rational.Zero, matrix.Determinant());
    });

    [Fact]
    public void The_Hilbert_matrix_is_solved_exactly()
    {
        // Condition number about 1e27: no floating-point solver gets a digit right.
        const int n = 20;
        Rational[,] hilbert = new Rational[n, n];
        Rational[] ones = new Rational[n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++) hilbert[i, j] = new Rational(1, i + j + 1);
            ones[i] = Rational.One;
        }
        RationalMatrix matrix = new(hilbert);
        Rational[] solution = matrix.Solve(matrix.Multiply(ones))!;
        Assert.Equal(ones, solution);
    }

    [Fact]
    public void Empty_matrices_and_wrong_shapes()
    {
        Assert.Equal(Rational.One, new RationalMatrix(new Rational[0, 0]).Determinant());
        Assert.Equal(3, new RationalMatrix(new Rational[2, 3]).NullSpace().Length);
        Assert.Throws<InvalidOperationException>(() => new RationalMatrix(new Rational[2, 3]).Determinant());
        Assert.Throws<ArgumentException>(() => new RationalMatrix(new Rational[2, 3]).Solve(new Rational[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RationalMatrix.FromDoubles(new[,] { { double.NaN } }));
    }

    private static Gen<Rational[,]> Square(int n) => Matrix(n, n);

    private static Gen<Rational[,]> Matrix(int rows, int columns) => Entries.Array[rows * columns].Select(flat =>
    {
        Rational[,] a = new Rational[rows, columns];
        for (int i = 0; i < flat.Length; i++) a[i / columns, i % columns] = flat[i];
        return a;
    });

    private static RationalMatrix Augmented(Rational[,] a, Rational[] b)
    {
        int rows = a.GetLength(0), columns = a.GetLength(1);
        Rational[,] wide = new Rational[rows, columns + 1];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) wide[i, j] = a[i, j];
            wide[i, columns] = b[i];
        }
        return new RationalMatrix(wide);
    }

    private static RationalMatrix Stacked(Rational[][] rows)
    {
        Rational[,] a = new Rational[rows.Length, rows[0].Length];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < rows[0].Length; j++) a[i, j] = rows[i][j];
        }
        return new RationalMatrix(a);
    }

    private static Rational LeibnizDeterminant(Rational[,] a) => Expand(a, 0, 0);

    private static Rational Expand(Rational[,] a, int row, int used)
    {
        int n = a.GetLength(0);
        if (row == n) return Rational.One;
        Rational sum = Rational.Zero;
        int sign = 1;
        for (int j = 0; j < n; j++)
        {
            if ((used & (1 << j)) != 0) continue;
            sum += sign * a[row, j] * Expand(a, row + 1, used | (1 << j));
            sign = -sign;
        }
        return sum;
    }
}
