using CsCheck;
using Orthant.Networks;

namespace Orthant.Tests.Networks;

/// <summary>Small random networks of every layer kind, with weights that make ties likely or impossible.</summary>
internal static class RandomNetworks
{
    /// <summary>Weights that are small multiples of 1/4: sums are exact, ties happen.</summary>
    public static Gen<double> Coarse { get; } = Gen.Int[-6, 6].Select(i => i / 4.0);

    public static Gen<double> Fine { get; } = Gen.Double[-1.5, 1.5];

    public static Gen<ActivationFunction> AnyActivation { get; } = Gen.OneOf(
        Gen.Const(ActivationFunction.Identity), Gen.Const(ActivationFunction.Relu), Gen.Const(ActivationFunction.Abs),
        Gen.Const(ActivationFunction.Leaky(0.125)), Gen.Const(ActivationFunction.Clip(-1, 0.5)), Gen.Const(ActivationFunction.Clip(0, 1)),
        Gen.Const(ActivationFunction.Clip(double.NegativeInfinity, 0.25)), Gen.Const(ActivationFunction.Clip(-0.5, double.PositiveInfinity)));

    public static Gen<UnitActivations> Activations(int units) => Gen.OneOf(
        AnyActivation.Select(a => UnitActivations.Uniform(a, units)),
        AnyActivation.Array[units].Select(UnitActivations.PerUnit));

    public static Gen<Layer> Affine(LinearOperator linear, Gen<double> number) =>
        Gen.Select(number.Array[linear.Outputs], Activations(linear.Outputs), Gen.Bool)
            .Select((b, a, hasBias) => (Layer)new AffineLayer(linear, hasBias ? b : [], a));

    public static Gen<LinearOperator> Dense(int outputs, int inputs, Gen<double> number) =>
        number.Array[outputs * inputs].Select(w => (LinearOperator)new DenseOperator(outputs, inputs, w));

    public static Gen<LinearOperator> Convolution(ImageShape input, Gen<double> number) =>
        Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 2], Gen.Int[0, 1], Gen.Bool).SelectMany((perGroup, high, wide, stride, frame, grouped) =>
        {
            int groups = grouped ? input.Channels : 1, channels = perGroup * groups;
            SlidingWindow window = new(Math.Min(high, input.Height), Math.Min(wide, input.Width), stride, 1, frame, 0, frame, frame);
            return number.Array[channels * (input.Channels / groups) * window.Cells]
                .Select(w => (LinearOperator)new ConvolutionOperator(input, channels, window, groups, w));
        });

    public static Gen<LinearOperator> AnyOperator(int inputs, Gen<double> number) => Gen.OneOf(
        Gen.Int[1, 4].SelectMany(n => Dense(n, inputs, number)),
        number.Array[inputs].Select(d => (LinearOperator)new DiagonalOperator(d)),
        Gen.Const((LinearOperator)new IdentityOperator(inputs)),
        Gen.Int[-1, inputs - 1].Array[1, 5].Select(s => (LinearOperator)SparseOperator.Select(inputs, s)),
        Gen.Select(Dense(2, inputs, number), Dense(1, inputs, number)).Select((a, b) => (LinearOperator)new ConcatenationOperator([a, b, new IdentityOperator(inputs)])),
        Convolution(new ImageShape(1, 1, inputs), number),
        inputs % 2 == 0
            ? Gen.Select(Dense(2, inputs / 2, number), Dense(3, inputs / 2, number)).Select((a, b) => (LinearOperator)new BlockDiagonalOperator([a, b]))
            : Gen.Const((LinearOperator)SparseOperator.SumOfParts(1, inputs)));

    public static Gen<Layer> AnyLayer(int inputs, Gen<double> number, int depth)
    {
        Gen<Layer> affine = AnyOperator(inputs, number).SelectMany(a => Affine(a, number));
        if (depth == 0) return affine;
        Gen<Layer> residual = Gen.Select(AnyLayer(inputs, number, depth - 1), AnyActivation).SelectMany((inner, f) =>
            Dense(inputs, inner.Outputs, number).SelectMany(w => Affine(w, number))
                .Select(outer => (Layer)ParallelLayer.Residual([inner, outer], f)));
        Gen<Layer> stack = Gen.Select(AnyLayer(inputs, number, depth - 1), AnyLayer(inputs, number, 0), AnyActivation)
            .Select((a, b, f) => (Layer)new ParallelLayer(inputs, [[a], [b], []], BranchJoin.Concatenation, f));
        Gen<Layer> pool = Gen.Select(Gen.Int[1, Math.Min(inputs, 4)], Gen.Int[1, 2], Gen.Int[0, 1])
            .Select((width, stride, frame) => (Layer)new MaxPoolLayer(new ImageShape(1, 1, inputs),
                new SlidingWindow(1, width, 1, stride, 0, Math.Min(frame, width - 1), 0, 0)));
        return Gen.OneOf(affine, residual, stack, pool);
    }

    public static Gen<ReluNetwork> Any(Gen<double> number, int layers = 3) =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, layers]).SelectMany((inputs, count) =>
        {
            Gen<Layer[]> chain = AnyLayer(inputs, number, 1).Select(l => new[] { l });
            for (int i = 1; i < count; i++)
            {
                chain = chain.SelectMany(done => AnyLayer(done[^1].Outputs, number, 1).Select(next => (Layer[])[.. done, next]));
            }
            return chain.Select(ls => new ReluNetwork(ls));
        });

    /// <summary>A network with points to try it at.</summary>
    public static Gen<(ReluNetwork Network, double[] X)> WithPoint(Gen<double> number) =>
        Any(number).SelectMany(n => number.Array[n.Inputs].Select(x => (n, x)));
}
