using Orthant.Networks;

namespace Orthant.Priors;

/// <summary>A random network: hidden layers and a normal linear read-out, all weights independent with mean 0.</summary>
/// <remarks>An immutable value. Widths d₀ (inputs), d₁ … d_{L−1} (hidden), d_L (outputs); L weight layers.</remarks>
public sealed class PriorNetwork
{
    /// <summary>Creates a random network.</summary>
    /// <param name="inputs">Input dimension d₀, at least 1.</param>
    /// <param name="hidden">Hidden layers from the input on; may be empty.</param>
    /// <param name="outputs">Number of outputs d_L, at least 1.</param>
    /// <param name="readOutStd">Standard deviation of one read-out weight, positive.</param>
    /// <param name="readOutBiasStd">Standard deviation of the read-out's biases.</param>
    /// <exception cref="OrthantInputException">A width, a scale, a slope or a probability is out of its range, or an orthogonal layer is not
    /// square.</exception>
    public PriorNetwork(int inputs, IEnumerable<PriorLayer> hidden, int outputs, double readOutStd, double readOutBiasStd = 0)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        Hidden = [.. hidden];
        (Inputs, Outputs, ReadOutStd, ReadOutBiasStd) = (inputs, outputs, readOutStd, readOutBiasStd);
        Need(inputs >= 1, "inputs", inputs, "at least 1");
        Need(outputs >= 1, "outputs", outputs, "at least 1");
        NeedScale("read-out", readOutStd);
        NeedBias("read-out", readOutBiasStd);
        for (int l = 0; l < Hidden.Count; l++) Check(l);
    }

    /// <summary>Input dimension d₀.</summary>
    public int Inputs { get; }

    /// <summary>Hidden layers from the input on.</summary>
    public IReadOnlyList<PriorLayer> Hidden { get; }

    /// <summary>Number of outputs d_L.</summary>
    public int Outputs { get; }

    /// <summary>Standard deviation of one read-out weight.</summary>
    public double ReadOutStd { get; }

    /// <summary>Standard deviation of the read-out's biases.</summary>
    public double ReadOutBiasStd { get; }

    /// <summary>Number of weight layers L.</summary>
    public int Depth => Hidden.Count + 1;

    /// <summary>β = Σ 1/d over hidden layers, which measures how far the law is from normal.</summary>
    public double InverseWidthSum => Hidden.Sum(layer => 1.0 / layer.Width);

    /// <summary>Whether some layer has biases.</summary>
    public bool HasBiases => ReadOutBiasStd > 0 || Hidden.Any(layer => layer.BiasStd > 0);

    /// <summary>Normal weights of variance gain²/fan-in in every layer.</summary>
    /// <param name="widths">d₀, d₁, …, d_L.</param>
    /// <param name="gain">√2 keeps the variance through ReLU layers (K. He et al., 2015), 1 through linear ones (Y. LeCun).</param>
    /// <param name="readOutGain">Gain of the read-out.</param>
    /// <param name="kind">Kind of all hidden layers.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, or one out of range.</exception>
    public static PriorNetwork FanIn(IReadOnlyList<int> widths, double gain, double readOutGain, PriorLayerKind kind = PriorLayerKind.Relu)
    {
        NeedWidths(widths);
        return new(widths[0],
            Enumerable.Range(1, widths.Count - 2).Select(l => new PriorLayer(widths[l], Over(gain, Math.Sqrt(widths[l - 1])), kind)),
            widths[^1], Over(readOutGain, Math.Sqrt(widths[^2])));
    }

    /// <summary>He's initialisation: variance 2/fan-in in every layer.</summary>
    /// <param name="widths">d₀, d₁, …, d_L.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, or one out of range.</exception>
    public static PriorNetwork He(params IReadOnlyList<int> widths) => FanIn(widths, Math.Sqrt(2), Math.Sqrt(2));

    /// <summary>LeCun's initialisation: variance 1/fan-in in every layer.</summary>
    /// <param name="widths">d₀, d₁, …, d_L.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, or one out of range.</exception>
    public static PriorNetwork LeCun(params IReadOnlyList<int> widths) => FanIn(widths, 1, 1);

    /// <summary>The neural tangent parametrisation: standard normal weights times √(2/fan-in) in hidden layers, 1/√fan-in in the read-out;
    /// the law of its function.</summary>
    /// <param name="widths">d₀, d₁, …, d_L.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, or one out of range.</exception>
    public static PriorNetwork NeuralTangent(params IReadOnlyList<int> widths) => FanIn(widths, Math.Sqrt(2), 1);

    /// <summary>Xavier's (Glorot's) normal initialisation: variance 2/(fan-in + fan-out).</summary>
    /// <param name="widths">d₀, d₁, …, d_L.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, or one out of range.</exception>
    public static PriorNetwork Xavier(params IReadOnlyList<int> widths)
    {
        NeedWidths(widths);
        return new(widths[0],
            Enumerable.Range(1, widths.Count - 2).Select(l => new PriorLayer(widths[l], Math.Sqrt(2.0 / (widths[l - 1] + widths[l])))),
            widths[^1], Math.Sqrt(2.0 / (widths[^2] + widths[^1])));
    }

    /// <summary>Normal weights of the variances that an initialiser gives its weights: its own law where it is normal, else the normal match.
    /// </summary>
    /// <param name="initializer">The law of the weights.</param>
    /// <param name="widths">d₀, d₁, …, d_L.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, one out of range, or a variance of 0.</exception>
    public static PriorNetwork Of(WeightInitializer initializer, params IReadOnlyList<int> widths)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        NeedWidths(widths);
        double Std(int l) => Math.Sqrt(initializer.Variance(Math.Max(1, widths[l - 1]), Math.Max(1, widths[l])));
        return new(widths[0], Enumerable.Range(1, widths.Count - 2).Select(l => new PriorLayer(widths[l], Std(l))), widths[^1], Std(widths.Count - 1));
    }

    /// <summary>The same network with every layer's scale multiplied.</summary>
    /// <param name="factor">A positive number.</param>
    public PriorNetwork Scaled(double factor) => new(Inputs,
        Hidden.Select(layer => layer with { WeightStd = layer.WeightStd * factor, BiasStd = layer.BiasStd * factor }),
        Outputs, ReadOutStd * factor, ReadOutBiasStd * factor);

    /// <summary>The network in one line, "784-300-100-10 prior".</summary>
    public override string ToString() => $"{string.Join('-', Hidden.Select(l => l.Width).Prepend(Inputs).Append(Outputs))} prior";

    // A layer after one of width 0 has no weights; any positive scale will do.
    private static double Over(double gain, double root) => root == 0 ? gain : gain / root;

    private static void NeedWidths(IReadOnlyList<int> widths)
    {
        ArgumentNullException.ThrowIfNull(widths);
        if (widths.Count < 2) throw new OrthantInputException("widths", string.Empty, $"{widths.Count} of them", "inputs and outputs at least");
    }

    private static void Need(bool right, string place, object found, string expected)
    {
        if (!right) throw new OrthantInputException("prior", place, FormattableString.Invariant($"{found}"), expected);
    }

    private static void NeedScale(string place, double std) =>
        Need(double.IsFinite(std) && std > 0, place, std, "a positive standard deviation of weights");

    private static void NeedBias(string place, double std) =>
        Need(double.IsFinite(std) && std >= 0, place, std, "a standard deviation of biases that is not negative");

    private void Check(int l)
    {
        PriorLayer layer = Hidden[l];
        string place = $"hidden layer {l + 1}";
        Need(layer.Width >= 0, place, layer.Width, "a width that is not negative");
        NeedScale(place, layer.WeightStd);
        NeedBias(place, layer.BiasStd);
        Need(layer.KeepProbability is > 0 and <= 1, place, layer.KeepProbability, "a probability of keeping a unit in (0, 1]");
        Need(Enum.IsDefined(layer.Kind), place, layer.Kind, "a kind of layer");
        bool orthogonal = layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear;
        int fanIn = l == 0 ? Inputs : Hidden[l - 1].Width;
        Need(!orthogonal || layer.Width == fanIn, place, $"{layer.Width} units on {fanIn} inputs", "a square orthogonal layer");
        Need(!orthogonal || layer.BiasStd == 0, place, layer.BiasStd, "no biases in an orthogonal layer");
        if (layer.Kind != PriorLayerKind.LeakyRelu) return;
        Need(double.IsFinite(layer.Slope) && Math.Abs(layer.Slope) is >= 1e-6 and <= 1e6, place, layer.Slope,
            "a slope of magnitude 1e-6 to 1e6 (a slope of 0 is a ReLU)");
        Need(layer.KeepProbability == 1, place, layer.KeepProbability, "no dropout in a leaky layer");
    }
}
