using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>What the file is: sizes, layers, notes of its reader, and a drawing of its widths.</summary>
internal static class NetworkPart
{
    public static ReportSection Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        HtmlPart html = new();
        html.Facts(
            ("inputs", Html.Count(network.Inputs), Evidence.Read),
            ("outputs", Html.Count(network.Outputs), Evidence.Read),
            ("layers with a choice of pieces", Html.Count(network.Sites.Length), Evidence.Read),
            ("neurons", Html.Count(network.UnitCount), Evidence.Read),
            ("parameters", Html.Count(network.Parameters), Evidence.Read),
            ("numbers stored as", network.ElementType.ToString().ToLowerInvariant(), Evidence.Read));
        html.Figure(Widths(network), "Numbers that each layer passes on, from the input at the left; taller is wider (on a scale of square roots).");
        html.Table(["layer", "inputs", "outputs", "activation", "parameters"], network.Layers.Select((layer, i) => (IReadOnlyList<string>)
            [$"{i + 1}. {layer.Kind}", Html.Count(layer.Inputs), Html.Count(layer.Outputs), layer.Activations?.ToString() ?? "", Html.Count(layer.Parameters)]));
        if (!input.Notes.IsEmpty)
        {
            html.SubHeading("Notes on reading it");
            html.List(input.Notes);
        }
        if (!network.Metadata.IsEmpty)
        {
            html.SubHeading("Metadata");
            html.Table(["key", "value"], network.Metadata.Take(40).Select(m => (IReadOnlyList<string>)[Shorten(m.Key), Shorten(m.Value)]));
        }
        return new ReportSection("network", "What the file is", html.ToString(), new
        {
            inputs = network.Inputs,
            outputs = network.Outputs,
            neurons = network.UnitCount,
            parameters = network.Parameters,
            dataType = network.ElementType.ToString().ToLowerInvariant(),
            layers = network.Layers.Select(l => new { kind = l.Kind, inputs = l.Inputs, outputs = l.Outputs, activation = l.Activations?.ToString(), parameters = l.Parameters }),
            notes = input.Notes,
        });
    }

    private static SvgPicture Widths(ReluNetwork network)
    {
        int[] widths = [network.Inputs, .. network.Layers.Select(l => l.Outputs)];
        string[] names = ["input", .. network.Layers.Select(l => l.Kind)];
        const double width = 460, height = 170, middle = 78;
        SvgPicture picture = new(width, height, "Layer widths", $"Widths from input to output: {string.Join(", ", widths.Take(60))}");
        double step = width / widths.Length, largest = Math.Sqrt(widths.Max());
        int labelEvery = Math.Max(1, (int)Math.Ceiling(64 / step));
        for (int i = 0; i < widths.Length; i++)
        {
            double half = Math.Max(2, 62 * Math.Sqrt(widths[i]) / largest), x = (i + 0.5) * step, bar = Math.Min(34, step * 0.62);
            bool hasKinks = i > 0 && (network.Layers[i - 1].Activations is { IsIdentity: false } || network.Layers[i - 1] is MaxPoolLayer or ParallelLayer);
            picture.Rectangle(x - (bar / 2), middle - half, bar, 2 * half, hasKinks ? "s0" : "s7", $"{names[i]}: {widths[i]}");
            if (i + 1 < widths.Length) picture.Line(x + (bar / 2), middle, x + step - (bar / 2), middle, "muted thin");
            if (i % labelEvery != 0 && i != widths.Length - 1) continue;
            picture.Label(x, middle + 80, widths[i].ToString(System.Globalization.CultureInfo.InvariantCulture), "middle ink small");
        }
        return picture;
    }

    private static string Shorten(string text) => text.Length <= 160 ? text : text[..157] + "…";
}
