using CsCheck;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

/// <summary>Least squares and Cholesky against MathNet's, and against what has to hold.</summary>
public sealed class FactorisationTests
{
    private static readonly Gen<(int Rows, int Columns, ulong Seed)> Shapes = Gen.Select(Gen.Int[1, 40], Gen.Int[1, 20], Gen.ULong, (extra, n, seed) => (n + extra, n, seed));

    private static double[] Normals(RandomStream random, int count)
    {
        double[] values = new double[count];
        random.FillNormals(values);
        return values;
    }

    [Fact]
    public void LeastSquaresIsThatOfMathNet() => Shapes.Sample(s =>
    {
        RandomStream random = new(s.Seed);
        double[] a = Normals(random, s.Rows * s.Columns), b = Normals(random, s.Rows);
        double[] expected = Matrix<double>.Build.DenseOfRowMajor(s.Rows, s.Columns, a).QR().Solve(Vector<double>.Build.Dense(b)).ToArray();
        LeastSquares system = new(s.Rows, s.Columns, a, 1e-12);
        double[] found = system.Solve(b), growth = system.Amplification();
        Assert.Equal(s.Columns, system.Rank);
        for (int j = 0; j < s.Columns; j++) Assert.Equal(expected[j], found[j], 1e-11 * (1 + (growth.Max() * growth.Max())));
        Matrix<double> m = Matrix<double>.Build.DenseOfRowMajor(s.Rows, s.Columns, a), inverse = m.TransposeThisAndMultiply(m).Inverse();
        for (int j = 0; j < s.Columns; j++) Assert.Equal(Math.Sqrt(inverse[j, j]), growth[j], 1e-6 * (1 + (growth.Max() * growth.Max())));
    }, iter: 100);

    [Fact]
    public void ColumnsThatSayTheSameAreCountedOnce()
    {
        RandomStream random = new(4);
        double[] a = Normals(random, 30 * 6), b = Normals(random, 30);
        for (int i = 0; i < 30; i++) a[(i * 6) + 4] = a[(i * 6) + 1] - (2 * a[(i * 6) + 2]);
        LeastSquares system = new(30, 6, a, 1e-10);
        Assert.Equal(5, system.Rank);
        double[] x = system.Solve(b), gradient = new double[6];
        for (int i = 0; i < 30; i++)
        {
            double residual = -b[i];
            for (int j = 0; j < 6; j++) residual += a[(i * 6) + j] * x[j];
            for (int j = 0; j < 6; j++) gradient[j] += residual * a[(i * 6) + j];
        }
        Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
        Assert.Contains(system.Amplification(), double.IsPositiveInfinity);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(150)]
    [InlineData(400)]
    public void CholeskySolvesAndInverts(int n)
    {
        RandomStream random = new((ulong)n);
        double[] g = Normals(random, n * (n + 3)), a = new double[n * n];
        SymmetricRankUpdate.Into<double>(new ReadOnlyMatrixSpan<double>(g, n, n + 3), new MatrixSpan<double>(a, n, n));
        for (int i = 0; i < n; i++) a[(i * n) + i] += n;
        double[] b = Normals(random, n), x = [.. b];
        Cholesky factor = new(n, [.. a], 0);
        factor.Solve(x);
        for (int i = 0; i < n; i++)
        {
            double sum = 0;
            for (int j = 0; j < n; j++) sum += a[(i * n) + j] * x[j];
            Assert.Equal(b[i], sum, 1e-10);
        }
        double[] diagonal = factor.InverseDiagonal();
        Matrix<double> inverse = Matrix<double>.Build.DenseOfRowMajor(n, n, a).Inverse();
        for (int i = 0; i < n; i++) Assert.Equal(inverse[i, i], diagonal[i], 1e-12);
    }

    [Fact]
    public void CholeskyLeavesOutWhatIsNotDetermined()
    {
        double[] a = [2, 0, 1, 0, 0, 0, 1, 0, 2];
        Cholesky factor = new(3, a, 1e-12);
        double[] x = [3, 5, 3];
        factor.Solve(x);
        Assert.Equal([1, 0, 1], x.Select(v => Math.Round(v, 12)));
        Assert.False(factor.IsDetermined(1));
        Assert.True(double.IsPositiveInfinity(factor.InverseDiagonal()[1]));
    }
}
