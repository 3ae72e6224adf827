using Orthant.Geometry;

namespace Orthant.Reports;

/// <summary>A region of a plane as it is drawn, in the box scaled to [-1, 1]².</summary>
/// <param name="Corners">Its corners in order around it.</param>
/// <param name="Direction">The angle of the first output's gradient, in radians.</param>
/// <param name="Steepness">The gradient's Euclidean length.</param>
/// <param name="DeepestStage">The last stage of the normal form with a unit that bounds it; negative when only the box does.</param>
/// <param name="Zeros">For each output that changes sign in it, the two ends of its zero set.</param>
public sealed record RegionPolygon(
    IReadOnlyList<(double X, double Y)> Corners, double Direction, double Steepness, int DeepestStage, IReadOnlyList<(double X1, double Y1, double X2, double Y2)> Zeros);

/// <summary>What the colour of a region tells.</summary>
public enum RegionColour
{
    /// <summary>How steep the first output is.</summary>
    Gradient,

    /// <summary>The deepest layer with a neuron that bounds it.</summary>
    Layer,
}

/// <summary>Draws the activation regions of a plane, coloured by how steep the function is there or by the layer that bounds them, with the zero set of its outputs.</summary>
public static class RegionPicture
{
    private const double Size = 1000;

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
        SvgPicture picture = new(width, height, $"Activation regions of {name}", $"{regions.Count} regions, coloured by {(colour == RegionColour.Gradient ? "the length of the gradient" : "the deepest layer that bounds them")}, with the zero sets of the outputs.");
        double[] steepness = [.. regions.Select(r => r.Steepness).Order()];
        int[] stages = [.. regions.Select(r => r.DeepestStage).Distinct().Order()];
        foreach (RegionPolygon region in regions)
        {
            if (colour == RegionColour.Layer)
            {
                double depth = stages.Length > 1 ? (double)Array.IndexOf(stages, region.DeepestStage) / (stages.Length - 1) : 0.5;
                picture.Polygon(region.Corners.Select(c => (X(c.X), Y(c.Y))), "outlined", ColourMap.TextAt(depth));
                continue;
            }
            // By rank, so that every part of the scale is used however the slopes are spread.
            int rank = Array.BinarySearch(steepness, region.Steepness);
            double t = steepness.Length > 1 ? (double)Math.Max(rank, 0) / (steepness.Length - 1) : 0.5;
            picture.Polygon(region.Corners.Select(c => (X(c.X), Y(c.Y))), "outlined", ColourMap.TextAt(t));
        }
        picture.Segments(regions.SelectMany(r => r.Zeros).Select(z => (X(z.X1), Y(z.Y1), X(z.X2), Y(z.Y2))), "zero bold");
        return picture;

        double X(double t) => (t + 1) / 2 * width;
        double Y(double t) => (1 - t) / 2 * height;
    }
}
