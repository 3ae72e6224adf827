namespace Orthant.Convergence;

/// <summary>The invariant body of masks: the hull of the boxes [0, ±v] of its vertices, grown by the images W I_S v that no combination of
/// vertices in their orthant covers. The 2^m masks are no columns of any program.</summary>
internal sealed class BoxHullClosure(double[] w, int d, double tolerance, int mostVertices, Func<bool> expired)
{
    private readonly List<double[]> vertices = [];
    private readonly List<bool> dead = [];

    public IEnumerable<double[]> Vertices => vertices.Where((_, i) => !dead[i]);

    public bool Run(IReadOnlyList<double[]> roots)
    {
        PriorityQueue<double[], double> outside = new();
        foreach (double[] r in roots) Add(r);
        for (int i = 0; i < roots.Count; i++)
        {
            if (!Expand(i, outside)) return false;
        }
        while (outside.TryDequeue(out double[]? y, out double priority))
        {
            double g = Gauge(y, true, -1);
            if (g <= 1 + tolerance) continue;
            if (outside.TryPeek(out _, out double next) && g < -next && g < 0.98 * -priority)
            {
                outside.Enqueue(y, -g);
                continue;
            }
            Add(y);
            if (vertices.Count > mostVertices || expired()) return false;
            if (vertices.Count % 100 == 0)
            {
                for (int j = 0; j < vertices.Count - 1; j++)
                {
                    if (!dead[j] && Gauge(vertices[j], false, j) <= 1) dead[j] = true;
                }
            }
            if (!Expand(vertices.Count - 1, outside)) return false;
        }
        return true;
    }

    private void Add(double[] v)
    {
        vertices.Add(v);
        dead.Add(false);
    }

    /// <summary>Queues the images W I_S v of a vertex that lie outside, over all S within its support.</summary>
    private bool Expand(int f, PriorityQueue<double[], double> outside)
    {
        double[] v = vertices[f];
        int support = 0;
        for (int i = 0; i < d; i++) support |= v[i] != 0 ? 1 << i : 0;
        for (int mask = support; mask > 0; mask = (mask - 1) & support)
        {
            double[] y = new double[d];
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j < d; j++)
                {
                    if ((mask >> j & 1) == 1) y[i] += w[(i * d) + j] * v[j];
                }
            }
            double g = Gauge(y, false, -1);
            if (g > 1 + tolerance) outside.Enqueue(y, -g);
        }
        return !expired();
    }

    /// <summary>min Σc with Σ c_j (σ∘±v_j)₊ ≥ |y| on the support of y, σ being the signs of y: a revised simplex on at most d rows.</summary>
    private double Gauge(double[] y, bool exact, int skip)
    {
        Span<int> row = stackalloc int[d];
        int r = 0;
        for (int i = 0; i < d; i++)
        {
            if (Math.Abs(y[i]) > 1e-15) row[r++] = i;
        }
        if (r == 0) return 0;
        const double costly = 1e6;
        Span<double> inverse = stackalloc double[r * r], cost = stackalloc double[r], c = stackalloc double[r], z = stackalloc double[r], u = stackalloc double[r], a = stackalloc double[r];
        inverse.Clear();
        for (int i = 0; i < r; i++) (inverse[(i * r) + i], cost[i], c[i]) = (1, costly, Math.Abs(y[row[i]]));
        double value = 0;
        for (int step = 0; step < 500; step++)
        {
            value = 0;
            for (int i = 0; i < r; i++) value += cost[i] * c[i];
            if (!exact && value <= (skip >= 0 ? 1 - 2e-9 : 1)) return value;
            int surplus = -1;
            double least = -1e-9;
            for (int j = 0; j < r; j++)
            {
                z[j] = 0;
                for (int i = 0; i < r; i++) z[j] += cost[i] * inverse[(i * r) + j];
                if (z[j] < least) (least, surplus) = (z[j], j);
            }
            double newCost = 1;
            if (surplus >= 0)
            {
                a.Clear();
                (a[surplus], newCost) = (-1, 0);
            }
            else
            {
                double best = 0, sign = 1;
                int entering = -1;
                for (int k = 0; k < vertices.Count; k++)
                {
                    if (k == skip || dead[k]) continue;
                    double[] v = vertices[k];
                    double plus = 0, minus = 0;
                    for (int j = 0; j < r; j++)
                    {
                        double along = (y[row[j]] > 0 ? v[row[j]] : -v[row[j]]) * Math.Max(z[j], 0);
                        if (along > 0) plus += along;
                        else minus -= along;
                    }
                    if (plus > best) (best, entering, sign) = (plus, k, 1);
                    if (minus > best) (best, entering, sign) = (minus, k, -1);
                }
                if (best <= 1 + 1e-11) return value;
                double bound = 0;
                for (int j = 0; j < r; j++) bound += Math.Max(z[j], 0) * Math.Abs(y[row[j]]);
                bound /= best;
                if (!exact && bound > 1 + tolerance) return bound;
                if (exact && bound >= value * (1 - 1e-12)) return value;
                for (int j = 0; j < r; j++) a[j] = Math.Max((y[row[j]] > 0 ? 1 : -1) * sign * vertices[entering][row[j]], 0);
            }
            int leaving = -1;
            double ratio = double.PositiveInfinity;
            for (int i = 0; i < r; i++)
            {
                u[i] = 0;
                for (int j = 0; j < r; j++) u[i] += inverse[(i * r) + j] * a[j];
                if (u[i] <= 1e-11) continue;
                double t = c[i] / u[i];
                if (t < ratio - 1e-15 || (t <= ratio + 1e-15 && leaving >= 0 && u[i] > u[leaving])) (ratio, leaving) = (Math.Min(t, ratio), i);
            }
            if (leaving < 0) return value;
            double f = 1 / u[leaving];
            for (int j = 0; j < r; j++) inverse[(leaving * r) + j] *= f;
            for (int i = 0; i < r; i++)
            {
                if (i == leaving || u[i] == 0) continue;
                for (int j = 0; j < r; j++) inverse[(i * r) + j] -= u[i] * inverse[(leaving * r) + j];
                c[i] = Math.Max(c[i] - u[i] * ratio, 0);
            }
            (c[leaving], cost[leaving]) = (ratio, newCost);
        }
        return value;
    }
}
