using System.Buffers.Binary;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Formats.Onnx;

/// <summary>The numbers of a tensor in a file, whichever of the ways to store them was used.</summary>
internal static class TensorData
{
    /// <summary>Reads a tensor; the claimed number of elements is compared with the bytes present before anything is allocated.</summary>
    /// <param name="source">The file's path.</param>
    /// <param name="place">The tensor, for an error.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="OrthantInputException">Data are missing, too many, stored elsewhere, of another type, NaN or infinite.</exception>
    public static ConstantValue Read(string source, string place, TensorProto tensor)
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0)
        {
            throw new OrthantInputException(source, place, "data in another file", "data in this file");
        }
        if (tensor.Segment is not null) throw new OrthantInputException(source, place, "a segment of a tensor", "a whole tensor");
        long[] lengths = [.. tensor.Dims];
        if (lengths.Length > 64) throw new OrthantInputException(source, place, $"{lengths.Length} dimensions", "at most 64");
        int count = ByteSize.Elements(source, place, lengths);
        if (lengths.Any(l => l > int.MaxValue))
        {
            throw new OrthantInputException(source, place, $"shape {ByteSize.Text(lengths)}", "32-bit lengths");
        }
        int[] shape = Array.ConvertAll(lengths, l => (int)l);
        DataType type = (DataType)tensor.DataType;
        switch (type)
        {
            case DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16:
                return ConstantValue.OfNumbers(shape, Numbers(source, place, tensor, type, lengths, count));
            case DataType.Int64 or DataType.Int32 or DataType.Int16 or DataType.Int8:
            case DataType.Uint32 or DataType.Uint16 or DataType.Uint8 or DataType.Bool:
                return ConstantValue.OfIntegers(shape, Integers(source, place, tensor, type, lengths, count));
            default:
                throw new OrthantInputException(
                    source, place, $"element type {NameOf(tensor.DataType)}", "floating-point numbers or integers");
        }
    }

    /// <summary>The name of an element type, or its number when it has none here.</summary>
    public static string NameOf(int type) => Enum.IsDefined((DataType)type) ? ((DataType)type).ToString() : $"number {type}";

    private static double[] Numbers(string source, string place, TensorProto tensor, DataType type, long[] shape, int count)
    {
        double[] values;
        if (tensor.HasRawData)
        {
            ReadOnlySpan<byte> raw = tensor.RawData.Span;
            int size = type switch { DataType.Double => 8, DataType.Float => 4, _ => 2 };
            ByteSize.Require(source, place, shape, count, size, raw.Length);
            values = new double[count];
            for (int i = 0; i < count; i++) values[i] = Number(type, raw.Slice(i * size, size));
        }
        else
        {
            int present = type switch
            {
                DataType.Double => tensor.DoubleData.Count,
                DataType.Float => tensor.FloatData.Count,
                _ => tensor.Int32Data.Count,
            };
            RequireCount(source, place, shape, count, present);
            values = new double[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = type switch
                {
                    DataType.Double => tensor.DoubleData[i],
                    DataType.Float => tensor.FloatData[i],
                    DataType.Float16 => (double)BitConverter.UInt16BitsToHalf((ushort)tensor.Int32Data[i]),
                    _ => BitConverter.Int32BitsToSingle(tensor.Int32Data[i] << 16),
                };
            }
        }
        int bad = Array.FindIndex(values, double.IsNaN);
        if (bad >= 0) throw new OrthantInputException(source, place, $"NaN as element {bad}", "numbers");
        return values;
    }

    private static double Number(DataType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DataType.Double => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        DataType.Float => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        DataType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16),
    };

    private static long[] Integers(string source, string place, TensorProto tensor, DataType type, long[] shape, int count)
    {
        long[] values;
        if (tensor.HasRawData)
        {
            ReadOnlySpan<byte> raw = tensor.RawData.Span;
            int size = type switch
            {
                DataType.Int64 => 8,
                DataType.Int32 or DataType.Uint32 => 4,
                DataType.Int16 or DataType.Uint16 => 2,
                _ => 1,
            };
            ByteSize.Require(source, place, shape, count, size, raw.Length);
            values = new long[count];
            for (int i = 0; i < count; i++) values[i] = Integer(type, raw.Slice(i * size, size));
        }
        else
        {
            int present = type switch
            {
                DataType.Int64 => tensor.Int64Data.Count,
                DataType.Uint32 => tensor.Uint64Data.Count,
                _ => tensor.Int32Data.Count,
            };
            RequireCount(source, place, shape, count, present);
            values = new long[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = type switch
                {
                    DataType.Int64 => tensor.Int64Data[i],
                    DataType.Uint32 => (long)tensor.Uint64Data[i],
                    _ => tensor.Int32Data[i],
                };
            }
        }
        return values;
    }

    private static long Integer(DataType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DataType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        DataType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        DataType.Uint32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        DataType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        DataType.Uint16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        DataType.Int8 => (sbyte)bytes[0],
        _ => bytes[0],
    };

    private static void RequireCount(string source, string place, long[] shape, int count, int present)
    {
        if (present == count) return;
        throw new OrthantInputException(source, place, $"{present} numbers of data", $"{count} for shape {ByteSize.Text(shape)}");
    }
}
