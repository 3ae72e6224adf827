using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The invariant polytope of N. Guglielmi and V. Protasov: from the leading vectors of words, images that lie outside the hull of
/// ± what there is are added until none does.</summary>
/// <remarks>Where the leading eigenvalue is complex (N. Guglielmi, F. Wirth and M. Zennaro 2005), vertices are complex vectors, held as their
/// real parts and then their imaginary parts; the hull is that of e^{iθ}v over all θ, and with every vertex it has the conjugate one.</remarks>
internal sealed class PolytopeClosure(IReadOnlyList<double[]> set, int d, bool isComplex, int mostVertices, Func<bool> expired)
{
    private const double Tolerance = 1e-11;
    private const double Rounding = 1e-13;

    private readonly int n = isComplex ? 2 * d : d;
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
                    double[] y = Image(a, vertices[f]);
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

    private double[] Image(double[] a, double[] v) => isComplex ? [.. DenseMatrix.Apply(a, v[..d]), .. DenseMatrix.Apply(a, v[d..])] : DenseMatrix.Apply(a, v);

    /// <summary>e^{iθ}v, or its conjugate's, by tan θ/2.</summary>
    private double[] Turned(double[] v, double tangent)
    {
        if (!isComplex) return v;
        double scale = 1 / (1 + (tangent * tangent)), cos = (1 - (tangent * tangent)) * scale, sin = 2 * tangent * scale;
        double[] turned = new double[n];
        for (int i = 0; i < d; i++) (turned[i], turned[d + i]) = ((cos * v[i]) - (sin * v[d + i]), (sin * v[i]) + (cos * v[d + i]));
        return turned;
    }

    /// <summary>The bases of all images, row i·k + a for vertex i and matrix a, with the phases of their vertices as tan θ/2 (none where all are
    /// real); null where the vertices do not span the space.</summary>
    public (int[][] Bases, double[][]? Phases)? Bases()
    {
        int[][] bases = new int[vertices.Count * set.Count][];
        double[][] phases = new double[bases.Length][];
        IsExact = true;
        for (int i = 0; i < vertices.Count; i++)
        {
            for (int a = 0; a < set.Count; a++)
            {
                List<(int Vertex, double Tangent)> basis = [];
                double[] y = Image(set[a], vertices[i]);
                // The least sum of a complex hull is met by phases that come arbitrarily close; any sum up to 1 is evidence.
                (int Vertex, double Tangent)? same = isComplex ? Same(y) : null;
                if (same is { } one) basis.Add(one);
                double g = same is null ? Gauge(y, !isComplex, -1, basis) : 1;
                if (g > 1 - 1e-8 && (isComplex || !vertices.Any(v => SameUpToSign(v, y)))) IsExact = false;
                if (!Complete(basis)) return null;
                bases[(i * set.Count) + a] = [.. basis.Select(b => b.Vertex)];
                phases[(i * set.Count) + a] = [.. basis.Select(b => b.Tangent)];
            }
            if (expired()) return null;
        }
        return (bases, isComplex ? phases : null);
    }

    /// <summary>The vertex that a point is up to its phase, or null.</summary>
    private (int Vertex, double Tangent)? Same(double[] y)
    {
        for (int j = 0; j < vertices.Count; j++)
        {
            (_, double tangent, double sign) = Reach(vertices[j], y);
            if (SameUpToSign(DenseMatrix.Scaled(Turned(vertices[j], tangent), sign), y)) return (j, tangent);
        }
        return null;
    }

    private static bool SameUpToSign(double[] v, double[] y)
    {
        double size = v.Max(Math.Abs);
        return v.Zip(y, (p, q) => Math.Abs(p - q)).Max() <= 1e-11 * size || v.Zip(y, (p, q) => Math.Abs(p + q)).Max() <= 1e-11 * size;
    }

    /// <summary>Fills a basis with vertices, and with their quarter turns, that are independent of the others; those farthest from the span
    /// first.</summary>
    private bool Complete(List<(int Vertex, double Tangent)> basis)
    {
        List<double[]> orthonormal = [];
        foreach ((int vertex, double tangent) in basis) Project(Turned(vertices[vertex], tangent), true);
        while (basis.Count < n)
        {
            (int Vertex, double Tangent) farthest = (-1, 0);
            double distance = 1e-9;
            for (int j = 0; j < vertices.Count; j++)
            {
                for (int turn = 0; turn < (isComplex ? 2 : 1); turn++)
                {
                    double away = Project(Turned(vertices[j], turn), false);
                    if (away > distance) (farthest, distance) = ((j, turn), away);
                }
            }
            if (farthest.Vertex < 0) return false;
            basis.Add(farthest);
            Project(Turned(vertices[farthest.Vertex], farthest.Tangent), true);
        }
        return true;

        // How far a vector of the unit sphere's direction lies from the span; twice, as one pass loses digits.
        double Project(double[] v, bool adds)
        {
            double size = Math.Sqrt(v.Sum(x => x * x));
            double[] rest = DenseMatrix.Scaled(v, 1 / size);
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] q in orthonormal)
                {
                    double along = DenseMatrix.Dot(q, rest);
                    for (int i = 0; i < n; i++) rest[i] -= along * q[i];
                }
            }
            double away = Math.Sqrt(rest.Sum(x => x * x));
            if (adds && away > 0) orthonormal.Add(DenseMatrix.Scaled(rest, 1 / away));
            return away;
        }
    }

    private int Add(double[] v)
    {
        vertices.Add(v);
        dead.Add(false);
        return vertices.Count - 1;
    }

    /// <summary>The number whose modulus says how far z·e^{iθ}v reaches over all θ, and whose phase says where; a real one for real vertices.</summary>
    private (double Size, double Tangent, double Sign) Reach(double[] v, double[] z)
    {
        if (!isComplex)
        {
            double real = DenseMatrix.Dot(v, z);
            return (Math.Abs(real), 0, Math.Sign(real));
        }
        double along = 0, across = 0;
        for (int i = 0; i < d; i++)
        {
            along += (v[i] * z[i]) + (v[d + i] * z[d + i]);
            across += (v[i] * z[d + i]) - (v[d + i] * z[i]);
        }
        // z·e^{iθ}v = along cos θ + across sin θ; a half turn is a sign, so that |θ| ≤ π/2 and |tan θ/2| ≤ 1.
        double sign = along >= 0 ? 1 : -1, size = Math.Sqrt((along * along) + (across * across));
        double tangent = size == 0 ? 0 : sign * across / (size + (sign * along));
        return (size, tangent, sign);
    }

    /// <summary>min Σ|c| with Σ c_j v_j = y: a revised simplex whose columns are ± the vertices, begun at costly unit vectors.</summary>
    /// <param name="y">The point.</param>
    /// <param name="exact">Whether the minimum itself is wanted; otherwise any value that tells inside from outside.</param>
    /// <param name="skip">A vertex to leave out, or −1.</param>
    /// <param name="basis">Takes the vertices of the last basis with their phases; null where nobody asks.</param>
    private double Gauge(double[] y, bool exact, int skip, List<(int Vertex, double Tangent)>? basis)
    {
        const double costly = 1e7;
        double[] inverse = new double[n * n], cost = Enumerable.Repeat(costly, n).ToArray(), c = new double[n], z = new double[n], u = new double[n];
        double[][] columns = new double[n][];
        (int Vertex, double Tangent)[] who = Enumerable.Repeat((-1, 0.0), n).ToArray();
        for (int i = 0; i < n; i++)
        {
            columns[i] = new double[n];
            columns[i][i] = y[i] >= 0 ? 1 : -1;
            inverse[(i * n) + i] = columns[i][i];
            c[i] = Math.Abs(y[i]);
        }
        double value = 0;
        for (int step = 0; step < 2000; step++)
        {
            value = 0;
            for (int i = 0; i < n; i++) value += cost[i] * c[i];
            if (!exact && value <= 1 + Rounding) break;
            for (int j = 0; j < n; j++)
            {
                z[j] = 0;
                for (int i = 0; i < n; i++) z[j] += cost[i] * inverse[(i * n) + j];
            }
            double price = 0, sign = 1, tangent = 0;
            int entering = -1;
            for (int j = 0; j < vertices.Count; j++)
            {
                if (j == skip || dead[j]) continue;
                (double size, double phase, double side) = Reach(vertices[j], z);
                if (size > price) (price, entering, tangent, sign) = (size, j, phase, side);
            }
            if (price <= 1 + 1e-12) break;
            double bound = 0;
            for (int q = 0; q < n; q++) bound += y[q] * z[q];
            bound /= price;
            if (!exact && bound > 1 + Tolerance)
            {
                value = Math.Max(1 + (2 * Tolerance), bound);
                break;
            }
            if (exact && bound >= value * (1 - 1e-14)) break;
            double[] column = DenseMatrix.Scaled(Turned(vertices[entering], tangent), sign);
            int leaving = -1;
            double ratio = double.PositiveInfinity;
            for (int i = 0; i < n; i++)
            {
                u[i] = 0;
                for (int q = 0; q < n; q++) u[i] += inverse[(i * n) + q] * column[q];
                if (u[i] <= 1e-11) continue;
                double r = c[i] / u[i];
                if (r < ratio - 1e-15 || (r <= ratio + 1e-15 && leaving >= 0 && u[i] > u[leaving])) (ratio, leaving) = (Math.Min(r, ratio), i);
            }
            if (leaving < 0) break;
            double f = 1 / u[leaving];
            for (int j = 0; j < n; j++) inverse[(leaving * n) + j] *= f;
            for (int i = 0; i < n; i++)
            {
                if (i == leaving || u[i] == 0) continue;
                for (int j = 0; j < n; j++) inverse[(i * n) + j] -= u[i] * inverse[(leaving * n) + j];
                c[i] = Math.Max(c[i] - u[i] * ratio, 0);
            }
            (c[leaving], cost[leaving], who[leaving]) = (ratio, 1, (entering, tangent));
            columns[leaving] = column;
            if (step % 40 == 39) Refactor(columns, y, inverse, c);
        }
        if (isComplex && basis is not null) value = Merged(columns, y, cost, c, who, basis);
        else basis?.AddRange(who.Where(w => w.Vertex >= 0).Distinct());
        return value;
    }

    /// <summary>The value once the phases of one vertex are added up: nearly parallel columns stand for one between them.</summary>
    private double Merged(double[][] columns, double[] y, double[] cost, double[] c, (int Vertex, double Tangent)[] who, List<(int Vertex, double Tangent)>? basis)
    {
        Refine(columns, y, c);
        double value = 0;
        for (int i = 0; i < n; i++) value += who[i].Vertex < 0 ? cost[i] * Math.Abs(c[i]) : 0;
        foreach (IGrouping<int, int> group in Enumerable.Range(0, n).Where(i => who[i].Vertex >= 0 && c[i] != 0).GroupBy(i => who[i].Vertex))
        {
            double[] sum = new double[n], v = vertices[group.Key];
            foreach (int i in group)
            {
                for (int q = 0; q < n; q++) sum[q] += c[i] * columns[i][q];
            }
            (double size, double tangent, _) = Reach(v, sum);
            value += size / DenseMatrix.Dot(v, v);
            basis?.Add((group.Key, tangent));
        }
        return value;
    }

    /// <summary>Coefficients that meet y to the last digits, though the columns be nearly parallel.</summary>
    private void Refine(double[][] columns, double[] y, double[] c)
    {
        double[] inverse = new double[n * n];
        Refactor(columns, y, inverse, c);
        for (int pass = 0; pass < 3; pass++)
        {
            double[] rest = new double[n];
            for (int q = 0; q < n; q++)
            {
                DoubleDouble sum = y[q];
                for (int i = 0; i < n; i++) sum -= DoubleDouble.TwoProduct(c[i], columns[i][q]);
                rest[q] = sum.Hi;
            }
            for (int i = 0; i < n; i++)
            {
                for (int q = 0; q < n; q++) c[i] += inverse[(i * n) + q] * rest[q];
            }
        }
    }

    private void Refactor(double[][] columns, double[] y, double[] inverse, double[] c)
    {
        double[] b = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int q = 0; q < n; q++) b[(q * n) + i] = columns[i][q];
        }
        if (DenseMatrix.Inverse(b, n) is not { } fresh) return;
        fresh.CopyTo(inverse, 0);
        for (int i = 0; i < n; i++)
        {
            double s = 0;
            for (int q = 0; q < n; q++) s += inverse[(i * n) + q] * y[q];
            c[i] = Math.Max(s, 0);
        }
    }
}
