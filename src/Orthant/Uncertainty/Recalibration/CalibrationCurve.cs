using System.Collections.Immutable;

namespace Orthant.Uncertainty;

/// <summary>A function of one number: linear between knots and constant beyond them (isotonic), or constant on bins (histogram).</summary>
/// <remarks>Immutable, safe to share.</remarks>
public sealed class CalibrationCurve
{
    private readonly double[] knots;
    private readonly double[] values;
    private readonly bool isStepped;

    private CalibrationCurve(double[] knots, double[] values, bool isStepped)
    {
        this.knots = knots;
        this.values = values;
        this.isStepped = isStepped;
    }

    /// <summary>The knots in ascending order; for bins their upper edges.</summary>
    public ImmutableArray<double> Knots => [.. knots];

    /// <summary>The value at each knot, or in each bin.</summary>
    public ImmutableArray<double> Values => [.. values];

    /// <summary>The non-decreasing function of least squared error at the given points, by pooling adjacent violators; equal arguments are
    /// pooled first.</summary>
    /// <param name="arguments">At least one number, none NaN.</param>
    /// <param name="targets">As many.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are 0.</exception>
    /// <remarks>Complexity: that of sorting. Source: Barlow, Bartholomew, Bremner and Brunk, 1972.</remarks>
    public static CalibrationCurve Isotonic(ReadOnlySpan<double> arguments, ReadOnlySpan<double> targets)
    {
        Check(arguments, targets);
        double[] x = arguments.ToArray(), y = targets.ToArray();
        Array.Sort(x, y);
        List<(double First, double Last, double Sum, int Count)> blocks = [];
        for (int i = 0; i < x.Length;)
        {
            (double First, double Last, double Sum, int Count) block = (x[i], x[i], 0, 0);
            for (; i < x.Length && x[i] == block.First; i++) block = block with { Sum = block.Sum + y[i], Count = block.Count + 1 };
            while (blocks.Count > 0 && blocks[^1].Sum * block.Count >= block.Sum * blocks[^1].Count)
            {
                block = (blocks[^1].First, block.Last, blocks[^1].Sum + block.Sum, blocks[^1].Count + block.Count);
                blocks.RemoveAt(blocks.Count - 1);
            }
            blocks.Add(block);
        }
        List<double> knots = [], values = [];
        foreach ((double first, double last, double sum, int count) in blocks)
        {
            knots.Add(first);
            values.Add(sum / count);
            if (last == first) continue;
            knots.Add(last);
            values.Add(sum / count);
        }
        return new CalibrationCurve([.. knots], [.. values], isStepped: false);
    }

    /// <summary>The mean target of each bin ((b − 1)/B, b/B] of arguments from 0 to 1; the middle of an empty bin.</summary>
    /// <param name="arguments">At least one number from 0 to 1.</param>
    /// <param name="targets">As many.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are 0, or there is no bin.</exception>
    public static CalibrationCurve Histogram(ReadOnlySpan<double> arguments, ReadOnlySpan<double> targets, int bins)
    {
        Check(arguments, targets);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        double[] sum = new double[bins];
        int[] count = new int[bins];
        for (int i = 0; i < arguments.Length; i++)
        {
            int bin = Calibration.BinOf(arguments[i], bins);
            sum[bin] += targets[i];
            count[bin]++;
        }
        return new CalibrationCurve(
            [.. Enumerable.Range(1, bins).Select(b => (double)b / bins)],
            [.. Enumerable.Range(0, bins).Select(b => count[b] == 0 ? (b + 0.5) / bins : sum[b] / count[b])],
            isStepped: true);
    }

    /// <summary>The value at one argument.</summary>
    public double At(double argument)
    {
        if (isStepped) return values[Calibration.BinOf(argument, values.Length)];
        int at = Array.BinarySearch(knots, argument);
        if (at >= 0) return values[at];
        at = ~at;
        if (at == 0) return values[0];
        if (at == knots.Length) return values[^1];
        double part = (argument - knots[at - 1]) / (knots[at] - knots[at - 1]);
        return values[at - 1] + (part * (values[at] - values[at - 1]));
    }

    private static void Check(ReadOnlySpan<double> arguments, ReadOnlySpan<double> targets)
    {
        if (arguments.IsEmpty || arguments.Length != targets.Length) throw new ArgumentException($"{arguments.Length} arguments were given {targets.Length} targets.");
    }
}
