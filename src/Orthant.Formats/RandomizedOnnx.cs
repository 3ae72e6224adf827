using System.Collections.Immutable;
using Google.Protobuf;
using Orthant.Formats.Onnx;
using Orthant.Training;
using Orthant.Uncertainty;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Formats;

/// <summary>Rewrites an ONNX model so that any ONNX Runtime host draws a randomised activation at every call.</summary>
/// <remarks>
/// <para>The graph itself is changed, so it may hold operations that cannot be read as a piecewise-linear network. ONNX leaves
/// the random numbers to the host, even with a seed: whoever needs the same ones everywhere asks for the slopes as inputs.</para>
/// </remarks>
public static class RandomizedOnnx
{
    private const string LawKey = "activation-law";

    /// <summary>Rewrites a model.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="file">The unpacked content of an <c>.onnx</c> file.</param>
    /// <param name="law">What takes the place of the rectifiers; null for the law that the file's metadata name.</param>
    /// <param name="slopesAreInputs">Whether the slopes (for dropout, masks of zeros and ones) become inputs of the graph instead of being drawn; each has the
    /// shape of its activation, or where units share a draw (samples, channels, 1), (samples, 1), or that of one sample.</param>
    /// <param name="granularity">Which units share a draw.</param>
    /// <exception cref="OrthantInputException">The file is not ONNX, it names no law and none was given, or it has no activation that the law can replace.</exception>
    public static RandomizedModel Rewrite(string source, ReadOnlyMemory<byte> file, ActivationLaw? law, bool slopesAreInputs = false, RandomGranularity granularity = RandomGranularity.Element)
    {
        ArgumentNullException.ThrowIfNull(source);
        ModelProto model = OnnxReader.Parse(source, file);
        ActivationLaw? own = ActivationLaw.TryParse(model.MetadataProps.FirstOrDefault(p => p.Key == LawKey)?.Value, out ActivationLaw? named) ? named : null;
        ActivationLaw chosen = law ?? own ?? throw new OrthantInputException(source, LawKey, "no law in the metadata", "a method such as mc-rrelu:-0.2,0.2");
        if (!chosen.IsRandom) throw new OrthantInputException(source, "law", $"{chosen}, which draws nothing", "a random law");
        GraphRandomizer randomizer = new(chosen, own is null ? null : (float)own.MeanSlope, slopesAreInputs, TypeOf(model.Graph), granularity);
        randomizer.Rewrite(model.Graph);
        if (randomizer.Replaced == 0)
        {
            string found = string.Join(", ", model.Graph.Node.Select(n => n.OpType).Distinct().Order(StringComparer.Ordinal).Take(8));
            throw new OrthantInputException(source, "graph", $"no rectifier among {found}", $"a Relu, Clip, Max or LeakyRelu that {chosen} can replace");
        }
        foreach (StringStringEntryProto entry in model.MetadataProps.Where(p => p.Key == LawKey).ToArray()) model.MetadataProps.Remove(entry);
        model.MetadataProps.Add(new StringStringEntryProto { Key = "randomized-activation", Value = chosen.ToString() });
        return new RandomizedModel(model.ToByteArray(), chosen, randomizer.Replaced, [.. randomizer.Notes]);
    }

    /// <summary>The floating type that the graph computes in: that of its first input of such a type.</summary>
    private static DataType TypeOf(GraphProto graph)
    {
        HashSet<string> constants = [.. graph.Initializer.Select(t => t.Name)];
        foreach (ValueInfoProto input in graph.Input.Where(i => !constants.Contains(i.Name)))
        {
            DataType type = (DataType)(input.Type?.TensorType?.ElemType ?? 0);
            if (type is DataType.Float or DataType.Double or DataType.Float16) return type;
        }
        return DataType.Float;
    }
}

/// <summary>A model with randomised activations.</summary>
/// <param name="Content">The content of an <c>.onnx</c> file.</param>
/// <param name="Law">The law that is drawn from.</param>
/// <param name="Replaced">How many activations were replaced.</param>
/// <param name="Notes">What was taken for granted or left alone, one sentence each.</param>
public sealed record RandomizedModel(ReadOnlyMemory<byte> Content, ActivationLaw Law, int Replaced, ImmutableArray<string> Notes);
