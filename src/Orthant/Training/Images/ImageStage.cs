using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>What a pass over a batch of images does.</summary>
/// <param name="Activation">What the units do.</param>
/// <param name="Trains">Whether batch moments are used and running ones updated; otherwise the running moments are used.</param>
internal readonly record struct ImageMode(ForwardMode Activation, bool Trains);

/// <summary>One step of an <see cref="ImageModel"/> from image to image.</summary>
/// <remarks>A batch is cut into a fixed number of shards of images, whatever the number of threads. What is summed over a batch is summed within a shard in
/// the order of its images, and then over the shards in their order, so that the bits do not depend on the threads.</remarks>
internal abstract unsafe class ImageStage : IDisposable
{
    /// <summary>The number of shards.</summary>
    public const int Shards = 8;

    /// <summary>What the stage writes; null for the outputs of the network.</summary>
    public ImageTensor? Output { get; init; }

    /// <summary>The numbers that are trained or kept, in a fixed order.</summary>
    public virtual IReadOnlyList<ImageParameter> Parameters => [];

    /// <summary>The images of a shard.</summary>
    public static (int First, int End) Shard(int shard, int images) => (images * shard / Shards, images * (shard + 1) / Shards);

    /// <summary>Runs work on every shard, the shards divided among the threads of a team.</summary>
    public static void OnShards(WorkerTeam team, int images, Action<int, int, int> work) => team.Run(place =>
    {
        for (int shard = Shards * place / team.Size; shard < Shards * (place + 1) / team.Size; shard++)
        {
            (int first, int end) = Shard(shard, images);
            work(shard, first, end);
        }
    });

    /// <summary>Computes the output of a batch.</summary>
    public abstract void Forward(WorkerTeam team, int images, in ImageMode mode);

    /// <summary>Carries the gradient of the output to the inputs, and leaves that of the parameters in the shards.</summary>
    public abstract void Backward(WorkerTeam team, int images);

    public abstract void Dispose();
}

/// <summary>Some numbers of a model, with their gradients.</summary>
/// <param name="Name">What they are, for messages.</param>
/// <param name="Values">The numbers, padded.</param>
/// <param name="Gradient">Their gradient; null for numbers that are not trained.</param>
/// <param name="ShardGradients">The gradient by shards, to be summed; null where <paramref name="Gradient"/> is complete.</param>
/// <param name="Decays">Whether weight decay applies.</param>
internal sealed record ImageParameter(
    string Name, AlignedBuffer<float> Values, AlignedBuffer<float>? Gradient, AlignedBuffer<float>[]? ShardGradients, bool Decays);
