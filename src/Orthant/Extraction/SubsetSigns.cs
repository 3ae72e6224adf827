using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>Which bits β solve Σ β_k c_k = p, when there are more bits than equations: by meeting in the middle.</summary>
/// <remarks>A layer wider than what it reads leaves its signs open in every linear fit, yet only one choice in two to the power of its width has the right affine part. The sums of each half of
/// the units are sorted along a random direction, and pairs that add up to p there are compared in full (E. Horowitz and S. Sahni, Journal of the ACM 21, 1974).</remarks>
internal static class SubsetSigns
{
    /// <summary>The largest number of bits: 2¹⁷ sums a half.</summary>
    public const int MostBits = 34;

    /// <summary>The bits, or null when no choice, or more than one, fits.</summary>
    /// <param name="columns">c_k, all of one length.</param>
    /// <param name="target">p.</param>
    /// <param name="tolerance">The largest difference in any entry.</param>
    public static bool[]? Find(double[][] columns, double[] target, double tolerance)
    {
        int n = columns.Length, half = n / 2, d = target.Length;
        if (n > MostBits) return null;
        // Any fixed direction that is not special will do; irrational steps of the golden ratio are not.
        double[] direction = [.. Enumerable.Range(1, d).Select(j => 0.5 + ((j * 0.6180339887498949) % 1))];
        double reach = tolerance * TensorPrimitives.SumOfMagnitudes<double>(direction);
        (double Key, int Bits)[] low = Sums(columns[..half], direction), high = Sums(columns[half..], direction);
        double goal = TensorPrimitives.Dot<double>(direction, target);
        bool[]? found = null;
        int top = high.Length - 1;
        foreach ((double key, int bits) in low)
        {
            while (top >= 0 && key + high[top].Key > goal + reach) top--;
            for (int k = top; k >= 0 && key + high[k].Key >= goal - reach; k--)
            {
                long all = (long)(uint)bits | ((long)(uint)high[k].Bits << half);
                double[] sum = [.. target];
                for (int i = 0; i < n; i++)
                {
                    if (((all >> i) & 1) != 0) TensorPrimitives.Subtract(sum, columns[i], sum);
                }
                if (QueryMeter.Largest(sum) > tolerance) continue;
                if (found is not null) return null;
                found = [.. Enumerable.Range(0, n).Select(i => ((all >> i) & 1) != 0)];
            }
        }
        return found;
    }

    private static (double Key, int Bits)[] Sums(double[][] columns, double[] direction)
    {
        (double Key, int Bits)[] sums = new (double, int)[1 << columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            double share = TensorPrimitives.Dot<double>(columns[i], direction);
            for (int bits = 1 << i; bits < 2 << i; bits++) sums[bits] = (sums[bits - (1 << i)].Key + share, bits);
        }
        Array.Sort(sums);
        return sums;
    }
}
