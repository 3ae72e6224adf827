using CsCheck;
using Orthant.Networks;

namespace Orthant.Tests.Formats;

/// <summary>Random networks of every layer kind that a file can hold as it is.</summary>
internal static class RandomNetworks
{
    private static readonly ActivationFunction[] Functions =
    [
        ActivationFunction.Identity, ActivationFunction.Relu, ActivationFunction.Abs, ActivationFunction.Leaky(0.125),
        ActivationFunction.Clip(0, 6),
        ActivationFunction.Clip(-1, double.PositiveInfinity), ActivationFunction.Clip(double.NegativeInfinity, 0.5),
    ];

    /// <summary>Networks of one to five layers whose numbers the element type holds.</summary>
    public static Gen<ReluNetwork> All(ElementType type) => Gen.Int.Select(seed => Create(new Random(seed), type));

    /// <summary>Networks of dense layers and residual blocks with one activation a layer.</summary>
    public static Gen<ReluNetwork> Plain { get; } = Gen.Int.Select(seed =>
    {
        Random random = new(seed);
        List<Layer> layers = [];
        int width = random.Next(1, 5);
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            Layer layer = random.Next(3) == 0
                ? ParallelLayer.Residual(
                    [Dense(random, width, 3, ElementType.Float64, false), Dense(random, 3, width, ElementType.Float64, false)],
                    Pick(random))
                : Dense(random, width, random.Next(1, 5), ElementType.Float64, false);
            layers.Add(layer);
            width = layer.Outputs;
        }
        return new ReluNetwork(layers);
    });

    private static ReluNetwork Create(Random random, ElementType type)
    {
        List<Layer> layers = [];
        ImageShape image = new(random.Next(1, 3), random.Next(2, 5), random.Next(2, 5));
        int width = image.Length;
        bool isImage = true;
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            Layer layer = isImage ? OnImage(random, ref image, ref isImage, type) : OnVector(random, width, type);
            layers.Add(layer);
            width = layer.Outputs;
        }
        return new ReluNetwork(
            layers, type, random.Next(2) == 0 ? "" : "a <b> \"c\"", new Dictionary<string, string> { ["law"] = "droprelu:0.9 €" });
    }

    private static Layer OnImage(Random random, ref ImageShape image, ref bool isImage, ElementType type)
    {
        SlidingWindow window = new(
            random.Next(1, Math.Min(image.Height, 2) + 1), random.Next(1, Math.Min(image.Width, 2) + 1), random.Next(1, 3),
            random.Next(1, 3));
        switch (random.Next(5))
        {
            case 0:
                SlidingWindow framed = window with
                {
                    Top = random.Next(2),
                    Left = random.Next(2),
                    Right = random.Next(2),
                    DilationX = image.Width > 2 ? 2 : 1,
                };
                int groups = image.Channels % 2 == 0 ? random.Next(1, 3) : 1, filters = 2 * random.Next(1, 3);
                ConvolutionOperator linear = new(
                    image, filters, framed, groups, Numbers(random, filters * image.Channels / groups * framed.Cells, type));
                image = linear.Output;
                return new AffineLayer(
                    linear, Bias(random, linear.Outputs, linear.Output.Pixels, type), Activations(random, linear.Outputs));
            case 1:
                AveragePoolOperator average = new(image, window, random.Next(2) == 0);
                image = average.Output;
                double rounding = average.EntriesAreExact ? 0 : Math.Pow(2, -53);
                return new AffineLayer(average, Bias(random, average.Outputs, 1, type), Pick(random), new ConstantRounding(rounding, 0, 0));
            case 2:
                MaxPoolLayer pool = new(image, window);
                image = pool.Output;
                return pool;
            default:
                isImage = false;
                return OnVector(random, image.Length, type);
        }
    }

    private static Layer OnVector(Random random, int width, ElementType type)
    {
        switch (random.Next(8))
        {
            case 0:
                return new AffineLayer(new IdentityOperator(width), Bias(random, width, 1, type), Activations(random, width));
            case 1:
                return new AffineLayer(
                    new DiagonalOperator(Numbers(random, width, type)), Bias(random, width, 1, type), Activations(random, width));
            case 2:
                // Never the identity, which would be one.
                int[] chosen = [.. Enumerable.Range(0, width + 1).Select(_ => random.Next(width))];
                return new AffineLayer(
                    SparseOperator.Select(width, chosen), Bias(random, width + 1, 1, type), Activations(random, width + 1));
            case 3:
                return ParallelLayer.Residual([OnVectorOfSameWidth(random, width, type)], Pick(random));
            case 4:
                Layer[][] branches =
                [
                    [Dense(random, width, 3, type, true)],
                    [Dense(random, width, 2, type, true), Dense(random, 2, 3, type, true)],
                    [Dense(random, width, 3, type, false)],
                ];
                return new ParallelLayer(width, branches[..random.Next(2, 4)], BranchJoin.Sum, Pick(random));
            case 5:
                return new ParallelLayer(
                    width, [[Dense(random, width, 3, type, true)], [], [Dense(random, width, 1, type, false)]], BranchJoin.Concatenation,
                    Pick(random));
            default:
                return Dense(random, width, random.Next(1, 5), type, true);
        }
    }

    private static AffineLayer OnVectorOfSameWidth(Random random, int width, ElementType type) => Dense(random, width, width, type, true);

    private static AffineLayer Dense(Random random, int inputs, int outputs, ElementType type, bool mixed) => new(
        new DenseOperator(outputs, inputs, Numbers(random, inputs * outputs, type)),
        Bias(random, outputs, 1, type),
        mixed ? Activations(random, outputs) : UnitActivations.Uniform(Pick(random), outputs));

    private static ActivationFunction Pick(Random random) => Functions[random.Next(Functions.Length)];

    private static UnitActivations Activations(Random random, int count) => random.Next(3) == 0
        ? UnitActivations.PerUnit(Enumerable.Range(0, count).Select(_ => Pick(random)))
        : UnitActivations.Uniform(Pick(random), count);

    private static double[] Bias(Random random, int count, int repeated, ElementType type)
    {
        switch (random.Next(4))
        {
            case 0:
                return [];
            case 1:
                return new double[count];
            case 2:
                double[] few = Numbers(random, count / repeated, type);
                return [.. few.SelectMany(f => Enumerable.Repeat(f, repeated))];
            default:
                return Numbers(random, count, type);
        }
    }

    private static double[] Numbers(Random random, int count, ElementType type)
    {
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++)
        {
            double value = random.Next(10) == 0 ? -0.0 : (2 * random.NextDouble()) - 1;
            numbers[i] = type switch
            {
                ElementType.Float16 => (double)(Half)value,
                ElementType.Float32 => (float)value,
                _ => value,
            };
        }
        return numbers;
    }
}
