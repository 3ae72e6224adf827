using System.Diagnostics;
using MathNet.Numerics.LinearAlgebra;

namespace Orthant.Convergence;

/// <summary>The ellipsoid norm √(xᵀQx) in which the largest matrix of a set is as small as possible, by the method of centres.</summary>
/// <remarks>For a level g the analytic centre of {Q : gQ − AᵀQA ≻ 0 for all A, Q ≻ 0} is found by Newton steps, then g is lowered towards the
/// level that the centre attains. With F⁻¹ = LLᵀ and basis element E_n of rows a, b the derivative LᵀG_nL = g(l_a l_bᵀ) − (u_a u_bᵀ),
/// symmetrised, l_a being row a of L and u_a row a of AL: no matrix product is needed.</remarks>
internal static class CommonEllipsoid
{
    /// <summary>Q and the largest norm of the set in it.</summary>
    public static (double[] Q, double Gamma) Find(IReadOnlyList<double[]> set, int d, double gap, double seconds, double[]? start = null)
    {
        Stopwatch watch = Stopwatch.StartNew();
        (int A, int B)[] basis = [.. Enumerable.Range(0, d).SelectMany(i => Enumerable.Range(i, d - i).Select(j => (i, j)))];
        int n = basis.Length, size = d * (d + 1) / 2;
        double[] q = start ?? Identity(d);
        double best = GammaSquared(set, q, d), g = best * 1.5 + 1e-300;
        double[] bestQ = q;
        if (best == 0) return (q, 0);
        double[] rows = new double[n * size];
        for (int round = 0; round < 80 && watch.Elapsed.TotalSeconds < seconds; round++)
        {
            for (int newton = 0; newton < 8; newton++)
            {
                double[] gradient = new double[n], hessian = new double[n * n];
                bool inside = true;
                foreach (double[]? a in set.Append(null))
                {
                    double[] f = a is null ? q : Slack(g, q, a, d);
                    double[]? chol = DenseMatrix.Cholesky(f, d);
                    if (chol is null)
                    {
                        inside = false;
                        break;
                    }
                    Accumulate(chol, a, a is null ? 1 : g, basis, d, rows, gradient, hessian);
                }
                if (!inside) break;
                double trace = 0, degree = (set.Count + 1.0) * d;
                for (int i = 0; i < d; i++) trace += q[(i * d) + i];
                double diagonal = 0;
                for (int k = 0; k < n; k++) diagonal += hessian[(k * n) + k];
                for (int k = 0; k < n; k++)
                {
                    if (basis[k].A != basis[k].B) continue;
                    gradient[k] += degree / trace;
                    for (int l = 0; l < n; l++)
                    {
                        if (basis[l].A == basis[l].B) hessian[(k * n) + l] += degree / (trace * trace);
                    }
                }
                for (int k = 0; k < n; k++) hessian[(k * n) + k] += 1e-13 * diagonal / n;
                Vector<double> step = Matrix<double>.Build.Dense(n, n, hessian).Solve(Vector<double>.Build.Dense(gradient)).Negate();
                double decrement = -step.DotProduct(Vector<double>.Build.Dense(gradient));
                if (!double.IsFinite(decrement)) break;
                double length = decrement < 0.25 ? 1 : 1 / (1 + Math.Sqrt(Math.Max(decrement, 0)));
                double[]? moved = null;
                for (; length > 1e-12; length *= 0.5)
                {
                    double[] candidate = (double[])q.Clone();
                    for (int k = 0; k < n; k++)
                    {
                        candidate[(basis[k].A * d) + basis[k].B] += length * step[k];
                        if (basis[k].A != basis[k].B) candidate[(basis[k].B * d) + basis[k].A] += length * step[k];
                    }
                    if (DenseMatrix.Cholesky(candidate, d) is not null && set.All(a => DenseMatrix.Cholesky(Slack(g, candidate, a, d), d) is not null))
                    {
                        moved = candidate;
                        break;
                    }
                }
                if (moved is null) break;
                double scale = 0;
                for (int i = 0; i < d; i++) scale += moved[(i * d) + i];
                q = DenseMatrix.Scaled(moved, d / scale);
                if (decrement < 0.1) break;
            }
            double reached = GammaSquared(set, q, d);
            if (reached < best) (best, bestQ) = (reached, q);
            if (g - reached < gap * reached) break;
            g = Math.Max(reached + 0.15 * (g - reached), reached * (1 + 1e-12));
        }
        return (bestQ, Math.Sqrt(best));
    }

    /// <summary>The largest squared norm of the set: eigenvalues of L⁻¹AᵀQAL⁻ᵀ with Q = LLᵀ.</summary>
    public static double GammaSquared(IReadOnlyList<double[]> set, double[] q, int d)
    {
        if (DenseMatrix.Cholesky(q, d) is not { } chol) return double.PositiveInfinity;
        Matrix<double> l = DenseMatrix.ToMatrix(chol, d), inverse = l.Inverse(), t = l.Transpose(), back = inverse.Transpose();
        double largest = 0;
        foreach (double[] a in set)
        {
            Matrix<double> b = t * DenseMatrix.ToMatrix(a, d) * back;
            double frobenius = b.FrobeniusNorm();
            if (frobenius * frobenius <= largest) continue;
            double s = b.L2Norm();
            largest = Math.Max(largest, s * s);
        }
        return largest;
    }

    private static double[] Identity(int d)
    {
        double[] q = new double[d * d];
        for (int i = 0; i < d; i++) q[(i * d) + i] = 1;
        return q;
    }

    private static double[] Slack(double g, double[] q, double[] a, int d)
    {
        double[] f = DenseMatrix.Multiply(DenseMatrix.Transpose(a, d), DenseMatrix.Multiply(q, a, d), d);
        for (int i = 0; i < f.Length; i++) f[i] = g * q[i] - f[i];
        return f;
    }

    private static void Accumulate(double[] chol, double[]? a, double g, (int A, int B)[] basis, int d, double[] rows, double[] gradient, double[] hessian)
    {
        // F = CCᵀ gives F⁻¹ = LLᵀ with L = C⁻ᵀ.
        double[] l = new double[d * d];
        for (int j = 0; j < d; j++)
        {
            for (int i = j; i < d; i++)
            {
                double s = i == j ? 1 : 0;
                for (int k = j; k < i; k++) s -= chol[(i * d) + k] * l[(j * d) + k];
                l[(j * d) + i] = s / chol[(i * d) + i];
            }
        }
        double[]? u = a is null ? null : DenseMatrix.Multiply(a, l, d);
        int n = basis.Length, size = d * (d + 1) / 2;
        const double root2 = 1.4142135623730951;
        for (int k = 0; k < n; k++)
        {
            (int p, int q) = basis[k];
            int at = k * size;
            double weight = p == q ? 0.5 : 1;
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    double e = g * (l[(p * d) + i] * l[(q * d) + j] + l[(q * d) + i] * l[(p * d) + j]);
                    if (u is not null) e -= u[(p * d) + i] * u[(q * d) + j] + u[(q * d) + i] * u[(p * d) + j];
                    e *= weight;
                    if (i == j) gradient[k] -= e;
                    rows[at++] = i == j ? e : e * root2;
                }
            }
        }
        for (int k = 0; k < n; k++)
        {
            ReadOnlySpan<double> row = rows.AsSpan(k * size, size);
            for (int m = 0; m <= k; m++)
            {
                double dot = System.Numerics.Tensors.TensorPrimitives.Dot<double>(row, rows.AsSpan(m * size, size));
                hessian[(k * n) + m] += dot;
                if (m != k) hessian[(m * n) + k] += dot;
            }
        }
    }
}
