using System.CommandLine;
using System.Globalization;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Priors;

namespace Orthant.Cli.Verbs;

/// <summary>The options that name a random network, in one of four ways.</summary>
internal sealed class PriorNetworkOptions
{
    private const int MostWidth = 100_000_000;

    /// <summary>The names of the initialisations.</summary>
    public static IReadOnlyList<string> Initialisations { get; } = ["he", "lecun", "xavier", "ntk"];

    private readonly Option<string?> widths = new("--widths") { Description = "inputs, hidden widths, outputs: 784,300,100,10", HelpName = "W,W,…" };
    private readonly Option<string> init = new("--init")
    {
        Description = "with --widths: he, lecun, xavier, ntk, fanout or normal:S (default: he)",
        HelpName = "NAME",
        DefaultValueFactory = _ => "he",
    };

    private readonly Option<double?> inputNorm = new("--input-norm") { Description = "the Euclidean norm of the input (default: 1, or the file's)", HelpName = "R" };
    private readonly Option<string?> hidden = new("--hidden") { Description = "hidden widths alone, with --tau", HelpName = "W,W,…" };
    private readonly Option<string> kind = new("--kind")
    {
        Description = "with --widths or --hidden: relu or linear (default: relu)",
        HelpName = "K",
        DefaultValueFactory = _ => "relu",
    };

    private readonly Option<double?> biasStd = new("--bias-std") { Description = "with --widths: standard deviation of normal biases in every layer", HelpName = "S" };
    private readonly Option<double?> tau = new("--tau") { Description = "input norm times all weight deviations, with --hidden", HelpName = "T" };
    private readonly Option<int?> outputs = new("--outputs") { Description = "the norm of this many outputs instead of one output", HelpName = "K" };
    private readonly Option<string?> layers = new("--layers") { Description = "a stack as JSON: orthogonal, leaky, dropout, biases, noise (docs/priors.md)", HelpName = "FILE" };
    private readonly Option<string?> from = new("--from") { Description = "read widths and weight deviations from a model's dense layers", HelpName = "MODEL" };

    private readonly Option<bool> biases = new("--biases") { Description = "with --from: normal biases of the deviations measured in the model, which are otherwise left out" };

    public IReadOnlyList<Option> All => [widths, init, inputNorm, biasStd, hidden, kind, tau, outputs, layers, from, biases];

    /// <summary>Reads the network that the call names.</summary>
    public NamedPrior Read(VerbCall call)
    {
        Option<string?>[] ways = [widths, hidden, layers, from];
        Option<string?>[] given = [.. ways.Where(way => call.Get(way) is not null)];
        if (given.Length != 1) throw Wrong("prior", given.Length == 0 ? "no network" : string.Join(" and ", given.Select(g => g.Name)), "one of --widths, --hidden, --layers and --from");
        RefuseStray(call, given[0], init, widths);
        RefuseStray(call, given[0], biasStd, widths);
        if (call.Get(biases) && given[0] != from) throw Wrong("--biases", $"beside {given[0].Name}", "only with --from");
        RefuseStray(call, given[0], tau, hidden);
        RefuseStray(call, given[0], kind, widths, hidden);
        RefuseStray(call, given[0], inputNorm, widths, layers, from);
        if (call.Get(outputs) is < 1) throw Wrong("--outputs", $"{call.Get(outputs)}", "at least 1");
        if (call.Get(inputNorm) is double r && (!(r > 0) || !double.IsFinite(r))) throw Wrong("--input-norm", Text(r), "a positive number: at the input 0 every output is 0");
        double norm = call.Get(inputNorm) ?? 1;
        int? k = call.Get(outputs);
        if (call.Get(hidden) is string inner) return Hidden(call, inner, k);
        if (call.Get(widths) is string all) return new NamedPrior(Widths(call, all, k), norm, k is > 1, null);
        if (call.Get(layers) is string file)
        {
            PriorFile stack = PriorFile.Load(file);
            return new NamedPrior(WithOutputs(stack.Network, k), call.Get(inputNorm) ?? stack.InputNorm ?? 1, k is > 1, null) { NoiseStd = stack.NoiseStd };
        }
        string model = call.Get(from)!;
        PriorMatch match = PriorMatch.Of(ModelFile.Load(model).Network, model);
        if (!call.Get(biases)) return new NamedPrior(WithOutputs(match.Network, k), norm, k is > 1, match);
        PriorNetwork biased = match.WithBiases ?? throw Wrong("--biases", $"{model}, whose biases are all 0", "a model with biases");
        return new NamedPrior(WithOutputs(biased, k), norm, k is > 1, match);
    }

    /// <summary>The text of a number, exactly.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static OrthantInputException Wrong(string place, string found, string expected) => new("command line", place, found, expected);

    private static void RefuseStray(VerbCall call, Option<string?> way, Option option, params ReadOnlySpan<Option<string?>> needs)
    {
        if (call.Has(option) && !needs.Contains(way)) throw Wrong(option.Name, $"beside {way.Name}", $"only with {string.Join(" or ", needs.ToArray().Select(n => n.Name))}");
    }

    private NamedPrior Hidden(VerbCall call, string inner, int? k)
    {
        double scale = call.Get(tau) ?? throw Wrong("--tau", "nothing", "a positive number, with --hidden");
        if (!(scale > 0) || !double.IsFinite(scale)) throw Wrong("--tau", Text(scale), "a positive number");
        PriorLayerKind layerKind = Kind(call);
        return new NamedPrior(new PriorNetwork(1, Parse(inner, "--hidden").Select(w => new PriorLayer(w, 1, layerKind)), k ?? 1, 1), scale, k is > 1, null);
    }

    private PriorNetwork Widths(VerbCall call, string text, int? k)
    {
        int[] all = Parse(text, "--widths");
        if (all.Length < 2) throw Wrong("--widths", $"{all.Length} width", "inputs, hidden widths and outputs");
        if (k is int count) all[^1] = count;
        PriorNetwork network = Initialised(call.Get(init) ?? "he", all);
        PriorLayerKind layerKind = Kind(call);
        double bias = call.Get(biasStd) ?? 0;
        if (!(bias >= 0) || !double.IsFinite(bias)) throw Wrong("--bias-std", Text(bias), "a number that is not negative");
        return new PriorNetwork(network.Inputs, network.Hidden.Select(l => l with { Kind = layerKind, BiasStd = bias }), network.Outputs, network.ReadOutStd, bias);
    }

    /// <summary>The scales of a named initialisation; they do not depend on the kind of layer.</summary>
    public static PriorNetwork Initialised(string name, IReadOnlyList<int> widths) => name switch
    {
        "he" => PriorNetwork.He(widths),
        "lecun" => PriorNetwork.LeCun(widths),
        "xavier" => PriorNetwork.Xavier(widths),
        "ntk" => PriorNetwork.NeuralTangent(widths),
        _ => PriorNetwork.Of(NormalInitializer(name), widths),
    };

    /// <summary>The initialiser of a name, for which the exact law holds.</summary>
    public static WeightInitializer NormalInitializer(string name)
    {
        string[] names = [.. Initialisations, "fanout", "normal:0.1"];
        if (WeightInitializer.Parse(name) is WeightInitializer { IsUniform: false, IsOrthogonal: false } known) return known;
        string expected = WeightInitializer.Parse(name) is null ? $"one of {string.Join(", ", names)}" : $"normal weights, one of {string.Join(", ", names)}: of others the law is not known";
        throw Wrong("--init", $"'{name}'", Spelling.Nearest(name, names) is string near ? $"{expected}; perhaps {near}" : expected);
    }

    /// <summary>The named initialisation, he unless given.</summary>
    public string Initialisation(VerbCall call) => call.Get(init) ?? "he";

    /// <summary>Refuses options that name a network where a file does.</summary>
    public void RefuseBesideModel(VerbCall call)
    {
        foreach (Option option in All)
        {
            if (option != init && call.Has(option)) throw Wrong(option.Name, "beside a model", "--init alone: the model has its widths");
        }
    }

    private PriorLayerKind Kind(VerbCall call)
    {
        string[] names = ["relu", "linear"];
        string name = call.Get(kind) ?? "relu";
        return name switch
        {
            "relu" => PriorLayerKind.Relu,
            "linear" => PriorLayerKind.Linear,
            _ => throw Wrong("--kind", $"'{name}'", Spelling.Nearest(name, names) is string near ? $"relu or linear; perhaps {near}" : "relu or linear"),
        };
    }

    private static PriorNetwork WithOutputs(PriorNetwork network, int? k) =>
        k is int count ? new PriorNetwork(network.Inputs, network.Hidden, count, network.ReadOutStd, network.ReadOutBiasStd) : network;

    private static int[] Parse(string text, string option)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        return [.. parts.Select((part, i) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width <= MostWidth
            ? width > 0 ? width : throw Wrong($"{option}, width {i}", "0", "at least 1: with a layer of no units the law is the single point 0")
            : throw Wrong($"{option}, width {i}", $"'{part}'", $"a whole number from 1 to {MostWidth}"))];
    }
}

/// <summary>A random network as a call names it.</summary>
/// <param name="Network">The network.</param>
/// <param name="InputNorm">The Euclidean norm of its input.</param>
/// <param name="OfNorm">Whether the norm of several outputs is asked for.</param>
/// <param name="Match">What was measured in a model, or null.</param>
internal sealed record NamedPrior(PriorNetwork Network, double InputNorm, bool OfNorm, PriorMatch? Match)
{
    /// <summary>Deviation of the noise on an output that a stack's file names.</summary>
    public double NoiseStd { get; init; }

    /// <summary>The exact law; the network has no biases.</summary>
    public PriorPredictive Law(PriorQuantity quantity) => PriorPredictive.Of(Network, InputNorm, quantity);
}
