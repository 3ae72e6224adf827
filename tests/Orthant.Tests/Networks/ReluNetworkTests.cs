using CsCheck;
using Orthant.Networks;

namespace Orthant.Tests.Networks;

public sealed class ReluNetworkTests
{
    [Fact]
    public void AnAffinePieceEqualsTheNetworkAtItsPoint() =>
        RandomNetworks.WithPoint(RandomNetworks.Coarse).Sample((n, x) =>
        {
            AffinePiece piece = n.PieceAt(x);
            double[] y = n.Evaluate(x);
            Assert.Equal(y, piece.Evaluate(x));
        }, iter: 3000);

    [Fact]
    public void GradientsEqualDifferencesUnderAFrozenPattern() =>
        RandomNetworks.WithPoint(RandomNetworks.Coarse).Sample((n, x) =>
        {
            ActivationPattern pattern = n.PatternAt(x);
            AffinePiece piece = n.PieceOf(pattern);
            double[] at = new double[n.Outputs], beside = new double[n.Outputs];
            n.Evaluate(1, x, at, ActivationRule.Frozen(pattern));
            for (int j = 0; j < n.Inputs; j++)
            {
                double[] shifted = (double[])x.Clone();
                shifted[j] += 1;
                n.Evaluate(1, shifted, beside, ActivationRule.Frozen(pattern));
                for (int i = 0; i < n.Outputs; i++) Assert.Equal(piece.Gradient[i, j], beside[i] - at[i], 1e-9);
            }
        }, iter: 1000);

    [Fact]
    public void BatchesAnyNumberOfThreadsAndSinglePointsGiveTheSameBits() =>
        Gen.Select(RandomNetworks.Any(RandomNetworks.Fine), Gen.Int[1, 700], Gen.Int[1, 4]).Sample((n, rows, threads) =>
        {
            double[] x = new double[rows * n.Inputs];
            for (int i = 0; i < x.Length; i++) x[i] = Math.Sin(i + 1.0);
            double[] batch = new double[rows * n.Outputs], parallel = new double[rows * n.Outputs];
            n.Evaluate<double>(rows, x, batch);
            n.EvaluateParallel<double>(rows, x, parallel, threads);
            Assert.Equal(batch, parallel);
            for (int row = 0; row < rows; row += 97)
            {
                Assert.Equal(batch[(row * n.Outputs)..((row + 1) * n.Outputs)], n.Evaluate(x.AsSpan(row * n.Inputs, n.Inputs)));
            }
        }, iter: 150);

    [Fact]
    public void SinglePrecisionIsNearDoublePrecision() =>
        RandomNetworks.WithPoint(RandomNetworks.Fine).Sample((n, x) =>
        {
            float[] y = new float[n.Outputs];
            n.Evaluate<float>(1, Array.ConvertAll(x, v => (float)v), y);
            double[] exact = n.Evaluate(x);
            for (int i = 0; i < y.Length; i++) Assert.Equal(exact[i], y[i], 1e-3 * (1 + Math.Abs(exact[i])));
        }, iter: 500);

    [Fact]
    public void NetworksAreEqualByWhatTheyHold()
    {
        static ReluNetwork Make(double w) => new([AffineLayer.Dense(new double[,] { { w, 2 } }, [1], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1 } })]);
        Assert.Equal(Make(1), Make(1));
        Assert.Equal(Make(1).GetHashCode(), Make(1).GetHashCode());
        Assert.NotEqual(Make(1), Make(1.5));
        Assert.NotEqual(Make(0.0), Make(-0.0));
        Assert.NotEqual(Make(1), Make(1).With(elementType: ElementType.Float32));
    }

    [Fact]
    public void TextNamesWidthsAndActivations()
    {
        ReluNetwork network = new([
            AffineLayer.Dense(new double[16, 2], null, ActivationFunction.Relu), AffineLayer.Dense(new double[16, 16], null, ActivationFunction.Relu), AffineLayer.Dense(new double[1, 16])]);
        Assert.Equal("2-16-16-1 ReLU", network.ToString());
        Assert.Equal((32, 2, 1, 48 - 16 + 256 + 16), (network.UnitCount, network.Inputs, network.Outputs, (int)network.Parameters));
    }

    [Fact]
    public void LayersThatDoNotFollowAreRefused()
    {
        Assert.Throws<ArgumentException>(() => new ReluNetwork([]));
        Assert.Throws<ArgumentException>(() => new ReluNetwork([AffineLayer.Dense(new double[2, 3]), AffineLayer.Dense(new double[1, 3])]));
        Assert.Throws<ArgumentException>(() => AffineLayer.Dense(new double[,] { { double.NaN } }));
        Assert.Throws<ArgumentException>(() => AffineLayer.Dense(new double[,] { { 1 } }, [double.PositiveInfinity]));
        Assert.Throws<ArgumentException>(() => ParallelLayer.Residual([AffineLayer.Dense(new double[2, 3])]));
        Assert.Throws<ArgumentException>(() => new MaxPoolLayer(new ImageShape(1, 2, 2), new SlidingWindow(3, 3)));
    }
}
