using System.Buffers.Binary;

namespace Orthant.Formats;

/// <summary>The idx files of MNIST and its successors: a type, the lengths, and big-endian elements.</summary>
/// <remarks>Source: the description on Y. LeCun's MNIST page.</remarks>
public static class Idx
{
    private const int HeaderStart = 4;

    /// <summary>Reads an array of any of the format's six types.</summary>
    /// <param name="path">An idx file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file is not such an array, or holds fewer or more bytes than it claims.</exception>
    public static IdxArray Read(string path) => Parse(path, InputFile.ReadAllBytes(path));

    /// <summary>Reads images and, if named, their labels.</summary>
    /// <param name="imagesPath">Unsigned bytes of shape (count, height, width) or (count, channels, height, width).</param>
    /// <param name="labelsPath">Unsigned bytes of shape (count); null for none.</param>
    /// <exception cref="OrthantInputException">A file is not such an array, or the two do not fit together.</exception>
    public static ImageSet ReadImages(string imagesPath, string? labelsPath = null)
    {
        IdxArray images = Read(imagesPath);
        if (images.Elements is not byte[] pixels || images.Shape.Length is not (3 or 4) || images.Shape.AsSpan()[1..].Contains(0))
        {
            throw new OrthantInputException(imagesPath, "", Describe(images), "unsigned bytes of shape (count, height, width)");
        }
        int channels = images.Shape.Length == 4 ? images.Shape[1] : 1;
        int[] labels = labelsPath is null ? [] : ReadLabels(labelsPath, images.Shape[0]);
        return new ImageSet(images.Shape[0], channels, images.Shape[^2], images.Shape[^1], pixels, labels);
    }

    /// <summary>Writes unsigned bytes: images as (count, height, width), labels as (count).</summary>
    /// <param name="path">Where to; packed when the name ends in <c>.gz</c>.</param>
    /// <param name="shape">The lengths.</param>
    /// <param name="elements">As many bytes as the lengths multiply to.</param>
    /// <exception cref="ArgumentException">Shape and bytes do not fit.</exception>
    /// <exception cref="OrthantInputException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<int> shape, ReadOnlyMemory<byte> elements)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Aggregate(1L, (a, b) => checked(a * b)) != elements.Length)
        {
            throw new ArgumentException("The shape does not fit the bytes.");
        }
        byte[] header = new byte[HeaderStart + (4 * shape.Count)];
        header[2] = 0x08;
        header[3] = checked((byte)shape.Count);
        for (int d = 0; d < shape.Count; d++) BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(HeaderStart + (4 * d)), shape[d]);
        OutputFile.Write(path, stream =>
        {
            stream.Write(header);
            stream.Write(elements.Span);
        });
    }

    internal static IdxArray Parse(string source, ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderStart || file[0] != 0 || file[1] != 0)
        {
            throw new OrthantInputException(source, "byte 0", "no idx magic", "two zero bytes, a type and a number of dimensions");
        }
        int rank = file[3], start = HeaderStart + (4 * rank);
        if (file.Length < start)
        {
            throw new OrthantInputException(source, "byte 4", $"{file.Length} bytes in all", $"{rank} lengths of 4 bytes");
        }
        long[] shape = new long[rank];
        for (int d = 0; d < rank; d++) shape[d] = BinaryPrimitives.ReadUInt32BigEndian(file[(HeaderStart + (4 * d))..]);
        int count = ByteSize.Elements(source, "byte 4", shape);
        ReadOnlySpan<byte> data = file[start..];
        Array elements = file[2] switch
        {
            0x08 => Convert(source, data, shape, count, 1, static b => b[0]),
            0x09 => Convert(source, data, shape, count, 1, static b => (sbyte)b[0]),
            0x0B => Convert(source, data, shape, count, 2, BinaryPrimitives.ReadInt16BigEndian),
            0x0C => Convert(source, data, shape, count, 4, BinaryPrimitives.ReadInt32BigEndian),
            0x0D => Convert(source, data, shape, count, 4, BinaryPrimitives.ReadSingleBigEndian),
            0x0E => Convert(source, data, shape, count, 8, BinaryPrimitives.ReadDoubleBigEndian),
            byte other => throw new OrthantInputException(
                source, "byte 2", $"element type 0x{other:X2}", "0x08, 0x09, 0x0B, 0x0C, 0x0D or 0x0E"),
        };
        foreach (long length in shape)
        {
            if (length > int.MaxValue) throw new OrthantInputException(source, "byte 4", $"the length {length}", $"at most {int.MaxValue}");
        }
        return new IdxArray([.. shape.Select(l => (int)l)], elements);
    }

    private delegate T ReadElement<out T>(ReadOnlySpan<byte> bytes);

    private static T[] Convert<T>(string source, ReadOnlySpan<byte> data, long[] shape, int count, int size, ReadElement<T> read)
    {
        ByteSize.Require(source, $"byte {HeaderStart + (4 * shape.Length)}", shape, count, size, data.Length);
        T[] elements = new T[count];
        if (elements is byte[] bytes) data.CopyTo(bytes);
        else for (int i = 0; i < count; i++) elements[i] = read(data.Slice(i * size, size));
        return elements;
    }

    private static int[] ReadLabels(string path, int count)
    {
        IdxArray labels = Read(path);
        if (labels.Elements is not byte[] values || labels.Shape.Length != 1)
        {
            throw new OrthantInputException(path, "", Describe(labels), "unsigned bytes of shape (count)");
        }
        if (values.Length != count) throw new OrthantInputException(path, "", $"{values.Length} labels", $"{count}, one for each image");
        return Array.ConvertAll(values, static v => (int)v);
    }

    private static string Describe(IdxArray array) =>
        $"{array.Elements.GetType().GetElementType()!.Name} of shape ({string.Join(", ", array.Shape)})";
}
