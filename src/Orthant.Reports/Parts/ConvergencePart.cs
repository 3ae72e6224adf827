using Orthant.Convergence;
using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>How near the layers that keep the width are to the identity, what each changes, and which could go.</summary>
internal static class ConvergencePart
{
    private const int MostRows = 60;
    private const long MostEntries = 60_000_000;

    /// <summary>The part, or null for a network in which no layer keeps the width.</summary>
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        if (!network.Layers.Any(l => l.Inputs == l.Outputs && l is AffineLayer or ParallelLayer { IsResidual: true })) return null;
        // Norms need the matrices in full: a network whose convolutions would not fit is left out.
        if (network.Layers.OfType<AffineLayer>().Sum(l => (long)l.Inputs * l.Outputs) > MostEntries) return null;
        cancellation.ThrowIfCancellationRequested();
        DepthProfile profile = DepthProfile.Of(network, [.. input.Lower], [.. input.Upper], input.Data.IsEmpty ? null : input.Data.ToArray());
        string how = input.Data.IsEmpty ? Evidence.Sampled(256) : Evidence.Measured(input.Data.Length / network.Inputs);
        HtmlPart html = new();
        html.Paragraph("A sequence of layers with Σ‖W − I‖ and Σ‖b‖ finite has a limit of infinite depth. Distances to the identity are upper bounds (of a residual block: "
            + "of its branch's Lipschitz constant).", Evidence.Interval);
        html.Table(["layer", "‖W − I‖ l1", "l2", "linf", "‖b‖", "update, mean", "largest", "always on", "always off"], profile.Layers.Take(MostRows).Select(l => (IReadOnlyList<string>)
        [
            l.Name, Text(l.DistanceL1), Text(l.DistanceL2), Text(l.DistanceLInf), Html.Number(l.BiasL2), Text(l.RelativeUpdate), Text(l.LargestUpdate), Html.Count(l.AlwaysOn), Html.Count(l.AlwaysOff),
        ]));
        if (profile.Layers.Length > MostRows) html.Paragraph($"The first {MostRows} of {profile.Layers.Length} layers.");
        html.Paragraph("Updates are ‖N_k − N_(k−1)‖/‖N_k‖.", how);
        foreach (string advice in profile.Advice) html.Paragraph(advice);
        if (profile.Removable.Length > 0)
        {
            html.Paragraph("Leaving one of these layers out changes the outputs (l2) by at most:", Evidence.Interval);
            html.Table(["layer", "anywhere on the box", "at the inputs seen"], profile.Removable.Take(10).Select(r => (IReadOnlyList<string>)[$"{r.Layer}", Html.Number(r.ErrorOnBox), Text(r.ErrorOnInputs)]));
        }
        if (profile.Layers.Count(l => l.DistanceL2 > 0) > 2) html.Figure(Picture(profile), "Distance to the identity, and the mean relative update, layer by layer.", how);
        Dictionary<string, object?> json = new()
        {
            ["layers"] = profile.Layers,
            ["removable"] = profile.Removable,
            ["lipschitzL2"] = profile.LipschitzL2,
            ["fittedDecay"] = profile.FittedDecay,
            ["advice"] = profile.Advice,
        };
        return new ReportSection("convergence", "Depth", html.ToString(), json);
    }

    private static SvgPicture Picture(DepthProfile profile)
    {
        (double X, double Y)[] distances = [.. profile.Layers.Select((l, i) => (i + 1.0, l.DistanceL2 ?? 0)).Where(p => p.Item2 > 0)];
        (double X, double Y)[] updates = [.. profile.Layers.Select((l, i) => (i + 1.0, l.RelativeUpdate ?? 0)).Where(p => p.Item2 > 0)];
        double low = distances.Concat(updates).Min(p => p.Y), high = distances.Concat(updates).Max(p => p.Y);
        Plot plot = new(620, 260, "Depth profile", $"Upper bounds of the distance to the identity of {distances.Length} layers, from {distances[0].Y:G3} to {distances[^1].Y:G3}",
            new Axis("layer", 1, profile.Layers.Length), new Axis("size", low / 1.5, high * 1.5, Logarithmic: true));
        plot.Curve(distances, "s0 thick", "‖W − I‖ in l2");
        plot.Curve(updates, "s1 thick", "mean relative update");
        return plot.Finish();
    }

    private static string Text(double? value) => value is double v ? Html.Number(v) : "";
}
