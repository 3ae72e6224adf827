using System.Runtime.InteropServices;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>A run of training of a network of convolutions.</summary>
internal sealed unsafe class ImageTrainingRun : TrainingLoop
{
    private const ulong AugmentationPurpose = 4;

    private readonly ImageModel model;
    private readonly ImageParameter[] parameters;
    private readonly AlignedBuffer<float>[][] moments;
    private readonly float[] gathered;
    private readonly ulong augmentationKey;

    public ImageTrainingRun(TrainingTask task, TrainingOptions options, VectorPath? path = null)
        : base(task, options)
    {
        TrainableArchitecture architecture = task.Architecture!;
        model = new ImageModel(architecture, Batch, path ?? VectorPaths.Best);
        parameters = [.. model.Parameters];
        moments = [.. Enumerable.Range(0, options.Optimizer.StatesPerWeight).Select(_ => parameters.Select(p => new AlignedBuffer<float>(p.Values.Length)).ToArray())];
        gathered = new float[checked(Batch * architecture.Input.Length)];
        augmentationKey = Philox.DeriveKey(options.Seed, AugmentationPurpose);
    }

    /// <summary>The numbers in training.</summary>
    public ImageModel Model => model;

    /// <inheritdoc/>
    public override void Initialize() => model.Initialize(Options.Seed, WeightStreams, Options.Activation.MeanSlope, Options.InitialGain);

    /// <inheritdoc/>
    public override double Step(ReadOnlyMemory<int> samples, double rate)
    {
        double loss = Gradients(samples, frozen: false);
        Team.Run(place =>
        {
            for (int i = 0; i < parameters.Length; i++)
            {
                ImageParameter p = parameters[i];
                if (p.Gradient is null) continue;
                (int first, int end) = Team.Part(p.Values.Length / DenseModel.Pad(1), place);
                nint offset = (nint)first * DenseModel.Pad(1), count = (nint)(end - first) * DenseModel.Pad(1);
                if (count == 0) continue;
                float* second = moments.Length > 1 ? moments[1][i].Pointer + offset : null;
                OptimizerStep.Run(
                    Options.Optimizer, rate, StepCount + 1, p.Decays, count, p.Values.Pointer + offset, p.Gradient.Pointer + offset, moments[0][i].Pointer + offset, second);
            }
        });
        StepCount++;
        return loss;
    }

    /// <summary>The mean loss on some samples, and its gradients in the model's parameters.</summary>
    /// <param name="samples">Indices into the training data.</param>
    /// <param name="frozen">Whether to keep the activation derivatives and the winners of poolings of the call before.</param>
    public double Gradients(ReadOnlyMemory<int> samples, bool frozen)
    {
        int rows = samples.Length;
        Load(Task.Training, samples, Options.Augmentation);
        model.Forward(Team, rows, new ImageMode(new ForwardMode(Options.Activation, Draws: true, (uint)StepCount, ActivationKey, frozen), Trains: true));
        Losses(Task.Training, samples, 1f / rows);
        model.Backward(Team, rows);
        Team.Run(place =>
        {
            foreach (ImageParameter p in parameters) Sum(p, place);
        });
        return TotalLoss(rows) / rows;
    }

    /// <inheritdoc/>
    public override ReluNetwork Network() => model.ToNetwork(Options.Activation.Surrogate, Notes);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
        foreach (AlignedBuffer<float> buffer in moments.SelectMany(m => m)) buffer.Dispose();
    }

    /// <inheritdoc/>
    protected override string Architecture => Task.Architecture!.ToString();

    /// <inheritdoc/>
    protected override void Outputs(LabelledData data, int[] samples, int rows)
    {
        Load(data, samples.AsMemory(0, rows), Augmentation.None);
        model.Forward(Team, rows, new ImageMode(new ForwardMode(Options.Activation, Draws: false, 0, 0), Trains: false));
        Losses(data, samples.AsMemory(0, rows), 1);
    }

    /// <inheritdoc/>
    protected override float[] CollectParameters() => Collect(i => parameters[i].Values);

    /// <inheritdoc/>
    protected override IEnumerable<float[]> CollectMoments() => moments.Select(state => Collect(i => state[i]));

    /// <inheritdoc/>
    protected override void Distribute(float[] parameters, IReadOnlyList<float[]> states)
    {
        Spread(parameters, i => this.parameters[i].Values);
        for (int s = 0; s < moments.Length; s++)
        {
            AlignedBuffer<float>[] state = moments[s];
            Spread(states[s], i => state[i]);
        }
    }

    private float[] Collect(Func<int, AlignedBuffer<float>> buffer) => [.. Enumerable.Range(0, parameters.Length).SelectMany(i => buffer(i).Span.ToArray())];

    private void Spread(float[] all, Func<int, AlignedBuffer<float>> buffer)
    {
        for (int i = 0, at = 0; i < parameters.Length; at += buffer(i).Length, i++) all.AsSpan(at, buffer(i).Length).CopyTo(buffer(i).Span);
    }

    /// <summary>The sum over shards, in a fixed tree, of one thread's part of a gradient.</summary>
    private void Sum(ImageParameter p, int place)
    {
        if (p.ShardGradients is not AlignedBuffer<float>[] shards) return;
        (int first, int end) = Team.Part(p.Values.Length, place);
        float* g = p.Gradient!.Pointer;
        for (int i = first; i < end; i += System.Numerics.Vector<float>.Count)
        {
            System.Numerics.Vector<float> At(int s) => System.Numerics.Vector.Load(shards[s].Pointer + i);
            System.Numerics.Vector.Store((At(0) + At(1) + (At(2) + At(3))) + (At(4) + At(5) + (At(6) + At(7))), g + i);
        }
    }

    private void Losses(LabelledData data, ReadOnlyMemory<int> samples, float scale)
    {
        int width = model.Last.Convolution.Padded;
        for (int row = 0; row < samples.Length; row++)
        {
            SetLoss(data, samples.Span[row], row, model.Last.Raw.Pointer + ((nint)row * width), model.Last.Bias.Pointer, width, scale);
        }
    }

    /// <summary>Gathers images, and turns them from channels × rows × columns to rows × columns × channels, flipped and shifted.</summary>
    private void Load(LabelledData data, ReadOnlyMemory<int> samples, Augmentation augmentation)
    {
        ImageTensor input = model.Input;
        ImageShape shape = input.Shape;
        ImageStage.OnShards(Team, samples.Length, (_, first, end) =>
        {
            data.Inputs.Gather(samples.Span[first..end], gathered.AsSpan(first * shape.Length, (end - first) * shape.Length));
            for (int n = first; n < end; n++)
            {
                (bool flip, int down, int right) = Change(augmentation, n);
                Transpose(MemoryMarshal.CreateReadOnlySpan(ref gathered[n * shape.Length], shape.Length), input.Origin(n), flip, down, right);
            }
        });
    }

    private (bool Flip, int Down, int Right) Change(Augmentation augmentation, int row)
    {
        if (augmentation == Augmentation.None) return (false, 0, 0);
        (uint a, uint b, uint c, _) = Philox.Bits((uint)row, (uint)StepCount, (uint)(StepCount >> 32), 0, augmentationKey);
        uint range = (2 * (uint)augmentation.Shift) + 1;
        return (augmentation.Flip && (a & 1) != 0, (int)(((ulong)b * range) >> 32) - augmentation.Shift, (int)(((ulong)c * range) >> 32) - augmentation.Shift);
    }

    private void Transpose(ReadOnlySpan<float> image, float* to, bool flip, int down, int right)
    {
        ImageTensor input = model.Input;
        int height = input.Shape.Height, width = input.Shape.Width;
        for (int y = 0; y < height; y++)
        {
            int fromY = y + down;
            for (int x = 0; x < width; x++)
            {
                int fromX = (flip ? width - 1 - x : x) + right;
                float* pixel = to + (y * input.Pitch) + (x * input.Channels);
                bool inside = (uint)fromY < (uint)height && (uint)fromX < (uint)width;
                for (int c = 0; c < input.Shape.Channels; c++) pixel[c] = inside ? image[(((c * height) + fromY) * width) + fromX] : 0;
            }
        }
    }
}
