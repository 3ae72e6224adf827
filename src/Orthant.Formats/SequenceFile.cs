using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>Infinitely deep networks as JSON files: a box of inputs, a prefix of layers, and the law of all others. A decimal means the
/// number as written; strings may hold fractions.</summary>
public static class SequenceFile
{
    private static readonly string[] Kinds = ["tied", "power", "geometric", "logPower", "residual", "convolution", "bound"];

    /// <summary>Whether a file holds a sequence rather than a network: JSON with the key "tail" or "inputBox".</summary>
    /// <param name="path">The file, also .gz.</param>
    /// <exception cref="OrthantInputException">The file cannot be read.</exception>
    public static bool IsSequence(string path)
    {
        byte[] content = InputFile.ReadAllBytes(path);
        if (!content.AsSpan().TrimStart(" \t\r\n\uFEFF"u8).StartsWith("{"u8)) return false;
        using JsonSource json = JsonSource.Parse(path, content);
        return json.Root.Kind == System.Text.Json.JsonValueKind.Object && (json.Root.Has("tail") || json.Root.Has("inputBox"));
    }

    /// <summary>Reads a sequence.</summary>
    /// <param name="path">The file, also .gz.</param>
    /// <exception cref="OrthantInputException">The file is no sequence; the place and line are named.</exception>
    public static LayerSequence Load(string path)
    {
        using JsonSource json = JsonSource.Parse(path, InputFile.ReadAllBytes(path));
        Dictionary<string, JsonItem> members = json.Root.Members("inputBox", "first", "activation", "prefix", "tail", "name");
        JsonItem boxItem = members.TryGetValue("inputBox", out JsonItem b) ? b : throw json.Root.Error("no input box", "the key 'inputBox'");
        (Rational, Rational)[] box = [.. boxItem.Items().Select(Side)];
        if (box.Length == 0) throw boxItem.Error("an empty array", "a side [lo, hi] for each input");
        SequenceActivation activation = members.TryGetValue("activation", out JsonItem name) ? Activation(name) : SequenceActivation.Relu;
        int width = box.Length;
        AffineMap? first = null;
        if (members.TryGetValue("first", out JsonItem firstItem))
        {
            first = Map(firstItem, width);
            width = first.Outputs;
        }
        List<AffineMap> prefix = [];
        if (members.TryGetValue("prefix", out JsonItem prefixItem))
        {
            foreach (JsonItem item in prefixItem.Items())
            {
                prefix.Add(Map(item, width));
                width = prefix[^1].Outputs;
            }
        }
        JsonItem tail = members.TryGetValue("tail", out JsonItem t) ? t : throw json.Root.Error("no tail", "the key 'tail'");
        return new LayerSequence(box, activation, Tail(tail, width), first, prefix);
    }

    /// <summary>Reads the tail alone, for a network that is the prefix.</summary>
    /// <param name="path">A file with a tail, or with a sequence whose tail is meant.</param>
    /// <param name="width">The width that it has to have.</param>
    /// <exception cref="OrthantInputException">The file is no tail of this width.</exception>
    public static SequenceTail LoadTail(string path, int width)
    {
        using JsonSource json = JsonSource.Parse(path, InputFile.ReadAllBytes(path));
        if (json.Root.Kind == System.Text.Json.JsonValueKind.Object && json.Root.Has("tail")) return Tail(json.Root.Members("inputBox", "first", "activation", "prefix", "tail", "name")["tail"], width);
        return Tail(json.Root, width);
    }

    /// <summary>The hidden layers of a network as a prefix: its dense layers up to the last activation, and the box.</summary>
    /// <param name="source">The network's name for errors.</param>
    /// <param name="network">The network; all its activations are the same.</param>
    /// <param name="box">Lower and upper end of each input.</param>
    /// <param name="tail">Makes the tail from the width at which the hidden layers end.</param>
    /// <exception cref="OrthantInputException">The network has layers other than dense ones, or activations that differ.</exception>
    public static LayerSequence FromNetwork(string source, ReluNetwork network, IEnumerable<(Rational Lower, Rational Upper)> box, Func<int, SequenceTail> tail)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(tail);
        List<AffineMap> maps = [];
        SequenceActivation? shared = null;
        int index = 0;
        foreach (Layer layer in network.Layers)
        {
            index++;
            if (layer is not AffineLayer affine || affine.Activations.Shared is not ActivationFunction function)
            {
                throw new OrthantInputException(source, $"layer {index}", $"a layer of kind {layer.Kind}", "dense layers with one activation, which a tail can go on from");
            }
            if (function.IsIdentity) break;
            SequenceActivation activation = SequenceActivation.TryParse(function.ToString())
                ?? throw new OrthantInputException(source, $"layer {index}", $"the activation {function}", SequenceActivation.Names);
            if (shared is not null && shared != activation) throw new OrthantInputException(source, $"layer {index}", $"the activation {function}", $"{shared} as in the layers before it");
            shared = activation;
            maps.Add(ToMap(affine));
        }
        if (maps.Count == 0) throw new OrthantInputException(source, "", "no hidden layer", "at least one layer with an activation");
        return new LayerSequence(box, shared!, tail(maps[^1].Outputs), null, maps);
    }

    private static AffineMap ToMap(AffineLayer layer)
    {
        Rational[][] rows = new Rational[layer.Outputs][];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = new Rational[layer.Inputs];
            foreach ((int column, Rational value) in layer.Linear.ExactRow(i)) rows[i][column] = value;
        }
        return new AffineMap(rows, [.. layer.Bias.ToArray().Select(Rational.FromDouble)]);
    }

    private static (Rational, Rational) Side(JsonItem item)
    {
        Rational[] ends = item.ExactNumbers();
        if (ends.Length != 2) throw item.Error($"{ends.Length} numbers", "two, [lo, hi]");
        return ends[0] <= ends[1] ? (ends[0], ends[1]) : throw item.Error($"[{ends[0]}, {ends[1]}]", "the lower end first");
    }

    private static SequenceActivation Activation(JsonItem item) =>
        SequenceActivation.TryParse(item.Text()) ?? throw item.Error(null, $"one of {SequenceActivation.Names}");

    private static AffineMap Map(JsonItem item, int inputs)
    {
        Dictionary<string, JsonItem> members = item.Members("weights", "bias");
        return Map(item, members, "weights", "bias", inputs, null);
    }

    private static AffineMap Map(JsonItem item, Dictionary<string, JsonItem> members, string weightsKey, string biasKey, int inputs, int? outputs)
    {
        JsonItem weights = Need(item, members, weightsKey);
        Rational[][] rows = weights.ExactMatrix();
        if (rows[0].Length != inputs) throw weights.Error($"rows of {rows[0].Length} numbers", $"{inputs}, one for each number that comes in");
        if (outputs is int wanted && rows.Length != wanted) throw weights.Error($"a {rows.Length}×{rows[0].Length} matrix", $"a square one, {wanted}×{wanted}");
        Rational[] bias = members.TryGetValue(biasKey, out JsonItem given) ? given.ExactNumbers() : new Rational[rows.Length];
        return bias.Length == rows.Length ? new AffineMap(rows, bias) : throw given.Error($"{bias.Length} numbers", $"{rows.Length}, one for each row of {weightsKey}");
    }

    private static SequenceTail Tail(JsonItem item, int width)
    {
        if (item.Kind != System.Text.Json.JsonValueKind.Object || !item.Has("kind")) throw item.Error("no kind of tail", $"an object with the key 'kind', one of {string.Join(", ", Kinds)}");
        JsonItem kindItem = item.Get("kind");
        string kind = kindItem.Text();
        switch (kind)
        {
            case "tied":
                return new TiedTail(Map(item, item.Members("kind", "weights", "bias"), "weights", "bias", width, width));
            case "power":
                Dictionary<string, JsonItem> power = item.Members("kind", "direction", "biasDirection", "exponent", "shift", "sign");
                return new StepTail(Map(item, power, "direction", "biasDirection", width, width), StepSizes.Power(Positive(item, power, "exponent"), Shift(power), Alternating(power)));
            case "geometric":
                Dictionary<string, JsonItem> geometric = item.Members("kind", "direction", "biasDirection", "ratio");
                return new StepTail(Map(item, geometric, "direction", "biasDirection", width, width), Ratio(item, geometric));
            case "logPower":
                Dictionary<string, JsonItem> log = item.Members("kind", "direction", "biasDirection", "exponent");
                return new StepTail(Map(item, log, "direction", "biasDirection", width, width), StepSizes.LogPower(Positive(item, log, "exponent")));
            case "residual":
                Dictionary<string, JsonItem> residual = item.Members("kind", "branch", "exponent", "shift");
                return new ResidualTail(Branch(Need(item, residual, "branch"), width), StepSizes.Power(Positive(item, residual, "exponent"), Shift(residual)));
            case "convolution":
                Dictionary<string, JsonItem> convolution = item.Members("kind", "mask", "ratio", "bias");
                Rational bias = convolution.TryGetValue("bias", out JsonItem given) ? given.Exact() : 0;
                return new ConvolutionTail([.. Need(item, convolution, "mask").ExactNumbers()], bias, Ratio(item, convolution));
            case "bound":
                Dictionary<string, JsonItem> bound = item.Members("kind", "norm", "weights", "biases");
                JsonItem normItem = Need(item, bound, "norm");
                VectorNorm norm = VectorNorm.Parse(normItem.Text()) ?? throw normItem.Error(null, "l1, l2 or linf");
                return new BoundTail(norm, NotNegative(item, bound, "weights"), NotNegative(item, bound, "biases"));
            default:
                throw kindItem.Error($"the kind '{kind}'", $"one of {string.Join(", ", Kinds)}{Suggestion.For(kind, Kinds)}");
        }
    }

    private static ImmutableArray<(AffineMap, SequenceActivation)> Branch(JsonItem list, int width)
    {
        List<(AffineMap, SequenceActivation)> branch = [];
        int inputs = width;
        foreach (JsonItem layer in list.Items())
        {
            Dictionary<string, JsonItem> members = layer.Members("weights", "bias", "activation");
            AffineMap map = Map(layer, members, "weights", "bias", inputs, null);
            branch.Add((map, members.TryGetValue("activation", out JsonItem name) ? Activation(name) : SequenceActivation.Identity));
            inputs = map.Outputs;
        }
        return branch.Count > 0 && inputs == width ? [.. branch] : throw list.Error($"a branch that returns {inputs} numbers", $"{width}, as many as it reads");
    }

    private static JsonItem Need(JsonItem item, Dictionary<string, JsonItem> members, string key) =>
        members.TryGetValue(key, out JsonItem found) ? found : throw item.Error($"no {key}", $"the key '{key}'");

    private static Rational Positive(JsonItem item, Dictionary<string, JsonItem> members, string key)
    {
        JsonItem found = Need(item, members, key);
        Rational value = found.Exact();
        return value.Sign > 0 ? value : throw found.Error(null, "a positive number");
    }

    private static Rational NotNegative(JsonItem item, Dictionary<string, JsonItem> members, string key)
    {
        JsonItem found = Need(item, members, key);
        Rational value = found.Exact();
        return value.Sign >= 0 ? value : throw found.Error(null, "a number that is not negative");
    }

    private static StepSizes Ratio(JsonItem item, Dictionary<string, JsonItem> members)
    {
        JsonItem found = Need(item, members, "ratio");
        Rational value = found.Exact();
        return !value.IsZero && Rational.Abs(value) < 1 ? StepSizes.Geometric(value) : throw found.Error(null, "a ratio between -1 and 1 other than 0");
    }

    private static Rational Shift(Dictionary<string, JsonItem> members)
    {
        if (!members.TryGetValue("shift", out JsonItem found)) return 0;
        Rational value = found.Exact();
        return value > -1 ? value : throw found.Error(null, "a shift greater than -1, so that n + s is positive");
    }

    private static bool Alternating(Dictionary<string, JsonItem> members) =>
        members.TryGetValue("sign", out JsonItem found) && (found.Text() == "alternating" ? true : throw found.Error(null, "\"alternating\", or no key 'sign'"));
}
