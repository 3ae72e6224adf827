using System.Globalization;
using System.Text;

namespace Orthant.Reports;

/// <summary>A picture in SVG: shapes in a fixed coordinate system, coloured by classes that follow the reader's light or dark mode.</summary>
/// <remarks>
/// <para>Every picture has a title and a description, so that it can be read without being seen. Coordinates are written with two
/// decimals. Text is escaped; nothing that comes from a file can become markup.</para>
/// <para>Classes: <c>ink</c>, <c>muted</c>, <c>grid</c>, <c>paper</c>, <c>accent</c> and <c>s0</c> … <c>s7</c> for series; each means the stroke
/// of lines and the fill of text; with <c>fill</c> beside it, the fill of shapes.</para>
/// </remarks>
public sealed class SvgPicture
{
    private readonly StringBuilder body = new();
    private readonly string title;

    /// <summary>Begins a picture.</summary>
    /// <param name="width">Width in units of about a pixel.</param>
    /// <param name="height">Height in the same units.</param>
    /// <param name="title">What the picture is, in a few words.</param>
    /// <param name="description">What a reader who cannot see it should know.</param>
    public SvgPicture(double width, double height, string title, string description)
    {
        Width = width;
        Height = height;
        this.title = title;
        Description = description;
    }

    /// <summary>What a reader who cannot see it should know.</summary>
    public string Description { get; }

    /// <summary>The width of the coordinate system.</summary>
    public double Width { get; }

    /// <summary>The height of the coordinate system.</summary>
    public double Height { get; }

    /// <summary>A straight line.</summary>
    public void Line(double x1, double y1, double x2, double y2, string classes) =>
        body.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Text(x1)}\" y1=\"{Text(y1)}\" x2=\"{Text(x2)}\" y2=\"{Text(y2)}\" class=\"{classes}\"/>");

    /// <summary>A rectangle with sides along the axes.</summary>
    /// <param name="x">The left side.</param>
    /// <param name="y">The upper side.</param>
    /// <param name="width">Not negative.</param>
    /// <param name="height">Not negative.</param>
    /// <param name="classes">Classes, see the type's remarks.</param>
    /// <param name="tip">Shown when the pointer rests on it; null for none.</param>
    public void Rectangle(double x, double y, double width, double height, string classes, string? tip = null)
    {
        body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Text(x)}\" y=\"{Text(y)}\" width=\"{Text(width)}\" height=\"{Text(height)}\" class=\"{classes}\"");
        if (tip is null) body.Append("/>");
        else body.Append(CultureInfo.InvariantCulture, $"><title>{Html.Escape(tip)}</title></rect>");
    }

    /// <summary>A circle.</summary>
    public void Circle(double x, double y, double radius, string classes) =>
        body.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{Text(x)}\" cy=\"{Text(y)}\" r=\"{Text(radius)}\" class=\"{classes}\"/>");

    /// <summary>Lines from point to point.</summary>
    public void Polyline(IEnumerable<(double X, double Y)> points, string classes) =>
        body.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{Points(points)}\" class=\"{classes}\"/>");

    /// <summary>A filled polygon.</summary>
    /// <param name="points">Its corners.</param>
    /// <param name="classes">Classes, see the type's remarks.</param>
    /// <param name="fill">A colour like <c>#1b2a49</c> in place of the class's fill; null for none.</param>
    public void Polygon(IEnumerable<(double X, double Y)> points, string classes, string? fill = null)
    {
        body.Append(CultureInfo.InvariantCulture, $"<polygon points=\"{Points(points)}\" class=\"{classes}\"");
        if (fill is not null) body.Append(CultureInfo.InvariantCulture, $" style=\"fill:{Html.Escape(fill)}\"");
        body.Append("/>");
    }

    /// <summary>Separate straight pieces as one path: small and quick to draw.</summary>
    public void Segments(IEnumerable<(double X1, double Y1, double X2, double Y2)> segments, string classes)
    {
        StringBuilder path = new();
        foreach ((double x1, double y1, double x2, double y2) in segments)
        {
            path.Append(CultureInfo.InvariantCulture, $"M{Text(x1)} {Text(y1)}L{Text(x2)} {Text(y2)}");
        }
        if (path.Length > 0) body.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" class=\"{classes}\"/>");
    }

    /// <summary>Text on one line.</summary>
    /// <param name="x">Where the text is anchored.</param>
    /// <param name="y">The baseline.</param>
    /// <param name="text">The text; it is escaped.</param>
    /// <param name="classes">Classes: <c>start</c>, <c>middle</c> or <c>end</c> for the anchor, and a colour.</param>
    /// <param name="turned">Whether the text runs upwards.</param>
    public void Label(double x, double y, string text, string classes, bool turned = false)
    {
        body.Append(CultureInfo.InvariantCulture, $"<text x=\"{Text(x)}\" y=\"{Text(y)}\" class=\"{classes}\"");
        if (turned) body.Append(CultureInfo.InvariantCulture, $" transform=\"rotate(-90 {Text(x)} {Text(y)})\"");
        body.Append(CultureInfo.InvariantCulture, $">{Html.Escape(text)}</text>");
    }

    /// <summary>A picture made of pixels, stretched to a rectangle.</summary>
    public void Image(double x, double y, double width, double height, PixelImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        body.Append(CultureInfo.InvariantCulture, $"<image x=\"{Text(x)}\" y=\"{Text(y)}\" width=\"{Text(width)}\" height=\"{Text(height)}\" preserveAspectRatio=\"none\" ")
            .Append(CultureInfo.InvariantCulture, $"href=\"data:image/png;base64,{Convert.ToBase64String(image.ToPng())}\"/>");
    }

    /// <summary>Another picture's shapes, moved; its title and description are the caller's to repeat.</summary>
    /// <param name="x">Where its left side comes to lie.</param>
    /// <param name="y">Where its upper side comes to lie.</param>
    /// <param name="picture">The picture, in the same units.</param>
    public void Place(double x, double y, SvgPicture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        body.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({Text(x)} {Text(y)})\">{picture.body}</g>");
    }

    /// <summary>The picture as an element of an HTML page, whose style sheet colours it.</summary>
    public string ToElement() => Open("") + body + "</svg>";

    /// <summary>The picture as a file of its own, with its style sheet.</summary>
    public string ToFile() => Open(" xmlns=\"http://www.w3.org/2000/svg\"") + $"<style>{PictureStyle.Standalone}</style>" + body + "</svg>\n";

    /// <summary>The style sheet that pictures need inside an HTML page.</summary>
    internal static string Style => PictureStyle.Shared;

    private string Open(string attributes) => string.Create(CultureInfo.InvariantCulture,
        $"<svg{attributes} class=\"picture\" viewBox=\"0 0 {Text(Width)} {Text(Height)}\" role=\"img\"><title>{Html.Escape(title)}</title><desc>{Html.Escape(Description)}</desc>");

    private static string Points(IEnumerable<(double X, double Y)> points) => string.Join(' ', points.Select(p => $"{Text(p.X)},{Text(p.Y)}"));

    /// <summary>A coordinate with at most two decimals; what is not a number or far outside is put at the border of what renderers accept.</summary>
    private static string Text(double value) =>
        double.IsNaN(value) ? "0" : Math.Clamp(value, -1e6, 1e6).ToString("0.##", CultureInfo.InvariantCulture);
}
