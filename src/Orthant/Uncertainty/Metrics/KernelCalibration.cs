using System.Numerics.Tensors;
using MathNet.Numerics;

namespace Orthant.Uncertainty;

/// <summary>The calibration error without bins: accuracy as a smooth function of confidence, by kernels that stay within 0 and 1.</summary>
/// <remarks>T. Popordanoska, R. Sayer and M. Blaschko, NeurIPS 2022: at a confidence p the accuracy is the mean of the other samples' outcomes weighted by
/// the beta density of parameters p/h + 1 and (1 − p)/h + 1; the error is the mean of |accuracy(p) − p|. The work grows with the square of the
/// samples.</remarks>
public static class KernelCalibration
{
    /// <summary>Nearer to 0 or 1 than this, confidences are taken as this near: their logarithms weigh the kernels.</summary>
    private const double Edge = 1e-12;

    /// <summary>Samples that the bandwidth is chosen on.</summary>
    private const int MostForBandwidth = 1000;

    private static readonly double[] Bandwidths = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1];

    /// <summary>The mean gap between accuracy and confidence.</summary>
    /// <param name="confidences">One number from 0 to 1 a sample, at least two.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="bandwidth">h, positive; null for the one of <see cref="Bandwidth"/>.</param>
    /// <exception cref="ArgumentException">Fewer than two samples, outcomes of another number, or a bandwidth that is not positive.</exception>
    public static double ExpectedError(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, double? bandwidth = null)
    {
        if (confidences.Length < 2 || confidences.Length != correct.Length) throw new ArgumentException($"{confidences.Length} confidences were given {correct.Length} outcomes.");
        double h = bandwidth ?? Bandwidth(confidences);
        if (!(h > 0 && double.IsFinite(h))) throw new ArgumentException("The bandwidth is positive.", nameof(bandwidth));
        int n = confidences.Length;
        Logarithms logs = new(confidences);
        double[] weights = new double[n], hits = new double[n];
        for (int i = 0; i < n; i++) hits[i] = correct[i] ? 1 : 0;
        double total = 0;
        for (int i = 0; i < n; i++)
        {
            logs.Weigh(confidences[i], h, i, weights);
            double sum = TensorPrimitives.Sum<double>(weights);
            // Where no other sample is near enough to weigh anything, nothing is known against the confidence.
            if (sum > 0) total += Math.Abs((TensorPrimitives.Dot<double>(weights, hits) / sum) - confidences[i]);
        }
        return total / n;
    }

    /// <summary>The bandwidth under which each confidence is most likely given the others (up to a thousand of them, evenly taken), out of six from 0.0003
    /// to 0.1.</summary>
    /// <param name="confidences">Numbers from 0 to 1, at least two.</param>
    public static double Bandwidth(ReadOnlySpan<double> confidences)
    {
        int n = Math.Min(confidences.Length, MostForBandwidth);
        double[] some = new double[n];
        for (int i = 0; i < n; i++) some[i] = confidences[(int)((long)i * confidences.Length / n)];
        Logarithms logs = new(some);
        double[] weights = new double[n], likelihoods = new double[n];
        double best = Bandwidths[0], most = double.NegativeInfinity;
        foreach (double h in Bandwidths)
        {
            Array.Clear(likelihoods);
            for (int i = 0; i < n; i++)
            {
                // The density that sample i gives to each of the others.
                double shift = logs.Weigh(some[i], h, i, weights), a = (some[i] / h) + 1, b = ((1 - some[i]) / h) + 1;
                double scale = Math.Exp(shift + SpecialFunctions.GammaLn(a + b) - SpecialFunctions.GammaLn(a) - SpecialFunctions.GammaLn(b));
                TensorPrimitives.MultiplyAdd(weights, scale, likelihoods, likelihoods);
            }
            double log = likelihoods.Sum(l => Math.Log(Math.Max(l, double.Epsilon)));
            if (log > most) (most, best) = (log, h);
        }
        return best;
    }

    /// <summary>log p and log(1 − p) of all samples.</summary>
    private sealed class Logarithms
    {
        private readonly double[] log, logRest, scratch;

        public Logarithms(ReadOnlySpan<double> confidences)
        {
            log = new double[confidences.Length];
            logRest = new double[log.Length];
            scratch = new double[log.Length];
            for (int i = 0; i < log.Length; i++)
            {
                log[i] = Math.Log(Math.Max(confidences[i], Edge));
                logRest[i] = Math.Log(Math.Max(1 - confidences[i], Edge));
            }
        }

        /// <summary>The kernel about p at every sample over its largest value there, 0 at the sample itself.</summary>
        /// <returns>The logarithm of what the kernels were divided by, the beta function apart.</returns>
        public double Weigh(double p, double h, int self, double[] weights)
        {
            TensorPrimitives.Multiply(logRest, (1 - p) / h, scratch);
            TensorPrimitives.MultiplyAdd(log, p / h, scratch, scratch);
            scratch[self] = double.NegativeInfinity;
            double largest = TensorPrimitives.Max<double>(scratch);
            TensorPrimitives.Subtract(scratch, largest, scratch);
            TensorPrimitives.Exp<double>(scratch, weights);
            return largest;
        }
    }
}
