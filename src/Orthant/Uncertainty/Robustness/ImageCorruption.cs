using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Uncertainty;

/// <summary>Ways in which images get worse.</summary>
public enum Corruption
{
    /// <summary>Normal noise on every value.</summary>
    Noise,

    /// <summary>Values that are black or white at random.</summary>
    Impulse,

    /// <summary>A Gaussian blur.</summary>
    Blur,

    /// <summary>Values drawn together towards the image's mean.</summary>
    Contrast,

    /// <summary>Values that are all raised.</summary>
    Brightness,

    /// <summary>Images moved in one of eight directions.</summary>
    Shift,
}

/// <summary>Images made worse in five degrees, in order to see whether a network is less sure when it is less right.</summary>
/// <remarks>
/// <para>Values are parts of full intensity; the result is cut to 0 to 1 and rounded to a byte:</para>
/// <code>
///     severity                          1      2      3      4      5
///     Noise, standard deviation         0.05   0.1    0.15   0.2    0.3
///     Impulse, part of the values       0.01   0.03   0.06   0.1    0.15       half of them 0, half of them 1
///     Blur, deviation in pixels         0.5    0.75   1      1.5    2          cut off at three deviations, borders repeated
///     Contrast, what remains of it      0.75   0.55   0.4    0.25   0.15
///     Brightness, added                 0.05   0.1    0.2    0.3    0.4
///     Shift, pixels                     1      2      3      4      6          borders repeated
/// </code>
/// <para>These are definitions of our own in the manner of Hendrycks and Dietterich, "Benchmarking neural network robustness to common
/// corruptions and
/// perturbations", ICLR 2019; figures are not to be compared with those of their data sets. Draws belong to seed, image and place, whatever
/// the number of
/// images.</para>
/// </remarks>
public static class ImageCorruption
{
    /// <summary>The severities are 1 to this.</summary>
    public const int Severities = 5;

    private const ulong Purpose = 0xC0FF;

    private static readonly double[] Noise = [0.05, 0.1, 0.15, 0.2, 0.3];
    private static readonly double[] Impulse = [0.01, 0.03, 0.06, 0.1, 0.15];
    private static readonly double[] Blur = [0.5, 0.75, 1, 1.5, 2];
    private static readonly double[] Contrast = [0.75, 0.55, 0.4, 0.25, 0.15];
    private static readonly double[] Brightness = [0.05, 0.1, 0.2, 0.3, 0.4];
    private static readonly int[] Shift = [1, 2, 3, 4, 6];

    /// <summary>Corrupts images.</summary>
    /// <param name="corruption">How.</param>
    /// <param name="severity">From 1 to <see cref="Severities"/>.</param>
    /// <param name="pixels">images × channels × rows × columns bytes.</param>
    /// <param name="shape">The shape of one image.</param>
    /// <param name="seed">The seed of everything random.</param>
    /// <returns>As many bytes.</returns>
    /// <exception cref="ArgumentException">The pixels are not whole images, or the severity is out of range.</exception>
    public static byte[] Apply(Corruption corruption, int severity, ReadOnlySpan<byte> pixels, ImageShape shape, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(severity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(severity, Severities);
        int size = shape.Length;
        if (pixels.Length % size != 0) throw new ArgumentException($"{pixels.Length} bytes are not whole images of {size}.");
        byte[] result = new byte[pixels.Length];
        double[] x = new double[size], y = new double[size];
        for (int image = 0; image < pixels.Length / size; image++)
        {
            for (int j = 0; j < size; j++) x[j] = pixels[(image * size) + j] / 255.0;
            RandomStream random = new(seed ^ Purpose, (ulong)image);
            switch (corruption)
            {
                case Corruption.Noise:
                    random.FillNormals(y);
                    for (int j = 0; j < size; j++) y[j] = x[j] + (Noise[severity - 1] * y[j]);
                    break;
                case Corruption.Impulse:
                    for (int j = 0; j < size; j++) y[j] = random.NextDouble() is double u && u < Impulse[severity - 1]
                        ? (u < Impulse[severity - 1] / 2 ? 0 : 1) : x[j];
                    break;
                case Corruption.Blur:
                    Smooth(x, y, shape, Kernel(Blur[severity - 1]));
                    break;
                case Corruption.Contrast:
                    double mean = x.Average();
                    for (int j = 0; j < size; j++) y[j] = mean + (Contrast[severity - 1] * (x[j] - mean));
                    break;
                case Corruption.Brightness:
                    for (int j = 0; j < size; j++) y[j] = x[j] + Brightness[severity - 1];
                    break;
                default:
                    (int down, int right) = Directions[random.NextInt32(Directions.Length)];
                    Move(x, y, shape, down * Shift[severity - 1], right * Shift[severity - 1]);
                    break;
            }
            for (int j = 0; j < size; j++) result[(image * size) + j] =
                (byte)Math.Round(255 * Math.Clamp(y[j], 0, 1), MidpointRounding.AwayFromZero);
        }
        return result;
    }

    private static readonly (int Down, int Right)[] Directions = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)];

    /// <summary>The weights of one side of a normal kernel, the middle first, cut off at three deviations; both sides add up to
    /// 1.</summary>
    private static double[] Kernel(double deviation)
    {
        double[] w = [.. Enumerable.Range(0,
            (int)Math.Ceiling(3 * deviation) + 1).Select(k => Math.Exp(-k * k / (2 * deviation * deviation)))];
        double sum = w[0] + (2 * w.Skip(1).Sum());
        return [.. w.Select(v => v / sum)];
    }

    /// <summary>Rows first, then columns.</summary>
    private static void Smooth(double[] x, double[] y, ImageShape shape, double[] kernel)
    {
        int height = shape.Height, width = shape.Width;
        double[] between = new double[x.Length];
        for (int j = 0; j < x.Length; j++)
        {
            int column = j % width, row = j - column;
            between[j] = kernel[0] * x[j];
            for (int k = 1; k < kernel.Length; k++) between[j] += kernel[k] * (x[row + Math.Max(column - k, 0)]
                + x[row + Math.Min(column + k, width - 1)]);
        }
        for (int j = 0; j < x.Length; j++)
        {
            int column = j % width, row = j / width % height, plane = j - (row * width) - column;
            y[j] = kernel[0] * between[j];
            for (int k = 1; k < kernel.Length; k++) y[j] += kernel[k] * (between[plane + (Math.Max(row - k, 0) * width) + column]
                + between[plane + (Math.Min(row + k, height - 1) * width) + column]);
        }
    }

    private static void Move(double[] x, double[] y, ImageShape shape, int down, int right)
    {
        int height = shape.Height, width = shape.Width;
        for (int j = 0; j < x.Length; j++)
        {
            int column = j % width, row = j / width % height, plane = j - (row * width) - column;
            y[j] = x[plane + (Math.Clamp(row - down, 0, height - 1) * width) + Math.Clamp(column - right, 0, width - 1)];
        }
    }
}
