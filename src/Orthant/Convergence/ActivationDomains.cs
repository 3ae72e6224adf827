using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>An activation domain of a sequence of layers: the inputs for which each layer has one activation matrix, and the affine map that
/// the layers are there.</summary>
/// <remarks>D_{J_1…J_n} of Xu and Zhang: a half-open convex polytope, strict where a neuron is active and not where it is inactive. For the
/// cells of a <c>ReluNetwork</c> in many dimensions see the module Geometry, which does not tell domains without interior.</remarks>
/// <param name="Patterns">For each layer and neuron whether it is active, its pre-activation strictly positive: the diagonal of J.</param>
/// <param name="Weights">(∏ J_i W_i), outputs × inputs.</param>
/// <param name="Offset">Σ_i (∏_{k&gt;i} J_k W_k) J_i b_i.</param>
/// <param name="IsFullDimensional">Whether the domain has interior points.</param>
/// <param name="Vertices">The corners of its closure in order, for two inputs and full-dimensional domains; empty otherwise.</param>
/// <param name="Area">The area, for two inputs; null otherwise.</param>
public sealed record ActivationDomain(
    ImmutableArray<ImmutableArray<bool>> Patterns, Rational[][] Weights, Rational[] Offset, bool IsFullDimensional, ImmutableArray<(Rational X, Rational Y)> Vertices, Rational? Area);

/// <summary>Enumerates the activation domains of ReLU layers on a box, exactly.</summary>
public static class ActivationDomains
{
    /// <summary>All nonempty domains; they partition the box.</summary>
    /// <param name="layers">Layers from the inputs on, each followed by a ReLU.</param>
    /// <param name="box">Lower and upper end of each input.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The layers do not fit together or to the box.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    /// <remarks>Neuron by neuron, with one exact linear program a neuron and sign: max t with strict rows at least t and t at most 1; the
    /// domain is empty unless t is positive.</remarks>
    public static ImmutableArray<ActivationDomain> Enumerate(
        IReadOnlyList<AffineMap> layers, IReadOnlyList<(Rational Lower, Rational Upper)> box, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(box);
        int width = box.Count;
        foreach (AffineMap layer in layers)
        {
            if (layer.Inputs != width) throw new ArgumentException($"A layer reads {layer.Inputs} numbers, but {width} come in.", nameof(layers));
            width = layer.Outputs;
        }
        DomainWalk walk = new(layers, box, cancellation);
        walk.Run();
        return [.. walk.Found];
    }
}

/// <summary>The depth-first search behind <see cref="ActivationDomains"/>.</summary>
internal sealed class DomainWalk(IReadOnlyList<AffineMap> layers, IReadOnlyList<(Rational Lower, Rational Upper)> box, CancellationToken cancellation)
{
    private readonly int d = box.Count;

    public List<ActivationDomain> Found { get; } = [];

    public void Run()
    {
        Rational[][] identity = [.. Enumerable.Range(0, d).Select(i => Enumerable.Range(0, d).Select(j => i == j ? Rational.One : 0).ToArray())];
        Layer(0, identity, new Rational[d], [], []);
    }

    /// <summary>A row says a·x + c &gt; 0, or ≤ 0 where it is not strict.</summary>
    private sealed record Row(Rational[] A, Rational C, bool Strict)
    {
        public bool IsConstant => A.All(e => e.IsZero);
    }

    private void Layer(int l, Rational[][] weights, Rational[] offset, ImmutableArray<ImmutableArray<bool>> patterns, ImmutableArray<Row> rows)
    {
        if (l == layers.Count)
        {
            Add(weights, offset, patterns, rows);
            return;
        }
        Rational[][] z = TailBounds.Product(layers[l].Weights, weights);
        Rational[] c = [.. layers[l].Weights.Select((row, i) => ExactVector.Dot(row, offset) + layers[l].Bias[i])];
        Neuron(l, 0, z, c, patterns, [], rows);
    }

    private void Neuron(int l, int k, Rational[][] z, Rational[] c, ImmutableArray<ImmutableArray<bool>> patterns, ImmutableArray<bool> pattern, ImmutableArray<Row> rows)
    {
        cancellation.ThrowIfCancellationRequested();
        if (k == z.Length)
        {
            Rational[][] weights = [.. z.Select((row, i) => pattern[i] ? row : new Rational[d])];
            Rational[] offset = [.. c.Select((e, i) => pattern[i] ? e : 0)];
            Layer(l + 1, weights, offset, patterns.Add(pattern), rows);
            return;
        }
        foreach (bool active in new[] { true, false })
        {
            ImmutableArray<Row> more = rows.Add(new Row(z[k], c[k], active));
            if (IsNonempty(more)) Neuron(l, k + 1, z, c, patterns, pattern.Add(active), more);
        }
    }

    private bool IsNonempty(ImmutableArray<Row> rows) => rows.Any(r => r.Strict) ? Slack(rows, interior: false) is { Sign: > 0 } : Slack(rows, interior: false) is not null;

    /// <summary>The largest t ≤ 1 with a·x + c ≥ t on strict rows and ≤ 0 on others, in the box; for interiors ≤ −t on rows that are not
    /// constant, and t away from the sides of the box. Null where there is no point.</summary>
    private Rational? Slack(ImmutableArray<Row> rows, bool interior)
    {
        List<Rational[]> coefficients = [];
        List<Rational?> lower = [], upper = [];
        foreach (Row row in rows)
        {
            Rational t = row.Strict ? -1 : interior && !row.IsConstant ? 1 : 0;
            coefficients.Add([.. row.A, t]);
            lower.Add(row.Strict ? -row.C : null);
            upper.Add(row.Strict ? null : -row.C);
        }
        for (int j = 0; j < d && interior; j++)
        {
            if (box[j].Lower == box[j].Upper) continue;
            Rational[] side = new Rational[d + 1], other = new Rational[d + 1];
            (side[j], side[d], other[j], other[d]) = (1, -1, 1, 1);
            coefficients.Add(side);
            lower.Add(box[j].Lower);
            upper.Add(null);
            coefficients.Add(other);
            lower.Add(null);
            upper.Add(box[j].Upper);
        }
        Rational[] cost = new Rational[d + 1];
        cost[d] = -1;
        Rational?[] low = [.. box.Select(b => (Rational?)b.Lower), null, .. lower], high = [.. box.Select(b => (Rational?)b.Upper), Rational.One, .. upper];
        RationalDictionary program = new([.. coefficients], cost, low, high);
        return program.Run() == SimplexStatus.Optimal ? program.Point()[d] : null;
    }

    private void Add(Rational[][] weights, Rational[] offset, ImmutableArray<ImmutableArray<bool>> patterns, ImmutableArray<Row> rows)
    {
        bool full = Slack(rows, interior: true) is { Sign: > 0 };
        ImmutableArray<(Rational X, Rational Y)> vertices = d == 2 && full ? Clip(rows) : [];
        Rational? area = d == 2 ? Area(vertices) : null;
        Found.Add(new ActivationDomain(patterns, weights, offset, full, vertices, area));
    }

    /// <summary>The box cut by the closures of all rows, corner by corner (I. Sutherland and G. Hodgman).</summary>
    private ImmutableArray<(Rational X, Rational Y)> Clip(ImmutableArray<Row> rows)
    {
        List<(Rational X, Rational Y)> polygon = [(box[0].Lower, box[1].Lower), (box[0].Upper, box[1].Lower), (box[0].Upper, box[1].Upper), (box[0].Lower, box[1].Upper)];
        foreach (Row row in rows.Where(r => !r.IsConstant))
        {
            List<(Rational X, Rational Y)> cut = [];
            for (int i = 0; i < polygon.Count; i++)
            {
                (Rational X, Rational Y) p = polygon[i], q = polygon[(i + 1) % polygon.Count];
                Rational at = Value(row, p), next = Value(row, q);
                if (at.Sign >= 0) cut.Add(p);
                if (at.Sign * next.Sign < 0)
                {
                    Rational t = at / (at - next);
                    cut.Add((p.X + t * (q.X - p.X), p.Y + t * (q.Y - p.Y)));
                }
            }
            polygon = [.. cut.Where((p, i) => i == 0 || p != cut[i - 1])];
            if (polygon.Count > 1 && polygon[0] == polygon[^1]) polygon.RemoveAt(polygon.Count - 1);
        }
        return [.. polygon.Where((p, i) => !IsStraight(polygon[(i + polygon.Count - 1) % polygon.Count], p, polygon[(i + 1) % polygon.Count]))];
    }

    private static bool IsStraight((Rational X, Rational Y) a, (Rational X, Rational Y) b, (Rational X, Rational Y) c) =>
        ((b.X - a.X) * (c.Y - b.Y) - (b.Y - a.Y) * (c.X - b.X)).IsZero;

    private static Rational Value(Row row, (Rational X, Rational Y) p)
    {
        Rational value = row.A[0] * p.X + row.A[1] * p.Y + row.C;
        return row.Strict ? value : -value;
    }

    private static Rational Area(ImmutableArray<(Rational X, Rational Y)> p)
    {
        Rational twice = 0;
        for (int i = 0; i < p.Length; i++)
        {
            (Rational X, Rational Y) q = p[(i + 1) % p.Length];
            twice += p[i].X * q.Y - q.X * p[i].Y;
        }
        return Rational.Abs(twice) * Rational.Half;
    }
}
