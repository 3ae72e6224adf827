using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class ImageTrainingTests
{
    private static readonly TrainableArchitecture Residual = new(new ImageShape(3, 18, 17),
    [
        new TrainableConvolution(5, 3, 1, 1, false), new TrainableBatchNorm(true),
        new TrainableConvolution(20, 3, 2, 1, true),
        new TrainableResidual([new TrainableConvolution(20, 3, 1, 1, false), new TrainableBatchNorm(true), new TrainableConvolution(20, 1, 1, 0, false), new TrainableBatchNorm(false)], true),
        new TrainablePool(false, 3, 2),
        new TrainableDense(12, false), new TrainableBatchNorm(true),
        new TrainableDense(4, false),
    ]);

    private static readonly TrainableArchitecture Plain = new(new ImageShape(2, 9, 9),
    [
        new TrainableConvolution(17, 5, 2, 2, true), new TrainablePool(true, 2, 1), new TrainableConvolution(6, 2, 1, 0, true), new TrainableDense(9, true), new TrainableDense(3, false),
    ]);

    private static readonly TrainableArchitecture Pooled = new(new ImageShape(3, 6, 6), [new TrainablePool(false, 2, 2), new TrainableDense(7, true), new TrainableDense(3, false)]);

    private static LabelledData Data(TrainableArchitecture a, int count, int classes, int seed)
    {
        Random random = new(seed);
        float[] x = [.. Enumerable.Range(0, count * a.Input.Length).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        return LabelledData.Classification(InputRows.OfSingles(x, a.Input.Length), Enumerable.Range(0, count).Select(_ => random.Next(classes)).ToArray(), classes);
    }

    private static LabelledData Values(TrainableArchitecture a, int count, int outputs, int seed)
    {
        Random random = new(seed);
        float[] Numbers(int n) => [.. Enumerable.Range(0, n).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        return LabelledData.Regression(InputRows.OfSingles(Numbers(count * a.Input.Length), a.Input.Length), Numbers(count * outputs), outputs);
    }

    public static TheoryData<int, string> Cases => new(from a in (int[])[0, 1, 2] from law in (string[])["relu", "leaky:0.2", "dropout:0.25", "droprelu:0.8", "rrelu:0.125,0.3333"] select (a, law));

    /// <summary>Central differences along random directions, with activation derivatives and the winners of poolings frozen.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public unsafe void Gradients_are_the_differences_of_the_loss_with_frozen_activations(int which, string law)
    {
        TrainableArchitecture architecture = ((TrainableArchitecture[])[Residual, Plain, Pooled])[which];
        Assert.True(ActivationLaw.TryParse(law, out ActivationLaw? activation));
        int outputs = ((TrainableDense)architecture.Layers[^1]).Units;
        TrainingTask task = new(architecture, which == 1 ? Values(architecture, 13, outputs, 4) : Data(architecture, 13, outputs, 4));
        using ImageTrainingRun run = new(task, new TrainingOptions { Activation = activation, BatchSize = 13, Seed = 5, Threads = 2, Augmentation = new Augmentation(true, 2) });
        run.Initialize();
        int[] samples = [.. Enumerable.Range(0, 13)];
        run.Gradients(samples, frozen: false);
        Random random = new(8);
        foreach (ImageParameter p in run.Model.Parameters.Where(p => p.Gradient is not null))
        {
            run.Gradients(samples, frozen: true);
            float[] exact = p.Gradient!.Span.ToArray(), start = p.Values.Span.ToArray();
            for (int trial = 0; trial < 4; trial++)
            {
                // Half of the directions are all signs at random, half are the signs of the gradient in a third of the entries; padding stays out.
                double[] direction = [.. exact.Select(g => g == 0 ? 0 : trial % 2 == 0 ? Math.Sign(random.NextDouble() - 0.5) : random.Next(3) == 0 ? Math.Sign(g) : 0)];
                if (Array.TrueForAll(direction, d => d == 0)) continue;
                double length = 0.02 / Math.Sqrt(Math.Max(1, direction.Sum(Math.Abs)));
                double[] loss = new double[2];
                for (int side = 0; side < 2; side++)
                {
                    for (int i = 0; i < direction.Length; i++) p.Values.Pointer[i] = (float)(start[i] + ((1 - (2 * side)) * length * direction[i]));
                    loss[side] = run.Gradients(samples, frozen: true);
                }
                start.CopyTo(p.Values.Span);
                double expected = (loss[0] - loss[1]) / (2 * length), actual = direction.Zip(exact, (d, g) => d * g).Sum();
                double scale = Math.Sqrt(exact.Sum(g => (double)g * g) / exact.Length) * Math.Sqrt(direction.Sum(Math.Abs));
                Assert.True(
                    Math.Abs(expected - actual) <= (5e-3 * Math.Max(Math.Max(Math.Abs(expected), Math.Abs(actual)), scale)) + 2e-6,
                    $"{law}, {p.Name} of {p.Values.Length}: difference {expected}, gradient {actual}, scale {scale}");
            }
        }
    }

    /// <summary>The trained file computes what training measures, so that folding, layouts and running moments are right; ours is float32 against double.</summary>
    [Theory]
    [InlineData(0, "relu")]
    [InlineData(0, "rrelu:0.125,0.3333")]
    [InlineData(1, "dropout:0.1")]
    [InlineData(1, "droprelu:0.9")]
    [InlineData(2, "relu")]
    public void The_network_is_what_was_measured(int which, string law)
    {
        TrainableArchitecture architecture = ((TrainableArchitecture[])[Residual, Plain, Pooled])[which];
        Assert.True(ActivationLaw.TryParse(law, out ActivationLaw? activation));
        int classes = ((TrainableDense)architecture.Layers[^1]).Units;
        LabelledData data = Data(architecture, 60, classes, 3);
        TrainingResult result = NetworkTrainer.Train(new TrainingTask(architecture, data), new TrainingOptions { Activation = activation, BatchSize = 16, Epochs = 6, Schedule = LearningRateSchedule.Constant(0.01) });
        float[] x = new float[60 * architecture.Input.Length];
        data.Inputs.Gather([.. Enumerable.Range(0, 60)], x);
        double[] z = new double[60 * classes];
        result.Network.Evaluate<double>(60, Array.ConvertAll(x, v => (double)v), z);
        double loss = 0;
        int right = 0;
        for (int i = 0; i < 60; i++)
        {
            double[] row = z[(i * classes)..((i + 1) * classes)];
            loss += Math.Log(row.Sum(v => Math.Exp(v - row.Max()))) + row.Max() - row[data.Classes.Span[i]];
            if (Array.IndexOf(row, row.Max()) == data.Classes.Span[i]) right++;
        }
        Assert.Equal(loss / 60, result.Metrics.NegativeLogLikelihood!.Value, 2e-4);
        Assert.Equal(right / 60.0, result.Metrics.Accuracy!.Value, 0.02);
        Assert.True(result.Metrics.NegativeLogLikelihood < Math.Log(classes), $"{result.Metrics.NegativeLogLikelihood}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Bits_do_not_depend_on_threads_or_vector_widths(int which)
    {
        TrainableArchitecture architecture = which == 0 ? Residual : Plain;
        LabelledData data = Data(architecture, 40, ((TrainableDense)architecture.Layers[^1]).Units, 3);
        float[] Run(int threads, VectorPath path)
        {
            TrainingOptions options = new() { Activation = ActivationLaw.DropRelu(0.8), BatchSize = 13, Threads = threads, Optimizer = new MomentumDescent(WeightDecay: 1e-3), Augmentation = new Augmentation(true, 1) };
            using ImageTrainingRun run = new(new TrainingTask(architecture, data), options, path);
            run.Initialize();
            for (int i = 0; i < 3; i++) run.Step(Enumerable.Range(i * 9, 13).ToArray(), 0.05);
            return run.Checkpoint().Parameters;
        }
        float[] one = Run(1, VectorPaths.Best);
        Assert.Equal(one, Run(2, VectorPaths.Best));
        Assert.Equal(one, Run(3, VectorPaths.Best));
        foreach (VectorPath path in VectorPaths.Supported) Assert.Equal(one, Run(1, path));
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_with_the_same_bits_and_another_architecture_is_refused_by_name()
    {
        LabelledData data = Data(Residual, 50, 4, 3);
        List<TrainingCheckpoint> kept = [];
        TrainingOptions options = new() { BatchSize = 16, Epochs = 4, Augmentation = new Augmentation(true, 2), Activation = ActivationLaw.Dropout(0.1), Checkpoints = new Recorder(kept) };
        TrainingResult whole = NetworkTrainer.Train(new TrainingTask(Residual, data), options);
        Assert.Equal(4, kept.Count);
        TrainingCheckpoint second = TrainingCheckpoint.FromBytes(kept[1].ToBytes());
        TrainingResult resumed = NetworkTrainer.Train(new TrainingTask(Residual, data), options with { Resume = second, Checkpoints = null });
        Assert.Equal(whole.Checkpoint.Parameters, resumed.Checkpoint.Parameters);
        Assert.Equal(whole.Network, resumed.Network);
        TrainableArchitecture other = Residual with { Layers = Residual.Layers.SetItem(2, new TrainableConvolution(20, 3, 2, 1, false)) };
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => NetworkTrainer.Train(new TrainingTask(other, data), options with { Resume = second }));
        Assert.Contains("conv20k3s2p1", e.Message, StringComparison.Ordinal);
        Assert.Contains("architecture", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Channels that only fill up vectors get no weights, whatever the activation does at zero.</summary>
    [Fact]
    public unsafe void Padding_takes_no_part()
    {
        using ImageTrainingRun run = new(new TrainingTask(Residual, Data(Residual, 30, 4, 1)), new TrainingOptions { BatchSize = 9, Activation = ActivationLaw.Leaky(0.5), Optimizer = new MomentumDescent(WeightDecay: 0.1) });
        run.Initialize();
        for (int i = 0; i < 5; i++) run.Step(Enumerable.Range(i, 9).ToArray(), 0.05);
        foreach (ConvolutionStage stage in run.Model.Stages.OfType<ConvolutionStage>())
        {
            Convolution c = stage.Convolution;
            for (int i = 0; i < c.Depth * c.Padded; i++)
            {
                if (i % c.Padded >= c.Filters || i / c.Padded % c.StoredChannels >= c.Channels) Assert.Equal(0, c.Weights.Pointer[i]);
            }
        }
    }

    [Fact]
    public void Patience_ends_a_run_that_no_longer_gains()
    {
        LabelledData data = Data(Pooled, 40, 3, 3), test = Data(Pooled, 40, 3, 99);
        TrainingResult result = NetworkTrainer.Train(
            new TrainingTask(Pooled, data, test), new TrainingOptions { Epochs = 200, Patience = 3, Schedule = LearningRateSchedule.Constant(0.02) });
        Assert.True(result.IsComplete);
        Assert.InRange(result.Epochs.Length, 4, 199);
        double[] losses = [.. result.Epochs.Select(e => e.Test!.NegativeLogLikelihood!.Value)];
        int best = Array.IndexOf(losses, losses.Min());
        Assert.Equal(losses.Length - 4, best);
        // What is given back is the best epoch's network: its loss, and the bits of a run that is stopped there.
        Assert.Equal(losses[best], result.Metrics.NegativeLogLikelihood!.Value, 1e-12);
        TrainingOptions until = new() { Epochs = best + 1, Schedule = LearningRateSchedule.Constant(0.02) };
        Assert.Equal(NetworkTrainer.Train(new TrainingTask(Pooled, data, test), until).Network, result.Network);
    }

    /// <summary>A run with patience that is stopped after its best epoch, and resumed from bytes, gives back the same network.</summary>
    [Fact]
    public void The_best_weights_survive_a_checkpoint()
    {
        LabelledData data = Data(Pooled, 40, 3, 3), test = Data(Pooled, 40, 3, 99);
        List<TrainingCheckpoint> kept = [];
        TrainingOptions options = new() { Epochs = 200, Patience = 3, Schedule = LearningRateSchedule.Constant(0.02), Checkpoints = new Recorder(kept) };
        TrainingTask task = new(Pooled, data, test);
        TrainingResult whole = NetworkTrainer.Train(task, options);
        TrainingCheckpoint late = TrainingCheckpoint.FromBytes(kept[^2].ToBytes());
        TrainingResult resumed = NetworkTrainer.Train(task, options with { Resume = late, Checkpoints = null });
        Assert.Equal(whole.Network, resumed.Network);
        Assert.Equal(whole.Metrics, resumed.Metrics);
    }

    [Fact]
    public void Layers_that_do_not_fit_are_named()
    {
        LabelledData data = Data(Pooled, 8, 3, 3);
        void Refused(string part, params TrainableLayer[] layers) => Assert.Contains(part, Assert.Throws<OrthantInputException>(() =>
            NetworkTrainer.Train(new TrainingTask(new TrainableArchitecture(Pooled.Input, [.. layers]), data), new TrainingOptions())).Message, StringComparison.Ordinal);
        TrainableDense last = new(3, false);
        Refused("layers[0]", new TrainableConvolution(4, 9, 1, 0, true), last);
        Refused("same shape", new TrainableConvolution(4, 3, 1, 1, true), new TrainableResidual([new TrainableConvolution(4, 3, 2, 1, false)], true), last);
        Refused("right behind", new TrainableBatchNorm(true), last);
        Refused("one behind the normalisation", new TrainableConvolution(4, 3, 1, 1, true), new TrainableBatchNorm(true), last);
        Refused("last dense layer", new TrainableDense(3, true));
        Refused("last dense layer", new TrainablePool(true, 2, 2));
        Refused("one that fits", new TrainablePool(true, 7, 1), last);
        Refused("the network's output width", new TrainableDense(2, false));
    }

    private sealed class Recorder(List<TrainingCheckpoint> kept) : IProgress<TrainingCheckpoint>
    {
        public void Report(TrainingCheckpoint value) => kept.Add(value);
    }
}
