using System.CommandLine;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>Shows the boundary of every neuron as a bent hyperplane.</summary>
internal sealed class NeuronsVerb : Verb
{
    private readonly DomainOptions domainOptions = new();
    private readonly Option<string?> svg = new("--svg") { Description = "draw the boundaries on a plane as SVG, coloured by neuron", HelpName = "F" };

    public override string Name => "neurons";

    public override string Summary => "the boundary of each neuron as a bent hyperplane: its pieces, where it bends and on which neurons";

    public override IReadOnlyList<string> Examples => ["./orthant neurons samples/spiral.onnx --box -1,1", "./orthant neurons samples/spiral.onnx --box -1,1 --svg out/neurons.svg --json"];

    public override IReadOnlyList<Argument> Arguments => [domainOptions.Model];

    public override IReadOnlyList<Option> Options => [domainOptions.Box, domainOptions.Slice, domainOptions.Where, svg];

    public override Answer Run(VerbCall call)
    {
        (ReluNetwork network, InputDomain domain) = domainOptions.Read(call);
        if (call.Get(svg) is not null && domain.Dimension != 2) throw new OrthantInputException("command line", "--svg", $"a domain of {domain.Dimension} dimensions", "2, a plane");
        RegionComplex complex;
        using (ProgressLine progress = call.ShowProgress()) complex = RegionComplex.Build(network, domain, SignPolicy.Certified, progress, call.Cancellation);
        if (complex.Regions.Length == 0) throw DomainOptions.Flat();
        if (call.Get(svg) is string path)
        {
            NeuronSegments segments = new();
            RegionEnumerator.Enumerate(network, domain, null, segments, null, call.Cancellation);
            OutputFolder.PrepareFor(path);
            OutputFile.WriteText(path, NeuronPicture.Draw(segments.Collected(), network.ToString()).ToFile(), call.Get(domainOptions.Model));
        }
        Dictionary<int, int[]> names = Names(network);
        int[] Name((int Stage, int Unit) neuron) => names[network.NormalForm.StageStarts[neuron.Stage] + neuron.Unit];
        var lines = complex.Neurons.Select(n => (Name: Name((n.Stage, n.Unit)), Boundary: n))
            .Select(n => new NeuronLine(n.Name[0], n.Name[1], n.Boundary.Pieces, n.Boundary.Bends, [.. n.Boundary.BendsOn.Select(Name)])).ToArray();
        return new Answer(new { neurons = lines, unmatchedFacets = complex.UnmatchedFacets }, view =>
        {
            view.Heading(network.ToString());
            view.Line($"{View.Count(lines.Length)} neurons change sign on the domain");
            view.Table(["layer, neuron", "pieces", "bends", "bends on"], lines.OrderByDescending(n => n.Bends).Take(20).Select(n => new[]
            {
                $"{n.Layer}, {n.Index}", View.Count(n.Pieces), View.Count(n.Bends), $"{n.BendsOn.Length} neurons",
            }));
            if (lines.Length > 20) view.Line("the twenty that bend most; --json has all");
        });
    }

    /// <summary>For each unit of the normal form with a kink, the layer of neurons (from 0) and the neuron that it decides.</summary>
    private static Dictionary<int, int[]> Names(ReluNetwork network)
    {
        Dictionary<int, int[]> names = [];
        foreach (ActivationSite site in network.Sites)
        {
            for (int unit = 0; unit < site.Units; unit++)
            {
                foreach (int decider in network.NormalForm.DecidersOf(site.FirstUnit + unit)) names[decider] = [site.Index, unit];
            }
        }
        return names;
    }

    private sealed record NeuronLine(int Layer, int Index, int Pieces, int Bends, int[][] BendsOn);

    /// <summary>Collects the pieces of boundaries on a plane.</summary>
    private sealed class NeuronSegments : IRegionVisitor
    {
        private readonly List<NeuronSegment> segments = [];

        public List<NeuronSegment> Collected() => segments;

        public void Visit(in RegionView region)
        {
            Span<double> t = stackalloc double[2];
            for (ulong left = region.AllFacets; left != 0; left &= left - 1)
            {
                int slot = System.Numerics.BitOperations.TrailingZeroCount(left);
                (int stage, int unit) = region.Facet(slot);
                // Each piece is seen from both sides; it is drawn from the active one.
                if (stage < 0 || !region.IsActive(stage, unit)) continue;
                List<(double X, double Y)> ends = [];
                for (int k = 0; k < region.VertexCount; k++)
                {
                    if (((region.FacetsOf(k) >> slot) & 1) == 0) continue;
                    region.ScaledVertex(k, t);
                    ends.Add((t[0], t[1]));
                }
                if (ends.Count == 2) segments.Add(new NeuronSegment(stage, unit, ends[0].X, ends[0].Y, ends[1].X, ends[1].Y));
            }
        }
    }
}
