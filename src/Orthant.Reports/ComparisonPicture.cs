using System.Globalization;
using Orthant.Approximation;

namespace Orthant.Reports;

/// <summary>Draws the errors of several methods against the parameters of their networks, on logarithmic axes.</summary>
public static class ComparisonPicture
{
    private const double Least = 1e-16, PlotWidth = 600, Height = 420, LegendWidth = 230;

    /// <summary>A curve a method, with its fitted rate in the legend; filled dots are proved errors, hollow ones were seen on a grid.</summary>
    /// <param name="title">The function.</param>
    /// <param name="curves">At least one, with a point each.</param>
    public static SvgPicture Draw(string title, IReadOnlyList<MethodCurve> curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        MethodPoint[] all = [.. curves.SelectMany(c => c.Points).Where(p => p.Error > Least)];
        if (all.Length == 0) throw new ArgumentException("There is no error to draw.", nameof(curves));
        Plot plot = new(PlotWidth, Height, title, "", new Axis("parameters", all.Min(p => p.Parameters) / 1.2, all.Max(p => p.Parameters) * 1.2, Logarithmic: true),
            new Axis("largest error", all.Min(p => p.Error) / 1.6, all.Max(p => p.Error) * 1.6, Logarithmic: true));
        SvgPicture picture = new(PlotWidth + LegendWidth, Height, $"Error against parameters: {title}", string.Join("; ", curves.Select(c =>
            string.Create(CultureInfo.InvariantCulture, $"{Name(c.Name)} from {c.Points[0].Error:G3} at {c.Points[0].Parameters} parameters to {c.Points[^1].Error:G3} at {c.Points[^1].Parameters}"))) + ".");
        for (int i = 0; i < curves.Count; i++)
        {
            plot.Curve(curves[i].Points.Select(p => ((double)p.Parameters, p.Error)), $"s{i % 8} thick");
            foreach (MethodPoint p in curves[i].Points.Where(p => p.Error > Least))
            {
                plot.Picture.Circle(plot.X(p.Parameters), plot.Y(p.Error), 3, p.IsProved ? $"s{i % 8}" : "paper");
                if (!p.IsProved) plot.Picture.Circle(plot.X(p.Parameters), plot.Y(p.Error), 3, $"s{i % 8} hollow");
            }
        }
        picture.Place(0, 0, plot.Finish());
        double at = 30;
        for (int i = 0; i < curves.Count; i++, at += 38)
        {
            picture.Line(PlotWidth + 6, at - 4, PlotWidth + 30, at - 4, $"s{i % 8} thick");
            picture.Label(PlotWidth + 38, at, Name(curves[i].Name), "ink small strong");
            picture.Label(PlotWidth + 38, at + 15, curves[i].Rate is FittedRate rate ? Rate(rate) : "no rate", "muted small");
        }
        picture.Circle(PlotWidth + 18, at - 4, 3, "muted");
        picture.Label(PlotWidth + 38, at, "proved", "muted small");
        picture.Circle(PlotWidth + 18, at + 14, 3, "muted hollow");
        picture.Label(PlotWidth + 38, at + 18, "seen on a grid", "muted small");
        return picture;
    }

    /// <summary>A fitted law as it is read: n^−2.00, exp(−0.31 √n).</summary>
    /// <param name="rate">The law.</param>
    public static string Rate(FittedRate rate)
    {
        ArgumentNullException.ThrowIfNull(rate);
        if (rate.Law == "n^-s" && Math.Abs(rate.Value) < 0.03) return "stands still";
        string s = Math.Abs(rate.Value).ToString(rate.Law == "n^-s" ? "F2" : "G3", CultureInfo.InvariantCulture), sign = rate.Value < 0 ? "" : "−";
        return rate.Law switch { "n^-s" => $"error ~ n^{sign}{s}", "exp(-s n)" => $"error ~ exp({sign}{s} n)", _ => $"error ~ exp({sign}{s} √n)" };
    }

    internal static string Name(string method) => string.Concat(method.Select(c => char.IsAsciiLetterUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{c}"));
}
