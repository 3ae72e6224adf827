using MathNet.Numerics.LinearAlgebra;

namespace Orthant.Numerics;

/// <summary>Rigorous upper bounds of induced matrix norms.</summary>
internal static class SpectralNorm
{
    private const double UnitRoundoff = 1.1102230246251565e-16;

    /// <summary>The norm that l1 induces, rounded up.</summary>
    public static double LargestColumnSum(double[,] a)
    {
        int rows = a.GetLength(0), columns = a.GetLength(1);
        double[] sums = new double[columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) sums[j] += Math.Abs(a[i, j]);
        }
        return RoundedUp(sums, rows);
    }

    /// <summary>The norm that linf induces, rounded up.</summary>
    public static double LargestRowSum(double[,] a)
    {
        int rows = a.GetLength(0), columns = a.GetLength(1);
        double[] sums = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) sums[i] += Math.Abs(a[i, j]);
        }
        return RoundedUp(sums, columns);
    }

    /// <summary>An upper bound of the largest singular value.</summary>
    /// <remarks>Lanczos' process with full reorthogonalisation finds the value; a Cholesky factorisation of tI − AᵀA, from whose diagonal
    /// a bound of all rounding errors is taken first, proves that t is no less (S. M. Rump, Verification of positive definiteness).</remarks>
    public static double UpperBound(double[,] a)
    {
        int rows = a.GetLength(0), n = a.GetLength(1);
        if (rows < n)
        {
            double[,] transposed = new double[n, rows];
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < n; j++) transposed[j, i] = a[i, j];
            }
            return UpperBound(transposed);
        }
        double columnSum = LargestColumnSum(a), rowSum = LargestRowSum(a);
        if (columnSum == 0) return 0;
        if (n == 1 || rows == 1) return EuclideanUp(a);
        double[] gram = new double[n * n];
        Gram(a, gram);
        double estimate = n <= 64 ? LargestEigenvalue(gram, n) : Lanczos(gram, n);
        // Forming AᵀA errs by at most (rows + 2)u times |A|ᵀ|A|, whose norm is at most the product of the sums.
        double formed = (rows + 2) * UnitRoundoff * columnSum * rowSum;
        double cheap = Math.Sqrt(columnSum * rowSum) * (1 + 4 * UnitRoundoff);
        for (double slack = n <= 64 ? 1e-12 : 1e-5; slack < 1; slack *= 10)
        {
            double t = estimate * (1 + slack);
            double trace = 0;
            for (int i = 0; i < n; i++) trace += Math.Max(t - gram[(i * n) + i], 0);
            double margin = (n + 2) * UnitRoundoff / (1 - (2 * (n + 2) * UnitRoundoff)) * trace * 1.1 + formed;
            if (IsPositiveDefinite(gram, n, t - margin)) return Math.Min(cheap, Math.Sqrt(t) * (1 + 4 * UnitRoundoff));
        }
        return cheap;
    }

    private static double RoundedUp(double[] sums, int terms)
    {
        double largest = 0;
        foreach (double s in sums) largest = Math.Max(largest, s);
        return largest == 0 ? 0 : Math.BitIncrement(largest * (1 + (terms + 1) * UnitRoundoff));
    }

    private static double EuclideanUp(double[,] a)
    {
        Interval sum = 0;
        foreach (double x in a) sum += Interval.Square(x);
        return Interval.Sqrt(sum).Upper;
    }

    private static void Gram(double[,] a, Span<double> gram)
    {
        int rows = a.GetLength(0), n = a.GetLength(1);
        ReadOnlySpan<double> entries = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpan(ref a[0, 0], a.Length);
        ReadOnlyMatrixSpan<double> m = new(entries, rows, n);
        MatrixMultiply.Into(m.Transposed(), m, new MatrixSpan<double>(gram, n, n));
    }

    private static double LargestEigenvalue(double[] gram, int n)
    {
        Matrix<double> g = Matrix<double>.Build.Dense(n, n, gram);
        return Math.Max((g + g.Transpose()).Multiply(0.5).Evd(Symmetricity.Symmetric).EigenValues.Max(e => e.Real), double.Epsilon);
    }

    private static double Lanczos(double[] gram, int n)
    {
        const int steps = 48;
        List<double[]> basis = [];
        double[] alpha = new double[steps], beta = new double[steps];
        RandomStream random = new(1);
        double[] q = new double[n];
        random.FillNormals(q);
        Normalise(q);
        int used = 0;
        for (int k = 0; k < steps; k++)
        {
            basis.Add(q);
            double[] w = new double[n];
            for (int i = 0; i < n; i++) w[i] = System.Numerics.Tensors.TensorPrimitives.Dot<double>(gram.AsSpan(i * n, n), q);
            alpha[k] = System.Numerics.Tensors.TensorPrimitives.Dot<double>(w, q);
            used = k + 1;
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] b in basis)
                {
                    double c = System.Numerics.Tensors.TensorPrimitives.Dot<double>(w, b);
                    System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(b, -c, w, w);
                }
            }
            beta[k] = System.Numerics.Tensors.TensorPrimitives.Norm<double>(w);
            if (beta[k] < 1e-14 * Math.Abs(alpha[0])) break;
            System.Numerics.Tensors.TensorPrimitives.Divide(w, beta[k], w);
            q = w;
        }
        Matrix<double> t = Matrix<double>.Build.Dense(used, used, (i, j) => i == j ? alpha[i] : Math.Abs(i - j) == 1 ? beta[Math.Min(i, j)] : 0);
        return t.Evd(Symmetricity.Symmetric).EigenValues.Max(e => e.Real);
    }

    private static void Normalise(double[] x) => System.Numerics.Tensors.TensorPrimitives.Divide(x, System.Numerics.Tensors.TensorPrimitives.Norm<double>(x), x);

    /// <summary>Whether Cholesky's factorisation of shift·I − gram runs to its end; rows of the factor lie in memory one after the other.</summary>
    private static bool IsPositiveDefinite(double[] gram, int n, double shift)
    {
        double[] l = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            Span<double> row = l.AsSpan(i * n, n);
            for (int j = 0; j <= i; j++)
            {
                double dot = j == 0 ? 0 : System.Numerics.Tensors.TensorPrimitives.Dot<double>(row[..j], l.AsSpan(j * n, j));
                double entry = (i == j ? shift : 0) - gram[(i * n) + j] - dot;
                if (i == j)
                {
                    if (!(entry > 0)) return false;
                    row[i] = Math.Sqrt(entry);
                }
                else
                {
                    row[j] = entry / l[(j * n) + j];
                }
            }
        }
        return true;
    }
}
