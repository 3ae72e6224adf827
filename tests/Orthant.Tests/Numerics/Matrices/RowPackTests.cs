using Orthant.Numerics;

namespace Orthant.Tests.Numerics.Matrices;

public sealed unsafe class RowPackTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(50)]
    [InlineData(101)]
    public void SquaresHaveTheBitsOfTheSymmetricUpdateOnEveryPath(int columns)
    {
        const int Capacity = 24;
        RandomStream random = new(5, (ulong)columns);
        foreach (VectorPath path in VectorPaths.Supported)
        {
            RowPack pack = new(path, columns, Capacity);
            double[] sum = new double[columns], squares = new double[columns * columns], expectedSum = new double[columns], expected = new double[columns * columns];
            // A second filling has to find nothing of a longer first one.
            foreach (int count in (int[])[Capacity, 1, 7])
            {
                float[] rows = new float[(Capacity * columns) + RowPack.PaddedLength(columns)], scaled = new float[count * columns], product = new float[columns * columns];
                for (int i = 0; i < rows.Length; i++) rows[i] = i < count * columns ? (float)random.NextNormal() : float.NaN;
                fixed (float* first = rows)
                {
                    for (int r = 0; r < count; r++)
                    {
                        float factor = 0.5f + r;
                        pack.Add(first + (r * columns), factor);
                        for (int i = 0; i < columns; i++) scaled[(r * columns) + i] = rows[(r * columns) + i] * factor;
                    }
                }
                Assert.Equal(count, pack.Count);
                pack.AddTo(sum, squares);
                Assert.Equal(0, pack.Count);
                SymmetricRankUpdate.LowerInto(new ReadOnlyMatrixSpan<float>(scaled, count, columns).Transposed(), new MatrixSpan<float>(product, columns, columns));
                for (int i = 0; i < columns; i++)
                {
                    for (int j = 0; j <= i; j++)
                    {
                        expected[(i * columns) + j] += product[(i * columns) + j];
                        Assert.Equal(expected[(i * columns) + j], squares[(i * columns) + j]);
                    }
                    for (int r = 0; r < count; r++) expectedSum[i] += scaled[(r * columns) + i];
                    Assert.Equal(expectedSum[i], sum[i], 1e-4);
                }
            }
        }
    }
}
