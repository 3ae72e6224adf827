using System.Runtime.InteropServices;
using Google.Protobuf;
using Orthant.Formats.Onnx;

namespace Orthant.Formats;

/// <summary>Reads piecewise-linear networks from ONNX files.</summary>
/// <remarks>
/// <para>Operator sets 7 to 22 of the standard domain. Each node is lowered on its own to affine maps, activations, pooling and joins;
/// weights stay the file's numbers, maps are merged only where no product or sum rounds. What has to be rounded (the root of a batch
/// normalisation, averages, quotients) is bounded in the layer's <see cref="Networks.AffineLayer.Rounding"/>.</para>
/// <para>A symbolic batch counts as 1. A Softmax, Sigmoid or ArgMax at the end is left out with a note: it changes no decision.</para>
/// </remarks>
public static class OnnxReader
{
    private const int DeepestNesting = 256;

    /// <summary>Reads a file.</summary>
    /// <param name="path">An <c>.onnx</c> file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file cannot be read, is not ONNX, or holds something that is not piecewise linear; the
    /// node is named.</exception>
    /// <remarks>Tensors may lie in other files of the same folder; a file outside of it is never opened.</remarks>
    public static LoadedModel Load(string path) => LoadFile(path, InputFile.ReadAllBytes(path));

    /// <summary>Reads a file whose content is in memory and whose other files lie beside it.</summary>
    internal static LoadedModel LoadFile(string path, ReadOnlyMemory<byte> file)
    {
        ModelProto model = Parse(path, file);
        ExternalTensors.Fill(path, model);
        return new GraphReader(path, model).Read();
    }

    /// <summary>Reads a file that is already in memory.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="file">The unpacked content.</param>
    /// <exception cref="OrthantInputException">As for <see cref="Load(string)"/>, or a tensor lies in another file.</exception>
    public static LoadedModel Load(string source, ReadOnlyMemory<byte> file)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new GraphReader(source, Parse(source, file)).Read();
    }

    internal static ModelProto Parse(string source, ReadOnlyMemory<byte> file)
    {
        ModelProto model;
        try
        {
            ArraySegment<byte> bytes = MemoryMarshal.TryGetArray(file, out ArraySegment<byte> own)
                ? own
                : new ArraySegment<byte>(file.ToArray());
            using MemoryStream stream = new(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
            using CodedInputStream coded = CodedInputStream.CreateWithLimits(stream, int.MaxValue, DeepestNesting);
            model = ModelProto.Parser.ParseFrom(coded);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OrthantInputException(source, "", $"a file that is not ONNX ({e.Message.TrimEnd('.')})", "an ONNX model", e);
        }
        if (model.Graph is not null && model.OpsetImport.Count > 0) return model;
        throw new OrthantInputException(source, "", model.Graph is null ? "no graph" : "no operator set", "an ONNX model");
    }
}
