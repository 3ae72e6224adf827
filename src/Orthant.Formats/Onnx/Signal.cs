using Orthant.Networks;

namespace Orthant.Formats.Onnx;

/// <summary>What a graph computes from its input: a vector, together with how it comes from other vectors.</summary>
/// <remarks>Signals form a graph without cycles that ends in one <see cref="InputSignal"/>; <see cref="LayerSequence"/> turns it into
/// layers. Reshaping leaves a signal as it is, since its numbers stay in row-major order.</remarks>
internal abstract class Signal(int size)
{
    /// <summary>The most numbers that a signal may have: far above any real layer, far below what a false length could ask for.</summary>
    public const int LargestSize = 1 << 22;

    /// <summary>The length of the vector.</summary>
    public int Size { get; } = size;

    /// <summary>The signals that this one is computed from.</summary>
    public abstract IReadOnlyList<Signal> Sources { get; }

    /// <summary>The layer of a file written by Orthant that this signal belongs to; null in other files.</summary>
    public string? Group { get; init; }
}

/// <summary>The input of the network.</summary>
internal sealed class InputSignal(int size) : Signal(size)
{
    public override IReadOnlyList<Signal> Sources => [];
}

/// <summary>A linear map of another signal, then a bias.</summary>
/// <param name="source">What is mapped.</param>
/// <param name="linear">The linear map; null for the identity.</param>
/// <param name="bias">What is added; null for nothing.</param>
/// <param name="rounding">How far map and bias may be from the file's numbers.</param>
internal sealed class AffineSignal(Signal source, LinearOperator? linear, double[]? bias, ConstantRounding rounding)
    : Signal(linear?.Outputs ?? source.Size)
{
    public override IReadOnlyList<Signal> Sources { get; } = [source];

    public LinearOperator? Linear { get; } = linear;

    public double[]? Bias { get; } = bias;

    public ConstantRounding Rounding { get; } = rounding;
}

/// <summary>One function of one variable for each number of another signal.</summary>
internal sealed class ActivationSignal(Signal source, UnitActivations activations) : Signal(source.Size)
{
    public override IReadOnlyList<Signal> Sources { get; } = [source];

    public UnitActivations Activations { get; } = activations;
}

/// <summary>The largest pixel under a sliding window over another signal.</summary>
internal sealed class MaxPoolSignal(Signal source, MaxPoolLayer layer) : Signal(layer.Outputs)
{
    public override IReadOnlyList<Signal> Sources { get; } = [source];

    public MaxPoolLayer Layer { get; } = layer;
}

/// <summary>Signals added up, or put one after the other.</summary>
internal sealed class JoinSignal(IReadOnlyList<Signal> sources, BranchJoin join)
    : Signal(join == BranchJoin.Sum ? sources[0].Size : sources.Sum(s => s.Size))
{
    public override IReadOnlyList<Signal> Sources { get; } = sources;

    public BranchJoin Join { get; } = join;
}
