using System.CommandLine;
using System.Globalization;
using Orthant.Formats;
using Orthant.Priors;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>The exact prior predictive law of a random network, its design, and a test of samples against it.</summary>
internal sealed class PriorVerb : Verb
{
    private static readonly string[] Quantities = ["output", "norm", "pre:", "post:", "pre-norm:", "post-norm:"];

    private readonly Argument<string[]> words = new("FORM")
    {
        Description = "none: the law itself; design: scales and widths for a goal; test SAMPLES: a table's last column against the law",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly PriorNetworkOptions networkOptions = new();
    private readonly Option<string?> quantity = new("--of") { Description = "output, norm (of all outputs), or of hidden layer L: pre:L, post:L, pre-norm:L, post-norm:L", HelpName = "Q" };
    private readonly Option<double?> noise = new("--noise") { Description = "standard deviation of normal noise on an observed output", HelpName = "S" };
    private readonly Option<string?> at = new("--at") { Description = "points to evaluate the law at", HelpName = "X,X,…" };
    private readonly Option<string?> quantiles = new("--quantiles") { Description = "probabilities whose quantiles of |f| are wanted", HelpName = "P,P,…" };
    private readonly Option<string?> svg = new("--svg") { Description = "draw density, tail and quantiles over depth as SVG", HelpName = "F" };
    private readonly PriorDesignForm design = new();

    public override string Name => "prior";

    public override string Summary => "the exact law of a random network's output before training";

    public override IReadOnlyList<string> Examples =>
        ["./orthant prior --widths 784,300,100,10 --init he --input-norm 1 --at 0.5,2", "./orthant prior design --widths 10,64,64,1 --bound 3 --probability 0.95 --kurtosis 4 --json"];

    public override IReadOnlyList<Argument> Arguments => [words];

    public override IReadOnlyList<Option> Options => [.. networkOptions.All, quantity, noise, at, quantiles, svg, .. design.All];

    public override Answer Run(VerbCall call)
    {
        string[] given = call.Get(words) ?? [];
        bool designs = given is ["design"], tests = given is ["test", _];
        if (given.Length > 0 && !designs && !tests)
        {
            string near = Spelling.Nearest(given[0], ["design", "test"]) is string name ? $"; perhaps {name}" : "";
            throw PriorNetworkOptions.Wrong(Name, $"'{string.Join(' ', given)}'", $"nothing, design or test SAMPLES{near}");
        }
        if (!designs) design.RefuseStray(call);
        RefuseUnused(call, designs || tests, [noise, at, quantiles, svg], designs ? "design" : "test");
        RefuseUnused(call, designs, [quantity], "design");
        NamedPrior named = networkOptions.Read(call);
        List<string> notes = NotesOn(named);
        foreach (string note in notes) call.Note(note);
        if (designs) return design.Run(call, named);
        PriorQuantity about = Quantity(call, named);
        return tests ? Test(named.Law(about), given[1]) : Show(call, named, about, notes);
    }

    private static void RefuseUnused(VerbCall call, bool unused, ReadOnlySpan<Option> options, string form)
    {
        if (!unused) return;
        foreach (Option option in options)
        {
            if (call.Has(option)) throw PriorNetworkOptions.Wrong(option.Name, $"beside {form}", $"orthant prior {option.Name} … without {form}");
        }
    }

    private Answer Show(VerbCall call, NamedPrior named, PriorQuantity about, List<string> notes)
    {
        double[] points = call.Get(at) is string text ? ArgumentText.Numbers(text, "--at") : [];
        double[] levels = call.Get(quantiles) is string list ? ArgumentText.Numbers(list, "--quantiles") : [];
        foreach (double p in levels)
        {
            if (!(p > 0 && p < 1)) throw PriorNetworkOptions.Wrong("--quantiles", PriorNetworkOptions.Text(p), "probabilities between 0 and 1, both excluded");
        }
        PriorLaw law = LawOf(call, named, about);
        if (call.Get(svg) is string path)
        {
            if (named.Network.HasBiases || call.Has(noise)) throw PriorNetworkOptions.Wrong("--svg", "a law with biases or noise", "a network without them");
            OutputFolder.PrepareFor(path);
            OutputFile.WriteText(path, PriorPicture.Draw(named.Law(about)).ToFile());
        }
        PriorPoint[] found = [.. points.Select(law.At)];
        PriorLevel[] lines = [.. levels.Select(law.AtLevel)];
        return new Answer(Json(named, law, found, lines, notes), view =>
        {
            view.Facts(
                ("law of", Words(about, named.Network)),
                ("standard deviation", View.Number(Math.Sqrt(law.Variance))),
                ("kurtosis", law.Kurtosis is double k ? View.Number(k) : "none: the law is the point 0"),
                ("exactly zero", $"{View.Number(law.AtomAtZero)} (log {View.Number(law.LogAtomAtZero)})"),
                ("distance to the Gaussian process limit", law.KsToNngp is double d ? $"{View.Number(d)} (Kolmogorov)" : "not defined"));
            if (found.Length > 0)
            {
                view.Table(["x", "density", "P(f ≤ x)", "P(|f| > x)"], found.Select(p => new[] { View.Number(p.X), View.Number(p.Pdf), View.Number(p.Cdf), View.Number(p.Survival) }));
            }
            if (lines.Length > 0) view.Table(["p", "|f| at most"], lines.Select(q => new[] { View.Number(q.P), View.Number(q.Value) }));
            if (found.Length + lines.Length == 0) view.Next("--at 0.5,2 --quantiles 0.5,0.99 for values, --svg out/prior.svg for a picture");
        });
    }

    private static Dictionary<string, object?> Json(NamedPrior named, PriorLaw law, PriorPoint[] points, PriorLevel[] levels, List<string> notes)
    {
        Dictionary<string, object?> json = new()
        {
            ["tau"] = law.Tau,
            ["variance"] = law.Variance,
            ["kurtosis"] = law.Kurtosis,
            ["atomAtZero"] = law.AtomAtZero,
            ["logAtomAtZero"] = law.LogAtomAtZero,
            ["alive"] = law.Alive,
            ["tailIndex"] = law.TailIndex,
            ["points"] = points,
            ["quantiles"] = levels,
            ["nngp"] = law.Nngp is NormalLimit normal ? new
            {
                std = normal.Std,
                variance = normal.Std * normal.Std,
                points = points.Select(p => new { x = p.X, pdf = normal.Pdf(p.X), cdf = normal.Cdf(p.X), survival = p.X < 0 ? 1 : normal.Survival(p.X) }),
            }
            : null,
            ["ksToNngp"] = law.KsToNngp,
            ["klToNngp"] = law.KlToNngp,
            ["notes"] = notes,
        };
        if (named.Match is PriorMatch match)
        {
            json["measured"] = match.Layers.Select(l => new
            {
                layer = l.Number,
                inputs = l.Inputs,
                width = l.Width,
                weightStd = l.WeightStd,
                weightKurtosis = l.WeightKurtosis,
                weights = l.WeightLaw.ToString().ToLowerInvariant(),
                biasStd = l.BiasStd,
            });
        }
        return json;
    }

    private PriorLaw LawOf(VerbCall call, NamedPrior named, PriorQuantity about)
    {
        double? s = call.Get(noise);
        if (s is double wrong && (!(wrong >= 0) || !double.IsFinite(wrong))) throw PriorNetworkOptions.Wrong("--noise", PriorNetworkOptions.Text(wrong), "a number that is not negative");
        PriorNetwork network = named.Network;
        if (!network.HasBiases && s is null) return new PriorLaw(named.Law(about));
        if (about.Kind != PriorQuantityKind.Output) throw PriorNetworkOptions.Wrong(Name, "biases or noise", "one output: the law of other quantities is known without them");
        PriorNetwork plain = new(network.Inputs, network.Hidden.Select(l => l with { BiasStd = 0 }), network.Outputs, network.ReadOutStd);
        PriorPredictive unbiased = PriorPredictive.Of(plain, named.InputNorm);
        if (!network.HasBiases) return new PriorLaw(unbiased.WithNoise(s!.Value), unbiased.Scale);
        // Noise on an output is a bias of the read-out.
        PriorNetwork noisy = new(network.Inputs, network.Hidden, network.Outputs, network.ReadOutStd, double.Hypot(network.ReadOutBiasStd, s ?? 0));
        return new PriorLaw(BiasedPriorPredictive.Of(noisy, named.InputNorm), unbiased.Scale);
    }

    private PriorQuantity Quantity(VerbCall call, NamedPrior named)
    {
        if (call.Get(quantity) is not string text) return named.OfNorm ? PriorQuantity.OutputNorm : PriorQuantity.Output;
        if (text == "output") return PriorQuantity.Output;
        if (text == "norm") return PriorQuantity.OutputNorm;
        int colon = text.IndexOf(':', StringComparison.Ordinal), hidden = named.Network.Hidden.Count;
        string kind = colon < 0 ? text : text[..(colon + 1)];
        if (!Quantities.Contains(kind))
        {
            string near = Spelling.Nearest(kind, Quantities) is string name ? $"; perhaps {name}" : "";
            throw PriorNetworkOptions.Wrong("--of", $"'{text}'", $"output, norm, pre:L, post:L, pre-norm:L or post-norm:L{near}");
        }
        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int layer) || layer < 1 || layer > hidden)
        {
            throw PriorNetworkOptions.Wrong("--of", $"'{text}'", hidden == 0 ? "output or norm: there is no hidden layer" : $"a hidden layer from 1 to {hidden}");
        }
        return kind switch
        {
            "pre:" => PriorQuantity.PreActivation(layer),
            "post:" => PriorQuantity.PostActivation(layer),
            "pre-norm:" => PriorQuantity.PreActivationNorm(layer),
            _ => PriorQuantity.PostActivationNorm(layer),
        };
    }

    private static string Words(PriorQuantity about, PriorNetwork network) => about.Kind switch
    {
        PriorQuantityKind.Output => "one output",
        PriorQuantityKind.OutputNorm => $"the norm of {network.Outputs} outputs",
        PriorQuantityKind.PreActivation => $"a unit of hidden layer {about.Layer} before its activation",
        PriorQuantityKind.PostActivation => $"a unit of hidden layer {about.Layer} after its activation",
        PriorQuantityKind.PreActivationNorm => $"the norm of hidden layer {about.Layer} before its activation",
        _ => $"the norm of hidden layer {about.Layer} after its activation",
    };

    /// <summary>Where the law does not apply; beside it, how much the biases of a model would change.</summary>
    private static List<string> NotesOn(NamedPrior named)
    {
        if (named.Match is not PriorMatch match) return [];
        List<string> notes = [.. match.Notes];
        if (match.WithBiases is not PriorNetwork biased) return notes;
        double with = Math.Sqrt(BiasedPriorPredictive.Of(biased, named.InputNorm).SecondMoment), without = Math.Sqrt(PriorPredictive.Of(match.Network, named.InputNorm).SecondMoment);
        notes.Add($"with normal biases of the file's deviations an output's standard deviation would be {View.Number(with)} instead of {View.Number(without)}");
        return notes;
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
}
