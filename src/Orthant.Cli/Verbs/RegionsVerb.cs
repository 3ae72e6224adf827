using System.CommandLine;
using System.Globalization;
using System.Text;
using Orthant.Certificates;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>Enumerates the activation regions of a network on a box or on a slice.</summary>
internal sealed class RegionsVerb : Verb
{
    /// <summary>Up to this many regions, how they lie beside each other is found too, without being asked for.</summary>
    private const int MostJoined = 100_000;

    /// <summary>Above what is cut into cells, regions are walked from facet to facet, up to this many free inputs.</summary>
    private const int MostFree = 1000;

    private readonly DomainOptions domainOptions = new();
    private readonly Option<long?> most = new("--max") { Description = "stop after about N regions", HelpName = "N" };
    private readonly Option<bool> exact = new("--exact") { Description = "decide every sign in exact arithmetic (slow; the default proves its signs too)" };
    private readonly Option<bool> fast = new("--fast") { Description = "decide signs by a fixed tolerance (quicker, not proved)" };
    private readonly Option<bool> countOnly = new("--count-only") { Description = "do not join regions into linear ones: memory does not grow" };
    private readonly Option<string?> svg = new("--svg") { Description = "draw the regions of a plane as SVG", HelpName = "F" };
    private readonly Option<RegionColour> colour = new("--colour") { Description = "of --svg: regions by the gradient's length, or their sides by the layer that bounds them", HelpName = "gradient|layer" };
    private readonly Option<string?> csv = new("--csv") { Description = "write one row a region: pattern, vertices, a point inside, gradient and offset", HelpName = "F" };
    private readonly Option<string?> graph = new("--graph") { Description = "write which regions share a facet as JSON", HelpName = "F" };

    private readonly Option<string?> certificate = new("--certificate") { Description = "write the evidence of the count and the extrema for check", HelpName = "F" };

    public override string Name => "regions";

    public override string Summary => "all activation regions on a box or slice: counts, extrema, Lipschitz constants, proved";

    public override IReadOnlyList<string> Examples => ["./orthant regions samples/spiral.onnx --box -1,1", "./orthant regions samples/spiral.onnx --box -1,1 --svg out/regions.svg --json"];

    public override IReadOnlyList<Argument> Arguments => [domainOptions.Model];

    public override IReadOnlyList<Option> Options => [domainOptions.Box, domainOptions.Slice, domainOptions.Where, most, exact, fast, countOnly, svg, colour, csv, graph, certificate];

    public override Answer Run(VerbCall call)
    {
        // While the file is read, the walk is compiled.
        new Thread(RegionEnumerator.Prepare) { IsBackground = true }.Start();
        (ReluNetwork network, InputDomain domain) = domainOptions.Read(call, MostFree);
        if (call.Get(most) is < 1) throw new OrthantInputException("command line", "--max", $"{call.Get(most)}", "at least 1");
        if (call.Get(svg) is not null && domain.Dimension != 2) throw new OrthantInputException("command line", "--svg", $"a domain of {domain.Dimension} dimensions", "2, a plane");
        RegionOptions options = new()
        {
            Threads = call.Threads,
            Policy = call.Get(exact) ? SignPolicy.Exact : call.Get(fast) ? SignPolicy.Fast : SignPolicy.Certified,
            Most = call.Get(most),
            KeepProof = call.Get(certificate) is not null,
        };
        RegionPolygons? polygons = call.Get(svg) is null ? null : new RegionPolygons(network);
        RegionSummary found;
        RegionComplex? complex = null;
        using (ProgressLine progress = call.ShowProgress())
        {
            if (domain.Dimension > RegionEnumerator.MostDimensions) return Walk(call, network, domain, progress, $"{domain.Dimension} free inputs");
            try
            {
                found = RegionEnumerator.Enumerate(network, domain, options, polygons, progress, call.Cancellation);
            }
            catch (OrthantInputException wide) when (domain.HalfSpaces.IsEmpty && call.Get(svg) is null)
            {
                return Walk(call, network, domain, progress, wide.Found);
            }
            if (found.IsComplete && found.ActivationRegions == 0) throw DomainOptions.Flat();
            bool wanted = call.Get(csv) is not null || call.Get(graph) is not null;
            if (wanted && !found.IsComplete) throw new OrthantInputException("command line", "--max", "an incomplete enumeration", "a complete one for --csv and --graph");
            if (found.IsComplete && (wanted || (!call.Get(countOnly) && found.ActivationRegions <= MostJoined)))
            {
                complex = RegionComplex.Build(network, domain, options.Policy, progress, call.Cancellation);
            }
        }
        WriteFiles(call, network, domain, polygons, complex, found.Certificate);
        return new Answer(Json(found, complex), view => Show(view, network, found, complex), found.IsComplete);
    }

    /// <summary>Too many free inputs, or too many facets of a region, for cells: from facet to facet, in doubles.</summary>
    private Answer Walk(VerbCall call, ReluNetwork network, InputDomain domain, ProgressLine progress, string reason)
    {
        foreach (Option option in (Option[])[exact, csv, graph, certificate])
        {
            if (call.Has(option)) throw new OrthantInputException("command line", option.Name, reason, $"at most {RegionEnumerator.MostDimensions} free inputs and 64 facets: beyond that, regions are walked in doubles");
        }
        call.Note($"{reason}: regions are walked from facet to facet in doubles, and nothing is proved");
        RegionSummary walked = FacetWalk.Enumerate(network, domain, call.Get(most), null, progress, call.Cancellation);
        return new Answer(Json(walked, null), view => Show(view, network, walked, null), walked.IsComplete);
    }

    private void WriteFiles(VerbCall call, ReluNetwork network, InputDomain domain, RegionPolygons? polygons, RegionComplex? complex, RegionsCertificate? proof)
    {
        string model = call.Get(domainOptions.Model);
        if (call.Get(svg) is string picture)
        {
            OutputFolder.PrepareFor(picture);
            OutputFile.WriteText(picture, RegionPicture.Draw(polygons!.Collected(), domain, network.ToString(), call.Get(colour)).ToFile(), model);
        }
        if (call.Get(certificate) is string evidence)
        {
            if (proof is null) throw new OrthantInputException("command line", "--certificate", "an incomplete enumeration", "a complete one: no --max");
            OutputFolder.PrepareFor(evidence);
            OutputFile.WriteText(evidence, proof.ToJson(), model);
        }
        if (call.Get(csv) is string table)
        {
            OutputFolder.PrepareFor(table);
            OutputFile.WriteText(table, Table(network, complex!), model);
        }
        if (call.Get(graph) is string edges)
        {
            OutputFolder.PrepareFor(edges);
            var json = new
            {
                regions = complex!.Regions.Select(r => new { pattern = r.Pattern.ToText(network.Sites), centre = r.Centre }),
                edges = complex.Edges.Select(e => new[] { e.First, e.Second }),
            };
            OutputFile.WriteText(edges, OrthantJson.Serialize(json) + "\n", model);
        }
    }

    private static string Table(ReluNetwork network, RegionComplex complex)
    {
        StringBuilder text = new("region,pattern,vertices");
        for (int j = 0; j < network.Inputs; j++) text.Append(CultureInfo.InvariantCulture, $",x{j}");
        for (int o = 0; o < network.Outputs; o++)
        {
            for (int j = 0; j < network.Inputs; j++) text.Append(CultureInfo.InvariantCulture, $",g{o}_{j}");
            text.Append(CultureInfo.InvariantCulture, $",c{o}");
        }
        text.Append('\n');
        for (int i = 0; i < complex.Regions.Length; i++)
        {
            ComplexRegion region = complex.Regions[i];
            AffinePiece piece = network.PieceOf(region.Pattern);
            text.Append(CultureInfo.InvariantCulture, $"{i},{region.Pattern.ToText(network.Sites)},{region.VertexCount}");
            foreach (double x in region.Centre) text.Append(CultureInfo.InvariantCulture, $",{x:R}");
            for (int o = 0; o < network.Outputs; o++)
            {
                for (int j = 0; j < network.Inputs; j++) text.Append(CultureInfo.InvariantCulture, $",{piece.Gradient[o, j]:R}");
                text.Append(CultureInfo.InvariantCulture, $",{piece.Offset[o]:R}");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    private static Dictionary<string, object?> Json(RegionSummary found, RegionComplex? complex) => new()
    {
        ["activationRegions"] = found.ActivationRegions,
        ["linearRegions"] = complex?.LinearRegions,
        ["distinctMaps"] = complex?.DistinctMaps,
        ["complete"] = found.IsComplete,
        ["proved"] = found.IsProved,
        ["vertices"] = complex?.Vertices ?? found.Vertices,
        ["outputMin"] = found.Outputs.Select(o => o.Minimum).ToArray(),
        ["outputMax"] = found.Outputs.Select(o => o.Maximum).ToArray(),
        ["argMin"] = found.Outputs.Select(o => o.ArgMinimum).ToArray(),
        ["argMax"] = found.Outputs.Select(o => o.ArgMaximum).ToArray(),
        ["lipschitz"] = found.Outputs.Select(o => new { l1 = o.Lipschitz.L1, l2 = o.Lipschitz.L2, linf = o.Lipschitz.LInf }).ToArray(),
        ["boundaryLength"] = found.Outputs.IsEmpty || found.Outputs[0].ZeroLength is null ? null : found.Outputs.Select(o => o.ZeroLength).ToArray(),
        ["volume"] = found.Volume,
        ["minMargin"] = found.SmallestMargin,
        ["exactRechecks"] = found.ExactDecisions,
        ["unmatchedFacets"] = complex?.UnmatchedFacets,
        ["seconds"] = found.Seconds,
    };

    private static void Show(View view, ReluNetwork network, RegionSummary found, RegionComplex? complex)
    {
        view.Heading(network.ToString());
        view.Facts(
            ("activation regions", View.Count(found.ActivationRegions) + (found.IsComplete ? "" : " (incomplete)")),
            ("linear regions", complex is null ? "not joined" : View.Count(complex.LinearRegions)),
            ("different affine maps", complex is null ? "not compared" : View.Count(complex.DistinctMaps)),
            ("vertices of the complex", (complex?.Vertices ?? found.Vertices) is long v ? View.Count(v) : found.IsComplete ? "some are not simple" : "not counted"),
            ("smallest margin", View.Number(found.SmallestMargin)),
            ("exact decisions", View.Count(found.ExactDecisions)),
            ("seconds", View.Number(found.Seconds)));
        view.Table(["output", "minimum", "maximum", "Lipschitz l2", "l1", "linf"], found.Outputs.Select((o, i) => new[]
        {
            $"{i}", View.Number(o.Minimum), View.Number(o.Maximum), View.Number(o.Lipschitz.L2), View.Number(o.Lipschitz.L1), View.Number(o.Lipschitz.LInf),
        }));
        if (!found.IsComplete) view.Next("the same call without --max, or a smaller box");
    }
}
