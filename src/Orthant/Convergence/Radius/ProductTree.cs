namespace Orthant.Convergence;

/// <summary>Gripenberg's tree in an ellipsoid's norm: whether along every word some product is at most γ to its length.</summary>
internal sealed class ProductTree
{
    private const double LeafSlack = 1e-9;
    private readonly double[][] b;
    private readonly int d;
    private readonly int depthLimit;
    private readonly Func<bool> expired;
    private readonly double[][] stack;

    public ProductTree(IReadOnlyList<double[]> set, double[] q, int d, double gamma, int depthLimit, Func<bool> expired)
    {
        (this.d, this.depthLimit, this.expired) = (d, depthLimit, expired);
        double[] chol = DenseMatrix.Cholesky(q, d)!, t = DenseMatrix.Transpose(chol, d), inverse = DenseMatrix.Inverse(t, d)!;
        // The largest matrices first, so that a tree that does not end is given up soon.
        b = [.. set.Select(a => DenseMatrix.Scaled(DenseMatrix.Multiply(DenseMatrix.Multiply(t, a, d), inverse, d), 1 / gamma)).OrderByDescending(x => x.Sum(e => e * e))];
        stack = [.. Enumerable.Range(0, depthLimit + 1).Select(_ => new double[d * d])];
    }

    public long Nodes { get; private set; }

    public int Depth { get; private set; }

    /// <summary>Whether the tree is finite within the limits.</summary>
    public bool Run()
    {
        foreach (double[] x in b)
        {
            if (!Grow(x, 1)) return false;
        }
        return true;
    }

    private bool Grow(double[] x, int depth)
    {
        Nodes++;
        if ((Nodes & 4095) == 0 && expired()) return false;
        Depth = Math.Max(Depth, depth);
        if (IsContraction(x)) return true;
        if (depth >= depthLimit) return false;
        double[] next = stack[depth];
        foreach (double[] m in b)
        {
            Multiply(x, m, next);
            if (!Grow(next, depth + 1)) return false;
        }
        return true;
    }

    private void Multiply(double[] x, double[] y, double[] into)
    {
        // Row i of the product is Σ_k x[i, k]·(row k of y); rows are contiguous, so the inner loop runs along vectors.
        for (int i = 0; i < d; i++)
        {
            Span<double> row = into.AsSpan(i * d, d);
            row.Clear();
            for (int k = 0; k < d; k++)
            {
                double f = x[(i * d) + k];
                ReadOnlySpan<double> other = y.AsSpan(k * d, d);
                for (int j = 0; j < row.Length; j++) row[j] += f * other[j];
            }
        }
    }

    private bool IsContraction(double[] x)
    {
        double sum = 0;
        foreach (double e in x) sum += e * e;
        if (sum <= 1 - LeafSlack) return true;
        Span<double> a = stackalloc double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double dot = 0;
                for (int k = 0; k < d; k++) dot += x[(i * d) + k] * x[(j * d) + k];
                double entry = (i == j ? 1 - LeafSlack : 0) - dot;
                for (int k = 0; k < j; k++) entry -= a[(i * d) + k] * a[(j * d) + k];
                if (i == j)
                {
                    if (!(entry > 1e-12)) return false;
                    a[(i * d) + i] = Math.Sqrt(entry);
                }
                else
                {
                    a[(i * d) + j] = entry / a[(j * d) + j];
                }
            }
        }
        return true;
    }
}
