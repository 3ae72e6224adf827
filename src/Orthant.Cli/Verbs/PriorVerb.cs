using System.CommandLine;
using System.Globalization;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Priors;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>The exact prior predictive law of a random network, and a test of samples against it.</summary>
internal sealed class PriorVerb : Verb
{
    private const int MostWidth = 100_000_000;

    private readonly Argument<string[]> words = new("test SAMPLES") { Description = "holds a table's last column against the law; without it, the law is shown", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> widths = new("--widths") { Description = "inputs, hidden widths, outputs: 784,300,100,10", HelpName = "W,W,…" };
    private readonly Option<string> init = new("--init") { Description = "he, lecun, xavier or ntk (default: he)", HelpName = "NAME", DefaultValueFactory = _ => "he" };
    private readonly Option<double> inputNorm = new("--input-norm") { Description = "the Euclidean norm of the input (default: 1)", HelpName = "R", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> hidden = new("--hidden") { Description = "hidden widths alone, with --tau", HelpName = "W,W,…" };
    private readonly Option<string> kind = new("--kind") { Description = "relu or linear (default: relu)", HelpName = "K", DefaultValueFactory = _ => "relu" };
    private readonly Option<double?> tau = new("--tau") { Description = "input norm times all weight deviations, with --hidden", HelpName = "T" };
    private readonly Option<int?> outputs = new("--outputs") { Description = "the norm of this many outputs instead of one output", HelpName = "K" };
    private readonly Option<string?> from = new("--from") { Description = "read widths and weight deviations from a model", HelpName = "MODEL" };
    private readonly Option<string?> at = new("--at") { Description = "points to evaluate the law at", HelpName = "X,X,…" };
    private readonly Option<string?> quantiles = new("--quantiles") { Description = "probabilities whose quantiles of |f| are wanted", HelpName = "P,P,…" };
    private readonly Option<string?> svg = new("--svg") { Description = "draw density and tails as SVG", HelpName = "F" };

    public override string Name => "prior";

    public override string Summary => "the exact law of a random network's output before training";

    public override IReadOnlyList<string> Examples =>
        ["./orthant prior --widths 784,300,100,10 --init he --input-norm 1 --at 0.5,2", "./orthant prior --hidden 10,10 --kind relu --tau 1 --quantiles 0.5,0.99 --json"];

    public override IReadOnlyList<Argument> Arguments => [words];

    public override IReadOnlyList<Option> Options => [widths, init, inputNorm, hidden, kind, tau, outputs, from, at, quantiles, svg];

    public override Answer Run(VerbCall call)
    {
        string[] given = call.Get(words) ?? [];
        if (given.Length > 0 && (given.Length != 2 || given[0] != "test")) throw new OrthantInputException("command line", Name, $"'{string.Join(' ', given)}'", "nothing, or test SAMPLES");
        List<string> notes = [];
        (PriorNetwork network, double norm) = Network(call, notes);
        bool ofNorm = call.Get(outputs) is > 1;
        PriorPredictive law = PriorPredictive.Of(network, norm, ofNorm ? PriorQuantity.OutputNorm : PriorQuantity.Output);
        foreach (string note in notes) call.Note(note);
        if (given.Length == 2) return Test(law, given[1]);
        double[] points = call.Get(at) is string text ? ArgumentText.Numbers(text, "--at") : [];
        double[] levels = call.Get(quantiles) is string list ? ArgumentText.Numbers(list, "--quantiles") : [];
        foreach (double p in levels)
        {
            if (!(p > 0 && p < 1)) throw new OrthantInputException("command line", "--quantiles", Text(p), "probabilities between 0 and 1");
        }
        if (call.Get(svg) is string path)
        {
            if (law.IsAtom) throw new OrthantInputException("command line", "--svg", "a law that is the single point 0", "a law with a density");
            OutputFolder.PrepareFor(path);
            OutputFile.WriteText(path, PriorPicture.Draw(law).ToFile());
        }
        Point[] found = [.. points.Select(x => PointAt(law, x))];
        var quantileLines = levels.Select(p => new { p, value = law.Quantile(p) }).ToArray();
        bool symmetric = law.IsSymmetric && !law.IsAtom;
        Dictionary<string, object?> json = new()
        {
            ["tau"] = law.Scale,
            ["variance"] = law.SecondMoment,
            ["kurtosis"] = law.IsAtom ? null : law.Kurtosis,
            ["atomAtZero"] = law.AtomAtZero,
            ["logAtomAtZero"] = law.LogAtomAtZero,
            ["alive"] = Math.Exp(law.LogAlive),
            ["tailIndex"] = law.IsAtom ? null : law.TailIndex,
            ["points"] = found,
            ["quantiles"] = quantileLines,
            ["nngp"] = symmetric ? new { std = law.Normal().Std, variance = law.Normal().Std * law.Normal().Std } : null,
            ["ksToNngp"] = symmetric ? law.KolmogorovDistanceToNormal() : null,
            ["notes"] = notes,
        };
        return new Answer(json, view =>
        {
            view.Facts(
                ("law of", ofNorm ? $"the norm of {call.Get(outputs)} outputs" : "one output"),
                ("standard deviation", View.Number(Math.Sqrt(law.SecondMoment))),
                ("kurtosis", law.IsAtom ? "none: the law is the point 0" : View.Number(law.Kurtosis)),
                ("exactly zero", $"{View.Number(law.AtomAtZero)} (log {View.Number(law.LogAtomAtZero)})"),
                ("distance to the Gaussian process limit", symmetric ? $"{View.Number(law.KolmogorovDistanceToNormal())} (Kolmogorov)" : "not defined"));
            if (found.Length > 0)
            {
                view.Table(["x", "density", "P(f ≤ x)", "P(|f| > x)"], found.Select(p => new[] { View.Number(p.X), View.Number(p.Pdf), View.Number(p.Cdf), View.Number(p.Survival) }));
            }
            if (quantileLines.Length > 0) view.Table(["p", "|f| at most"], quantileLines.Select(q => new[] { View.Number(q.p), View.Number(q.value) }));
        });
    }

    private static Point PointAt(PriorPredictive law, double x)
    {
        double log = law.LogPdf(x);
        return new Point(x, Math.Exp(log), log, law.Cdf(x), x < 0 ? 1 : law.Survival(x), x < 0 ? 0 : law.LogSurvival(x));
    }

    private static Answer Test(PriorPredictive law, string path)
    {
        NumberTable table = TableFile.Read(path);
        PriorFit fit = PriorFit.Test(law, table.Column(table.Columns - 1));
        var json = new
        {
            samples = fit.Count,
            zeros = fit.Zeros,
            atomAtZero = fit.AtomAtZero,
            atomPValue = fit.AtomPValue,
            kolmogorov = fit.Kolmogorov,
            kolmogorovPValue = fit.KolmogorovPValue,
            andersonDarling = fit.AndersonDarling,
            andersonDarlingPValue = fit.AndersonDarlingPValue,
        };
        return new Answer(json, view => view.Table(["test", "statistic", "p-value"],
        [
            ["Kolmogorov-Smirnov", View.Number(fit.Kolmogorov), View.Number(fit.KolmogorovPValue)],
            ["Anderson-Darling", View.Number(fit.AndersonDarling), View.Number(fit.AndersonDarlingPValue)],
            [$"zeros, {fit.Zeros} of {fit.Count}", View.Number(fit.AtomAtZero), View.Number(fit.AtomPValue)],
        ]));
    }

    private (PriorNetwork Network, double Norm) Network(VerbCall call, List<string> notes)
    {
        int ways = (call.Get(widths) is null ? 0 : 1) + (call.Get(hidden) is null ? 0 : 1) + (call.Get(from) is null ? 0 : 1);
        if (ways != 1) throw new OrthantInputException("command line", Name, ways == 0 ? "no network" : "several networks", "one of --widths, --hidden and --from");
        double norm = call.Get(inputNorm);
        if (!(norm > 0) || !double.IsFinite(norm)) throw new OrthantInputException("command line", "--input-norm", Text(norm), "a positive number: at the input 0 every output is 0");
        if (call.Get(outputs) is < 1) throw new OrthantInputException("command line", "--outputs", $"{call.Get(outputs)}", "at least 1");
        PriorLayerKind layerKind = call.Get(kind) switch
        {
            "relu" => PriorLayerKind.Relu,
            "linear" => PriorLayerKind.Linear,
            string other => throw new OrthantInputException("command line", "--kind", $"'{other}'", "relu or linear"),
            null => PriorLayerKind.Relu,
        };
        if (call.Get(hidden) is string inner)
        {
            double scale = call.Get(tau) ?? throw new OrthantInputException("command line", "--tau", "nothing", "a positive number");
            if (!(scale > 0) || !double.IsFinite(scale)) throw new OrthantInputException("command line", "--tau", Text(scale), "a positive number");
            return (new PriorNetwork(1, Widths(inner, "--hidden").Select(w => new PriorLayer(w, 1, layerKind)), call.Get(outputs) ?? 1, 1), scale);
        }
        if (call.Get(from) is string model) return (FromModel(model, call.Get(outputs), notes), norm);
        int[] all = Widths(call.Get(widths)!, "--widths");
        if (all.Length < 2) throw new OrthantInputException("command line", "--widths", $"{all.Length} width", "inputs, hidden widths and outputs");
        if (call.Get(outputs) is int k) all[^1] = k;
        string[] names = ["he", "lecun", "xavier", "ntk"];
        string name = call.Get(init) ?? "he";
        bool linear = layerKind == PriorLayerKind.Linear;
        return (name switch
        {
            "he" => linear ? PriorNetwork.FanIn(all, Math.Sqrt(2), Math.Sqrt(2), layerKind) : PriorNetwork.He(all),
            "lecun" => linear ? PriorNetwork.FanIn(all, 1, 1, layerKind) : PriorNetwork.LeCun(all),
            "xavier" when !linear => PriorNetwork.Xavier(all),
            "ntk" when !linear => PriorNetwork.NeuralTangent(all),
            "xavier" or "ntk" => throw new OrthantInputException("command line", "--init", $"{name} with --kind linear", "he or lecun"),
            _ => throw new OrthantInputException("command line", "--init", $"'{name}'", Spelling.Nearest(name, names) is string near ? $"perhaps {near}" : "he, lecun, xavier or ntk"),
        }, norm);
    }

    /// <summary>The network with normal weights of the deviations that a model's dense layers have.</summary>
    private static PriorNetwork FromModel(string path, int? outputs, List<string> notes)
    {
        ReluNetwork network = ModelFile.Load(path).Network;
        List<PriorLayer> layers = [];
        double readOut = 0;
        bool biases = false;
        for (int l = 0; l < network.Layers.Length; l++)
        {
            if (network.Layers[l] is not AffineLayer { Linear: DenseOperator dense } affine)
            {
                throw new OrthantInputException(path, $"layer {l + 1}", network.Layers[l].Kind, "dense layers: the law of others is not known");
            }
            double squares = 0;
            foreach (double w in dense.Entries) squares += w * w / dense.Entries.Length;
            biases |= affine.HasBias && affine.Bias.ContainsAnyExcept(0.0);
            double std = Math.Sqrt(squares);
            if (l == network.Layers.Length - 1) readOut = std;
            else if (affine.Activations.Shared is { IsRelu: true }) layers.Add(new PriorLayer(affine.Outputs, std));
            else if (affine.Activations.Shared is { IsIdentity: true }) layers.Add(new PriorLayer(affine.Outputs, std, PriorLayerKind.Linear));
            else if (affine.Activations.Shared is { IsHomogeneous: true } leaky) layers.Add(new PriorLayer(affine.Outputs, std, PriorLayerKind.LeakyRelu) { Slope = leaky.LeftSlope });
            else throw new OrthantInputException(path, $"layer {l + 1}", affine.Activations.ToString(), "relu, leaky or identity");
        }
        notes.Add("normal weights with the root mean square of each layer's weights: exact for normal weights, a Gaussian match for others");
        if (biases) notes.Add("the file's biases are left out: with them the law is another one");
        return new PriorNetwork(network.Inputs, layers, outputs ?? network.Outputs, readOut);
    }

    private static int[] Widths(string text, string option)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.Select((part, i) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width <= MostWidth
            ? width > 0 ? width : throw new OrthantInputException("command line", $"{option}, width {i}", "0", "at least 1: with a layer of no units the law is the single point 0")
            : throw new OrthantInputException("command line", $"{option}, width {i}", $"'{part}'", "a whole number")).ToArray();
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private sealed record Point(double X, double Pdf, double LogPdf, double Cdf, double Survival, double LogSurvival);
}
