using System.CommandLine;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>Says what a model file holds.</summary>
internal sealed class InspectVerb : Verb
{
    private readonly Argument<string> model = new("MODEL") { Description = "an .onnx or .json network, also .gz" };
    private readonly Option<string?> box = new("--box") { Description = "box for the lowering error (default: -1,1)", HelpName = "LO,HI" };

    public override string Name => "inspect";

    public override string Summary => "what a model file holds: sizes, layers, activations, and how exactly it was read";

    public override IReadOnlyList<string> Examples => ["./orthant inspect samples/spiral.onnx", "./orthant inspect samples/digits.onnx --json"];

    public override IReadOnlyList<Argument> Arguments => [model];

    public override IReadOnlyList<Option> Options => [box];

    public override Answer Run(VerbCall call)
    {
        LoadedModel loaded = ModelFile.Load(call.Get(model));
        ReluNetwork network = loaded.Network;
        (double[] lower, double[] upper) = ArgumentText.Box(call.Get(box) ?? "-1,1", network.Inputs);
        double loweringError = IntervalBounds.On(network, lower, upper).LoweringError.Max();
        Inspection inspection = new(
            network.Name, network.Inputs, network.Outputs, [.. network.HiddenWidths], network.UnitCount, network.Parameters,
            [.. network.Layers.Select(l => new LayerLine(l.Kind, l.Inputs, l.Outputs, l.Activations?.ToString()))],
            PiecewiseLinear: true, network.ElementType.ToString().ToLowerInvariant(), loweringError, [.. loaded.Notes], network.Metadata);
        return new Answer(inspection, view => Show(view, call.Get(model), network, inspection));
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
