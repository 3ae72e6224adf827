using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Priors;

/// <summary>The random network with normal weights whose scales are those measured in a given network's dense layers.</summary>
/// <remarks>It is the law of networks drawn with these scales, not a statement about the one network that was measured. Layers before the
/// first of the dense ones at the end (convolutions, pooling) are left out: the law is then that of the dense layers, at features of
/// the given norm.</remarks>
public sealed record PriorMatch
{
    /// <summary>At most this many weights of a layer are compared with a normal and a uniform law.</summary>
    private const int MostCompared = 200_000;

    private const double Doubt = 0.01;

    /// <summary>The random network, without biases.</summary>
    public required PriorNetwork Network { get; init; }

    /// <summary>The dense layers that were measured, the read-out last.</summary>
    public required ImmutableArray<MeasuredPriorLayer> Layers { get; init; }

    /// <summary>Number of layers of the given network that lie before the measured ones.</summary>
    public required int Skipped { get; init; }

    /// <summary>Where the exact law does not apply to networks initialised like this one, and what the answer is worth there; a sentence
    /// each.</summary>
    public required ImmutableArray<string> Notes { get; init; }

    /// <summary>The same random network with normal biases of the measured deviations, or null where the file has no biases.</summary>
    public PriorNetwork? WithBiases => Layers.All(l => l.BiasStd == 0) ? null : new(Network.Inputs,
        Network.Hidden.Select((layer, l) => layer with { BiasStd = Layers[l].BiasStd }), Network.Outputs, Network.ReadOutStd, Layers[^1].BiasStd);

    /// <summary>Measures the dense layers at the end of a network.</summary>
    /// <param name="network">A network that ends in dense layers with ReLU, leaky or no activation.</param>
    /// <param name="source">The file's name, for errors.</param>
    /// <returns>The matched random network and what was measured; the root mean square of a layer's weights is its deviation.</returns>
    /// <exception cref="OrthantInputException">The last layer is not dense, has an activation that has no law here, or a layer's weights are
    /// all 0.</exception>
    public static PriorMatch Of(ReluNetwork network, string source = "network")
    {
        ArgumentNullException.ThrowIfNull(network);
        int count = network.Layers.Length, first = count;
        while (first > 0 && IsKnown(network.Layers[first - 1], first == count)) first--;
        if (first == count)
        {
            throw new OrthantInputException(source, $"layer {count}", network.Layers[^1] is AffineLayer last ? $"{last.Kind}, {last.Activations}" : network.Layers[^1].Kind,
                "a dense read-out without activation: the law of others is not known");
        }
        ImmutableArray<MeasuredPriorLayer>.Builder measured = ImmutableArray.CreateBuilder<MeasuredPriorLayer>();
        for (int l = first; l < count; l++)
        {
            MeasuredPriorLayer layer = Measure((AffineLayer)network.Layers[l], l + 1);
            if (layer.WeightStd == 0) throw new OrthantInputException(source, $"layer {l + 1}", "weights that are all 0", "weights with a scale");
            measured.Add(layer);
        }
        PriorNetwork matched = new(network.Layers[first].Inputs,
            measured.SkipLast(1).Select((m, i) => LayerOf((AffineLayer)network.Layers[first + i], m.WeightStd)), network.Outputs, measured[^1].WeightStd);
        return new PriorMatch { Network = matched, Layers = measured.ToImmutable(), Skipped = first, Notes = NotesOn(network, first, measured.ToImmutable()) };
    }

    private static bool IsKnown(Layer layer, bool last) =>
        layer is AffineLayer { Linear: DenseOperator } affine
        && (last ? affine.Activations.Shared is { IsIdentity: true } : KindOf(affine) is not null);

    private static PriorLayerKind? KindOf(AffineLayer layer) => layer.Activations.Shared switch
    {
        { IsRelu: true } => PriorLayerKind.Relu,
        { IsIdentity: true } => PriorLayerKind.Linear,
        { IsHomogeneous: true, LeftSlope: >= -1e6 and <= -1e-6 or >= 1e-6 and <= 1e6 } => PriorLayerKind.LeakyRelu,
        _ => null,
    };

    private static PriorLayer LayerOf(AffineLayer layer, double std)
    {
        PriorLayerKind kind = KindOf(layer)!.Value;
        PriorLayer plain = new(layer.Outputs, std, kind);
        return kind == PriorLayerKind.LeakyRelu ? plain with { Slope = layer.Activations.Shared!.LeftSlope } : plain;
    }

    private static MeasuredPriorLayer Measure(AffineLayer layer, int number)
    {
        ReadOnlySpan<double> weights = ((DenseOperator)layer.Linear).Entries;
        double largest = 0;
        foreach (double w in weights) largest = Math.Max(largest, Math.Abs(w));
        if (largest == 0) return new MeasuredPriorLayer(number, layer.Inputs, layer.Outputs, 0, 0, WeightLaw.Other, BiasStd(layer));
        double squares = 0, fourths = 0;
        foreach (double w in weights)
        {
            double square = w / largest * (w / largest);
            squares += square / weights.Length;
            fourths += square * square / weights.Length;
        }
        double std = largest * Math.Sqrt(squares);
        return new MeasuredPriorLayer(number, layer.Inputs, layer.Outputs, std, fourths / (squares * squares), LawOf(weights, std), BiasStd(layer));
    }

    private static double BiasStd(AffineLayer layer)
    {
        if (!layer.HasBias) return 0;
        double squares = 0;
        foreach (double b in layer.Bias) squares += b * b / layer.Bias.Length;
        return Math.Sqrt(squares);
    }

    /// <summary>Kolmogorov-Smirnov against both laws of the same mean square; the scale is measured, which makes the test mild.</summary>
    private static WeightLaw LawOf(ReadOnlySpan<double> weights, double std)
    {
        int every = 1 + (weights.Length - 1) / MostCompared, n = (weights.Length + every - 1) / every;
        double[] sorted = new double[n];
        for (int i = 0; i < n; i++) sorted[i] = weights[i * every] / std;
        Array.Sort(sorted);
        NormalLimit normal = new(1);
        double edge = Math.Sqrt(3), fromNormal = 0, fromUniform = 0;
        for (int i = 0; i < n; i++)
        {
            fromNormal = Math.Max(fromNormal, Gap(normal.Cdf(sorted[i]), i));
            fromUniform = Math.Max(fromUniform, Gap(Math.Clamp((sorted[i] / edge + 1) / 2, 0, 1), i));
        }
        double root = Math.Sqrt(n);
        double pNormal = PriorFit.KolmogorovTail(root * fromNormal), pUniform = PriorFit.KolmogorovTail(root * fromUniform);
        return pNormal >= Doubt && pNormal >= pUniform ? WeightLaw.Normal : pUniform >= Doubt ? WeightLaw.Uniform : WeightLaw.Other;

        double Gap(double probability, int i) => Math.Max(probability - (double)i / n, (i + 1.0) / n - probability);
    }

    private static ImmutableArray<string> NotesOn(ReluNetwork network, int first, ImmutableArray<MeasuredPriorLayer> layers)
    {
        List<string> notes = ["the law is that of networks drawn with these widths and scales, not of this one"];
        if (first > 0)
        {
            string kinds = string.Join(", ", network.Layers.Take(first).Select(l => l is AffineLayer a ? a.Kind : l.Kind).Distinct());
            notes.Add(FormattableString.Invariant(
                $"the first {first} layers ({kinds}) are left out, the product law does not hold for them: the input norm is that of layer {first + 1}'s input"));
        }
        AddLaw(WeightLaw.Uniform, "uniform");
        AddLaw(WeightLaw.Other, "neither normal nor uniform");
        if (layers.Any(l => l.WeightLaw != WeightLaw.Normal))
        {
            // Half of a ReLU layer's units are active: the sum of their fourth powers over the squared sum is 6/d for normal units.
            MeasuredPriorLayer readOut = layers[^1];
            double shift = (readOut.WeightKurtosis - 3) * (layers.Length > 1 ? 6.0 : 1.0) / readOut.Inputs;
            notes.Add(FormattableString.Invariant(
                $"for independent symmetric weights the variance is exact nevertheless; the kurtosis moves by about {shift:G2}, and the rest is a normal match that improves with width"));
        }
        if (layers.Any(l => l.BiasStd > 0)) notes.Add("biases break the product: the exact law is that of networks without them");
        return [.. notes];

        void AddLaw(WeightLaw law, string name)
        {
            int[] numbers = [.. layers.Where(l => l.WeightLaw == law).Select(l => l.Number)];
            if (numbers.Length > 0) notes.Add($"the weights of layer{(numbers.Length > 1 ? "s" : "")} {string.Join(", ", numbers)} are {name}: the exact law needs normal ones");
        }
    }
}

/// <summary>What a layer's weights look like.</summary>
public enum WeightLaw
{
    /// <summary>A test at the level 1 % does not tell them from normal ones.</summary>
    Normal,

    /// <summary>Not normal, and not told from uniform ones.</summary>
    Uniform,

    /// <summary>Neither; trained weights usually are.</summary>
    Other,
}

/// <summary>The scales measured in one dense layer.</summary>
/// <param name="Number">The layer's number in its network, from 1.</param>
/// <param name="Inputs">Fan-in.</param>
/// <param name="Width">Number of units.</param>
/// <param name="WeightStd">Root mean square of the weights.</param>
/// <param name="WeightKurtosis">Mean fourth power over the squared mean square: 3 for normal, 1.8 for uniform weights; 0 if all are 0.</param>
/// <param name="WeightLaw">What the weights look like.</param>
/// <param name="BiasStd">Root mean square of the biases; 0 without biases.</param>
public sealed record MeasuredPriorLayer(int Number, int Inputs, int Width, double WeightStd, double WeightKurtosis, WeightLaw WeightLaw, double BiasStd);
