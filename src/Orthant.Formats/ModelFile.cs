namespace Orthant.Formats;

/// <summary>Networks in any format that Orthant reads, told by name and content.</summary>
public static class ModelFile
{
    /// <summary>Reads an <c>.onnx</c>, <c>.json</c> or <c>.nnet</c> network, gzipped or not.</summary>
    /// <param name="path">The file; where its name does not tell the format, its first character does.</param>
    /// <exception cref="OrthantInputException">The file is not a network; see <see cref="OnnxReader"/> and
    /// <see cref="JsonNetwork"/>.</exception>
    public static LoadedModel Load(string path)
    {
        byte[] content = InputFile.ReadAllBytes(path);
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        if (Path.GetExtension(name).Equals(".nnet", StringComparison.OrdinalIgnoreCase)) return NnetReader.Load(path, content);
        bool json = Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".json" => true,
            ".onnx" => false,
            _ => LooksLikeJson(content),
        };
        return json ? JsonNetwork.Load(path, content) : OnnxReader.LoadFile(path, content);
    }

    /// <summary>Writes a network in the format that the name ends in: <c>.onnx</c> or <c>.json</c>, also with <c>.gz</c> after
    /// it.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="network">The network.</param>
    /// <param name="inputs">The files that it was made from, none of which may be <paramref name="path"/>.</param>
    /// <exception cref="OrthantInputException">The name ends in something else, or the file cannot be written.</exception>
    public static void Write(string path, Networks.ReluNetwork network, params ReadOnlySpan<string> inputs)
    {
        ArgumentNullException.ThrowIfNull(path);
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        switch (Path.GetExtension(name).ToLowerInvariant())
        {
            case ".onnx":
                OnnxWriter.Write(path, network, inputs);
                break;
            case ".json":
                JsonNetwork.Write(path, network, inputs);
                break;
            default:
                throw new OrthantInputException(path, "", $"a name that ends in '{Path.GetExtension(name)}'", ".onnx or .json");
        }
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> text = content is [0xEF, 0xBB, 0xBF, ..] ? content[3..] : content;
        text = text.TrimStart(" \t\r\n"u8);
        return text is [(byte)'{', ..];
    }
}
