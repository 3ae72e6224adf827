using CsCheck;
using Orthant.Networks;

namespace Orthant.Tests.Networks;

public sealed class NetworkAlgebraTests
{
    private static readonly Gen<(ReluNetwork F, ReluNetwork G, double[] X)> Pairs = RandomNetworks.WithPoint(RandomNetworks.Coarse).SelectMany(f =>
        RandomNetworks.AnyLayer(f.Network.Inputs, RandomNetworks.Coarse, 1).SelectMany(first =>
            RandomNetworks.Dense(f.Network.Outputs, first.Outputs, RandomNetworks.Coarse)
                .Select(last => (f.Network, new ReluNetwork([first, new AffineLayer(last, [])]), f.X))));

    [Fact]
    public void CombinationsAreWhatTheySayExactly() => Pairs.Sample((f, g, x) =>
    {
        double[] a = f.Evaluate(x), b = g.Evaluate(x);
        Assert.Equal(a.Zip(b, (u, v) => u + v), NetworkAlgebra.Add(f, g).Evaluate(x));
        Assert.Equal([.. a, .. b], NetworkAlgebra.Stack(f, g).Evaluate(x));
        Assert.Equal(a.Select(u => u * -0.75), NetworkAlgebra.Scale(f, -0.75).Evaluate(x));
        ReluNetwork outer = new([AffineLayer.Dense(Ones(2, f.Outputs), [1, -1], ActivationFunction.Relu)]);
        Assert.Equal(outer.Evaluate(a), NetworkAlgebra.Compose(outer, f).Evaluate(x));
    }, iter: 1000);

    [Fact]
    public void PaddingDepthAddsHiddenLayersAndKeepsTheFunction() =>
        Gen.Select(RandomNetworks.WithPoint(RandomNetworks.Coarse), Gen.Int[0, 4]).Sample((f, layers) =>
        {
            ReluNetwork padded = NetworkAlgebra.PadDepth(f.Network, layers);
            Assert.Equal(f.Network.Sites.Length + layers, padded.Sites.Length);
            Assert.Equal(f.Network.Evaluate(f.X), padded.Evaluate(f.X));
        }, iter: 1000);

    [Fact]
    public void NetworksThatDoNotFitAreRefused()
    {
        ReluNetwork two = new([AffineLayer.Dense(Ones(1, 2))]), three = new([AffineLayer.Dense(Ones(1, 3))]);
        Assert.Throws<ArgumentException>(() => NetworkAlgebra.Add(two, three));
        Assert.Throws<ArgumentException>(() => NetworkAlgebra.Compose(two, three));
    }

    private static double[,] Ones(int rows, int columns)
    {
        double[,] m = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) m[i, j] = 1;
        }
        return m;
    }
}
