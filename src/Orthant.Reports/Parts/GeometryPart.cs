using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>The exact pieces of the function on the slice that the report looks at: counts, extrema, Lipschitz constants, a picture.</summary>
internal static class GeometryPart
{
    private const int MostCounted = 200_000, MostDrawn = 6000;

    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        // A network too large for a table of its columns would take long on a plane, too.
        if (network.UnitCount == 0 || network.Inputs < 2 || network.Multiplications > 2_000_000) return null;
        double[] centre = input.Lower.Zip(input.Upper, (l, u) => (l / 2) + (u / 2)).ToArray();
        (int first, int second) = SlicePart.MostInfluential(input, centre);
        ReluNetwork plane = network.Inputs == 2 ? network : InputSlice.OfCoordinates(centre, first, second).Restrict(network);
        InputDomain domain = InputDomain.Box([input.Lower[first], input.Lower[second]], [input.Upper[first], input.Upper[second]]);
        if (domain.Dimension < 2) return null;
        RegionPolygons polygons = new(plane);
        RegionSummary found = RegionEnumerator.Enumerate(plane, domain, new RegionOptions { Most = MostCounted }, polygons, null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        HtmlPart html = new();
        html.Paragraph(network.Inputs == 2 ? "On the whole box." : $"On the slice below, in which inputs {first} and {second} vary.");
        if (!found.IsComplete)
        {
            html.Paragraph($"More than {MostCounted} activation regions: too many to enumerate here.", Evidence.Exact);
            return new ReportSection("geometry", "Exact pieces", html.ToString(), new { first, second, complete = false, activationRegions = (long?)null });
        }
        html.Facts(
            ("activation regions", Html.Count(found.ActivationRegions), Evidence.Exact),
            ("vertices where they meet", found.Vertices is long v ? Html.Count(v) : "some are not simple", Evidence.Exact),
            ("smallest margin of a sign", Html.Number(found.SmallestMargin), Evidence.Exact),
            ("signs taken in integers", Html.Count(found.ExactDecisions), Evidence.Exact));
        html.Table(["output", "minimum", "maximum", "Lipschitz l2", "l1", "linf", "length of zero set"], found.Outputs.Take(40).Select((o, i) => (IReadOnlyList<string>)
        [
            $"{i}", Html.Number(o.Minimum), Html.Number(o.Maximum), Html.Number(o.Lipschitz.L2), Html.Number(o.Lipschitz.L1), Html.Number(o.Lipschitz.LInf), Html.Number(o.ZeroLength ?? 0),
        ]));
        if (found.ActivationRegions <= MostDrawn)
        {
            html.Figure(RegionPicture.Draw(polygons.Collected(), domain, network.ToString()),
                "Activation regions, from flat (dark) to steep (light) in output 0; the bold lines are the zero sets of the outputs.", Evidence.Exact);
        }
        return new ReportSection("geometry", "Exact pieces", html.ToString(), new
        {
            first,
            second,
            complete = true,
            activationRegions = found.ActivationRegions,
            outputs = found.Outputs.Select(o => new { min = o.Minimum, max = o.Maximum, lipschitz = new { l1 = o.Lipschitz.L1, l2 = o.Lipschitz.L2, linf = o.Lipschitz.LInf }, zeroLength = o.ZeroLength }),
            minMargin = found.SmallestMargin,
            exactRechecks = found.ExactDecisions,
        });
    }
}
