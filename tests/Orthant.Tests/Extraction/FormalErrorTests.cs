using System.Text.Json.Nodes;
using Orthant.Certificates;
using Orthant.Extraction;
using Orthant.Networks;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

/// <summary>Bounds on the difference of two networks hold for every input, and the checker believes them and nothing smaller.</summary>
public sealed class FormalErrorTests
{
    private static readonly double[] Low = [-1, -1, -1], High = [1, 1, 1];

    /// <summary>The network with its units turned round and scaled, and every weight changed by up to a size.</summary>
    private static ReluNetwork Disturbed(ReluNetwork truth, double size)
    {
        HiddenLayer[] layers = NetworkAlignment.Dense(truth)!;
        Orthant.Numerics.RandomStream random = new(5, 0);
        double[] scale = [.. Enumerable.Repeat(1.0, truth.Inputs)];
        int[] order = [.. Enumerable.Range(0, truth.Inputs)];
        List<AffineLayer> result = [];
        for (int l = 0; l < layers.Length; l++)
        {
            bool last = l == layers.Length - 1;
            int n = layers[l].Units;
            int[] next = [.. Enumerable.Range(0, n).Select(i => last ? i : n - 1 - i)];
            double[] factor = [.. next.Select(_ => last ? 1 : Math.Exp(random.NextNormal()))];
            double[,] weights = new double[n, layers[l].Inputs];
            double[] bias = new double[n];
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < layers[l].Inputs; j++)
                {
                    weights[i, j] = factor[i] * (layers[l].Row(next[i])[order[j]] + (size * random.NextDouble(-1, 1))) / scale[j];
                }
                bias[i] = factor[i] * (layers[l].Bias[next[i]] + (size * random.NextDouble(-1, 1)));
            }
            result.Add(AffineLayer.Dense(weights, bias, last ? null : ActivationFunction.Relu));
            (order, scale) = (next, factor);
        }
        return new ReluNetwork(result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-12)]
    [InlineData(1e-6)]
    [InlineData(0.05)]
    public void NoInputIsWorseThanTheBounds(double size)
    {
        ReluNetwork truth = Build([3, 7, 6, 2], 4), other = Disturbed(truth, size);
        FormalError error = FormalError.Of(truth, other, Low, High)!;
        double seen = SampledError.Measure(new NetworkOracle(truth), other, 20_000, 1, Low, High).Maximum;
        double largest = error.IntervalBounds.Max();
        // Evaluating both in doubles errs by a few roundings of outputs of size 10.
        Assert.InRange(seen, 0, error.Bound + 1e-14);
        Assert.InRange(largest, size, Math.Max(1e-12, 2000 * size));
        Assert.All(error.NormBounds, b => Assert.True(b >= 0 && double.IsFinite(b)));
        WorstDifference worst = WorstDifference.Of(truth, other, Low, High, 2_000_000)!;
        Assert.InRange(worst.Maximum, seen * (1 - 1e-9) - 1e-14, error.Bound + 1e-14);
        Assert.Equal(worst.Maximum, Math.Abs(worst.Witness), Math.Max(1e-14, 1e-9 * worst.Maximum));
        Assert.True(CertificateChecker.Check(error.Certificate).Valid);
    }

    [Fact]
    public void OneUnitByHand()
    {
        // |relu(2x + 1) − relu(2.5 x + 1)| on [−1, 1]: 0.5 at x = 1, and 0.5·1 is what the recursion says.
        ReluNetwork a = new([AffineLayer.Dense(new double[,] { { 2 } }, [1], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1 } }, [0])]);
        ReluNetwork b = new([AffineLayer.Dense(new double[,] { { 2.5 } }, [1], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1 } }, [0])]);
        FormalError error = FormalError.Of(a, b, [-1], [1])!;
        WorstDifference worst = WorstDifference.Of(a, b, [-1], [1])!;
        Assert.Equal(0.5, worst.Maximum, 1e-12);
        Assert.Equal(1, Math.Abs(worst.At[0]));
        Assert.InRange(error.Bound, 0.5, 1);
    }

    [Fact]
    public void AStrongerClaimIsRefused()
    {
        ReluNetwork truth = Build([3, 7, 6, 2], 4), other = Disturbed(truth, 1e-6), third = Build([3, 7, 6, 2], 5);
        DifferenceCertificate claim = FormalError.Of(truth, other, Low, High)!.Certificate;
        Assert.True(CertificateChecker.Check(claim, truth).Valid);
        Assert.True(CertificateChecker.Check(claim, other).Valid);
        Assert.False(CertificateChecker.Check(claim, third).Valid);
        Assert.False(CertificateChecker.Check(claim with { Bounds = [.. claim.Bounds.Select(b => b / 2)] }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Bounds = [double.NaN, double.NaN] }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Lower = [-3, -3, -3] }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Order = [[0, 1, 2, 3, 4, 5, 6], claim.Order[1]] }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Order = [[0, 0, 2, 3, 4, 5, 6], claim.Order[1]] }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Scale = [[.. claim.Scale[0].Select(s => -s)], claim.Scale[1]] }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Scale = [[1, 1, 1, 1, 1, 1, 1], claim.Scale[1]] }).Valid);
        JsonNode node = claim.ToJsonNode();
        Assert.True(CertificateChecker.Check(Certificate.Parse("test", node.ToJsonString())).Valid);
        node["second"]!["stages"]![0]!["weights"]![0]![0] = 9.0;
        Assert.False(CertificateChecker.Check(Certificate.Parse("test", node.ToJsonString())).Valid);
        // A unit more on the other side, an input that only one of them reads, outputs that are rectified: nothing that is compared in part.
        StageData first = claim.Second.Stages[0], final = claim.Second.Stages[^1];
        StageData wider = first with { Weights = [.. first.Weights.Select(r => (double[])[.. r, 1])] };
        Assert.False(CertificateChecker.Check(claim with { Second = new NetworkData([wider, .. claim.Second.Stages[1..]]) }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Second = new NetworkData([.. claim.Second.Stages[..^1], final with { LeftSlopes = [0, 0] }]) }).Valid);
        Assert.False(CertificateChecker.Check(claim with { Second = new NetworkData([.. claim.Second.Stages, claim.Second.Stages[^1] with { Weights = [[1, 0], [0, 1]] }]) }).Valid);
    }

    [Fact]
    public void ARecoveredNetworkIsProvedToBeTheTrueOne()
    {
        ReluNetwork truth = Build([6, 8, 6, 1], 5);
        RecoveredNetwork found = Extract(truth);
        FormalError error = FormalError.Of(truth, found.Network!, [-1, -1, -1, -1, -1, -1], [1, 1, 1, 1, 1, 1])!;
        Assert.InRange(error.Bound, 0, 1e-11);
        Assert.True(CertificateChecker.Check(error.Certificate, found.Network).Valid);
    }

    [Fact]
    public void OtherWidthsHaveNoBound() => Assert.Null(FormalError.Of(Build([3, 7, 6, 2], 4), Build([3, 7, 5, 2], 4), Low, High));
}
