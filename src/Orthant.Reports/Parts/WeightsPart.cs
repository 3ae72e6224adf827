using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>Weights and biases in summary, layer by layer.</summary>
internal static class WeightsPart
{
    private const int MostPictures = 12, Bins = 48;

    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        (string Name, AffineLayer Layer, WeightStatistics Statistics)[] layers = AffineLayers(input.Network)
            .Select(l => (l.Name, l.Layer, WeightStatistics.Of(l.Layer)!)).Where(l => l.Item3 is not null).ToArray();
        if (layers.Length == 0) return null;
        HtmlPart html = new();
        html.Paragraph("Gain is fan-in times the mean square of the weights: 2 keeps the size of signals through ReLUs (He), 1 through linear layers.", Evidence.Read);
        html.Table(["layer", "weights", "mean", "deviation", "least", "largest", "zeros", "gain", "biases"], layers.Select(l => (IReadOnlyList<string>)
        [
            l.Name, Html.Count(l.Statistics.Count), Html.Number(l.Statistics.Mean), Html.Number(l.Statistics.StandardDeviation),
            Html.Number(l.Statistics.Minimum), Html.Number(l.Statistics.Maximum), Html.Percent((double)l.Statistics.Zeros / l.Statistics.Count),
            Html.Number(l.Statistics.Gain), l.Layer.HasBias ? $"{Html.Number(l.Statistics.BiasMinimum)} … {Html.Number(l.Statistics.BiasMaximum)}" : "none",
        ]));
        html.Figures(layers.Take(MostPictures).Select(l => (Histogram(l.Name, l.Layer, l.Statistics), l.Name)));
        if (layers.Length > MostPictures) html.Paragraph($"Pictures of the first {MostPictures} of {layers.Length} layers.");
        return new ReportSection("weights", "Weights", html.ToString(), layers.Select(l => new { layer = l.Name, statistics = l.Statistics }));
    }

    private static IEnumerable<(string Name, AffineLayer Layer)> AffineLayers(ReluNetwork network) =>
        network.Layers.SelectMany((layer, i) => Within(layer, $"{i + 1}"));

    private static IEnumerable<(string Name, AffineLayer Layer)> Within(Layer layer, string number) => layer switch
    {
        AffineLayer affine => [($"{number}. {affine.Kind} {affine.Outputs}×{affine.Inputs}", affine)],
        ParallelLayer parallel => parallel.Branches.SelectMany((branch, b) => branch.SelectMany((inner, i) => Within(inner, $"{number}{(char)('a' + (b % 26))}{i + 1}"))),
        _ => [],
    };

    private static SvgPicture Histogram(string name, AffineLayer layer, WeightStatistics statistics)
    {
        long[] counts = WeightStatistics.Histogram(layer, Bins);
        double span = statistics.Maximum - statistics.Minimum, bin = span / Bins;
        Plot plot = new(300, 190, $"Weights of {name}", $"Histogram of {statistics.Count} weights from {statistics.Minimum:G4} to {statistics.Maximum:G4}",
            new Axis("weight", statistics.Minimum, statistics.Maximum), new Axis("count", 0, Math.Max(1, counts.Max())));
        plot.Bars(counts.Select((c, i) => (statistics.Minimum + (i * bin), statistics.Minimum + ((i + 1) * bin), (double)c)), "s0");
        return plot.Finish();
    }
}
