using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>The layers of a network that is yet to be trained: kinds and sizes without weights. For networks with weights see
/// <see cref="ReluNetwork"/>.</summary>
/// <param name="Name">A name for people; may be empty.</param>
/// <param name="Layers">The layers, from the input; sizes that follow from the data are left out.</param>
public sealed record NetworkArchitecture(string Name, ImmutableArray<ArchitectureLayer> Layers);

/// <summary>One layer of a <see cref="NetworkArchitecture"/>.</summary>
public abstract record ArchitectureLayer;

/// <summary>A dense layer.</summary>
/// <param name="Units">The number of units.</param>
/// <param name="Activation">What each unit applies.</param>
public sealed record DenseArchitecture(int Units, ActivationFunction Activation) : ArchitectureLayer;

/// <summary>A two-dimensional convolution.</summary>
/// <param name="Filters">The number of output channels.</param>
/// <param name="Kernel">Rows and columns of the square filters.</param>
/// <param name="Stride">Pixels from one position to the next.</param>
/// <param name="Padding">Pixels of the frame on every side.</param>
/// <param name="Activation">What each unit applies.</param>
public sealed record ConvolutionArchitecture(
    int Filters, int Kernel, int Stride, int Padding, ActivationFunction Activation) : ArchitectureLayer;

/// <summary>A batch normalisation, then an activation.</summary>
/// <param name="Activation">What each unit applies.</param>
public sealed record BatchNormArchitecture(ActivationFunction Activation) : ArchitectureLayer;

/// <summary>A pooling.</summary>
/// <param name="Largest">Whether the largest pixel is taken, not the average.</param>
/// <param name="Size">Rows and columns of the square window.</param>
/// <param name="Stride">Pixels from one position to the next.</param>
public sealed record PoolArchitecture(bool Largest, int Size, int Stride) : ArchitectureLayer;

/// <summary>An image taken as a vector, channel by channel.</summary>
public sealed record FlattenArchitecture : ArchitectureLayer;

/// <summary>A residual block x ↦ activation(x + layers(x)).</summary>
/// <param name="Layers">The branch.</param>
/// <param name="Activation">What is applied to the sum.</param>
public sealed record ResidualArchitecture(ImmutableArray<ArchitectureLayer> Layers, ActivationFunction Activation) : ArchitectureLayer;
