using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>One random pass: the activations of chosen sites under a law, all bits a function of seed, pass, site, sample and unit.</summary>
/// <remarks>
/// <para>The 16-bit field e of block b of the Philox counters (·, sample, pass, site) is that of unit 128·b + e; of channel 128·b + e; of the layer (field 0);
/// or of unit 128·b + e with sample 0, by granularity. So neither batches nor threads nor vector widths can change a draw.</para>
/// <para>Keeps no state; safe to share.</para>
/// </remarks>
internal sealed unsafe class RandomSlopeRule(
    ActivationLaw law, RandomGranularity granularity, RandomSites sites, uint pass, ulong key) : ActivationRule
{
    private readonly SlopeDraw draw = law.IsRandom ? new SlopeDraw(law) : default;

    /// <inheritdoc/>
    public override void Apply<T>(ActivationSite site, int firstRow, int rows, Span<T> values)
    {
        if (!sites.IsRandom[site.Index])
        {
            Plain.Apply(site, firstRow, rows, values);
            return;
        }
        UnitActivations activations = site.Activations!;
        int units = site.Units;
        // Where some units have other activations, those are put back afterwards.
        T[]? before = activations.Shared is null ? values.ToArray() : null;
        if (!law.IsRandom) ScaleAll(law.MeanSlope, values);
        else if (typeof(T) == typeof(float)) Draw(site.Index, firstRow, rows, units, MemoryMarshal.Cast<T, float>(values));
        else DrawSlowly(site.Index, firstRow, rows, units, values);
        if (before is null) return;
        for (int i = 0; i < values.Length; i++)
        {
            ActivationFunction own = activations[i % units];
            if (!own.Equals(sites.Replaced)) values[i] = own.Evaluate(before[i]);
        }
    }

    private void Draw(int site, int firstRow, int rows, int units, Span<float> values)
    {
        Span<uint> words = stackalloc uint[Philox.BlockWords];
        fixed (float* start = values)
        fixed (uint* block = words)
        {
            for (int row = 0; row < rows; row++)
            {
                float* at = start + ((nint)row * units);
                uint sample = granularity == RandomGranularity.Batch ? 0 : (uint)(firstRow + row);
                if (RunLength(site, units) is int run and > 1)
                {
                    for (int first = 0; first * run < units; first += Philox.BlockHalfWords)
                    {
                        Philox.Fill((uint)(first / Philox.BlockHalfWords), sample, pass, (uint)site, key, words);
                        int end = Math.Min(Philox.BlockHalfWords, (units / run) - first);
                        for (int c = 0; c < end; c++) ScaleRun(draw.Slopes(Philox.HalfWord(words, c)), new Span<float>(at + ((nint)(first + c) * run), run));
                    }
                    continue;
                }
                for (int first = 0; first < units; first += Philox.BlockHalfWords)
                {
                    Philox.Fill((uint)(first / Philox.BlockHalfWords), sample, pass, (uint)site, key, words);
                    RandomizedActivation.ApplyDraws(draw, Math.Min(Philox.BlockHalfWords, units - first), block, at + first);
                }
            }
        }
    }

    /// <summary>The same by the definition, for types that have no vector path.</summary>
    private void DrawSlowly<T>(int site, int firstRow, int rows, int units, Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<uint> words = stackalloc uint[Philox.BlockWords];
        int run = RunLength(site, units);
        for (int row = 0; row < rows; row++)
        {
            uint sample = granularity == RandomGranularity.Batch ? 0 : (uint)(firstRow + row);
            for (int unit = 0; unit < units; unit++)
            {
                int field = unit / run;
                if (unit % (run * Philox.BlockHalfWords) == 0) Philox.Fill((uint)(field / Philox.BlockHalfWords), sample, pass, (uint)site, key, words);
                (float left, float right) = draw.Slopes(Philox.HalfWord(words, field % Philox.BlockHalfWords));
                ref T value = ref values[(row * units) + unit];
                value *= T.CreateTruncating(value > T.Zero ? right : left);
            }
        }
    }

    /// <summary>The neighbouring units that share a draw.</summary>
    private int RunLength(int site, int units) => granularity switch
    {
        RandomGranularity.Channel => sites.Pixels[site],
        RandomGranularity.Layer => units,
        _ => 1,
    };

    private static void ScaleRun((float Left, float Right) slopes, Span<float> values)
    {
        foreach (ref float value in values) value *= value > 0 ? slopes.Right : slopes.Left;
    }

    /// <summary>The law without randomness. The rectifier is taken as such, so that its bits are those of the plain network.</summary>
    private static void ScaleAll<T>(double slope, Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (slope == 0)
        {
            TensorPrimitives.Max(values, T.Zero, values);
            return;
        }
        T left = T.CreateTruncating((float)slope);
        foreach (ref T value in values)
        {
            if (!(value > T.Zero)) value *= left;
        }
    }
}
