using Google.Protobuf;
using Orthant.Formats.Onnx;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>Writes networks as ONNX files: format version 8, operator set 17, numbers as raw little-endian data.</summary>
/// <remarks>
/// <para>The file computes on batches: an input <c>input</c> of shape (N, inputs) and an output <c>output</c> of shape (N, outputs).
/// Numbers are
/// stored in the network's own <see cref="ElementType"/>; one that this type does not hold is refused, never rounded. Nodes are named
/// by their layers, so that <see cref="OnnxReader"/> returns an equal network.</para>
/// <para>Sparse maps other than selections, and maps made of several, become dense ones: the same function, not the same structure.</para>
/// </remarks>
public static class OnnxWriter
{
    /// <summary>What our files call their producer; the reader takes node names of such files for layers.</summary>
    internal const string Producer = "orthant";

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where to; packed when the name ends in <c>.gz</c>.</param>
    /// <param name="network">The network; its notes become the file's metadata.</param>
    /// <param name="inputs">The files that it was made from, none of which may be <paramref name="path"/>.</param>
    /// <exception cref="OrthantInputException">The file cannot be written, or the network cannot be said in ONNX: a number that its element
    /// type does not hold, a dilated average pooling, or 2 GB of weights.</exception>
    public static void Write(string path, ReluNetwork network, params ReadOnlySpan<string> inputs)
    {
        ArgumentNullException.ThrowIfNull(network);
        byte[] content = ToBytes(path, network);
        OutputFile.Write(path, stream => stream.Write(content), inputs);
    }

    /// <summary>The content of a file, for those who keep it elsewhere.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="network">The network; its notes become the file's metadata.</param>
    /// <exception cref="OrthantInputException">The network cannot be said in ONNX, as for <see cref="Write"/>.</exception>
    public static byte[] ToBytes(string source, ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new GraphWriter(source, network).Write().ToByteArray();
    }
}
