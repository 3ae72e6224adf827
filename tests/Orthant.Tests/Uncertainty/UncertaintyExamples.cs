using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Uncertainty;

/// <summary>Small networks and inputs.</summary>
internal static class UncertaintyExamples
{
    public static float[] Numbers(int count, ulong seed)
    {
        RandomStream random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
    }

    private static double[] Weights(RandomStream random, int count, int fanIn) => [.. Enumerable.Range(0, count).Select(_ => random.NextNormal() * Math.Sqrt(2.0 / fanIn))];

    /// <summary>2×5×5 image, convolution, residual block of convolutions, max pooling, dense: 3 outputs, widths that are no multiple of a vector.</summary>
    public static ReluNetwork Convolutional(ulong seed)
    {
        RandomStream random = new(seed);
        ImageShape image = new(2, 5, 5), wide = new(3, 5, 5);
        SlidingWindow window = new(3, 3, 1, 1, 1, 1, 1, 1);
        AffineLayer Convolution(ImageShape from, ActivationFunction? activation) =>
            new(new ConvolutionOperator(from, 3, window, 1, Weights(random, 3 * from.Channels * 9, from.Channels * 9)), Weights(random, 75, 75), activation);
        MaxPoolLayer pool = new(wide, new SlidingWindow(2, 2, 2, 2));
        return new ReluNetwork(
        [
            Convolution(image, ActivationFunction.Relu),
            ParallelLayer.Residual([Convolution(wide, ActivationFunction.Relu), Convolution(wide, null)], ActivationFunction.Relu),
            pool,
            new AffineLayer(new DenseOperator(7, 12, Weights(random, 84, 12)), Weights(random, 7, 7), ActivationFunction.Relu),
            new AffineLayer(new DenseOperator(3, 7, Weights(random, 21, 7)), Weights(random, 3, 7)),
        ]);
    }
}
