using System.Globalization;

namespace Orthant.Reports;

/// <summary>A coordinate system with ticks and labels to draw curves, bars and pictures in.</summary>
/// <remarks>Ranges are fixed at the start; what lies outside is drawn at the border, and on a logarithmic axis what is not positive is left
/// out.</remarks>
public sealed class Plot
{
    private const double Left = 58, Right = 14, Top = 12, Bottom = 44;
    private readonly Axis x;
    private readonly Axis y;
    private readonly List<(string Label, string Classes)> legend = [];

    /// <summary>Begins a plot.</summary>
    /// <param name="width">Width of the whole picture.</param>
    /// <param name="height">Height of the whole picture.</param>
    /// <param name="title">What the picture is.</param>
    /// <param name="description">What a reader who cannot see it should know.</param>
    /// <param name="x">The horizontal axis.</param>
    /// <param name="y">The vertical axis.</param>
    public Plot(double width, double height, string title, string description, Axis x, Axis y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        Picture = new SvgPicture(width, height, title, description);
        this.x = x;
        this.y = y;
        DrawAxes();
    }

    /// <summary>Where the legend stands: the corner that the curves leave free.</summary>
    public LegendCorner Corner { get; init; }

    /// <summary>The picture that is drawn on; for shapes that the plot does not know.</summary>
    public SvgPicture Picture { get; }

    /// <summary>Where a value of the horizontal axis lies in the picture.</summary>
    public double X(double value) => Left + (x.Fraction(value) * (Picture.Width - Left - Right));

    /// <summary>Where a value of the vertical axis lies in the picture.</summary>
    public double Y(double value) => Picture.Height - Bottom - (y.Fraction(value) * (Picture.Height - Top - Bottom));

    /// <summary>A curve through points.</summary>
    /// <param name="points">Its points, in order.</param>
    /// <param name="classes">Classes such as <c>s0 thick</c>.</param>
    /// <param name="label">Its name in the legend; null for none.</param>
    public void Curve(IEnumerable<(double X, double Y)> points, string classes, string? label = null)
    {
        Picture.Polyline(points.Where(p => x.CanShow(p.X) && y.CanShow(p.Y)).Select(p => (X(p.X), Y(p.Y))), classes);
        if (label is not null) legend.Add((label, classes));
    }

    /// <summary>The area between two curves over the same places.</summary>
    /// <param name="points">Place, lower and upper end, in order; where an end is not a number the area is interrupted.</param>
    /// <param name="classes">Classes such as <c>s0 soft</c>.</param>
    public void Band(IEnumerable<(double X, double Lower, double Upper)> points, string classes)
    {
        List<(double X, double Lower, double Upper)> run = [];
        void Draw()
        {
            if (run.Count > 1) Picture.Polygon([.. run.Select(p => (X(p.X), Y(p.Upper))), .. Enumerable.Reverse(run).Select(p => (X(p.X), Y(p.Lower)))], classes);
            run.Clear();
        }
        foreach ((double X, double Lower, double Upper) p in points)
        {
            if (double.IsNaN(p.Lower) || double.IsNaN(p.Upper)) Draw();
            else run.Add(p);
        }
        Draw();
    }

    /// <summary>An upright line with short ends: the interval of a number.</summary>
    /// <param name="at">Where on the horizontal axis.</param>
    /// <param name="lower">Its lower end.</param>
    /// <param name="upper">Its upper end.</param>
    /// <param name="classes">Classes such as <c>s0</c>.</param>
    public void Interval(double at, double lower, double upper, string classes)
    {
        const double Half = 3.5;
        Picture.Line(X(at), Y(lower), X(at), Y(upper), classes);
        Picture.Line(X(at) - Half, Y(lower), X(at) + Half, Y(lower), classes);
        Picture.Line(X(at) - Half, Y(upper), X(at) + Half, Y(upper), classes);
    }

    /// <summary>Bars that stand on the lower end of the vertical axis.</summary>
    /// <param name="bars">From, to and height of each bar.</param>
    /// <param name="classes">Classes such as <c>s0</c>.</param>
    public void Bars(IEnumerable<(double From, double To, double Height)> bars, string classes)
    {
        foreach ((double from, double to, double height) in bars)
        {
            double left = X(from), top = Y(height);
            Picture.Rectangle(left, top, Math.Max(0.5, X(to) - left - 0.6), Math.Max(0, Picture.Height - Bottom - top), classes);
        }
    }

    /// <summary>Separate straight pieces.</summary>
    public void Segments(IEnumerable<(double X1, double Y1, double X2, double Y2)> segments, string classes) =>
        Picture.Segments(segments.Select(s => (X(s.X1), Y(s.Y1), X(s.X2), Y(s.Y2))), classes);

    /// <summary>Fills the coordinate system with a picture of pixels.</summary>
    public void Background(PixelImage image) => Picture.Image(Left, Top, Picture.Width - Left - Right, Picture.Height - Top - Bottom, image);

    /// <summary>The finished picture, with its legend if any curve was named.</summary>
    public SvgPicture Finish()
    {
        bool left = Corner != LegendCorner.UpperRight;
        double at = Corner == LegendCorner.LowerLeft ? Picture.Height - Bottom + 6 - 16 * legend.Count : Top + 14, right = Picture.Width - Right - 8;
        foreach ((string label, string classes) in legend)
        {
            double from = left ? Left + 8 : right - 22;
            Picture.Line(from, at - 4, from + 22, at - 4, classes);
            Picture.Label(left ? from + 28 : from - 6, at, label, left ? "ink small" : "end ink small");
            at += 16;
        }
        legend.Clear();
        return Picture;
    }

    private void DrawAxes()
    {
        double bottom = Picture.Height - Bottom, right = Picture.Width - Right;
        foreach ((double value, string text) in x.Ticks(Math.Max(3, (int)((Picture.Width - Left - Right) / 80))))
        {
            Picture.Line(X(value), Top, X(value), bottom, "grid");
            Picture.Label(X(value), bottom + 16, text, "middle muted small");
        }
        foreach ((double value, string text) in y.Ticks(Math.Max(3, (int)((Picture.Height - Top - Bottom) / 45))))
        {
            Picture.Line(Left, Y(value), right, Y(value), "grid");
            Picture.Label(Left - 6, Y(value) + 4, text, "end muted small");
        }
        Picture.Line(Left, bottom, right, bottom, "muted");
        Picture.Line(Left, Top, Left, bottom, "muted");
        Picture.Label((Left + right) / 2, Picture.Height - 8, x.Label, "middle ink small");
        Picture.Label(14, (Top + bottom) / 2, y.Label, "middle ink small", turned: true);
    }
}

/// <summary>A corner of a plot.</summary>
public enum LegendCorner
{
    /// <summary>At the top on the right.</summary>
    UpperRight,

    /// <summary>At the bottom on the left, for curves that fall.</summary>
    LowerLeft,

    /// <summary>At the top on the left, for curves that rise.</summary>
    UpperLeft,
}

/// <summary>A range of numbers on a linear or a logarithmic scale.</summary>
/// <param name="Label">What the numbers are, with their unit.</param>
/// <param name="Lower">The end at the left or at the bottom.</param>
/// <param name="Upper">The end at the right or at the top; it may be the smaller one, and the axis then runs the other way.</param>
/// <param name="Logarithmic">Whether equal steps are equal factors; both ends are then positive.</param>
public sealed record Axis(string Label, double Lower, double Upper, bool Logarithmic = false)
{
    /// <summary>Whether only whole numbers have a meaning.</summary>
    public bool IsWhole { get; init; }

    internal bool CanShow(double value) => !double.IsNaN(value) && (!Logarithmic || value > 0);

    internal double Fraction(double value)
    {
        double a = Scale(Lower), b = Scale(Upper);
        return b != a ? Math.Clamp((Scale(value) - a) / (b - a), 0, 1) : 0.5;
    }

    /// <summary>Round numbers inside the range: steps of 1, 2 or 5 times a power of ten, or powers of ten.</summary>
    internal IEnumerable<(double Value, string Text)> Ticks(int atMost)
    {
        if (Logarithmic)
        {
            int first = (int)Math.Ceiling(Math.Log10(Lower) - 1e-9), last = (int)Math.Floor(Math.Log10(Upper) + 1e-9);
            int step = Math.Max(1, (last - first + atMost) / atMost);
            for (int e = first; e <= last; e += step) yield return (Math.Pow(10, e), $"1e{e.ToString(CultureInfo.InvariantCulture).Replace('-', '\u2212')}");
            yield break;
        }
        double low = Math.Min(Lower, Upper), high = Math.Max(Lower, Upper), span = high - low;
        if (!(span > 0) || !double.IsFinite(span))
        {
            yield return (Lower, Html.Number(Lower));
            yield break;
        }
        double rough = span / atMost, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double size = power * (rough <= power * 1.001 ? 1 : rough <= power * 2.002 ? 2 : rough <= power * 5.005 ? 5 : 10);
        if (IsWhole) size = Math.Max(1, size);
        for (double k = Math.Ceiling((low / size) - 1e-9); k * size <= high + (size * 1e-9); k++) yield return (k * size, Html.Number(Math.Round(k * size, 12)));
    }

    private double Scale(double value) => Logarithmic ? Math.Log10(Math.Max(value, double.Epsilon)) : value;
}
