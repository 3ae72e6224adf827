using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orthant.Numerics;

/// <summary>Philox4x32-10: random bits as a pure function of a counter and a key. For a sequence of numbers, see <see cref="RandomStream"/>.</summary>
/// <remarks>
/// <para>Any word can be computed alone, in any order and on any thread, so random quantities that are tied to a sample, a pass and a unit
/// repeat whatever the batch size, the vector width or the number of threads.</para>
/// <para>A <i>block</i> is 16 counters (first word block·16 + lane, the other three words shared), 64 words, in this order:</para>
/// <code>
///     words   0 … 15   word 0 of lanes 0 … 15         32-bit field e of a block: word e of this order
///     words  16 … 31   word 1 of lanes 0 … 15         16-bit field e of a block: word (e/32)·16 + e%16, its low half
///     words  32 … 47   word 2 of lanes 0 … 15                                    when e%32 &lt; 16, else its high half
///     words  48 … 63   word 3 of lanes 0 … 15
/// </code>
/// <para>The rule names no vector width; every path gives the same bits. Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011.</para>
/// </remarks>
public static class Philox
{
    /// <summary>The words of a block.</summary>
    public const int BlockWords = 64;

    /// <summary>The 16-bit fields of a block.</summary>
    public const int BlockHalfWords = 128;

    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>The four words of one counter.</summary>
    /// <param name="c0">The counter's first word.</param>
    /// <param name="c1">The counter's second word.</param>
    /// <param name="c2">The counter's third word.</param>
    /// <param name="c3">The counter's fourth word.</param>
    /// <param name="key">The key: its low half is the algorithm's first key word.</param>
    public static (uint X0, uint X1, uint X2, uint X3) Bits(uint c0, uint c1, uint c2, uint c3, ulong key)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)Multiplier0 * c0, p1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>The words of consecutive blocks.</summary>
    /// <param name="block">The first block's number, below 2²⁸.</param>
    /// <param name="c1">The second word of all counters.</param>
    /// <param name="c2">The third word of all counters.</param>
    /// <param name="c3">The fourth word of all counters.</param>
    /// <param name="key">The key.</param>
    /// <param name="words">A whole number of blocks of <see cref="BlockWords"/> words.</param>
    /// <exception cref="ArgumentException">The span is not a whole number of blocks.</exception>
    public static void Fill(uint block, uint c1, uint c2, uint c3, ulong key, Span<uint> words) =>
        Fill(VectorPaths.Best, block, c1, c2, c3, key, words);

    /// <summary>A key for one purpose, from the seed of a whole run: purposes do not share bits.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the bits are for: any number that stands for it.</param>
    public static ulong DeriveKey(ulong seed, ulong purpose)
    {
        (uint low, uint high, _, _) = Bits((uint)purpose, (uint)(purpose >> 32), 0x4B45594Fu, 0x52544841u, seed);
        return ((ulong)high << 32) | low;
    }

    /// <summary>A 16-bit field of a block, by the definition.</summary>
    /// <param name="words">The block's words.</param>
    /// <param name="field">From 0 to <see cref="BlockHalfWords"/> − 1.</param>
    public static ushort HalfWord(ReadOnlySpan<uint> words, int field)
    {
        uint word = words[(field / 32 * 16) + (field % 16)];
        return (ushort)(field % 32 < 16 ? word : word >> 16);
    }

    /// <summary>The words of consecutive blocks on one path.</summary>
    internal static unsafe void Fill(VectorPath path, uint block, uint c1, uint c2, uint c3, ulong key, Span<uint> words)
    {
        if (words.Length % BlockWords != 0) throw new ArgumentException($"{words.Length} words are not a whole number of blocks of {BlockWords}.", nameof(words));
        fixed (uint* start = words)
        {
            for (int i = 0; i < words.Length; i += BlockWords, block++)
            {
                switch (path)
                {
                    case VectorPath.Vector512: Fill512(block * 16, c1, c2, c3, key, start + i); break;
                    case VectorPath.Vector256: Fill256(block * 16, c1, c2, c3, key, start + i); break;
                    default: FillScalar(block * 16, c1, c2, c3, key, start + i); break;
                }
            }
        }
    }

    private static unsafe void FillScalar(uint counter, uint c1, uint c2, uint c3, ulong key, uint* words)
    {
        for (uint lane = 0; lane < 16; lane++)
        {
            (words[lane], words[16 + lane], words[32 + lane], words[48 + lane]) = Bits(counter + lane, c1, c2, c3, key);
        }
    }

    private static unsafe void Fill512(uint counter, uint c1, uint c2, uint c3, ulong key, uint* words)
    {
        Vector512<uint> x0 = Vector512.Create(counter) + Vector512<uint>.Indices;
        Vector512<uint> x1 = Vector512.Create(c1), x2 = Vector512.Create(c2), x3 = Vector512.Create(c3);
        Vector512<uint> m0 = Vector512.Create(Multiplier0), m1 = Vector512.Create(Multiplier1);
        Vector512<uint> k0 = Vector512.Create((uint)key), k1 = Vector512.Create((uint)(key >> 32));
        Vector512<uint> w0 = Vector512.Create(Weyl0), w1 = Vector512.Create(Weyl1);
        for (int round = 0; round < Rounds; round++)
        {
            (Vector512<uint> high0, Vector512<uint> low0) = Product(x0, m0);
            (Vector512<uint> high1, Vector512<uint> low1) = Product(x2, m1);
            x0 = high1 ^ x1 ^ k0;
            x1 = low1;
            x2 = high0 ^ x3 ^ k1;
            x3 = low0;
            k0 += w0;
            k1 += w1;
        }
        x0.Store(words);
        x1.Store(words + 16);
        x2.Store(words + 32);
        x3.Store(words + 48);
    }

    private static unsafe void Fill256(uint counter, uint c1, uint c2, uint c3, ulong key, uint* words)
    {
        // Two half blocks side by side: lanes 0 … 7 in the x, lanes 8 … 15 in the y, to hide the multiplier's latency.
        Vector256<uint> x0 = Vector256.Create(counter) + Vector256<uint>.Indices, y0 = x0 + Vector256.Create(8u);
        Vector256<uint> x1 = Vector256.Create(c1), x2 = Vector256.Create(c2), x3 = Vector256.Create(c3), y1 = x1, y2 = x2, y3 = x3;
        Vector256<uint> m0 = Vector256.Create(Multiplier0), m1 = Vector256.Create(Multiplier1);
        Vector256<uint> k0 = Vector256.Create((uint)key), k1 = Vector256.Create((uint)(key >> 32));
        Vector256<uint> w0 = Vector256.Create(Weyl0), w1 = Vector256.Create(Weyl1);
        for (int round = 0; round < Rounds; round++)
        {
            (Vector256<uint> high0, Vector256<uint> low0) = Product(x0, m0);
            (Vector256<uint> high1, Vector256<uint> low1) = Product(x2, m1);
            x0 = high1 ^ x1 ^ k0;
            x1 = low1;
            x2 = high0 ^ x3 ^ k1;
            x3 = low0;
            (high0, low0) = Product(y0, m0);
            (high1, low1) = Product(y2, m1);
            y0 = high1 ^ y1 ^ k0;
            y1 = low1;
            y2 = high0 ^ y3 ^ k1;
            y3 = low0;
            k0 += w0;
            k1 += w1;
        }
        x0.Store(words);
        y0.Store(words + 8);
        x1.Store(words + 16);
        y1.Store(words + 24);
        x2.Store(words + 32);
        y2.Store(words + 40);
        x3.Store(words + 48);
        y3.Store(words + 56);
    }

    /// <summary>High and low words of 16 products: the multiplier takes even lanes only, so odd lanes are shifted down and the halves blended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> High, Vector512<uint> Low) Product(Vector512<uint> a, Vector512<uint> m)
    {
        Vector512<ulong> even = Avx512F.Multiply(a, m), odd = Avx512F.Multiply((a.AsUInt64() >>> 32).AsUInt32(), m);
        Vector512<uint> upper = Vector512.Create(0xFFFFFFFF00000000ul).AsUInt32();
        return (
            Vector512.ConditionalSelect(upper, odd.AsUInt32(), (even >>> 32).AsUInt32()),
            Vector512.ConditionalSelect(upper, (odd << 32).AsUInt32(), even.AsUInt32()));
    }

    /// <summary>High and low words of 8 products; see the overload for 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> High, Vector256<uint> Low) Product(Vector256<uint> a, Vector256<uint> m)
    {
        Vector256<ulong> even = Avx2.Multiply(a, m), odd = Avx2.Multiply((a.AsUInt64() >>> 32).AsUInt32(), m);
        return (
            Avx2.Blend((even >>> 32).AsUInt32(), odd.AsUInt32(), 0b10101010),
            Avx2.Blend(even.AsUInt32(), (odd << 32).AsUInt32(), 0b10101010));
    }
}
