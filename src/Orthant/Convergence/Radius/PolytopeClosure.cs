using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The invariant polytope of N. Guglielmi and V. Protasov: from the leading vectors of words, images that lie outside the hull of
/// ± what there is are added until none does.</summary>
internal sealed class PolytopeClosure(IReadOnlyList<double[]> set, int d, int mostVertices, Func<bool> expired)
{
    private const double Tolerance = 1e-11;
    private readonly List<double[]> vertices = [];
    private readonly List<bool> dead = [];

    public IReadOnlyList<double[]> Vertices => vertices;

    /// <summary>Whether every image has gauge at most 1 − 1e-8 or is a vertex of the cycle it comes from.</summary>
    public bool IsExact { get; private set; }

    /// <summary>Closes the polytope for matrices scaled to radius 1; dead vertices are dropped at the end.</summary>
    public bool Run(IReadOnlyList<double[]> roots)
    {
        List<int> front = [];
        foreach (double[] r in roots) front.Add(Add(r));
        while (front.Count > 0)
        {
            List<(double Gauge, double[] Image)> outside = [];
            foreach (int f in front)
            {
                if (dead[f]) continue;
                foreach (double[] a in set)
                {
                    double[] y = DenseMatrix.Apply(a, vertices[f]);
                    double g = Gauge(y, false, -1, null);
                    if (g > 1 + Tolerance) outside.Add((g, y));
                }
                if (expired()) return false;
            }
            front = [];
            foreach ((_, double[] y) in outside.OrderByDescending(o => o.Gauge))
            {
                if (Gauge(y, false, -1, null) > 1 + Tolerance) front.Add(Add(y));
                if (vertices.Count > mostVertices || expired()) return false;
            }
            foreach (int f in front)
            {
                if (Gauge(vertices[f], false, f, null) <= 1) dead[f] = true;
            }
        }
        for (int i = vertices.Count - 1; i >= 0; i--)
        {
            if (!dead[i]) continue;
            vertices.RemoveAt(i);
            dead.RemoveAt(i);
        }
        return true;
    }

    /// <summary>The bases of all images, row i·k + a for vertex i and matrix a; null where the vertices do not span the space.</summary>
    public int[][]? Bases()
    {
        int[][] bases = new int[vertices.Count * set.Count][];
        IsExact = true;
        for (int i = 0; i < vertices.Count; i++)
        {
            for (int a = 0; a < set.Count; a++)
            {
                int[] basis = new int[d];
                double[] y = DenseMatrix.Apply(set[a], vertices[i]);
                double g = Gauge(y, true, -1, basis);
                if (g > 1 - 1e-8 && !vertices.Any(v => SameUpToSign(v, y))) IsExact = false;
                if (Complete(basis) is not { } complete) return null;
                bases[(i * set.Count) + a] = complete;
            }
        }
        return bases;
    }

    private static bool SameUpToSign(double[] v, double[] y)
    {
        double size = v.Max(Math.Abs);
        return v.Zip(y, (p, q) => Math.Abs(p - q)).Max() <= 1e-11 * size || v.Zip(y, (p, q) => Math.Abs(p + q)).Max() <= 1e-11 * size;
    }

    /// <summary>Fills places of a basis that artificial columns hold with vertices independent of the others.</summary>
    private int[]? Complete(int[] basis)
    {
        List<int> chosen = [.. basis.Where(j => j >= 0).Distinct()];
        for (int j = 0; j < vertices.Count && chosen.Count < d; j++)
        {
            if (chosen.Contains(j)) continue;
            Rational[,] rows = new Rational[chosen.Count + 1, d];
            for (int r = 0; r <= chosen.Count; r++)
            {
                for (int c = 0; c < d; c++) rows[r, c] = Rational.FromDouble(vertices[r < chosen.Count ? chosen[r] : j][c]);
            }
            if (new RationalMatrix(rows).Rank() == chosen.Count + 1) chosen.Add(j);
        }
        return chosen.Count == d ? [.. chosen] : null;
    }

    private int Add(double[] v)
    {
        vertices.Add(v);
        dead.Add(false);
        return vertices.Count - 1;
    }

    /// <summary>min Σ|c| with Σ c_j v_j = y: a revised simplex whose columns are ± the vertices, begun at costly unit vectors.</summary>
    /// <param name="y">The point.</param>
    /// <param name="exact">Whether the minimum itself is wanted; otherwise any value that tells inside from outside.</param>
    /// <param name="skip">A vertex to leave out, or −1.</param>
    /// <param name="basis">Takes the vertices of the last basis, −1 for unit vectors; null where nobody asks.</param>
    private double Gauge(double[] y, bool exact, int skip, int[]? basis)
    {
        const double costly = 1e7;
        double[] inverse = new double[d * d], cost = Enumerable.Repeat(costly, d).ToArray(), c = new double[d], z = new double[d], u = new double[d];
        double[][] columns = new double[d][];
        int[] who = Enumerable.Repeat(-1, d).ToArray();
        for (int i = 0; i < d; i++)
        {
            columns[i] = new double[d];
            columns[i][i] = y[i] >= 0 ? 1 : -1;
            inverse[(i * d) + i] = columns[i][i];
            c[i] = Math.Abs(y[i]);
        }
        double value = 0;
        for (int step = 0; step < 2000; step++)
        {
            value = 0;
            for (int i = 0; i < d; i++) value += cost[i] * c[i];
            if (!exact && value <= 1) break;
            for (int j = 0; j < d; j++)
            {
                z[j] = 0;
                for (int i = 0; i < d; i++) z[j] += cost[i] * inverse[(i * d) + j];
            }
            double price = 0, sign = 1;
            int entering = -1;
            for (int j = 0; j < vertices.Count; j++)
            {
                if (j == skip || dead[j]) continue;
                double[] v = vertices[j];
                double s = 0;
                for (int q = 0; q < v.Length; q++) s += v[q] * z[q];
                if (Math.Abs(s) > price) (price, entering, sign) = (Math.Abs(s), j, Math.Sign(s));
            }
            if (price <= 1 + 1e-12) break;
            double bound = 0;
            for (int q = 0; q < d; q++) bound += y[q] * z[q];
            bound /= price;
            if (!exact && bound > 1 + Tolerance)
            {
                value = Math.Max(1 + (2 * Tolerance), bound);
                break;
            }
            if (exact && bound >= value * (1 - 1e-14)) break;
            int leaving = -1;
            double ratio = double.PositiveInfinity;
            for (int i = 0; i < d; i++)
            {
                u[i] = 0;
                for (int q = 0; q < d; q++) u[i] += inverse[(i * d) + q] * sign * vertices[entering][q];
                if (u[i] <= 1e-11) continue;
                double r = c[i] / u[i];
                if (r < ratio - 1e-15 || (r <= ratio + 1e-15 && leaving >= 0 && u[i] > u[leaving])) (ratio, leaving) = (Math.Min(r, ratio), i);
            }
            if (leaving < 0) break;
            double f = 1 / u[leaving];
            for (int j = 0; j < d; j++) inverse[(leaving * d) + j] *= f;
            for (int i = 0; i < d; i++)
            {
                if (i == leaving || u[i] == 0) continue;
                for (int j = 0; j < d; j++) inverse[(i * d) + j] -= u[i] * inverse[(leaving * d) + j];
                c[i] = Math.Max(c[i] - u[i] * ratio, 0);
            }
            (c[leaving], cost[leaving], who[leaving]) = (ratio, 1, entering);
            columns[leaving] = DenseMatrix.Scaled(vertices[entering], sign);
            if (step % 40 == 39) Refactor(columns, y, inverse, c);
        }
        if (basis is not null) who.CopyTo(basis, 0);
        return value;
    }

    private void Refactor(double[][] columns, double[] y, double[] inverse, double[] c)
    {
        double[] b = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int q = 0; q < d; q++) b[(q * d) + i] = columns[i][q];
        }
        if (DenseMatrix.Inverse(b, d) is not { } fresh) return;
        fresh.CopyTo(inverse, 0);
        for (int i = 0; i < d; i++)
        {
            double s = 0;
            for (int q = 0; q < d; q++) s += inverse[(i * d) + q] * y[q];
            c[i] = Math.Max(s, 0);
        }
    }
}
