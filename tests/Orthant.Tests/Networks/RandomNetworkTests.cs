using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Networks;

public sealed class RandomNetworkTests
{
    public static TheoryData<string, int, int, double> Laws { get; } = new()
    {
        { "he", 300, 200, 2.0 / 300 }, { "heUniform", 300, 200, 2.0 / 300 }, { "fanout", 300, 200, 2.0 / 200 }, { "xavier", 300, 200, 2.0 / 500 },
        { "xavierUniform", 300, 200, 2.0 / 500 }, { "lecun", 300, 200, 1.0 / 300 }, { "normal:0.25", 300, 200, 0.0625 }, { "uniform:0.3", 300, 200, 0.03 },
        { "orthogonal:1.5", 300, 200, 2.25 / 300 },
    };

    [Theory]
    [MemberData(nameof(Laws))]
    public void WeightsHaveTheVarianceOfTheirLaw(string name, int inputs, int outputs, double variance)
    {
        WeightInitializer law = WeightInitializer.Parse(name)!;
        Assert.Equal(name, law.Name);
        Assert.Equal(variance, law.Variance(inputs, outputs), 1e-15);
        double[] w = law.Draw(outputs, inputs, new RandomStream(7));
        double mean = w.Average(), square = w.Sum(x => x * x) / w.Length;
        // 60,000 draws: the mean is within 6 standard errors, the mean square within 6 · √(2/n) of the variance.
        Assert.InRange(mean, -6 * Math.Sqrt(variance / w.Length), 6 * Math.Sqrt(variance / w.Length));
        Assert.InRange(square / variance, 1 - (6 * Math.Sqrt(2.0 / w.Length)), 1 + (6 * Math.Sqrt(2.0 / w.Length)));
        if (law.IsUniform) Assert.InRange(w.Max(Math.Abs), 0.99 * Math.Sqrt(3 * variance), Math.Sqrt(3 * variance));
    }

    [Theory]
    [InlineData(5, 9)]
    [InlineData(9, 5)]
    [InlineData(6, 6)]
    public void OrthogonalMatricesAreOrthogonal(int outputs, int inputs)
    {
        double[] w = WeightInitializer.Orthogonal(1.5).Draw(outputs, inputs, new RandomStream(3));
        int few = Math.Min(outputs, inputs), many = Math.Max(outputs, inputs);
        double At(int line, int k) => outputs <= inputs ? w[(line * inputs) + k] : w[(k * inputs) + line];
        for (int a = 0; a < few; a++)
        {
            for (int b = 0; b < few; b++) Assert.Equal(a == b ? 2.25 : 0, Enumerable.Range(0, many).Sum(k => At(a, k) * At(b, k)), 1e-12);
        }
    }

    [Fact]
    public void ASeedGivesOneNetworkAndAnotherSeedAnother()
    {
        ReluNetwork a = RandomNetwork.Create([2, 8, 8, 1], WeightInitializer.He, 0.5, 5), b = RandomNetwork.Create([2, 8, 8, 1], WeightInitializer.He, 0.5, 5);
        Assert.Equal(a, b);
        Assert.NotEqual(a, RandomNetwork.Create([2, 8, 8, 1], WeightInitializer.He, 0.5, 6));
        Assert.Equal(ElementType.Float32, a.ElementType);
        AffineLayer first = (AffineLayer)a.Layers[0];
        foreach (double w in ((DenseOperator)first.Linear).Entries) Assert.Equal((float)w, w);
        foreach (double bias in first.Bias) Assert.InRange(bias, -0.5, 0.5);
    }

    [Theory]
    [InlineData("2-64x3", new[] { 2, 64, 64, 64, 1 })]
    [InlineData("784-64-64-10", new[] { 784, 64, 64, 10 })]
    [InlineData("3-16", new[] { 3, 16, 1 })]
    [InlineData("784-128-64x2-10", new[] { 784, 128, 64, 64, 10 })]
    [InlineData("2-8-4x2", new[] { 2, 8, 4, 4, 1 })]
    public void WidthsAreReadAsWritten(string text, int[] widths) => Assert.Equal(widths, RandomNetwork.ParseWidths(text));

    [Theory]
    [InlineData("")]
    [InlineData("2")]
    [InlineData("2-")]
    [InlineData("2-0x3")]
    [InlineData("2--3")]
    [InlineData("2-64xx3")]
    [InlineData("2-64x99999999999")]
    [InlineData("2-64x9999-3x9999")]
    [InlineData("-2-3")]
    public void OtherTextsAreNone(string text) => Assert.Null(RandomNetwork.ParseWidths(text));

    [Fact]
    public void StatisticsAreThoseOfTheWeights()
    {
        AffineLayer layer = AffineLayer.Dense(new double[,] { { 1, -1, 0 }, { 3, 0, 0 } }, [0.5, -2]);
        WeightStatistics s = WeightStatistics.Of(layer)!;
        Assert.Equal((6L, 0.5, -1.0, 3.0, 3L, -2.0, 0.5), (s.Count, s.Mean, s.Minimum, s.Maximum, s.Zeros, s.BiasMinimum, s.BiasMaximum));
        Assert.Equal(11.0 / 6 * 3, s.Gain, 1e-14);
        Assert.Equal(Math.Sqrt((11.0 / 6) - 0.25), s.StandardDeviation, 1e-14);
        Assert.Equal([1L, 3, 1, 1], [WeightStatistics.Histogram(layer, 4)[0], WeightStatistics.Histogram(layer, 4)[1], WeightStatistics.Histogram(layer, 4)[2], WeightStatistics.Histogram(layer, 4)[3]]);
        Assert.Null(WeightStatistics.Of(new AffineLayer(new IdentityOperator(3), [])));
    }

    [Fact]
    public void ActivationStatisticsCountUnitsAndPatterns()
    {
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1 }, { 0 }, { 0 } }, [0, 1, -1], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1, 1, 1 } })]);
        ActivationStatistics s = ActivationStatistics.On(network, 4, [-2, -1, 1, 3]);
        Assert.Equal((1, 1, 0.5), (s.Sites[0].AlwaysOn, s.Sites[0].AlwaysOff, s.Sites[0].MeanShare));
        Assert.Equal(2, s.DistinctPatterns);
        Assert.Equal((1.0, 4.0), (s.OutputMinimum[0], s.OutputMaximum[0]));
    }

    [Fact]
    public void ASliceIsTheNetworkOnAPlane()
    {
        ReluNetwork network = RandomNetwork.Create([5, 8, 2], WeightInitializer.He, 0.5, 1);
        InputSlice slice = new([0.1, 0.2, 0.3, 0.4, 0.5], [1, 0, 0, 0, 1], [0, 1, 0, -1, 0]);
        double[] direct = network.Evaluate([0.1 + 0.25, 0.2 - 0.5, 0.3, 0.4 + 0.5, 0.5 + 0.25]);
        double[] restricted = slice.Restrict(network).Evaluate([0.25, -0.5]);
        for (int i = 0; i < 2; i++) Assert.Equal(direct[i], restricted[i], 1e-14);
        double[,] grid = slice.Grid(network, (0, 0.25), (-0.5, 0), 2)[1];
        Assert.Equal(restricted[1], grid[0, 1], 1e-14);
        Assert.Throws<ArgumentException>(() => new InputSlice([0, 0], [1, 2], [2, 4]));
        Assert.Throws<ArgumentException>(() => new InputSlice([0, 0], [1, 2], [0, 0]));
        Assert.Throws<ArgumentException>(() => new InputSlice([0, double.NaN], [1, 2], [0, 1]));
    }
}
