using System.Diagnostics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>The course of a run: epochs, steps, measuring, and the state that a checkpoint holds. What a step does is up to the model.</summary>
internal abstract unsafe class TrainingLoop : IDisposable
{
    /// <summary>The upper halves of the stream numbers, one for each use of random numbers; the lower halves count layers or epochs.</summary>
    protected const ulong WeightStreams = 1UL << 32;
    private const ulong OrderStreams = 2UL << 32;
    private const ulong ActivationPurpose = 3;

    private readonly int stepsPerEpoch;
    private readonly List<EpochReport> epochs = [];
    private double epochLoss;
    private float[] best = [];

    protected TrainingLoop(TrainingTask task, TrainingOptions options)
    {
        Task = task;
        Options = options;
        Batch = Math.Min(options.BatchSize, Math.Max(task.Training.Count, task.Test?.Count ?? 0));
        Team = new WorkerTeam(options.Threads);
        RowLoss = new double[Batch];
        RowRight = new bool[Batch];
        ActivationKey = Philox.DeriveKey(options.Seed, ActivationPurpose);
        stepsPerEpoch = (task.Training.Count + options.BatchSize - 1) / options.BatchSize;
    }

    protected TrainingTask Task { get; }

    protected TrainingOptions Options { get; }

    protected WorkerTeam Team { get; }

    /// <summary>The largest number of rows at a time.</summary>
    protected int Batch { get; }

    /// <summary>The loss of each row of the last batch.</summary>
    protected double[] RowLoss { get; }

    /// <summary>Whether the class of each row of the last batch was right.</summary>
    protected bool[] RowRight { get; }

    /// <summary>The key of the bits of activations.</summary>
    protected ulong ActivationKey { get; }

    /// <summary>The number of steps that were made.</summary>
    protected long StepCount { get; set; }

    /// <summary>The shape of the network in a line.</summary>
    protected abstract string Architecture { get; }

    /// <summary>The metadata of the trained network.</summary>
    protected IEnumerable<KeyValuePair<string, string>> Notes => Options.Activation.IsRandom ? [new("activation-law", Options.Activation.ToString())] : [];

    private long TotalSteps => (long)stepsPerEpoch * Options.Epochs;

    /// <summary>Sets the weights that training starts from.</summary>
    public abstract void Initialize();

    /// <summary>Trains until the last epoch's end, or until it is told to stop.</summary>
    /// <returns>Whether the last epoch was completed.</returns>
    public bool Train(IProgress<EpochReport>? progress, CancellationToken cancellation)
    {
        LabelledData data = Task.Training;
        while (StepCount < TotalSteps && !HasStalled())
        {
            int epoch = (int)(StepCount / stepsPerEpoch);
            int[] order = new RandomStream(Options.Seed, OrderStreams + (ulong)epoch).Permutation(data.Count);
            long started = Stopwatch.GetTimestamp();
            double rate = 0;
            for (int b = (int)(StepCount % stepsPerEpoch); b < stepsPerEpoch; b++)
            {
                if (cancellation.IsCancellationRequested) return false;
                int first = b * Options.BatchSize;
                rate = Options.Schedule.RateAt(StepCount, TotalSteps);
                double loss = Step(order.AsMemory(first, Math.Min(Options.BatchSize, data.Count - first)), rate);
                if (!double.IsFinite(loss))
                {
                    throw new OrthantInputException("training", $"epoch {epoch + 1}, step {StepCount}", "a loss that is not finite", "a smaller learning rate or smaller inputs");
                }
                epochLoss += loss;
            }
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            EpochReport report = new(epoch + 1, Options.Epochs, epochLoss / stepsPerEpoch, rate, Task.Test is null ? null : Measure(Task.Test), seconds);
            epochLoss = 0;
            epochs.Add(report);
            if (KeepsBest && BestEpoch() == epochs.Count - 1) best = CollectParameters();
            progress?.Report(report);
            Options.Checkpoints?.Report(Checkpoint());
        }
        return true;
    }

    /// <summary>One step on some samples of the training data.</summary>
    /// <returns>Their mean loss before the update.</returns>
    public abstract double Step(ReadOnlyMemory<int> samples, double rate);

    /// <summary>How well the present weights do with the mean slopes.</summary>
    public TrainingMetrics Measure(LabelledData data)
    {
        int[] samples = new int[Batch];
        double loss = 0;
        int right = 0;
        for (int start = 0; start < data.Count; start += Batch)
        {
            int rows = Math.Min(Batch, data.Count - start);
            for (int i = 0; i < rows; i++) samples[i] = start + i;
            Outputs(data, samples, rows);
            loss += TotalLoss(rows);
            for (int i = 0; i < rows; i++) right += RowRight[i] ? 1 : 0;
        }
        return data.IsClassification
            ? new TrainingMetrics((double)right / data.Count, loss / data.Count, null)
            : new TrainingMetrics(null, null, Math.Sqrt(loss / data.Count));
    }

    /// <summary>The present weights with the mean slopes.</summary>
    public abstract ReluNetwork Network();

    /// <summary>The whole state.</summary>
    public TrainingCheckpoint Checkpoint() => new(Architecture, Recipe(), StepCount, epochLoss, CollectParameters(), [.. CollectMoments()], best, [.. epochs]);

    /// <summary>Goes back to a state.</summary>
    /// <exception cref="OrthantInputException">It belongs to another task or other options.</exception>
    public void Restore(TrainingCheckpoint checkpoint)
    {
        if (checkpoint.Architecture != Architecture) throw new OrthantInputException("checkpoint", "architecture", checkpoint.Architecture, Architecture);
        if (checkpoint.Recipe != Recipe()) throw new OrthantInputException("checkpoint", "options", checkpoint.Recipe, Recipe());
        if (checkpoint.Step > TotalSteps) throw new OrthantInputException("checkpoint", "steps", $"{checkpoint.Step}", $"at most {TotalSteps}; ask for more epochs");
        int expected = CollectParameters().Length, states = Options.Optimizer.StatesPerWeight;
        if (checkpoint.Parameters.Length != expected || checkpoint.Moments.Length != states)
        {
            throw new OrthantInputException("checkpoint", "numbers", $"{checkpoint.Moments.Length} times {checkpoint.Parameters.Length}", $"{states} times {expected}");
        }
        if (checkpoint.Best.Length != 0 && checkpoint.Best.Length != expected) throw new OrthantInputException("checkpoint", "best numbers", $"{checkpoint.Best.Length}", $"{expected}");
        StepCount = checkpoint.Step;
        best = checkpoint.Best;
        epochLoss = checkpoint.EpochLoss;
        epochs.Clear();
        epochs.AddRange(checkpoint.Epochs);
        Distribute(checkpoint.Parameters, checkpoint.Moments);
    }

    /// <summary>Goes back to the weights of the epoch of the least test loss, where the run is to end early; else leaves them as they are.</summary>
    public void RestoreBest()
    {
        if (best.Length > 0) Distribute(best, [.. CollectMoments()]);
    }

    /// <inheritdoc/>
    public virtual void Dispose() => Team.Dispose();

    /// <summary>Computes the outputs of some samples at the mean slopes, and their losses.</summary>
    protected abstract void Outputs(LabelledData data, int[] samples, int rows);

    /// <summary>All parameters, one after the other.</summary>
    protected abstract float[] CollectParameters();

    /// <summary>For each state of the optimiser what belongs to the parameters.</summary>
    protected abstract IEnumerable<float[]> CollectMoments();

    /// <summary>Puts numbers back to where they were collected.</summary>
    protected abstract void Distribute(float[] parameters, IReadOnlyList<float[]> states);

    /// <summary>The loss of one row, whose outputs become the loss's gradient.</summary>
    /// <param name="data">Where the sample is from.</param>
    /// <param name="sample">The sample's number.</param>
    /// <param name="row">Its row in the batch.</param>
    /// <param name="outputs">width numbers, the bias not yet added.</param>
    /// <param name="bias">width numbers.</param>
    /// <param name="width">The padded number of outputs.</param>
    /// <param name="scale">The factor of the gradient.</param>
    protected void SetLoss(LabelledData data, int sample, int row, float* outputs, float* bias, int width, float scale)
    {
        int count = data.IsClassification ? Task.Outputs : data.Outputs;
        if (data.IsClassification)
        {
            int label = data.Classes.Span[sample];
            RowRight[row] = OutputLoss.Winner(count, outputs, bias) == label;
            RowLoss[row] = OutputLoss.CrossEntropy(count, width, outputs, bias, label, scale);
        }
        else
        {
            RowLoss[row] = OutputLoss.SquaredError(count, width, outputs, bias, data.Values.Span.Slice(sample * count, count), scale);
        }
    }

    /// <summary>The sum of the losses of the first rows, in their order.</summary>
    protected double TotalLoss(int rows)
    {
        double sum = 0;
        for (int i = 0; i < rows; i++) sum += RowLoss[i];
        return sum;
    }

    /// <summary>Whether the loss on the test data has not fallen for as many epochs as patience allows.</summary>
    private bool HasStalled()
    {
        return KeepsBest && epochs.Count > 0 && epochs.Count - 1 - BestEpoch() >= Options.Patience;
    }

    private bool KeepsBest => Options.Patience > 0 && Task.Test is not null;

    /// <summary>The first of the epochs of the least test loss.</summary>
    private int BestEpoch()
    {
        int least = 0;
        for (int i = 1; i < epochs.Count; i++)
        {
            if (LossOf(epochs[i]) < LossOf(epochs[least])) least = i;
        }
        return least;
    }

    private static double LossOf(EpochReport epoch) => epoch.Test!.NegativeLogLikelihood ?? epoch.Test.RootMeanSquareError ?? 0;

    private string Recipe() =>
        $"{Task.Training.Count} samples, seed {Options.Seed}, batch {Options.BatchSize}, activation {Options.Activation}, {Options.Optimizer}, {Options.Schedule}"
        + (Options.InitialGain == 1 ? "" : FormattableString.Invariant($", gain {Options.InitialGain:R}")) + (Options.Augmentation == Augmentation.None ? "" : $", {Options.Augmentation}");
}
