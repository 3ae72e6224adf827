using System.Collections.Immutable;
using System.Diagnostics;
using Orthant.Geometry.Facets;
using Orthant.Networks;

namespace Orthant.Geometry;

/// <summary>Finds activation regions by walking from region to region across facets: for domains of many inputs.</summary>
/// <remarks>
/// <para>Facets come from rays and small linear programs, so the number of inputs may be large; memory grows with the regions. Everything
/// is decided in doubles, to about 10⁻⁹ of the box's sides: counts are not proved, and regions thinner than that may be missed. Up to
/// <see cref="RegionEnumerator.MostDimensions"/> free inputs, <see cref="RegionEnumerator"/> proves its counts and is faster.</para>
/// <para>After J. Gaines and Y. Bi's facet search (relucent, 2026) in outline; the regions of a box are connected through facets.</para>
/// </remarks>
public static class FacetWalk
{
    /// <summary>Walks all regions that are reached from the middle of a box.</summary>
    /// <param name="network">The network.</param>
    /// <param name="domain">The box, without half-spaces.</param>
    /// <param name="most">Stop after this many regions; null for all.</param>
    /// <param name="visitor">Called for every region.</param>
    /// <param name="progress">Told how many regions were found.</param>
    /// <param name="cancellation">Stops the walk; what was found until then is returned, marked as incomplete.</param>
    /// <exception cref="ArgumentException">Box and network do not fit.</exception>
    public static RegionSummary Enumerate(
        ReluNetwork network, InputDomain domain, long? most = null, Action<ActivationDomain>? visitor = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        Stopwatch clock = Stopwatch.StartNew();
        DomainForms forms = new(network, domain);
        WalkedOutputs outputs = new(forms);
        HashSet<ActivationPattern> seen = [];
        Queue<ActivationDomain> open = [];
        long regions = 0;
        bool stopped = false;
        foreach (double[] start in Starts(forms.Dimension))
        {
            ActivationDomain at = ActivationDomain.At(network, domain, forms.ToInputPoint(start));
            if (!at.IsFullDimensional) continue;
            seen.Add(at.Pattern);
            open.Enqueue(at);
            break;
        }
        while (open.TryDequeue(out ActivationDomain? region))
        {
            if (cancellation.IsCancellationRequested || regions == most)
            {
                stopped = true;
                break;
            }
            regions++;
            outputs.Add(region);
            visitor?.Invoke(region);
            if (regions % 64 == 0) progress?.Report(new WorkProgress("regions", regions, null, "regions"));
            foreach ((_, ActivationDomain neighbour) in region.Neighbours())
            {
                ActivationPattern pattern = neighbour.Pattern;
                if (seen.Contains(pattern) || !neighbour.IsFullDimensional) continue;
                seen.Add(pattern);
                open.Enqueue(neighbour);
            }
        }
        return new RegionSummary
        {
            IsComplete = !stopped,
            IsProved = false,
            ActivationRegions = regions,
            Vertices = null,
            MostVertices = 0,
            Volume = null,
            Outputs = regions == 0 ? [] : outputs.Summaries(),
            SmallestMargin = DomainPolytope.Thin,
            ExactDecisions = 0,
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }

    /// <summary>The middle, and then points about it, in case the middle lies on a facet.</summary>
    private static IEnumerable<double[]> Starts(int dimension)
    {
        yield return new double[dimension];
        Orthant.Numerics.RandomStream random = new(1);
        for (int i = 0; i < 100; i++)
        {
            double[] t = new double[dimension];
            for (int q = 0; q < dimension; q++) t[q] = random.NextDouble(-0.5, 0.5);
            yield return t;
        }
    }

    /// <summary>Extrema and slopes of the outputs over the regions walked.</summary>
    private sealed class WalkedOutputs(DomainForms forms)
    {
        private readonly OutputSummary?[] found = new OutputSummary?[forms.Network.Outputs];

        public void Add(ActivationDomain region)
        {
            AffinePiece piece = region.Piece;
            double[][] maps = forms.OutputsOn(piece);
            for (int o = 0; o < maps.Length; o++)
            {
                double l1 = 0, l2 = 0, linf = 0;
                foreach (int j in forms.Free)
                {
                    double g = Math.Abs(piece.Gradient[o, j]);
                    l1 = Math.Max(l1, g);
                    l2 += g * g;
                    linf += g;
                }
                (double low, double[] atLow) = region.Polytope.Least(maps[o]);
                (double high, double[] atHigh) = region.Polytope.Least(Array.ConvertAll(maps[o], c => -c));
                high = -high;
                OutputSummary? before = found[o];
                GradientBound slope = before?.Lipschitz ?? default;
                found[o] = new OutputSummary(
                    before is null ? low : Math.Min(low, before.Minimum), before is null ? high : Math.Max(high, before.Maximum),
                    before is null || low < before.Minimum ? [.. forms.ToInputPoint(atLow)] : before.ArgMinimum,
                    before is null || high > before.Maximum ? [.. forms.ToInputPoint(atHigh)] : before.ArgMaximum,
                    new GradientBound(Math.Max(slope.L1, l1), Math.Max(slope.L2, Math.Sqrt(l2)), Math.Max(slope.LInf, linf)), null);
            }
        }

        public ImmutableArray<OutputSummary> Summaries() => [.. found.Select(f => f!)];
    }
}
