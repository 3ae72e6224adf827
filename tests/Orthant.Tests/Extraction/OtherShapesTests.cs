using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Numerics;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

/// <summary>Networks that are no plain chain, and oracles that do not keep to one function: recovered, or said not to be.</summary>
public sealed class OtherShapesTests
{
    private static (double[,] W, double[] B) Layer(RandomStream random, int units, int inputs)
    {
        double[,] w = new double[units, inputs];
        for (int i = 0; i < units; i++)
        {
            for (int j = 0; j < inputs; j++) w[i, j] = random.NextNormal() / Math.Sqrt(inputs);
        }
        return (w, [.. Enumerable.Range(0, units).Select(_ => 0.3 * random.NextNormal())]);
    }

    private static double[] Affine((double[,] W, double[] B) layer, double[] x) =>
        [.. layer.B.Select((b, i) => b + Enumerable.Range(0, x.Length).Sum(j => layer.W[i, j] * x[j]))];

    private static double[] Relu(double[] z) => [.. z.Select(v => Math.Max(0, v))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ASkipAroundTheOnlyHiddenLayerIsFolded(ulong seed)
    {
        RandomStream random = new(seed, 3);
        (double[,], double[]) hidden = Layer(random, 7, 10), output = Layer(random, 1, 7), skip = Layer(random, 1, 10);
        DelegateOracle oracle = new(10, 1, x => [Affine(output, Relu(Affine(hidden, x)))[0] + Affine(skip, x)[0]]);
        RecoveredNetwork found = NetworkExtraction.Run(oracle, new ExtractionOptions { Budget = 300_000 }, TestContext.Current.CancellationToken);
        Assert.True(found.IsComplete);
        Assert.False(found.IsIdentifiable);
        Assert.Contains(found.Notes, n => n.Contains("skip connection", StringComparison.Ordinal));
        Assert.InRange(SampledError.Measure(oracle, found.Network!, 2000, 1).Maximum, 0, 1e-10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AResidualBlockIsRecoveredAsAFunctionOrMarked(ulong seed)
    {
        RandomStream random = new(seed, 4);
        (double[,], double[]) first = Layer(random, 6, 8), second = Layer(random, 6, 6), output = Layer(random, 1, 6);
        DelegateOracle oracle = new(8, 1, x =>
        {
            double[] h = Relu(Affine(first, x));
            return Affine(output, [.. Relu(Affine(second, h)).Zip(h, (a, b) => a + b)]);
        });
        RecoveredNetwork found = NetworkExtraction.Run(oracle, new ExtractionOptions { Budget = 400_000 }, TestContext.Current.CancellationToken);
        Assert.False(found.IsIdentifiable);
        Assert.Equal(6, found.HiddenWidths[0]);
        if (found.IsComplete) Assert.InRange(SampledError.Measure(oracle, found.Network!, 2000, 1).Maximum, 0, 1e-9);
    }

    [Fact]
    public void ASkipFromTheInputToTheSecondLayerIsNotCalledIdentifiable()
    {
        RandomStream random = new(5, 5);
        (double[,], double[]) first = Layer(random, 6, 8), second = Layer(random, 5, 6), skip = Layer(random, 5, 8), output = Layer(random, 1, 5);
        DelegateOracle oracle = new(8, 1, x => Affine(output, Relu([.. Affine(second, Relu(Affine(first, x))).Zip(Affine(skip, x), (a, b) => a + b)])));
        RecoveredNetwork found = NetworkExtraction.Run(oracle, new ExtractionOptions { Budget = 300_000 }, TestContext.Current.CancellationToken);
        Assert.False(found.IsIdentifiable);
        if (found.IsComplete) Assert.InRange(SampledError.Measure(oracle, found.Network!, 2000, 1).Maximum, 0, 1e-9);
        else Assert.Contains(found.Notes, n => n.Contains("skip connection", StringComparison.Ordinal));
    }

    [Fact]
    public void AConvolutionIsRecoveredWithItsSharedWeights()
    {
        // Two filters of length 3 on eight inputs, then four units.
        RandomStream random = new(6, 6);
        double[][] filters = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, 4).Select(_ => random.NextNormal()).ToArray())];
        double[,] convolution = new double[12, 8];
        double[] bias = new double[12];
        for (int f = 0; f < 2; f++)
        {
            for (int at = 0; at < 6; at++)
            {
                for (int k = 0; k < 3; k++) convolution[(f * 6) + at, at + k] = filters[f][k];
                bias[(f * 6) + at] = 0.4 * filters[f][3];
            }
        }
        (double[,] W, double[] B) second = Layer(random, 4, 12), output = Layer(random, 1, 4);
        ReluNetwork truth = new([AffineLayer.Dense(convolution, bias, ActivationFunction.Relu), AffineLayer.Dense(second.W, second.B, ActivationFunction.Relu), AffineLayer.Dense(output.W, output.B)]);
        RecoveredNetwork found = Extract(truth);
        Assert.True(found.IsComplete);
        Assert.Equal([12, 4], found.HiddenWidths);
        Assert.InRange(Error(truth, found), -60, -40);
    }

    [Fact]
    public void AnOracleThatChangesItsMindIsRefused()
    {
        ReluNetwork one = Build([6, 8, 6, 1], 5), other = Build([6, 8, 6, 1], 6);
        long asked = 0;
        DelegateOracle oracle = new(6, 1, x => ++asked < 1500 ? one.Evaluate(x) : other.Evaluate(x));
        OrthantInputException error = Assert.Throws<OrthantInputException>(() => NetworkExtraction.Run(oracle, new ExtractionOptions { Budget = 200_000 }, TestContext.Current.CancellationToken));
        Assert.Contains("has changed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10-10-1", -25)]
    [InlineData("10-10-10-1", -20)]
    public void TheMethodOf2020RecoversAtAHigherPrice(string text, double mostError)
    {
        ReluNetwork truth = Build([.. text.Split('-').Select(int.Parse)], 1);
        RecoveredNetwork found = NetworkExtraction.Run(new NetworkOracle(truth), new ExtractionOptions { Method = ExtractionMethod.RolnickKording, Budget = 1_000_000 }, TestContext.Current.CancellationToken);
        Assert.True(found.IsComplete);
        Assert.InRange(Error(truth, found), -45, mostError);
        Assert.True(found.Queries > Extract(truth).Queries);
        Assert.Equal(found.Queries, found.Stages.Sum(s => s.Queries));
        RecoveredNetwork cut = NetworkExtraction.Run(new NetworkOracle(truth), new ExtractionOptions { Method = ExtractionMethod.RolnickKording, Budget = 2000 }, TestContext.Current.CancellationToken);
        Assert.False(cut.IsComplete);
        Assert.InRange(cut.Queries, 1, 2000);
    }

    [Fact]
    public void AUnitWithAWrongWeightIsNotCertain()
    {
        ReluNetwork truth = Build([6, 8, 6, 1], 5);
        HiddenLayer[] layers = NetworkAlignment.Dense(truth)![..2];
        QueryMeter meter = new(new NetworkOracle(truth), long.MaxValue, null, default);
        SearchDomain domain = new(6);
        Assert.All(UnitVerification.Run(meter, new RandomStream(1, 0), domain, layers), u => Assert.True(u.IsCertain));
        double[] weights = [.. layers[1].Weights];
        weights[(2 * 8) + 3] += 1e-3;
        UnitConfidence[] units = [.. UnitVerification.Run(meter, new RandomStream(1, 0), domain, [layers[0], layers[1] with { Weights = weights }])];
        Assert.False(units[10].IsCertain);
        Assert.All(units[..8], u => Assert.True(u.IsCertain));
        // Nothing above a unit that is not certain is.
        weights = [.. layers[0].Weights];
        weights[7] += 1e-3;
        units = [.. UnitVerification.Run(meter, new RandomStream(1, 0), domain, [layers[0] with { Weights = weights }, layers[1]])];
        Assert.Equal([1], Enumerable.Range(0, 8).Where(i => !units[i].IsCertain));
        Assert.DoesNotContain(units, u => u.Layer == 2 && u.IsCertain);
    }

    [Fact]
    public void AJointCellIsFoundOrThereIsNone()
    {
        // h = relu(x − 1), relu(−x − 1); the reading unit is on where h_0 > 0.5 or h_1 > 0.5: with the first one left out it needs the second, which is never on together with it.
        HiddenLayer first = new(1, [1, -1], [-1, -1]);
        HiddenLayer reads = new(2, [1, 1], [-0.5]);
        JointCell.Answer answer = JointCell.Find([first, reads], new WeakWeight(1, 0, 0), new SearchDomain(1));
        Assert.Null(answer.Point);
        Assert.True(answer.IsImpossible);
        HiddenLayer overlapping = new(1, [1, 1], [-1, -2]);
        answer = JointCell.Find([overlapping, reads], new WeakWeight(1, 0, 0), new SearchDomain(1));
        Assert.NotNull(answer.Point);
        Assert.True(answer.Point[0] > 2.5);
    }

    [Fact]
    public void WhatCannotBeSeenIsLeftOut()
    {
        // Unit 1 is unit 0 doubled, unit 2 never on, unit 3 constant, unit 4 without a way out, unit 5 its own.
        double[,] w = { { 1, 2 }, { 2, 4 }, { 1, 0 }, { 0, 0 }, { 0, 1 }, { -1, 1 } }, o = { { 1, 0.5, 3, 2, 0, -1 } };
        ReluNetwork truth = new([AffineLayer.Dense(w, [0.5, 1, -1e4, 3, 0.2, 0.1], ActivationFunction.Relu), AffineLayer.Dense(o, [0.25])]);
        VisibleNetwork visible = VisibleNetwork.Of(truth);
        Assert.False(visible.IsWhole);
        Assert.Equal([2], visible.Network.HiddenWidths);
        Assert.Equal(4, visible.Notes.Length);
        Assert.InRange(SampledError.Measure(new NetworkOracle(truth), visible.Network, 1000, 1).Maximum, 0, 1e-14);
        Assert.True(VisibleNetwork.Of(Build([6, 8, 6, 1], 5)).IsWhole);
        ReluNetwork opposite = new([AffineLayer.Dense(new double[,] { { 1, 2 }, { -1, -2 } }, [0.5, -0.5], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1, 3 } }, [0])]);
        Assert.False(VisibleNetwork.Of(opposite).IsWhole);
        Assert.Equal([2], VisibleNetwork.Of(opposite).Network.HiddenWidths);
    }
}
