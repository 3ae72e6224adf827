using System.Numerics.Tensors;

namespace Orthant.Learning;

/// <summary>A symmetric tridiagonal matrix with the eigenvalues of a dense one, of which single eigenvalues are cheap.</summary>
/// <remarks>Householder's reduction costs 4/3 n³ once; an eigenvalue by its rank is a bisection with Sturm's count (J. Wilkinson, The
/// Algebraic Eigenvalue Problem, 1965).</remarks>
internal sealed class Tridiagonal
{
    private readonly double[] diagonal;
    private readonly double[] beside;

    private Tridiagonal(double[] diagonal, double[] beside)
    {
        this.diagonal = diagonal;
        this.beside = beside;
    }

    /// <summary>Reduces a symmetric matrix, n × n, both triangles; it is left as it is.</summary>
    public static Tridiagonal Reduce(int n, ReadOnlySpan<double> matrix)
    {
        double[] a = matrix.ToArray(), diagonal = new double[n], beside = new double[n], v = new double[n], w = new double[n];
        for (int k = 0; k < n - 1; k++)
        {
            diagonal[k] = a[(k * n) + k];
            int rest = n - k - 1;
            Span<double> x = v.AsSpan(0, rest);
            a.AsSpan((k * n) + k + 1, rest).CopyTo(x);
            double norm = TensorPrimitives.Norm<double>(x);
            double alpha = x[0] > 0 ? -norm : norm;
            beside[k] = alpha;
            if (norm == 0) continue;
            x[0] -= alpha;
            double beta = 2 / TensorPrimitives.SumOfSquares<double>(x);
            Span<double> p = w.AsSpan(0, rest);
            for (int i = 0; i < rest; i++) p[i] = beta * TensorPrimitives.Dot<double>(a.AsSpan(((k + 1 + i) * n) + k + 1, rest), x);
            TensorPrimitives.MultiplyAdd(x, -0.5 * beta * TensorPrimitives.Dot<double>(p, x), p, p);
            for (int i = 0; i < rest; i++)
            {
                // A ← A − x pᵀ − p xᵀ on what is left.
                Span<double> row = a.AsSpan(((k + 1 + i) * n) + k + 1, rest);
                TensorPrimitives.MultiplyAdd(p, -x[i], row, row);
                TensorPrimitives.MultiplyAdd(x, -p[i], row, row);
            }
        }
        diagonal[n - 1] = a[(n * n) - 1];
        return new Tridiagonal(diagonal, beside);
    }

    /// <summary>The eigenvalue of a rank, from 0 for the smallest.</summary>
    public double Eigenvalue(int rank)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (int i = 0; i < diagonal.Length; i++)
        {
            double radius = (i > 0 ? Math.Abs(beside[i - 1]) : 0) + (i < diagonal.Length - 1 ? Math.Abs(beside[i]) : 0);
            low = Math.Min(low, diagonal[i] - radius);
            high = Math.Max(high, diagonal[i] + radius);
        }
        for (int step = 0; step < 60 && high - low > 1e-13 * Math.Max(Math.Abs(low), Math.Abs(high)); step++)
        {
            double middle = 0.5 * (low + high);
            if (Below(middle) > rank) high = middle;
            else low = middle;
        }
        return 0.5 * (low + high);
    }

    /// <summary>How many eigenvalues lie below a number: the negative pivots of the shifted matrix.</summary>
    private int Below(double x)
    {
        int count = 0;
        double pivot = 1;
        for (int i = 0; i < diagonal.Length; i++)
        {
            double side = i > 0 ? beside[i - 1] : 0;
            pivot = diagonal[i] - x - (side * side / pivot);
            if (pivot == 0) pivot = double.Epsilon * 1e20;
            if (pivot < 0) count++;
        }
        return count;
    }
}
