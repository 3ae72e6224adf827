using System.Diagnostics.CodeAnalysis;

namespace Orthant.Numerics;

/// <summary>A sequence of random numbers, given by a seed, the number of a stream, and a position: the one random source of this library.</summary>
/// <remarks>
/// <para>The bits are those of <see cref="Philox"/> with the seed as key and the stream's number in the counter's upper half, so streams of one seed never
/// share a counter, and each has 2⁶⁴ words. Nothing but integer and exactly rounded arithmetic is used: the numbers are the same on every machine.</para>
/// <para>Not safe to share among threads; give each its own stream. For bits that belong to a place (a sample, a pass, a unit) instead of a sequence, use
/// <see cref="Philox"/> itself.</para>
/// </remarks>
[SuppressMessage("Naming", "CA1711", Justification = "The field speaks of streams of random numbers.")]
public sealed class RandomStream
{
    private const int CountersPerBlock = 16;

    private readonly uint[] words = new uint[Philox.BlockWords];
    private ulong position;
    private ulong filled = ulong.MaxValue;

    /// <summary>Begins a stream.</summary>
    /// <param name="seed">The seed of a whole run.</param>
    /// <param name="stream">Which of the seed's streams.</param>
    public RandomStream(ulong seed, ulong stream = 0)
    {
        Seed = seed;
        Stream = stream;
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>The stream's number.</summary>
    public ulong Stream { get; }

    /// <summary>How many 32-bit words have been drawn. Setting it continues from there.</summary>
    public ulong Position
    {
        get => position;
        set => position = value;
    }

    /// <summary>Another stream of the same seed, from its beginning.</summary>
    /// <param name="stream">Its number.</param>
    public RandomStream Other(ulong stream) => new(Seed, stream);

    /// <summary>32 random bits.</summary>
    public uint NextUInt32()
    {
        ulong block = position / Philox.BlockWords;
        if (block != filled)
        {
            Fill(block);
            filled = block;
        }
        return words[(int)(position++ % Philox.BlockWords)];
    }

    /// <summary>64 random bits: two words, the low one first.</summary>
    public ulong NextUInt64()
    {
        ulong low = NextUInt32();
        return low | ((ulong)NextUInt32() << 32);
    }

    /// <summary>A uniform number in [0, 1), a multiple of 2⁻⁵³. It takes two words.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>A uniform number in (0, 1), an odd multiple of 2⁻⁵³. It takes two words.</summary>
    public double NextOpenDouble() => ((NextUInt64() >> 12) + 0.5) * (1.0 / (1L << 52));

    /// <summary>A uniform number between two bounds, the upper one excluded (up to one rounding). It takes two words.</summary>
    /// <param name="lower">A finite number.</param>
    /// <param name="upper">A finite number, at least <paramref name="lower"/>.</param>
    public double NextDouble(double lower, double upper) => lower + ((upper - lower) * NextDouble());

    /// <summary>A standard normal number: the quantile of a uniform one, so that each takes exactly two words.</summary>
    public double NextNormal() => NormalQuantile.Of(NextOpenDouble());

    /// <summary>A whole number from 0 to <paramref name="bound"/> − 1, each equally likely.</summary>
    /// <param name="bound">At least 1.</param>
    /// <remarks>Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019: the upper half of a 32 × 32-bit product, drawn again
    /// in the rare case that it would be biased.</remarks>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        uint n = (uint)bound;
        ulong product = (ulong)NextUInt32() * n;
        if ((uint)product < n)
        {
            uint threshold = (0u - n) % n;
            while ((uint)product < threshold) product = (ulong)NextUInt32() * n;
        }
        return (int)(product >> 32);
    }

    /// <summary>A whole number from <paramref name="lower"/> to <paramref name="upper"/> − 1, each equally likely.</summary>
    /// <param name="lower">The least number.</param>
    /// <param name="upper">Greater than <paramref name="lower"/>, by at most 2³¹ − 1.</param>
    public int NextInt32(int lower, int upper) => lower + NextInt32(checked(upper - lower));

    /// <summary>Fills a span with uniform numbers in [0, 1).</summary>
    public void FillDoubles(Span<double> values)
    {
        foreach (ref double value in values) value = NextDouble();
    }

    /// <summary>Fills a span with standard normal numbers.</summary>
    public void FillNormals(Span<double> values)
    {
        foreach (ref double value in values) value = NextNormal();
    }

    /// <summary>Puts values into a random order, each order equally likely (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int last = values.Length - 1; last > 0; last--)
        {
            int other = NextInt32(last + 1);
            (values[last], values[other]) = (values[other], values[last]);
        }
    }

    /// <summary>A random order of 0, …, <paramref name="count"/> − 1.</summary>
    /// <param name="count">0 or more.</param>
    public int[] Permutation(int count)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        Shuffle(order.AsSpan());
        return order;
    }

    /// <summary>The block's 16 counters are numbered through in 64 bits: word 0 is the low half, word 1 the high half.</summary>
    private void Fill(ulong block)
    {
        const ulong BlocksPerLowHalf = (1UL << 32) / CountersPerBlock;
        Philox.Fill((uint)(block % BlocksPerLowHalf), (uint)(block / BlocksPerLowHalf), (uint)Stream, (uint)(Stream >> 32), Seed, words);
    }
}
