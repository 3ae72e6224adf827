using CsCheck;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Networks;

/// <summary>Every operator is the matrix that its rows say, whichever way it is applied.</summary>
public sealed class OperatorTests
{
    private static readonly Gen<LinearOperator> Any = Gen.OneOf(
        Gen.Int[1, 6].SelectMany(n => RandomNetworks.AnyOperator(n, RandomNetworks.Coarse)),
        Gen.Select(Gen.Int[1, 2], Gen.Int[1, 4], Gen.Int[1, 4]).SelectMany((c, h, w) => RandomNetworks.Convolution(new ImageShape(c * 2, h, w), RandomNetworks.Coarse)),
        Gen.Select(Gen.Int[1, 2], Gen.Int[2, 4], Gen.Int[2, 4], Gen.Bool).Select((c, h, w, frame) =>
            (LinearOperator)new AveragePoolOperator(new ImageShape(c, h, w), new SlidingWindow(2, 2, 1, 2, 1, 0, 0, 1), frame)));

    [Fact]
    public void ApplyIsTheProductWithTheMatrix() => Any.Sample(a =>
    {
        double[] m = a.ToDense();
        const int rows = 3;
        double[] x = Enumerable.Range(0, rows * a.Inputs).Select(i => ((i * 7 % 11) - 5) / 2.0).ToArray();
        double[] y = new double[rows * a.Outputs];
        a.Apply<double>(rows, x, y);
        AssertNear(Product(rows, a.Outputs, a.Inputs, x, m, (i, j) => (i * a.Inputs) + j), y);
    }, iter: 2000);

    [Fact]
    public void ApplyTransposeIsTheProductWithTheTransposedMatrix() => Any.Sample(a =>
    {
        double[] m = a.ToDense();
        const int rows = 2;
        double[] y = Enumerable.Range(0, rows * a.Outputs).Select(i => ((i * 5 % 13) - 6) / 2.0).ToArray();
        double[] x = new double[rows * a.Inputs];
        a.ApplyTranspose<double>(rows, y, x);
        AssertNear(Product(rows, a.Inputs, a.Outputs, y, m, (j, i) => (i * a.Inputs) + j), x);
    }, iter: 2000);

    [Fact]
    public void AbsoluteProductsUseAbsoluteEntries() => Any.Sample(a =>
    {
        double[] m = Array.ConvertAll(a.ToDense(), Math.Abs);
        double[] x = Enumerable.Range(0, a.Inputs).Select(i => 1.0 + (i % 3)).ToArray(), y = new double[a.Outputs];
        a.ApplyAbsolute(1, x, y);
        AssertNear(Product(1, a.Outputs, a.Inputs, x, m, (i, j) => (i * a.Inputs) + j), y);
        double[] v = Enumerable.Range(0, a.Outputs).Select(i => 1.0 + (i % 4)).ToArray(), u = new double[a.Inputs];
        a.ApplyAbsoluteTranspose(1, v, u);
        AssertNear(Product(1, a.Inputs, a.Outputs, v, m, (j, i) => (i * a.Inputs) + j), u);
    }, iter: 1000);

    [Fact]
    public void ExactRowsAreTheRowsAndColumnsIncrease() => Any.Sample(a =>
    {
        for (int i = 0; i < a.Outputs; i++)
        {
            SparseRow row = a.Row(i);
            IReadOnlyList<(int Column, Rational Value)> exact = a.ExactRow(i);
            Assert.True(row.Count <= a.LongestRow);
            Assert.Equal(row.Count, exact.Count);
            for (int k = 0; k < row.Count; k++)
            {
                Assert.True(k == 0 || row.Columns[k] > row.Columns[k - 1]);
                Assert.Equal((row.Columns[k], Rational.FromDouble(row.Values[k])), exact[k]);
            }
        }
    }, iter: 500);

    [Fact]
    public void AveragePoolingSaysWhetherItsEntriesAreExact()
    {
        Assert.True(new AveragePoolOperator(new ImageShape(1, 4, 4), new SlidingWindow(2, 2, 2, 2), false).EntriesAreExact);
        Assert.False(new AveragePoolOperator(new ImageShape(1, 3, 3), new SlidingWindow(3, 3), false).EntriesAreExact);
    }

    private static double[] Product(int rows, int outputs, int inputs, double[] x, double[] m, Func<int, int, int> at)
    {
        double[] y = new double[rows * outputs];
        for (int r = 0; r < rows; r++)
        {
            for (int i = 0; i < outputs; i++)
            {
                for (int j = 0; j < inputs; j++) y[(r * outputs) + i] += x[(r * inputs) + j] * m[at(i, j)];
            }
        }
        return y;
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-13 * (1 + Math.Abs(expected[i])));
    }
}
