using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>One row of class probabilities a sample, with their logarithms: what every metric of classification reads, wherever it comes from.</summary>
/// <remarks>Immutable and safe to share. For the passes of a randomised network, of which this is the mean, see <see cref="PredictiveDistribution"/>.</remarks>
public sealed class ClassProbabilities
{
    private const double SumTolerance = 1e-4;

    private readonly double[] values;
    private readonly double[] logarithms;

    internal ClassProbabilities(int classes, double[] values, double[] logarithms)
    {
        Classes = classes;
        this.values = values;
        this.logarithms = logarithms;
    }

    /// <summary>The number of samples.</summary>
    public int Samples => values.Length / Classes;

    /// <summary>The number of classes, at least 2.</summary>
    public int Classes { get; }

    /// <summary>All probabilities, samples × classes, row-major.</summary>
    public ReadOnlyMemory<double> Values => values;

    /// <summary>The softmax of logits; logarithms are computed by log-sum-exp, without a clip.</summary>
    /// <param name="logits">samples × classes finite numbers, row-major.</param>
    /// <param name="classes">At least 2.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows, or one is not finite; the row is named.</exception>
    public static ClassProbabilities FromLogits(ReadOnlySpan<double> logits, int classes)
    {
        CheckRows("logits", logits, classes);
        double[] p = new double[logits.Length], logs = new double[logits.Length];
        for (int first = 0; first < p.Length; first += classes)
        {
            ReadOnlySpan<double> z = logits.Slice(first, classes);
            Span<double> log = logs.AsSpan(first, classes), row = p.AsSpan(first, classes);
            TensorPrimitives.Subtract(z, TensorPrimitives.Max(z), log);
            TensorPrimitives.Exp(log, row);
            double sum = Total(row);
            TensorPrimitives.Divide(row, sum, row);
            TensorPrimitives.Subtract(log, Math.Log(sum), log);
        }
        return new ClassProbabilities(classes, p, logs);
    }

    /// <summary>Probabilities as another program gives them.</summary>
    /// <param name="probabilities">samples × classes numbers, row-major; each row adds up to 1 within 1e-4 and is divided by its sum.</param>
    /// <param name="classes">At least 2.</param>
    /// <exception cref="OrthantInputException">A number is negative or a row does not add up to 1; the row is named.</exception>
    public static ClassProbabilities FromProbabilities(ReadOnlySpan<double> probabilities, int classes)
    {
        CheckRows("probabilities", probabilities, classes);
        double[] p = probabilities.ToArray();
        for (int first = 0; first < p.Length; first += classes)
        {
            Span<double> row = p.AsSpan(first, classes);
            double sum = Total(row), least = TensorPrimitives.Min(row);
            if (least < 0) throw new OrthantInputException("probabilities", $"row {first / classes}", $"{least:R}", "numbers from 0 to 1");
            if (Math.Abs(sum - 1) > SumTolerance) throw new OrthantInputException("probabilities", $"row {first / classes}", $"a sum of {sum:R}", "1 within 1e-4");
            TensorPrimitives.Divide(row, sum, row);
        }
        return new ClassProbabilities(classes, p, Array.ConvertAll(p, Math.Log));
    }

    /// <summary>Some of the samples.</summary>
    /// <param name="samples">Their numbers, in any order.</param>
    public ClassProbabilities Select(ReadOnlySpan<int> samples)
    {
        double[] p = new double[samples.Length * Classes], logs = new double[p.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            values.AsSpan(samples[i] * Classes, Classes).CopyTo(p.AsSpan(i * Classes));
            logarithms.AsSpan(samples[i] * Classes, Classes).CopyTo(logs.AsSpan(i * Classes));
        }
        return new ClassProbabilities(Classes, p, logs);
    }

    /// <summary>The probabilities of one sample.</summary>
    public ReadOnlySpan<double> Row(int sample) => values.AsSpan(sample * Classes, Classes);

    /// <summary>The logarithm of one probability; minus infinity for 0.</summary>
    public double LogOf(int sample, int @class) => logarithms[(sample * Classes) + @class];

    /// <summary>The most probable class of a sample, the first of equals.</summary>
    public int Winner(int sample) => TensorPrimitives.IndexOfMax(Row(sample));

    /// <summary>The largest probability of a sample.</summary>
    public double Confidence(int sample) => TensorPrimitives.Max(Row(sample));

    /// <summary>−Σ p ln p of a sample, in nats.</summary>
    public double Entropy(int sample)
    {
        double sum = 0;
        ReadOnlySpan<double> row = Row(sample);
        for (int k = 0; k < row.Length; k++)
        {
            if (row[k] > 0) sum -= row[k] * logarithms[(sample * Classes) + k];
        }
        return Math.Max(sum, 0);
    }

    /// <summary>A sum in the order of its terms.</summary>
    internal static double Total(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum;
    }

    internal static void CheckRows(string source, ReadOnlySpan<double> numbers, int classes)
    {
        if (classes < 2) throw new OrthantInputException(source, "", $"{classes} class", "at least 2 classes");
        if (numbers.IsEmpty || numbers.Length % classes != 0) throw new OrthantInputException(source, "", $"{numbers.Length} numbers", $"whole rows of {classes}, at least one");
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!double.IsFinite(numbers[i])) throw new OrthantInputException(source, $"row {i / classes}", $"{numbers[i]}", "finite numbers");
        }
    }
}
