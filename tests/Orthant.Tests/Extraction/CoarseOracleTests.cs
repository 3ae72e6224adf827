using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Numerics;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

/// <summary>Answers that are coarser than doubles, or are not the outputs themselves: recovered to what they allow, and said so.</summary>
public sealed class CoarseOracleTests
{
    private static readonly ReluNetwork Small = Build([6, 8, 6, 1], 5);

    /// <summary>float32 weights, inputs and arithmetic leave errors of some 2⁻²⁴, decimals half of the last one; refined over ten rows a parameter.</summary>
    [Theory]
    [InlineData("float32", -19, "float32")]
    [InlineData("round6", -16, "rounded to 6 decimals")]
    [InlineData("noise1e-7", -18, "different answers")]
    public void TheNetworkIsRecoveredToWhatTheAnswersAllow(string how, double mostError, string note)
    {
        RecoveredNetwork found = NetworkExtraction.Run(Coarse(Small, how), new ExtractionOptions { Threads = 2 });
        Assert.True(found.IsComplete);
        Assert.InRange(Error(Small, found), -40, mostError);
        Assert.Contains(found.Notes, n => n.Contains(note, StringComparison.Ordinal));
        Assert.Contains(found.Notes, n => n.Contains("precision is limited", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("float32", 1e-4)]
    [InlineData("round6", 1e-4)]
    public void TwoLayersOfTen(string how, double mostOutputError)
    {
        ReluNetwork truth = Build([10, 10, 10, 1], 2);
        RecoveredNetwork found = NetworkExtraction.Run(Coarse(truth, how), new ExtractionOptions { Threads = 2 });
        Assert.True(found.IsComplete);
        Assert.Equal([10, 10], found.HiddenWidths);
        Assert.InRange(SampledError.Measure(new NetworkOracle(truth), found.Network!, 2000, 1).Maximum, 0, mostOutputError);
    }

    [Theory]
    [InlineData(PostProcessing.Softmax)]
    [InlineData(PostProcessing.LogSoftmax)]
    public void ProbabilitiesAreUndoneUpToAShift(PostProcessing form)
    {
        ReluNetwork truth = Build([10, 10, 10, 3], 1);
        DelegateOracle oracle = new(10, 3, x => Processed(truth.Evaluate(x), form));
        RecoveredNetwork found = NetworkExtraction.Run(oracle, new ExtractionOptions { Threads = 2 });
        Assert.True(found.IsComplete);
        Assert.Equal(form, found.PostProcessing);
        Assert.InRange(NetworkAlignment.Of(truth, found.Network!, upToShift: true)!.MaxParameterError, 0, Math.ScaleB(1, -40));
        Assert.InRange(NetworkAlignment.Of(truth, found.Network!)!.MaxParameterError, 1e-3, 10);
        Assert.InRange(SampledError.Measure(oracle, found.Network!, 2000, 1, form: form).Maximum, 0, 1e-10);
    }

    [Fact]
    public void NoiseThatDrownsEveryKinkIsSaidToDoSo()
    {
        // Answers rounded to halves: no layer can be told, and nothing is claimed.
        RecoveredNetwork found = NetworkExtraction.Run(Coarse(Small, "round0"), new ExtractionOptions { Budget = 200_000 });
        Assert.False(found.IsComplete);
        Assert.False(found.IsIdentifiable);
        Assert.Contains(found.Notes, n => n.Contains("rounded to 0 decimals", StringComparison.Ordinal));
    }

    private static double[] Processed(IReadOnlyList<double> z, PostProcessing form)
    {
        double most = z.Max(), sum = z.Sum(v => Math.Exp(v - most));
        return [.. z.Select(v => form == PostProcessing.Softmax ? Math.Exp(v - most) / sum : v - most - Math.Log(sum))];
    }

    private static DelegateOracle Coarse(ReluNetwork truth, string how)
    {
        RandomStream noise = new(99, 0);
        return new DelegateOracle(truth.Inputs, truth.Outputs, x => how switch
        {
            "float32" => Single(truth, x),
            _ when how.StartsWith("round", StringComparison.Ordinal) => [.. truth.Evaluate(x).Select(v => Math.Round(v, how[^1] - '0'))],
            _ => [.. truth.Evaluate(x).Select(v => v + (1e-7 * noise.NextNormal()))],
        });
    }

    private static double[] Single(ReluNetwork truth, ReadOnlySpan<double> x)
    {
        float[] single = new float[x.Length], answer = new float[truth.Outputs];
        for (int i = 0; i < x.Length; i++) single[i] = (float)x[i];
        truth.Evaluate<float>(1, single, answer);
        return [.. answer.Select(v => (double)v)];
    }
}
