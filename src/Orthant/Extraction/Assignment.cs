namespace Orthant.Extraction;

/// <summary>The cheapest one-to-one assignment of rows to columns.</summary>
/// <remarks>Shortest augmenting paths with potentials, O(n³) (H. W. Kuhn, "The Hungarian method", Naval Research Logistics Quarterly 2, 1955; J. Munkres, 1957).</remarks>
internal static class Assignment
{
    /// <summary>For each row its column; as many columns as rows.</summary>
    public static int[] Minimal(double[,] cost)
    {
        int n = cost.GetLength(0);
        double[] u = new double[n + 1], v = new double[n + 1];
        int[] rowOf = new int[n + 1], before = new int[n + 1];
        for (int row = 1; row <= n; row++)
        {
            rowOf[0] = row;
            int column = 0;
            double[] least = new double[n + 1];
            bool[] used = new bool[n + 1];
            Array.Fill(least, double.PositiveInfinity);
            do
            {
                used[column] = true;
                int r = rowOf[column], next = 0;
                double step = double.PositiveInfinity;
                for (int j = 1; j <= n; j++)
                {
                    if (used[j]) continue;
                    double reduced = cost[r - 1, j - 1] - u[r] - v[j];
                    if (reduced < least[j]) (least[j], before[j]) = (reduced, column);
                    if (least[j] < step) (step, next) = (least[j], j);
                }
                for (int j = 0; j <= n; j++)
                {
                    if (used[j])
                    {
                        u[rowOf[j]] += step;
                        v[j] -= step;
                    }
                    else
                    {
                        least[j] -= step;
                    }
                }
                column = next;
            }
            while (rowOf[column] != 0);
            while (column != 0)
            {
                rowOf[column] = rowOf[before[column]];
                column = before[column];
            }
        }
        int[] result = new int[n];
        for (int j = 1; j <= n; j++) result[rowOf[j] - 1] = j - 1;
        return result;
    }
}
