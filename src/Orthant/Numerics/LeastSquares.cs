using System.Numerics.Tensors;

namespace Orthant.Numerics;

/// <summary>Dense least squares, min ‖A X − B‖, with columns brought to one length and those without which the rest says as much left at zero.</summary>
internal sealed class LeastSquares
{
    private readonly PivotedQr qr;
    private readonly double[] lengths;

    /// <summary>Factorises the matrix of a problem.</summary>
    /// <param name="rows">The number of equations.</param>
    /// <param name="columns">The number of unknowns.</param>
    /// <param name="a">rows × columns, row-major; left as it is.</param>
    /// <param name="relativeRank">Directions whose share is below this do not count.</param>
    public LeastSquares(int rows, int columns, ReadOnlySpan<double> a, double relativeRank)
    {
        double[] packed = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<double> row = a.Slice(i * columns, columns);
            for (int j = 0; j < columns; j++) packed[(j * rows) + i] = row[j];
        }
        lengths = new double[columns];
        for (int j = 0; j < columns; j++)
        {
            Span<double> column = packed.AsSpan(j * rows, rows);
            double length = TensorPrimitives.Norm<double>(column);
            lengths[j] = length > 0 ? length : 1;
            TensorPrimitives.Divide(column, lengths[j], column);
        }
        qr = new PivotedQr(rows, columns, packed);
        Rank = qr.Rank(relativeRank);
    }

    /// <summary>How many unknowns the equations determine.</summary>
    public int Rank { get; }

    /// <summary>The solution for one right-hand side of as many numbers as there are rows.</summary>
    public double[] Solve(ReadOnlySpan<double> b)
    {
        double[] copy = b.ToArray(), x = new double[lengths.Length];
        qr.Solve(copy, x, Rank);
        TensorPrimitives.Divide(x, lengths, x);
        return x;
    }

    /// <summary>By how much an error of the right-hand side, one a row, can grow in each unknown; infinite where it is not determined.</summary>
    public double[] Amplification()
    {
        double[] result = qr.Amplification(Rank);
        TensorPrimitives.Divide(result, lengths, result);
        return result;
    }

    /// <summary>Solves one problem with one right-hand side.</summary>
    public static double[] Solve(int rows, int columns, ReadOnlySpan<double> a, ReadOnlySpan<double> b, double relativeRank) =>
        new LeastSquares(rows, columns, a, relativeRank).Solve(b);
}
