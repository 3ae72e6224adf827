using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Orthant.Formats;

/// <summary>NumPy's array file, versions 1 to 3: a magic string, a Python dictionary that describes the array, and its elements.</summary>
/// <remarks>Read are little-endian float32, float64, int32, int64 and uint8; Fortran order is turned into C order. Source: the
/// specification
/// in NumPy's documentation, <c>numpy.lib.format</c>.</remarks>
public static class Npy
{
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads an array.</summary>
    /// <param name="path">A <c>.npy</c> file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file is not such an array, or holds fewer or more bytes than it claims.</exception>
    public static NpyArray Read(string path) => Parse(path, InputFile.ReadAllBytes(path));

    /// <summary>Reads an array as a table; see <see cref="NpyArray.ToTable"/>.</summary>
    /// <param name="path">A <c>.npy</c> file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file is not such an array, or not one of rows of finite numbers.</exception>
    public static NumberTable ReadTable(string path) => Read(path).ToTable(path);

    /// <summary>Writes a table as a rows × columns array of its own element type.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="table">The numbers; names of columns have no place in the format.</param>
    /// <exception cref="OrthantInputException">The file cannot be written.</exception>
    public static void Write(string path, NumberTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Array elements = table.IsSingle ? table.ToSingles() : table.ToDoubles();
        Write(path, new NpyArray([table.Rows, table.Columns], elements));
    }

    /// <summary>Writes an array in version 1, C order.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="array">The array.</param>
    /// <exception cref="OrthantInputException">The file cannot be written.</exception>
    public static void Write(string path, NpyArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        OutputFile.Write(path, stream =>
        {
            stream.Write(Header(array));
            ReadOnlySpan<byte> rest = Bytes(array.Elements);
            stream.Write(rest);
        });
    }

    /// <summary>What the head of a file says: element type, order, lengths, and where the elements begin.</summary>
    internal static (string Type, bool Fortran, long[] Shape, int Start) Head(string source, ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(Magic) || file.Length < 10) throw new OrthantInputException(source, "byte 0", "no npy magic", "a .npy array");
        int version = file[6];
        if (version is < 1 or > 3) throw new OrthantInputException(source, "byte 6", $"npy version {version}", "1, 2 or 3");
        int start = version == 1 ? 10 : 12;
        if (file.Length < start) throw new OrthantInputException(source, "byte 8", "the end of the file", "the length of the header");
        uint length = version == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(file[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        if (length > file.Length - start)
        {
            throw new OrthantInputException(
                source, "byte 8", $"a header of {length} bytes", $"at most the {file.Length - start} that follow");
        }
        string header = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(file.Slice(start, (int)length));
        (string type, bool fortran, long[] shape) = NpyHeader.Parse(source, header);
        return (type, fortran, shape, start + (int)length);
    }

    internal static NpyArray Parse(string source, ReadOnlySpan<byte> file)
    {
        (string type, bool fortran, long[] shape, int start) = Head(source, file);
        ReadOnlySpan<byte> data = file[start..];
        int count = ByteSize.Elements(source, "shape", shape);
        int[] lengths = Lengths(source, shape);
        return type switch
        {
            "<f4" => new NpyArray(lengths, Elements<float>(source, data, shape, count, fortran)),
            "<f8" => new NpyArray(lengths, Elements<double>(source, data, shape, count, fortran)),
            "<i4" => new NpyArray(lengths, Elements<int>(source, data, shape, count, fortran)),
            "<i8" => new NpyArray(lengths, Elements<long>(source, data, shape, count, fortran)),
            "|u1" or "<u1" => new NpyArray(lengths, Elements<byte>(source, data, shape, count, fortran)),
            _ => throw new OrthantInputException(source, "descr", $"element type '{type}'", "'<f4', '<f8', '<i4', '<i8' or '|u1'"),
        };
    }

    private static int[] Lengths(string source, long[] shape) =>
        Array.ConvertAll(
            shape,
            l => l <= int.MaxValue ? (int)l : throw new OrthantInputException(source, "shape", $"the length {l}", "a 32-bit length"));

    private static T[] Elements<T>(string source, ReadOnlySpan<byte> data, long[] shape, int count, bool fortran)
        where T : unmanaged
    {
        int size = Marshal.SizeOf<T>();
        ByteSize.Require(source, "data", shape, count, size, data.Length);
        T[] elements = new T[count];
        data.CopyTo(MemoryMarshal.AsBytes(elements.AsSpan()));
        return fortran && shape.Length > 1 && count > 0 ? InCOrder(elements, shape) : elements;
    }

    /// <summary>Reorders elements whose first index runs fastest so that the last one does.</summary>
    private static T[] InCOrder<T>(T[] fortran, long[] shape)
    {
        T[] ordered = new T[fortran.Length];
        int[] index = new int[shape.Length];
        int[] strides = new int[shape.Length];
        strides[0] = 1;
        for (int d = 1; d < shape.Length; d++) strides[d] = strides[d - 1] * (int)shape[d - 1];
        for (int at = 0, from = 0; at < ordered.Length; at++)
        {
            ordered[at] = fortran[from];
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                from += strides[d];
                if (++index[d] < shape[d]) break;
                from -= strides[d] * index[d];
                index[d] = 0;
            }
        }
        return ordered;
    }

    /// <summary>Magic, version, length and dictionary, padded with spaces so that the elements begin at a multiple of 64 bytes.</summary>
    private static byte[] Header(NpyArray array)
    {
        string type = array.Elements switch
        {
            float[] => "<f4",
            double[] => "<f8",
            int[] => "<i4",
            long[] => "<i8",
            _ => "|u1",
        };
        string shape = string.Join(", ", array.Shape) + (array.Shape.Length == 1 ? "," : "");
        string dictionary = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}";
        int length = ((10 + dictionary.Length + 1 + 63) / 64 * 64) - 10;
        byte[] header = new byte[10 + length];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)length);
        Encoding.ASCII.GetBytes(dictionary.PadRight(length - 1) + '\n', header.AsSpan(10));
        return header;
    }

    private static ReadOnlySpan<byte> Bytes(Array elements) => elements switch
    {
        float[] a => MemoryMarshal.AsBytes<float>(a),
        double[] a => MemoryMarshal.AsBytes<double>(a),
        int[] a => MemoryMarshal.AsBytes<int>(a),
        long[] a => MemoryMarshal.AsBytes<long>(a),
        _ => (byte[])elements,
    };
}
