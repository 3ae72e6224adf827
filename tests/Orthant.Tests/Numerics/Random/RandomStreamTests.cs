using CsCheck;
using MathNet.Numerics.Distributions;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public class RandomStreamTests
{
    [Fact]
    public void A_position_is_all_that_is_needed_to_go_on() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[0, 300], Gen.ULong).Sample(
            (seed, stream, skip, high) =>
            {
                RandomStream first = new(seed, stream) { Position = high }, second = new(seed, stream);
                for (int i = 0; i < skip; i++) first.NextUInt32();
                second.Position = first.Position;
                Assert.Equal(unchecked(high + (ulong)skip), first.Position);
                for (int i = 0; i < 70; i++) Assert.Equal(first.NextUInt64(), second.NextUInt64());
            },
            iter: 200);

    [Fact]
    public void Word_by_word_it_is_Philox_with_the_seed_as_key()
    {
        RandomStream stream = new(77, (5UL << 32) | 6) { Position = ((1UL << 34) + 16) * 4 };
        uint[] words = new uint[64];
        Philox.Fill(1, 4, 6, 5, 77, words);
        foreach (uint word in words) Assert.Equal(word, stream.NextUInt32());
    }

    [Fact]
    public void Seeds_and_streams_give_different_words()
    {
        HashSet<ulong> seen = [];
        for (ulong seed = 0; seed < 50; seed++)
        {
            for (ulong stream = 0; stream < 50; stream++) Assert.True(seen.Add(new RandomStream(seed, stream).NextUInt64()));
        }
    }

    [Fact]
    public void Uniform_numbers_fill_the_interval_evenly()
    {
        RandomStream stream = new(1);
        const int Bins = 1000, Draws = 1_000_000;
        int[] counts = new int[Bins], bits = new int[53];
        for (int i = 0; i < Draws; i++)
        {
            double u = stream.NextDouble();
            Assert.InRange(u, 0, 1 - (1.0 / (1L << 53)));
            counts[(int)(u * Bins)]++;
            ulong mantissa = (ulong)(u * (1L << 53));
            for (int b = 0; b < 53; b++) bits[b] += (int)((mantissa >> b) & 1);
        }
        double chiSquare = counts.Sum(c => Math.Pow(c - (Draws / (double)Bins), 2) / (Draws / (double)Bins));
        Assert.InRange(ChiSquared.CDF(Bins - 1, chiSquare), 1e-4, 1 - 1e-4);
        foreach (int count in bits) Assert.InRange((count - (Draws / 2.0)) / Math.Sqrt(Draws / 4.0), -4.5, 4.5);
    }

    [Fact]
    public void The_open_interval_has_no_ends()
    {
        RandomStream stream = new(2);
        for (int i = 0; i < 100_000; i++) Assert.InRange(stream.NextOpenDouble(), double.Epsilon, 1 - (1.0 / (1L << 53)));
        Assert.Equal(1.0 / (1L << 53), 0.5 * (1.0 / (1L << 52)));
    }

    [Fact]
    public void Normal_quantiles_agree_with_MathNet_from_tail_to_tail()
    {
        for (int exponent = 1; exponent <= 52; exponent++)
        {
            foreach (double fraction in (double[])[1, 1.1, 1.37, 1.5, 1.93])
            {
                double p = fraction * Math.ScaleB(1, -exponent);
                if (p >= 1) continue;
                double expected = Normal.InvCDF(0, 1, p);
                Assert.Equal(expected, NormalQuantile.Of(p), 1e-13 * Math.Max(1, Math.Abs(expected)));
                Assert.Equal(0, NormalQuantile.Of(p) + NormalQuantile.Of(1 - p), 1e-15 / p);
            }
        }
    }

    [Fact]
    public void Normal_numbers_have_the_normal_law()
    {
        RandomStream stream = new(3);
        const int Draws = 400_000;
        double[] values = new double[Draws];
        stream.FillNormals(values);
        Assert.Equal(2UL * Draws, stream.Position);
        // Standard errors: 1/√n, √(2/n), √(15/n), √(96/n).
        Assert.InRange(values.Average() * Math.Sqrt(Draws), -4, 4);
        Assert.InRange((values.Average(x => x * x) - 1) * Math.Sqrt(Draws / 2.0), -4, 4);
        Assert.InRange(values.Average(x => x * x * x) * Math.Sqrt(Draws / 15.0), -4, 4);
        Assert.InRange((values.Average(x => x * x * x * x) - 3) * Math.Sqrt(Draws / 96.0), -4, 4);
        Array.Sort(values);
        double distance = values.Select((x, i) => Math.Abs(Normal.CDF(0, 1, x) - ((i + 0.5) / Draws))).Max();
        Assert.InRange(distance * Math.Sqrt(Draws), 0, 2.2);
    }

    [Fact]
    public void Whole_numbers_are_equally_likely()
    {
        RandomStream stream = new(4);
        int[] counts = new int[7];
        const int Draws = 700_000;
        for (int i = 0; i < Draws; i++) counts[stream.NextInt32(7)]++;
        Assert.InRange(ChiSquared.CDF(6, counts.Sum(c => Math.Pow(c - (Draws / 7.0), 2) / (Draws / 7.0))), 1e-4, 1 - 1e-4);

        // With 3·2²⁹ values, taking the product without the second draw would favour every third value, 2 : 1 : 1.
        int[] thirds = new int[3];
        for (int i = 0; i < 300_000; i++) thirds[stream.NextInt32(3 << 29) % 3]++;
        Assert.InRange(ChiSquared.CDF(2, thirds.Sum(c => Math.Pow(c - 100_000, 2) / 100_000)), 1e-4, 1 - 1e-4);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(stream.NextInt32(-3, 5), -3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.NextInt32(0));
    }

    [Fact]
    public void Every_order_of_four_is_equally_likely()
    {
        RandomStream stream = new(5);
        Dictionary<string, int> counts = [];
        const int Draws = 48_000;
        for (int i = 0; i < Draws; i++)
        {
            string order = string.Concat(stream.Permutation(4));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(24, counts.Count);
        Assert.InRange(ChiSquared.CDF(23, counts.Values.Sum(c => Math.Pow(c - 2000, 2) / 2000)), 1e-4, 1 - 1e-4);
    }
}
