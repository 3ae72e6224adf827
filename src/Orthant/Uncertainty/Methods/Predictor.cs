using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>A <see cref="PredictiveMethod"/> with its networks: what turns samples into <see cref="Predictions"/>.</summary>
/// <remarks>A calibration map is not part of it: that is learned from predictions, see <see cref="Recalibration"/>. Immutable, safe to
/// share.</remarks>
public sealed class Predictor
{
    /// <summary>Normal draws a sample of the Laplace approximation go by passes; these keep them apart from other draws of the
    /// seed.</summary>
    private const ulong LaplacePurpose = 0x1A91ACE;

    private readonly ImmutableArray<UncertainNetwork> networks;
    private readonly LastLayer? lastLayer;

    private Predictor(PredictiveMethod method, ImmutableArray<UncertainNetwork> networks, LastLayer? lastLayer = null,
        LastLayerLaplace? laplace = null)
    {
        Method = method;
        this.networks = networks;
        this.lastLayer = lastLayer;
        Laplace = laplace;
    }

    /// <summary>The method; its law and number of members are those that are used.</summary>
    public PredictiveMethod Method { get; }

    /// <summary>The randomised network, or null for other methods.</summary>
    public UncertainNetwork? Randomized => Method.Predictor == PredictorKind.Randomized ? networks[0] : null;

    /// <summary>The posterior of the last layer, or null for other methods.</summary>
    public LastLayerLaplace? Laplace { get; }

    /// <summary>The bytes that have to be kept in order to predict: four a stored weight, and eight a number of a posterior's
    /// covariance.</summary>
    public long ModelBytes
    {
        get
        {
            long bytes = networks.Sum(n => sizeof(float) * n.Network.Parameters);
            if (Laplace is null) return bytes;
            long classes = Laplace.Classes, width = Laplace.Features + 1;
            return bytes + (sizeof(double) * Method.Structure switch
            {
                LaplaceStructure.Full => classes * width * classes * width,
                LaplaceStructure.Diagonal => classes * width,
                _ => (classes * (classes + 1)) + (width * (width + 1)),
            });
        }
    }

    /// <summary>A method of one or several networks.</summary>
    /// <param name="method">Not one that is yet to be tuned.</param>
    /// <param name="networks">Classifiers of the same inputs and outputs: several for an ensemble, one for every other method.</param>
    /// <param name="training">The data that the network was trained on, for a Laplace approximation; else it may be null.</param>
    /// <param name="granularity">Which units share a random draw.</param>
    /// <param name="threads">At least 1.</param>
    /// <exception cref="OrthantInputException">Networks do not fit together or the method, or there are no training data that it
    /// needs.</exception>
    public static Predictor Of(
        PredictiveMethod method, IReadOnlyList<ReluNetwork> networks, LabelledData? training = null,
            RandomGranularity granularity = RandomGranularity.Element, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentOutOfRangeException.ThrowIfZero(networks.Count);
        if (method.IsTuned) throw new ArgumentException("A strength that is to be tuned is no method yet.", nameof(method));
        if (networks.FirstOrDefault(n => n.Outputs != networks[0].Outputs || n.Inputs != networks[0].Inputs) is ReluNetwork odd)
        {
            throw new OrthantInputException("ensemble", "members", $"{odd} beside {networks[0]}", "members of the same inputs and outputs");
        }
        if (method.Predictor == PredictorKind.Ensemble)
        {
            if (method.Members is int members && members != networks.Count) throw new OrthantInputException("ensemble", "members",
                $"{networks.Count}", $"{members}, as {method} says");
            return new Predictor(method with { Members = networks.Count }, [.. networks.Select(UncertainNetwork.AtMeanSlopes)]);
        }
        if (networks.Count > 1) throw new OrthantInputException("command line", "MODEL", $"{networks.Count} models",
            "one, or --method ensemble");
        ReluNetwork network = networks[0];
        if (method.Predictor == PredictorKind.Deterministic) return new Predictor(method, [UncertainNetwork.AtMeanSlopes(network)]);
        if (method.Predictor == PredictorKind.Randomized)
        {
            UncertainNetwork random = UncertainNetwork.Of(network, method.Law, granularity);
            PredictorKind kind = random.Law.IsRandom ? PredictorKind.Randomized : PredictorKind.Deterministic;
            return new Predictor(method with { Law = random.Law, Predictor = kind }, [random]);
        }
        if (training is null) throw new OrthantInputException("command line", "--training", "nothing",
            "the data that the network was trained on, for laplace");
        LastLayer last = LastLayer.Of(network);
        LastLayerLaplace posterior = LastLayerLaplace.Fit(last.FeaturesOf(training.Inputs, threads), training.Classes.Span,
            last.Weights.Span, last.Bias.Span, null, method.Structure);
        return new Predictor(method, [UncertainNetwork.AtMeanSlopes(network)], last, posterior);
    }

    /// <summary>What the method says of samples.</summary>
    /// <param name="inputs">As many inputs a sample as the networks read.</param>
    /// <param name="options">Passes (and draws of a Laplace approximation), seed, threads; null for the usual.</param>
    /// <param name="enough">For random passes, whether these are enough, see <see cref="UncertainNetwork.Predict"/>.</param>
    /// <param name="cancellation">Stops between tiles of samples.</param>
    /// <exception cref="OrthantInputException">The inputs do not fit the network.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public Predictions Predict(
        InputRows inputs, PassOptions? options = null, Func<PredictiveDistribution, bool>? enough = null,
            CancellationToken cancellation = default)
    {
        PassOptions how = options ?? new PassOptions();
        if (Randomized is UncertainNetwork random) return new Predictions(random.Predict(inputs, how, enough, cancellation));
        if (Laplace is not null) return new Predictions(Laplace.Sample(lastLayer!.FeaturesOf(inputs, how.Threads), how.Passes,
            how.Seed ^ LaplacePurpose));
        List<float[]> members = [];
        foreach (UncertainNetwork network in networks)
        {
            cancellation.ThrowIfCancellationRequested();
            members.Add(network.Pass(inputs, 0, how));
        }
        PredictiveDistribution all = PredictiveDistribution.FromMembers(members, networks[0].Network.Outputs);
        return new Predictions(all, members.Count == 1 ? new ReadOnlyMemory<double>(Array.ConvertAll(members[0], z => (double)z))
            : (ReadOnlyMemory<double>?)null);
    }
}

/// <summary>What a method says of samples, before calibration.</summary>
/// <param name="Passes">The mean probabilities, and how far passes, draws or members disagree; a single pass for a method without
/// them.</param>
/// <param name="Logits">samples × classes logits of a method of a single pass; null for several.</param>
public sealed record Predictions(PredictiveDistribution Passes, ReadOnlyMemory<double>? Logits = null)
{
    /// <summary>The mean probabilities.</summary>
    public ClassProbabilities Mean => Passes.Mean;
}
