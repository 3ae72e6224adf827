namespace Orthant.Uncertainty;

/// <summary>What many passes of a network with numbers as outputs say: mean and variance of each output of each sample.</summary>
/// <remarks>Immutable, safe to share. For classes see <see cref="PredictiveDistribution"/>.</remarks>
public sealed class ValueDistribution
{
    private readonly double[] mean;
    private readonly double[] variance;

    internal ValueDistribution(int outputs, int passes, double[] mean, double[] variance)
    {
        Outputs = outputs;
        Passes = passes;
        this.mean = mean;
        this.variance = variance;
    }

    /// <summary>The number of outputs.</summary>
    public int Outputs { get; }

    /// <summary>The number of passes.</summary>
    public int Passes { get; }

    /// <summary>The mean over passes, samples × outputs.</summary>
    public ReadOnlyMemory<double> Mean => mean;

    /// <summary>The unbiased variance between passes, over T − 1, samples × outputs; 0 for one pass. Add the variance of the noise for that of an
    /// observation.</summary>
    public ReadOnlyMemory<double> Variance => variance;

    /// <summary>The root of the mean squared difference between means and true values.</summary>
    /// <param name="values">samples × outputs.</param>
    public double RootMeanSquareError(ReadOnlySpan<double> values)
    {
        Check(values);
        double sum = 0;
        for (int i = 0; i < values.Length; i++) sum += (mean[i] - values[i]) * (mean[i] - values[i]);
        return Math.Sqrt(sum / values.Length);
    }

    /// <summary>The mean negative log-likelihood of true values under normal laws with the predicted means and variances, in nats.</summary>
    /// <param name="values">samples × outputs.</param>
    /// <param name="noise">The variance of the noise, added to every variance; positive.</param>
    public double NegativeLogLikelihood(ReadOnlySpan<double> values, double noise)
    {
        Check(values);
        if (!(noise > 0 && double.IsFinite(noise))) throw new ArgumentOutOfRangeException(nameof(noise), noise, "Expected a positive number.");
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double v = variance[i] + noise, d = values[i] - mean[i];
            sum += Math.Log(2 * Math.PI * v) + (d * d / v);
        }
        return sum / 2 / values.Length;
    }

    private void Check(ReadOnlySpan<double> values)
    {
        if (values.Length != mean.Length) throw new ArgumentException($"{mean.Length} values were expected, but {values.Length} were given.");
    }
}

/// <summary>Running means and sums of squared deviations over passes (Welford, Technometrics 4, 1962).</summary>
internal sealed class ValueSums(int samples, int outputs)
{
    private readonly double[] mean = new double[checked(samples * outputs)];
    private readonly double[] deviations = new double[samples * outputs];

    public void Add(int pass, int firstSample, int rows, ReadOnlySpan<float> values)
    {
        int at = firstSample * outputs;
        for (int i = 0; i < values.Length; i++)
        {
            double difference = values[i] - mean[at + i];
            mean[at + i] += difference / (pass + 1);
            deviations[at + i] += difference * (values[i] - mean[at + i]);
        }
    }

    public ValueDistribution ToDistribution(int passes) =>
        new(outputs, passes, mean, passes == 1 ? deviations : Array.ConvertAll(deviations, d => d / (passes - 1)));
}
