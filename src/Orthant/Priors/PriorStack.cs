using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>The independent factors of |X|: what is left of a network once only norms matter.</summary>
internal sealed class PriorStack
{
    private PriorStack(IReadOnlyList<PriorLayer> layers, DoubleDouble logWeightScale, int components)
    {
        Layers = layers;
        Components = components;
        IsDead = layers.Any(layer => layer.Width == 0);
        LogWeightScale = logWeightScale;
        if (IsDead) return;
        // Layers of one law share a factor, raised to their number.
        NormFactors = [.. layers.Where(layer => layer.Kind != PriorLayerKind.OrthogonalLinear || layer.KeepProbability < 1)
            .GroupBy(layer => (layer.Width, layer.Kind, layer.KeepProbability, layer.Kind == PriorLayerKind.LeakyRelu ? layer.Slope : 0))
            .Select(group => (FactorOf(group.First()), group.Count()))];
        Factors = components > 0 ? [.. NormFactors, (new ChiSquaredFactor(components), 1)] : NormFactors;
        LogScale = logWeightScale;
        foreach ((MellinFactor factor, int count) in Factors) LogScale += factor.LogMean * (0.5 * count);
    }

    /// <summary>The hidden layers that take part.</summary>
    public IReadOnlyList<PriorLayer> Layers { get; }

    /// <summary>Number k of normal components whose norm is taken; 0 for the norm of a hidden layer after its activation.</summary>
    public int Components { get; }

    /// <summary>Whether a layer without units cuts the network.</summary>
    public bool IsDead { get; }

    /// <summary>log of ∏ sₗ.</summary>
    public DoubleDouble LogWeightScale { get; }

    /// <summary>log of the root mean square of |X|, for a unit input.</summary>
    public DoubleDouble LogScale { get; }

    /// <summary>The factors of |X|²: hidden layers and the chi-squared one of the components.</summary>
    public IReadOnlyList<(MellinFactor Factor, int Count)> Factors { get; } = [];

    /// <summary>The factors of the squared norm of the last hidden layer.</summary>
    public IReadOnlyList<(MellinFactor Factor, int Count)> NormFactors { get; } = [];

    public static PriorStack Of(PriorNetwork network, PriorQuantity quantity)
    {
        bool output = quantity.Kind is PriorQuantityKind.Output or PriorQuantityKind.OutputNorm;
        if (!output && (quantity.Layer < 1 || quantity.Layer > network.Hidden.Count))
        {
            throw new OrthantInputException("prior", "hidden layer", $"{quantity.Layer}", $"1 to {network.Hidden.Count}");
        }
        if (output)
        {
            return new(network.Hidden, Scales(network.Hidden) + DoubleDouble.Log(network.ReadOutStd),
                quantity.Kind == PriorQuantityKind.Output ? 1 : network.Outputs);
        }
        PriorLayer layer = network.Hidden[quantity.Layer - 1];
        if (quantity.Kind == PriorQuantityKind.PostActivationNorm)
        {
            return new([.. network.Hidden.Take(quantity.Layer)], Scales(network.Hidden.Take(quantity.Layer)), 0);
        }
        bool orthogonal = layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear;
        bool unit = quantity.Kind is PriorQuantityKind.PreActivation or PriorQuantityKind.PostActivation;
        if (orthogonal) throw Unfit(quantity, layer, "a layer of independent weights");
        if (quantity.Kind == PriorQuantityKind.PostActivation && (layer.Kind != PriorLayerKind.Relu || layer.KeepProbability < 1))
        {
            throw Unfit(quantity, layer, "a ReLU layer without dropout");
        }
        IReadOnlyList<PriorLayer> before = [.. network.Hidden.Take(quantity.Layer - 1)];
        // A layer of no units has no unit to ask about, and the norm 0.
        if (layer.Width == 0) before = [.. before, layer];
        return new(before, Scales(before) + DoubleDouble.Log(layer.WeightStd), unit ? 1 : Math.Max(1, layer.Width));
    }

    /// <summary>log of the probability of 0.</summary>
    /// <param name="logAlive">log of the probability that no layer of the stack is dead.</param>
    /// <param name="rectified">Whether half of the living values are cut to 0.</param>
    public double LogDead(double logAlive, bool rectified)
    {
        if (rectified) return DoubleDouble.Log1p(DoubleDouble.Exp(logAlive) * -0.5).Hi;
        if (logAlive > -1e-290)
        {
            // Dying is so rare that the chances of the layers add up.
            double[] logs = [.. Layers.Where(layer => layer.ActivityProbability < 1)
                .Select(layer => layer.Width * DoubleDouble.Log1p(-layer.ActivityProbability).Hi)];
            if (logs.Length == 0) return double.NegativeInfinity;
            double largest = logs.Max();
            return largest + Math.Log(logs.Sum(log => Math.Exp(log - largest)));
        }
        // 1 - e^x, by its series where x is small.
        return logAlive > -1e-5
            ? Math.Log(-logAlive * (1 + logAlive * (0.5 + logAlive / 6)))
            : DoubleDouble.Log(DoubleDouble.One - DoubleDouble.Exp(logAlive)).Hi;
    }

    private static DoubleDouble Scales(IEnumerable<PriorLayer> layers)
    {
        DoubleDouble log = DoubleDouble.Zero;
        foreach (PriorLayer layer in layers) log += DoubleDouble.Log(layer.WeightStd) - DoubleDouble.Log(layer.KeepProbability);
        return log;
    }

    private static MellinFactor FactorOf(PriorLayer layer)
    {
        double p = layer.ActivityProbability;
        MellinFactor gaussian = layer.Kind == PriorLayerKind.LeakyRelu ? new LeakyFactor(layer.Width, layer.Slope)
            : p < 1 ? new ActiveUnitsFactor(layer.Width, p) : new ChiSquaredFactor(layer.Width);
        return layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear
            ? new QuotientFactor(gaussian, new ChiSquaredFactor(layer.Width))
            : gaussian;
    }

    private static OrthantInputException Unfit(PriorQuantity quantity, PriorLayer layer, string expected) =>
        new("prior", $"{quantity.Kind} of hidden layer {quantity.Layer}", $"{layer.Kind}", expected);
}
