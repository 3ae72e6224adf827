using Orthant.Geometry;

namespace Orthant.Reports;

/// <summary>A region of a plane as it is drawn, in the box scaled to [-1, 1]².</summary>
/// <param name="Corners">Its corners in order around it.</param>
/// <param name="Direction">The angle of the first output's gradient, in radians.</param>
/// <param name="Steepness">The gradient's Euclidean length.</param>
/// <param name="Zeros">For each output that changes sign in it, the two ends of its zero set.</param>
public sealed record RegionPolygon(
    IReadOnlyList<(double X, double Y)> Corners, double Direction, double Steepness, IReadOnlyList<(double X1, double Y1, double X2, double Y2)> Zeros);

/// <summary>Draws the activation regions of a plane, coloured by how steep the function is there, with the zero set of its outputs.</summary>
public static class RegionPicture
{
    private const double Size = 1000;

    /// <summary>Draws regions.</summary>
    /// <param name="regions">The regions.</param>
    /// <param name="domain">The plane's box, of two free inputs.</param>
    /// <param name="name">What is drawn.</param>
    public static SvgPicture Draw(IReadOnlyList<RegionPolygon> regions, InputDomain domain, string name)
    {
        ArgumentNullException.ThrowIfNull(regions);
        ArgumentNullException.ThrowIfNull(domain);
        double wide = (domain.Upper[domain.Free[0]] - domain.Lower[domain.Free[0]]).ToDouble(), high = (domain.Upper[domain.Free[1]] - domain.Lower[domain.Free[1]]).ToDouble();
        double width = wide >= high ? Size : Math.Max(100, Size * wide / high), height = high >= wide ? Size : Math.Max(100, Size * high / wide);
        SvgPicture picture = new(width, height, $"Activation regions of {name}", $"{regions.Count} regions, coloured by the length of the gradient, with the zero sets of the outputs.");
        double[] steepness = [.. regions.Select(r => r.Steepness).Order()];
        foreach (RegionPolygon region in regions)
        {
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
