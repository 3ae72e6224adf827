using System.Globalization;
using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>Dense networks with random weights: for training to start from, and as examples to study.</summary>
public static class RandomNetwork
{
    /// <summary>Draws a dense network: hidden layers with one activation, a last layer without.</summary>
    /// <param name="widths">Inputs, hidden widths and outputs: at least two positive numbers.</param>
    /// <param name="weights">The law of the weights.</param>
    /// <param name="biasBound">Biases are uniform on [-biasBound, biasBound]; 0 for none.</param>
    /// <param name="seed">The seed; the same seed gives the same network everywhere.</param>
    /// <param name="elementType">The type that the numbers are rounded to.</param>
    /// <param name="hidden">The hidden activation; ReLU when null.</param>
    /// <exception cref="ArgumentException">There are fewer than two widths, or one is not positive.</exception>
    public static ReluNetwork Create(
        ReadOnlySpan<int> widths, WeightInitializer weights, double biasBound, ulong seed, ElementType elementType = ElementType.Float32, ActivationFunction? hidden = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (widths.Length < 2) throw new ArgumentException("A network has at least an input and an output width.");
        Layer[] layers = new Layer[widths.Length - 1];
        for (int l = 0; l < layers.Length; l++)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(widths[l]);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(widths[l + 1]);
            RandomStream random = new(seed, (ulong)l);
            double[] w = weights.Draw(widths[l + 1], widths[l], random);
            double[] b = new double[biasBound == 0 ? 0 : widths[l + 1]];
            for (int i = 0; i < b.Length; i++) b[i] = random.NextDouble(-biasBound, biasBound);
            Round(w, elementType);
            Round(b, elementType);
            layers[l] = new AffineLayer(new DenseOperator(widths[l + 1], widths[l], w), b, l == layers.Length - 1 ? null : hidden ?? ActivationFunction.Relu);
        }
        return new ReluNetwork(layers, elementType);
    }

    /// <summary>Reads widths as on the command line: <c>2-64x3</c> is 2 inputs, three hidden layers of 64 and one output; with more than one
    /// group after the inputs, as in <c>784-128-64x2-10</c>, the last is the outputs.</summary>
    /// <returns>Null when the text is not of that form, or names more than 10,000 layers or units wider than 1,000,000.</returns>
    public static int[]? ParseWidths(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> widths = [];
        string[] groups = text.Split('-');
        foreach (string group in groups)
        {
            string[] parts = group.Split('x');
            int count = 1;
            if (parts.Length > 2 || !Number(parts[0], 1_000_000, out int width) || (parts.Length == 2 && !Number(parts[1], 10_000, out count))) return null;
            if (widths.Count + count > 10_000) return null;
            widths.AddRange(Enumerable.Repeat(width, count));
        }
        bool hasOutputs = groups.Length > 2 && !groups[^1].Contains('x', StringComparison.Ordinal);
        if (groups.Length < 2) return null;
        if (!hasOutputs) widths.Add(1);
        return [.. widths];
    }

    private static bool Number(string text, int most, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= most;

    private static void Round(Span<double> values, ElementType type)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                ElementType.Float16 => (double)(Half)values[i],
                ElementType.Float32 => (float)values[i],
                _ => values[i],
            };
        }
    }
}
