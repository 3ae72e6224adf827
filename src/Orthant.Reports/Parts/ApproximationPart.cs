using Orthant.Approximation;
using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>How few straight pieces the network needs along the diagonal of its box: what a table or a smaller network could stand in for.</summary>
internal static class ApproximationPart
{
    private const int Samples = 2049;
    private const long MostOperations = 3_000_000_000;
    private static readonly int[] Pieces = [1, 2, 4, 8, 16, 32];

    /// <summary>The part, or null for a box that is a point, a network that is constant along the diagonal, and one too large to be walked along.</summary>
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        long weights = network.Layers.Sum(l => (long)l.Inputs * l.Outputs);
        if (weights * Samples > MostOperations || input.Lower.SequenceEqual(input.Upper)) return null;
        double[] t = [.. Enumerable.Range(0, Samples).Select(i => i / (Samples - 1.0))], y = new double[Samples], at = new double[network.Inputs];
        for (int i = 0; i < Samples; i++)
        {
            if (i % 64 == 0) cancellation.ThrowIfCancellationRequested();
            for (int k = 0; k < at.Length; k++) at[k] = input.Lower[k] + ((input.Upper[k] - input.Lower[k]) * t[i]);
            y[i] = network.Evaluate(at)[0];
        }
        double range = y.Max() - y.Min();
        if (!(range > 0) || !double.IsFinite(range)) return null;
        FittedSpline[] fits = [.. Pieces.Select(n => TableFit.WithPieces(t, y, n, null, cancellation))];
        FittedSpline hundredth = TableFit.WithError(t, y, 0.01 * range, null, cancellation), thousandth = TableFit.WithError(t, y, 0.001 * range, null, cancellation);
        string how = Evidence.Measured(Samples);
        string where = network.Inputs == 1 ? "over its interval" : "from the box's lower corner to its upper one";
        HtmlPart html = new();
        html.Paragraph($"The first output {where}, and the best continuous splines with free knots through {Samples} of its values. No spline with fewer pieces is as near.", how);
        html.Facts(
            ("range of the output there", Html.Number(range), how),
            ("pieces within 1 % of the range", Html.Count(hundredth.Spline.Pieces), how),
            ("pieces within 0.1 %", Html.Count(thousandth.Spline.Pieces), how),
            ("parameters as a one-layer network", Html.Count((3L * thousandth.Spline.Pieces) + 1), ""));
        html.Table(["pieces", "largest error", "of the range", "no spline of as many pieces below"], fits.Select((f, i) => (IReadOnlyList<string>)
        [
            Html.Count(Pieces[i]), Html.Number(f.Error), $"{Html.Number(100 * f.Error / range)} %", Html.Number(f.LowerBound),
        ]));
        html.Figure(Picture(t, y, hundredth.Spline), $"The output and the best spline within 1 % of its range: {hundredth.Spline.Pieces} pieces.", how);
        Dictionary<string, object?> json = new()
        {
            ["samples"] = Samples,
            ["range"] = range,
            ["piecesWithin1Percent"] = hundredth.Spline.Pieces,
            ["piecesWithin01Percent"] = thousandth.Spline.Pieces,
            ["best"] = fits.Select((f, i) => new { pieces = Pieces[i], error = f.Error, lowerBoundError = f.LowerBound }).ToArray(),
        };
        return new ReportSection("approximation", "In straight pieces", html.ToString(), json);
    }

    private static SvgPicture Picture(double[] t, double[] y, LinearSpline spline)
    {
        double margin = 0.05 * (y.Max() - y.Min());
        Plot plot = new(620, 260, "The output along the diagonal", $"An output from {y[0]:G3} to {y[^1]:G3} and a spline of {spline.Pieces} pieces",
            new Axis("place along the diagonal", 0, 1), new Axis("output", y.Min() - margin, y.Max() + margin));
        plot.Curve(t.Zip(y), "s0 thick", "network");
        plot.Curve(spline.Knots.Zip(spline.Values), "s1 dashed", "spline");
        foreach ((double x, double v) in spline.Knots.Zip(spline.Values)) plot.Picture.Circle(plot.X(x), plot.Y(v), 3, "s1");
        return plot.Finish();
    }
}
