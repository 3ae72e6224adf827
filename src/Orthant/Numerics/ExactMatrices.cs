namespace Orthant.Numerics;

/// <summary>What the checker needs of matrices with rational entries.</summary>
internal static class ExactMatrices
{
    public static Rational[][] Multiply(Rational[][] a, Rational[][] b)
    {
        int columns = b[0].Length;
        Rational[][] c = new Rational[a.Length][];
        for (int i = 0; i < a.Length; i++)
        {
            c[i] = new Rational[columns];
            for (int k = 0; k < b.Length; k++)
            {
                if (a[i][k].IsZero) continue;
                for (int j = 0; j < columns; j++) c[i][j] += a[i][k] * b[k][j];
            }
        }
        return c;
    }

    public static Rational[][] Transpose(Rational[][] a) => [.. Enumerable.Range(0, a[0].Length).Select(j => a.Select(row => row[j]).ToArray())];

    public static bool IsSquare(Rational[][] a) => a.Length > 0 && a.All(row => row.Length == a.Length);

    public static bool IsSymmetric(Rational[][] a)
    {
        for (int i = 0; i < a.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (a[i][j] != a[j][i]) return false;
            }
        }
        return true;
    }

    /// <summary>scale·Q − AᵀRA.</summary>
    public static Rational[][] Lyapunov(Rational scale, Rational[][] q, Rational[][] a, Rational[][] r)
    {
        Rational[][] image = Multiply(Transpose(a), Multiply(r, a));
        return [.. q.Select((row, i) => row.Select((entry, j) => scale * entry - image[i][j]).ToArray())];
    }

    public static Rational[][] Diagonal(Rational[] d) => [.. d.Select((_, i) => d.Select((entry, j) => i == j ? entry : Rational.Zero).ToArray())];

    /// <summary>Whether a symmetric matrix is positive semidefinite, or definite, by symmetric elimination.</summary>
    public static bool IsPositive(Rational[][] symmetric, bool definite)
    {
        Rational[][] a = [.. symmetric.Select(r => (Rational[])r.Clone())];
        for (int k = 0; k < a.Length; k++)
        {
            Rational pivot = a[k][k];
            if (pivot.Sign < 0 || (definite && pivot.IsZero)) return false;
            for (int i = k + 1; i < a.Length; i++)
            {
                if (a[i][k].IsZero) continue;
                if (pivot.IsZero) return false;
                Rational factor = a[i][k] / pivot;
                for (int j = k + 1; j < a.Length; j++) a[i][j] -= factor * a[k][j];
            }
        }
        return true;
    }

    /// <summary>rᵀ Q⁻¹ r, or null where Q is singular.</summary>
    public static Rational? InverseForm(Rational[][] q, Rational[] r) =>
        ToMatrix(q) is RationalMatrix m && m.Rank() == q.Length && m.Solve(r) is Rational[] s ? Dot(r, s) : null;

    public static RationalMatrix ToMatrix(Rational[][] a)
    {
        Rational[,] entries = new Rational[a.Length, a[0].Length];
        for (int i = 0; i < a.Length; i++)
        {
            for (int j = 0; j < a[0].Length; j++) entries[i, j] = a[i][j];
        }
        return new RationalMatrix(entries);
    }

    /// <summary>a · b.</summary>
    public static Rational Dot(Rational[] a, Rational[] b)
    {
        Rational sum = 0;
        for (int j = 0; j < a.Length; j++)
        {
            if (!a[j].IsZero && !b[j].IsZero) sum += a[j] * b[j];
        }
        return sum;
    }
}
