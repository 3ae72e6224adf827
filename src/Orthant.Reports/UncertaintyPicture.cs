using System.Globalization;
using Orthant.Uncertainty;

namespace Orthant.Reports;

/// <summary>Draws what probabilities are worth: reliability diagrams, risk-coverage curves, outlier scores, and how all of it changes when
/// images get worse.</summary>
public static class UncertaintyPicture
{
    private const double Width = 460, Height = 340;
    private const int RiskPoints = 50, HistogramBins = 40, LeastOfInterval = 10;

    /// <summary>Accuracy over confidence, one bar a bin, with the 95 % interval of bins of ten samples or more and the diagonal on which
    /// both agree.</summary>
    /// <param name="confidences">The largest probability of each sample.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="seed">The seed of the intervals' resamples.</param>
    public static SvgPicture Reliability(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, ulong seed = 0)
    {
        const int Bins = ClassificationMetrics.UsualBins;
        Calibration calibration = Calibration.EqualWidth(confidences, correct, Bins);
        Bootstrap[] band = Calibration.ReliabilityBand(confidences, correct, Bins, seed);
        Plot plot = new(Width, Height, "Reliability", string.Create(CultureInfo.InvariantCulture,
            $"Accuracy over confidence in {calibration.Bins.Length} bins; expected calibration error {calibration.ExpectedError:G4}."),
                new Axis("confidence", 0, 1), new Axis("accuracy", 0, 1))
        { Corner = LegendCorner.UpperLeft };
        plot.Bars(calibration.Bins.Select(b => (b.Lower, b.Upper, b.Accuracy)), "s0 soft");
        plot.Curve([(0, 0), (1, 1)], "s1 dashed", "accuracy = confidence");
        foreach (CalibrationBin bin in calibration.Bins)
        {
            Bootstrap of = band[(int)Math.Round(bin.Lower * Bins)];
            // Of a few samples resamples tell nothing: with two right and two wrong ones they reach from 0 to 1.
            if (bin.Count >= LeastOfInterval) plot.Interval(bin.Confidence, of.Lower, of.Upper, "s0 thick");
        }
        plot.Curve(calibration.Bins.Select(b => (b.Confidence, b.Accuracy)), "s3 thick", "mean of each bin, 95 % of resamples");
        return plot.Finish();
    }

    /// <summary>The error among the most confident samples over the part of samples that is answered, with a 95 % band and the best order's
    /// curve.</summary>
    /// <param name="confidences">The largest probability of each sample.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="seed">The seed of the band's resamples.</param>
    public static SvgPicture Risk(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, ulong seed = 0)
    {
        RiskCoverage risk = RiskCoverage.Of(confidences, correct);
        Bootstrap[] band = RiskCoverage.Band(confidences, correct, RiskPoints, seed);
        double[] risks = risk.Risks.ToArray();
        double wrong = risks[^1], top =
            Math.Max(Math.Max(band.Max(b => b.Upper), risks.Skip(risks.Length / RiskPoints).DefaultIfEmpty(0).Max()), 1e-3) * 1.1;
        Plot plot = new(Width, Height, "Risk and coverage", string.Create(CultureInfo.InvariantCulture,
            $"The error among the most confident samples; area {risk.Area:G4}, of the best order {risk.OracleArea:G4}."),
                new Axis("coverage", 0, 1), new Axis("error", 0, top))
        { Corner = LegendCorner.UpperLeft };
        plot.Band(band.Select((b, i) => ((i + 1.0) / RiskPoints, b.Lower, b.Upper)), "s0 soft");
        int step = Math.Max(1, risks.Length / 400), first = Math.Max(risks.Length / RiskPoints, 1) - 1;
        plot.Curve(Enumerable.Range(0, risks.Length).Where(k => k >= first
            && (k % step == step - 1 || k == risks.Length - 1)).Select(k => ((k + 1.0) / risks.Length, risks[k])), "s0 thick",
            "by confidence, 95 % of resamples");
        // All right samples first: no error up to the accuracy, then every further sample is wrong.
        plot.Curve(Enumerable.Range(0, 101).Select(i => 1 - wrong + (wrong * i / 100)).Select(c =>
            (c, c > 0 ? Math.Max(0, (c - (1 - wrong)) / c) : 0)).Prepend((0, 0)), "s1 dashed", "best order");
        return plot.Finish();
    }

    /// <summary>How a score is distributed inside and outside, each with area 1.</summary>
    /// <param name="name">The score.</param>
    /// <param name="inside">At least one number.</param>
    /// <param name="outside">At least one number.</param>
    public static SvgPicture Outliers(string name, IReadOnlyList<double> inside, IReadOnlyList<double> outside)
    {
        ArgumentNullException.ThrowIfNull(inside);
        ArgumentNullException.ThrowIfNull(outside);
        double low = Math.Min(inside.Min(), outside.Min()), high = Math.Max(inside.Max(), outside.Max());
        if (high == low) high = low + 1;
        double width = (high - low) / HistogramBins;
        double[] Density(IReadOnlyList<double> values)
        {
            double[] d = new double[HistogramBins];
            foreach (double v in values) d[Math.Min((int)((v - low) / width), HistogramBins - 1)] += 1 / (values.Count * width);
            return d;
        }
        double[] near = Density(inside), far = Density(outside);
        double auroc = DetectionMetrics.Of([.. inside], [.. outside]).Auroc;
        Plot plot = new(Width, Height, "Inside and elsewhere",
            string.Create(CultureInfo.InvariantCulture,
            $"The distribution of {name} on samples from inside and from elsewhere; AUROC {auroc:G4}."),
            new Axis(name, low, high), new Axis("density", 0, near.Concat(far).Max() * 1.05));
        plot.Bars(near.Select((d, i) => (low + (i * width), low + ((i + 1) * width), d)), "s0 soft");
        IEnumerable<(double, double)> Steps(double[] d) =>
            d.SelectMany((v, i) => new[] { (low + (i * width), v), (low + ((i + 1) * width), v) });
        plot.Curve(Steps(near), "s0 thick", "inside");
        plot.Curve(Steps(far), "s1 thick", "elsewhere");
        return plot.Finish();
    }

    /// <summary>A figure over the severity of corruptions, one curve a kind; severity 0 is the images themselves.</summary>
    /// <param name="figure">What is drawn, such as accuracy.</param>
    /// <param name="curves">At least one: a name and the figure at severities 0, 1, ….</param>
    public static SvgPicture Robustness(string figure, IReadOnlyList<(string Name, IReadOnlyList<double> Values)> curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        double[] all = [.. curves.SelectMany(c => c.Values).Where(double.IsFinite)];
        double low = all.Min(), high = all.Max(), room = Math.Max((high - low) * 0.08, 1e-3);
        bool falls = curves.Average(c => c.Values[^1] - c.Values[0]) < 0;
        Plot plot = new(Width, Height, $"{figure} on corrupted images",
            string.Join("; ", curves.Select(c =>
            string.Create(CultureInfo.InvariantCulture, $"{c.Name}: {c.Values[0]:G4} to {c.Values[^1]:G4}"))) + ".",
            new Axis("severity", 0, curves.Max(c => c.Values.Count) - 1) { IsWhole = true },
                new Axis(figure, Math.Max(low - room, Math.Min(low, 0)), high + room))
        { Corner = falls ? LegendCorner.LowerLeft : LegendCorner.UpperLeft };
        for (int i = 0; i < curves.Count; i++)
        {
            plot.Curve(curves[i].Values.Select((v, s) => ((double)s, v)), $"s{i % 8} thick", curves[i].Name);
            for (int s = 0; s < curves[i].Values.Count; s++) plot.Picture.Circle(plot.X(s), plot.Y(curves[i].Values[s]), 3, $"s{i % 8}");
        }
        return plot.Finish();
    }
}
