using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>An affine map x ↦ weights·x + bias with exact entries.</summary>
/// <param name="Weights">Rows of the matrix (outputs × inputs).</param>
/// <param name="Bias">One number an output.</param>
public sealed record AffineMap(Rational[][] Weights, Rational[] Bias)
{
    /// <summary>Numbers read.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Inputs => Weights.Length == 0 ? 0 : Weights[0].Length;

    /// <summary>Numbers returned.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Outputs => Weights.Length;
}

/// <summary>A layer of a residual branch: an affine map and an activation by name.</summary>
/// <param name="Map">The affine map.</param>
/// <param name="Activation">Such as "relu", "identity", "leaky:0.1".</param>
public sealed record BranchLayer(AffineMap Map, string Activation);

/// <summary>The law that all layers after the prefix follow, as in the sequence files of <c>converge</c>.</summary>
public sealed record TailData
{
    /// <summary>tied, power, geometric, logPower, residual, convolution or bound.</summary>
    public required string Kind { get; init; }

    /// <summary>The one layer of a tied tail.</summary>
    public AffineMap? Layer { get; init; }

    /// <summary>A of W_n = I + A h_n, with c of b_n = c h_n as its bias.</summary>
    public AffineMap? Direction { get; init; }

    /// <summary>p of h_n = (n + s)^-p, or r of h_n = 1/((n + 1) ln^r (n + 1)).</summary>
    public Rational? Exponent { get; init; }

    /// <summary>s of h_n = (n + s)^-p.</summary>
    public Rational? Shift { get; init; }

    /// <summary>q of h_n = qⁿ.</summary>
    public Rational? Ratio { get; init; }

    /// <summary>Whether h_n is multiplied by (-1)^(n+1).</summary>
    public bool Alternating { get; init; }

    /// <summary>The branch of a residual tail, x ↦ σ(x + h_n branch(x)).</summary>
    public BranchLayer[]? Branch { get; init; }

    /// <summary>The mask of a convolution of growing width, W_n = Toeplitz(δ + mask qⁿ).</summary>
    public Rational[]? Mask { get; init; }

    /// <summary>What a convolution adds to its first coordinate, times qⁿ.</summary>
    public Rational? FirstBias { get; init; }

    /// <summary>The norm of a declared bound: l1, l2 or linf.</summary>
    public string? Norm { get; init; }

    /// <summary>An upper bound of Σ‖W_n − I‖.</summary>
    public Rational? WeightSum { get; init; }

    /// <summary>An upper bound of Σ‖b_n‖.</summary>
    public Rational? BiasSum { get; init; }
}

/// <summary>A sequence of layers N_n = σ(W_n N_(n-1) + b_n) on a box of inputs, exactly.</summary>
/// <param name="InputBox">Lower and upper end of each input.</param>
/// <param name="Activation">The activation by name.</param>
/// <param name="Prefix">The layers n = 1, …, k before the tail.</param>
/// <param name="Tail">The law of the layers n = k+1, k+2, ….</param>
/// <param name="First">Maps the inputs to the width, followed by the activation; null for the identity without one.</param>
public sealed record SequenceData(Rational[][] InputBox, string Activation, AffineMap[] Prefix, TailData Tail, AffineMap? First = null);
