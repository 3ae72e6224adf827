using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>One recovered hidden layer: rows are units.</summary>
/// <param name="Inputs">What the layer reads.</param>
/// <param name="Weights">units × inputs, row-major.</param>
/// <param name="Bias">One number a unit.</param>
internal sealed record HiddenLayer(int Inputs, double[] Weights, double[] Bias)
{
    public int Units => Bias.Length;

    public ReadOnlySpan<double> Row(int unit) => Weights.AsSpan(unit * Inputs, Inputs);

    /// <summary>The pre-activations of one input row.</summary>
    public void Apply(ReadOnlySpan<double> h, Span<double> z)
    {
        for (int i = 0; i < Units; i++) z[i] = TensorPrimitives.Dot(Row(i), h) + Bias[i];
    }

    /// <summary>A layer from units, each a row of weights and a bias.</summary>
    public static HiddenLayer Of(int inputs, IReadOnlyList<(double[] Weights, double Bias)> units) =>
        new(inputs, [.. units.SelectMany(u => u.Weights)], [.. units.Select(u => u.Bias)]);
}

/// <summary>The hidden layers known so far, and on which side each unit is active, except perhaps for those of the last layer.</summary>
/// <remarks>
/// <para>While the signs of the last known layer l are open, a unit of the next layer is a combination of more than its activations: relu(s ẑ) = relu(ẑ) − β ẑ with β = 1
/// for s = −1, and so z = v·relu(ẑ_l) − q·h_(l−1) + e with q = Σ β_i v_i w_i. These are its <i>features</i>: relu(ẑ_l) and −h_(l−1) while the signs are open, relu(z_l) alone
/// once they are known. v does not depend on the signs.</para>
/// </remarks>
internal sealed class KnownLayers
{
    private readonly List<HiddenLayer> layers;

    public KnownLayers(int inputs, IEnumerable<HiddenLayer> layers, bool topIsSigned)
    {
        Inputs = inputs;
        this.layers = [.. layers];
        TopIsSigned = topIsSigned;
        Boundaries = this.layers.Sum(l => l.Units);
    }

    public int Inputs { get; }

    public IReadOnlyList<HiddenLayer> Layers => layers;

    public HiddenLayer Top => layers[^1];

    public bool TopIsSigned { get; }

    /// <summary>The width of what the next layer reads: of the top layer, or of the input.</summary>
    public int Width => layers.Count > 0 ? Top.Units : Inputs;

    /// <summary>The number of units of all layers: of boundaries in the arrangement.</summary>
    public int Boundaries { get; }

    /// <summary>The width below the top layer.</summary>
    public int Below => layers.Count > 1 ? layers[^2].Units : Inputs;

    public int Features => TopIsSigned ? Top.Units : Top.Units + Below;

    /// <summary>Pre-activations of all layers, one after the other, and activations likewise.</summary>
    public void Forward(ReadOnlySpan<double> x, Span<double> z, Span<double> h)
    {
        ReadOnlySpan<double> input = x;
        int first = 0;
        foreach (HiddenLayer layer in layers)
        {
            Span<double> mine = z.Slice(first, layer.Units);
            layer.Apply(input, mine);
            TensorPrimitives.Max(mine, 0.0, h.Slice(first, layer.Units));
            input = h.Slice(first, layer.Units);
            first += layer.Units;
        }
    }

    /// <summary>The features of the next layer at a point, see the remarks of the class.</summary>
    public double[] FeaturesAt(ReadOnlySpan<double> x)
    {
        double[] z = new double[Boundaries], h = new double[Boundaries], features = new double[Features];
        Forward(x, z, h);
        h.AsSpan(Boundaries - Top.Units).CopyTo(features);
        if (!TopIsSigned)
        {
            ReadOnlySpan<double> below = layers.Count > 1 ? h.AsSpan(Boundaries - Top.Units - Below, Below) : x;
            TensorPrimitives.Negate(below, features.AsSpan(Top.Units));
        }
        return features;
    }

    /// <summary>The activations of the top layer; the point itself where there is none.</summary>
    public double[] TopAt(ReadOnlySpan<double> x)
    {
        if (layers.Count == 0) return x.ToArray();
        double[] z = new double[Boundaries], h = new double[Boundaries];
        Forward(x, z, h);
        return h[^Top.Units..];
    }

    /// <summary>+1 or −1 for every boundary.</summary>
    public double[] PatternAt(ReadOnlySpan<double> x)
    {
        double[] z = new double[Boundaries], h = new double[Boundaries];
        Forward(x, z, h);
        for (int i = 0; i < z.Length; i++) z[i] = z[i] > 0 ? 1 : -1;
        return z;
    }

    /// <summary>The distance of a point to the nearest boundary of its cell, by the gradient there.</summary>
    public double NearestBoundary(ReadOnlySpan<double> x)
    {
        CellGeometry cell = new(this, PatternAt(x), withFeatures: false);
        double nearest = double.PositiveInfinity;
        for (int i = 0; i < Boundaries; i++)
        {
            if (cell.Lengths[i] > 1e-9) nearest = Math.Min(nearest, Math.Abs(cell.Value(i, x)) / cell.Lengths[i]);
        }
        return nearest;
    }
}

/// <summary>In one cell of the known layers every boundary is a hyperplane, and the features are affine: their coefficients.</summary>
internal sealed class CellGeometry
{
    private readonly KnownLayers known;
    private readonly int inputs;

    /// <summary>Works out a cell.</summary>
    /// <param name="known">The layers.</param>
    /// <param name="pattern">±1 for each boundary.</param>
    /// <param name="withFeatures">Whether <see cref="Coefficients"/> is wanted too.</param>
    public CellGeometry(KnownLayers known, double[] pattern, bool withFeatures = true)
    {
        this.known = known;
        inputs = known.Inputs;
        Normals = new double[known.Boundaries * inputs];
        Offsets = new double[known.Boundaries];
        Lengths = new double[known.Boundaries];
        Jacobian = new double[known.Features * inputs];
        int first = 0;
        HiddenLayer? below = null;
        foreach (HiddenLayer layer in known.Layers)
        {
            for (int i = 0; i < layer.Units; i++)
            {
                Span<double> normal = Normal(first + i);
                if (below is null)
                {
                    layer.Row(i).CopyTo(normal);
                    Offsets[first + i] = layer.Bias[i];
                }
                else
                {
                    ReadOnlySpan<double> row = layer.Row(i);
                    double offset = layer.Bias[i];
                    for (int j = 0; j < row.Length; j++)
                    {
                        int source = first - below.Units + j;
                        if (pattern[source] < 0) continue;
                        TensorPrimitives.MultiplyAdd(Normal(source), row[j], normal, normal);
                        offset += row[j] * Offsets[source];
                    }
                    Offsets[first + i] = offset;
                }
                Lengths[first + i] = TensorPrimitives.Norm<double>(normal);
            }
            first += layer.Units;
            below = layer;
        }
        FillJacobian(pattern);
        if (withFeatures) FillCoefficients(pattern);
    }

    /// <summary>boundaries × inputs: the normals.</summary>
    public double[] Normals { get; }

    /// <summary>The constant of each boundary.</summary>
    public double[] Offsets { get; }

    /// <summary>The Euclidean norm of each normal.</summary>
    public double[] Lengths { get; }

    /// <summary>features × inputs: the features' gradients in the cell.</summary>
    public double[] Jacobian { get; }

    /// <summary>boundaries × features: by how much the next layer's gradient, a combination of features with θ, changes in units of the boundary's own normal when the
    /// boundary's unit switches on: a·θ.</summary>
    public double[] Coefficients { get; private set; } = [];

    public Span<double> Normal(int boundary) => Normals.AsSpan(boundary * inputs, inputs);

    /// <summary>The pre-activation of a boundary's unit at a point of the cell.</summary>
    public double Value(int boundary, ReadOnlySpan<double> x) => TensorPrimitives.Dot<double>(Normal(boundary), x) + Offsets[boundary];

    public ReadOnlySpan<double> Coefficient(int boundary) => Coefficients.AsSpan(boundary * known.Features, known.Features);

    /// <summary>θ·(features' gradients).</summary>
    public double[] Combine(ReadOnlySpan<double> theta)
    {
        double[] normal = new double[inputs];
        for (int k = 0; k < theta.Length; k++)
        {
            if (theta[k] != 0) TensorPrimitives.MultiplyAdd(Jacobian.AsSpan(k * inputs, inputs), theta[k], normal, normal);
        }
        return normal;
    }

    private void FillJacobian(double[] pattern)
    {
        int top = known.Top.Units, first = known.Boundaries - top, below = known.Below;
        for (int i = 0; i < top; i++)
        {
            if (pattern[first + i] > 0) Normal(first + i).CopyTo(Jacobian.AsSpan(i * inputs));
        }
        if (known.TopIsSigned) return;
        for (int j = 0; j < below; j++)
        {
            Span<double> row = Jacobian.AsSpan((top + j) * inputs, inputs);
            if (known.Layers.Count == 1) row[j] = -1;
            else if (pattern[first - below + j] > 0) TensorPrimitives.Negate(Normal(first - below + j), row);
        }
    }

    /// <summary>From the top layer downward, G = ∂h_(l−1)/∂h_k in the cell.</summary>
    private void FillCoefficients(double[] pattern)
    {
        int features = known.Features, top = known.Top.Units, below = known.Below, first = known.Boundaries - top;
        Coefficients = new double[known.Boundaries * features];
        for (int i = 0; i < top; i++) Coefficients[((first + i) * features) + i] = 1;
        if (known.Layers.Count == 1) return;
        double[] g = new double[below * below];
        for (int i = 0; i < below; i++) g[(i * below) + i] = 1;
        int width = below, end = first;
        for (int k = known.Layers.Count - 2; k >= 0; k--)
        {
            HiddenLayer layer = known.Layers[k];
            int start = end - layer.Units;
            for (int i = 0; i < layer.Units; i++)
            {
                Span<double> row = Coefficients.AsSpan((start + i) * features, features);
                for (int t = 0; t < top; t++)
                {
                    if (pattern[first + t] < 0) continue;
                    ReadOnlySpan<double> w = known.Top.Row(t);
                    double sum = 0;
                    for (int s = 0; s < below; s++) sum += w[s] * g[(s * width) + i];
                    row[t] = sum;
                }
                for (int s = 0; s < below && !known.TopIsSigned; s++) row[top + s] = -g[(s * width) + i];
            }
            if (k == 0) return;
            double[] next = new double[below * layer.Inputs];
            for (int s = 0; s < below; s++)
            {
                Span<double> target = next.AsSpan(s * layer.Inputs, layer.Inputs);
                for (int i = 0; i < layer.Units; i++)
                {
                    double factor = g[(s * width) + i];
                    if (factor != 0 && pattern[start + i] > 0) TensorPrimitives.MultiplyAdd(layer.Row(i), factor, target, target);
                }
            }
            (g, width, end) = (next, layer.Inputs, start);
        }
    }
}
