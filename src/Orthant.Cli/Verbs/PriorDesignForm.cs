using System.CommandLine;
using Orthant.Priors;

namespace Orthant.Cli.Verbs;

/// <summary><c>prior design</c>: scales and widths for a wanted law, what each layer costs, what the named initialisations give.</summary>
internal sealed class PriorDesignForm
{
    private readonly Option<double?> bound = new("--bound") { Description = "design: scale the weights so that |f| is at most B …", HelpName = "B" };
    private readonly Option<double?> probability = new("--probability") { Description = "design: … with this probability (default: 0.95)", HelpName = "P" };
    private readonly Option<double?> std = new("--std") { Description = "design: scale the weights for this standard deviation of an output", HelpName = "S" };
    private readonly Option<double?> moment = new("--moment")
    {
        Description = "design: scale each layer to hold this moment of the norm: 2 the variance, 0 the typical size",
        HelpName = "ORDER",
    };

    private readonly Option<double?> kurtosis = new("--kurtosis") { Description = "design: the equal width with at most this kurtosis", HelpName = "K" };
    private readonly Option<double?> dead = new("--dead") { Description = "design: the equal width with at most this share of dead networks", HelpName = "SHARE" };
    private readonly Option<double?> distance = new("--distance")
    {
        Description = "design: the equal width this near (Kolmogorov) to the Gaussian process limit",
        HelpName = "D",
    };

    public IReadOnlyList<Option> All => [bound, probability, std, moment, kurtosis, dead, distance];

    /// <summary>Refuses the design's options where no design is asked for.</summary>
    public void RefuseStray(VerbCall call)
    {
        if (All.FirstOrDefault(call.Has) is Option stray) throw PriorNetworkOptions.Wrong(stray.Name, "no design", "orthant prior design …");
    }

    public Answer Run(VerbCall call, NamedPrior named)
    {
        if (named.Network.HasBiases) throw new OrthantInputException("prior design", "biases", "some", "a network without biases");
        int goals = (call.Get(bound) is null ? 0 : 1) + (call.Get(std) is null ? 0 : 1) + (call.Get(moment) is null ? 0 : 1);
        if (goals > 1) throw PriorNetworkOptions.Wrong("prior design", "several goals for the scales", "one of --bound, --std and --moment");
        if (call.Has(probability) && call.Get(bound) is null) throw PriorNetworkOptions.Wrong("--probability", "no bound", "--bound B beside it");
        double level = call.Get(probability) ?? 0.95;
        if (!(level > 0 && level < 1)) throw PriorNetworkOptions.Wrong("--probability", PriorNetworkOptions.Text(level), "a probability between 0 and 1");
        PriorNetwork wanted = Scaled(call, named, level);
        PriorPredictive law = PriorPredictive.Of(wanted, named.InputNorm);
        PriorLevel? reached = call.Get(bound) is double b ? new PriorLevel(law.AtomAtZero + law.LowerMass(b), b) : null;
        WidthGoal[] widths = [.. WidthGoals(call, wanted)];
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
            view.Table(["initialisation", "standard deviation", "typical size"], initialisations.Select(i => new[] { i.Name, View.Number(i.Std), View.Number(i.TypicalSize) }));
            if (goals + widths.Length == 0) view.Next("--bound B --probability P, --std S or --moment 2 for the scales; --kurtosis, --dead or --distance for widths");
        });
    }

    private PriorNetwork Scaled(VerbCall call, NamedPrior named, double level)
    {
        PriorNetwork network = named.Network;
        if (call.Get(bound) is double b) return PriorDesign.ForProbability(network, named.InputNorm, b, level);
        if (call.Get(std) is double s) return PriorDesign.ForStandardDeviation(network, named.InputNorm, s);
        if (call.Get(moment) is not double order) return network;
        // The first weights see an input of a fixed norm; each later scale, the read-out's too, undoes the layer before it.
        List<PriorLayer> layers = [];
        for (int l = 0; l < network.Hidden.Count; l++)
        {
            PriorLayer layer = network.Hidden[l];
            bool orthogonal = layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear;
            layers.Add(l == 0 || orthogonal ? layer : layer with { WeightStd = PriorDesign.NextWeightStd(layers[l - 1], order) });
        }
        double readOut = layers.Count == 0 ? network.ReadOutStd : PriorDesign.NextWeightStd(layers[^1], order);
        return new PriorNetwork(network.Inputs, layers, network.Outputs, readOut);
    }

    private IEnumerable<WidthGoal> WidthGoals(VerbCall call, PriorNetwork network)
    {
        int hidden = network.Hidden.Count;
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

    private sealed record WidthGoal(string Goal, double Target, int Width);

    private sealed record InitialisedLaw(string Name, double Std, double TypicalSize);
}
