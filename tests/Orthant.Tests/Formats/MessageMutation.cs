using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Orthant.Formats.Onnx;

namespace Orthant.Tests.Formats;

/// <summary>Changes one field somewhere in a message: what random bytes hardly ever reach, as most of them do not even parse.</summary>
internal static class MessageMutation
{
    private static readonly long[] Integers = [0, 1, -1, 2, 3, 5, 7, 13, int.MaxValue, int.MinValue, 1L << 22, 1L << 40,
        long.MaxValue, long.MinValue];

    private static readonly string[] Operations = [.. OperationTable.Known.Keys, .. OperationTable.Tails];

    public static void Apply(IMessage message, Random random)
    {
        FieldDescriptor[] fields = [.. message.Descriptor.Fields.InDeclarationOrder().Where(
            f => IsPresent(message, f) || random.Next(12) == 0)];
        if (fields.Length == 0) return;
        FieldDescriptor field = fields[random.Next(fields.Length)];
        if (field.IsRepeated)
        {
            IList list = (IList)field.Accessor.GetValue(message);
            if (list.Count > 0 && field.FieldType == FieldType.Message && random.Next(4) > 0)
            {
                Apply((IMessage)list[random.Next(list.Count)]!, random);
                return;
            }
            Rearrange(list, field, random);
        }
        else if (field.FieldType == FieldType.Message && field.Accessor.GetValue(message) is IMessage inner && random.Next(20) > 0)
        {
            Apply(inner, random);
        }
        else if (random.Next(6) == 0)
        {
            field.Accessor.Clear(message);
        }
        else if (field.FieldType != FieldType.Message)
        {
            field.Accessor.SetValue(message, Value(field, field.Accessor.GetValue(message), random));
        }
    }

    private static bool IsPresent(IMessage message, FieldDescriptor field) => field.IsRepeated
        ? ((IList)field.Accessor.GetValue(message)).Count > 0
        : field.FieldType == FieldType.Message ? field.Accessor.GetValue(message) is not null : field.Accessor.HasValue(message);

    private static void Rearrange(IList list, FieldDescriptor field, Random random)
    {
        int at = list.Count == 0 ? 0 : random.Next(list.Count);
        switch (random.Next(4))
        {
            case 0 when list.Count > 0:
                list.RemoveAt(at);
                break;
            case 1 when list.Count > 1:
                int other = random.Next(list.Count);
                (list[at], list[other]) = (list[other], list[at]);
                break;
            case 2 when list.Count > 0:
                list.Insert(at, list[random.Next(list.Count)]);
                break;
            default:
                if (field.FieldType == FieldType.Message) break;
                if (list.Count > 0) list[at] = Value(field, list[at]!, random);
                else list.Add(Value(field, null, random));
                break;
        }
    }

    private static object Value(FieldDescriptor field, object? old, Random random)
    {
        long integer = random.Next(3) == 0 && old is not (null or string or ByteString)
            ? Convert.ToInt64(Math.Clamp(Convert.ToDouble(old), -1e18, 1e18)) + random.Next(-2, 3)
            : Integers[random.Next(Integers.Length)];
        switch (field.FieldType)
        {
            case FieldType.String:
                return random.Next(8) switch
                {
                    0 => "",
                    1 => "input",
                    2 => (old as string ?? "") + "'",
                    3 => $"layer{random.Next(4)}",
                    _ => Operations[random.Next(Operations.Length)],
                };
            case FieldType.Bytes:
                byte[] bytes = [.. ((ByteString?)old ?? ByteString.Empty).ToByteArray().Append((byte)1)];
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return ByteString.CopyFrom(bytes, 0, bytes.Length - random.Next(2));
            case FieldType.Float:
                return random.Next(4) == 0 ? float.NaN : (float)integer;
            case FieldType.Double:
                return random.Next(4) == 0 ? double.PositiveInfinity : (double)integer;
            case FieldType.Int32:
                return (int)integer;
            case FieldType.UInt64:
                return (ulong)integer;
            case FieldType.Enum:
                return Enum.ToObject(old?.GetType() ?? field.EnumType.ClrType, (int)(integer & 31));
            default:
                return integer;
        }
    }
}
