using System.Globalization;
using Google.Protobuf;

namespace Orthant.Formats.Onnx;

/// <summary>Tensors whose numbers lie in other files of the model's folder.</summary>
/// <remarks>A location is a relative path that stays in the folder, links followed; what a tensor claims is compared with what its shape needs and
/// with the file's length before anything is read.</remarks>
internal static class ExternalTensors
{
    /// <summary>Brings the numbers of all external tensors of a model into memory.</summary>
    /// <param name="path">The model's path.</param>
    /// <param name="model">The model; its external tensors become raw ones.</param>
    /// <exception cref="OrthantInputException">A location leaves the folder or is no file, or the file does not hold what a tensor needs.</exception>
    public static void Fill(string path, ModelProto model)
    {
        foreach (TensorProto tensor in model.Graph.Initializer) Fill(path, $"initialiser '{tensor.Name}'", tensor);
        foreach (NodeProto node in model.Graph.Node)
        {
            foreach (AttributeProto attribute in node.Attribute)
            {
                if (attribute.T is not null) Fill(path, $"node '{node.Name}' ({node.OpType}), attribute '{attribute.Name}'", attribute.T);
            }
        }
    }

    private static void Fill(string path, string place, TensorProto tensor)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.External && tensor.ExternalData.Count == 0) return;
        Dictionary<string, string> entries = [];
        foreach (StringStringEntryProto entry in tensor.ExternalData) entries[entry.Key] = entry.Value;
        string location = entries.GetValueOrDefault("location", "");
        FileInfo file = Locate(path, place, location);
        long offset = Number(path, place, entries, "offset") ?? 0;
        long needed = Needed(path, place, tensor);
        if (Number(path, place, entries, "length") is long length && length != needed)
        {
            throw new OrthantInputException(path, place, $"{length} bytes of data in {location}", $"{needed} for shape {ByteSize.Text([.. tensor.Dims])}");
        }
        if (offset > file.Length - needed)
        {
            throw new OrthantInputException(path, place, $"{location} of {file.Length} bytes", $"{needed} bytes from {offset} on, for shape {ByteSize.Text([.. tensor.Dims])}");
        }
        byte[] bytes = new byte[needed];
        try
        {
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
            stream.Position = offset;
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OrthantInputException(path, place, $"{location}, which cannot be read ({e.Message})", "a readable file", e);
        }
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        tensor.DataLocation = TensorProto.Types.DataLocation.Default;
        tensor.ExternalData.Clear();
    }

    /// <summary>The file of a location that stays in the model's folder.</summary>
    private static FileInfo Locate(string path, string place, string location)
    {
        string folder = Path.GetFullPath(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (location.Length == 0 || location.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(location) || location.Contains(':', StringComparison.Ordinal))
        {
            throw new OrthantInputException(path, place, $"data in '{location}'", "a relative path in the model's folder");
        }
        string whole = Path.GetFullPath(Path.Combine(folder, location));
        if (!Inside(folder, whole)) throw new OrthantInputException(path, place, $"data in '{location}', outside the model's folder", "a path in the model's folder");
        FileInfo file = new(whole);
        if (!file.Exists) throw new OrthantInputException(path, place, $"data in '{location}', which is no file", "a file in the model's folder");
        // A link, on the way or at the end, must not lead out either.
        string real = Resolved(whole), realFolder = Resolved(folder);
        if (!Inside(realFolder, real)) throw new OrthantInputException(path, place, $"data in '{location}', a link that leads outside the model's folder", "a path in the model's folder");
        return new FileInfo(real);
    }

    private static bool Inside(string folder, string file) =>
        file.StartsWith(folder.EndsWith(Path.DirectorySeparatorChar) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>A path with the links of all its parts followed.</summary>
    private static string Resolved(string path)
    {
        string root = Path.GetPathRoot(path)!, real = root;
        foreach (string part in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(real, part);
            FileSystemInfo entry = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            real = entry.LinkTarget is null ? next : entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? next;
        }
        return real;
    }

    private static long? Number(string path, string place, Dictionary<string, string> entries, string key)
    {
        if (!entries.TryGetValue(key, out string? text)) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)) return value;
        throw new OrthantInputException(path, place, $"{key} '{text}'", "a number of bytes");
    }

    private static long Needed(string path, string place, TensorProto tensor)
    {
        int size = (TensorProto.Types.DataType)tensor.DataType switch
        {
            TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 => 8,
            TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
            TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Bfloat16 or TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Uint16 => 2,
            TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Bool => 1,
            _ => throw new OrthantInputException(path, place, $"element type {TensorData.NameOf(tensor.DataType)}", "floating-point numbers or integers"),
        };
        long needed = (long)ByteSize.Elements(path, place, [.. tensor.Dims]) * size;
        if (needed > InputFile.LargestUnpacked) throw new OrthantInputException(path, place, $"{needed} bytes of data", $"at most {InputFile.LargestUnpacked}");
        return needed;
    }
}
