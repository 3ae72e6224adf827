using System.CommandLine;
using System.Globalization;
using Orthant.Priors;

namespace Orthant.Cli.Verbs;

/// <summary><c>prior design</c>: scales and widths for a wanted law, what each layer costs, what the named initialisations give.</summary>
internal sealed class PriorDesignForm
{
    private readonly Option<string?> target = new("--target") { Description = "design: scale the weights for \"P(|f|<=B)=P\"", HelpName = "GOAL" };
    private readonly Option<double?> std = new("--std") { Description = "design: scale the weights for this standard deviation of an output", HelpName = "S" };
    private readonly Option<double?> moment = new("--moment")
    {
        Description = "design: scale each layer to hold this moment of the norm: 2 the variance, 0 the typical size",
        HelpName = "ORDER",
    };

    private readonly Option<double?> kurtosis = new("--max-kurtosis") { Description = "design: the equal width with at most this kurtosis", HelpName = "K" };
    private readonly Option<double?> dead = new("--max-dead") { Description = "design: the equal width with at most this share of dead networks", HelpName = "SHARE" };
    private readonly Option<double?> distance = new("--max-distance")
    {
        Description = "design: the equal width this near (Kolmogorov) to the Gaussian process limit",
        HelpName = "D",
    };

    public IReadOnlyList<Option> All => [target, std, moment, kurtosis, dead, distance];

    public Answer Run(VerbCall call, NamedPrior named)
    {
        if (named.Network.HasBiases) throw new OrthantInputException("prior design", "biases", "some", "a network without biases");
        int goals = (call.Get(target) is null ? 0 : 1) + (call.Get(std) is null ? 0 : 1) + (call.Get(moment) is null ? 0 : 1);
        if (goals > 1) throw PriorNetworkOptions.Wrong("prior design", "several goals for the scales", "one of --target, --std and --moment");
        (double Bound, double Probability)? goal = call.Get(target) is string text ? Parse(text) : null;
        PriorNetwork wanted = Scaled(call, named.Network, named.InputNorm, goal);
        PriorPredictive law = PriorPredictive.Of(wanted, named.InputNorm);
        PriorLevel? reached = goal is var (b, _) ? new PriorLevel(law.AtomAtZero + law.LowerMass(b), law.Survival(b), b) : null;
        WidthGoal[] widths = [.. WidthGoals(call, wanted)];
        DesignedNetwork? designed = widths.Length > 0 && goals > 0 ? Designed(call, named, goal, widths.Max(w => w.Width)) : null;
        LayerCost[] layers = [.. wanted.Hidden.Select((l, i) => CostOf(wanted, i))];
        InitialisedLaw[] initialisations = [.. PriorNetworkOptions.Initialisations.Select(name => ReadOut(name, named))];
        Dictionary<string, object?> json = new()
        {
            ["tau"] = law.Scale,
            ["variance"] = law.SecondMoment,
            ["kurtosis"] = law.Kurtosis,
            ["atomAtZero"] = law.AtomAtZero,
            ["probability"] = reached is null ? null : new { p = reached.P, bound = reached.Value },
            ["layers"] = layers,
            ["readOutStd"] = wanted.ReadOutStd,
            ["widths"] = widths,
            ["designed"] = designed,
            ["initialisations"] = initialisations,
        };
        return new Answer(json, view =>
        {
            view.Facts(
                ("standard deviation of an output", View.Number(Math.Sqrt(law.SecondMoment))),
                ("typical size of an output", View.Number(Math.Exp(law.LogMean))),
                ("kurtosis", View.Number(law.Kurtosis)),
                ("exactly zero", View.Number(law.AtomAtZero)),
                (reached is null ? "tau" : $"P(|f| ≤ {View.Number(reached.Value)})", reached is null ? View.Number(law.Scale) : View.Number(reached.P)));
            if (layers.Length > 0)
            {
                view.Table(["hidden layer", "width", "weight deviation", "kurtosis times", "dead"],
                    layers.Select((l, i) => new[] { $"{i + 1}", $"{l.Width}", View.Number(l.WeightStd), View.Number(l.KurtosisFactor), View.Number(l.DeadShare) }));
            }
            view.Line($"read-out weight deviation {View.Number(wanted.ReadOutStd)}");
            if (widths.Length > 0)
            {
                view.Table(["goal", "at most", $"equal width of {wanted.Hidden.Count} hidden layers"], widths.Select(w => new[] { w.Goal, View.Number(w.Target), View.Count(w.Width) }));
            }
            if (designed is not null)
            {
                view.Line($"with equal widths of {View.Count(designed.Width)} and weight deviations {string.Join(", ", designed.WeightStds.Distinct().Select(View.Number))}, "
                    + $"read-out {View.Number(designed.ReadOutStd)}: standard deviation {View.Number(Math.Sqrt(designed.Variance))}, kurtosis {View.Number(designed.Kurtosis)}, "
                    + $"exactly zero {View.Number(designed.AtomAtZero)}");
            }
            view.Table(["initialisation", "standard deviation", "typical size"], initialisations.Select(i => new[] { i.Name, View.Number(i.Std), View.Number(i.TypicalSize) }));
            if (goals + widths.Length == 0) view.Next("--target \"P(|f|<=3)=0.95\", --std S or --moment 2 for the scales; --max-kurtosis, --max-dead or --max-distance for widths");
        });
    }

    /// <summary>Reads <c>P(|f|&lt;=3)=0.95</c>, also with ≤ and spaces.</summary>
    private static (double Bound, double Probability) Parse(string text)
    {
        string plain = text.Replace(" ", "", StringComparison.Ordinal).Replace("≤", "<=", StringComparison.Ordinal).Replace("<", "<=", StringComparison.Ordinal)
            .Replace("<==", "<=", StringComparison.Ordinal);
        const string before = "P(|f|<=";
        if (plain.StartsWith(before, StringComparison.OrdinalIgnoreCase) && plain[before.Length..].Split(")=") is [string bound, string probability]
            && double.TryParse(bound, NumberStyles.Float, CultureInfo.InvariantCulture, out double b) && b > 0 && double.IsFinite(b)
            && double.TryParse(probability, NumberStyles.Float, CultureInfo.InvariantCulture, out double p) && p > 0 && p < 1)
        {
            return (b, p);
        }
        throw PriorNetworkOptions.Wrong("--target", $"'{text}'", "P(|f|<=B)=P with a positive bound and a probability between 0 and 1, such as \"P(|f|<=3)=0.95\"");
    }

    private PriorNetwork Scaled(VerbCall call, PriorNetwork network, double inputNorm, (double Bound, double Probability)? goal)
    {
        if (goal is var (b, p)) return PriorDesign.ForProbability(network, inputNorm, b, p);
        if (call.Get(std) is double s) return PriorDesign.ForStandardDeviation(network, inputNorm, s);
        return call.Get(moment) is double order ? PriorDesign.HoldingMoment(network, order) : network;
    }

    /// <summary>The same layers, all as wide as the goals ask, with the scales of the goal.</summary>
    private DesignedNetwork Designed(VerbCall call, NamedPrior named, (double Bound, double Probability)? goal, int width)
    {
        PriorNetwork own = named.Network;
        PriorNetwork he = PriorNetwork.He([own.Inputs, .. Enumerable.Repeat(width, own.Hidden.Count), own.Outputs]);
        PriorNetwork network = Scaled(call, he, named.InputNorm, goal);
        PriorPredictive law = PriorPredictive.Of(network, named.InputNorm);
        return new DesignedNetwork(width, [.. network.Hidden.Select(l => l.WeightStd)], network.ReadOutStd, law.SecondMoment, law.Kurtosis, law.AtomAtZero,
            goal is var (b, _) ? law.AtomAtZero + law.LowerMass(b) : null);
    }

    private IEnumerable<WidthGoal> WidthGoals(VerbCall call, PriorNetwork network)
    {
        int hidden = network.Hidden.Count;
        if (hidden == 0 && new Option[] { kurtosis, dead, distance }.FirstOrDefault(call.Has) is Option goal)
        {
            throw PriorNetworkOptions.Wrong(goal.Name, "a network without hidden layers, whose law is normal", "hidden layers to widen");
        }
        if (new Option[] { kurtosis, dead, distance }.FirstOrDefault(call.Has) is Option widths && network.Hidden.Any(l => l.Kind != PriorLayerKind.Relu || l.KeepProbability < 1))
        {
            throw PriorNetworkOptions.Wrong(widths.Name, "a stack of other layers", "plain ReLU layers: the equal width is theirs");
        }
        if (call.Get(kurtosis) is double k) yield return new WidthGoal("kurtosis", k, PriorDesign.WidthForKurtosis(hidden, k));
        if (call.Get(dead) is double share) yield return new WidthGoal("dead", share, PriorDesign.WidthForDeadShare(hidden, share));
        if (call.Get(distance) is double d) yield return new WidthGoal("distance", d, PriorDesign.WidthForNormality(hidden, d));
    }

    private static LayerCost CostOf(PriorNetwork network, int index)
    {
        PriorLayer layer = network.Hidden[index];
        PriorPredictive alone = PriorPredictive.Of(new PriorNetwork(layer.Width, [layer with { WeightStd = 1 }], 1, 1), 1, PriorQuantity.PostActivationNorm(1));
        return new LayerCost(layer.Width, layer.WeightStd, PriorDesign.KurtosisFactor(layer), alone.AtomAtZero);
    }

    /// <summary>The same layers with the scales of a named initialisation.</summary>
    private static InitialisedLaw ReadOut(string name, NamedPrior named)
    {
        PriorNetwork own = named.Network;
        PriorNetwork scales = PriorNetworkOptions.Initialised(name, [own.Inputs, .. own.Hidden.Select(l => l.Width), own.Outputs]);
        PriorNetwork network = new(own.Inputs, own.Hidden.Select((l, i) => l.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear
            ? l
            : l with { WeightStd = scales.Hidden[i].WeightStd }), own.Outputs, scales.ReadOutStd);
        PriorPredictive law = PriorPredictive.Of(network, named.InputNorm);
        return new InitialisedLaw(name, Math.Sqrt(law.SecondMoment), Math.Exp(law.LogMean));
    }

    /// <summary>What a hidden layer costs.</summary>
    private sealed record LayerCost(int Width, double WeightStd, double KurtosisFactor, double DeadShare);

    /// <summary>What meets the goals for widths and scales together.</summary>
    private sealed record DesignedNetwork(int Width, double[] WeightStds, double ReadOutStd, double Variance, double Kurtosis, double AtomAtZero, double? Probability);

    private sealed record WidthGoal(string Goal, double Target, int Width);

    private sealed record InitialisedLaw(string Name, double Std, double TypicalSize);
}
