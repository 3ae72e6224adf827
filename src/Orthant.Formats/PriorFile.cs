using System.Globalization;
using Orthant.Priors;

namespace Orthant.Formats;

/// <summary>A random network as a JSON file: a stack of layers with their scales.</summary>
/// <remarks><c>{"inputs": 64, "inputNorm": 8, "layers": [{"width": 64, "std": 1.4, "kind": "orthogonal", "keep": 0.9, "biasStd": 0.1}, …],
/// "outputs": 3, "readOut": {"std": 0.2, "biasStd": 0}, "noiseStd": 0.1}</c>. A kind is <c>relu</c> (unless given), <c>linear</c>,
/// <c>leaky:0.1</c>, <c>orthogonal</c> (then ReLU) or <c>orthogonal-linear</c>; std is the deviation of one weight, the gain of an orthogonal
/// matrix. inputNorm, keep, biasStd, noiseStd and outputs (1) may be left out.</remarks>
/// <param name="Network">The random network.</param>
/// <param name="InputNorm">Euclidean norm of the input, where the file names it.</param>
/// <param name="NoiseStd">Deviation of the normal noise on an output; 0 without it.</param>
public sealed record PriorFile(PriorNetwork Network, double? InputNorm, double NoiseStd)
{
    private const int MostWidth = 100_000_000;

    /// <summary>Reads a random network.</summary>
    /// <param name="path">The file, also .gz.</param>
    /// <exception cref="OrthantInputException">The file is no such stack, or a number is out of its range.</exception>
    public static PriorFile Load(string path)
    {
        using JsonSource source = JsonSource.Parse(path, InputFile.ReadAllBytes(path));
        Dictionary<string, JsonItem> members = source.Root.Members("inputs", "inputNorm", "layers", "outputs", "readOut", "noiseStd");
        int inputs = Need(source.Root, members, "inputs").Integer(1, MostWidth);
        int outputs = members.TryGetValue("outputs", out JsonItem outputItem) ? outputItem.Integer(1, MostWidth) : 1;
        double? norm = members.TryGetValue("inputNorm", out JsonItem normItem) ? Positive(normItem) : null;
        List<PriorLayer> layers = [];
        int fanIn = inputs;
        foreach (JsonItem item in Need(source.Root, members, "layers").Items())
        {
            layers.Add(Layer(item, fanIn));
            fanIn = layers[^1].Width;
        }
        JsonItem readOut = Need(source.Root, members, "readOut");
        Dictionary<string, JsonItem> last = readOut.Members("std", "biasStd");
        PriorNetwork network = new(inputs, layers, outputs, Positive(Need(readOut, last, "std")), NotNegative(last, "biasStd"));
        return new PriorFile(network, norm, NotNegative(members, "noiseStd"));
    }

    private static PriorLayer Layer(JsonItem item, int fanIn)
    {
        Dictionary<string, JsonItem> members = item.Members("width", "std", "kind", "keep", "biasStd");
        JsonItem widthItem = Need(item, members, "width");
        int width = widthItem.Integer(0, MostWidth);
        if (width == 0) throw widthItem.Error("0", "at least 1: with a layer of no units the law is the single point 0");
        PriorLayer layer = new(width, Positive(Need(item, members, "std"))) { BiasStd = NotNegative(members, "biasStd") };
        if (members.TryGetValue("keep", out JsonItem keep))
        {
            layer = layer with { KeepProbability = keep.Number() is > 0 and <= 1 and double p ? p : throw keep.Error(null, "a probability of keeping a unit, above 0 and at most 1") };
        }
        if (members.TryGetValue("kind", out JsonItem kind)) layer = OfKind(layer, kind, fanIn);
        if (layer.Kind == PriorLayerKind.LeakyRelu && layer.KeepProbability < 1) throw members["keep"].Error(null, "no dropout in a leaky layer");
        return layer;
    }

    private static PriorLayer OfKind(PriorLayer layer, JsonItem item, int fanIn)
    {
        string text = item.Text();
        if (text.StartsWith("leaky:", StringComparison.Ordinal))
        {
            bool number = double.TryParse(text.AsSpan(6), NumberStyles.Float, CultureInfo.InvariantCulture, out double slope);
            if (!number || !(Math.Abs(slope) is >= 1e-6 and <= 1e6)) throw item.Error(null, "a slope of magnitude 1e-6 to 1e6, such as leaky:0.1");
            return layer with { Kind = PriorLayerKind.LeakyRelu, Slope = slope };
        }
        string[] names = ["relu", "linear", "leaky:0.1", "orthogonal", "orthogonal-linear"];
        PriorLayerKind kind = text switch
        {
            "relu" => PriorLayerKind.Relu,
            "linear" => PriorLayerKind.Linear,
            "orthogonal" => PriorLayerKind.OrthogonalRelu,
            "orthogonal-linear" => PriorLayerKind.OrthogonalLinear,
            _ => throw item.Error(null, $"one of {string.Join(", ", names)}{Suggestion.For(text, names)}"),
        };
        bool orthogonal = kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear;
        if (orthogonal && layer.Width != fanIn) throw item.Error($"an orthogonal layer of {layer.Width} units on {fanIn} inputs", "as many units as inputs");
        if (orthogonal && layer.BiasStd > 0) throw item.Error("an orthogonal layer with biases", "no biases there");
        return layer with { Kind = kind };
    }

    private static JsonItem Need(JsonItem item, Dictionary<string, JsonItem> members, string key) =>
        members.TryGetValue(key, out JsonItem value) ? value : throw item.Error($"no key '{key}'", $"the key '{key}'");

    private static double Positive(JsonItem item) => item.Number() is > 0 and double value ? value : throw item.Error(null, "a positive number");

    private static double NotNegative(Dictionary<string, JsonItem> members, string key) =>
        !members.TryGetValue(key, out JsonItem item) ? 0 : item.Number() is >= 0 and double std ? std : throw item.Error(null, "a number that is not negative");
}
