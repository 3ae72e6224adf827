using System.Security.Cryptography;
using CsCheck;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class NetworkTrainerTests
{
    [Fact]
    public void A_network_learns_classes()
    {
        TrainingTask task = new([2, 24, 24, 3], TrainingExamples.Bands(2000, 1), TrainingExamples.Bands(1000, 2));
        TrainingResult result = NetworkTrainer.Train(
            task, new TrainingOptions { Epochs = 40, BatchSize = 64, Schedule = LearningRateSchedule.WarmUpCosine(0.01, 0.1) });
        Assert.True(result.IsComplete);
        Assert.InRange(result.Metrics.Accuracy!.Value, 0.97, 1);
        Assert.InRange(result.Metrics.NegativeLogLikelihood!.Value, 0, 0.1);
        Assert.Equal(40, result.Epochs.Length);
        Assert.True(result.Epochs[^1].Loss < result.Epochs[0].Loss / 5);
        Assert.Equal("2-24-24-3 ReLU", result.Network.ToString());
    }

    [Fact]
    public void A_network_learns_numbers_with_momentum()
    {
        TrainingTask task = new([3, 32, 32, 2], TrainingExamples.Kinks(4000, 3, 1), TrainingExamples.Kinks(1000, 3, 2));
        TrainingResult result = NetworkTrainer.Train(task, new TrainingOptions
        {
            Epochs = 30,
            BatchSize = 50,
            Optimizer = new MomentumDescent(0.9, true, 1e-5),
            Schedule = LearningRateSchedule.WarmUpLinear(0.1, 0.1),
        });
        Assert.InRange(result.Metrics.RootMeanSquareError!.Value, 0, 0.03);
        Assert.Null(result.Metrics.Accuracy);
    }

    [Fact]
    public void The_network_that_is_returned_is_the_one_that_was_measured()
    {
        Assert.True(ActivationLaw.TryParse("rrelu:0.1,0.4", out ActivationLaw? law));
        LabelledData test = TrainingExamples.Bands(500, 2);
        TrainingResult result = NetworkTrainer.Train(
            new TrainingTask([2, 20, 3], TrainingExamples.Bands(500, 1), test), new TrainingOptions { Activation = law, Epochs = 6, Schedule = LearningRateSchedule.Constant(0.01) });
        Assert.Equal("rrelu:0.1,0.4", result.Network.Metadata["activation-law"]);
        Assert.Equal(ElementType.Float32, result.Network.ElementType);
        float[] x = new float[1000], z = new float[1500];
        test.Inputs.Gather(Enumerable.Range(0, 500).ToArray(), x);
        result.Network.Evaluate<float>(500, x, z);
        int right = 0;
        double loss = 0;
        for (int i = 0; i < 500; i++)
        {
            double[] row = [.. z[(3 * i)..(3 * (i + 1))]];
            if (Array.IndexOf(row, row.Max()) == test.Classes.Span[i]) right++;
            loss += Math.Log(row.Sum(v => Math.Exp(v - row.Max()))) + row.Max() - row[test.Classes.Span[i]];
        }
        Assert.Equal(right / 500.0, result.Metrics.Accuracy!.Value, 0.0021);
        Assert.Equal(loss / 500, result.Metrics.NegativeLogLikelihood!.Value, 1e-5);
    }

    [Fact]
    public void The_same_bits_come_from_any_number_of_threads_and_any_vector_path()
    {
        foreach (string name in (string[])["relu", "dropout:0.2", "droprelu:0.9", "rrelu:0.125,0.3333"])
        {
            string[] hashes =
            [
                .. from path in VectorPaths.Supported
                   from threads in (int[])[1, 2, 3]
                   select TrainedBits(name, threads, path),
            ];
            Assert.Single(hashes.Distinct());
        }
    }

    /// <summary>The bits of a run are part of what a seed promises, on every machine. A change here breaks that promise and has to be said.</summary>
    [Theory]
    [InlineData("relu", "8D855F06C4DC8377")]
    [InlineData("dropout:0.2", "94026770D2997F12")]
    [InlineData("rrelu:0.125,0.3333", "99C46B5B3880E644")]
    public void A_seed_keeps_its_bits(string law, string hash) => Assert.Equal(hash, TrainedBits(law, 1, VectorPaths.Best));

    [Fact]
    public void A_run_that_is_stopped_anywhere_and_resumed_gives_the_bits_of_one_that_is_not()
    {
        TrainingTask task = new([30, 40, 10], TrainingExamples.Noise(3000, 30, 10, 1), TrainingExamples.Noise(100, 30, 10, 2));
        Assert.True(ActivationLaw.TryParse("droprelu:0.9", out ActivationLaw? law));
        TrainingOptions options = new() { Activation = law, Epochs = 4, BatchSize = 32, Seed = 9, Schedule = LearningRateSchedule.WarmUpLinear(0.003, 0.3) };
        TrainingResult whole = NetworkTrainer.Train(task, options);
        foreach (int delay in (int[])[0, 1, 3, 8])
        {
            using CancellationTokenSource stop = new();
            stop.CancelAfter(delay);
            TrainingResult part = NetworkTrainer.Train(task, options, null, stop.Token);
            int stops = 0;
            while (!part.IsComplete)
            {
                using CancellationTokenSource again = new();
                if (++stops < 3) again.CancelAfter(delay + 2);
                part = NetworkTrainer.Train(task, options with { Resume = TrainingCheckpoint.FromBytes(part.Checkpoint.ToBytes()) }, null, again.Token);
            }
            Assert.Equal(whole.Checkpoint.Parameters, part.Checkpoint.Parameters);
            Assert.Equal(whole.Checkpoint.Moments[1], part.Checkpoint.Moments[1]);
            Assert.Equal(whole.Epochs.Select(e => e with { Seconds = 0 }), part.Epochs.Select(e => e with { Seconds = 0 }));
            Assert.Equal(whole.Network, part.Network);
        }
    }

    [Fact]
    public void A_stop_at_an_epochs_end_keeps_the_epoch()
    {
        using CancellationTokenSource stop = new();
        TrainingTask task = new([2, 8, 3], TrainingExamples.Bands(300, 1));
        TrainingResult part = NetworkTrainer.Train(task, new TrainingOptions { Epochs = 5 }, new Listener(e => { if (e.Epoch == 2) stop.Cancel(); }), stop.Token);
        Assert.False(part.IsComplete);
        Assert.Equal([1, 2], part.Epochs.Select(e => e.Epoch));
        Assert.Equal(6, part.Checkpoint.Step);
        TrainingResult further = NetworkTrainer.Train(task, new TrainingOptions { Epochs = 3, Resume = part.Checkpoint });
        Assert.Equal([1, 2, 3], further.Epochs.Select(e => e.Epoch));
    }

    [Fact]
    public void Training_can_start_from_another_network()
    {
        LabelledData data = TrainingExamples.Bands(600, 1);
        TrainingResult first = NetworkTrainer.Train(new TrainingTask([2, 16, 3], data), new TrainingOptions { Epochs = 20, Schedule = LearningRateSchedule.Constant(0.01) });
        TrainingResult second = NetworkTrainer.Train(
            new TrainingTask(first.Network, data), new TrainingOptions { Epochs = 1, Schedule = LearningRateSchedule.Constant(1e-12), Seed = 3 });
        Assert.Equal(first.Metrics.NegativeLogLikelihood!.Value, second.Metrics.NegativeLogLikelihood!.Value, 1e-6);
    }

    [Fact]
    public void What_a_user_can_get_wrong_is_said_in_one_line()
    {
        LabelledData data = TrainingExamples.Bands(100, 1);
        TrainingTask task = new([2, 8, 3], data);
        static string Message(Action act) => Assert.Throws<OrthantInputException>(act).Message;
        Assert.Contains("epochs", Message(() => NetworkTrainer.Train(task, new TrainingOptions { Epochs = 0 })), StringComparison.Ordinal);
        Assert.Contains("beta2", Message(() => NetworkTrainer.Train(task, new TrainingOptions { Optimizer = new Adam(Beta2: 1) })), StringComparison.Ordinal);
        Assert.Contains("not finite", Message(() => NetworkTrainer.Train(
            task, new TrainingOptions { Optimizer = new MomentumDescent(), Schedule = LearningRateSchedule.Constant(1e30) })), StringComparison.Ordinal);
        Assert.Contains("2 inputs", Message(() => _ = new TrainingTask([3, 8, 3], data)), StringComparison.Ordinal);
        Assert.Contains("3 classes", Message(() => _ = new TrainingTask([2, 8, 2], data)), StringComparison.Ordinal);
        Assert.Contains("arch", Message(() => _ = new TrainingTask([2], data)), StringComparison.Ordinal);
        TrainingCheckpoint checkpoint = NetworkTrainer.Train(task, new TrainingOptions { Epochs = 1 }).Checkpoint;
        Assert.Contains("seed", Message(() => NetworkTrainer.Train(task, new TrainingOptions { Seed = 1, Resume = checkpoint })), StringComparison.Ordinal);
        Assert.Contains("2-8-3", Message(() => NetworkTrainer.Train(new TrainingTask([2, 9, 3], data), new TrainingOptions { Resume = checkpoint })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_and_nothing_else_happens()
    {
        byte[] bytes = NetworkTrainer.Train(new TrainingTask([2, 4, 3], TrainingExamples.Bands(50, 1), TrainingExamples.Bands(20, 2)), new TrainingOptions { Epochs = 2 })
            .Checkpoint.ToBytes();
        Assert.Equal(bytes, TrainingCheckpoint.FromBytes(bytes).ToBytes());
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<OrthantInputException>(() => TrainingCheckpoint.FromBytes(bytes[..length]));
        }
        Assert.Throws<OrthantInputException>(() => TrainingCheckpoint.FromBytes([.. bytes, 0]));
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] damaged = [.. bytes];
            damaged[at] = value;
            try
            {
                TrainingCheckpoint.FromBytes(damaged);
            }
            catch (OrthantInputException)
            {
                // A clear refusal is as good as a number that was changed.
            }
        });
    }

    [Fact]
    public void Bytes_are_scaled_as_they_are_gathered() => Gen.Select(Gen.Byte.Array[1, 200], Gen.Double[-1, 1], Gen.Double[0.1, 3]).Sample(
        (pixels, mean, deviation) =>
        {
            float[] x = new float[2 * pixels.Length];
            InputRows rows = InputRows.OfBytes(pixels.Concat(pixels).ToArray(), pixels.Length, mean, deviation);
            rows.Gather([1, 0], x);
            for (int i = 0; i < x.Length; i++)
            {
                double exact = ((pixels[i % pixels.Length] / 255.0) - mean) / deviation;
                // The scale, the shift and the sum are rounded once each.
                Assert.Equal(exact, x[i], 3 * Math.ScaleB(1 / deviation * 2, -24));
            }
        });

    [Fact]
    public void A_team_divides_every_range_and_hands_failures_on()
    {
        using WorkerTeam team = new(3);
        foreach (int count in (int[])[1, 7, 8, 100, 128])
        {
            int[] hits = new int[count];
            team.Run(place =>
            {
                (int first, int end) = team.Part(count, place);
                for (int i = first; i < end; i++) hits[i]++;
            });
            Assert.All(hits, h => Assert.Equal(1, h));
        }
        Exception failure = Assert.Throws<InvalidOperationException>(() => team.Run(place => { if (place == 2) throw new FormatException("x"); }));
        Assert.IsType<FormatException>(failure.InnerException);
        int calls = 0;
        team.Run(_ => Interlocked.Increment(ref calls));
        Assert.Equal(3, calls);
    }

    private static string TrainedBits(string name, int threads, VectorPath path)
    {
        Assert.True(ActivationLaw.TryParse(name, out ActivationLaw? law));
        TrainingTask task = new([45, 33, 150, 10], TrainingExamples.Noise(200, 45, 10, 1));
        TrainingOptions options = new() { Activation = law, Epochs = 3, BatchSize = 64, Threads = threads, Seed = 4, Schedule = LearningRateSchedule.WarmUpCosine(0.01, 0.2) };
        using TrainingRun run = new(task, options, path);
        run.Initialize();
        run.Train(null, default);
        TrainingCheckpoint end = run.Checkpoint();
        return Convert.ToHexString(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(end.Parameters.AsSpan())))[..16];
    }

    private sealed class Listener(Action<EpochReport> listen) : IProgress<EpochReport>
    {
        public void Report(EpochReport value) => listen(value);
    }
}
