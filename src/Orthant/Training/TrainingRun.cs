using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>A run of training of dense layers.</summary>
internal sealed unsafe class TrainingRun : TrainingLoop
{
    private readonly DenseModel model;
    private readonly AlignedBuffer<float>[][] moments;

    public TrainingRun(TrainingTask task, TrainingOptions options, VectorPath? path = null)
        : base(task, options)
    {
        model = new DenseModel(task.Widths, Batch, path ?? VectorPaths.Best);
        moments = new AlignedBuffer<float>[options.Optimizer.StatesPerWeight][];
        for (int s = 0; s < moments.Length; s++)
        {
            // Weights of layer l at 2l, biases at 2l + 1.
            moments[s] = [.. Enumerable.Range(0, 2 * model.Layers).Select(i => new AlignedBuffer<float>(ParametersOf(i).Length))];
        }
    }

    /// <summary>The numbers in training.</summary>
    public DenseModel Model => model;

    /// <summary>Sets the weights to those of the start network, or draws them: uniform with variance 2/((1 + s²)·inputs) for hidden layers of left slope s,
    /// 1/inputs for the last layer, and no bias (He, Zhang, Ren and Sun, ICCV 2015).</summary>
    public override void Initialize()
    {
        if (Task.Start is ReluNetwork start)
        {
            CopyFrom(start);
            return;
        }
        double slope = Options.Activation.MeanSlope;
        for (int l = 0; l < model.Layers; l++)
        {
            double variance = (l == model.Layers - 1 ? 1 : 2 / (1 + (slope * slope))) / model.Widths[l];
            double bound = Options.InitialGain * Math.Sqrt(3 * variance);
            RandomStream stream = new(Options.Seed, WeightStreams + (ulong)l);
            ForEachWeight(l, (ref float weight) => weight = (float)stream.NextDouble(-bound, bound));
        }
    }

    /// <summary>One step on some samples of the training data.</summary>
    /// <returns>Their mean loss before the update.</returns>
    public override double Step(ReadOnlyMemory<int> samples, double rate)
    {
        double loss = Gradients(samples, frozen: false, place => Update(place, rate, StepCount + 1));
        StepCount++;
        return loss;
    }

    /// <summary>The mean loss on some samples, and its gradients in the model.</summary>
    /// <param name="samples">Indices into the training data.</param>
    /// <param name="frozen">Whether to keep the activation derivatives of the call before.</param>
    /// <param name="then">Called on each thread after the gradients of its inputs; may be null.</param>
    public double Gradients(ReadOnlyMemory<int> samples, bool frozen, Action<int>? then = null)
    {
        int rows = samples.Length;
        ForwardMode mode = new(Options.Activation, Draws: true, (uint)StepCount, ActivationKey, frozen);
        Team.Run(place =>
        {
            (int first, int end) = Team.Part(rows, place);
            Forward(Task.Training, samples.Span, first, end, mode, 1f / rows);
            model.Backward(first, end);
        });
        Team.Run(place =>
        {
            for (int l = 0; l < model.Layers; l++)
            {
                (int first, int end) = Team.Part(model.Widths[l], place);
                model.WeightGradient(l, rows, first, end);
                if (place == l % Team.Size) model.BiasGradient(l, rows);
            }
            then?.Invoke(place);
        });
        return TotalLoss(rows) / rows;
    }

    /// <inheritdoc/>
    protected override void Outputs(LabelledData data, int[] samples, int rows)
    {
        ForwardMode mode = new(Options.Activation, Draws: false, 0, 0);
        Team.Run(place =>
        {
            (int first, int end) = Team.Part(rows, place);
            Forward(data, samples, first, end, mode, 1);
        });
    }

    /// <summary>The present weights with the mean slopes.</summary>
    public override ReluNetwork Network() => model.ToNetwork(Options.Activation.Surrogate, Notes);

    /// <inheritdoc/>
    protected override string Architecture => string.Join('-', Task.Widths);

    /// <inheritdoc/>
    protected override float[] CollectParameters() => Collect(ParametersOf);

    /// <inheritdoc/>
    protected override IEnumerable<float[]> CollectMoments() => moments.Select(state => Collect(i => state[i]));

    /// <inheritdoc/>
    protected override void Distribute(float[] parameters, IReadOnlyList<float[]> states)
    {
        Distribute(parameters, ParametersOf);
        for (int s = 0; s < moments.Length; s++)
        {
            AlignedBuffer<float>[] state = moments[s];
            Distribute(states[s], i => state[i]);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
        foreach (AlignedBuffer<float> buffer in moments.SelectMany(m => m)) buffer.Dispose();
    }

    /// <summary>The outputs, losses and output gradients of some rows.</summary>
    private void Forward(LabelledData data, ReadOnlySpan<int> samples, int first, int end, in ForwardMode mode, float scale)
    {
        int inputs = model.Widths[0], width = model.Padded(model.Layers - 1);
        data.Inputs.Gather(samples[first..end], model.Inputs.Slice(first * inputs, (end - first) * inputs));
        model.Forward(first, end, mode);
        float* bias = model.Biases(model.Layers - 1).Pointer;
        for (int row = first; row < end; row++) SetLoss(data, samples[row], row, model.OutputRow(row), bias, width, scale);
    }

    /// <summary>The optimiser's step for one thread's inputs of every layer, and for the biases that fell to it.</summary>
    private void Update(int place, double rate, long number)
    {
        for (int l = 0; l < model.Layers; l++)
        {
            (int first, int end) = Team.Part(model.Widths[l], place);
            Update(2 * l, model.WeightGradients(l), (nint)first * model.Padded(l), (nint)(end - first) * model.Padded(l), rate, number);
            if (place == l % Team.Size) Update((2 * l) + 1, model.BiasGradients(l), 0, model.Padded(l), rate, number);
        }
    }

    private void Update(int index, AlignedBuffer<float> gradients, nint offset, nint count, double rate, long number)
    {
        float* second = moments.Length > 1 ? moments[1][index].Pointer + offset : null;
        OptimizerStep.Run(
            Options.Optimizer, rate, number, index % 2 == 0, count,
            ParametersOf(index).Pointer + offset, gradients.Pointer + offset, moments[0][index].Pointer + offset, second);
    }

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
        float[] all = new float[checked((int)ParameterCount)];
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

    private long ParameterCount => Enumerable.Range(0, model.Layers).Sum(l => ((long)model.Widths[l] + 1) * model.Widths[l + 1]);

    private delegate void SpanAction(Span<float> row);
}
