using System.Collections.Immutable;
using System.Globalization;
using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Reports;

/// <summary>Draws what a network gives away to whoever may ask it.</summary>
public static class ExtractionPicture
{
    private const double Width = 620;

    /// <summary>The outputs along a random line through a box, with a mark at every kink, coloured by the layer of the unit behind it.</summary>
    /// <param name="network">The network.</param>
    /// <param name="lower">The box's lower corner.</param>
    /// <param name="upper">The box's upper corner.</param>
    /// <param name="seed">The seed of the line.</param>
    /// <returns>Null for a network that is no chain of dense layers, or a box that is a point.</returns>
    public static SvgPicture? Line(ReluNetwork network, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(network);
        RandomStream random = new(seed, 86);
        double[] centre = new double[network.Inputs], along = new double[network.Inputs];
        double length = 0;
        for (int j = 0; j < along.Length; j++)
        {
            centre[j] = (lower[j] / 2) + (upper[j] / 2);
            along[j] = (upper[j] - lower[j]) / 2 * random.NextDouble(-1, 1);
            length = Math.Max(length, Math.Abs(along[j]));
        }
        if (!(length > 0) || LineProfile.Of(network, centre, along, -1, 1) is not LineProfile line) return null;
        int outputs = Math.Min(3, network.Outputs);
        double low = line.Values.Min(v => v[..outputs].Min()), high = line.Values.Max(v => v[..outputs].Max()), margin = Math.Max(0.08 * (high - low), 1e-12);
        string layers = string.Join(", ", line.Kinks.GroupBy(k => k.Layer).OrderBy(g => g.Key).Select(g => $"{g.Count()} of layer {g.Key}"));
        Plot plot = new(Width, 300, "Kinks on a line", $"{line.Kinks.Length} kinks{(layers.Length > 0 ? $": {layers}" : "")}.",
            new Axis("position on the line", -1, 1), new Axis("output", low - margin, high + (3 * margin)));
        foreach (LineKink kink in line.Kinks) plot.Picture.Line(plot.X(kink.Position), plot.Y(low - margin), plot.X(kink.Position), plot.Y(high + margin), $"s{kink.Layer % 8} thin dashed");
        for (int o = 0; o < outputs; o++) plot.Curve(line.Positions.Select((t, i) => (t, line.Values[i][o])), o == 0 ? "s0 thick" : "s0 soft");
        foreach (LineKink kink in line.Kinks)
        {
            int at = line.Positions.BinarySearch(kink.Position);
            if (at >= 0) plot.Picture.Circle(plot.X(kink.Position), plot.Y(line.Values[at][0]), 3.2, $"s{kink.Layer % 8}");
        }
        foreach (int layer in line.Kinks.Select(k => k.Layer).Distinct().Order()) plot.Curve([], $"s{layer % 8} thick dashed", $"layer {layer}");
        return plot.Finish();
    }

    /// <summary>Queries by stage as bars, those that were planned beside those that were asked.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stages">What was asked; empty when nothing was.</param>
    public static SvgPicture Queries(ExtractionPlan plan, IReadOnlyList<ExtractionStage> stages)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stages);
        string[] names = [.. plan.Stages.Select(s => s.Name).Concat(stages.Select(s => s.Name)).Distinct().OrderBy(Rank)];
        long Planned(string name) => plan.Stages.Where(s => s.Name == name).Sum(s => s.Queries);
        long Asked(string name) => stages.Where(s => s.Name == name).Sum(s => s.Queries);
        const double Left = 96, Row = 38, Right = 90;
        double most = Math.Max(1, names.Max(n => Math.Max(Planned(n), Asked(n))));
        string total = stages.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"{stages.Sum(s => s.Queries)} queries in all, {plan.Queries} planned.") : $"{plan.Queries} queries planned.";
        SvgPicture picture = new(Width, 30 + (Row * names.Length), "Queries by stage", total);
        picture.Rectangle(Left, 4, 10, 10, "s7 soft");
        picture.Label(Left + 16, 13, "planned", "ink small");
        if (stages.Count > 0)
        {
            picture.Rectangle(Left + 80, 4, 10, 10, "s0");
            picture.Label(Left + 96, 13, "asked", "ink small");
        }
        for (int i = 0; i < names.Length; i++)
        {
            double y = 26 + (Row * i);
            picture.Label(Left - 8, y + 16, names[i], "end ink small");
            Bar(y, Planned(names[i]), "s7 soft");
            if (stages.Count > 0) Bar(y + 14, Asked(names[i]), "s0");
        }
        return picture;

        void Bar(double y, long queries, string classes)
        {
            double width = queries / most * (Width - Left - Right);
            picture.Rectangle(Left, y, Math.Max(0.5, width), 12, classes);
            picture.Label(Left + width + 6, y + 10, Html.Count(queries), "muted small");
        }
    }

    /// <summary>The estimated error of every unit's worst parameter, unit after unit.</summary>
    /// <param name="units">At least one unit.</param>
    public static SvgPicture Confidence(IReadOnlyList<UnitConfidence> units)
    {
        ArgumentNullException.ThrowIfNull(units);
        double[] errors = [.. units.Select(u => u.Error).Where(e => double.IsFinite(e) && e > 0)];
        double low = errors.DefaultIfEmpty(1e-16).Min() / 3, high = errors.DefaultIfEmpty(1).Max() * 10;
        int open = units.Count(u => !double.IsFinite(u.Error) || u.OpenWeights.Length > 0);
        Plot plot = new(Width, 260, "How surely each unit is known", $"{units.Count} units, {open} with a weight that nothing shows.",
            new Axis("unit, layer after layer", 0, units.Count + 1) { IsWhole = true }, new Axis("error of its worst parameter", low, high, Logarithmic: true));
        for (int i = 0; i < units.Count; i++)
        {
            bool isOpen = !double.IsFinite(units[i].Error) || units[i].OpenWeights.Length > 0;
            plot.Picture.Circle(plot.X(i + 1), plot.Y(isOpen ? high : Math.Max(units[i].Error, low)), 3.5, $"s{units[i].Layer % 8}{(isOpen ? " hollow" : "")}");
        }
        foreach (int layer in units.Select(u => u.Layer).Distinct().Order()) plot.Curve([], $"s{layer % 8} thick", $"layer {layer}");
        return plot.Finish();
    }

    /// <summary>What each defence costs both sides: the error that it leaves in the copy over the error that it puts into every answer.</summary>
    /// <param name="costs">What was measured.</param>
    /// <returns>Null when no defence was.</returns>
    public static SvgPicture? Defences(IReadOnlyList<DefenceCost> costs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        const double Least = 1e-17;
        ImmutableArray<(DefenceCost Cost, double Users, double Copy)> points = [.. costs.Select(c => (c, Math.Max(c.UserError, Least), Math.Max(c.OutputError ?? double.NaN, Least)))];
        if (points.Length == 0) return null;
        double[] users = [.. points.Select(p => p.Users).Where(u => u > Least)], copies = [.. points.Select(p => p.Copy).Where(double.IsFinite)];
        double left = users.DefaultIfEmpty(1e-6).Min() / 30, right = users.DefaultIfEmpty(1e-6).Max() * 30, lost = copies.DefaultIfEmpty(1).Max() * 30, top = lost * 3000, bottom = copies.DefaultIfEmpty(1e-12).Min() / 30;
        Plot plot = new(Width, 320, "What a defence costs both sides", string.Join("; ", points.Select(p => string.Create(CultureInfo.InvariantCulture,
                $"{p.Cost.Defence}: users {p.Cost.UserError:G2}, copy {p.Cost.OutputError:G2}{(p.Cost.Found.IsComplete ? "" : ", not whole")}"))) + ".",
            new Axis("what users lose (root mean square)", left, right, Logarithmic: true), new Axis("error of the copy", bottom, top, Logarithmic: true));
        for (int i = 0; i < points.Length; i++)
        {
            (DefenceCost cost, double x, double copy) = points[i];
            double y = double.IsFinite(copy) ? copy : lost;
            plot.Picture.Circle(plot.X(x), plot.Y(y), 5, cost.Found.IsComplete ? "s0" : "s1 hollow");
            // Neighbours have their names above and below.
            plot.Picture.Label(plot.X(x) + (x > left ? 0 : 9), plot.Y(y) + (x > left ? (i % 2 == 0 ? -10 : 18) : 4), cost.Defence.ToString(), x > left ? "middle ink small" : "ink small");
        }
        plot.Curve([], "s0 thick", "copied whole");
        plot.Curve([], "s1 thick", "in part");
        return plot.Finish();
    }

    private static int Rank(string stage) => stage switch
    {
        "self-test" => 0,
        "audit" => 900,
        "output" => 901,
        "refinement" => 902,
        _ => int.TryParse(stage.AsSpan(stage.LastIndexOf(' ') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : 800,
    };
}
