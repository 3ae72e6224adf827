using System.Collections.Immutable;
using System.Numerics;
using Orthant.Networks;

namespace Orthant.Geometry;

/// <summary>The regions of a domain with how they lie beside each other: adjacency, linear regions, distinct maps, and the boundary of every
/// neuron as a bent hyperplane.</summary>
/// <remarks>
/// <para>Regions meet face to face: every facet belongs to two regions, or to one and to the border of the domain. Facets are recognised by
/// their vertices, vertices and maps by their residues modulo the prime 2⁶¹ - 1: what has different residues is different; that two
/// things of equal residues differ has a chance of about 2⁻⁶¹ a pair.</para>
/// <para>A linear region is a maximal set of regions joined over facets on which the network is one affine map.</para>
/// <para>Memory grows with the number of regions and their facets, unlike that of <see cref="RegionEnumerator"/> alone.</para>
/// </remarks>
public sealed class RegionComplex
{
    private RegionComplex(Builder builder)
    {
        Regions = [.. builder.Regions];
        Edges = [.. builder.Edges()];
        UnmatchedFacets = builder.Unmatched;
        Vertices = builder.VertexCount;
        DistinctMaps = builder.Regions.Select(r => r.MapKey).Distinct().Count();
        LinearRegions = builder.CountLinearRegions(Edges);
        Neurons = builder.Neurons();
    }

    /// <summary>The regions, in the order of the walk.</summary>
    public ImmutableArray<ComplexRegion> Regions { get; }

    /// <summary>Pairs of regions that share a facet, the smaller number first, in increasing order.</summary>
    public ImmutableArray<(int First, int Second)> Edges { get; }

    /// <summary>Facets that belong neither to two regions nor to the border: 0, or the enumeration is wrong.</summary>
    public int UnmatchedFacets { get; }

    /// <summary>The number of different vertices.</summary>
    public int Vertices { get; }

    /// <summary>The number of different affine maps on regions.</summary>
    public int DistinctMaps { get; }

    /// <summary>The number of linear regions.</summary>
    public int LinearRegions { get; }

    /// <summary>The boundary of each neuron that cuts the domain, by stage and unit.</summary>
    public ImmutableArray<NeuronBoundary> Neurons { get; }

    /// <summary>Builds the complex of a network on a domain.</summary>
    /// <param name="network">The network.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="policy">How signs are decided.</param>
    /// <param name="progress">Told how many regions were found.</param>
    /// <param name="cancellation">Stops within milliseconds.</param>
    /// <exception cref="ArgumentException">The domain does not fit the network.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was stopped.</exception>
    public static RegionComplex Build(
        ReluNetwork network, InputDomain domain, SignPolicy policy = SignPolicy.Certified, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        Builder builder = new(network.NormalForm);
        RegionEnumerator.Enumerate(network, domain, new RegionOptions { Policy = policy }, builder, progress, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return new RegionComplex(builder);
    }

    private sealed class Builder(NormalForm form) : IRegionVisitor
    {
        private readonly Dictionary<UInt128, (int First, int Second, bool Border)> facets = [];
        private readonly HashSet<UInt128> vertices = [];
        private readonly Dictionary<(int Stage, int Unit), Dictionary<UInt128, byte>> pieces = [];
        private readonly Dictionary<((int, int) Neuron, UInt128 Ridge), (HashSet<UInt128> Planes, HashSet<(int, int)> Others)> ridges = [];
        private int overfull;

        public List<ComplexRegion> Regions { get; } = [];

        public int VertexCount => vertices.Count;

        public int Unmatched => overfull + facets.Values.Count(f => f.Second < 0 && !f.Border);

        public void Visit(in RegionView region)
        {
            int index = Regions.Count, d = region.Dimension;
            UInt128[] keys = new UInt128[region.VertexCount];
            double[] centre = new double[form.Inputs], x = new double[form.Inputs];
            for (int k = 0; k < keys.Length; k++)
            {
                keys[k] = region.VertexKey(k);
                vertices.Add(keys[k]);
                region.Vertex(k, x);
                for (int j = 0; j < x.Length; j++) centre[j] += x[j] / keys.Length;
            }
            Regions.Add(new ComplexRegion(region.Pattern(), [.. centre], keys.Length, region.MapKey()));
            List<(int Slot, ulong[] Members)> sides = Sides(region, d);
            foreach ((int slot, ulong[] members) in sides)
            {
                UInt128 key = Sum(keys, members);
                (int stage, int unit) = region.Facet(slot);
                AddFacet(key, index, stage < 0);
                if (stage >= 0) AddPiece(region, (stage, unit), slot, members, keys, key, sides, d);
            }
        }

        /// <summary>The slots that are facets: enough vertices, and no other slot on more of them.</summary>
        private static List<(int Slot, ulong[] Members)> Sides(in RegionView region, int d)
        {
            List<(int Slot, ulong[] Members, int Count)> all = [];
            int words = (region.VertexCount + 63) / 64;
            for (ulong left = region.AllFacets; left != 0; left &= left - 1)
            {
                int slot = BitOperations.TrailingZeroCount(left), count = 0;
                ulong[] members = new ulong[words];
                for (int k = 0; k < region.VertexCount; k++)
                {
                    if (((region.FacetsOf(k) >> slot) & 1) == 0) continue;
                    members[k >> 6] |= 1UL << (k & 63);
                    count++;
                }
                if (count >= d) all.Add((slot, members, count));
            }
            List<(int, ulong[])> sides = [];
            for (int a = 0; a < all.Count; a++)
            {
                bool maximal = true;
                for (int b = 0; b < all.Count && maximal; b++)
                {
                    if (b == a || all[b].Count < all[a].Count || !Contains(all[b].Members, all[a].Members)) continue;
                    maximal = all[b].Count == all[a].Count && b > a;
                }
                if (maximal) sides.Add((all[a].Slot, all[a].Members));
            }
            return sides;
        }

        private static bool Contains(ulong[] outer, ulong[] inner)
        {
            for (int i = 0; i < inner.Length; i++)
            {
                if ((inner[i] & ~outer[i]) != 0) return false;
            }
            return true;
        }

        private static UInt128 Sum(UInt128[] keys, ulong[] members)
        {
            UInt128 sum = 0;
            for (int k = 0; k < keys.Length; k++)
            {
                if (((members[k >> 6] >> (k & 63)) & 1) != 0) sum += keys[k];
            }
            return sum;
        }

        private void AddFacet(UInt128 key, int region, bool border)
        {
            if (!facets.TryGetValue(key, out (int First, int Second, bool Border) known)) facets[key] = (region, -1, border);
            else if (known.Second < 0) facets[key] = (known.First, region, known.Border || border);
            else overfull++;
        }

        private void AddPiece(
            in RegionView region, (int, int) neuron, int slot, ulong[] members, UInt128[] keys, UInt128 key, List<(int Slot, ulong[] Members)> sides, int d)
        {
            if (!pieces.TryGetValue(neuron, out Dictionary<UInt128, byte>? known)) pieces[neuron] = known = [];
            if (!known.TryAdd(key, 0)) return;
            UInt128 plane = region.PlaneKey(slot);
            foreach ((int other, ulong[] otherMembers) in sides)
            {
                (int stage, int unit) = region.Facet(other);
                if (other == slot || stage < 0) continue;
                ulong[] shared = new ulong[members.Length];
                int count = 0;
                for (int i = 0; i < shared.Length; i++) count += BitOperations.PopCount(shared[i] = members[i] & otherMembers[i]);
                if (count < d - 1 || d < 2) continue;
                var at = (neuron, Sum(keys, shared));
                if (!ridges.TryGetValue(at, out var bend)) ridges[at] = bend = ([], []);
                bend.Planes.Add(plane);
                bend.Others.Add((stage, unit));
            }
        }

        public IEnumerable<(int, int)> Edges() =>
            facets.Values.Where(f => f.Second >= 0).Select(f => (Math.Min(f.First, f.Second), Math.Max(f.First, f.Second))).Distinct().Order();

        public int CountLinearRegions(ImmutableArray<(int First, int Second)> edges)
        {
            int[] parent = Enumerable.Range(0, Regions.Count).ToArray();
            int Find(int i)
            {
                while (parent[i] != i) i = parent[i] = parent[parent[i]];
                return i;
            }

            foreach ((int a, int b) in edges)
            {
                if (Regions[a].MapKey == Regions[b].MapKey) parent[Find(a)] = Find(b);
            }
            return Enumerable.Range(0, parent.Length).Count(i => Find(i) == i);
        }

        public ImmutableArray<NeuronBoundary> Neurons()
        {
            var bends = ridges.Where(r => r.Value.Planes.Count > 1).GroupBy(r => r.Key.Neuron).ToDictionary(
                g => g.Key, g => (Count: g.Count(), On: g.SelectMany(r => r.Value.Others).Distinct().Order().ToImmutableArray()));
            return [.. pieces.OrderBy(p => p.Key).Select(p => bends.TryGetValue(p.Key, out var b)
                ? new NeuronBoundary(p.Key.Stage, p.Key.Unit, p.Value.Count, b.Count, b.On)
                : new NeuronBoundary(p.Key.Stage, p.Key.Unit, p.Value.Count, 0, []))];
        }
    }
}

/// <summary>A region of a <see cref="RegionComplex"/>.</summary>
/// <param name="Pattern">Its activation pattern.</param>
/// <param name="Centre">The mean of its vertices, one number an input: a point of its interior.</param>
/// <param name="VertexCount">The number of its vertices.</param>
/// <param name="MapKey">Equal for regions on which the network is the same affine map.</param>
public sealed record ComplexRegion(ActivationPattern Pattern, ImmutableArray<double> Centre, int VertexCount, UInt128 MapKey);

/// <summary>The set of inputs where a neuron's pre-activation changes sign: a hyperplane that bends where neurons before it do.</summary>
/// <param name="Stage">The stage of the normal form.</param>
/// <param name="Unit">The unit within the stage.</param>
/// <param name="Pieces">The number of flat pieces that are facets of regions.</param>
/// <param name="Bends">The number of ridges at which pieces of different hyperplanes meet.</param>
/// <param name="BendsOn">The neurons that those ridges lie on.</param>
public sealed record NeuronBoundary(int Stage, int Unit, int Pieces, int Bends, ImmutableArray<(int Stage, int Unit)> BendsOn);
