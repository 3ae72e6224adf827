using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;

namespace Orthant.Networks;

/// <summary>x ↦ activation(A·x + b), where A is any <see cref="LinearOperator"/>: dense layers, convolutions, average pooling, scaling.</summary>
public sealed class AffineLayer : Layer
{
    private readonly NumberArray bias;
    private readonly UnitActivations activations;

    /// <summary>Creates a layer that applies one activation to all its units.</summary>
    /// <param name="linear">The linear map A, outputs × inputs.</param>
    /// <param name="bias">b, one finite number an output; empty for zeros.</param>
    /// <param name="activation">The activation of every unit; null for the identity.</param>
    /// <param name="rounding">How far A and b may be from the file's numbers; nothing unless said.</param>
    /// <exception cref="ArgumentException">The bias has a wrong length or is not finite.</exception>
    public AffineLayer(LinearOperator linear, ReadOnlySpan<double> bias, ActivationFunction? activation = null, ConstantRounding rounding = default)
        : this(linear, bias, UnitActivations.Uniform(activation ?? ActivationFunction.Identity, (linear ?? throw new ArgumentNullException(nameof(linear))).Outputs), rounding)
    {
    }

    /// <summary>Creates a layer whose units have activations of their own.</summary>
    /// <param name="linear">The linear map A, outputs × inputs.</param>
    /// <param name="bias">b, one finite number an output; empty for zeros.</param>
    /// <param name="activations">One activation an output.</param>
    /// <param name="rounding">How far A and b may be from the file's numbers; nothing unless said.</param>
    /// <exception cref="ArgumentException">Bias or activations have a wrong length, or a number is not finite.</exception>
    public AffineLayer(LinearOperator linear, ReadOnlySpan<double> bias, UnitActivations activations, ConstantRounding rounding = default)
        : base((linear ?? throw new ArgumentNullException(nameof(linear))).Inputs, linear.Outputs)
    {
        ArgumentNullException.ThrowIfNull(activations);
        if (bias.Length != 0 && bias.Length != Outputs) throw new ArgumentException($"A layer of {Outputs} units was given {bias.Length} biases.");
        if (activations.Count != Outputs) throw new ArgumentException($"A layer of {Outputs} units was given {activations.Count} activations.");
        Linear = linear;
        this.bias = bias.Length == 0 ? new NumberArray(new double[Outputs], "Bias") : new NumberArray(bias, "Bias");
        HasBias = bias.Length != 0;
        this.activations = activations;
        Rounding = rounding;
    }

    /// <summary>A dense layer from a matrix whose rows are units.</summary>
    /// <param name="weights">outputs × inputs.</param>
    /// <param name="bias">One number an output; null for zeros.</param>
    /// <param name="activation">The activation of every unit; null for the identity.</param>
    public static AffineLayer Dense(double[,] weights, double[]? bias = null, ActivationFunction? activation = null) =>
        new(new DenseOperator(weights), bias ?? [], activation);

    /// <summary>The linear map A.</summary>
    public LinearOperator Linear { get; }

    /// <summary>b, one number an output.</summary>
    public ReadOnlySpan<double> Bias => bias.Values;

    /// <summary>Whether a bias was given; without one, <see cref="Bias"/> holds zeros.</summary>
    public bool HasBias { get; }

    /// <summary>How far A and b may be from the numbers of the file that they were computed from.</summary>
    public ConstantRounding Rounding { get; }

    /// <inheritdoc/>
    public override string Kind => Linear.Kind;

    /// <inheritdoc/>
    public override UnitActivations Activations => activations;

    /// <inheritdoc/>
    public override long Parameters => Linear.Parameters + (HasBias ? Outputs : 0);

    /// <inheritdoc/>
    public override long Multiplications => (long)Outputs * Linear.LongestRow;

    /// <summary>The same affine map with other activations.</summary>
    public AffineLayer With(UnitActivations other) => new(Linear, HasBias ? Bias : [], other, Rounding);

    internal override void ListSites(SiteList sites)
    {
        if (!activations.IsIdentity) sites.Add(Outputs, activations);
    }

    internal override void Forward<T>(ForwardPass pass, int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        ApplyAffine(rows, x, y);
        pass.Activate(activations, rows, y);
    }

    /// <summary>The pre-activations of a block of rows.</summary>
    internal void ApplyAffine<T>(int rows, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Linear.Apply(rows, x, y);
        if (!HasBias) return;
        ReadOnlySpan<T> b = bias.As<T>();
        for (int row = 0; row < rows; row++)
        {
            Span<T> one = y.Slice(row * Outputs, Outputs);
            TensorPrimitives.Add(one, b, one);
        }
    }

    internal override void Backward<T>(BackwardPass pass, int rows, ReadOnlySpan<T> dy, Span<T> dx)
    {
        if (activations.IsIdentity)
        {
            Linear.ApplyTranspose(rows, dy, dx);
            return;
        }
        T[] rented = ArrayPool<T>.Shared.Rent(dy.Length);
        Span<T> scaled = rented.AsSpan(0, dy.Length);
        dy.CopyTo(scaled);
        pass.Scale(activations, rows, scaled);
        Linear.ApplyTranspose(rows, scaled, dx);
        ArrayPool<T>.Shared.Return(rented);
    }

    internal override void Lower(NormalFormBuilder builder) => builder.AddAffine(Linear, Bias, activations, Rounding);

    private protected override bool SameAs(Layer other)
    {
        AffineLayer o = (AffineLayer)other;
        return HasBias == o.HasBias && Linear.Equals(o.Linear) && bias.SameBits(o.bias) && activations.Equals(o.activations) && Rounding == o.Rounding;
    }

    private protected override int ContentHash() => HashCode.Combine(Linear, bias.Hash(), activations);
}

/// <summary>A bound on the rounding of constants that were computed from a file's numbers: batch normalisation's root, averages, scaling.</summary>
/// <param name="RelativeWeightError">Every entry a of the linear map is within this times |a| of the exact one; 0 when exact.</param>
/// <param name="RelativeBiasError">Every bias b is within this times |b| of the exact one; 0 when exact.</param>
/// <param name="AbsoluteBiasError">… plus this; 0 when exact.</param>
public readonly record struct ConstantRounding(double RelativeWeightError, double RelativeBiasError, double AbsoluteBiasError)
{
    /// <summary>Whether nothing was rounded.</summary>
    public bool IsExact => this == default;
}
