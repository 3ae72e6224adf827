using Orthant.Approximation;

namespace Orthant.Reports;

/// <summary>A comparison of methods as one page without scripts or addresses outside itself: picture, rates and all numbers.</summary>
public static class ComparisonPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="title">The function and its interval.</param>
    /// <param name="curves">At least one, with a point each.</param>
    /// <param name="command">The command that repeats it.</param>
    public static string Render(string title, IReadOnlyList<MethodCurve> curves, string command)
    {
        ArgumentNullException.ThrowIfNull(curves);
        HtmlPart html = new();
        html.Paragraph("The largest error of each method against the parameters of its ReLU network, zeros counted. A steeper curve makes more of its parameters.");
        html.Figure(ComparisonPicture.Draw(title, curves), "Filled dots are errors proved by interval arithmetic, hollow ones were seen on 8193 points.");
        html.Table(["method", "points", "fitted rate", "scatter", "last error", "its parameters"], curves.Select(c => (IReadOnlyList<string>)
        [
            ComparisonPicture.Name(c.Name), Html.Count(c.Points.Length), c.Rate is FittedRate r ? ComparisonPicture.Rate(r) : "", c.Rate is FittedRate s ? s.Scatter.ToString("G2", System.Globalization.CultureInfo.InvariantCulture) : "",
            Html.Number(c.Points[^1].Error), Html.Count(c.Points[^1].Parameters),
        ]));
        html.Paragraph("Rates are fitted to the later two thirds of the points; scatter is the root mean square of what is left of the errors' logarithms.");
        foreach (MethodCurve curve in curves)
        {
            html.SubHeading(ComparisonPicture.Name(curve.Name));
            html.Paragraph(char.ToUpperInvariant(curve.What[0]) + curve.What[1..] + ".");
            html.Table(["size", "parameters", "error", "how"], curve.Points.Select(p => (IReadOnlyList<string>)[Html.Count(p.Size), Html.Count(p.Parameters), Html.Number(p.Error), p.IsProved ? "proved" : "seen"]));
        }
        return ReportPage.Single(title, "How fast networks approach a function", html.ToString(), command);
    }
}
