namespace Orthant.Reports;

/// <summary>Colours for numbers: dark blue for the least, light yellow for the largest, with lightness rising all the way.</summary>
/// <remarks>Interpolated between five anchors in the OKLab space (B. Ottosson, "A perceptual color space for image processing", 2020), where
/// equal steps look equally far apart.</remarks>
public static class ColourMap
{
    private static readonly (double L, double A, double B)[] Anchors =
        Array.ConvertAll(new[] { 0x1B2A49, 0x1F5F7F, 0x2E9C87, 0x9CCB5C, 0xFBE983 }, c => ToLab(c >> 16, (c >> 8) & 255, c & 255));

    /// <summary>The colour of a number.</summary>
    /// <param name="t">0 for the least, 1 for the largest; what lies outside is taken to the nearer end.</param>
    public static (byte R, byte G, byte B) At(double t)
    {
        double position = (double.IsNaN(t) ? 0 : Math.Clamp(t, 0, 1)) * (Anchors.Length - 1);
        int i = Math.Min((int)position, Anchors.Length - 2);
        double f = position - i;
        return ToRgb(Mix(Anchors[i].L, Anchors[i + 1].L, f), Mix(Anchors[i].A, Anchors[i + 1].A, f), Mix(Anchors[i].B, Anchors[i + 1].B, f));
    }

    /// <summary>The colour of a number as <c>#rrggbb</c>.</summary>
    public static string TextAt(double t)
    {
        (byte r, byte g, byte b) = At(t);
        return $"#{r:x2}{g:x2}{b:x2}";
    }

    private static double Mix(double a, double b, double f) => a + ((b - a) * f);

    private static (double L, double A, double B) ToLab(int red, int green, int blue)
    {
        double r = Linear(red / 255.0), g = Linear(green / 255.0), b = Linear(blue / 255.0);
        double l = Math.Cbrt((0.4122214708 * r) + (0.5363325363 * g) + (0.0514459929 * b));
        double m = Math.Cbrt((0.2119034982 * r) + (0.6806995451 * g) + (0.1073969566 * b));
        double s = Math.Cbrt((0.0883024619 * r) + (0.2817188376 * g) + (0.6299787005 * b));
        return ((0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s),
            (1.9779984951 * l) - (2.4285922050 * m) + (0.4505937099 * s),
            (0.0259040371 * l) + (0.7827717662 * m) - (0.8086757660 * s));
    }

    private static (byte R, byte G, byte B) ToRgb(double lightness, double a, double b)
    {
        double l = Cube(lightness + (0.3963377774 * a) + (0.2158037573 * b));
        double m = Cube(lightness - (0.1055613458 * a) - (0.0638541728 * b));
        double s = Cube(lightness - (0.0894841775 * a) - (1.2914855480 * b));
        return (Byte((4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s)),
            Byte((-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s)),
            Byte((-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s)));
    }

    private static double Cube(double x) => x * x * x;

    private static double Linear(double c) => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);

    private static byte Byte(double c) =>
        (byte)Math.Round(255 * Math.Clamp(c <= 0.0031308 ? 12.92 * c : (1.055 * Math.Pow(c, 1 / 2.4)) - 0.055, 0, 1));
}
