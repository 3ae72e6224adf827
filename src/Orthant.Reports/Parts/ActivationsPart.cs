using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>How units behave: on a sample of the box or on the user's data, and what intervals prove.</summary>
internal static class ActivationsPart
{
    private const int Samples = 4096, MostPictures = 12, Bins = 40;

    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        if (network.UnitCount == 0) return null;
        bool onData = !input.Data.IsEmpty;
        int rows = onData ? input.Data.Length / network.Inputs : Budget.Samples(network, Samples);
        double[] x = onData ? input.Data.ToArray() : BoxSample.Uniform(input.Lower.AsSpan(), input.Upper.AsSpan(), rows, input.Seed);
        ActivationStatistics statistics = ActivationStatistics.On(network, rows, x, cancellation);
        IntervalBounds bounds = IntervalBounds.On(network, input.Lower.AsSpan(), input.Upper.AsSpan());
        (int On, int Off)[] proved = network.Sites.Select(s => Proved(network, bounds, s)).ToArray();
        string evidence = onData ? Evidence.Measured(rows) : Evidence.Sampled(rows);
        HtmlPart html = new();
        html.Facts(
            ("different activation patterns met", Html.Count(statistics.DistinctPatterns), evidence),
            ("units always off", Html.Count(statistics.Sites.Sum(s => s.AlwaysOff)), evidence),
            ("units always on", Html.Count(statistics.Sites.Sum(s => s.AlwaysOn)), evidence),
            ("proved off on the whole box", Html.Count(proved.Sum(p => p.Off)), Evidence.Interval),
            ("proved on on the whole box", Html.Count(proved.Sum(p => p.On)), Evidence.Interval));
        html.Table(["layer", "units", "mean share on", "always off", "always on", "proved off", "proved on"], statistics.Sites.Select((s, i) => (IReadOnlyList<string>)
        [
            $"{s.Site.Index + 1}. {s.Site.Kind}", Html.Count(s.Site.Units), Html.Percent(s.MeanShare), Html.Count(s.AlwaysOff), Html.Count(s.AlwaysOn),
            Html.Count(proved[s.Site.Index].Off), Html.Count(proved[s.Site.Index].On),
        ]));
        html.Figures(statistics.Sites.Take(MostPictures).Select(s => (Histogram(s), $"{s.Site.Index + 1}. {s.Site.Kind}: {s.Site.Units} units")));
        return new ReportSection("activations", "Activations", html.ToString(), new
        {
            samples = rows,
            source = onData ? "data" : "uniform on the box",
            distinctPatterns = statistics.DistinctPatterns,
            sites = statistics.Sites.Select(s => new
            {
                site = s.Site.Index,
                units = s.Site.Units,
                meanShare = s.MeanShare,
                alwaysOn = s.AlwaysOn,
                alwaysOff = s.AlwaysOff,
                provedOn = proved[s.Site.Index].On,
                provedOff = proved[s.Site.Index].Off,
            }),
        });
    }

    /// <summary>Units that use their last piece, or their first, everywhere on the box.</summary>
    private static (int On, int Off) Proved(ReluNetwork network, IntervalBounds bounds, ActivationSite site)
    {
        if (site.Activations is null) return (0, 0);
        int on = 0, off = 0;
        NormalForm form = network.NormalForm;
        for (int unit = 0; unit < site.Units; unit++)
        {
            int lowest = int.MaxValue, highest = 0;
            int least = 0, most = 0;
            foreach (int decider in form.DecidersOf(site.FirstUnit + unit))
            {
                int stage = form.StageStarts.AsSpan().BinarySearch(decider);
                if (stage < 0) stage = ~stage - 1;
                (double lower, double upper) = bounds.PreActivations[stage][decider - form.StageStarts[stage]];
                least += lower > 0 ? 1 : 0;
                most += upper > 0 ? 1 : 0;
                lowest = Math.Min(lowest, decider);
                highest = Math.Max(highest, decider);
            }
            if (most == 0) off++;
            else if (least > 0) on++;
        }
        return (on, off);
    }

    private static SvgPicture Histogram(SiteStatistics site)
    {
        int[] counts = new int[Bins];
        foreach (double share in site.Shares) counts[Math.Min(Bins - 1, (int)(share * Bins))]++;
        Plot plot = new(300, 180, $"Shares of site {site.Site.Index + 1}", $"Histogram over units of the share of inputs for which a unit is on; mean {site.MeanShare:G3}",
            new Axis("share of inputs for which a unit is on", 0, 1), new Axis("units", 0, Math.Max(1, counts.Max())));
        plot.Bars(counts.Select((c, i) => (i / (double)Bins, (i + 1) / (double)Bins, (double)c)), "s2");
        return plot.Finish();
    }
}
