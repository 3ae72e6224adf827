using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>Networks in a plain JSON form that people write by hand: doubles, one row of weights a neuron.</summary>
/// <remarks><c>{"name": "…", "layers": [{"weights": [[…], …], "bias": […], "activation": "relu" | "identity" | "leaky:0.1"}, …]}</c>; a
/// residual block
/// x ↦ activation(x + layers(x)) is <c>{"residual": [layers…], "activation": …}</c>. A bias left out is zero, an activation left out the
/// identity. Keys that are not known are refused by name.</remarks>
public static class JsonNetwork
{
    private const int MostDenseEntries = 1 << 24;

    /// <summary>Reads a network with weights.</summary>
    /// <param name="path">A <c>.json</c> file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file is not such a network; the place and line are named.</exception>
    public static LoadedModel Load(string path) => Load(path, InputFile.ReadAllBytes(path));

    /// <summary>Reads a network with weights from memory.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="file">The content.</param>
    /// <exception cref="OrthantInputException">As for <see cref="Load(string)"/>.</exception>
    public static LoadedModel Load(string source, ReadOnlyMemory<byte> file)
    {
        using JsonSource json = JsonSource.Parse(source, file);
        Dictionary<string, JsonItem> members = json.Root.Members("name", "layers");
        string name = members.TryGetValue("name", out JsonItem named) ? named.Text() : "";
        JsonItem list = members.TryGetValue("layers", out JsonItem found) ? found : throw json.Root.Error("no layers", "the key 'layers'");
        ReluNetwork network = new(Chain(list), ElementType.Float64, name);
        return new LoadedModel(network, [], "input", [network.Inputs], "output", [network.Outputs]);
    }

    /// <summary>Reads an architecture, in which weights are absent.</summary>
    /// <param name="path">A <c>.json</c> file whose layers are <c>{"dense": N}</c>, <c>{"conv": {"filters", "kernel", "stride",
    /// "padding"}}</c>,
    /// <c>{"batchNorm": true}</c>, <c>{"pool": "max" | "average", "size", "stride"}</c>, <c>{"flatten": true}</c> or
    /// <c>{"residual": [layers…]}</c>, with <c>"activation"</c> where there is one.</param>
    /// <exception cref="OrthantInputException">The file is not such an architecture; the place and line are named.</exception>
    public static NetworkArchitecture LoadArchitecture(string path) => ParseArchitecture(path, InputFile.ReadAllBytes(path));

    /// <summary>Reads an architecture from a text, see <see cref="LoadArchitecture"/>.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="OrthantInputException">The text is not such an architecture; the place and line are named.</exception>
    public static NetworkArchitecture ParseArchitecture(string source, string text) => ParseArchitecture(source, System.Text.Encoding.UTF8.GetBytes(text ?? throw new ArgumentNullException(nameof(text))));

    private static NetworkArchitecture ParseArchitecture(string source, byte[] text)
    {
        using JsonSource json = JsonSource.Parse(source, text);
        return JsonArchitecture.Read(json.Root);
    }

    /// <summary>Writes a network of dense layers and residual blocks; any other affine map is written entry by entry.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="network">The network; its numbers read back bit for bit, as doubles.</param>
    /// <param name="inputs">The files that it was made from, none of which may be <paramref name="path"/>.</param>
    /// <exception cref="OrthantInputException">The file cannot be written, or the network has a layer that this form has not: a pooling for
    /// the
    /// largest, parallel branches other than residual ones, activations that differ within a layer, a matrix of more than 2^24
    /// entries.</exception>
    public static void Write(string path, ReluNetwork network, params ReadOnlySpan<string> inputs) =>
        OutputFile.WriteText(path, ToText(path, network), inputs);

    /// <summary>The text of a file, for those who keep it elsewhere.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="network">The network.</param>
    /// <exception cref="OrthantInputException">As for <see cref="Write"/>.</exception>
    public static string ToText(string source, ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        StringBuilder text = new();
        text.Append("{\n  \"name\": ").Append(Quoted(network.Name)).Append(",\n  \"layers\": ");
        WriteChain(source, text, network.Layers, "layers", "  ");
        return text.Append("\n}\n").ToString();
    }

    private static List<Layer> Chain(JsonItem list)
    {
        List<Layer> layers = [];
        foreach (JsonItem item in list.Items())
        {
            Layer layer = ReadLayer(item);
            if (layers.Count > 0 && layers[^1].Outputs != layer.Inputs)
            {
                throw item.Error($"a layer that reads {layer.Inputs} numbers", $"{layers[^1].Outputs} as the layer before it returns");
            }
            layers.Add(layer);
        }
        return layers.Count > 0 ? layers : throw list.Error("no layers", "at least one");
    }

    private static Layer ReadLayer(JsonItem item)
    {
        Dictionary<string, JsonItem> members = item.Members("weights", "bias", "activation", "residual");
        ActivationFunction activation = ReadActivation(members);
        if (members.TryGetValue("residual", out JsonItem branch))
        {
            if (members.ContainsKey("weights") || members.ContainsKey("bias"))
            {
                throw item.Error("weights beside a residual block", "one of the two");
            }
            List<Layer> layers = Chain(branch);
            if (layers[0].Inputs == layers[^1].Outputs) return ParallelLayer.Residual(layers, activation);
            throw branch.Error($"a branch from {layers[0].Inputs} to {layers[^1].Outputs} numbers", "as many as it reads");
        }
        if (!members.TryGetValue("weights", out JsonItem weights)) throw item.Error("no weights", "the key 'weights' or 'residual'");
        (int rows, int columns, double[] entries) = weights.Matrix();
        double[] bias = members.TryGetValue("bias", out JsonItem given) ? given.Numbers() : [];
        if (bias.Length != 0 && bias.Length != rows) throw given.Error($"{bias.Length} biases", $"{rows}, one for each row of weights");
        return new AffineLayer(new DenseOperator(rows, columns, entries), bias, activation);
    }

    /// <summary>The activation of a layer; the identity when none is named.</summary>
    internal static ActivationFunction ReadActivation(Dictionary<string, JsonItem> members)
    {
        if (!members.TryGetValue("activation", out JsonItem item)) return ActivationFunction.Identity;
        if (ActivationFunction.TryParse(item.Text(), out ActivationFunction? activation)) return activation;
        string[] known = ["relu", "identity", "leaky:0.1", "abs", "clip:0,6"];
        throw item.Error(null, $"one of {string.Join(", ", known)}{Suggestion.For(item.Text(), known)}");
    }

    private static void WriteChain(string source, StringBuilder text, ImmutableArray<Layer> layers, string place, string indent)
    {
        text.Append('[');
        for (int i = 0; i < layers.Length; i++)
        {
            text.Append(i == 0 ? "\n" : ",\n").Append(indent).Append("  {");
            WriteLayer(source, text, layers[i], $"{place}[{i}]", indent + "  ");
            text.Append('}');
        }
        text.Append('\n').Append(indent).Append(']');
    }

    private static void WriteLayer(string source, StringBuilder text, Layer layer, string place, string indent)
    {
        if (layer.Activations is not { Shared: { } activation })
        {
            throw new OrthantInputException(source, place, $"{layer}", "one activation for all units, for JSON");
        }
        switch (layer)
        {
            case AffineLayer affine when (long)affine.Outputs * affine.Inputs <= MostDenseEntries:
                WriteRows(text, affine.Linear, indent);
                if (affine.HasBias) WriteNumbers(text.Append(",\n ").Append(indent).Append("\"bias\": "), affine.Bias);
                break;
            case ParallelLayer { IsResidual: true } residual:
                text.Append("\"residual\": ");
                WriteChain(source, text, residual.Branches[0], $"{place}.residual", indent);
                break;
            default:
                throw new OrthantInputException(source, place, $"{layer}", "a dense layer of moderate size or a residual block, for JSON");
        }
        text.Append(",\n ").Append(indent).Append("\"activation\": ").Append(Quoted(activation.ToString()));
    }

    private static void WriteRows(StringBuilder text, LinearOperator linear, string indent)
    {
        double[] entries = linear.ToDense();
        text.Append("\"weights\": [");
        for (int i = 0; i < linear.Outputs; i++)
        {
            if (i > 0) text.Append(",\n  ").Append(indent);
            WriteNumbers(text, entries.AsSpan(i * linear.Inputs, linear.Inputs));
        }
        text.Append(']');
    }

    private static void WriteNumbers(StringBuilder text, ReadOnlySpan<double> numbers)
    {
        text.Append('[');
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i > 0) text.Append(", ");
            // "-0" alone would be read as an integer, without its sign.
            text.Append(numbers[i] == 0 && double.IsNegative(numbers[i]) ? "-0.0" : numbers[i].ToString("R", CultureInfo.InvariantCulture));
        }
        text.Append(']');
    }

    private static string Quoted(string text) => $"\"{JavaScriptEncoder.Default.Encode(text)}\"";
}
