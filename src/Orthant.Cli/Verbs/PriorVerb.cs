using System.CommandLine;
using System.Globalization;
using Orthant.Formats;
using Orthant.Numerics;
using Orthant.Priors;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>The exact prior predictive law of a random network, its design, and a test of samples against it.</summary>
internal sealed class PriorVerb : Verb
{
    private const int MostRows = 30;

    private static readonly string[] Quantities = ["output", "norm", "pre:", "post:", "pre-norm:", "post-norm:"];

    private readonly Argument<string[]> words = new("FORM")
    {
        Description = "none: the law itself; design: scales and widths for a goal; test SAMPLES, INIT or MODEL: a table's last column, networks of an initialiser or a model's weights against the law",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly PriorNetworkOptions networkOptions = new();
    private readonly Option<string?> quantity = new("--of") { Description = "output, norm (of all outputs), or of hidden layer L: pre:L, post:L, pre-norm:L, post-norm:L", HelpName = "Q" };
    private readonly Option<double?> noise = new("--noise") { Description = "standard deviation of normal noise on an observed output", HelpName = "S" };
    private readonly Option<string?> at = new("--at") { Description = "points to evaluate the law at", HelpName = "X,X,…" };
    private readonly Option<string?> quantiles = new("--quantiles") { Description = "probabilities whose quantiles of |f| are wanted", HelpName = "P,P,…" };
    private readonly Option<string?> moments = new("--moments") { Description = "orders s above -1 of the moments of |f| to give, away from 0", HelpName = "S,S,…" };
    private readonly Option<string?> svg = new("--svg") { Description = "draw density, tail and quantiles over depth as SVG", HelpName = "F" };
    private readonly PriorDesignForm design = new();
    private readonly PriorTestForm test = new();

    public override string Name => "prior";

    public override string Summary => "the exact law of a random network's output before training";

    public override IReadOnlyList<string> Examples =>
    [
        "./orthant prior --widths 784,300,100,10 --init he --input-norm 1 --at 0.5,2",
        "./orthant prior design --widths 10,64,64,1 --std 1 --max-kurtosis 4 --json",
    ];

    public override IReadOnlyList<Argument> Arguments => [words];

    public override IReadOnlyList<Option> Options => [.. networkOptions.All, quantity, noise, at, quantiles, moments, svg, .. design.All, .. test.All];

    public override Answer Run(VerbCall call)
    {
        string[] given = call.Get(words) ?? [];
        bool designs = given is ["design"], tests = given is ["test", _];
        if (given.Length > 0 && !designs && !tests)
        {
            string near = Spelling.Nearest(given[0], ["design", "test"]) is string name && name != given[0] ? $"; perhaps {name}" : "";
            throw PriorNetworkOptions.Wrong(Name, $"'{string.Join(' ', given)}'", $"nothing, design, or test SAMPLES, INIT or MODEL{near}");
        }
        string form = designs ? "design" : tests ? "test" : "the law itself";
        RefuseUnused(call, !designs, design.All, form, "only with design");
        RefuseUnused(call, !tests, test.All, form, "only with test");
        RefuseUnused(call, designs || tests, [at, quantiles, moments, svg], form, "only for the law itself");
        RefuseUnused(call, designs, [noise], form, "not with design");
        RefuseUnused(call, designs, [quantity], form, "not with design, which is about one output");
        if (tests) return test.Run(call, given[1], networkOptions, prior => LawOf(call, Noted(call, prior, out _), Quantity(call, prior)));
        NamedPrior named = Noted(call, networkOptions.Read(call), out List<string> notes);
        return designs ? design.Run(call, named) : Show(call, named, Quantity(call, named), notes);
    }

    private static NamedPrior Noted(VerbCall call, NamedPrior named, out List<string> notes)
    {
        notes = NotesOn(named);
        foreach (string note in notes) call.Note(note);
        return named;
    }

    private static void RefuseUnused(VerbCall call, bool unused, IReadOnlyList<Option> options, string form, string expected)
    {
        if (unused && options.FirstOrDefault(call.Has) is Option stray) throw PriorNetworkOptions.Wrong(stray.Name, $"beside {form}", expected);
    }

    private Answer Show(VerbCall call, NamedPrior named, PriorQuantity about, List<string> notes)
    {
        double[] points = call.Get(at) is string text ? ArgumentText.Numbers(text, "--at") : [];
        Rational[] levels = call.Get(quantiles) is string list ? ArgumentText.ExactNumbers(list, "--quantiles") : [];
        foreach (Rational p in levels)
        {
            if (p.Sign <= 0 || p >= Rational.One) throw PriorNetworkOptions.Wrong("--quantiles", PriorNetworkOptions.Text(p.ToDouble()), "probabilities between 0 and 1, both excluded");
        }
        double[] orders = call.Get(moments) is string powers ? ArgumentText.Numbers(powers, "--moments") : [];
        if (orders.FirstOrDefault(s => s <= -1, 0) is < 0 and double low) throw PriorNetworkOptions.Wrong("--moments", PriorNetworkOptions.Text(low), "orders above -1");
        PriorLaw law = LawOf(call, named, about);
        if (orders.Length > 0 && law.Exact is null) throw PriorNetworkOptions.Wrong("--moments", "a law with biases or noise", "a network without them");
        if (call.Get(svg) is string path)
        {
            if (law.Exact is not PriorPredictive exact) throw PriorNetworkOptions.Wrong("--svg", "a law with biases or noise", "a network without them");
            OutputFolder.PrepareFor(path);
            OutputFile.WriteText(path, PriorPicture.Draw(exact).ToFile());
        }
        PriorPoint[] found = [.. points.Select(law.At)];
        PriorLevel[] lines = [.. levels.Select(law.AtLevel)];
        Dictionary<string, object?> json = Json(named, law, found, lines, notes);
        json["moments"] = orders.Select(s => new { order = s, value = law.Exact!.AbsoluteMoment(s), log = law.Exact.LogAbsoluteMoment(s) });
        return new Answer(json, view =>
        {
            view.Facts(
            [
                ("law of", Words(about, named.Network)),
                (about.Kind is PriorQuantityKind.Output or PriorQuantityKind.PreActivation ? "standard deviation" : "root mean square", View.Number(Math.Sqrt(law.Variance))),
                .. law.Exact is PriorPredictive product ? [("typical size, exp E log |f|", View.Number(Math.Exp(product.LogMean)))] : Array.Empty<(string, string)>(),
                ("kurtosis", law.Kurtosis is double k ? View.Number(k) : "none: the law is the point 0"),
                ("exactly zero", $"{View.Number(law.AtomAtZero)} (log {View.Number(law.LogAtomAtZero)})"),
                ("distance to the Gaussian process limit", law.KsToNngp is double d ? $"{View.Number(d)} (Kolmogorov)" : "not defined"),
                .. law.KsToMixture is double m ? [("distance to the normal/log-normal limit", $"{View.Number(m)} (Kolmogorov)")] : Array.Empty<(string, string)>(),
                .. law.Mixture is not null ? [("wide enough for a distance of 0.01", $"equal widths of about {View.Count(WideEnough(named.Network.Hidden.Count))}")] : Array.Empty<(string, string)>(),
            ]);
            if (LayersOf(named) is { Length: > 0 } layers)
            {
                view.Table(["hidden layer", "width", "deviation", "norm, rms", "typical", "dead so far"],
                    layers.Take(MostRows).Select(l => new[] { $"{l.Layer}", View.Count(l.Width), View.Number(l.WeightStd), View.Number(l.NormRms), View.Number(l.NormTypical), View.Number(l.Dead) }));
            }
            if (named.Network.Hidden.Count > MostRows) view.Line($"the first {MostRows} of {View.Count(named.Network.Hidden.Count)} hidden layers");
            if (found.Length > 0)
            {
                view.Table(["x", "density", "P(f ≤ x)", "P(|f| > x)"], found.Select(p => new[] { View.Number(p.X), View.Number(p.Pdf), View.Number(p.Cdf), View.Number(p.Survival) }));
            }
            if (lines.Length > 0) view.Table(["p", "|f| at most"], lines.Select(q => new[] { View.Number(q.P), View.Number(q.Value) }));
            if (orders.Length > 0) view.Table(["order s", "E |f|^s, f ≠ 0"], orders.Select(s => new[] { View.Number(s), View.Number(law.Exact!.AbsoluteMoment(s)) }));
            if (found.Length + lines.Length == 0) view.Next("--at 0.5,2 --quantiles 0.5,0.99 for values, --svg out/prior.svg for a picture");
        });
    }

    /// <summary>The equal width whose Kolmogorov distance to the Gaussian process limit is about 0.01: 0.344 β.</summary>
    private static long WideEnough(int hidden) => (long)Math.Ceiling(0.3441 * hidden / 0.01);

    /// <summary>The law of each hidden layer's norm after its activation; none with biases.</summary>
    private static LayerRow[] LayersOf(NamedPrior named) => named.Network.HasBiases ? [] :
    [
        .. named.Network.Hidden.Select((layer, l) =>
        {
            PriorPredictive norm = named.Law(PriorQuantity.PostActivationNorm(l + 1));
            return new LayerRow(l + 1, layer.Width, layer.WeightStd, Math.Sqrt(norm.SecondMoment), Math.Exp(norm.LogMean), norm.AtomAtZero);
        }),
    ];

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
            ["logNormalMixture"] = law.Mixture is LogNormalMixtureLimit mixture ? new
            {
                logVarianceMean = mixture.LogVarianceMean,
                logVarianceStd = mixture.LogVarianceStd,
                points = points.Select(p => new { x = p.X, pdf = mixture.Pdf(p.X), cdf = mixture.Cdf(p.X), survival = p.X < 0 ? 1 : mixture.Survival(p.X) }),
            }
            : null,
            ["ksToMixture"] = law.KsToMixture,
            ["inverseWidthSum"] = named.Network.InverseWidthSum,
            ["wideEnough"] = law.Mixture is null ? null : new { distance = 0.01, equalWidth = WideEnough(named.Network.Hidden.Count) },
            ["logMean"] = law.Exact?.LogMean,
            ["logVariance"] = law.Exact?.LogVariance,
            ["logCumulants"] = law.Exact is PriorPredictive exact ? Enumerable.Range(1, 4).Select(exact.LogCumulant) : null,
            ["entropy"] = law.Exact?.Entropy(),
            ["layers"] = LayersOf(named),
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
        double s = call.Get(noise) ?? named.NoiseStd;
        if (!(s >= 0) || !double.IsFinite(s)) throw PriorNetworkOptions.Wrong("--noise", PriorNetworkOptions.Text(s), "a number that is not negative");
        PriorNetwork network = named.Network;
        bool isOutput = about.Kind == PriorQuantityKind.Output;
        if (!isOutput && call.Has(noise)) throw PriorNetworkOptions.Wrong("--noise", "a quantity that is no output", "one output, which noise is added to");
        if (!network.HasBiases && (s == 0 || !isOutput)) return new PriorLaw(named.Law(about));
        if (!network.HasBiases) return new PriorLaw(named.Law(about).WithNoise(s), named.Law(about).Scale);
        // Noise on an output is a bias of the read-out.
        PriorNetwork noisy = new(network.Inputs, network.Hidden, network.Outputs, network.ReadOutStd, double.Hypot(network.ReadOutBiasStd, isOutput ? s : 0));
        PriorNetwork plain = new(network.Inputs, network.Hidden.Select(l => l with { BiasStd = 0 }), network.Outputs, network.ReadOutStd);
        return new PriorLaw(BiasedPriorPredictive.Of(noisy, named.InputNorm, about), PriorPredictive.Of(plain, named.InputNorm, about).Scale);
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
        notes.Add(named.Network.HasBiases
            ? $"normal biases of the file's deviations are taken in: an output's standard deviation is {View.Number(with)} instead of {View.Number(without)}"
            : $"with normal biases of the file's deviations (--biases) an output's standard deviation would be {View.Number(with)} instead of {View.Number(without)}");
        return notes;
    }

    /// <summary>The norm of a hidden layer after its activation, and the probability that the network is dead there or before.</summary>
    private sealed record LayerRow(int Layer, int Width, double WeightStd, double NormRms, double NormTypical, double Dead);
}
