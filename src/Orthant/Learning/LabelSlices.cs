using System.Runtime.Intrinsics;

namespace Orthant.Learning;

/// <summary>An ordered partition of labels into slices of equal counts.</summary>
/// <remarks>Borders are pairs (label, tie): rows of one label are parted by a number that belongs to the row, so that an atom, such as
/// nine labels in ten that are zero, is split at random and every slice is filled.</remarks>
internal sealed class LabelSlices
{
    private readonly double[] borders;
    private readonly ulong[] ties;
    private readonly ulong seed;

    /// <summary>Finds the borders from all labels or a sample of them.</summary>
    public LabelSlices(ReadOnlySpan<double> labels, ReadOnlySpan<long> numbers, int slices, ulong seed)
    {
        this.seed = seed;
        (double Label, ulong Tie)[] sorted = new (double, ulong)[labels.Length];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = (labels[i], Tie(numbers[i]));
        Array.Sort(sorted);
        (double Label, ulong Tie)[] first =
            [.. Enumerable.Range(1, slices - 1).Select(s => sorted[(int)((long)sorted.Length * s / slices)])];
        borders = [.. first.Select(b => b.Label)];
        ties = [.. first.Select(b => b.Tie)];
    }

    public int Count => borders.Length + 1;

    /// <summary>The slice of a row, from 0.</summary>
    public int Of(double label, long number)
    {
        int below = 0;
        while (below < borders.Length && label > borders[below]) below++;
        return Within(below, label, number);
    }

    /// <summary>The slices of consecutive rows.</summary>
    /// <param name="labels">Their labels, and readable numbers up to a whole number of vectors.</param>
    /// <param name="first">The number of the first row.</param>
    /// <param name="slots">The slices are written here; one a row.</param>
    public void Of(ReadOnlySpan<double> labels, long first, Span<int> slots)
    {
        int lanes = Vector512<double>.Count;
        Span<long> below = stackalloc long[4 * lanes];
        for (int r = 0; r < slots.Length; r += below.Length)
        {
            // Every label is compared with every border: fewer steps than a search, which the processor cannot foresee.
            Vector512<double> l0 = Vector512.Create(labels[r..]), l1 = Vector512.Create(labels[(r + lanes)..]);
            Vector512<double> l2 = Vector512.Create(labels[(r + (2 * lanes))..]), l3 = Vector512.Create(labels[(r + (3 * lanes))..]);
            Vector512<long> n0 = Vector512<long>.Zero, n1 = n0, n2 = n0, n3 = n0;
            foreach (double label in borders)
            {
                Vector512<double> border = Vector512.Create(label);
                n0 -= Vector512.GreaterThan(l0, border).AsInt64();
                n1 -= Vector512.GreaterThan(l1, border).AsInt64();
                n2 -= Vector512.GreaterThan(l2, border).AsInt64();
                n3 -= Vector512.GreaterThan(l3, border).AsInt64();
            }
            n0.CopyTo(below);
            n1.CopyTo(below[lanes..]);
            n2.CopyTo(below[(2 * lanes)..]);
            n3.CopyTo(below[(3 * lanes)..]);
            for (int i = 0, count = Math.Min(below.Length, slots.Length - r); i < count; i++)
            {
                slots[r + i] = Within((int)below[i], labels[r + i], first + r + i);
            }
        }
    }

    /// <summary>The slice of a row whose label exceeds so many borders' labels: beyond those of equal label whose tie is not greater,
    /// too.</summary>
    private int Within(int below, double label, long number)
    {
        if (below == borders.Length || label != borders[below]) return below;
        ulong tie = Tie(number);
        while (below < borders.Length && label == borders[below] && tie >= ties[below]) below++;
        return below;
    }

    /// <summary>A random number that belongs to a row (the finaliser of Steele, Lea and Flood's SplitMix, OOPSLA 2014).</summary>
    private ulong Tie(long number)
    {
        ulong z = unchecked((ulong)number + seed + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}
