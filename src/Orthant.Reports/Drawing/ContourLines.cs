namespace Orthant.Reports;

/// <summary>Where a function sampled on a grid takes a value, by marching triangles: exact for a function that is linear on each triangle.</summary>
public static class ContourLines
{
    /// <summary>The pieces of a level line.</summary>
    /// <param name="values">rows × columns; row 0 at y = 0.</param>
    /// <param name="level">The value.</param>
    /// <returns>Pieces in grid coordinates, x from 0 to columns - 1 and y from 0 to rows - 1.</returns>
    public static IEnumerable<(double X1, double Y1, double X2, double Y2)> At(double[,] values, double level)
    {
        ArgumentNullException.ThrowIfNull(values);
        for (int row = 0; row + 1 < values.GetLength(0); row++)
        {
            for (int column = 0; column + 1 < values.GetLength(1); column++)
            {
                (double X, double Y, double V) a = Corner(row, column), b = Corner(row, column + 1), c = Corner(row + 1, column), d = Corner(row + 1, column + 1);
                if (Cross(a, b, c) is { } lower) yield return lower;
                if (Cross(b, d, c) is { } upper) yield return upper;
            }
        }

        (double, double, double) Corner(int row, int column) => (column, row, values[row, column] - level);
    }

    private static (double, double, double, double)? Cross((double X, double Y, double V) a, (double X, double Y, double V) b, (double X, double Y, double V) c)
    {
        Span<(double X, double Y)> points = stackalloc (double, double)[3];
        int count = 0;
        Add(a, b, points, ref count);
        Add(b, c, points, ref count);
        Add(c, a, points, ref count);
        return count == 2 ? (points[0].X, points[0].Y, points[1].X, points[1].Y) : null;
    }

    private static void Add((double X, double Y, double V) p, (double X, double Y, double V) q, Span<(double X, double Y)> points, ref int count)
    {
        if (p.V > 0 == q.V > 0) return;
        double t = p.V / (p.V - q.V);
        points[count++] = (p.X + (t * (q.X - p.X)), p.Y + (t * (q.Y - p.Y)));
    }
}
