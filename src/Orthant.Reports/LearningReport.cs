using System.Globalization;
using Orthant.Learning;
using Orthant.Networks;

namespace Orthant.Reports;

/// <summary>A page about a network that was learned from samples: the spectrum of each round beside what chance reaches, and the function
/// on its plane.</summary>
public static class LearningReport
{
    private const int Size = 241, MostBars = 24;

    /// <summary>The page, one file without a script.</summary>
    /// <param name="learned">What was learned.</param>
    /// <param name="fileName">The samples' name.</param>
    /// <param name="rivals">What other methods made of the samples; may be empty.</param>
    /// <param name="command">The command that made it; may be empty.</param>
    public static string Render(LearnedNetwork learned, string fileName, IReadOnlyList<RivalResult> rivals, string command = "")
    {
        ArgumentNullException.ThrowIfNull(learned);
        ArgumentNullException.ThrowIfNull(fileName);
        ArgumentNullException.ThrowIfNull(rivals);
        List<ReportSection> sections = [Summary(learned), Evidence(learned)];
        if (learned.Dimension > 0) sections.Add(Function(learned));
        if (rivals.Count > 0) sections.Add(Rivals(rivals));
        int d = learned.Network.Inputs;
        ReportInput input = new()
        {
            Network = learned.Network,
            FileName = fileName,
            Lower = [.. new double[d]],
            Upper = [.. new double[d]],
            BoxSource = "",
            Command = command,
        };
        return ReportPage.Render(input, sections);
    }

    /// <summary>The eigenvalues of a filter in one round beside the level that chance reaches.</summary>
    /// <param name="evidence">What the filter showed.</param>
    public static SvgPicture Spectrum(FilterEvidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        double[] values = [.. evidence.Spectrum.Take(MostBars).Select(v => Math.Max(v, 1e-12))];
        double low = Math.Min(values.Min(), evidence.NullMean) / 1.5, high = Math.Max(values.Max(), evidence.NullQuantile) * 1.5;
        // Within a decade a logarithmic axis has a mark or none.
        bool isWide = high > 10 * low;
        Plot plot = new(440, 300, $"Round {evidence.Round}, {evidence.Filter}", string.Create(CultureInfo.InvariantCulture,
            $"{evidence.Significant} of {evidence.Spectrum.Length} eigenvalues exceed {evidence.NullQuantile:G3}; "
            + $"the largest is {evidence.Eigenvalue:G3}."),
            new Axis("direction", 0.4, values.Length + 0.6) { IsWhole = true },
            new Axis("eigenvalue", isWide ? low : 0, high, Logarithmic: isWide));
        plot.Bars(values.Select((v, i) => (i + 0.6, i + 1.4, v)).Take(evidence.Significant), "s0");
        plot.Bars(values.Select((v, i) => (i + 0.6, i + 1.4, v)).Skip(evidence.Significant), "s7 soft");
        plot.Curve([(0.4, evidence.NullQuantile), (values.Length + 0.6, evidence.NullQuantile)], "s1 thick dashed", "what chance reaches");
        return plot.Finish();
    }

    /// <summary>The learned function along two directions of its basis, or along its only one.</summary>
    /// <param name="learned">A network of at least one direction.</param>
    /// <param name="first">The horizontal direction, from 0.</param>
    /// <param name="second">The vertical direction; not used where there is one only.</param>
    public static SvgPicture OnPlane(LearnedNetwork learned, int first, int second)
    {
        ArgumentNullException.ThrowIfNull(learned);
        ReluNetwork network = learned.Network;
        double reach = 3 * learned.BasisSpread[first];
        double[] Point(double s, double t) => [.. Enumerable.Range(0, network.Inputs).Select(i =>
            learned.Centre[i] + (s * learned.Basis[first][i]) + (learned.Dimension > 1 ? t * learned.Basis[second][i] : 0))];
        if (learned.Dimension == 1)
        {
            (double, double)[] curve =
                [.. Enumerable.Range(0, Size).Select(i => ((2.0 * i / (Size - 1)) - 1) * reach)
                .Select(s => (s, network.Evaluate(Point(s, 0))[0]))];
            double low = curve.Min(p => p.Item2), high = curve.Max(p => p.Item2);
            Plot line = new(440, 300, "The learned function", "Along its only direction.", new Axis("direction 1", -reach, reach),
                new Axis("value", low, high > low ? high : low + 1));
            line.Curve(curve, "s0 thick");
            return line.Finish();
        }
        double up = 3 * learned.BasisSpread[second];
        double[] points = new double[Size * Size * network.Inputs], values = new double[Size * Size];
        for (int i = 0; i < values.Length; i++)
        {
            Point(((2.0 * (i % Size) / (Size - 1)) - 1) * reach, ((2.0 * (i / Size) / (Size - 1)) - 1) * up)
                .CopyTo(points, i * network.Inputs);
        }
        network.Evaluate<double>(values.Length, points, values);
        double least = values.Min(), largest = values.Max();
        PixelImage image = new(Size, Size);
        double[,] grid = new double[Size, Size];
        for (int i = 0; i < values.Length; i++)
        {
            grid[i / Size, i % Size] = values[i];
            image.Set(i % Size, Size - 1 - (i / Size), ColourMap.At(largest > least ? (values[i] - least) / (largest - least) : 0.5));
        }
        Plot plot = new(440, 410, $"The learned function on directions {first + 1} and {second + 1}",
            string.Create(CultureInfo.InvariantCulture, $"Values from {least:G4} to {largest:G4}."),
            new Axis($"direction {first + 1}", -reach, reach), new Axis($"direction {second + 1}", -up, up));
        plot.Background(image);
        if (least < 0 && largest > 0)
        {
            plot.Segments(ContourLines.At(grid, 0)
                .Select(l => (Across(l.X1, reach), Across(l.Y1, up), Across(l.X2, reach), Across(l.Y2, up))), "paper bold");
        }
        return plot.Finish();
    }

    /// <summary>Three digits: these are measurements.</summary>
    private static string Short(double value) =>
        Html.Number(double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));

    private static double Across(double at, double reach) => ((2 * at / (Size - 1)) - 1) * reach;

    private static ReportSection Summary(LearnedNetwork learned)
    {
        HtmlPart html = new();
        string held = Reports.Evidence.Measured(learned.HeldOutRows);
        html.Facts(
            ("hidden directions", $"{learned.Dimension}", held),
            ("error / target's deviation", learned.HeldOutError is double e ? Short(e) : "nothing was learned", held),
            ("network", learned.Network.ToString(), Reports.Evidence.Read),
            ("form", learned.Dimension == 0 ? "the targets' mean" : learned.IsHomogeneous ? "homogeneous, no biases" : "with biases",
            Reports.Evidence.Computed("By a test on nearest neighbours.")));
        foreach (string note in learned.Notes) html.Paragraph(note);
        if (learned.Directions.Length > 0)
        {
            html.Table(["direction", "share of the squared gradient", "error without it", "angle to the hidden subspace, 95 %"],
                learned.Directions.Select((d, i) => (IReadOnlyList<string>)
                [$"{i + 1}", Html.Percent(d.GradientShare), Short(d.ErrorWithout), $"at most {Short(d.Angle95 * 180 / Math.PI)}°"]));
        }
        return new ReportSection("summary", "What was learned", html.ToString(), new { });
    }

    private static ReportSection Evidence(LearnedNetwork learned)
    {
        HtmlPart html = new();
        html.Paragraph("In each round the inputs of slices of the label, or of what the fit so far leaves of it, are compared. "
            + "Off the hidden directions they differ by chance alone, "
            + "and how much chance can do does not depend on the label.",
                Reports.Evidence.Computed("Null law by Bartlett's factorisation; 0.03 % a round."));
        html.Table(["round", "filter", "largest eigenvalue", "chance reaches", "z", "significant", "taken"],
            learned.Rounds.Select(r => (IReadOnlyList<string>)
            [$"{r.Round}", r.Filter, Short(r.Eigenvalue), Short(r.NullQuantile), double.IsNaN(r.Z) ? "" : Html.Number(Math.Round(r.Z, 1)),
                $"{r.Significant}", r.Accepted ? "yes" : ""]));
        html.Figures(learned.Rounds.GroupBy(r => r.Round).Select(g => g.FirstOrDefault(r => r.Accepted) ?? g.MaxBy(r => r.Z)!)
            .Select(r => (Spectrum(r),
                $"Round {r.Round}, filter {r.Filter}: {r.Significant} significant{(r.Accepted ? ", taken" : "")}.")));
        return new ReportSection("evidence", "Evidence", html.ToString(), new { });
    }

    private static ReportSection Function(LearnedNetwork learned)
    {
        HtmlPart html = new();
        List<(SvgPicture, string)> pictures = [];
        int k = Math.Min(learned.Dimension, 4);
        if (k == 1) pictures.Add((OnPlane(learned, 0, 0), "Along the only direction."));
        for (int i = 0; i < k; i++)
        {
            for (int j = i + 1; j < k && pictures.Count < 6; j++)
            {
                SvgPicture picture = OnPlane(learned, i, j);
                pictures.Add((picture,
                    $"Directions {i + 1} and {j + 1}, three standard deviations each way, the others 0; "
                    + "dark is low, the white line is zero. "
                    + picture.Description));
            }
        }
        html.Figures(pictures);
        return new ReportSection("function", "The function on its directions", html.ToString(), new { });
    }

    private static ReportSection Rivals(IReadOnlyList<RivalResult> rivals)
    {
        HtmlPart html = new();
        html.Table(["method", "sine to the learned directions", "error on held-out rows", "seconds"],
            rivals.Select(r => (IReadOnlyList<string>)
            [r.Method, r.SineToLearned is double s ? Short(s) : "", Short(r.HeldOutError), Html.Number(Math.Round(r.Seconds, 2))]));
        return new ReportSection("rivals", "Other methods on the same rows", html.ToString(), new { });
    }
}
