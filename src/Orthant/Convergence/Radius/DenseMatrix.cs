using MathNet.Numerics.LinearAlgebra;

namespace Orthant.Convergence;

/// <summary>Small square matrices of doubles, row after row in one array: the searches' arithmetic, which proves nothing.</summary>
internal static class DenseMatrix
{
    public static double[] Multiply(double[] a, double[] b, int d)
    {
        double[] c = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int k = 0; k < d; k++)
            {
                double f = a[(i * d) + k];
                if (f == 0) continue;
                for (int j = 0; j < d; j++) c[(i * d) + j] += f * b[(k * d) + j];
            }
        }
        return c;
    }

    public static double[] Apply(double[] a, double[] x)
    {
        int d = x.Length;
        double[] y = new double[d];
        for (int i = 0; i < d; i++)
        {
            double s = 0;
            for (int j = 0; j < d; j++) s += a[(i * d) + j] * x[j];
            y[i] = s;
        }
        return y;
    }

    public static double[] Transpose(double[] a, int d)
    {
        double[] t = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++) t[(j * d) + i] = a[(i * d) + j];
        }
        return t;
    }

    public static double Dot(double[] a, double[] b)
    {
        double s = 0;
        for (int i = 0; i < a.Length; i++) s += a[i] * b[i];
        return s;
    }

    public static double[] Scaled(double[] a, double factor) => Array.ConvertAll(a, x => x * factor);

    public static Matrix<double> ToMatrix(double[] a, int d) => Matrix<double>.Build.Dense(d, d, (i, j) => a[(i * d) + j]);

    /// <summary>The spectral radius.</summary>
    public static double Radius(double[] a, int d)
    {
        if (a.Any(x => !double.IsFinite(x))) return 0;
        if (d == 1) return Math.Abs(a[0]);
        if (d == 2)
        {
            double t = a[0] + a[3], det = a[0] * a[3] - a[1] * a[2], disc = t * t / 4 - det;
            return disc < 0 ? Math.Sqrt(Math.Max(det, 0)) : Math.Abs(t) / 2 + Math.Sqrt(disc);
        }
        return ToMatrix(a, d).Evd().EigenValues.Max(e => e.Magnitude);
    }

    /// <summary>The largest singular value, by iterated squaring of the Gram matrix' dominant direction.</summary>
    public static double Norm(double[] a, int d)
    {
        double[] g = Multiply(Transpose(a, d), a, d);
        double logarithm = 0, weight = 0.5;
        for (int k = 0; k < 6; k++)
        {
            double size = 0;
            for (int i = 0; i < d; i++) size += g[(i * d) + i];
            if (size == 0) return 0;
            logarithm += weight * Math.Log(size);
            g = Scaled(g, 1 / size);
            g = Multiply(g, g, d);
            weight /= 2;
        }
        double trace = 0;
        for (int i = 0; i < d; i++) trace += g[(i * d) + i];
        return Math.Exp(logarithm + weight * Math.Log(trace));
    }

    /// <summary>The lower triangle L with LLᵀ = a, or null where a is not positive definite.</summary>
    public static double[]? Cholesky(double[] a, int d)
    {
        double[] l = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double s = a[(i * d) + j];
                for (int k = 0; k < j; k++) s -= l[(i * d) + k] * l[(j * d) + k];
                if (i == j)
                {
                    if (!(s > 0)) return null;
                    l[(i * d) + i] = Math.Sqrt(s);
                }
                else
                {
                    l[(i * d) + j] = s / l[(j * d) + j];
                }
            }
        }
        return l;
    }

    public static double[]? Inverse(double[] a, int d)
    {
        Matrix<double> m = ToMatrix(a, d);
        Matrix<double> x = m.Inverse();
        double[] r = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++)
            {
                r[(i * d) + j] = x[i, j];
                if (!double.IsFinite(x[i, j])) return null;
            }
        }
        return r;
    }
}
