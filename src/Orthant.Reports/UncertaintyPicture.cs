using System.Globalization;
using Orthant.Uncertainty;

namespace Orthant.Reports;

/// <summary>Draws what probabilities are worth: the reliability diagram and the risk-coverage curve.</summary>
public static class UncertaintyPicture
{
    private const double Width = 460, Height = 340;

    /// <summary>Accuracy over confidence, one bar a bin, with the diagonal on which both agree.</summary>
    /// <param name="calibration">The bins.</param>
    public static SvgPicture Reliability(Calibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        Plot plot = new(Width, Height, "Reliability", string.Create(CultureInfo.InvariantCulture,
            $"Accuracy over confidence in {calibration.Bins.Length} bins; expected calibration error {calibration.ExpectedError:G4}."), new Axis("confidence", 0, 1), new Axis("accuracy", 0, 1))
        { Corner = LegendCorner.LowerLeft };
        plot.Bars(calibration.Bins.Select(b => (b.Lower, b.Upper, b.Accuracy)), "s0");
        plot.Curve([(0, 0), (1, 1)], "s1 dashed", "accuracy = confidence");
        plot.Curve(calibration.Bins.Select(b => (b.Confidence, b.Accuracy)), "s3", "mean of each bin");
        return plot.Finish();
    }

    /// <summary>The error among the most confident samples over the part of samples that is answered.</summary>
    /// <param name="risk">The curve.</param>
    public static SvgPicture Risk(RiskCoverage risk)
    {
        ArgumentNullException.ThrowIfNull(risk);
        double[] risks = risk.Risks.ToArray();
        int step = Math.Max(1, risks.Length / 400);
        double top = Math.Max(risks.Skip(risks.Length / 50).DefaultIfEmpty(0).Max(), 1e-3) * 1.1;
        Plot plot = new(Width, Height, "Risk and coverage", string.Create(CultureInfo.InvariantCulture,
            $"The error among the most confident samples; area {risk.Area:G4}, of the best order {risk.OracleArea:G4}."), new Axis("coverage", 0, 1), new Axis("error", 0, top));
        plot.Curve(Enumerable.Range(0, risks.Length).Where(k => k % step == step - 1 || k == risks.Length - 1).Select(k => ((k + 1.0) / risks.Length, risks[k])), "s0 thick");
        return plot.Finish();
    }
}
