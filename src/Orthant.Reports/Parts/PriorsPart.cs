using Orthant.Priors;

namespace Orthant.Reports.Parts;

/// <summary>What networks of these widths and scales say before they have seen data: the exact law of an output.</summary>
internal static class PriorsPart
{
    private const int MostLayers = 100, MostWidth = 20_000;

    /// <summary>The part, or null for a network that does not end in dense layers with a hidden one among them.</summary>
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        if (MatchOf(input) is not PriorMatch match) return null;
        if (match.Network.Hidden.Count is 0 or > MostLayers || match.Network.Hidden.Any(l => l.Width > MostWidth)) return null;
        // Behind layers that are left out, the norm of what reaches the dense ones is not known: 1 a unit stands for normalised features.
        double norm = match.Skipped > 0 ? Math.Sqrt(match.Network.Inputs) : TypicalNorm(input);
        if (!(norm > 0) || !double.IsFinite(norm)) return null;
        cancellation.ThrowIfCancellationRequested();
        PriorPredictive law = PriorPredictive.Of(match.Network, norm);
        double std = Math.Sqrt(law.SecondMoment);
        if (!(std > 0) || !double.IsFinite(std) || !double.IsFinite(law.Kurtosis)) return null;
        string norms = match.Skipped > 0 ? $"{Html.Number(norm)} (1 a feature)"
            : input.Data.IsEmpty ? $"{Html.Number(norm)} (root mean square over the box)" : $"{Html.Number(norm)} (root mean square of the data)";
        HtmlPart html = new();
        html.Paragraph("The law of one output at one input, over random networks with this file's widths and the deviations of its dense layers' weights, all normal.", Law);
        html.Facts(
            ("input norm", norms, ""),
            ("standard deviation of an output", Html.Number(std), Law),
            ("typical size, exp E log |f|", Html.Number(Math.Exp(law.LogMean)), Law),
            ("kurtosis (normal: 3)", Html.Number(law.Kurtosis), Law),
            ("exactly 0, a dead network", Html.Number(law.AtomAtZero), Law),
            ("distance to the Gaussian process limit (Kolmogorov)", Html.Number(law.KolmogorovDistanceToNormal()), Law));
        html.Table(["dense layer", "width", "weight deviation", "weight kurtosis", "weights look", "bias deviation"], match.Layers.Select(l => (IReadOnlyList<string>)
        [
            $"{l.Number}", Html.Count(l.Width), Html.Number(l.WeightStd), Html.Number(l.WeightKurtosis), l.WeightLaw.ToString().ToLowerInvariant(), Html.Number(l.BiasStd),
        ]));
        html.Figures([
            (PriorPicture.Density(law), "The density of an output; it is exactly 0 with the probability of the stem."),
            (PriorPicture.Tail(law), "How often an output is larger: deep networks have heavier tails than their Gaussian limit."),
            (PriorPicture.Fan(match.Network, norm), "Half of all networks lie in the inner band, nine tenths in the outer one."),
        ]);
        html.SubHeading("Where this does not apply");
        html.List(match.Notes);
        return new ReportSection("priors", "Before training", html.ToString(), new
        {
            inputNorm = norm,
            tau = law.Scale,
            variance = law.SecondMoment,
            kurtosis = law.Kurtosis,
            atomAtZero = law.AtomAtZero,
            logAtomAtZero = law.LogAtomAtZero,
            ksToNngp = law.KolmogorovDistanceToNormal(),
            layers = match.Layers,
            notes = match.Notes,
        });
    }

    private static string Law => Evidence.Computed("By the product of the layers' moment functions and one contour integral; relative errors of about 1e-12.");

    private static PriorMatch? MatchOf(ReportInput input)
    {
        try
        {
            return PriorMatch.Of(input.Network, input.FileName);
        }
        catch (OrthantInputException)
        {
            return null;
        }
    }

    /// <summary>The root mean square of an input's norm: of the rows given, or uniformly over the box.</summary>
    private static double TypicalNorm(ReportInput input)
    {
        if (!input.Data.IsEmpty)
        {
            double sum = 0;
            foreach (double x in input.Data.Span) sum += x * x;
            return Math.Sqrt(sum / (input.Data.Length / input.Network.Inputs));
        }
        return Math.Sqrt(input.Lower.Zip(input.Upper, (l, u) => ((l * l) + (l * u) + (u * u)) / 3).Sum());
    }
}
