using System.Globalization;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>Reads the text format NNet (Stanford Intelligent Systems Laboratory): ReLU networks with the normalisation of their inputs and outputs.</summary>
/// <remarks>The normalisation is part of the network that comes back: inputs are clipped to the file's limits, less their mean, divided by their
/// range; outputs are multiplied by theirs and their mean is added. Quotients that are no doubles are rounded, which the layer's
/// <see cref="AffineLayer.Rounding"/> tells.</remarks>
internal sealed class NnetReader
{
    private const int MostUnits = 1 << 24;

    private readonly string path;
    private readonly string[] lines;
    private int next;

    private NnetReader(string path, string text)
    {
        this.path = path;
        lines = text.Split('\n');
    }

    /// <summary>Reads a network.</summary>
    /// <param name="path">The file, named in errors.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="OrthantInputException">The content is not such a network.</exception>
    public static LoadedModel Load(string path, byte[] content) => new NnetReader(path, System.Text.Encoding.UTF8.GetString(InputFile.WithoutMark(path, content))).Read();

    private LoadedModel Read()
    {
        while (next < lines.Length && lines[next].AsSpan().TrimStart().StartsWith("//")) next++;
        int[] sizes = Integers("the numbers of layers, inputs, outputs and the largest width", 3);
        int[] widths = Integers("the width of the inputs and of each layer", 2);
        if (widths.Length != sizes[0] + 1) throw Wrong($"{widths.Length} widths", $"{(long)sizes[0] + 1} of them: the inputs and each layer");
        if (widths[0] != sizes[1] || widths[^1] != sizes[2]) throw Wrong($"{widths[0]} inputs and {widths[^1]} outputs", $"{sizes[1]} and {sizes[2]}, as the line above has them");
        int inputs = widths[0], outputs = widths[^1];
        // A flag that no version uses.
        Line("a flag");
        double[] least = Numbers("the least value of each input", inputs), largest = Numbers("the largest value of each input", inputs);
        for (int j = 0; j < inputs; j++)
        {
            if (!(least[j] < largest[j])) throw Wrong($"the limits {least[j]:R} and {largest[j]:R} of input {j}", "a largest value above the least one");
        }
        double[] means = Numbers("the mean of each input and of the outputs", inputs + 1), ranges = Numbers("the range of each input and of the outputs", inputs + 1);
        double[] factors = new double[inputs];
        for (int j = 0; j < inputs; j++)
        {
            factors[j] = 1 / ranges[j];
            if (!double.IsNormal(factors[j])) throw Wrong($"the range {ranges[j]:R} of input {j}", "a number whose reciprocal is a double");
        }
        bool exact = Array.TrueForAll(ranges[..inputs], r => double.IsPow2(Math.Abs(r)));
        List<Layer> layers =
        [
            new AffineLayer(new IdentityOperator(inputs), [], UnitActivations.PerUnit(least.Zip(largest, ActivationFunction.Clip))),
            new AffineLayer(new IdentityOperator(inputs), Array.ConvertAll(means[..inputs], m => -m)),
            new AffineLayer(new DiagonalOperator(factors), [], (ActivationFunction?)null, exact ? default : new ConstantRounding(double.BitIncrement(1.1102230246251565E-16), 0, 0)),
        ];
        for (int l = 1; l < widths.Length; l++) layers.Add(Dense(widths[l], widths[l - 1], l < widths.Length - 1));
        layers.Add(new AffineLayer(new DiagonalOperator([.. Enumerable.Repeat(ranges[inputs], outputs)]), [.. Enumerable.Repeat(means[inputs], outputs)]));
        for (; next < lines.Length; next++)
        {
            if (!string.IsNullOrWhiteSpace(lines[next])) throw new OrthantInputException(path, $"line {next + 1}", "more text", "the end of the file");
        }
        return new LoadedModel(
            new ReluNetwork(layers), ["inputs are clipped to the limits that the file states and normalised; outputs are scaled back"], "inputs", [inputs], "outputs", [outputs]);
    }

    /// <summary>One line a unit with its weights, then one line a unit with its bias.</summary>
    private AffineLayer Dense(int units, int inputs, bool kinked)
    {
        List<double> weights = [];
        for (int i = 0; i < units; i++) weights.AddRange(Numbers("the weights of a unit", inputs));
        double[] bias = new double[units];
        for (int i = 0; i < units; i++) bias[i] = Numbers("the bias of a unit", 1)[0];
        return new AffineLayer(new DenseOperator(units, inputs, [.. weights]), bias, kinked ? ActivationFunction.Relu : null);
    }

    private string[] Line(string what)
    {
        if (next >= lines.Length) throw new OrthantInputException(path, $"line {next + 1}", "the end of the file", what);
        string[] fields = lines[next++].Split(',', StringSplitOptions.TrimEntries);
        // Lines may end in a comma.
        return fields[^1].Length == 0 ? fields[..^1] : fields;
    }

    private double[] Numbers(string what, int count)
    {
        string[] fields = Line(what);
        if (fields.Length != count) throw Wrong($"{fields.Length} fields", $"{count}: {what}");
        return Array.ConvertAll(fields, f => double.TryParse(f, NumberStyles.Float, CultureInfo.InvariantCulture, out double v) && double.IsFinite(v)
            ? v : throw Wrong($"'{Shortened(f)}'", $"a finite number: {what}"));
    }

    private int[] Integers(string what, int least)
    {
        string[] fields = Line(what);
        if (fields.Length < least) throw Wrong($"{fields.Length} fields", $"at least {least}: {what}");
        return Array.ConvertAll(fields, f => int.TryParse(f, NumberStyles.None, CultureInfo.InvariantCulture, out int v) && v is >= 1 and <= MostUnits
            ? v : throw Wrong($"'{Shortened(f)}'", $"a whole number from 1 to {MostUnits}: {what}"));
    }

    private static string Shortened(string field) => field.Length <= 40 ? field : field[..40] + "…";

    private OrthantInputException Wrong(string found, string expected) => new(path, $"line {next}", found, expected);
}
