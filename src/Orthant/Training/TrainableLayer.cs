using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Training;

/// <summary>A network of convolutions that is yet to be trained: the shape of its images, and its layers from the input.</summary>
/// <param name="Input">Channels, height and width of an image.</param>
/// <param name="Layers">The layers; the last one is a dense layer that does not activate, one unit an output.</param>
/// <remarks>For networks of dense layers alone, <see cref="TrainingTask"/> takes a list of widths.</remarks>
public sealed record TrainableArchitecture(ImageShape Input, ImmutableArray<TrainableLayer> Layers)
{
    /// <summary>The shape and the layers in a line, by which a checkpoint is recognised.</summary>
    public override string ToString() => $"{Input} {string.Join(" ", Layers)}";
}

/// <summary>One layer of a <see cref="TrainableArchitecture"/>. Layers that activate apply the law of the training options.</summary>
public abstract record TrainableLayer;

/// <summary>A convolution with square filters.</summary>
/// <param name="Filters">The number of output channels.</param>
/// <param name="Kernel">Rows and columns of a filter.</param>
/// <param name="Stride">Pixels from one position to the next.</param>
/// <param name="Padding">Pixels of the frame on every side.</param>
/// <param name="Activates">Whether the activation follows.</param>
public sealed record TrainableConvolution(int Filters, int Kernel, int Stride, int Padding, bool Activates) : TrainableLayer
{
    /// <summary>For example <c>conv16k3s2p1+</c>, the plus standing for the activation.</summary>
    public override string ToString() => $"conv{Filters}k{Kernel}s{Stride}p{Padding}{(Activates ? "+" : "")}";
}

/// <summary>A batch normalisation of the convolution or dense layer before it, which does not activate itself.</summary>
/// <param name="Activates">Whether the activation follows.</param>
/// <remarks>Ioffe and Szegedy, ICML 2015. Once trained it is folded into the layer before it, with the running moments.</remarks>
public sealed record TrainableBatchNorm(bool Activates) : TrainableLayer
{
    /// <summary><c>norm</c>, or <c>norm+</c> with the activation.</summary>
    public override string ToString() => Activates ? "norm+" : "norm";
}

/// <summary>A pooling over square windows.</summary>
/// <param name="Largest">Whether the largest pixel is taken, not the average.</param>
/// <param name="Size">Rows and columns of the window.</param>
/// <param name="Stride">Pixels from one position to the next.</param>
public sealed record TrainablePool(bool Largest, int Size, int Stride) : TrainableLayer
{
    /// <summary>For example <c>max2s2</c>.</summary>
    public override string ToString() => $"{(Largest ? "max" : "average")}{Size}s{Stride}";
}

/// <summary>A dense layer; an image before it is taken as a vector.</summary>
/// <param name="Units">The number of units.</param>
/// <param name="Activates">Whether the activation follows.</param>
public sealed record TrainableDense(int Units, bool Activates) : TrainableLayer
{
    /// <summary>For example <c>dense10</c>.</summary>
    public override string ToString() => $"dense{Units}{(Activates ? "+" : "")}";
}

/// <summary>A residual block x ↦ x + branch(x), then perhaps the activation.</summary>
/// <param name="Branch">Convolutions and batch normalisations, the last of which does not activate; image in and image out have one shape.</param>
/// <param name="Activates">Whether the activation is applied to the sum.</param>
public sealed record TrainableResidual(ImmutableArray<TrainableLayer> Branch, bool Activates) : TrainableLayer
{
    /// <summary>For example <c>[conv64k3s1p1 norm]+</c>.</summary>
    public override string ToString() => $"[{string.Join(" ", Branch)}]{(Activates ? "+" : "")}";
}
