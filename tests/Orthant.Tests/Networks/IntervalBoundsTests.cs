using CsCheck;
using Orthant.Networks;

namespace Orthant.Tests.Networks;

public sealed class IntervalBoundsTests
{
    [Fact]
    public void BoundsHoldAtRandomPointsOfTheBox() =>
        Gen.Select(RandomNetworks.WithPoint(RandomNetworks.Fine), Gen.Double[0, 1].Array[4], Gen.Double[-1, 1].Array[4]).Sample((f, radii, at) =>
        {
            (ReluNetwork network, double[] centre) = f;
            double[] lo = centre.Select((c, j) => c - radii[j]).ToArray(), hi = centre.Select((c, j) => c + radii[j]).ToArray();
            double[] x = centre.Select((c, j) => Math.Clamp(c + (at[j] * radii[j]), lo[j], hi[j])).ToArray();
            IntervalBounds bounds = IntervalBounds.On(network, lo, hi);
            double[] y = network.Evaluate(x);
            AffinePiece piece = network.PieceAt(x);
            for (int i = 0; i < y.Length; i++)
            {
                Assert.InRange(y[i], bounds.Outputs[i].Lower, bounds.Outputs[i].Upper);
                double[] gradient = Enumerable.Range(0, network.Inputs).Select(j => Math.Abs(piece.Gradient[i, j])).ToArray();
                Assert.True(gradient.Max() <= bounds.Gradients[i].L1);
                Assert.True(Math.Sqrt(gradient.Sum(g => g * g)) <= bounds.Gradients[i].L2);
                Assert.True(gradient.Sum() <= bounds.Gradients[i].LInf);
                Assert.Equal(0, bounds.LoweringError[i]);
            }
        }, iter: 2000);

    [Fact]
    public void OneLayerIsBoundedSharply()
    {
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1, -2 } }, [0.5])]);
        IntervalBounds bounds = IntervalBounds.On(network, [-1, 0], [1, 1]);
        Assert.Equal(-2.5, bounds.Outputs[0].Lower, 1e-14);
        Assert.Equal(1.5, bounds.Outputs[0].Upper, 1e-14);
        Assert.Equal(2, bounds.Gradients[0].L1, 1e-14);
        Assert.Equal(Math.Sqrt(5), bounds.Gradients[0].L2, 1e-14);
        Assert.Equal(3, bounds.Gradients[0].LInf, 1e-14);
    }

    [Fact]
    public void RoundedConstantsAreCarriedToTheOutputs()
    {
        double[,] third = { { 1 / 3.0 } };
        ConstantRounding rounding = new(1e-10, 1e-11, 0);
        ReluNetwork network = new([new AffineLayer(new DenseOperator(third), [1], ActivationFunction.Relu, rounding), AffineLayer.Dense(new double[,] { { -4 } })]);
        IntervalBounds bounds = IntervalBounds.On(network, [-3], [2]);
        Assert.Equal(4 * ((1e-10 * 1) + 1e-11), bounds.LoweringError[0], 1e-18);
    }

    [Fact]
    public void BoxesThatAreNoneAreRefused()
    {
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1, 2 } })]);
        Assert.Throws<ArgumentException>(() => IntervalBounds.On(network, [0], [1]));
        Assert.Throws<ArgumentException>(() => IntervalBounds.On(network, [0, 1], [1, 0]));
        Assert.Throws<ArgumentException>(() => IntervalBounds.On(network, [0, double.NegativeInfinity], [1, 0]));
    }
}
