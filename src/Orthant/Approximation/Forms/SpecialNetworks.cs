using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Networks for structured functions, in which depth pays: hats composed with themselves, squares, products, polynomials, the Riesz
/// basis of hats, powers and mirrored patterns.</summary>
/// <remarks>H(x) = 2 ReLU(x) - 4 ReLU(x - 1/2) is the hat on [0, 1]; H∘ᵏ has 2ᵏ pieces and costs two neurons a composition. All weights of the
/// chains are dyadic, so that rounding enters only through what is computed, not through what is stored.</remarks>
public static class SpecialNetworks
{
    /// <summary>The most compositions: beyond, the powers of two leave what doubles resolve.</summary>
    public const int MostDepth = 1000;

    /// <summary>constant + linear·x + Σ_k a_k H∘ᵏ(x) on [0, 1]: width 3, depth m, 12m - 2 parameters.</summary>
    /// <param name="coefficients">a_1 … a_m, m from 1 to <see cref="MostDepth"/>.</param>
    /// <param name="constant">Added to everything.</param>
    /// <param name="linear">The factor of x.</param>
    public static ReluNetwork HatSum(ReadOnlySpan<double> coefficients, double constant = 0, double linear = 0)
    {
        int m = coefficients.Length;
        if (m is < 1 or > MostDepth) throw new ArgumentException($"{m} coefficients; 1 to {MostDepth} are allowed.");
        LayerStack stack = new(ElementType.Float64);
        stack.Neuron(0, (0, 1));
        stack.Neuron(-0.5, (0, 1));
        stack.Neuron(0, (0, 1));
        stack.EndLayer();
        double shift = 0;
        for (int k = 1; k < m; k++)
        {
            double a = coefficients[k - 1], more = Math.Max(0, -a) + (k == 1 ? Math.Max(0, -linear) : 0);
            stack.Neuron(0, (0, 2), (1, -4));
            stack.Neuron(-0.5, (0, 2), (1, -4));
            stack.Neuron(more, (0, 2 * a), (1, -4 * a), (2, k == 1 ? linear : 1));
            stack.EndLayer();
            shift += more;
        }
        double last = coefficients[m - 1];
        stack.Neuron(constant - shift, (0, 2 * last), (1, -4 * last), (2, m == 1 ? linear : 1));
        return stack.ToNetwork($"sum of {m} hat compositions");
    }

    /// <summary>Takagi's function on [0, 1] to within (2/3)·2⁻ᵐ exactly.</summary>
    /// <param name="depth">m, 1 to <see cref="MostDepth"/>.</param>
    public static ReluNetwork Takagi(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        return HatSum([.. Enumerable.Range(1, depth).Select(k => Math.ScaleB(1, -k))]);
    }

    /// <summary>t² on [0, 1] to within 4^-(m+1)/2: the best spline of 2ᵐ pieces.</summary>
    /// <param name="depth">m, 1 to <see cref="MostDepth"/>.</param>
    public static ReluNetwork Square(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        return HatSum([.. Enumerable.Range(1, depth).Select(k => -Math.ScaleB(1, -2 * k))], -Math.ScaleB(1, -(2 * depth) - 3), 1);
    }

    /// <summary>H∘ᵏ: width 2, depth k.</summary>
    /// <param name="power">k, 1 to <see cref="MostDepth"/>.</param>
    public static ReluNetwork HatPower(int power) => Wave(1, 0, 1, 0, power - 1, $"hat to the power {power}");

    /// <summary>C(kx) with C(x) = 4|x - 1/2| - 1 of period 1, on [0, 1]: width 2, depth ⌈log₂ k⌉ + 1.</summary>
    /// <param name="frequency">k, at least 1.</param>
    public static ReluNetwork RieszCosine(int frequency) => Wave(-2, 1, frequency, 0, Doublings(frequency), $"C_{frequency}");

    /// <summary>S(kx) with S(x) = |2 - 4|x - 1/4|| - 1 of period 1, on [0, 1]: C(kx + 3/4), depth ⌈log₂(k + 3/4)⌉ + 1.</summary>
    /// <param name="frequency">k, at least 1.</param>
    public static ReluNetwork RieszSine(int frequency) => Wave(-2, 1, frequency, 0.75, Doublings(frequency + 0.75), $"S_{frequency}");

    /// <summary>The product (x, v) ↦ x·v on [0, 1] × [-B, B] to within 2B·4^-(m+1): width 6, depth m.</summary>
    /// <param name="depth">m, 1 to 200.</param>
    /// <param name="bound">B, positive.</param>
    public static ReluNetwork Product(int depth, double bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, 200);
        LayerStack stack = new(ElementType.Float64);
        ProductStage stage = new(stack, depth, bound, carries: false);
        stage.Add([(0, 1)], 0, [(1, 1)], 0, [], 0);
        stack.Neuron(stage.ProductBias, [.. stage.ProductRow]);
        return stack.ToNetwork("product", 2);
    }

    /// <summary>Σ c_k tᵏ on [0, 1] by Horner's rule: width 6, depth d·m, to within the error returned.</summary>
    /// <param name="coefficients">c_0 … c_d, d at least 1.</param>
    /// <param name="depth">m, the depth of a product.</param>
    public static (ReluNetwork Network, double Error) Horner(ReadOnlySpan<double> coefficients, int depth)
    {
        int d = coefficients.Length - 1;
        if (d < 1) throw new ArgumentException("A polynomial of degree 1 or more is needed.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        LayerStack stack = new(ElementType.Float64);
        double bound = Math.Abs(coefficients[d]), error = 0, constant = coefficients[d];
        List<(int, double)> value = [];
        List<(int, double)> source = [(0, 1)];
        for (int k = d - 1; k >= 0; k--)
        {
            double b = PowerAbove(bound + error);
            ProductStage stage = new(stack, depth, b, carries: false);
            stage.Add(source, 0, value, constant, [], 0);
            source = [(ProductStage.Source, 1)];
            value = stage.ProductRow;
            constant = stage.ProductBias + coefficients[k];
            error += 2 * b * Math.ScaleB(1, -2 * (depth + 1));
            bound += Math.Abs(coefficients[k]);
        }
        stack.Neuron(constant, [.. value]);
        return (stack.ToNetwork($"polynomial of degree {d}"), error * (1 + 1e-12));
    }

    /// <summary>Σ c_k T_k(2t - 1) on [0, 1] by Clenshaw's rule, stable at any degree: width 8, depth d·m.</summary>
    /// <param name="coefficients">c_0 … c_d, d at least 1.</param>
    /// <param name="depth">m, the depth of a product.</param>
    /// <returns>The network and a bound of its error in real arithmetic: errors of the products go on by |U_k| ≤ k + 1.</returns>
    public static (ReluNetwork Network, double Error) Chebyshev(ReadOnlySpan<double> coefficients, int depth) => Chebyshev(coefficients, depth, 0, 1);

    /// <summary>The same on [a, b], with t = (x - a)/(b - a).</summary>
    internal static (ReluNetwork Network, double Error) Chebyshev(ReadOnlySpan<double> coefficients, int depth, double a, double b)
    {
        int d = coefficients.Length - 1;
        if (d < 1) throw new ArgumentException("A polynomial of degree 1 or more is needed.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        LayerStack stack = new(ElementType.Float64);
        // b_d = c_d, b_{k} = c_k + 2T b_{k+1} - b_{k+2}; the last step is c_0 + T b_1 - b_2, and T = 2t - 1.
        List<(int, double)> value = [], older = [], source = [(0, 1 / (b - a))];
        double sourceBias = -a / (b - a), constant = coefficients[d], olderConstant = 0, error = 0;
        for (int k = d - 1; k >= 0; k--)
        {
            double bound = 0;
            for (int j = k + 1; j <= d; j++) bound += Math.Abs(coefficients[j]) * (j - k);
            double size = PowerAbove((2 * bound) + 1e-300);
            ProductStage stage = new(stack, depth, size, carries: true);
            stage.Add(source, sourceBias, value, constant, older, olderConstant);
            (source, sourceBias) = ([(ProductStage.Source, 1)], 0);
            double twice = k == 0 ? 1 : 2;
            List<(int, double)> next = [.. stage.ProductRow.Select(e => (e.Item1, 2 * twice * e.Item2))];
            double nextConstant = (2 * twice * stage.ProductBias) + coefficients[k];
            // The stage carries b_{k+1} in one channel and b_{k+2} in another, both lifted above zero.
            next.Add((ProductStage.Factor, -twice));
            nextConstant += twice * size;
            next.Add((ProductStage.Older, -1));
            nextConstant += stage.OlderShift;
            older = [(ProductStage.Factor, 1)];
            olderConstant = -size;
            (value, constant) = (next, nextConstant);
            error += (k + 1) * 2 * twice * 2 * size * Math.ScaleB(1, -2 * (depth + 1));
        }
        stack.Neuron(constant, [.. value]);
        return (stack.ToNetwork($"Chebyshev polynomial of degree {d}"), error * (1 + 1e-12));
    }

    /// <summary>outer ∘ inner with the affine maps between them merged: widths are kept and depths add up.</summary>
    /// <param name="outer">One input.</param>
    /// <param name="inner">One output.</param>
    public static ReluNetwork Compose(ReluNetwork outer, ReluNetwork inner)
    {
        ArgumentNullException.ThrowIfNull(outer);
        ArgumentNullException.ThrowIfNull(inner);
        if (outer.Inputs != 1 || inner.Outputs != 1 || outer.Layers[0] is not AffineLayer first || inner.Layers[^1] is not AffineLayer last)
        {
            throw new ArgumentException("Only networks of affine layers meet in one number.");
        }
        double[] column = first.Linear.ToDense(), row = last.Linear.ToDense(), bias = new double[first.Outputs], entries = new double[column.Length * row.Length];
        for (int i = 0; i < column.Length; i++)
        {
            for (int j = 0; j < row.Length; j++) entries[(i * row.Length) + j] = column[i] * row[j];
            bias[i] = Math.FusedMultiplyAdd(column[i], last.Bias[0], first.Bias[i]);
        }
        AffineLayer merged = new(new DenseOperator(column.Length, row.Length, entries), bias, first.Activations);
        return new ReluNetwork([.. inner.Layers[..^1], merged, .. outer.Layers[1..]], outer.ElementType);
    }

    /// <summary>g composed with itself: k·L layers for g's L.</summary>
    /// <param name="network">Maps an interval into itself.</param>
    /// <param name="power">k, at least 1.</param>
    public static ReluNetwork Power(ReluNetwork network, int power)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(power);
        ReluNetwork result = network;
        for (int k = 1; k < power; k++) result = Compose(network, result);
        return result;
    }

    /// <summary>A pattern on [A, B] and its mirror images in turn, m times side by side from A on: the pattern's network after a triangle wave.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="copies">m, at least 1.</param>
    public static ReluNetwork Replicate(LinearSpline pattern, int copies)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(copies);
        double a = pattern.Knots[0], b = pattern.Knots[^1];
        double[] knots = [.. Enumerable.Range(0, copies + 1).Select(i => a + (i * (b - a)))], values = [.. knots.Select((_, i) => i % 2 == 0 ? a : b)];
        return Compose(ShallowForm.Compile(pattern, ElementType.Float64, "pattern"), ShallowForm.Compile(new LinearSpline(knots, values), ElementType.Float64, "wave"));
    }

    /// <summary>Certified bounds of what rounding adds to a network of one input and one output when it is computed in either type, weights rounded
    /// to it, in any order of summation.</summary>
    /// <param name="network">Affine layers with ReLUs.</param>
    /// <param name="a">The left end of the inputs, which are numbers of the type.</param>
    /// <param name="b">The right end.</param>
    public static (double Float64, double Float32) RoundingBounds(ReluNetwork network, double a, double b)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Inputs != 1 || network.Outputs != 1 || network.Layers.Any(l => l is not AffineLayer)) throw new ArgumentException("Affine layers from one number to one are needed.", nameof(network));
        Interval input = new(a, b);
        return (NetworkRounding.Bound(network, input, ElementType.Float64), NetworkRounding.Bound(network, input, ElementType.Float32));
    }

    private static int Doublings(double frequency)
    {
        if (!(frequency >= 1) || frequency > 1 << 30) throw new ArgumentOutOfRangeException(nameof(frequency), frequency, "A frequency is from 1 to 2^30.");
        return (int)Math.Ceiling(Math.Log2(frequency));
    }

    /// <summary>constant + factor·H∘⁽ᵐ⁺¹⁾((frequency·x + phase)/2ᵐ).</summary>
    private static ReluNetwork Wave(double factor, double constant, double frequency, double phase, int doublings, string name)
    {
        LayerStack stack = new(ElementType.Float64);
        double s = Math.ScaleB(frequency, -doublings), t = Math.ScaleB(phase, -doublings);
        // For a pure power the wave starts at the hat itself.
        (s, t) = frequency == 1 && phase == 0 ? (1, 0) : (s, t);
        stack.Neuron(t, (0, s));
        stack.Neuron(t - 0.5, (0, s));
        stack.EndLayer();
        for (int k = 0; k < doublings; k++)
        {
            stack.Neuron(0, (0, 2), (1, -4));
            stack.Neuron(-0.5, (0, 2), (1, -4));
            stack.EndLayer();
        }
        stack.Neuron(constant, (0, 2 * factor), (1, -4 * factor));
        return stack.ToNetwork(name);
    }

    private static double PowerAbove(double value) => Math.ScaleB(1, (int)Math.Ceiling(Math.Log2(Math.Max(value * (1 + 1e-9), 1e-300))));
}

/// <summary>One multiplication inside a network: a factor t in [0, 1] that is carried along, and v in [-B, B].</summary>
/// <remarks>With v' = (v + B)/2B, s = (t + v')/2 and y = (t - v' + 1)/2: t·v' = s - 1/4 - Σ 4⁻ᵏ (H∘ᵏ(s) - H∘ᵏ(y)), and what is collected stays
/// above s² ≥ 0, so that no channel needs a shift.</remarks>
internal sealed class ProductStage(LayerStack stack, int depth, double bound, bool carries)
{
    /// <summary>Neurons of the stage's last layer: the factor t, and with a carrying stage v + B and the older value.</summary>
    public const int Source = 5, Factor = 6, Older = 7;

    /// <summary>What the older value was lifted by.</summary>
    public double OlderShift { get; private set; }

    /// <summary>The weights that give t·v from the last layer.</summary>
    public List<(int, double)> ProductRow { get; } = [];

    /// <summary>The bias with them.</summary>
    public double ProductBias => -0.25 * 2 * bound;

    /// <summary>Adds the stage's layers.</summary>
    public void Add(
        List<(int Column, double Value)> t, double tBias, List<(int Column, double Value)> v, double vBias, List<(int Column, double Value)> older, double olderBias)
    {
        (List<(int, double)> s, double sBias) = Combined(t, tBias, 0.5, v, vBias, 0.25 / bound, 0.25);
        (List<(int, double)> y, double yBias) = Combined(t, tBias, 0.5, v, vBias, -0.25 / bound, 0.25);
        OlderShift = carries ? 4 * bound : 0;
        stack.Neuron(sBias, [.. s]);
        stack.Neuron(sBias - 0.5, [.. s]);
        stack.Neuron(yBias, [.. y]);
        stack.Neuron(yBias - 0.5, [.. y]);
        stack.Neuron(sBias, [.. s]);
        stack.Neuron(tBias, [.. t]);
        if (carries)
        {
            stack.Neuron(vBias + bound, [.. v]);
            stack.Neuron(olderBias + OlderShift, [.. older]);
        }
        stack.EndLayer();
        for (int k = 1; k < depth; k++)
        {
            double q = Math.ScaleB(1, -2 * k);
            stack.Neuron(0, (0, 2), (1, -4));
            stack.Neuron(-0.5, (0, 2), (1, -4));
            stack.Neuron(0, (2, 2), (3, -4));
            stack.Neuron(-0.5, (2, 2), (3, -4));
            stack.Neuron(0, (0, -2 * q), (1, 4 * q), (2, 2 * q), (3, -4 * q), (4, 1));
            stack.Neuron(0, (5, 1));
            if (carries)
            {
                stack.Neuron(0, (6, 1));
                stack.Neuron(0, (7, 1));
            }
            stack.EndLayer();
        }
        double last = Math.ScaleB(1, -2 * depth), scale = 2 * bound;
        // t·v = 2B·t·v' - B·t.
        ProductRow.AddRange([(0, -2 * last * scale), (1, 4 * last * scale), (2, 2 * last * scale), (3, -4 * last * scale), (4, scale), (5, -bound)]);
    }

    private static (List<(int Column, double Value)> Row, double Bias) Combined(
        List<(int Column, double Value)> t, double tBias, double tFactor, List<(int Column, double Value)> v, double vBias, double vFactor, double constant)
    {
        SortedDictionary<int, double> row = [];
        foreach ((int c, double w) in t) row[c] = row.GetValueOrDefault(c) + (tFactor * w);
        foreach ((int c, double w) in v) row[c] = row.GetValueOrDefault(c) + (vFactor * w);
        return ([.. row.Select(e => (e.Key, e.Value))], (tFactor * tBias) + (vFactor * vBias) + constant);
    }
}
