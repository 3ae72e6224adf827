using CsCheck;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class ActivationLawTests
{
    private static readonly Gen<ActivationLaw> AnyLaw = Gen.OneOf(
        Gen.Const(ActivationLaw.Relu),
        Gen.Double[-2, 2].Select(ActivationLaw.Leaky),
        Gen.Double[0, 0.999].Select(ActivationLaw.Dropout),
        Gen.Double[0, 1].Select(ActivationLaw.DropRelu),
        Gen.Select(Gen.Double[-1, 1], Gen.Double[0, 1]).Select((lower, width) => ActivationLaw.RandomizedLeaky(lower, lower + width)));

    [Fact]
    public void A_name_is_read_back_as_the_same_law() => AnyLaw.Sample(
        law => Assert.Equal(law, ActivationLaw.TryParse(law.ToString(), out ActivationLaw? read) ? read : null));

    [Theory]
    [InlineData("relu", 0, false)]
    [InlineData("leaky:0.1", 0.1, false)]
    [InlineData("dropout:0.2", 0, true)]
    [InlineData("droprelu:0.9", 0.1, true)]
    [InlineData("rrelu:0.125,0.375", 0.25, true)]
    [InlineData("rrelu:-0.2,0.2", 0, true)]
    [InlineData("dropout:0", 0, false)]
    [InlineData("droprelu:1", 0, false)]
    [InlineData("droprelu:0", 1, false)]
    [InlineData("rrelu:0.3,0.3", 0.3, false)]
    public void A_law_has_its_mean_slope_and_draws_only_where_it_must(string name, double slope, bool random)
    {
        Assert.True(ActivationLaw.TryParse(name, out ActivationLaw? law));
        Assert.Equal(slope, law.MeanSlope, 1e-15);
        Assert.Equal(random, law.IsRandom);
        Assert.Equal(ActivationFunction.Leaky((float)law.MeanSlope), law.Surrogate);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Relu")]
    [InlineData("relu:1")]
    [InlineData("dropout")]
    [InlineData("dropout:1")]
    [InlineData("dropout:-0.1")]
    [InlineData("droprelu:1.5")]
    [InlineData("rrelu:0.3")]
    [InlineData("rrelu:0.4,0.3")]
    [InlineData("leaky:NaN")]
    [InlineData("leaky:1,5")]
    public void Other_names_are_refused(string? name) => Assert.False(ActivationLaw.TryParse(name, out _));

    [Fact]
    public unsafe void Every_unit_draws_by_its_place_whatever_rows_are_computed_together() =>
        Gen.Select(AnyLaw, Gen.Int[1, 6], Gen.Int[1, 20], Gen.UInt, Gen.ULong, Gen.Int[0, 5]).Sample(
            (law, rows, sixteens, pass, key, cut) =>
            {
                int width = 16 * sixteens;
                Random random = new((int)pass);
                using AlignedBuffer<float> h = new(rows * width), d = new(rows * width), bias = new(width);
                foreach (ref float value in h.Span) value = (float)(random.NextDouble() - 0.5);
                foreach (ref float value in bias.Span) value = (float)(random.NextDouble() - 0.5) / 4;
                float[] before = h.Span.ToArray();
                cut = Math.Min(cut, rows);
                RandomizedActivation.Apply(law, true, cut, width, h.Pointer, bias.Pointer, d.Pointer, 7, pass, 3, key);
                float* rest = h.Pointer + (cut * width), restD = d.Pointer + (cut * width);
                RandomizedActivation.Apply(law, true, rows - cut, width, rest, bias.Pointer, restD, 7 + (uint)cut, pass, 3, key);
                uint[] words = new uint[Philox.BlockWords];
                for (int row = 0; row < rows; row++)
                {
                    for (int j = 0; j < width; j++)
                    {
                        Philox.Fill(VectorPath.Scalar, (uint)(j / 128), 7 + (uint)row, pass, 3, key, words);
                        float sum = before[(row * width) + j] + bias.Pointer[j], slope = Derivative(law, sum, Philox.HalfWord(words, j % 128));
                        Assert.Equal(slope, d.Pointer[(row * width) + j]);
                        Assert.Equal(sum * slope, h.Pointer[(row * width) + j]);
                    }
                }
            },
            iter: 60);

    [Fact]
    public unsafe void Draws_have_the_mean_and_the_variance_of_their_law()
    {
        const int Rows = 4000, Width = 256;
        foreach ((string name, double value, double mean, double variance) in new (string, double, double, double)[]
        {
            ("dropout:0.2", 1, 1, 0.25), ("dropout:0.2", -1, 0, 0), ("droprelu:0.9", -1, 0.1, 0.09), ("droprelu:0.9", 1, 1, 0),
            ("rrelu:0.125,0.375", -1, 0.25, 0.25 * 0.25 / 12), ("rrelu:-0.5,0.5", -1, 0, 1.0 / 12),
        })
        {
            Assert.True(ActivationLaw.TryParse(name, out ActivationLaw? law));
            using AlignedBuffer<float> h = new(Rows * Width), d = new(Rows * Width), bias = new(Width);
            h.Span.Fill((float)value);
            RandomizedActivation.Apply(law, true, Rows, Width, h.Pointer, bias.Pointer, d.Pointer, 0, 1, 2, 99);
            double average = 0, square = 0;
            foreach (float slope in d.Span)
            {
                average += slope;
                square += (slope - mean) * (slope - mean);
            }
            average /= Rows * Width;
            square /= Rows * Width;
            // Four standard errors, and the rounding of probabilities to 2⁻¹⁶.
            Assert.Equal(mean, average, (4 * Math.Sqrt(variance / (Rows * Width))) + (2.0 / 65536));
            Assert.Equal(variance, square, 0.01 * variance);
        }
    }

    [Fact]
    public unsafe void Without_draws_the_mean_slope_is_used_and_nothing_is_dropped()
    {
        Assert.True(ActivationLaw.TryParse("droprelu:0.75", out ActivationLaw? law));
        using AlignedBuffer<float> h = new(16), d = new(16), bias = new(16);
        for (int j = 0; j < 16; j++) h.Pointer[j] = j - 8;
        RandomizedActivation.Apply(law, false, 1, 16, h.Pointer, bias.Pointer, d.Pointer, 0, 0, 0, 0);
        for (int j = 0; j < 16; j++) Assert.Equal(j > 8 ? j - 8 : (j - 8) / 4f, h.Pointer[j]);
    }

    /// <summary>The law's table, written out.</summary>
    private static float Derivative(ActivationLaw law, float h, ushort field)
    {
        double keep = Math.Max(law.Kind == ActivationLawKind.Dropout ? 1 : 0, Math.Round(65536 * (law.Kind == ActivationLawKind.Dropout ? 1 - law.First : law.First)));
        return law.Kind switch
        {
            ActivationLawKind.Leaky => h > 0 ? 1 : (float)law.First,
            ActivationLawKind.Dropout => h > 0 && field < keep ? (float)(65536 / keep) : 0,
            ActivationLawKind.DropRelu => h > 0 || field >= keep ? 1 : 0,
            _ => h > 0
                ? 1
                : MathF.FusedMultiplyAdd(field, (float)((law.Second - law.First) / 65536), (float)(law.First + ((law.Second - law.First) / 65536 / 2))),
        };
    }
}
