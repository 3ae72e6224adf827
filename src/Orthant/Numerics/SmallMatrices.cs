namespace Orthant.Numerics;

/// <summary>Plain arithmetic of small square matrices in doubles.</summary>
internal static class SmallMatrices
{
    /// <summary>An upper triangle T with TᵀT = Q; null where Q is not positive definite to rounding.</summary>
    public static double[][]? Factor(double[][] q)
    {
        int d = q.Length;
        double[][] t = [.. q.Select(_ => new double[d])];
        for (int i = 0; i < d; i++)
        {
            for (int j = i; j < d; j++)
            {
                double entry = q[i][j];
                for (int k = 0; k < i; k++) entry -= t[k][i] * t[k][j];
                if (i == j && !(entry > 0)) return null;
                t[i][j] = i == j ? Math.Sqrt(entry) : entry / t[i][i];
            }
        }
        return t;
    }

    /// <summary>The inverse of an upper triangle.</summary>
    public static double[][] Invert(double[][] upper)
    {
        int d = upper.Length;
        double[][] x = [.. upper.Select(_ => new double[d])];
        for (int j = 0; j < d; j++)
        {
            for (int i = j; i >= 0; i--)
            {
                double entry = i == j ? 1 : 0;
                for (int k = i + 1; k <= j; k++) entry -= upper[i][k] * x[k][j];
                x[i][j] = entry / upper[i][i];
            }
        }
        return x;
    }

    /// <summary>A·B, both square.</summary>
    public static double[][] Multiply(double[][] a, double[][] b)
    {
        int d = a.Length;
        double[][] c = new double[d][];
        for (int i = 0; i < d; i++)
        {
            double[] row = c[i] = new double[d];
            for (int k = 0; k < d; k++)
            {
                double f = a[i][k];
                for (int j = 0; j < d; j++) row[j] += f * b[k][j];
            }
        }
        return c;
    }

    /// <summary>The root of the sum of squares of all entries.</summary>
    public static double Norm(double[][] a) => Math.Sqrt(a.Sum(row => row.Sum(x => x * x)));
}
