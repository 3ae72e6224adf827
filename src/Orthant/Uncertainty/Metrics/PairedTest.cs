using Orthant.Numerics;

namespace Orthant.Uncertainty;

/// <summary>Whether two methods differ on the same samples, by a number a sample such as the negative log-likelihood.</summary>
/// <param name="Difference">The mean of first − second.</param>
/// <param name="Interval">Its bootstrap interval.</param>
/// <param name="PValue">The two-sided p-value of the sign-flipping permutation test, at least 1/(flips + 1).</param>
/// <remarks>Under the hypothesis that the methods may be exchanged, every difference is as likely with either sign. Source: Good,
/// "Permutation, parametric, and
/// bootstrap tests of hypotheses", 2005.</remarks>
public sealed record PairedTest(double Difference, Bootstrap Interval, double PValue)
{
    /// <summary>Compares two methods.</summary>
    /// <param name="first">One finite number a sample.</param>
    /// <param name="second">As many, of the same samples in the same order.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <param name="flips">The number of random signs, at least 1; also that of resamples.</param>
    /// <exception cref="OrthantInputException">The methods have different numbers of samples, or none.</exception>
    public static PairedTest Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second, ulong seed = 0, int flips = 1000)
    {
        if (first.IsEmpty || first.Length != second.Length) throw new OrthantInputException("paired test", "samples",
            $"{first.Length} and {second.Length}", "equally many, at least one");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(flips);
        double[] d = new double[first.Length];
        for (int i = 0; i < d.Length; i++) d[i] = first[i] - second[i];
        Bootstrap interval = Bootstrap.Of(d.Length, drawn => drawn.Average(i => d[i]), seed, Math.Max(flips, 2));
        RandomStream random = new(seed, Stream);
        double seen = Math.Abs(d.Average()), slack = 1e-12 * d.Average(Math.Abs);
        int asFar = 0;
        for (int r = 0; r < flips; r++)
        {
            double sum = 0;
            for (int i = 0; i < d.Length; i++) sum += (random.NextUInt32() & 1) == 0 ? d[i] : -d[i];
            if (Math.Abs(sum / d.Length) >= seen - slack) asFar++;
        }
        return new PairedTest(interval.Value, interval, (asFar + 1.0) / (flips + 1));
    }

    private const ulong Stream = 0xF11B;
}
