using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Uncertainty;

namespace Orthant.Tests.Uncertainty;

public class CorruptionTests
{
    private static readonly ImageShape Shape = new(2, 8, 6);

    private static byte[] Grey(byte value, int images = 1) => [.. Enumerable.Repeat(value, images * Shape.Length)];

    private static byte[] Drawn(int images)
    {
        RandomStream random = new(4);
        return [.. Enumerable.Range(0, images * Shape.Length).Select(_ => (byte)random.NextInt32(256))];
    }

    [Fact]
    public void Noise_has_the_deviation_that_is_said()
    {
        double[] deviations = [0.05, 0.1, 0.15, 0.2];
        for (int s = 1; s <= deviations.Length; s++)
        {
            double[] d = [.. ImageCorruption.Apply(Corruption.Noise, s, Grey(128, 200), Shape, 3).Select(v => (v / 255.0) - (128 / 255.0))];
            double variance = d.Average(v => v * v);
            // Cut off at 2.5 deviations at the fourth severity: E of the cut square is smaller by 1.2 %; five standard errors of 19,200 squares are 5 %.
            Assert.InRange(Math.Sqrt(variance), 0.97 * deviations[s - 1], 1.03 * deviations[s - 1]);
            Assert.InRange(d.Average(), -5 * deviations[s - 1] / Math.Sqrt(d.Length), 5 * deviations[s - 1] / Math.Sqrt(d.Length));
        }
    }

    [Fact]
    public void Impulses_are_black_and_white_in_equal_parts()
    {
        byte[] found = ImageCorruption.Apply(Corruption.Impulse, 5, Grey(100, 200), Shape);
        double n = found.Length, sigma = Math.Sqrt(0.075 * 0.925 * n);
        Assert.InRange(found.Count(v => v == 0), (0.075 * n) - (5 * sigma), (0.075 * n) + (5 * sigma));
        Assert.InRange(found.Count(v => v == 255), (0.075 * n) - (5 * sigma), (0.075 * n) + (5 * sigma));
        Assert.Equal(found.Length, found.Count(v => v is 0 or 100 or 255));
    }

    [Fact]
    public void Contrast_and_brightness_are_their_formulas()
    {
        byte[] x = [.. Enumerable.Range(0, Shape.Length).Select(j => (byte)(j % 2 == 0 ? 100 : 140))];
        Assert.Equal(x.Select(v => (byte)(v == 100 ? 105 : 135)), ImageCorruption.Apply(Corruption.Contrast, 1, x, Shape));
        Assert.Equal(x.Select(v => (byte)(v == 100 ? 177 : 217)), ImageCorruption.Apply(Corruption.Brightness, 4, x, Shape));
        Assert.All(ImageCorruption.Apply(Corruption.Brightness, 5, Grey(240), Shape), v => Assert.Equal(255, v));
    }

    [Fact]
    public void A_blur_keeps_grey_and_spreads_a_point_as_a_normal_law()
    {
        Assert.Equal(Grey(77), ImageCorruption.Apply(Corruption.Blur, 5, Grey(77), Shape));
        ImageShape one = new(1, 21, 21);
        byte[] point = new byte[one.Length];
        point[(10 * 21) + 10] = 255;
        byte[] found = ImageCorruption.Apply(Corruption.Blur, 3, point, one);
        double[] w = [.. Enumerable.Range(-3, 7).Select(k => Math.Exp(-k * k / 2.0))];
        double sum = w.Sum();
        for (int j = 0; j < found.Length; j++)
        {
            int row = (j / 21) - 10, column = (j % 21) - 10;
            double expected = Math.Abs(row) <= 3 && Math.Abs(column) <= 3 ? 255 * w[row + 3] * w[column + 3] / (sum * sum) : 0;
            Assert.InRange(found[j], expected - 0.51, expected + 0.51);
        }
    }

    [Fact]
    public void A_shift_moves_every_channel_alike()
    {
        byte[] x = Drawn(40), y = ImageCorruption.Apply(Corruption.Shift, 2, x, Shape, 8);
        HashSet<(int, int)> seen = [];
        for (int image = 0; image < 40; image++)
        {
            (int Down, int Right) Move()
            {
                foreach (int down in (int[])[-2, 0, 2])
                {
                    foreach (int right in (int[])[-2, 0, 2])
                    {
                        bool fits = Enumerable.Range(0, Shape.Length).All(j =>
                        {
                            int column = j % 6, row = j / 6 % 8, plane = j / 48;
                            return y[(image * 96) + j] == x[(image * 96) + (plane * 48) + (Math.Clamp(row - down, 0, 7) * 6) + Math.Clamp(column - right, 0, 5)];
                        });
                        if (fits) return (down, right);
                    }
                }
                return (9, 9);
            }
            seen.Add(Move());
        }
        Assert.Equal(8, seen.Count);
        Assert.DoesNotContain((0, 0), seen);
        Assert.DoesNotContain((9, 9), seen);
    }

    /// <summary>What an image becomes depends on its own number alone.</summary>
    [Fact]
    public void The_number_of_images_changes_nothing()
    {
        byte[] x = Drawn(10);
        foreach (Corruption kind in Enum.GetValues<Corruption>())
        {
            byte[] all = ImageCorruption.Apply(kind, 3, x, Shape, 1);
            Assert.Equal(all[..96], ImageCorruption.Apply(kind, 3, x.AsSpan(0, 96), Shape, 1));
            Assert.Equal(all, ImageCorruption.Apply(kind, 3, x, Shape, 1));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageCorruption.Apply(Corruption.Blur, 6, x, Shape));
        Assert.Throws<ArgumentException>(() => ImageCorruption.Apply(Corruption.Blur, 1, x.AsSpan(1), Shape));
    }
}
