using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>Chooses scales and widths of a random network for a wanted law of its output.</summary>
/// <remarks>Scales move the law along log |f| and nothing else; the shape (kurtosis, tails, atom) is that of the widths alone. So every
/// target is met in closed form or by one quantile, without a search.</remarks>
public static class PriorDesign
{
    /// <summary>The network scaled, every layer by the same factor, so that P(|f| ≤ bound) is the given probability.</summary>
    /// <param name="network">The random network without biases.</param>
    /// <param name="inputNorm">Euclidean norm of the input, positive.</param>
    /// <param name="bound">Bound on |f|, positive.</param>
    /// <param name="probability">Between the atom's probability and 1.</param>
    /// <exception cref="OrthantInputException">A number is out of range, or dead networks alone exceed the probability.</exception>
    public static PriorNetwork ForProbability(PriorNetwork network, double inputNorm, double bound, double probability)
    {
        NeedPositive("bound", bound);
        PriorPredictive law = PriorPredictive.Of(network, inputNorm);
        double quantile = law.Quantile(probability);
        if (quantile == 0)
        {
            throw new OrthantInputException("prior design", "probability", FormattableString.Invariant($"{probability}"),
                FormattableString.Invariant($"more than the {law.AtomAtZero:G3} of networks that are dead"));
        }
        return network.Scaled(Math.Pow(bound / quantile, 1.0 / network.Depth));
    }

    /// <summary>The network scaled, every layer by the same factor, so that one output has a standard deviation.</summary>
    /// <param name="network">The random network without biases.</param>
    /// <param name="inputNorm">Euclidean norm of the input, positive.</param>
    /// <param name="std">Standard deviation, positive.</param>
    /// <exception cref="OrthantInputException">A number is out of range, or the output is always 0.</exception>
    public static PriorNetwork ForStandardDeviation(PriorNetwork network, double inputNorm, double std)
    {
        NeedPositive("standard deviation", std);
        PriorPredictive law = PriorPredictive.Of(network, inputNorm);
        if (law.IsAtom) throw new OrthantInputException("prior design", "network", "an output that is always 0", "one that varies");
        return network.Scaled(Math.Exp((Math.Log(std) - 0.5 * law.LogAbsoluteMoment(2)) / network.Depth));
    }

    /// <summary>The scale of the weights after a layer that keeps E‖h‖^order unchanged, given that the layer lives: E[Q^(order/2)]^(−1/order).
    /// </summary>
    /// <param name="layer">The hidden layer.</param>
    /// <param name="order">2 keeps the variance (√(2/d) for ReLU), 4 the fourth moment; towards 0 the typical size, which order 0 keeps exactly.
    /// </param>
    /// <exception cref="OrthantInputException">The layer has no units, or the order is not a finite number above -1.</exception>
    public static double NextWeightStd(PriorLayer layer, double order)
    {
        ArgumentNullException.ThrowIfNull(layer);
        PriorPredictive law = PriorPredictive.Of(
            new PriorNetwork(Math.Max(1, layer.Width), [layer with { WeightStd = 1, BiasStd = 0 }], 1, 1), 1, PriorQuantity.PostActivationNorm(1));
        if (law.IsAtom) throw new OrthantInputException("prior design", "layer", "no units", "at least one");
        if (order == 0) return Math.Exp(-law.LogMean);
        return Math.Exp(-(law.LogAbsoluteMoment(order) - law.LogAlive) / order);
    }

    /// <summary>The network with the scales after its first layer chosen so that each holds a moment of the norm: the first weights see an input
    /// of a fixed norm and keep theirs, and each later scale, the read-out's too, undoes the layer before it. Orthogonal layers keep their gain.
    /// </summary>
    /// <param name="network">The random network without biases.</param>
    /// <param name="order">As for <see cref="NextWeightStd"/>.</param>
    /// <exception cref="OrthantInputException">A layer has no units, or the order is not a finite number above -1.</exception>
    public static PriorNetwork HoldingMoment(PriorNetwork network, double order)
    {
        ArgumentNullException.ThrowIfNull(network);
        IEnumerable<PriorLayer> hidden = network.Hidden.Select((layer, l) =>
            l == 0 || layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear
                ? layer
                : layer with { WeightStd = NextWeightStd(network.Hidden[l - 1], order) });
        double readOut = network.Hidden.Count == 0 ? network.ReadOutStd : NextWeightStd(network.Hidden[^1], order);
        return new PriorNetwork(network.Inputs, hidden, network.Outputs, readOut);
    }

    /// <summary>The smallest equal width of ReLU layers whose output has at most a kurtosis: 3 (1 + 5/d)^hidden ≤ kurtosis.</summary>
    /// <param name="hiddenLayers">Number of hidden layers, at least 1.</param>
    /// <param name="kurtosis">Largest kurtosis, above 3.</param>
    /// <exception cref="OrthantInputException">A number is out of range.</exception>
    public static int WidthForKurtosis(int hiddenLayers, double kurtosis)
    {
        NeedLayers(hiddenLayers);
        if (!(kurtosis > 3 && double.IsFinite(kurtosis)))
        {
            throw new OrthantInputException("prior design", "kurtosis", FormattableString.Invariant($"{kurtosis}"), "more than 3, that of a normal law");
        }
        double each = DoubleDouble.Exp(DoubleDouble.Log(kurtosis / 3) / hiddenLayers).Hi - 1;
        return Smallest(5 / each, d => 3 * Math.Pow(1 + 5.0 / d, hiddenLayers) <= kurtosis);
    }

    /// <summary>The smallest equal width of ReLU layers that leaves at most a share of networks dead: 1 − (1 − 2^−d)^hidden ≤ share.</summary>
    /// <param name="hiddenLayers">Number of hidden layers, at least 1.</param>
    /// <param name="share">Between 0 and 1, both excluded.</param>
    /// <exception cref="OrthantInputException">A number is out of range.</exception>
    public static int WidthForDeadShare(int hiddenLayers, double share)
    {
        NeedLayers(hiddenLayers);
        if (!(share > 0 && share < 1))
        {
            throw new OrthantInputException("prior design", "share of dead networks", FormattableString.Invariant($"{share}"), "between 0 and 1");
        }
        double logAlive = DoubleDouble.Log1p(-share).Hi;
        return Smallest(Math.Log2(hiddenLayers / share),
            d => hiddenLayers * DoubleDouble.Log1p(-DoubleDouble.Exp(DoubleDouble.Ln2 * -d)).Hi >= logAlive);
    }

    /// <summary>The smallest equal width of ReLU layers whose output is within a Kolmogorov–Smirnov distance of its normal limit, exactly.
    /// </summary>
    /// <remarks>To first order the distance is .344 β, so the width is about .344 · hidden/distance.</remarks>
    /// <param name="hiddenLayers">Number of hidden layers, at least 1.</param>
    /// <param name="distance">Between 0 and 1/2, both excluded.</param>
    /// <exception cref="OrthantInputException">A number is out of range.</exception>
    public static int WidthForNormality(int hiddenLayers, double distance)
    {
        NeedLayers(hiddenLayers);
        if (!(distance is > 1e-6 and < 0.5))
        {
            throw new OrthantInputException("prior design", "distance", FormattableString.Invariant($"{distance}"), "between 1e-6 and 1/2");
        }
        int high = Math.Max(1, (int)Math.Ceiling(0.3441 * hiddenLayers / distance)), low = 0;
        while (Distance(high) > distance) (low, high) = (high, 2 * high);
        while (high - low > 1)
        {
            int middle = low + (high - low) / 2;
            if (Distance(middle) > distance) low = middle;
            else high = middle;
        }
        return high;

        double Distance(int d) => PriorPredictive.Of(
            new PriorNetwork(1, Enumerable.Repeat(new PriorLayer(d, Math.Sqrt(2.0 / d)), hiddenLayers), 1, 1), 1).KolmogorovDistanceToNormal();
    }

    /// <summary>By what a layer multiplies the kurtosis of the output: E Q²/(E Q)², 1 + 5/d for a ReLU layer; a bottleneck's price.</summary>
    /// <param name="layer">The layer.</param>
    /// <exception cref="OrthantInputException">The layer has no units.</exception>
    public static double KurtosisFactor(PriorLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        PriorPredictive law = PriorPredictive.Of(
            new PriorNetwork(Math.Max(1, layer.Width), [layer with { WeightStd = 1, BiasStd = 0 }], 1, 1), 1, PriorQuantity.PostActivationNorm(1));
        if (law.IsAtom) throw new OrthantInputException("prior design", "layer", "no units", "at least one");
        return law.Kurtosis;
    }

    /// <summary>The first integer near a real estimate that satisfies a growing condition.</summary>
    private static int Smallest(double estimate, Func<int, bool> holds)
    {
        if (estimate > int.MaxValue / 2) throw new OrthantInputException("prior design", "width", "more than 10^9", "a wider target");
        int d = Math.Max(1, (int)estimate - 2);
        while (d > 1 && holds(d)) d--;
        while (!holds(d)) d++;
        return d;
    }

    private static void NeedLayers(int hiddenLayers)
    {
        if (hiddenLayers < 1) throw new OrthantInputException("prior design", "hidden layers", $"{hiddenLayers}", "at least 1");
    }

    private static void NeedPositive(string name, double value)
    {
        if (!(value > 0 && double.IsFinite(value)))
        {
            throw new OrthantInputException("prior design", name, FormattableString.Invariant($"{value}"), "a positive number");
        }
    }
}
