using Orthant.Geometry;

namespace Orthant.Reports;

/// <summary>A region of a plane as it is drawn, in the box scaled to [-1, 1]².</summary>
/// <param name="Corners">Its corners in order around it.</param>
/// <param name="Direction">The angle of the first output's gradient, in radians.</param>
/// <param name="Steepness">The gradient's Euclidean length.</param>
/// <param name="SideLayers">The layer, from 0, whose neuron bounds each side, from corner i to the next; negative for the box.</param>
/// <param name="Zeros">For each output that changes sign in it, the two ends of its zero set.</param>
public sealed record RegionPolygon(
    IReadOnlyList<(double X, double Y)> Corners, double Direction, double Steepness, IReadOnlyList<int> SideLayers, IReadOnlyList<(double X1, double Y1, double X2, double Y2)> Zeros);

/// <summary>What the colour of a region tells.</summary>
public enum RegionColour
{
    /// <summary>How steep the first output is.</summary>
    Gradient,

    /// <summary>Sides are drawn in the colour of the layer whose neuron bounds the region there.</summary>
    Layer,
}

/// <summary>Draws the activation regions of a plane, coloured by how steep the function is there or with sides coloured by the layer that bounds them, with the zero set of its outputs.</summary>
public static class RegionPicture
{
    private const double Size = 1000;

    /// <summary>Height of the strip below the regions that says what is drawn.</summary>
    private const double Strip = 64;

    /// <summary>Draws regions.</summary>
    /// <param name="regions">The regions.</param>
    /// <param name="domain">The plane's box, of two free inputs.</param>
    /// <param name="name">What is drawn.</param>
    /// <param name="colour">What colours tell.</param>
    public static SvgPicture Draw(IReadOnlyList<RegionPolygon> regions, InputDomain domain, string name, RegionColour colour = RegionColour.Gradient)
    {
        ArgumentNullException.ThrowIfNull(regions);
        ArgumentNullException.ThrowIfNull(domain);
        double wide = (domain.Upper[domain.Free[0]] - domain.Lower[domain.Free[0]]).ToDouble(), high = (domain.Upper[domain.Free[1]] - domain.Lower[domain.Free[1]]).ToDouble();
        double width = wide >= high ? Size : Math.Max(100, Size * wide / high), height = high >= wide ? Size : Math.Max(100, Size * high / wide);
        SvgPicture picture = new(width, height + Strip, $"Activation regions of {name}", $"{regions.Count} regions, coloured by {(colour == RegionColour.Gradient ? "the length of the gradient" : "the layer that bounds each side")}, with the zero sets of the outputs.");
        double[] steepness = [.. regions.Select(r => r.Steepness).Order()];
        if (colour == RegionColour.Layer) NameLayers(DrawSides());
        else if (steepness.Length > 0) NameSlopes();
        string zeros = regions.Any(r => r.Zeros.Count > 0) ? "; bold: zero sets of the outputs" : "";
        picture.Label(4, height + 24, $"rightwards {Range(0)}, upwards {Range(1)}{zeros}", "start muted");
        foreach (RegionPolygon region in colour == RegionColour.Layer ? [] : regions)
        {
            // By rank, so that every part of the scale is used however the slopes are spread.
            int rank = Array.BinarySearch(steepness, region.Steepness);
            double t = steepness.Length > 1 ? (double)Math.Max(rank, 0) / (steepness.Length - 1) : 0.5;
            picture.Polygon(region.Corners.Select(c => (X(c.X), Y(c.Y))), "outlined", ColourMap.TextAt(t));
        }
        picture.Segments(regions.SelectMany(r => r.Zeros).Select(z => (X(z.X1), Y(z.Y1), X(z.X2), Y(z.Y2))), colour == RegionColour.Layer ? "bold" : "zero bold");
        return picture;

        string Range(int i)
        {
            int input = domain.Free[i];
            return $"{Html.Number(domain.Lower[input].ToDouble())} to {Html.Number(domain.Upper[input].ToDouble())}";
        }

        void NameLayers(int[] layers)
        {
            double x = 4;
            foreach (int layer in layers)
            {
                picture.Line(x, height + 46, x + 22, height + 46, Series(layer));
                picture.Label(x + 28, height + 50, $"layer {layer}", "start muted");
                x += 90;
            }
        }

        void NameSlopes()
        {
            const int steps = 40;
            picture.Label(4, height + 50, $"slope of output 0, by rank: {Html.Number(steepness[0])}", "start muted");
            for (int i = 0; i < steps; i++)
            {
                double x = 330 + (i * 5);
                picture.Polygon([(x, height + 38), (x + 5, height + 38), (x + 5, height + 52), (x, height + 52)], "", ColourMap.TextAt((double)i / (steps - 1)));
            }
            picture.Label(338 + (steps * 5), height + 50, Html.Number(steepness[^1]), "start muted");
        }

        int[] DrawSides()
        {
            // Both regions beside a side have it; it is drawn once.
            HashSet<(int, int, int, int)> drawn = [];
            Dictionary<int, List<(double, double, double, double)>> byLayer = [];
            foreach (RegionPolygon region in regions)
            {
                for (int i = 0; i < region.Corners.Count; i++)
                {
                    (double x1, double y1) = region.Corners[i];
                    (double x2, double y2) = region.Corners[(i + 1) % region.Corners.Count];
                    int layer = region.SideLayers[i];
                    if (layer < 0 || !drawn.Add(Key(x1 + x2, y1 + y2, x2 - x1, y2 - y1))) continue;
                    if (!byLayer.TryGetValue(layer, out List<(double, double, double, double)>? sides)) byLayer.Add(layer, sides = []);
                    sides.Add((X(x1), Y(y1), X(x2), Y(y2)));
                }
            }
            int[] layers = [.. byLayer.Keys.Order()];
            foreach (int layer in layers.Reverse()) picture.Segments(byLayer[layer], Series(layer));
            return layers;
        }

        static string Series(int layer) => $"s{layer % 7}{(layer == 0 ? " thick" : "")}";

        static (int, int, int, int) Key(double sumX, double sumY, double x, double y)
        {
            int sign = x > 0 || (x == 0 && y > 0) ? 1 : -1;
            return ((int)Math.Round(sumX * 1e8), (int)Math.Round(sumY * 1e8), (int)Math.Round(sign * x * 1e8), (int)Math.Round(sign * y * 1e8));
        }

        double X(double t) => (t + 1) / 2 * width;
        double Y(double t) => (1 - t) / 2 * height;
    }
}
