using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The law that all layers after the prefix of a <see cref="LayerSequence"/> follow.</summary>
public abstract record SequenceTail
{
    private protected SequenceTail()
    {
    }
}

/// <summary>Every layer is the same, W_n = W and b_n = b.</summary>
/// <param name="Layer">W (width × width) and b.</param>
public sealed record TiedTail(AffineMap Layer) : SequenceTail;

/// <summary>W_n = I + A h_n and b_n = c h_n.</summary>
/// <param name="Direction">A (width × width) and c.</param>
/// <param name="Sizes">h_n.</param>
public sealed record StepTail(AffineMap Direction, StepSizes Sizes) : SequenceTail;

/// <summary>N_n = σ(N_{n−1} + h_n branch(N_{n−1})).</summary>
/// <param name="Branch">Layers from the width to itself.</param>
/// <param name="Sizes">h_n.</param>
public sealed record ResidualTail(ImmutableArray<(AffineMap Map, SequenceActivation Activation)> Branch, StepSizes Sizes) : SequenceTail;

/// <summary>Full convolutions of growing width, the mask being δ + mask·qⁿ (Xu and Zhang, convolutional networks).</summary>
/// <param name="Mask">w_0, …, w_s: each layer is s wider than the one before it.</param>
/// <param name="FirstBias">What is added to the first coordinate, times qⁿ.</param>
/// <param name="Sizes">qⁿ.</param>
public sealed record ConvolutionTail(ImmutableArray<Rational> Mask, Rational FirstBias, StepSizes Sizes) : SequenceTail;

/// <summary>Only bounds of the sums are known.</summary>
/// <param name="Norm">The norm that they hold in.</param>
/// <param name="WeightSum">Σ‖W_n − I‖ at most.</param>
/// <param name="BiasSum">Σ‖b_n‖ at most.</param>
public sealed record BoundTail(VectorNorm Norm, Rational WeightSum, Rational BiasSum) : SequenceTail;

/// <summary>Layers given by a function, about which nothing else is known.</summary>
/// <param name="Layer">W_n and b_n for n = k+1, k+2, … after a prefix of k layers.</param>
/// <param name="SumsBeyond">Upper bounds of Σ‖W_i − I‖ and Σ‖b_i‖ over i &gt; n in a norm, where they are known; the caller vouches for
/// them.</param>
public sealed record RuleTail(Func<int, AffineMap> Layer, Func<int, VectorNorm, (Rational Weights, Rational Biases)?>? SumsBeyond = null) : SequenceTail;
