using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>How far two functions are apart on random inputs, and how much of the domain may be worse.</summary>
/// <param name="Samples">How many inputs were compared.</param>
/// <param name="Maximum">The largest difference in any output.</param>
/// <param name="RootMeanSquare">The root mean square of the largest difference in any output.</param>
/// <param name="WorseShare">With the confidence, at most this share of the sampled distribution differs by more than <paramref name="Maximum"/>.</param>
/// <param name="Confidence">The confidence of <paramref name="WorseShare"/>.</param>
public sealed record SampledError(long Samples, double Maximum, double RootMeanSquare, double WorseShare, double Confidence)
{
    private const int RowsPerCall = 2048;

    /// <summary>Compares a recovered network with an oracle on fresh random inputs: normal with standard deviation 1, or uniform in a box.</summary>
    /// <param name="oracle">The oracle.</param>
    /// <param name="network">The network.</param>
    /// <param name="samples">How many inputs, at least 1; each is one query.</param>
    /// <param name="seed">Their seed.</param>
    /// <param name="lower">The box's lower corner; empty for normal inputs.</param>
    /// <param name="upper">The box's upper corner; empty for normal inputs.</param>
    /// <param name="confidence">The confidence wanted, between 0 and 1.</param>
    /// <param name="form">What the oracle does to its outputs; it is undone, and a shift shared by all outputs does not count.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <remarks>None of N inputs is worse than the worst of them, so by the exact binomial (C. J. Clopper and E. S. Pearson, Biometrika 26, 1934) the share that is worse is at most
    /// 1 − (1 − confidence)^(1/N).</remarks>
    public static SampledError Measure(
        IOracle oracle, ReluNetwork network, int samples, ulong seed, ReadOnlySpan<double> lower = default, ReadOnlySpan<double> upper = default, double confidence = 0.95, PostProcessing form = PostProcessing.Raw, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(oracle);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        if (oracle.Inputs != network.Inputs || oracle.Outputs != network.Outputs) throw new ArgumentException($"The oracle has {oracle.Inputs} inputs and {oracle.Outputs} outputs, the network is {network}.");
        RandomStream random = new(seed, 81);
        double worst = 0, sum = 0;
        for (int done = 0; done < samples; done += RowsPerCall)
        {
            int rows = Math.Min(RowsPerCall, samples - done);
            double[] x = new double[rows * oracle.Inputs], asked = new double[rows * oracle.Outputs], own = new double[asked.Length];
            for (int i = 0; i < x.Length; i++)
            {
                int j = i % oracle.Inputs;
                x[i] = lower.IsEmpty ? random.NextNormal() : random.NextDouble(lower[j], upper[j]);
            }
            oracle.Query(rows, x, asked, cancellation);
            network.Evaluate(rows, x, own);
            AnswerForm.Undo(form, oracle.Outputs, asked);
            if (form != PostProcessing.Raw) AnswerForm.Undo(PostProcessing.LogSoftmax, oracle.Outputs, own);
            for (int r = 0; r < rows; r++)
            {
                double most = 0;
                for (int k = 0; k < oracle.Outputs; k++) most = Math.Max(most, Math.Abs(asked[(r * oracle.Outputs) + k] - own[(r * oracle.Outputs) + k]));
                worst = Math.Max(worst, most);
                sum += most * most;
            }
        }
        return new SampledError(samples, worst, Math.Sqrt(sum / samples), 1 - Math.Pow(1 - confidence, 1.0 / samples), confidence);
    }
}
