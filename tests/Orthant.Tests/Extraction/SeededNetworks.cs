using Orthant.Networks;

namespace Orthant.Tests.Extraction;

/// <summary>Random networks by SplitMix64 and Box and Muller, as the acceptance cases are drawn; also what the benchmarks recover.</summary>
internal static class SeededNetworks
{
    /// <summary>Weights of variance 1/fan-out ('fanout') or 2/fan-in ('he'), biases of a standard deviation.</summary>
    public static ReluNetwork Build(int[] widths, ulong seed, string scheme = "fanout", double bias = 0.1, Action<double[][,], double[][], Draws>? change = null)
    {
        Draws draws = new(seed);
        double[][,] weights = new double[widths.Length - 1][,];
        double[][] biases = new double[widths.Length - 1][];
        for (int l = 0; l < weights.Length; l++)
        {
            int n = widths[l], m = widths[l + 1];
            double deviation = scheme == "he" ? Math.Sqrt(2.0 / n) : 1 / Math.Sqrt(m);
            weights[l] = new double[m, n];
            biases[l] = new double[m];
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++) weights[l][i, j] = deviation * draws.Normal();
            }
            for (int i = 0; i < m; i++) biases[l][i] = bias * draws.Normal();
        }
        change?.Invoke(weights, biases, draws);
        return new ReluNetwork(weights.Select((w, l) => AffineLayer.Dense(w, biases[l], l < weights.Length - 1 ? ActivationFunction.Relu : null)));
    }

    /// <summary>The portable random numbers.</summary>
    public sealed class Draws(ulong seed)
    {
        private ulong state = seed;
        private double? spare;

        /// <summary>Normal, by Box and Muller.</summary>
        public double Normal()
        {
            if (spare is double kept)
            {
                spare = null;
                return kept;
            }
            double r = Math.Sqrt(-2 * Math.Log(Uniform())), t = 2 * Math.PI * Uniform();
            spare = r * Math.Sin(t);
            return r * Math.Cos(t);
        }

        /// <summary>Between 0 and 1.</summary>
        public double Uniform()
        {
            state += 0x9E3779B97F4A7C15;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return (((z ^ (z >> 31)) >> 11) + 0.5) * Math.ScaleB(1, -53);
        }
    }
}
