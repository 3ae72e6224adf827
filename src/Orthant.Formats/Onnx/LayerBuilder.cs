using Orthant.Networks;

namespace Orthant.Formats.Onnx;

/// <summary>Collects the layers of a chain of signals: a bias joins the linear map before it, an activation the layer before it.</summary>
/// <remarks>Nothing is merged that would round: a bias or a scaling joins only where all sums and products are exact. In a file of ours
/// only
/// signals of one layer are joined, so that it reads back as it was.</remarks>
internal sealed class LayerBuilder
{
    private readonly List<Layer> layers = [];
    private AffineSignal? pending;
    private string? lastGroup;

    /// <summary>Appends a signal that has one source.</summary>
    public void Add(Signal step)
    {
        switch (step)
        {
            case AffineSignal affine:
                if (affine.Group is null && affine.Linear is null or IdentityOperator && IsZero(affine.Bias)) break;
                if (pending is not null && Fused(pending, affine) is { } fused)
                {
                    pending = fused;
                    break;
                }
                Flush();
                pending = affine;
                break;
            case ActivationSignal activation:
                Activate(activation);
                break;
            case MaxPoolSignal pool:
                Add(pool.Layer, pool.Group);
                break;
            default:
                throw new ArgumentException($"{step.GetType().Name} has not one source.", nameof(step));
        }
    }

    /// <summary>Appends a layer.</summary>
    public void Add(Layer layer, string? group)
    {
        Flush();
        layers.Add(layer);
        lastGroup = group;
    }

    /// <summary>Appends layers as they are.</summary>
    public void Add(IEnumerable<Layer> more)
    {
        foreach (Layer layer in more) Add(layer, null);
    }

    /// <summary>The layers collected.</summary>
    public List<Layer> Build()
    {
        Flush();
        return layers;
    }

    private void Activate(ActivationSignal step)
    {
        if (pending is not null && pending.Group == step.Group)
        {
            AffineSignal affine = pending;
            pending = null;
            Add(LayerOf(affine, step.Activations), step.Group);
            return;
        }
        Flush();
        if (layers.Count > 0 && lastGroup == step.Group)
        {
            switch (layers[^1])
            {
                case ParallelLayer parallel when parallel.Activations.IsIdentity && step.Activations.Shared is { } shared:
                    layers[^1] = new ParallelLayer(parallel.Inputs, parallel.Branches.Select(b => b.AsEnumerable()), parallel.Join, shared);
                    return;
                case AffineLayer affine when Composed(affine.Activations, step.Activations) is { } composed:
                    layers[^1] = new AffineLayer(affine.Linear, affine.HasBias ? affine.Bias : [], composed, affine.Rounding);
                    return;
            }
        }
        Add(new AffineLayer(new IdentityOperator(step.Size), [], step.Activations), step.Group);
    }

    private void Flush()
    {
        if (pending is null) return;
        AffineSignal affine = pending;
        pending = null;
        Add(LayerOf(affine, UnitActivations.Uniform(ActivationFunction.Identity, affine.Size)), affine.Group);
    }

    private static AffineLayer LayerOf(AffineSignal affine, UnitActivations activations) =>
        new(affine.Linear ?? new IdentityOperator(affine.Size), affine.Bias ?? [], activations, affine.Rounding);

    /// <summary>Two affine maps as one, or null where that would round or mix layers.</summary>
    private static AffineSignal? Fused(AffineSignal first, AffineSignal second)
    {
        if (first.Group != second.Group) return null;
        if (second.Linear is null)
        {
            ConstantRounding rounding = first.Rounding with
            {
                RelativeBiasError = second.Rounding.RelativeBiasError,
                AbsoluteBiasError = second.Rounding.AbsoluteBiasError,
            };
            if (first.Bias is null) return Affine(first, first.Linear, second.Bias, rounding);
            if (!first.Rounding.IsExact || !second.Rounding.IsExact || second.Bias is null) return null;
            return ExactSum(first.Bias, second.Bias) is { } sum ? Affine(first, first.Linear, sum, default) : null;
        }
        if (second.Linear is not DiagonalOperator scale || !first.Rounding.IsExact || !second.Rounding.IsExact) return null;
        LinearOperator? scaled = first.Linear switch
        {
            null => scale,
            DenseOperator dense => Scaled(dense, scale),
            _ => null,
        };
        if (scaled is null) return null;
        double[]? bias = first.Bias is null ? null : ExactProduct(first.Bias, scale.Entries);
        if (first.Bias is not null && bias is null) return null;
        if (bias is not null && second.Bias is not null) bias = ExactSum(bias, second.Bias);
        else bias ??= second.Bias;
        return bias is null && (first.Bias is not null || second.Bias is not null) ? null : Affine(first, scaled, bias, default);
    }

    private static AffineSignal Affine(AffineSignal like, LinearOperator? linear, double[]? bias, ConstantRounding rounding) =>
        new(like.Sources[0], linear, bias, rounding) { Group = like.Group };

    private static DenseOperator? Scaled(DenseOperator dense, DiagonalOperator scale)
    {
        double[] entries = new double[dense.Entries.Length];
        for (int i = 0; i < dense.Outputs; i++)
        {
            double factor = scale.Entries[i];
            for (int j = i * dense.Inputs; j < (i + 1) * dense.Inputs; j++)
            {
                if (!ExactArithmetic.TryMultiply(dense.Entries[j], factor, out entries[j])) return null;
            }
        }
        return new DenseOperator(dense.Outputs, dense.Inputs, entries);
    }

    private static double[]? ExactSum(double[] a, double[] b)
    {
        double[] sum = new double[a.Length];
        for (int i = 0; i < sum.Length; i++)
        {
            if (!ExactArithmetic.TryAdd(a[i], b[i], out sum[i])) return null;
        }
        return sum;
    }

    private static double[]? ExactProduct(double[] a, ReadOnlySpan<double> b)
    {
        double[] product = new double[a.Length];
        for (int i = 0; i < product.Length; i++)
        {
            if (!ExactArithmetic.TryMultiply(a[i], b[i], out product[i])) return null;
        }
        return product;
    }

    private static bool IsZero(double[]? bias) => bias is null || Array.TrueForAll(bias, static b => b == 0);

    /// <summary>One activation after another as one, unit by unit, or null where that is none of the known functions.</summary>
    private static UnitActivations? Composed(UnitActivations first, UnitActivations second)
    {
        ActivationFunction[] all = new ActivationFunction[first.Count];
        for (int i = 0; i < all.Length; i++)
        {
            if (Composed(first[i], second[i]) is not { } one) return null;
            all[i] = one;
        }
        return UnitActivations.PerUnit(all);
    }

    private static ActivationFunction? Composed(ActivationFunction first, ActivationFunction second)
    {
        if (first.IsIdentity) return second;
        if (second.IsIdentity) return first;
        // max(x, lower), and then min(x, upper), the bounds in order: a clip.
        bool clips = first.Pieces == 2 && first.Slope(0) == 0 && first.Slope(1) == 1 && second.Pieces == 2 && second.Slope(0) == 1
            && second.Slope(1) == 0;
        return clips && first.Intercept(0) < second.Intercept(1) ? ActivationFunction.Clip(first.Intercept(0), second.Intercept(1)) : null;
    }
}
