namespace Orthant.Networks;

/// <summary>The sizes of an image-like vector: coordinates run over channels, then rows, then columns (C × H × W, row-major).</summary>
/// <param name="Channels">The number of channels, at least 1.</param>
/// <param name="Height">The number of rows, at least 1.</param>
/// <param name="Width">The number of columns, at least 1.</param>
public readonly record struct ImageShape(int Channels, int Height, int Width)
{
    /// <summary>The length of the vector, channels · height · width.</summary>
    /// <exception cref="OverflowException">The length is larger than an array can be.</exception>
    public int Length => checked(Channels * Height * Width);

    /// <summary>The pixels of one channel.</summary>
    public int Pixels => checked(Height * Width);

    /// <summary>For example <c>3×32×32</c>.</summary>
    public override string ToString() => $"{Channels}×{Height}×{Width}";

    internal void Check()
    {
        if (Channels < 1 || Height < 1 || Width < 1) throw new ArgumentException($"An image of {this} has no pixels.");
        _ = Length;
    }
}

/// <summary>Where a sliding window of a convolution or a pooling lies: its size, steps, holes and the frame around the image.</summary>
/// <param name="Height">Rows of the window, at least 1.</param>
/// <param name="Width">Columns of the window, at least 1.</param>
/// <param name="StrideY">Rows from one position to the next, at least 1.</param>
/// <param name="StrideX">Columns from one position to the next, at least 1.</param>
/// <param name="Top">Rows added above the image.</param>
/// <param name="Left">Columns added on the left.</param>
/// <param name="Bottom">Rows added below.</param>
/// <param name="Right">Columns added on the right.</param>
/// <param name="DilationY">Rows from one row of the window to the next, at least 1.</param>
/// <param name="DilationX">Columns from one column of the window to the next, at least 1.</param>
public readonly record struct SlidingWindow(
    int Height, int Width, int StrideY = 1, int StrideX = 1, int Top = 0, int Left = 0, int Bottom = 0, int Right = 0, int DilationY = 1, int DilationX = 1)
{
    /// <summary>The number of cells of the window.</summary>
    public int Cells => checked(Height * Width);

    /// <summary>The rows and columns of positions on an image.</summary>
    /// <exception cref="ArgumentException">The window does not fit into the framed image, or a size is out of range.</exception>
    public (int Rows, int Columns) PositionsOn(ImageShape image)
    {
        image.Check();
        bool valid = Height >= 1 && Width >= 1 && StrideY >= 1 && StrideX >= 1 && DilationY >= 1 && DilationX >= 1
            && Top >= 0 && Left >= 0 && Bottom >= 0 && Right >= 0;
        if (!valid) throw new ArgumentException($"{this} has a size, stride, dilation or frame out of range.");
        long high = ((long)image.Height + Top + Bottom - (((long)Height - 1) * DilationY) - 1) / StrideY;
        long wide = ((long)image.Width + Left + Right - (((long)Width - 1) * DilationX) - 1) / StrideX;
        long spareHigh = (long)image.Height + Top + Bottom - (((long)Height - 1) * DilationY) - 1;
        long spareWide = (long)image.Width + Left + Right - (((long)Width - 1) * DilationX) - 1;
        if (spareHigh < 0 || spareWide < 0) throw new ArgumentException($"A window of {Height}×{Width} does not fit on an image of {image}.");
        return (checked((int)(high + 1)), checked((int)(wide + 1)));
    }

    /// <summary>The pixel of a channel that a cell of the window covers at a position, or -1 on the frame.</summary>
    internal int Pixel(ImageShape image, int row, int column, int cell)
    {
        int y = (row * StrideY) - Top + (cell / Width * DilationY), x = (column * StrideX) - Left + (cell % Width * DilationX);
        return (uint)y < (uint)image.Height && (uint)x < (uint)image.Width ? (y * image.Width) + x : -1;
    }
}
