using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class GradientTests
{
    public static TheoryData<string, bool> Cases => new(
        from law in (string[])["relu", "leaky:0.2", "dropout:0.25", "droprelu:0.8", "rrelu:0.125,0.3333"]
        from classes in (bool[])[true, false]
        select (law, classes));

    /// <summary>Central differences with the activation derivatives frozen: the loss is then a smooth function of the weights, and no kink lies between the two points.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public unsafe void Gradients_are_the_differences_of_the_loss_with_frozen_activations(string law, bool classes)
    {
        Assert.True(ActivationLaw.TryParse(law, out ActivationLaw? activation));
        LabelledData data = classes ? TrainingExamples.Noise(40, 50, 5, 3) : TrainingExamples.Kinks(40, 50, 3);
        TrainingTask task = new([50, 37, 20, data.Outputs], data);
        using TrainingRun run = new(task, new TrainingOptions { Activation = activation, BatchSize = 40, Seed = 5 });
        run.Initialize();
        int[] samples = [.. Enumerable.Range(0, 40)];
        run.Gradients(samples, frozen: false);
        DenseModel model = run.Model;
        Random random = new(8);
        for (int parameter = 0; parameter < 2 * model.Layers; parameter++)
        {
            int layer = parameter / 2, outputs = model.Widths[layer + 1], stride = model.Padded(layer);
            AlignedBuffer<float> values = parameter % 2 == 0 ? model.Weights(layer) : model.Biases(layer);
            AlignedBuffer<float> gradient = parameter % 2 == 0 ? model.WeightGradients(layer) : model.BiasGradients(layer);
            run.Gradients(samples, frozen: true);
            float[] exact = gradient.Span.ToArray(), start = values.Span.ToArray();
            for (int trial = 0; trial < 6; trial++)
            {
                // Half of the directions are all signs at random, half are the sign of the gradient in a random tenth of the entries.
                double[] direction = new double[exact.Length];
                for (int i = 0; i < direction.Length; i++)
                {
                    if (i % stride >= outputs) continue;
                    direction[i] = trial % 2 == 0 ? Math.Sign(random.NextDouble() - 0.5) : random.Next(10) == 0 ? Math.Sign(exact[i]) : 0;
                }
                double length = 0.02 / Math.Sqrt(Math.Max(1, direction.Sum(Math.Abs)));
                double[] loss = new double[2];
                for (int side = 0; side < 2; side++)
                {
                    for (int i = 0; i < direction.Length; i++) values.Pointer[i] = (float)(start[i] + ((1 - (2 * side)) * length * direction[i]));
                    loss[side] = run.Gradients(samples, frozen: true);
                }
                start.CopyTo(values.Span);
                double expected = (loss[0] - loss[1]) / (2 * length), actual = direction.Zip(exact, (d, g) => d * g).Sum();
                double scale = Math.Sqrt(exact.Sum(g => (double)g * g) / exact.Length) * Math.Sqrt(direction.Sum(Math.Abs));
                Assert.True(
                    Math.Abs(expected - actual) <= 2e-3 * Math.Max(Math.Max(Math.Abs(expected), Math.Abs(actual)), scale),
                    $"{law}, parameter {parameter}: difference {expected}, gradient {actual}, scale {scale}");
            }
        }
    }

    [Fact]
    public unsafe void Padding_takes_no_part()
    {
        TrainingTask task = new([7, 5, 3], TrainingExamples.Noise(30, 7, 3, 1));
        using TrainingRun run = new(task, new TrainingOptions { BatchSize = 9, Optimizer = new MomentumDescent(WeightDecay: 0.1), Activation = ActivationLaw.Leaky(0.5) });
        run.Initialize();
        for (int i = 0; i < 20; i++) run.Step(Enumerable.Range(i, 9).ToArray(), 0.1);
        for (int l = 0; l < 2; l++)
        {
            for (int i = 0; i < run.Model.Weights(l).Length; i++)
            {
                if (i % 16 >= run.Model.Widths[l + 1]) Assert.Equal(0, run.Model.Weights(l).Pointer[i]);
            }
        }
    }
}
