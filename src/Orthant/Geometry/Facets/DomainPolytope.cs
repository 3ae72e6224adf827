using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Geometry.Facets;

/// <summary>A polytope given by conditions on the scaled box: its centre, its facets, points beyond them, its vertices; by linear programs in
/// doubles.</summary>
internal sealed class DomainPolytope
{
    /// <summary>Balls not larger than this count as no interior.</summary>
    public const double Thin = 1e-9;

    /// <summary>How many random rays look for facets before programs do, a dimension.</summary>
    private const int RaysPerDimension = 16;

    private readonly int d;
    private List<int>? facets;

    public DomainPolytope(List<Condition> conditions, double[] lower, double[] upper)
    {
        d = lower.Length;
        Conditions = conditions;
        All = [.. conditions];
        for (int q = 0; q < d; q++)
        {
            foreach (int side in (ReadOnlySpan<int>)[1, -1])
            {
                double[] normal = new double[d];
                normal[q] = side;
                All.Add(new Condition(-1, normal, side > 0 ? -lower[q] : upper[q]));
            }
        }
        Centre = new double[d];
        FindCentre();
    }

    /// <summary>The conditions of the pattern.</summary>
    public IReadOnlyList<Condition> Conditions { get; }

    private List<Condition> All { get; }

    public bool IsEmpty { get; private set; }

    /// <summary>The radius of the largest ball inside.</summary>
    public double Radius { get; private set; }

    public double[] Centre { get; private set; }

    private void FindCentre()
    {
        if (All.Exists(c => c.Offset < 0 && Array.TrueForAll(c.Normal, v => v == 0)))
        {
            IsEmpty = true;
            return;
        }
        (double[]? centre, double radius) = Widest(All, -1);
        IsEmpty = centre is null || radius < -Thin;
        Radius = Math.Max(0, radius);
        if (centre is not null) Centre = centre;
    }

    /// <summary>The centre of the largest ball inside conditions, within the hyperplane of one of them if wanted.</summary>
    private (double[]? Centre, double Radius) Widest(List<Condition> conditions, int on)
    {
        double[] low = new double[d + 1], high = new double[d + 1];
        Array.Fill(low, -2);
        Array.Fill(high, 2);
        DenseSimplex program = new(low, high);
        double[] row = new double[d + 1];
        for (int i = 0; i < conditions.Count; i++)
        {
            Condition c = conditions[i];
            c.Normal.CopyTo(row, 0);
            if (i == on)
            {
                row[d] = 0;
                program.AddRow(row, -c.Offset, -c.Offset);
                continue;
            }
            // Within the hyperplane, a ball meets a condition by the part of its normal that lies in it.
            double share = 1;
            if (on >= 0)
            {
                double along = TensorPrimitives.Dot<double>(c.Normal, conditions[on].Normal);
                share = Math.Sqrt(Math.Max(0, 1 - (along * along)));
            }
            row[d] = -share;
            program.AddRow(row, -c.Offset, double.PositiveInfinity);
        }
        double[] goal = new double[d + 1];
        goal[d] = -1;
        program.SetObjective(goal);
        if (program.Solve() != SimplexStatus.Optimal) return (null, 0);
        return (program.Point[..d].ToArray(), program.Point[d]);
    }

    /// <summary>The conditions that are not redundant: of several that are the same, the first.</summary>
    public IReadOnlyList<Condition> Facets() => [.. FacetIndices().Select(i => All[i])];

    private List<int> FacetIndices()
    {
        if (facets is not null) return facets;
        facets = [];
        if (Radius <= Thin) return facets;
        bool[] known = new bool[All.Count];
        RandomStream random = new(0);
        double[] direction = new double[d];
        for (int ray = 0; ray < RaysPerDimension * d; ray++)
        {
            random.FillNormals(direction);
            if (FirstHit(direction) is int hit) known[hit] = true;
        }
        double[] low = new double[d], high = new double[d];
        Array.Fill(low, -4);
        Array.Fill(high, 4);
        DenseSimplex program = new(low, high);
        foreach (Condition c in All) program.AddRow(c.Normal, -c.Offset, double.PositiveInfinity);
        for (int i = 0; i < All.Count; i++)
        {
            if (known[i]) continue;
            // Without this condition, does anything reach beyond it?
            program.SetRowBounds(i, double.NegativeInfinity, double.PositiveInfinity);
            program.SetObjective(All[i].Normal);
            known[i] = program.Solve() == SimplexStatus.Optimal && program.Objective + All[i].Offset < -Thin;
            if (known[i]) program.SetRowBounds(i, -All[i].Offset, double.PositiveInfinity);
        }
        for (int i = 0; i < All.Count; i++)
        {
            if (known[i]) facets.Add(i);
        }
        return facets;
    }

    /// <summary>The condition that a ray from the centre meets first, when no other is met at the same place.</summary>
    private int? FirstHit(double[] direction)
    {
        double first = double.PositiveInfinity, second = double.PositiveInfinity;
        int hit = -1;
        for (int i = 0; i < All.Count; i++)
        {
            double speed = TensorPrimitives.Dot<double>(All[i].Normal, direction);
            if (speed >= 0) continue;
            double at = (TensorPrimitives.Dot<double>(All[i].Normal, Centre) + All[i].Offset) / -speed;
            if (at < first)
            {
                (second, first) = (first, at);
                hit = i;
            }
            else
            {
                second = Math.Min(second, at);
            }
        }
        return hit >= 0 && second > first * (1 + 1e-9) ? hit : null;
    }

    /// <summary>For each facet that is not a side of the box, a point just beyond it.</summary>
    public IEnumerable<(Condition Facet, double[] Beyond)> Crossings()
    {
        List<int> bounding = FacetIndices();
        List<Condition> all = [.. bounding.Select(i => All[i])];
        for (int k = 0; k < all.Count; k++)
        {
            if (all[k].Unit < 0) continue;
            (double[]? centre, double radius) = Widest(all, k);
            if (centre is null || radius <= Thin) continue;
            double step = Math.Min(1e-7, radius * 1e-3);
            double[] beyond = new double[d];
            for (int q = 0; q < d; q++) beyond[q] = Math.Clamp(centre[q] - (step * all[k].Normal[q]), -1, 1);
            yield return (all[k], beyond);
        }
    }

    /// <summary>The least value of an affine form, constant last, and where.</summary>
    public (double Value, double[] At) Least(double[] form)
    {
        double[] low = new double[d], high = new double[d];
        Array.Fill(low, -1);
        Array.Fill(high, 1);
        DenseSimplex program = new(low, high);
        foreach (int i in FacetIndices()) program.AddRow(All[i].Normal, -All[i].Offset, double.PositiveInfinity);
        program.SetObjective(form.AsSpan(0, d));
        return program.Solve() == SimplexStatus.Optimal ? (program.Objective + form[d], program.Point.ToArray()) : (TensorPrimitives.Dot<double>(form.AsSpan(0, d), Centre) + form[d], Centre);
    }

    /// <summary>The vertices, by cutting the box facet by facet: every pair of vertices on both sides of a cut that shares d - 1 facets which no
    /// third vertex has gives a new one.</summary>
    public List<double[]> Vertices()
    {
        List<Condition> bounding = [.. FacetIndices().Select(i => All[i]).Where(c => c.Unit >= 0)];
        if (bounding.Count + (2 * d) > 64) throw new InvalidOperationException($"{bounding.Count + (2 * d)} conditions are more than 64.");
        if (Radius <= Thin) return [];
        List<(double[] Point, ulong On)> vertices = [];
        for (int k = 0; k < 1 << d; k++)
        {
            double[] corner = new double[d];
            ulong on = 0;
            for (int q = 0; q < d; q++)
            {
                corner[q] = ((k >> q) & 1) == 1 ? 1 : -1;
                on |= 1UL << ((2 * q) + ((k >> q) & 1));
            }
            vertices.Add((corner, on));
        }
        for (int f = 0; f < bounding.Count; f++)
        {
            Condition c = bounding[f];
            ulong bit = 1UL << ((2 * d) + f);
            double[] value = [.. vertices.Select(v => TensorPrimitives.Dot<double>(c.Normal, v.Point) + c.Offset)];
            List<(double[], ulong)> kept = [];
            for (int u = 0; u < value.Length; u++)
            {
                if (value[u] >= -Thin) kept.Add((vertices[u].Point, vertices[u].On | (value[u] <= Thin ? bit : 0)));
                if (value[u] <= Thin) continue;
                for (int w = 0; w < value.Length; w++)
                {
                    if (value[w] >= -Thin) continue;
                    ulong shared = vertices[u].On & vertices[w].On;
                    if (System.Numerics.BitOperations.PopCount(shared) < d - 1 || vertices.Where((v, k) => k != u && k != w).Any(v => (v.On & shared) == shared)) continue;
                    double t = value[u] / (value[u] - value[w]);
                    double[] point = [.. vertices[u].Point.Zip(vertices[w].Point, (a, b) => a + (t * (b - a)))];
                    kept.Add((point, shared | bit));
                }
            }
            vertices = kept;
        }
        return [.. vertices.Select(v => v.Point)];
    }
}
