using System.Diagnostics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>One run of training: the model, the optimiser's state, and the count of steps.</summary>
internal sealed unsafe class TrainingRun : IDisposable
{
    /// <summary>The upper halves of the stream numbers, one for each use of random numbers; the lower halves count layers or epochs.</summary>
    private const ulong WeightStreams = 1UL << 32;
    private const ulong OrderStreams = 2UL << 32;
    private const ulong ActivationPurpose = 3;

    private readonly TrainingTask task;
    private readonly TrainingOptions options;
    private readonly DenseModel model;
    private readonly WorkerTeam team;
    private readonly AlignedBuffer<float>[][] moments;
    private readonly double[] rowLoss;
    private readonly bool[] rowRight;
    private readonly ulong activationKey;
    private readonly int stepsPerEpoch;
    private readonly List<EpochReport> epochs = [];
    private long step;
    private double epochLoss;

    public TrainingRun(TrainingTask task, TrainingOptions options, VectorPath? path = null)
    {
        this.task = task;
        this.options = options;
        int batch = Math.Min(options.BatchSize, Math.Max(task.Training.Count, task.Test?.Count ?? 0));
        model = new DenseModel(task.Widths, batch, path ?? VectorPaths.Best);
        team = new WorkerTeam(options.Threads);
        rowLoss = new double[batch];
        rowRight = new bool[batch];
        activationKey = Philox.DeriveKey(options.Seed, ActivationPurpose);
        stepsPerEpoch = (task.Training.Count + options.BatchSize - 1) / options.BatchSize;
        moments = new AlignedBuffer<float>[options.Optimizer.StatesPerWeight][];
        for (int s = 0; s < moments.Length; s++)
        {
            // Weights of layer l at 2l, biases at 2l + 1.
            moments[s] = [.. Enumerable.Range(0, 2 * model.Layers).Select(i => new AlignedBuffer<float>(ParametersOf(i).Length))];
        }
    }

    /// <summary>The numbers in training.</summary>
    public DenseModel Model => model;

    private long TotalSteps => (long)stepsPerEpoch * options.Epochs;

    /// <summary>Sets the weights to those of the start network, or draws them: uniform with variance 2/((1 + s²)·inputs) for hidden layers of left slope s,
    /// 1/inputs for the last layer, and no bias (He, Zhang, Ren and Sun, ICCV 2015).</summary>
    public void Initialize()
    {
        if (task.Start is ReluNetwork start)
        {
            CopyFrom(start);
            return;
        }
        double slope = options.Activation.MeanSlope;
        for (int l = 0; l < model.Layers; l++)
        {
            double variance = (l == model.Layers - 1 ? 1 : 2 / (1 + (slope * slope))) / model.Widths[l];
            double bound = Math.Sqrt(3 * variance);
            RandomStream stream = new(options.Seed, WeightStreams + (ulong)l);
            ForEachWeight(l, (ref float weight) => weight = (float)stream.NextDouble(-bound, bound));
        }
    }

    /// <summary>Trains until the last epoch's end, or until it is told to stop.</summary>
    /// <returns>Whether the last epoch was completed.</returns>
    public bool Train(IProgress<EpochReport>? progress, CancellationToken cancellation)
    {
        LabelledData data = task.Training;
        while (step < TotalSteps)
        {
            int epoch = (int)(step / stepsPerEpoch);
            int[] order = new RandomStream(options.Seed, OrderStreams + (ulong)epoch).Permutation(data.Count);
            long started = Stopwatch.GetTimestamp();
            double rate = 0;
            for (int b = (int)(step % stepsPerEpoch); b < stepsPerEpoch; b++)
            {
                if (cancellation.IsCancellationRequested) return false;
                int first = b * options.BatchSize;
                rate = options.Schedule.RateAt(step, TotalSteps);
                double loss = Step(order.AsMemory(first, Math.Min(options.BatchSize, data.Count - first)), rate);
                if (!double.IsFinite(loss))
                {
                    throw new OrthantInputException("training", $"epoch {epoch + 1}, step {step}", "a loss that is not finite", "a smaller learning rate or smaller inputs");
                }
                epochLoss += loss;
            }
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            EpochReport report = new(epoch + 1, options.Epochs, epochLoss / stepsPerEpoch, rate, task.Test is null ? null : Measure(task.Test), seconds);
            epochLoss = 0;
            epochs.Add(report);
            progress?.Report(report);
        }
        return true;
    }

    /// <summary>One step on some samples of the training data.</summary>
    /// <returns>Their mean loss before the update.</returns>
    public double Step(ReadOnlyMemory<int> samples, double rate)
    {
        double loss = Gradients(samples, frozen: false, place => Update(place, rate, step + 1));
        step++;
        return loss;
    }

    /// <summary>The mean loss on some samples, and its gradients in the model.</summary>
    /// <param name="samples">Indices into the training data.</param>
    /// <param name="frozen">Whether to keep the activation derivatives of the call before.</param>
    /// <param name="then">Called on each thread after the gradients of its inputs; may be null.</param>
    public double Gradients(ReadOnlyMemory<int> samples, bool frozen, Action<int>? then = null)
    {
        int rows = samples.Length;
        ForwardMode mode = new(options.Activation, Draws: true, (uint)step, activationKey, frozen);
        team.Run(place =>
        {
            (int first, int end) = team.Part(rows, place);
            Forward(task.Training, samples.Span, first, end, mode, 1f / rows);
            model.Backward(first, end);
        });
        team.Run(place =>
        {
            for (int l = 0; l < model.Layers; l++)
            {
                (int first, int end) = team.Part(model.Widths[l], place);
                model.WeightGradient(l, rows, first, end);
                if (place == l % team.Size) model.BiasGradient(l, rows);
            }
            then?.Invoke(place);
        });
        return Sum(rows) / rows;
    }

    /// <summary>How well the present weights do with the mean slopes.</summary>
    public TrainingMetrics Measure(LabelledData data)
    {
        ForwardMode mode = new(options.Activation, Draws: false, 0, 0);
        int[] samples = new int[model.Batch];
        double loss = 0;
        int right = 0;
        for (int start = 0; start < data.Count; start += model.Batch)
        {
            int rows = Math.Min(model.Batch, data.Count - start);
            for (int i = 0; i < rows; i++) samples[i] = start + i;
            team.Run(place =>
            {
                (int first, int end) = team.Part(rows, place);
                Forward(data, samples, first, end, mode, 1);
            });
            loss += Sum(rows);
            for (int i = 0; i < rows; i++) right += rowRight[i] ? 1 : 0;
        }
        return data.IsClassification
            ? new TrainingMetrics((double)right / data.Count, loss / data.Count, null)
            : new TrainingMetrics(null, null, Math.Sqrt(loss / data.Count));
    }

    /// <summary>The present weights with the mean slopes.</summary>
    public ReluNetwork Network() => model.ToNetwork(
        options.Activation.Surrogate, options.Activation.IsRandom ? [new("activation-law", options.Activation.ToString())] : []);

    /// <summary>The whole state.</summary>
    public TrainingCheckpoint Checkpoint() => new(
        task.Widths,
        Recipe(),
        step,
        epochLoss,
        Collect(ParametersOf),
        [.. moments.Select(state => Collect(i => state[i]))],
        [.. epochs]);

    /// <summary>Goes back to a state.</summary>
    /// <exception cref="OrthantInputException">It belongs to another task or other options.</exception>
    public void Restore(TrainingCheckpoint checkpoint)
    {
        if (!checkpoint.Widths.SequenceEqual(task.Widths))
        {
            throw new OrthantInputException("checkpoint", "widths", string.Join('-', checkpoint.Widths), string.Join('-', task.Widths));
        }
        if (checkpoint.Recipe != Recipe()) throw new OrthantInputException("checkpoint", "options", checkpoint.Recipe, Recipe());
        if (checkpoint.Step > TotalSteps) throw new OrthantInputException("checkpoint", "steps", $"{checkpoint.Step}", $"at most {TotalSteps}; ask for more epochs");
        step = checkpoint.Step;
        epochLoss = checkpoint.EpochLoss;
        epochs.Clear();
        epochs.AddRange(checkpoint.Epochs);
        Distribute(checkpoint.Parameters, ParametersOf);
        for (int s = 0; s < moments.Length; s++)
        {
            AlignedBuffer<float>[] state = moments[s];
            Distribute(checkpoint.Moments[s], i => state[i]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        team.Dispose();
        model.Dispose();
        foreach (AlignedBuffer<float> buffer in moments.SelectMany(m => m)) buffer.Dispose();
    }

    /// <summary>The outputs, losses and output gradients of some rows.</summary>
    private void Forward(LabelledData data, ReadOnlySpan<int> samples, int first, int end, in ForwardMode mode, float scale)
    {
        int inputs = model.Widths[0], outputs = model.Widths[^1], width = model.Padded(model.Layers - 1);
        data.Inputs.Gather(samples[first..end], model.Inputs.Slice(first * inputs, (end - first) * inputs));
        model.Forward(first, end, mode);
        float* bias = model.Biases(model.Layers - 1).Pointer;
        for (int row = first; row < end; row++)
        {
            float* z = model.OutputRow(row);
            if (data.IsClassification)
            {
                int label = data.Classes.Span[samples[row]];
                rowRight[row] = OutputLoss.Winner(outputs, z, bias) == label;
                rowLoss[row] = OutputLoss.CrossEntropy(outputs, width, z, bias, label, scale);
            }
            else
            {
                rowLoss[row] = OutputLoss.SquaredError(outputs, width, z, bias, data.Values.Span.Slice(samples[row] * outputs, outputs), scale);
            }
        }
    }

    private double Sum(int rows)
    {
        double sum = 0;
        for (int i = 0; i < rows; i++) sum += rowLoss[i];
        return sum;
    }

    /// <summary>The optimiser's step for one thread's inputs of every layer, and for the biases that fell to it.</summary>
    private void Update(int place, double rate, long number)
    {
        for (int l = 0; l < model.Layers; l++)
        {
            (int first, int end) = team.Part(model.Widths[l], place);
            Update(2 * l, model.WeightGradients(l), (nint)first * model.Padded(l), (nint)(end - first) * model.Padded(l), rate, number);
            if (place == l % team.Size) Update((2 * l) + 1, model.BiasGradients(l), 0, model.Padded(l), rate, number);
        }
    }

    private void Update(int index, AlignedBuffer<float> gradients, nint offset, nint count, double rate, long number)
    {
        float* second = moments.Length > 1 ? moments[1][index].Pointer + offset : null;
        OptimizerStep.Run(
            options.Optimizer, rate, number, index % 2 == 0, count,
            ParametersOf(index).Pointer + offset, gradients.Pointer + offset, moments[0][index].Pointer + offset, second);
    }

    private string Recipe() =>
        $"{task.Training.Count} samples, seed {options.Seed}, batch {options.BatchSize}, activation {options.Activation}, {options.Optimizer}, {options.Schedule}";

    private AlignedBuffer<float> ParametersOf(int index) => index % 2 == 0 ? model.Weights(index / 2) : model.Biases(index / 2);

    private void CopyFrom(ReluNetwork start)
    {
        for (int l = 0; l < model.Layers; l++)
        {
            AffineLayer layer = (AffineLayer)start.Layers[l];
            DenseOperator dense = (DenseOperator)layer.Linear;
            int at = 0, inputs = model.Widths[l], outputs = model.Widths[l + 1];
            // The network's matrix is outputs × inputs, the model's inputs × outputs.
            double[] entries = dense.Entries.ToArray();
            ForEachWeight(l, (ref float weight) =>
            {
                (int i, int j) = (at / outputs, at % outputs);
                weight = (float)entries[(j * inputs) + i];
                at++;
            });
            for (int j = 0; j < outputs; j++) model.Biases(l).Pointer[j] = (float)layer.Bias[j];
        }
    }

    private delegate void Visit(ref float weight);

    /// <summary>Visits a layer's weights, row by row, without the padding.</summary>
    private void ForEachWeight(int layer, Visit visit)
    {
        for (int i = 0; i < model.Widths[layer]; i++)
        {
            Span<float> row = model.Weights(layer).Span.Slice(i * model.Padded(layer), model.Widths[layer + 1]);
            foreach (ref float weight in row) visit(ref weight);
        }
    }

    /// <summary>All parameters, or what belongs to them, without padding.</summary>
    private float[] Collect(Func<int, AlignedBuffer<float>> buffer)
    {
        float[] all = new float[checked((int)TrainingCheckpoint.ParameterCount(model.Widths))];
        int at = 0;
        ForEachRow(buffer, row =>
        {
            row.CopyTo(all.AsSpan(at));
            at += row.Length;
        });
        return all;
    }

    private void Distribute(float[] all, Func<int, AlignedBuffer<float>> buffer)
    {
        int at = 0;
        ForEachRow(buffer, row =>
        {
            all.AsSpan(at, row.Length).CopyTo(row);
            at += row.Length;
        });
    }

    private void ForEachRow(Func<int, AlignedBuffer<float>> buffer, SpanAction visit)
    {
        for (int l = 0; l < model.Layers; l++)
        {
            int outputs = model.Widths[l + 1];
            for (int i = 0; i < model.Widths[l]; i++) visit(buffer(2 * l).Span.Slice(i * model.Padded(l), outputs));
            visit(buffer((2 * l) + 1).Span[..outputs]);
        }
    }

    private delegate void SpanAction(Span<float> row);
}
