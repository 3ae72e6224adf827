using Orthant.Priors;

namespace Orthant.Reports;

/// <summary>Draws a prior predictive law: its tail on logarithmic axes beside the normal law of the same variance.</summary>
public static class PriorPicture
{
    private const int Points = 240;

    /// <summary>Draws P(|f| &gt; x) from a hundredth of the standard deviation to where it is 10⁻¹².</summary>
    /// <param name="law">A law that is not the single point 0.</param>
    public static SvgPicture Draw(PriorPredictive law)
    {
        ArgumentNullException.ThrowIfNull(law);
        double std = Math.Sqrt(law.SecondMoment), far = law.UpperQuantile(1e-12);
        Axis x = new("|f|", std / 100, far, Logarithmic: true), y = new("P(|f| > x)", 1e-12, 1, Logarithmic: true);
        Plot plot = new(640, 420, "Tail of the prior predictive law", $"P(|f| > x) falls from {1 - law.AtomAtZero:G4}; the dashed line is the normal law of the same variance.", x, y);
        double[] at = [.. Enumerable.Range(0, Points).Select(i => std / 100 * Math.Pow(far / (std / 100), i / (Points - 1.0)))];
        plot.Curve(at.Select(v => (v, law.Survival(v))), "s0 thick", "exact");
        if (law.IsSymmetric) plot.Curve(at.Select(v => (v, law.Normal().Survival(v))).Where(p => p.Item2 > 1e-12), "s1 dashed", "Gaussian process limit");
        return plot.Finish();
    }
}
