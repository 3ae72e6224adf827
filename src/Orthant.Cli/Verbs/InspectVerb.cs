using System.CommandLine;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>Says what a file holds: a model, data, a property or a certificate.</summary>
internal sealed class InspectVerb : Verb
{
    private readonly Argument<string> model = new("FILE") { Description = "a network (.onnx, .json, .nnet), data as --data of other verbs takes them, a .vnnlib property or a certificate" };
    private readonly Option<string?> box = new("--box") { Description = "box for the lowering error (default: -1,1)", HelpName = "LO,HI" };

    public override string Name => "inspect";

    public override string Summary => "what a file holds: a network's layers and how exactly it was read, data, a property, a certificate";

    public override IReadOnlyList<string> Examples => ["./orthant inspect samples/spiral.onnx", "./orthant inspect samples/spiral.csv --json"];

    public override IReadOnlyList<Argument> Arguments => [model];

    public override IReadOnlyList<Option> Options => [box];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(model), plain = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        string kind = Path.GetExtension(plain).ToLowerInvariant();
        if (kind is not (".onnx" or ".json" or ".nnet") || path.Contains(',', StringComparison.Ordinal))
        {
            if (call.Has(box)) throw new OrthantInputException("command line", "--box", $"beside {path}", "only with a network");
            return kind == ".vnnlib" ? FileInspection.OfProperty(path) : FileInspection.OfData(path);
        }
        if (kind == ".json" && FileInspection.OfCertificate(path) is { } claim) return claim;
        LoadedModel loaded = ModelFile.Load(path);
        ReluNetwork network = loaded.Network;
        (double[] lower, double[] upper) = ArgumentText.Box(call.Get(box) ?? "-1,1", network.Inputs);
        double loweringError = IntervalBounds.On(network, lower, upper).LoweringError.Max();
        Inspection inspection = new(
            network.Name, network.Inputs, network.Outputs, [.. network.HiddenWidths], network.UnitCount, network.Parameters,
            [.. network.Layers.Select(l => new LayerLine(l.Kind, l.Inputs, l.Outputs, l.Activations?.ToString()))],
            PiecewiseLinear: true, network.ElementType.ToString().ToLowerInvariant(), loweringError, [.. loaded.Notes], network.Metadata);
        return new Answer(inspection, view => Show(view, path, network, inspection));
    }

    private static void Show(View view, string path, ReluNetwork network, Inspection found)
    {
        view.Heading(network.ToString());
        view.Facts(
            ("file", path),
            ("inputs, outputs", $"{View.Count(found.Inputs)}, {View.Count(found.Outputs)}"),
            ("neurons", View.Count(found.Neurons)),
            ("parameters", View.Count(found.Parameters)),
            ("numbers", found.DataType),
            ("lowering error", found.LoweringError == 0 ? "0 (exact: no constant was rounded)" : $"at most {View.Number(found.LoweringError)} on the box"));
        view.Table(["layer", "inputs", "outputs", "activation"], found.Layers.Select((l, i) =>
            new[] { $"{i + 1}. {l.Kind}", View.Count(l.Inputs), View.Count(l.Outputs), l.Activation ?? "" }));
        foreach (string note in found.Notes) view.Line($"note: {note}");
        view.Next($"orthant report {path} --out out");
    }

    private sealed record LayerLine(string Kind, int Inputs, int Outputs, string? Activation);

    private sealed record Inspection(
        string Name, int Inputs, int Outputs, int[] HiddenWidths, int Neurons, long Parameters, LayerLine[] Layers,
        bool PiecewiseLinear, string DataType, double LoweringError, string[] Notes, IReadOnlyDictionary<string, string> Metadata);
}
