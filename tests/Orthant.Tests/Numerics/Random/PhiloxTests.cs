using CsCheck;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public class PhiloxTests
{
    /// <summary>The known answers that are published with Random123 for philox4x32 with 10 rounds.</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void The_published_answers_come_out(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal((x0, x1, x2, x3), Philox.Bits(c0, c1, c2, c3, k0 | ((ulong)k1 << 32)));

    [Fact]
    public void Every_path_fills_a_block_with_the_words_of_its_counters() =>
        Gen.Select(Gen.UInt[0, (1 << 28) - 4], Gen.UInt, Gen.UInt, Gen.UInt, Gen.ULong).Sample(
            (block, c1, c2, c3, key) =>
            {
                uint[] words = new uint[3 * Philox.BlockWords];
                foreach (VectorPath path in VectorPaths.Supported)
                {
                    Array.Clear(words);
                    Philox.Fill(path, block, c1, c2, c3, key, words);
                    for (uint lane = 0; lane < 48; lane++)
                    {
                        int at = (int)((lane / 16 * 64) + (lane % 16));
                        Assert.Equal(
                            Philox.Bits((block * 16) + lane, c1, c2, c3, key), (words[at], words[at + 16], words[at + 32], words[at + 48]));
                    }
                }
            },
            iter: 200);

    [Fact]
    public void The_half_words_of_a_block_are_the_halves_of_its_words_each_once()
    {
        uint[] words = new uint[Philox.BlockWords];
        for (int i = 0; i < words.Length; i++) words[i] = (uint)(i | ((i + 64) << 16));
        int[] fields = [.. Enumerable.Range(0, Philox.BlockHalfWords).Select(e => (int)Philox.HalfWord(words, e))];
        Assert.Equal(Enumerable.Range(0, 128), fields.Order());
        Assert.Equal([0, 15, 64, 79, 16, 80], new[] { fields[0], fields[15], fields[16], fields[31], fields[32], fields[48] });
    }

    [Fact]
    public void Keys_of_different_purposes_differ() =>
        Assert.Equal(10_000, Enumerable.Range(0, 100).SelectMany(s => Enumerable.Range(0, 100).Select(p => Philox.DeriveKey((ulong)s, (ulong)p))).Distinct().Count());

    [Fact]
    public void A_part_of_a_block_is_refused() => Assert.Throws<ArgumentException>(() => Philox.Fill(0, 0, 0, 0, 0, new uint[63]));
}
