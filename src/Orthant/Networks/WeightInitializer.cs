using System.Globalization;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>The law of the weights of a layer before training: independent numbers of one variance, or an orthogonal matrix.</summary>
/// <remarks>Sources: K. He et al., "Delving deep into rectifiers" (2015); X. Glorot and Y. Bengio, "Understanding the difficulty of training
/// deep feedforward neural networks" (2010), whose initialisation is called Xavier; Y. LeCun et al., "Efficient backprop" (1998); A. Saxe et
/// al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks" (2013) for orthogonal matrices.</remarks>
public sealed record WeightInitializer
{
    private readonly Func<int, int, double> variance;

    private WeightInitializer(string name, bool isUniform, bool isOrthogonal, Func<int, int, double> variance)
    {
        Name = name;
        IsUniform = isUniform;
        IsOrthogonal = isOrthogonal;
        this.variance = variance;
    }

    /// <summary>Normal with variance 2 / fan-in.</summary>
    public static WeightInitializer He { get; } = new("he", false, false, (fanIn, _) => 2.0 / fanIn);

    /// <summary>Uniform with variance 2 / fan-in.</summary>
    public static WeightInitializer HeUniform { get; } = new("heUniform", true, false, (fanIn, _) => 2.0 / fanIn);

    /// <summary>Normal with variance 2 / fan-out.</summary>
    public static WeightInitializer FanOut { get; } = new("fanout", false, false, (_, fanOut) => 2.0 / fanOut);

    /// <summary>Normal with variance 2 / (fan-in + fan-out).</summary>
    public static WeightInitializer Xavier { get; } = new("xavier", false, false, (fanIn, fanOut) => 2.0 / ((double)fanIn + fanOut));

    /// <summary>Uniform with variance 2 / (fan-in + fan-out).</summary>
    public static WeightInitializer XavierUniform { get; } = new("xavierUniform", true, false, (fanIn, fanOut) => 2.0 / ((double)fanIn + fanOut));

    /// <summary>Normal with variance 1 / fan-in.</summary>
    public static WeightInitializer LeCun { get; } = new("lecun", false, false, (fanIn, _) => 1.0 / fanIn);

    /// <summary>The name used in files and on the command line.</summary>
    public string Name { get; }

    /// <summary>Whether the numbers are uniform on an interval around zero; else they are normal.</summary>
    public bool IsUniform { get; }

    /// <summary>Whether rows (or columns, whichever are fewer) are orthogonal and of one length.</summary>
    public bool IsOrthogonal { get; }

    /// <summary>Normal with a given standard deviation.</summary>
    /// <param name="deviation">Finite and not negative.</param>
    public static WeightInitializer Normal(double deviation) =>
        new($"normal:{Text(deviation)}", false, false, Constant(Checked(deviation) * deviation));

    /// <summary>Uniform on [-bound, bound].</summary>
    /// <param name="bound">Finite and not negative.</param>
    public static WeightInitializer Uniform(double bound) =>
        new($"uniform:{Text(bound)}", true, false, Constant(Checked(bound) * bound / 3));

    /// <summary>A random matrix with orthogonal rows or columns, uniform among them (Haar), times a gain.</summary>
    /// <param name="gain">The length of those rows or columns: √2 keeps the size of signals through ReLUs.</param>
    public static WeightInitializer Orthogonal(double gain) =>
        new($"orthogonal:{Text(gain)}", false, true, (fanIn, fanOut) => Checked(gain) * gain / Math.Max(fanIn, fanOut));

    /// <summary>Reads a name such as <c>he</c>, <c>normal:0.1</c> or <c>orthogonal:1.5</c>.</summary>
    /// <returns>Null when the text names no law.</returns>
    public static WeightInitializer? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (WeightInitializer named in new[] { He, HeUniform, FanOut, Xavier, XavierUniform, LeCun })
        {
            if (named.Name == text) return named;
        }
        return text.Split(':') is [string name, string number] && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value) && value >= 0
            ? name switch
            {
                "normal" => Normal(value),
                "uniform" => Uniform(value),
                "orthogonal" => Orthogonal(value),
                _ => null,
            }
            : null;
    }

    /// <summary>The variance of one weight.</summary>
    /// <param name="fanIn">The number of weights that a unit reads with.</param>
    /// <param name="fanOut">The number of units that read an input.</param>
    public double Variance(int fanIn, int fanOut) => variance(fanIn, fanOut);

    /// <summary>Draws the weights of a dense layer.</summary>
    /// <param name="outputs">The number of units, the fan-out.</param>
    /// <param name="inputs">The number of inputs, the fan-in.</param>
    /// <param name="random">Where the numbers come from.</param>
    /// <returns>outputs × inputs, row-major.</returns>
    public double[] Draw(int outputs, int inputs, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        double[] weights = new double[checked(outputs * inputs)];
        if (IsOrthogonal)
        {
            DrawOrthogonal(outputs, inputs, random, weights);
            return weights;
        }
        double deviation = Math.Sqrt(variance(inputs, outputs)), bound = deviation * Math.Sqrt(3);
        for (int i = 0; i < weights.Length; i++) weights[i] = IsUniform ? random.NextDouble(-bound, bound) : deviation * random.NextNormal();
        return weights;
    }

    /// <summary>The orthogonal factor of a Gaussian matrix, its signs set by the triangular factor's diagonal (F. Mezzadri, "How to generate
    /// random matrices from the classical compact groups", 2007).</summary>
    private void DrawOrthogonal(int outputs, int inputs, RandomStream random, double[] weights)
    {
        int large = Math.Max(outputs, inputs), small = Math.Min(outputs, inputs);
        double gain = Math.Sqrt(variance(inputs, outputs) * large);
        Matrix<double> gaussian = Matrix<double>.Build.Dense(large, small, (_, _) => random.NextNormal());
        var factors = gaussian.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin);
        for (int i = 0; i < outputs; i++)
        {
            for (int j = 0; j < inputs; j++)
            {
                int column = outputs >= inputs ? j : i;
                double entry = outputs >= inputs ? factors.Q[i, j] : factors.Q[j, i];
                weights[(i * inputs) + j] = gain * entry * (factors.R[column, column] < 0 ? -1 : 1);
            }
        }
    }

    private static Func<int, int, double> Constant(double value) => (_, _) => value;

    private static double Checked(double value)
    {
        if (!double.IsFinite(value) || value < 0) throw new ArgumentOutOfRangeException(nameof(value), value, "A scale is finite and not negative.");
        return value;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
