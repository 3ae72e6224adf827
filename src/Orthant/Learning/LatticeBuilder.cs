using System.Numerics;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>The lattice form of a network from its regions, whose vertices and affine maps are integers over common numbers.</summary>
internal sealed class LatticeBuilder(ReluNetwork network, double reach, CancellationToken cancellation) : IRegionVisitor
{
    private readonly int k = network.Inputs;
    private readonly List<BigInteger[]> forms = [];
    private readonly List<double[]> rounded = [];
    private readonly List<LatticePiece> pieces = [];
    private readonly Dictionary<BigInteger[], int> numbers = new(new SameForm());
    private readonly List<(Vertex[] Vertices, int Piece)> cells = [];

    /// <summary>A vertex in the scaled cube, exactly and to the nearest doubles.</summary>
    private sealed record Vertex(BigInteger[] Exact, double[] Rounded);

    public LatticePolynomial Build()
    {
        double[] lower = new double[k], upper = new double[k];
        Array.Fill(lower, -reach);
        Array.Fill(upper, reach);
        RegionOptions options = new() { Most = LatticePolynomial.MostRegions + 1 };
        RegionSummary summary = RegionEnumerator.Enumerate(network, InputDomain.Box(lower, upper), options, this, cancellation: cancellation);
        cancellation.ThrowIfCancellationRequested();
        if (!summary.IsComplete || cells.Count > LatticePolynomial.MostRegions)
        {
            throw new ArgumentException($"{network} has more than {LatticePolynomial.MostRegions:N0} regions.", nameof(network));
        }
        List<ulong[]> terms = [];
        foreach ((Vertex[] vertices, int own) in cells)
        {
            cancellation.ThrowIfCancellationRequested();
            ulong[] term = Above(vertices, own);
            if (terms.Exists(t => IsSubset(t, term))) continue;
            terms.RemoveAll(t => IsSubset(term, t));
            terms.Add(term);
        }
        // Pieces that no term needs any more are left out.
        int[] kept = [.. Enumerable.Range(0, pieces.Count).Where(p => terms.Exists(t => Has(t, p)))];
        return new LatticePolynomial(kept.Select(p => pieces[p]), terms.Select(t => Enumerable.Range(0, kept.Length).Where(i => Has(t, kept[i]))));
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
        for (int v = 0; v < vertices.Length; v++)
        {
            BigInteger[] exact = region.ExactPoint(v);
            vertices[v] = new Vertex(exact, [.. exact.Take(k).Select(c => new Rational(c, exact[k]).ToDouble())]);
        }
        cells.Add((vertices, piece));
    }

    /// <summary>The pieces that are at least a cell's own one on all of the cell: at all its vertices.</summary>
    private ulong[] Above(Vertex[] vertices, int own)
    {
        ulong[] term = new ulong[(pieces.Count + 63) / 64];
        for (int p = 0; p < pieces.Count; p++)
        {
            if (Array.TrueForAll(vertices, v => IsAtLeast(p, own, v))) term[p / 64] |= 1UL << (p % 64);
        }
        return term;
    }

    private bool IsAtLeast(int piece, int own, Vertex vertex)
    {
        if (piece == own) return true;
        double[] a = rounded[piece], b = rounded[own], t = vertex.Rounded;
        double difference = a[k] - b[k], size = Math.Abs(a[k]) + Math.Abs(b[k]);
        for (int i = 0; i < k; i++)
        {
            difference += (a[i] - b[i]) * t[i];
            size += (Math.Abs(a[i]) + Math.Abs(b[i])) * Math.Abs(t[i]);
        }
        // Every number is rounded to half a unit in its last place, and at most k + 3 operations follow one another: 2 (k + 6) units are ample.
        if (Math.Abs(difference) > 2 * (k + 6) * 1.2e-16 * size && size > 1e-290) return difference > 0;
        BigInteger sum = 0;
        for (int i = 0; i <= k; i++) sum += (forms[piece][i] - forms[own][i]) * vertex.Exact[i];
        return sum.Sign >= 0;
    }

    private static bool Has(ulong[] set, int element) => ((set[element / 64] >> (element % 64)) & 1) != 0;

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
