using System.Numerics;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>The lattice form of a network from its regions, whose vertices and affine maps are integers over common numbers.</summary>
/// <remarks>
/// <para>The minimum over the pieces that are at least l on a region Q of piece l equals l there. It is nowhere above f if for every
/// region P, of piece m, some piece is at least l on Q and at most m on P. For points q and p there always is one: between them f, less
/// its chord, falls through 0 where it did not begin or end by rising. So, where no piece serves all of Q and P, a piece that serves two
/// points inside cuts one of them, until all pairs are served. Regions of a network rarely need a cut; without any, the form would be
/// wrong for some networks.</para>
/// </remarks>
internal sealed class LatticeBuilder(ReluNetwork network, double reach, CancellationToken cancellation) : IRegionVisitor
{
    private readonly int k = network.Inputs;
    private readonly List<BigInteger[]> forms = [];
    private readonly List<double[]> rounded = [];
    private readonly List<LatticePiece> pieces = [];
    private readonly Dictionary<BigInteger[], int> numbers = new(new SameForm());
    private readonly List<(Vertex[] Vertices, int Piece)> regions = [];

    /// <summary>A vertex in the scaled cube, exactly and to the nearest doubles, and the facets that it lies on.</summary>
    private sealed record Vertex(BigInteger[] Exact, UInt128 Facets)
    {
        public double[] Rounded { get; } = [.. Exact.Take(Exact.Length - 1).Select(c => new Rational(c, Exact[^1]).ToDouble())];
    }

    /// <summary>A convex part of a region, and the pieces that are at least, and at most, the region's own one on it.</summary>
    private sealed record Part(Vertex[] Vertices, int Piece, int Cuts, ulong[] Above, ulong[] Below);

    public LatticePolynomial Build()
    {
        double[] lower = new double[k], upper = new double[k];
        Array.Fill(lower, -reach);
        Array.Fill(upper, reach);
        RegionOptions options = new() { Most = LatticePolynomial.MostRegions + 1 };
        RegionSummary summary = RegionEnumerator.Enumerate(
            network, InputDomain.Box(lower, upper), options, this, cancellation: cancellation);
        cancellation.ThrowIfCancellationRequested();
        if (!summary.IsComplete || regions.Count > LatticePolynomial.MostRegions)
        {
            throw new ArgumentException($"{network} has more than {LatticePolynomial.MostRegions:N0} regions.", nameof(network));
        }
        Part[] parts = [.. regions.Select(r => Compared(r.Vertices, r.Piece, 0))];
        List<ulong[]> terms = [];
        Stack<Part> left = new(parts.Reverse());
        while (left.TryPop(out Part? q))
        {
            cancellation.ThrowIfCancellationRequested();
            if (terms.Exists(t => IsSubset(t, q.Above))) continue;
            if (Split(q, parts) is (Part first, Part second))
            {
                left.Push(second);
                left.Push(first);
                continue;
            }
            terms.RemoveAll(t => IsSubset(q.Above, t));
            terms.Add(q.Above);
        }
        // Pieces that no term needs are left out.
        int[] kept = [.. Enumerable.Range(0, pieces.Count).Where(p => terms.Exists(t => Has(t, p)))];
        return new LatticePolynomial(
            kept.Select(p => pieces[p]), terms.Select(t => Enumerable.Range(0, kept.Length).Where(i => Has(t, kept[i]))));
    }

    public void Visit(in RegionView region)
    {
        BigInteger[] form = region.ExactForm(0);
        if (!numbers.TryGetValue(form, out int piece))
        {
            numbers.Add(form, piece = forms.Count);
            forms.Add(form);
            (Rational[] gradient, Rational offset) = region.ExactMap(0);
            pieces.Add(new LatticePiece([.. gradient], offset));
            rounded.Add([.. gradient.Select(g => (g * Rational.FromDouble(reach)).ToDouble()), offset.ToDouble()]);
        }
        Vertex[] vertices = new Vertex[region.VertexCount];
        for (int v = 0; v < vertices.Length; v++) vertices[v] = new Vertex(region.ExactPoint(v), region.FacetsOf(v));
        regions.Add((vertices, piece));
    }

    /// <summary>Two halves of a part where some other part is not served by one piece; null where all are.</summary>
    private (Part, Part)? Split(Part q, Part[] parts)
    {
        foreach (Part whole in parts)
        {
            if (Meet(q.Above, whole.Below)) continue;
            Stack<Part> left = new([whole]);
            while (left.TryPop(out Part? p))
            {
                if (Meet(q.Above, p.Below)) continue;
                BigInteger[] x = Inside(q), y = Inside(p);
                int between = Enumerable.Range(0, pieces.Count).First(j => Sign(j, q.Piece, x) >= 0 && Sign(j, p.Piece, y) <= 0);
                if (!Has(q.Above, between)) return Halves(q, between);
                (Part first, Part second) = Halves(p, between);
                left.Push(first);
                left.Push(second);
            }
        }
        return null;
    }

    /// <summary>The parts on the two sides of where a piece equals the part's own one; it is above and below it inside.</summary>
    private (Part, Part) Halves(Part part, int piece)
    {
        const int NetworkFacets = 64, MostCuts = 64;
        if (part.Cuts == MostCuts) throw new ArgumentException($"A region of {network} needs more than {MostCuts} cuts.", nameof(part));
        UInt128 facet = UInt128.One << (NetworkFacets + part.Cuts);
        BigInteger[] values = [.. part.Vertices.Select(v => Difference(piece, part.Piece, v.Exact))];
        List<Vertex> positive = [], negative = [];
        for (int v = 0; v < values.Length; v++)
        {
            Vertex vertex = values[v].IsZero ? part.Vertices[v] with { Facets = part.Vertices[v].Facets | facet } : part.Vertices[v];
            if (values[v].Sign >= 0) positive.Add(vertex);
            if (values[v].Sign <= 0) negative.Add(vertex);
        }
        for (int a = 0; a < values.Length; a++)
        {
            for (int b = 0; b < values.Length; b++)
            {
                if (values[a].Sign <= 0 || values[b].Sign >= 0 || !IsEdge(part.Vertices, a, b)) continue;
                BigInteger[] cut = [.. part.Vertices[a].Exact.Zip(part.Vertices[b].Exact, (x, y) => (y * values[a]) - (x * values[b]))];
                BigInteger common = cut.Aggregate(BigInteger.GreatestCommonDivisor);
                Vertex vertex = new([.. cut.Select(c => c / common)], (part.Vertices[a].Facets & part.Vertices[b].Facets) | facet);
                positive.Add(vertex);
                negative.Add(vertex);
            }
        }
        return (Compared([.. positive], part.Piece, part.Cuts + 1), Compared([.. negative], part.Piece, part.Cuts + 1));
    }

    /// <summary>Whether two vertices bound an edge: no third one lies on all facets that they share.</summary>
    private static bool IsEdge(Vertex[] vertices, int a, int b)
    {
        UInt128 shared = vertices[a].Facets & vertices[b].Facets;
        for (int c = 0; c < vertices.Length; c++)
        {
            if (c != a && c != b && (vertices[c].Facets & shared) == shared) return false;
        }
        return true;
    }

    private Part Compared(Vertex[] vertices, int own, int cuts)
    {
        cancellation.ThrowIfCancellationRequested();
        int words = (pieces.Count + 63) / 64;
        ulong[] above = new ulong[words], below = new ulong[words];
        for (int p = 0; p < pieces.Count; p++)
        {
            bool isAbove = true, isBelow = true;
            for (int v = 0; v < vertices.Length && (isAbove || isBelow); v++)
            {
                int sign = Sign(p, own, vertices[v]);
                isAbove &= sign >= 0;
                isBelow &= sign <= 0;
            }
            if (isAbove) above[p / 64] |= 1UL << (p % 64);
            if (isBelow) below[p / 64] |= 1UL << (p % 64);
        }
        return new Part(vertices, own, cuts, above, below);
    }

    /// <summary>The sign of the difference of two pieces at a vertex.</summary>
    private int Sign(int piece, int own, Vertex vertex)
    {
        if (piece == own) return 0;
        double[] a = rounded[piece], b = rounded[own], t = vertex.Rounded;
        double difference = a[k] - b[k], size = Math.Abs(a[k]) + Math.Abs(b[k]);
        for (int i = 0; i < k; i++)
        {
            difference += (a[i] - b[i]) * t[i];
            size += (Math.Abs(a[i]) + Math.Abs(b[i])) * Math.Abs(t[i]);
        }
        // Every number is rounded to half a unit in its last place, and at most k + 3 operations follow one another: 2 (k + 6) units are
        // ample.
        if (Math.Abs(difference) > 2 * (k + 6) * 1.2e-16 * size && size > 1e-290) return Math.Sign(difference);
        return Sign(piece, own, vertex.Exact);
    }

    private int Sign(int piece, int own, BigInteger[] point) => Difference(piece, own, point).Sign;

    private BigInteger Difference(int piece, int own, BigInteger[] point)
    {
        BigInteger sum = 0;
        for (int i = 0; i <= k; i++) sum += (forms[piece][i] - forms[own][i]) * point[i];
        return sum;
    }

    /// <summary>A point inside a part.</summary>
    private BigInteger[] Inside(Part part)
    {
        BigInteger[] sum = part.Vertices[0].Exact;
        foreach (Vertex vertex in part.Vertices.AsSpan(1))
        {
            // Any point of the open segment will do for the next one.
            sum = [.. sum.Zip(vertex.Exact, (x, y) => (x * vertex.Exact[k]) + (y * sum[k]))];
        }
        return sum;
    }

    private static bool Has(ulong[] set, int element) => ((set[element / 64] >> (element % 64)) & 1) != 0;

    private static bool Meet(ulong[] first, ulong[] second)
    {
        for (int i = 0; i < first.Length; i++)
        {
            if ((first[i] & second[i]) != 0) return true;
        }
        return false;
    }

    private static bool IsSubset(ulong[] small, ulong[] large)
    {
        for (int i = 0; i < small.Length; i++)
        {
            if ((small[i] & ~large[i]) != 0) return false;
        }
        return true;
    }

    private sealed class SameForm : IEqualityComparer<BigInteger[]>
    {
        public bool Equals(BigInteger[]? x, BigInteger[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(BigInteger[] form) => form.Aggregate(0, (hash, c) => HashCode.Combine(hash, c));
    }
}
