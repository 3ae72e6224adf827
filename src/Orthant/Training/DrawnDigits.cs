using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>Grey images of the digits 0 to 9, drawn with a pen of random width along strokes that are shifted, turned, sheared and bent at
/// random: a data set that needs no download.</summary>
public static class DrawnDigits
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Size = 14;

    private const int StepsPerCurve = 12;

    /// <summary>The strokes of each digit as points in the unit square, y downwards; consecutive points are joined.</summary>
    private static readonly (double X, double Y)[][][] Strokes =
    [
        [Ellipse(0.5, 0.5, 0.27, 0.38, 0, 360)],
        [[(0.36, 0.24), (0.54, 0.12), (0.54, 0.88)]],
        [[.. Ellipse(0.5, 0.33, 0.24, 0.21, 190, 390), (0.27, 0.87), (0.76, 0.87)]],
        [Ellipse(0.48, 0.31, 0.22, 0.19, 200, 450), Ellipse(0.47, 0.68, 0.25, 0.2, 270, 510)],
        [[(0.62, 0.88), (0.62, 0.12), (0.22, 0.64), (0.8, 0.64)]],
        [[(0.72, 0.13), (0.34, 0.13), (0.3, 0.47), .. Ellipse(0.49, 0.65, 0.24, 0.22, 230, 500)]],
        [[(0.66, 0.13), (0.38, 0.38), .. Ellipse(0.5, 0.66, 0.23, 0.21, 200, 560)]],
        [[(0.24, 0.13), (0.76, 0.13), (0.42, 0.88)]],
        [Ellipse(0.5, 0.31, 0.2, 0.18, 0, 360), Ellipse(0.5, 0.69, 0.24, 0.2, 0, 360)],
        [[.. Ellipse(0.5, 0.34, 0.22, 0.21, 20, 380), (0.66, 0.88)]],
    ];

    /// <summary>Draws images; digits take turns.</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>Pixels, count × <see cref="Size"/> × <see cref="Size"/>, 0 for paper and 255 for ink, and the digit of each image.</returns>
    public static (byte[] Pixels, int[] Labels) Draw(int count, ulong seed)
    {
        byte[] pixels = new byte[checked(count * Size * Size)];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = i % 10;
            DrawOne(Strokes[labels[i]], new RandomStream(seed, (ulong)i), pixels.AsSpan(i * Size * Size, Size * Size));
        }
        return (pixels, labels);
    }

    private static void DrawOne((double X, double Y)[][] strokes, RandomStream random, Span<byte> image)
    {
        double turn = 0.22 * random.NextNormal(), shear = 0.18 * random.NextNormal(), wide = 1 + (0.12 * random.NextNormal()), high = 1 + (0.1 * random.NextNormal());
        double dx = 0.05 * random.NextNormal(), dy = 0.05 * random.NextNormal(), pen = random.NextDouble(0.045, 0.085);
        double bendX = 0.04 * random.NextNormal(), bendY = 0.04 * random.NextNormal(), phase = random.NextDouble(0, 2 * Math.PI);
        (double Sin, double Cos) = Math.SinCos(turn);
        List<(double X1, double Y1, double X2, double Y2)> segments = [];
        foreach ((double X, double Y)[] stroke in strokes)
        {
            for (int k = 1; k < stroke.Length; k++)
            {
                (double x1, double y1) = Place(stroke[k - 1]);
                (double x2, double y2) = Place(stroke[k]);
                segments.Add((x1, y1, x2, y2));
            }
        }
        for (int row = 0; row < Size; row++)
        {
            for (int column = 0; column < Size; column++)
            {
                double x = (column + 0.5) / Size, y = (row + 0.5) / Size, nearest = double.PositiveInfinity;
                foreach ((double x1, double y1, double x2, double y2) in segments) nearest = Math.Min(nearest, Distance(x, y, x1, y1, x2, y2));
                double ink = Math.Clamp((pen - nearest) * Size * 0.9 + 0.5, 0, 1) * 255;
                image[(row * Size) + column] = (byte)Math.Round(Math.Clamp(ink + (6 * random.NextNormal()), 0, 255));
            }
        }

        (double, double) Place((double X, double Y) p)
        {
            double x = (p.X - 0.5) * wide, y = (p.Y - 0.5) * high;
            x += (shear * y) + (bendX * Math.Sin((6 * p.Y) + phase));
            y += bendY * Math.Sin((6 * p.X) + phase);
            return (0.5 + dx + (Cos * x) - (Sin * y), 0.5 + dy + (Sin * x) + (Cos * y));
        }
    }

    private static double Distance(double x, double y, double x1, double y1, double x2, double y2)
    {
        double ux = x2 - x1, uy = y2 - y1, length = (ux * ux) + (uy * uy);
        double t = length > 0 ? Math.Clamp((((x - x1) * ux) + ((y - y1) * uy)) / length, 0, 1) : 0;
        double dx = x - x1 - (t * ux), dy = y - y1 - (t * uy);
        return Math.Sqrt((dx * dx) + (dy * dy));
    }

    /// <summary>Points of an arc, angles in degrees from the right, clockwise on the page.</summary>
    private static (double X, double Y)[] Ellipse(double x, double y, double rx, double ry, double from, double to) =>
        Enumerable.Range(0, StepsPerCurve + 1).Select(i =>
        {
            double angle = (from + ((to - from) * i / StepsPerCurve)) * Math.PI / 180;
            return (x + (rx * Math.Cos(angle)), y + (ry * Math.Sin(angle)));
        }).ToArray();
}
