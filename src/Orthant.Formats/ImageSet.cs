namespace Orthant.Formats;

/// <summary>Images of one size with 8-bit pixels, and their labels when they have any.</summary>
/// <remarks>Immutable. Pixels stay bytes, channel by channel within an image, so that a data set takes no more memory than its file;
/// who trains scales a batch at a time.</remarks>
public sealed class ImageSet
{
    private readonly byte[] pixels;
    private readonly int[] labels;

    /// <summary>Joins pixels and labels.</summary>
    /// <param name="count">The number of images, 0 or more.</param>
    /// <param name="channels">1 for grey, 3 for colour.</param>
    /// <param name="height">Rows of pixels of an image.</param>
    /// <param name="width">Columns of pixels of an image.</param>
    /// <param name="pixels">count × channels × height × width bytes, row-major; not copied.</param>
    /// <param name="labels">One class from 0 for each image, or none at all; not copied.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is negative.</exception>
    public ImageSet(int count, int channels, int height, int width, byte[] pixels, int[] labels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (pixels.Length != checked((long)count * channels * height * width))
        {
            throw new ArgumentException("The number of pixels does not fit the sizes.");
        }
        if (labels.Length != 0 && labels.Length != count) throw new ArgumentException($"{count} images were given {labels.Length} labels.");
        if (Array.Exists(labels, static l => l < 0)) throw new ArgumentException("A label is negative.", nameof(labels));
        Count = count;
        Channels = channels;
        Height = height;
        Width = width;
        this.pixels = pixels;
        this.labels = labels;
    }

    /// <summary>The number of images.</summary>
    public int Count { get; }

    /// <summary>The number of channels: 1 for grey, 3 for colour.</summary>
    public int Channels { get; }

    /// <summary>Rows of pixels of an image.</summary>
    public int Height { get; }

    /// <summary>Columns of pixels of an image.</summary>
    public int Width { get; }

    /// <summary>The number of pixel values of an image: channels × height × width.</summary>
    public int Size => Channels * Height * Width;

    /// <summary>All pixels, count × channels × height × width.</summary>
    public ReadOnlyMemory<byte> Pixels => pixels;

    /// <summary>The class of each image; empty when none were given.</summary>
    public ReadOnlyMemory<int> Labels => labels;

    /// <summary>The number of classes: one more than the largest label; 0 without labels.</summary>
    public int Classes => labels.Length == 0 ? 0 : labels.Max() + 1;

    /// <summary>Smaller images, each pixel the mean of a square of pixels, rounded half up.</summary>
    /// <param name="factor">The side of the squares; it divides height and width.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor does not divide them.</exception>
    public ImageSet Shrink(int factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        if (Height % factor != 0 || Width % factor != 0) throw new ArgumentOutOfRangeException(nameof(factor), factor, $"It does not divide {Width}×{Height}.");
        int height = Height / factor, width = Width / factor, area = factor * factor;
        byte[] small = new byte[Count * Channels * height * width];
        for (int plane = 0; plane < Count * Channels; plane++)
        {
            ReadOnlySpan<byte> from = pixels.AsSpan(plane * Height * Width, Height * Width);
            for (int i = 0; i < height * width; i++)
            {
                int sum = 0;
                for (int j = 0; j < area; j++) sum += from[((((i / width) * factor) + (j / factor)) * Width) + ((i % width) * factor) + (j % factor)];
                small[(plane * height * width) + i] = (byte)(((2 * sum) + area) / (2 * area));
            }
        }
        return new ImageSet(Count, Channels, height, width, small, labels);
    }

    /// <summary>The pixels of one image, channels × height × width.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<byte> Image(int index) => pixels.AsSpan(checked(index * Size), Size);
}
