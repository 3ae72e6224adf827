using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>A batch of images in rows × columns × channels order, each with a frame of zeros, and its gradient.</summary>
/// <remarks>
/// <code>
///     frame 1:    0 0 0 0 0        pixel (y, x) of image n, channel c:
///                 0 a b c 0        Origin(n) + (y·Pitch + x)·Channels + c,   with Origin(n) on the first pixel inside the frame
///                 0 d e f 0
///                 0 0 0 0 0        Channels: a multiple of 16, but for the images that come in
/// </code>
/// <para>With the frame, a window of a convolution is a few stretches of memory at any position, and no border has to be looked at. The frame of the values
/// stays zero; that of the gradient collects what nobody reads.</para>
/// </remarks>
internal sealed unsafe class ImageTensor : IDisposable
{
    private readonly AlignedBuffer<float> values;
    private readonly AlignedBuffer<float> gradient;

    public ImageTensor(ImageShape shape, int channels, int frame, int batch, bool hasGradient)
    {
        Shape = shape;
        Channels = channels;
        Frame = frame;
        Pitch = (shape.Width + (2 * frame)) * channels;
        Stride = checked((shape.Height + (2 * frame)) * Pitch);
        values = new AlignedBuffer<float>(checked(batch * Stride));
        gradient = new AlignedBuffer<float>(hasGradient ? batch * Stride : 0);
    }

    /// <summary>Channels, rows and columns without padding and frame.</summary>
    public ImageShape Shape { get; }

    /// <summary>The channels that are stored.</summary>
    public int Channels { get; }

    /// <summary>The width of the frame in pixels.</summary>
    public int Frame { get; }

    /// <summary>Floats from one row of pixels to the next.</summary>
    public int Pitch { get; }

    /// <summary>Floats from one image to the next.</summary>
    public int Stride { get; }

    /// <summary>Whether a gradient was put here in the present backward pass, so that the next one adds to it.</summary>
    public bool HasGradient { get; set; }

    public float* Origin(int image) => values.Pointer + ((nint)image * Stride) + Inset;

    public float* GradientOrigin(int image) => gradient.Pointer + ((nint)image * Stride) + Inset;

    /// <summary>The gradient of one image with its frame.</summary>
    public Span<float> GradientOf(int image) => gradient.Span.Slice(image * Stride, Stride);

    private int Inset => (Frame * Pitch) + (Frame * Channels);

    public void Dispose()
    {
        values.Dispose();
        gradient.Dispose();
    }
}
