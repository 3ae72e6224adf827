using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>All fixed points of a tied ReLU layer x = max(Wx + b, 0): the solutions of the linear complementarity problem with the matrix
/// I − W and the vector −b, complete and exact.</summary>
/// <param name="Points">Fixed points, one a set of active neurons; of a set with infinitely many, one of them.</param>
/// <param name="SingularSupports">Sets of active neurons on which infinitely many fixed points lie (neurons from 0).</param>
/// <param name="NodesVisited">Sets of patterns looked at.</param>
public sealed record FixedPoints(ImmutableArray<Rational[]> Points, ImmutableArray<ImmutableArray<int>> SingularSupports, long NodesVisited)
{
    /// <summary>The largest number of neurons for which all fixed points are sought.</summary>
    public const int MostNeurons = 24;

    /// <summary>Finds all fixed points.</summary>
    /// <param name="layer">W (square) and b.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="ArgumentException">The layer is not square, or has more than <see cref="MostNeurons"/> neurons.</exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    /// <remarks>Neurons are decided one after the other by principal pivots in interval arithmetic; a set of patterns is dropped when a
    /// decided row is negative for all that is left. What intervals cannot decide is decided in rationals.</remarks>
    public static FixedPoints Enumerate(AffineMap layer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (layer.Inputs != layer.Outputs) throw new ArgumentException("A tied layer is square.", nameof(layer));
        if (layer.Outputs > MostNeurons) throw new ArgumentException($"At most {MostNeurons} neurons.", nameof(layer));
        ComplementaritySearch search = new(layer, cancellation);
        search.Run();
        return new FixedPoints([.. search.Points], [.. search.Singular], search.Nodes);
    }
}

/// <summary>The search behind <see cref="FixedPoints"/>.</summary>
internal sealed class ComplementaritySearch(AffineMap layer, CancellationToken cancellation)
{
    private readonly int m = layer.Outputs;
    private readonly Rational[][] w = layer.Weights;
    private readonly Rational[] b = layer.Bias;

    public List<Rational[]> Points { get; } = [];

    public List<ImmutableArray<int>> Singular { get; } = [];

    public long Nodes { get; private set; }

    public void Run()
    {
        // Row i: the basic variable of neuron i (w_i or x_i) = T[i, m] + Σ_j T[i, j]·(the nonbasic one of neuron j).
        Interval[] table = new Interval[m * (m + 1)];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < m; j++) table[(i * (m + 1)) + j] = Interval.FromRational((i == j ? Rational.One : 0) - w[i][j]);
            table[(i * (m + 1)) + m] = Interval.FromRational(-b[i]);
        }
        Decide(table, 0, 0);
    }

    /// <summary>A proof that there is no fixed point: Farkas multipliers for sets of patterns that hold all of them.</summary>
    /// <returns>The leaves, or null where a fixed point exists or there are more leaves than asked for.</returns>
    public List<InfeasibleLeaf>? ProveEmpty(int mostLeaves)
    {
        List<InfeasibleLeaf> leaves = [];
        return Refute([], [], leaves, mostLeaves) ? leaves : null;
    }

    private void Decide(Interval[] table, int next, int support)
    {
        Nodes++;
        if ((Nodes & 4095) == 0) cancellation.ThrowIfCancellationRequested();
        int width = m + 1;
        for (int r = 0; r < next; r++)
        {
            if (table[(r * width) + m].Upper >= 0) continue;
            bool negative = true;
            for (int j = next; j < m && negative; j++) negative = table[(r * width) + j].Upper <= 0;
            if (negative) return;
        }
        if (next == m)
        {
            Confirm(support);
            return;
        }
        Decide(table, next + 1, support);
        Interval pivot = table[(next * width) + next];
        if (pivot.Contains(0) || pivot.Mignitude < 1e-9 || !pivot.IsBounded)
        {
            // The principal minor may be zero, or intervals have grown wide: from here on in rationals.
            List<int> active = [.. Enumerable.Range(0, next).Where(k => (support >> k & 1) == 1), next];
            Collect(active, [.. Enumerable.Range(0, next).Where(k => (support >> k & 1) == 0)], next + 1);
            return;
        }
        Interval[] pivoted = new Interval[table.Length];
        Interval inverse = (Interval)1 / pivot;
        // Columns of decided neurons are not looked at again: their nonbasic variables are zero.
        for (int j = next; j <= m; j++) pivoted[(next * width) + j] = j == next ? inverse : -table[(next * width) + j] * inverse;
        for (int r = 0; r < m; r++)
        {
            if (r == next) continue;
            Interval factor = table[(r * width) + next];
            for (int j = next + 1; j <= m; j++) pivoted[(r * width) + j] = table[(r * width) + j] + factor * pivoted[(next * width) + j];
        }
        Decide(pivoted, next + 1, support | (1 << next));
    }

    /// <summary>Solves on a support exactly.</summary>
    private void Confirm(int support)
    {
        int[] active = [.. Enumerable.Range(0, m).Where(k => (support >> k & 1) == 1)];
        Rational[]? x = Solve(active, out bool singular);
        if (singular) Collect([.. active], [.. Enumerable.Range(0, m).Except(active)], m);
        else if (x is not null) Add(x);
    }

    private Rational[]? Solve(int[] active, out bool singular)
    {
        singular = false;
        Rational[] x = new Rational[m];
        if (active.Length > 0)
        {
            RationalMatrix matrix = ExactVector.ToMatrix([.. active.Select(i => active.Select(j => (i == j ? Rational.One : 0) - w[i][j]).ToArray())]);
            if (matrix.Determinant().IsZero)
            {
                singular = true;
                return null;
            }
            Rational[] inner = matrix.Solve([.. active.Select(i => b[i])])!;
            for (int k = 0; k < active.Length; k++) x[active[k]] = inner[k];
        }
        return IsFixed(x) ? x : null;
    }

    private bool IsFixed(Rational[] x) => x.All(e => e.Sign >= 0) && SequencePass.Apply(layer, x).Select(z => Rational.Max(z, 0)).SequenceEqual(x);

    private void Add(Rational[] x)
    {
        if (!Points.Any(p => p.SequenceEqual(x))) Points.Add(x);
    }

    /// <summary>Decides the rest of a subtree by exact linear programs.</summary>
    private void Collect(List<int> active, List<int> inactive, int next)
    {
        Nodes++;
        cancellation.ThrowIfCancellationRequested();
        RationalDictionary program = Program(active, inactive);
        if (program.Run() == SimplexStatus.Infeasible) return;
        if (next == m)
        {
            Rational[]? unique = Solve([.. active], out bool singular);
            if (!singular)
            {
                if (unique is not null) Add(unique);
                return;
            }
            Singular.Add([.. active]);
            Add(program.Point());
            return;
        }
        Collect(active, [.. inactive, next], next + 1);
        Collect([.. active, next], inactive, next + 1);
    }

    private bool Refute(List<int> active, List<int> inactive, List<InfeasibleLeaf> leaves, int most)
    {
        cancellation.ThrowIfCancellationRequested();
        RationalDictionary program = Program(active, inactive);
        if (program.Run() == SimplexStatus.Infeasible)
        {
            Rational[] ray = program.Farkas(), negative = [.. ray.Select(r => -r)];
            Rational[]? u = IsProof(ray, active, inactive) ? ray : IsProof(negative, active, inactive) ? negative : null;
            if (u is null || leaves.Count >= most) return false;
            leaves.Add(new InfeasibleLeaf([.. active], [.. inactive], u));
            return true;
        }
        // Branch where the relaxation breaks complementarity most; where it does not break it, the point is a fixed point.
        Rational[] x = program.Point();
        int worst = -1;
        Rational most2 = 0;
        for (int k = 0; k < m; k++)
        {
            if (active.Contains(k) || inactive.Contains(k)) continue;
            Rational slack = x[k] - ExactVector.Dot(w[k], x) - b[k], product = Rational.Min(x[k], slack);
            if (product > most2) (worst, most2) = (k, product);
        }
        return worst >= 0 && Refute(active, [.. inactive, worst], leaves, most) && Refute([.. active, worst], inactive, leaves, most);
    }

    private bool IsProof(Rational[] u, List<int> active, List<int> inactive)
    {
        if (ExactVector.Dot(u, b).Sign >= 0) return false;
        for (int k = 0; k < m; k++)
        {
            if (!active.Contains(k) && u[k].Sign > 0) return false;
            if (!inactive.Contains(k) && (u[k] - ExactVector.Dot([.. w.Select(r => r[k])], u)).Sign < 0) return false;
        }
        return true;
    }

    /// <summary>(I − W)x ≥ b, x ≥ 0, with equality on active neurons and x = 0 on inactive ones.</summary>
    private RationalDictionary Program(List<int> active, List<int> inactive)
    {
        Rational[][] rows = [.. w.Select((r, i) => r.Select((e, j) => (i == j ? Rational.One : 0) - e).ToArray())];
        Rational?[] lower = [.. new Rational?[m].Select(_ => (Rational?)Rational.Zero), .. b.Select(e => (Rational?)e)];
        Rational?[] upper = new Rational?[2 * m];
        foreach (int k in active) upper[m + k] = b[k];
        foreach (int k in inactive) upper[k] = 0;
        return new RationalDictionary(rows, new Rational[m], lower, upper);
    }
}
