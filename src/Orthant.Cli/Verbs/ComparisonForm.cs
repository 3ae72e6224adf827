using System.Collections.Immutable;
using System.Globalization;
using Orthant.Approximation;
using Orthant.Formats;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary><c>approximate --compare</c>: error against parameters for several methods on one function.</summary>
internal static class ComparisonForm
{
    public static Answer Run(VerbCall call, string text, TargetFunction function, double[] on, int most, string? svg, string? html, params string[] inputs)
    {
        ImmutableArray<MethodCurve> curves;
        using (ProgressLine progress = call.ShowProgress())
        {
            curves = MethodComparison.Of(function, on[0], on[1], new ComparisonOptions { MostPieces = most, Seed = call.Seed }, progress, call.Cancellation);
        }
        string title = string.Create(CultureInfo.InvariantCulture, $"{text} on [{on[0]:R}, {on[1]:R}]");
        string command = string.Create(CultureInfo.InvariantCulture, $"orthant approximate \"{text}\" {(inputs.Length > 0 ? "" : $"--on {on[0]:R},{on[1]:R} ")}--compare --pieces {most} --seed {call.Seed}");
        if (svg is not null) Write(svg, ComparisonPicture.Draw(title, curves).ToFile(), inputs);
        if (html is not null) Write(html, ComparisonPage.Render(title, curves, command), inputs);
        Dictionary<string, object?> json = new()
        {
            ["function"] = text,
            ["on"] = on,
            ["curves"] = curves.Select(c => new
            {
                name = c.Name,
                what = c.What,
                rate = c.Rate is FittedRate r ? new { law = r.Law, value = r.Value, scatter = r.Scatter } : null,
                points = c.Points.Select(p => new { size = p.Size, parameters = p.Parameters, error = p.Error, proved = p.IsProved }).ToArray(),
            }).ToArray(),
        };
        return new Answer(json, view =>
        {
            view.Heading($"{title}: error against parameters");
            view.Table(["method", "sizes", "parameters", "first error", "last error", "fitted rate"], curves.Select(c => (IEnumerable<string>)
            [
                c.Name, $"{c.Points[0].Size}–{c.Points[^1].Size}", $"{c.Points[0].Parameters}–{c.Points[^1].Parameters}", Error(c.Points[0]), Error(c.Points[^1]), c.Rate is FittedRate rate ? ComparisonPicture.Rate(rate) : "",
            ]));
            view.Line("~ seen on 8193 points; the others are proved");
            view.Next(html is null ? command + " --html out/comparison.html" : $"open {html}");
        });
    }

    private static string Error(MethodPoint point) => (point.IsProved ? "" : "~") + point.Error.ToString("G4", CultureInfo.InvariantCulture);

    private static void Write(string path, string content, string[] inputs)
    {
        OutputFolder.PrepareFor(path);
        OutputFile.WriteText(path, content, inputs);
    }
}
