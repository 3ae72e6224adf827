using Orthant.Numerics;

namespace Orthant.Uncertainty;

/// <summary>What a statistic is on resampled data: the percentile bootstrap.</summary>
/// <param name="Value">The statistic of the data itself.</param>
/// <param name="Lower">The lower end of the interval.</param>
/// <param name="Upper">The upper end.</param>
/// <remarks>Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993. The interval tells the error of having these samples
/// and no others; the
/// Monte-Carlo errors of <see cref="UncertaintyEvaluation"/> that of having these passes.</remarks>
public sealed record Bootstrap(double Value, double Lower, double Upper)
{
    /// <summary>Resamples with replacement.</summary>
    /// <param name="samples">The number of samples, at least 1.</param>
    /// <param name="statistic">The statistic of the samples of the given numbers, in which some stand several times.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <param name="resamples">At least 2.</param>
    /// <param name="level">The part of resamples inside the interval, between 0 and 1.</param>
    public static Bootstrap Of(int samples, Func<int[], double> statistic, ulong seed = 0, int resamples = 1000, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 2);
        if (!(level > 0 && level < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "A level lies between 0 and 1.");
        double[] values = [.. Draws(samples, seed, resamples).Select(statistic).Order()];
        return new Bootstrap(statistic([.. Enumerable.Range(0, samples)]), Quantile(values, (1 - level) / 2),
            Quantile(values, (1 + level) / 2));
    }

    /// <summary>Resamples a curve: the interval of each of its points by itself.</summary>
    /// <param name="samples">The number of samples, at least 1.</param>
    /// <param name="curve">The points of the samples of the given numbers, always equally many; NaN where a resample has none.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <param name="resamples">At least 2.</param>
    /// <param name="level">The part of resamples inside each interval, between 0 and 1.</param>
    /// <returns>An interval a point, of the resamples that have it; NaN ends where fewer than two have.</returns>
    public static Bootstrap[] Band(int samples, Func<int[], double[]> curve, ulong seed = 0, int resamples = 1000, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(curve);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 2);
        if (!(level > 0 && level < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "A level lies between 0 and 1.");
        double[] own = curve([.. Enumerable.Range(0, samples)]);
        List<double>[] points = [.. own.Select(_ => new List<double>())];
        foreach (int[] drawn in Draws(samples, seed, resamples))
        {
            double[] values = curve(drawn);
            for (int i = 0; i < points.Length; i++)
            {
                if (!double.IsNaN(values[i])) points[i].Add(values[i]);
            }
        }
        return
        [
            .. own.Select((value, i) =>
            {
                double[] sorted = [.. points[i].Order()];
                return sorted.Length < 2 ? new Bootstrap(value, double.NaN, double.NaN)
                    : new Bootstrap(value, Quantile(sorted, (1 - level) / 2), Quantile(sorted, (1 + level) / 2));
            }),
        ];
    }

    /// <summary>The same array again and again, with other draws.</summary>
    private static IEnumerable<int[]> Draws(int samples, ulong seed, int resamples)
    {
        RandomStream random = new(seed, Stream);
        int[] drawn = new int[samples];
        for (int r = 0; r < resamples; r++)
        {
            for (int i = 0; i < samples; i++) drawn[i] = random.NextInt32(samples);
            yield return drawn;
        }
    }

    private const ulong Stream = 0xB007;

    // Linear between order statistics.
    private static double Quantile(double[] sorted, double part)
    {
        double at = part * (sorted.Length - 1);
        int below = Math.Min((int)at, sorted.Length - 2);
        double rest = at - below;
        // An infinite statistic has no differences to interpolate with.
        return rest == 0 || sorted[below] == sorted[below + 1] ? sorted[below]
            : sorted[below] + (rest * (sorted[below + 1] - sorted[below]));
    }
}
