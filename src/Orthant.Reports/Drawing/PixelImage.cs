using System.Buffers.Binary;
using System.IO.Compression;

namespace Orthant.Reports;

/// <summary>A small picture of 24-bit pixels that can be written as PNG.</summary>
public sealed class PixelImage
{
    private readonly byte[] rgb;

    /// <summary>Creates a black picture.</summary>
    /// <param name="width">Columns, 1 to 8192.</param>
    /// <param name="height">Rows, 1 to 8192.</param>
    public PixelImage(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(width is >= 1 and <= 8192, true, nameof(width));
        ArgumentOutOfRangeException.ThrowIfNotEqual(height is >= 1 and <= 8192, true, nameof(height));
        Width = width;
        Height = height;
        rgb = new byte[width * height * 3];
    }

    /// <summary>The number of columns.</summary>
    public int Width { get; }

    /// <summary>The number of rows.</summary>
    public int Height { get; }

    /// <summary>Sets one pixel.</summary>
    /// <param name="x">Column, from the left.</param>
    /// <param name="y">Row, from the top.</param>
    /// <param name="colour">Red, green and blue.</param>
    public void Set(int x, int y, (byte R, byte G, byte B) colour)
    {
        int at = ((y * Width) + x) * 3;
        (rgb[at], rgb[at + 1], rgb[at + 2]) = colour;
    }

    /// <summary>The picture as a PNG file (ISO/IEC 15948: signature, IHDR, one zlib stream of rows filtered by their difference to the left, IEND).</summary>
    public byte[] ToPng()
    {
        using MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        header[8] = 8;
        header[9] = 2;
        WriteChunk(file, "IHDR"u8, header);
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] row = new byte[1 + (Width * 3)];
            row[0] = 1;
            for (int y = 0; y < Height; y++)
            {
                ReadOnlySpan<byte> pixels = rgb.AsSpan(y * Width * 3, Width * 3);
                for (int i = 0; i < pixels.Length; i++) row[i + 1] = (byte)(pixels[i] - (i < 3 ? 0 : pixels[i - 3]));
                zlib.Write(row);
            }
        }
        WriteChunk(file, "IDAT"u8, packed.ToArray());
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(name);
        file.Write(content);
        uint crc = Crc(Crc(uint.MaxValue, name), content) ^ uint.MaxValue;
        BinaryPrimitives.WriteUInt32BigEndian(number, crc);
        file.Write(number);
    }

    /// <summary>The cyclic redundancy check of PNG and zip, polynomial 0xEDB88320, bit by bit.</summary>
    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return crc;
    }
}
