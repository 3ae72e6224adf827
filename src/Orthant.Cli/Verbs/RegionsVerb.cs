using System.CommandLine;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>Enumerates the activation regions of a network on a box or on a slice.</summary>
internal sealed class RegionsVerb : Verb
{
    private readonly Argument<string> model = new("MODEL") { Description = "an .onnx or .json network, also .gz" };
    private readonly Option<string?> box = new("--box") { Description = "LO,HI for every input, or lo,hi;lo,hi;… for each; of s and t with --slice", HelpName = "BOX" };
    private readonly Option<string?> slice = new("--slice") { Description = "a plane of inputs: JSON with origin, u, v and perhaps box; x = origin + s u + t v", HelpName = "FILE" };
    private readonly Option<bool> exact = new("--exact") { Description = "decide every sign in exact arithmetic (slow; the default proves its signs too)" };
    private readonly Option<bool> fast = new("--fast") { Description = "decide signs by a fixed tolerance (quicker, not proved)" };
    private readonly Option<string?> svg = new("--svg") { Description = "draw the regions of a plane as SVG", HelpName = "F" };

    public override string Name => "regions";

    public override string Summary => "all activation regions on a box or slice: counts, extrema, Lipschitz constants, proved";

    public override IReadOnlyList<string> Examples => ["./orthant regions samples/spiral.onnx --box -1,1", "./orthant regions samples/spiral.onnx --box -1,1 --svg out/regions.svg --json"];

    public override IReadOnlyList<Argument> Arguments => [model];

    public override IReadOnlyList<Option> Options => [box, slice, exact, fast, svg];

    public override Answer Run(VerbCall call)
    {
        ReluNetwork network = ModelFile.Load(call.Get(model)).Network;
        string? boxText = call.Get(box);
        if (call.Get(slice) is string file)
        {
            (InputSlice plane, string? planeBox) = SliceFile.Load(file);
            if (plane.Inputs != network.Inputs) throw new OrthantInputException(file, "origin", $"{plane.Inputs} numbers", $"{network.Inputs}, one an input of the network");
            network = plane.Restrict(network);
            boxText ??= planeBox;
        }
        if (network.UnitCount == 0) throw new OrthantInputException(call.Get(model), "", "a network without a ReLU, which is one region", "a network with activations");
        InputDomain domain = ArgumentText.ExactBox(boxText ?? throw new OrthantInputException("command line", "--box", "nothing", "a box such as -1,1"), network.Inputs);
        if (domain.Dimension > RegionEnumerator.MostDimensions)
        {
            throw new OrthantInputException("command line", "--box", $"{domain.Dimension} inputs that are free", $"at most {RegionEnumerator.MostDimensions}; fix some (lo = hi), or use --slice");
        }
        RegionOptions options = new() { Threads = call.Threads, Policy = call.Get(exact) ? SignPolicy.Exact : call.Get(fast) ? SignPolicy.Fast : SignPolicy.Certified };
        RegionPolygons? polygons = null;
        if (call.Get(svg) is not null)
        {
            if (domain.Dimension != 2) throw new OrthantInputException("command line", "--svg", $"a domain of {domain.Dimension} dimensions", "2, a plane");
            polygons = new RegionPolygons(network.Outputs);
        }
        RegionSummary found;
        using (ProgressLine progress = call.ShowProgress()) found = RegionEnumerator.Enumerate(network, domain, options, polygons, progress, call.Cancellation);
        if (call.Get(svg) is string path)
        {
            OutputFolder.PrepareFor(path);
            OutputFile.WriteText(path, RegionPicture.Draw(polygons!.Collected(), domain, network.ToString()).ToFile(), call.Get(model));
        }
        return new Answer(Json(found), view => Show(view, network, found));
    }

    private static Dictionary<string, object?> Json(RegionSummary found) => new()
    {
        ["activationRegions"] = found.ActivationRegions,
        ["complete"] = true,
        ["vertices"] = found.Vertices,
        ["outputMin"] = found.Outputs.Select(o => o.Minimum).ToArray(),
        ["outputMax"] = found.Outputs.Select(o => o.Maximum).ToArray(),
        ["argMin"] = found.Outputs.Select(o => o.ArgMinimum).ToArray(),
        ["argMax"] = found.Outputs.Select(o => o.ArgMaximum).ToArray(),
        ["lipschitz"] = found.Outputs.Select(o => new { l1 = o.Lipschitz.L1, l2 = o.Lipschitz.L2, linf = o.Lipschitz.LInf }).ToArray(),
        ["boundaryLength"] = found.Outputs[0].ZeroLength is null ? null : found.Outputs.Select(o => o.ZeroLength).ToArray(),
        ["volume"] = found.Volume,
        ["minMargin"] = found.SmallestMargin,
        ["exactRechecks"] = found.ExactDecisions,
        ["seconds"] = found.Seconds,
    };

    private static void Show(View view, ReluNetwork network, RegionSummary found)
    {
        view.Heading(network.ToString());
        view.Facts(
            ("activation regions", View.Count(found.ActivationRegions)),
            ("vertices of the complex", found.Vertices is long v ? View.Count(v) : "some are not simple"),
            ("smallest margin", View.Number(found.SmallestMargin)),
            ("exact decisions", View.Count(found.ExactDecisions)),
            ("seconds", View.Number(found.Seconds)));
        view.Table(["output", "minimum", "maximum", "Lipschitz l2", "l1", "linf"], found.Outputs.Select((o, i) => new[]
        {
            $"{i}", View.Number(o.Minimum), View.Number(o.Maximum), View.Number(o.Lipschitz.L2), View.Number(o.Lipschitz.L1), View.Number(o.Lipschitz.LInf),
        }));
    }
}
