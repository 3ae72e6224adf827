using System.Numerics;
using System.Numerics.Tensors;

namespace Orthant.Learning;

/// <summary>A small fully connected ReLU network of one output that is being fitted on a subspace.</summary>
/// <remarks>Without biases it is positively homogeneous of degree 1 whatever its weights are. Parameters stand layer by layer: the
/// weights, one row a unit, then the biases where there are any.</remarks>
internal sealed class Student
{
    public Student(int[] widths, bool hasBiases)
    {
        Widths = widths;
        HasBiases = hasBiases;
        WeightOffsets = new int[widths.Length - 1];
        BiasOffsets = new int[widths.Length - 1];
        int at = 0;
        for (int l = 0; l < WeightOffsets.Length; l++)
        {
            WeightOffsets[l] = at;
            at += widths[l] * widths[l + 1];
            BiasOffsets[l] = at;
            if (hasBiases) at += widths[l + 1];
        }
        Parameters = new double[at];
    }

    /// <summary>Inputs, hidden widths, 1.</summary>
    public int[] Widths { get; }

    public bool HasBiases { get; }

    public int Inputs => Widths[0];

    /// <summary>The number of affine maps.</summary>
    public int Layers => Widths.Length - 1;

    public int[] WeightOffsets { get; }

    public int[] BiasOffsets { get; }

    public double[] Parameters { get; private init; }

    public Span<double> Weights(int layer) => Parameters.AsSpan(WeightOffsets[layer], Widths[layer] * Widths[layer + 1]);

    public Span<double> Biases(int layer) => HasBiases ? Parameters.AsSpan(BiasOffsets[layer], Widths[layer + 1]) : [];

    public Student Copy() => new(Widths, HasBiases) { Parameters = [.. Parameters] };

    public Student With(ReadOnlySpan<double> parameters) => new(Widths, HasBiases) { Parameters = parameters.ToArray() };

    /// <summary>The same function of other coordinates: u = T v, T being inputs × columns, row-major.</summary>
    public Student OnCoordinates(ReadOnlySpan<double> t, int columns)
    {
        int[] widths = [columns, .. Widths[1..]];
        Student result = new(widths, HasBiases);
        ReadOnlySpan<double> w = Weights(0);
        for (int j = 0; j < Widths[1]; j++)
        {
            for (int c = 0; c < columns; c++)
            {
                double sum = 0;
                for (int i = 0; i < Inputs; i++) sum += w[(j * Inputs) + i] * t[(i * columns) + c];
                result.Parameters[(j * columns) + c] = sum;
            }
        }
        Parameters.AsSpan(BiasOffsets[0]).CopyTo(result.Parameters.AsSpan(result.BiasOffsets[0]));
        return result;
    }

    /// <summary>The same function with biases that are all zero, free to be fitted.</summary>
    public Student WithBiases()
    {
        Student result = new(Widths, true);
        for (int l = 0; l < Layers; l++)
        {
            Weights(l).CopyTo(result.Weights(l));
            Biases(l).CopyTo(result.Biases(l));
        }
        return result;
    }
}

/// <summary>Buffers of a forward and a backward pass of a <see cref="Student"/> over a block of rows.</summary>
/// <remarks>Everything lies unit by unit, each unit's values over the block's rows beside each other, so every inner loop runs along rows:
/// <code>
/// values[layer]:  unit 0: r0 r1 r2 … r511 │ unit 1: r0 r1 …        J:  parameter 0: r0 r1 … │ parameter 1: …
/// </code>
/// Values are doubles, so that a residual is exact to 10⁻¹⁵ however small it is; derivatives are floats, since an error of 10⁻⁷ in a
/// Jacobian only slows the last steps by as much.</remarks>
internal sealed class StudentPass
{
    public const int Block = 512;

    private readonly Student shape;
    private readonly double[][] values;
    private readonly float[][] singles;
    private readonly float[][] slopes;

    public StudentPass(Student shape)
    {
        this.shape = shape;
        values = [.. shape.Widths.Select(w => new double[w * Block])];
        singles = [.. shape.Widths.Select(w => new float[w * Block])];
        slopes = [.. shape.Widths.Select(w => new float[w * Block])];
    }

    /// <summary>Where the inputs of a block are put: k × <see cref="Block"/>.</summary>
    public Span<double> Inputs => values[0];

    /// <summary>The derivatives by the inputs, k × <see cref="Block"/>, after <see cref="Jacobian"/>.</summary>
    public Span<float> InputSlopes => slopes[0];

    /// <summary>The outputs of a block whose inputs stand in <see cref="Inputs"/>.</summary>
    public ReadOnlySpan<double> Forward(Student student, int count)
    {
        for (int l = 0; l < student.Layers; l++)
        {
            int from = student.Widths[l], to = student.Widths[l + 1];
            ReadOnlySpan<double> w = student.Weights(l), b = student.Biases(l);
            for (int j = 0; j < to; j++)
            {
                Span<double> row = values[l + 1].AsSpan(j * Block, count);
                Combine(w.Slice(j * from, from), values[l], count, b.IsEmpty ? 0 : b[j], row);
                if (l < student.Layers - 1) TensorPrimitives.Max<double>(row, 0, row);
            }
        }
        return values[^1].AsSpan(0, count);
    }

    /// <summary>The derivatives of the outputs of the last <see cref="Forward"/> by all parameters: parameters × stride, and by the
    /// inputs.</summary>
    public void Jacobian(Student student, int count, Span<float> j, int stride)
    {
        int last = student.Layers;
        slopes[last].AsSpan(0, count).Fill(1);
        for (int l = last - 1; l >= 0; l--)
        {
            int from = student.Widths[l], to = student.Widths[l + 1];
            for (int i = 0; i < from; i++)
            {
                TensorPrimitives.ConvertTruncating<double, float>(values[l].AsSpan(i * Block, count), singles[l].AsSpan(i * Block, count));
            }
            for (int o = 0; o < to; o++)
            {
                ReadOnlySpan<float> slope = slopes[l + 1].AsSpan(o * Block, count);
                for (int i = 0; i < from; i++)
                {
                    TensorPrimitives.Multiply(
                        singles[l].AsSpan(i * Block, count), slope, j.Slice((student.WeightOffsets[l] + (o * from) + i) * stride, count));
                }
                if (student.HasBiases) slope.CopyTo(j.Slice((student.BiasOffsets[l] + o) * stride, count));
            }
            ReadOnlySpan<double> w = student.Weights(l);
            for (int i = 0; i < from; i++)
            {
                Span<float> back = slopes[l].AsSpan(i * Block, count);
                back.Clear();
                for (int o = 0; o < to; o++)
                {
                    TensorPrimitives.MultiplyAdd(slopes[l + 1].AsSpan(o * Block, count), (float)w[(o * from) + i], back, back);
                }
                if (l > 0) ClearWhereInactive(singles[l].AsSpan(i * Block, count), back);
            }
        }
    }

    /// <summary>result = bias + Σ weights[i] · rows[i], four rows at a time.</summary>
    private static void Combine(ReadOnlySpan<double> weights, double[] rows, int count, double bias, Span<double> result)
    {
        int lanes = Vector<double>.Count, i = 0;
        result.Fill(bias);
        for (; i + 4 <= weights.Length; i += 4)
        {
            Vector<double> w0 = new(weights[i]), w1 = new(weights[i + 1]), w2 = new(weights[i + 2]), w3 = new(weights[i + 3]);
            ReadOnlySpan<double> r0 = rows.AsSpan(i * Block, count), r1 = rows.AsSpan((i + 1) * Block, count);
            ReadOnlySpan<double> r2 = rows.AsSpan((i + 2) * Block, count), r3 = rows.AsSpan((i + 3) * Block, count);
            int n = 0;
            for (; n + lanes <= count; n += lanes)
            {
                Vector<double> sum = new(result[n..]);
                sum = Vector.FusedMultiplyAdd(new Vector<double>(r0[n..]), w0, sum);
                sum = Vector.FusedMultiplyAdd(new Vector<double>(r1[n..]), w1, sum);
                sum = Vector.FusedMultiplyAdd(new Vector<double>(r2[n..]), w2, sum);
                sum = Vector.FusedMultiplyAdd(new Vector<double>(r3[n..]), w3, sum);
                sum.CopyTo(result[n..]);
            }
            for (; n < count; n++)
            {
                double sum = Math.FusedMultiplyAdd(r0[n], weights[i], result[n]);
                sum = Math.FusedMultiplyAdd(r1[n], weights[i + 1], sum);
                sum = Math.FusedMultiplyAdd(r2[n], weights[i + 2], sum);
                result[n] = Math.FusedMultiplyAdd(r3[n], weights[i + 3], sum);
            }
        }
        for (; i < weights.Length; i++) TensorPrimitives.FusedMultiplyAdd(rows.AsSpan(i * Block, count), weights[i], result, result);
    }

    public static void ClearWhereInactive(ReadOnlySpan<float> activations, Span<float> slopes)
    {
        int lanes = Vector<float>.Count, n = 0;
        for (; n + lanes <= slopes.Length; n += lanes)
        {
            Vector<float> slope = new(slopes[n..]);
            Vector.ConditionalSelect(
                Vector.GreaterThan(new Vector<float>(activations[n..]), Vector<float>.Zero), slope, Vector<float>.Zero).CopyTo(slopes[n..]);
        }
        for (; n < slopes.Length; n++)
        {
            if (!(activations[n] > 0)) slopes[n] = 0;
        }
    }
}
