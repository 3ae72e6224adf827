using System.Globalization;
using Orthant.Priors;

namespace Orthant.Reports;

/// <summary>Draws a prior predictive law: its density with its atom, its tail, and quantiles over depth, each beside the normal law of the
/// same variance.</summary>
public static class PriorPicture
{
    private const int Points = 240, MostDepths = 40;
    private const double Width = 460, Height = 340;

    /// <summary>All pictures that the law has, side by side.</summary>
    /// <param name="law">A law that is not the single point 0.</param>
    public static SvgPicture Draw(PriorPredictive law)
    {
        ArgumentNullException.ThrowIfNull(law);
        List<SvgPicture> parts = [Density(law), Tail(law)];
        if (law.Network.Hidden.Count > 0) parts.Add(Fan(law.Network, law.InputNorm));
        SvgPicture all = new(Width * parts.Count, Height, "Prior predictive law", string.Create(CultureInfo.InvariantCulture,
            $"Density, tail and quantiles over depth of a random network; exactly 0 with probability {law.AtomAtZero:G4}, standard deviation {Math.Sqrt(law.SecondMoment):G4}."));
        for (int i = 0; i < parts.Count; i++) all.Place(i * Width, 0, parts[i]);
        return all;
    }

    /// <summary>The density over the range that holds 98 % of the living networks, or twenty times their median where that is less; the atom is a
    /// stem, as high as its share of the axis.</summary>
    /// <param name="law">A law that is not the single point 0.</param>
    public static SvgPicture Density(PriorPredictive law)
    {
        ArgumentNullException.ThrowIfNull(law);
        double alive = Math.Exp(law.LogAlive), median = law.UpperQuantile(0.5 * alive);
        double reach = Rounded(Math.Min(law.UpperQuantile(0.02 * alive), 20 * median)), low = law.IsSymmetric ? -reach : 0;
        // The density of most laws diverges at 0: what lies above its value at a fortieth part of the range is cut off.
        double top = 1.25 * law.Pdf(reach / 40);
        if (law.IsSymmetric) top = Math.Max(top, Math.Min(2 * top, 1.1 * law.Normal().Pdf(0)));
        if (!law.IsSymmetric) top = Math.Max(top, 1.1 * Enumerable.Range(1, Points).Max(i => law.Pdf(reach * (0.05 + 0.95 * i / Points))));
        Plot plot = new(Width, Height, "Density", string.Create(CultureInfo.InvariantCulture,
            $"Density up to {reach:G3}; the value is exactly 0 with probability {law.AtomAtZero:G4}."), new Axis("f", low, reach), new Axis("density", 0, top));
        // An even number of points leaves out 0, where the density of a wide network is infinite too, unseen.
        double[] at = [.. Enumerable.Range(0, 2 * Points).Select(i => low + ((reach - low) * (i + 0.5) / (2 * Points)))];
        plot.Curve(at.Select(v => (v, law.Pdf(v))), "s0 thick", "exact");
        if (law.IsSymmetric) plot.Curve(at.Select(v => (v, law.Normal().Pdf(v))), "s1 dashed", "Gaussian process limit");
        if (law.AtomAtZero > 0)
        {
            plot.Curve([(0, 0), (0, law.AtomAtZero * top)], "s3 bold", string.Create(CultureInfo.InvariantCulture, $"P(f = 0) = {law.AtomAtZero:G3}"));
            plot.Picture.Circle(plot.X(0), plot.Y(law.AtomAtZero * top), 3.5, "s3");
        }
        return plot.Finish();
    }

    /// <summary>P(|f| &gt; x) on logarithmic axes, from a hundredth of the standard deviation to where it is 10⁻¹².</summary>
    /// <param name="law">A law that is not the single point 0.</param>
    public static SvgPicture Tail(PriorPredictive law)
    {
        ArgumentNullException.ThrowIfNull(law);
        double std = Math.Sqrt(law.SecondMoment), far = law.UpperQuantile(Math.Min(1e-12, 1e-3 * Math.Exp(law.LogAlive))), near = Math.Min(std, far) / 100;
        double least = Math.Min(1e-12, law.Survival(far)) * 0.999;
        Axis x = new("|f|", near, far, Logarithmic: true), y = new("P(|f| > x)", least, 1, Logarithmic: true);
        Plot plot = new(Width, Height, "Tail", string.Create(CultureInfo.InvariantCulture,
            $"P(|f| > x) falls from {Math.Exp(law.LogAlive):G4} to {least:G1} at {far:G4}."), x, y)
        { Corner = LegendCorner.LowerLeft };
        double[] at = [.. Enumerable.Range(0, Points).Select(i => near * Math.Pow(far / near, i / (Points - 1.0)))];
        plot.Curve(at.Select(v => (v, law.Survival(v))), "s0 thick", "exact");
        if (law.IsSymmetric) plot.Curve(at.Select(v => (v, law.Normal().Survival(v))).Where(p => p.Item2 > least), "s1 dashed", "Gaussian process limit");
        return plot.Finish();
    }

    /// <summary>Quantiles of |z| over depth, given that it is not 0: one unit of each hidden layer before its activation, then the output.</summary>
    /// <param name="network">A network with hidden layers, none of width 0, without biases.</param>
    /// <param name="inputNorm">The Euclidean norm of the input, positive.</param>
    public static SvgPicture Fan(PriorNetwork network, double inputNorm)
    {
        ArgumentNullException.ThrowIfNull(network);
        int depth = network.Depth, shown = Math.Min(depth, MostDepths);
        int[] depths = [.. Enumerable.Range(0, shown).Select(i => 1 + (int)Math.Round(i * (depth - 1.0) / Math.Max(1, shown - 1))).Distinct().Where(HasUnits)];
        double[] levels = [0.05, 0.25, 0.5, 0.75, 0.95];
        (double[] Quantiles, double Normal)[] laws = [.. depths.Select(l => At(l))];
        double low = laws.Min(l => l.Quantiles[0]), high = laws.Max(l => l.Quantiles[^1]);
        Plot plot = new(Width, Height, "Quantiles over depth", string.Create(CultureInfo.InvariantCulture,
            $"The median of |z| goes from {laws[0].Quantiles[2]:G3} in layer {depths[0]} to {laws[^1].Quantiles[2]:G3} at the output."),
            new Axis($"weight layer (output: {depth})", 1, Math.Max(2, depth)) { IsWhole = true },
            new Axis("|z| where it is not 0", low / 1.3, high * Math.Pow(high / low, 0.2), Logarithmic: true));
        Band(0, 4);
        Band(1, 3);
        plot.Curve(depths.Select((l, i) => ((double)l, laws[i].Quantiles[2])), "s0 thick", "median, 50 % and 90 % bands");
        plot.Curve(depths.Select((l, i) => ((double)l, laws[i].Normal)), "s1 dashed", "median of the Gaussian limit");
        return plot.Finish();

        // A unit behind an orthogonal matrix is no normal number given the layer before, and its law is not known.
        bool HasUnits(int layer) => layer == depth || network.Hidden[layer - 1].Kind is not (PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear);

        (double[] Quantiles, double Normal) At(int layer)
        {
            PriorPredictive law = PriorPredictive.Of(network, inputNorm, layer == depth ? PriorQuantity.Output : PriorQuantity.PreActivation(layer));
            double alive = Math.Exp(law.LogAlive);
            return ([.. levels.Select(p => law.UpperQuantile((1 - p) * alive))], 0.67448975019608171 * law.Normal().Std);
        }

        void Band(int from, int to)
        {
            IEnumerable<(double, double)> there = depths.Select((l, i) => (plot.X(l), plot.Y(laws[i].Quantiles[from])));
            IEnumerable<(double, double)> back = depths.Select((l, i) => (plot.X(l), plot.Y(laws[i].Quantiles[to]))).Reverse();
            plot.Picture.Polygon(there.Concat(back), "s0 soft");
        }
    }

    /// <summary>The next larger of 1, 1.5, 2, 3, 5 and 7.5 times a power of ten.</summary>
    private static double Rounded(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        foreach (double step in new[] { 1, 1.5, 2, 3, 5, 7.5 })
        {
            if (value <= step * power) return step * power;
        }
        return 10 * power;
    }
}
