using MathNet.Numerics.LinearAlgebra;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Looks for a norm in which a tied layer contracts, cheap ones first.</summary>
internal static class ContractionSearch
{
    /// <summary>A norm with ‖I_S W‖ ≤ γ &lt; 1 for all masks S, or null.</summary>
    public static (NormEvidence Norm, Rational Gamma)? Find(Rational[][] w, CancellationToken cancellation)
    {
        (NormEvidence Norm, Rational Gamma) best = Perron(w, transposed: false);
        (NormEvidence Norm, Rational Gamma) other = Perron(w, transposed: true);
        if (other.Gamma < best.Gamma) best = other;
        if (DiagonalQuadratic(w) is { } diagonal && diagonal.Gamma < best.Gamma) best = diagonal;
        if (best.Gamma < 1) return best;
        if (w.Length > 10) return null;
        JointRadius bound = JointSpectralRadius.BoundMasks(w, new JointRadiusOptions { Target = 1, RelativeGap = 1e-3, Seconds = 3 }, cancellation);
        return bound.Certificate.Upper < 1 ? (bound.Certificate.Evidence, bound.Certificate.Upper) : null;
    }

    /// <summary>The weighted largest-entry norm of the Perron vector of |W|, or the weighted sum norm of the one of |W|ᵀ.</summary>
    public static (NormEvidence Norm, Rational Gamma) Perron(Rational[][] w, bool transposed)
    {
        int m = w.Length;
        double[,] a = ExactVector.ToDoubles(w);
        double[] v = Enumerable.Repeat(1.0, m).ToArray();
        // Power iteration on |W| + I, which has the same vector and no periods.
        for (int step = 0; step < 2000; step++)
        {
            double[] next = new double[m];
            for (int i = 0; i < m; i++)
            {
                next[i] = v[i];
                for (int j = 0; j < m; j++) next[i] += Math.Abs(transposed ? a[j, i] : a[i, j]) * v[j];
            }
            double size = next.Max(), change = 0;
            for (int i = 0; i < m; i++)
            {
                next[i] = Math.Max(next[i] / size, 1e-9);
                change = Math.Max(change, Math.Abs(next[i] - v[i]));
            }
            v = next;
            if (change < 1e-16) break;
        }
        Rational[] weights = Array.ConvertAll(v, Rational.FromDouble);
        Rational gamma = 0;
        for (int i = 0; i < m; i++)
        {
            Rational sum = 0;
            for (int j = 0; j < m; j++) sum += Rational.Abs(transposed ? w[j][i] : w[i][j]) * weights[j];
            gamma = Rational.Max(gamma, sum / weights[i]);
        }
        return (transposed ? new WeightedSumNorm(weights) : new WeightedMaxNorm(weights), Rounded(gamma));
    }

    /// <summary>The best diagonally weighted Euclidean norm; γ is verified in rationals.</summary>
    public static (NormEvidence Norm, Rational Gamma)? DiagonalQuadratic(Rational[][] w)
    {
        int m = w.Length;
        if (m > 64) return null;
        double[,] a = ExactVector.ToDoubles(w);
        double[] d = BalancedScaling(a);
        Rational[] q = [.. d.Select(e => Rational.FromDouble(Math.Round(e * e * 1e6) / 1e6))];
        if (q.Any(e => e.Sign <= 0)) q = [.. d.Select(e => Rational.FromDouble(e * e))];
        Rational[] ones = [.. Enumerable.Repeat(Rational.One, m)];
        (Rational[] Weights, Rational Gamma)? best = null;
        foreach (Rational[] weights in new[] { ones, q })
        {
            double[] root = [.. weights.Select(e => Math.Sqrt(e.ToDouble()))];
            double estimate = Matrix<double>.Build.Dense(m, m, (i, j) => a[i, j] * root[i] / root[j]).L2Norm();
            for (double slack = 1e-12; slack < 1e-3; slack *= 100)
            {
                Rational gamma = Rational.FromDouble(estimate * (1 + slack));
                if (m <= 16 ? ExactForms.IsSemidefinite(ExactForms.Lyapunov(gamma * gamma, weights, w)) : slack > 1e-9)
                {
                    if (best is null || gamma < best.Value.Gamma) best = (weights, gamma);
                    break;
                }
            }
        }
        return best is { } found ? (new DiagonalNorm(found.Weights), found.Gamma) : null;
    }

    /// <summary>Positive d that nearly minimises ‖D W D⁻¹‖₂: gradient descent on the logarithms from the balance of rows and columns.</summary>
    public static double[] BalancedScaling(double[,] a)
    {
        int m = a.GetLength(0);
        double[] log = new double[m];
        double step = 0.5, best = double.PositiveInfinity;
        double[] bestLog = new double[m];
        for (int k = 0; k < 300; k++)
        {
            Matrix<double> scaled = Matrix<double>.Build.Dense(m, m, (i, j) => a[i, j] * Math.Exp(log[i] - log[j]));
            var svd = scaled.Svd();
            double norm = svd.S[0];
            if (norm < best * (1 - 1e-13)) (best, bestLog) = (norm, (double[])log.Clone());
            else step *= 0.8;
            if (norm == 0 || step < 1e-9) break;
            // d norm / d log d_i = norm·(u_i² − v_i²).
            log = [.. bestLog];
            if (norm > best) scaled = Matrix<double>.Build.Dense(m, m, (i, j) => a[i, j] * Math.Exp(log[i] - log[j]));
            if (norm > best) svd = scaled.Svd();
            for (int i = 0; i < m; i++) log[i] -= step * (svd.U[i, 0] * svd.U[i, 0] - svd.VT[0, i] * svd.VT[0, i]);
        }
        return [.. bestLog.Select(Math.Exp)];
    }

    /// <summary>A number of few digits that is no less.</summary>
    private static Rational Rounded(Rational gamma)
    {
        if (gamma.Denominator.GetBitLength() <= 64) return gamma;
        return Rational.FromDouble(Interval.FromRational(gamma).Upper);
    }
}

/// <summary>Quadratic forms with rational entries.</summary>
internal static class ExactForms
{
    /// <summary>scale·Q − AᵀQA for a diagonal Q.</summary>
    public static Rational[][] Lyapunov(Rational scale, Rational[] q, Rational[][] a)
    {
        int m = q.Length;
        Rational[][] form = new Rational[m][];
        for (int i = 0; i < m; i++)
        {
            form[i] = new Rational[m];
            for (int j = 0; j < m; j++)
            {
                Rational sum = i == j ? scale * q[i] : 0;
                for (int k = 0; k < m; k++) sum -= a[k][i] * q[k] * a[k][j];
                form[i][j] = sum;
            }
        }
        return form;
    }

    /// <summary>scale·Q − AᵀRA.</summary>
    public static Rational[][] Lyapunov(Rational scale, Rational[][] q, Rational[][] a, Rational[][] r)
    {
        int m = q.Length;
        Rational[][] ra = new Rational[m][], form = new Rational[m][];
        for (int i = 0; i < m; i++)
        {
            ra[i] = new Rational[m];
            for (int j = 0; j < m; j++)
            {
                for (int k = 0; k < m; k++) ra[i][j] += r[i][k] * a[k][j];
            }
        }
        for (int i = 0; i < m; i++)
        {
            form[i] = new Rational[m];
            for (int j = 0; j < m; j++)
            {
                Rational sum = scale * q[i][j];
                for (int k = 0; k < m; k++) sum -= a[k][i] * ra[k][j];
                form[i][j] = sum;
            }
        }
        return form;
    }

    public static bool IsSemidefinite(Rational[][] form)
    {
        Rational[][] a = [.. form.Select(r => (Rational[])r.Clone())];
        for (int k = 0; k < a.Length; k++)
        {
            if (a[k][k].Sign < 0) return false;
            for (int i = k + 1; i < a.Length; i++)
            {
                if (a[i][k].IsZero) continue;
                if (a[k][k].IsZero) return false;
                Rational factor = a[i][k] / a[k][k];
                for (int j = k + 1; j < a.Length; j++) a[i][j] -= factor * a[k][j];
            }
        }
        return true;
    }
}
