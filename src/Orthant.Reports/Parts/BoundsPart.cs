using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>Ranges and Lipschitz constants of the outputs on the box: intervals from above, a sample from below.</summary>
internal static class BoundsPart
{
    private const int MostOutputs = 40;

    public static ReportSection Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        IntervalBounds bounds = IntervalBounds.On(network, input.Lower.AsSpan(), input.Upper.AsSpan());
        int samples = Budget.Samples(network, 2048);
        double[] x = BoxSample.Uniform(input.Lower.AsSpan(), input.Upper.AsSpan(), samples, input.Seed);
        (double[] least, double[] largest, double[] steepest) = Sample(network, samples, x, cancellation);
        HtmlPart html = new();
        html.Paragraph($"On the box {BoxText(input)} ({input.BoxSource}). Between a bound and what the sample saw lies the truth.", Evidence.Interval);
        html.Table(["output", "at least", "seen least", "seen largest", "at most", "slope seen", "slope at most (l2)", "(l1)", "(linf)"],
            Enumerable.Range(0, Math.Min(network.Outputs, MostOutputs)).Select(i => (IReadOnlyList<string>)
            [
                $"{i}", Html.Number(bounds.Outputs[i].Lower), Html.Number(least[i]), Html.Number(largest[i]), Html.Number(bounds.Outputs[i].Upper),
                Html.Number(steepest[i]), Html.Number(bounds.Gradients[i].L2), Html.Number(bounds.Gradients[i].L1), Html.Number(bounds.Gradients[i].LInf),
            ]));
        if (network.Outputs > MostOutputs) html.Paragraph($"The first {MostOutputs} of {network.Outputs} outputs; report.json has all.");
        html.Figure(Ranges(network, bounds, least, largest),
            "Ranges of the outputs: the thin line is the interval bound, the thick one what the sample saw.", Evidence.Sampled(samples));
        double lowering = bounds.LoweringError.Max();
        html.Facts(("file and network differ by at most", lowering == 0 ? "0 (no constant was rounded)" : Html.Number(lowering), Evidence.Interval));
        return new ReportSection("bounds", "Range and Lipschitz bounds", html.ToString(), new
        {
            box = new { lower = input.Lower, upper = input.Upper, source = input.BoxSource },
            method = "interval arithmetic, rounded outward",
            outputs = Enumerable.Range(0, network.Outputs).Select(i => new
            {
                lower = bounds.Outputs[i].Lower,
                upper = bounds.Outputs[i].Upper,
                sampledMin = least[i],
                sampledMax = largest[i],
                lipschitzBound = new { l1 = bounds.Gradients[i].L1, l2 = bounds.Gradients[i].L2, linf = bounds.Gradients[i].LInf },
                sampledGradientL2 = steepest[i],
            }),
            samples,
            loweringError = bounds.LoweringError,
        });
    }

    private static (double[] Least, double[] Largest, double[] Steepest) Sample(ReluNetwork network, int samples, double[] x, CancellationToken cancellation)
    {
        double[] least = new double[network.Outputs], largest = new double[network.Outputs], steepest = new double[network.Outputs];
        Array.Fill(least, double.PositiveInfinity);
        Array.Fill(largest, double.NegativeInfinity);
        double[] y = new double[samples * network.Outputs];
        network.Evaluate<double>(samples, x, y);
        for (int i = 0; i < y.Length; i++)
        {
            int output = i % network.Outputs;
            least[output] = Math.Min(least[output], y[i]);
            largest[output] = Math.Max(largest[output], y[i]);
        }
        for (int row = 0; row < Math.Min(samples, Budget.Gradients(network, 64)); row++)
        {
            cancellation.ThrowIfCancellationRequested();
            double[,] gradient = network.PieceAt(x.AsSpan(row * network.Inputs, network.Inputs)).Gradient;
            for (int i = 0; i < network.Outputs; i++)
            {
                double squares = 0;
                for (int j = 0; j < network.Inputs; j++) squares += gradient[i, j] * gradient[i, j];
                steepest[i] = Math.Max(steepest[i], Math.Sqrt(squares));
            }
        }
        return (least, largest, steepest);
    }

    private static SvgPicture Ranges(ReluNetwork network, IntervalBounds bounds, double[] least, double[] largest)
    {
        int shown = Math.Min(network.Outputs, MostOutputs);
        double low = bounds.Outputs.Take(shown).Min(o => o.Lower), high = bounds.Outputs.Take(shown).Max(o => o.Upper);
        Plot plot = new(460, 90 + (16 * shown), "Output ranges", "One line an output: interval bound and sampled range.",
            new Axis("value", low, high), new Axis("output", shown - 0.5, -0.5));
        for (int i = 0; i < shown; i++)
        {
            plot.Picture.Line(plot.X(bounds.Outputs[i].Lower), plot.Y(i), plot.X(bounds.Outputs[i].Upper), plot.Y(i), "s0");
            double from = plot.X(least[i]), to = plot.X(largest[i]);
            plot.Picture.Rectangle(from, plot.Y(i) - 3.5, Math.Max(1.5, to - from), 7, "s0");
        }
        return plot.Finish();
    }

    private static string BoxText(ReportInput input)
    {
        bool cube = input.Lower.Distinct().Count() == 1 && input.Upper.Distinct().Count() == 1;
        return cube ? $"[{Html.Number(input.Lower[0])}, {Html.Number(input.Upper[0])}]^{input.Lower.Length}"
            : string.Join(" × ", input.Lower.Zip(input.Upper, (l, u) => $"[{Html.Number(l)}, {Html.Number(u)}]").Take(8)) + (input.Lower.Length > 8 ? " × …" : "");
    }
}
