using System.Collections.Immutable;
using System.Numerics.Tensors;
using Orthant.Networks;

namespace Orthant.Extraction;

/// <summary>How far a recovered network's parameters are from those of the true one, once its units are in the true order and have the true scales.</summary>
/// <remarks>Within each hidden layer units are matched by the cosine of (weights, bias), by an optimal assignment, and scaled by the median ratio of the entries' absolute values.
/// Exchanging units of a layer and scaling one by a positive factor, the next layer's weights by its inverse, are the only changes that keep the function; signs are not free.</remarks>
public sealed class NetworkAlignment
{
    private NetworkAlignment(double maximum, double[] perLayer, int[][] order, double[][] scale)
    {
        MaxParameterError = maximum;
        LayerErrors = [.. perLayer];
        Order = [.. order.Select(o => o.ToImmutableArray())];
        Scale = [.. scale.Select(s => s.ToImmutableArray())];
    }

    /// <summary>The largest absolute difference of any weight or bias.</summary>
    public double MaxParameterError { get; }

    /// <summary>The same for each layer, the output last.</summary>
    public ImmutableArray<double> LayerErrors { get; }

    /// <summary>For each hidden layer and each true unit the index of the recovered one.</summary>
    public ImmutableArray<ImmutableArray<int>> Order { get; }

    /// <summary>For each hidden layer and each true unit the positive factor by which the recovered one's weights and bias are multiplied.</summary>
    public ImmutableArray<ImmutableArray<double>> Scale { get; }

    /// <summary>Aligns two networks of dense layers.</summary>
    /// <param name="truth">The true network.</param>
    /// <param name="found">The recovered one.</param>
    /// <param name="upToShift">Whether a function added to all outputs alike does not count, as with probabilities.</param>
    /// <returns>Null when their widths differ, or one is not a chain of dense layers with ReLUs.</returns>
    public static NetworkAlignment? Of(ReluNetwork truth, ReluNetwork found, bool upToShift = false)
    {
        if (Dense(truth) is not HiddenLayer[] t || Dense(found) is not HiddenLayer[] f || t.Length != f.Length) return null;
        if (upToShift) (t[^1], f[^1]) = (Centred(t[^1]), Centred(f[^1]));
        for (int l = 0; l < t.Length; l++)
        {
            if (t[l].Units != f[l].Units || t[l].Inputs != f[l].Inputs) return null;
        }
        double[] errors = new double[t.Length];
        int[][] order = new int[t.Length - 1][];
        double[][] scales = new double[t.Length - 1][];
        int[] below = [.. Enumerable.Range(0, t[0].Inputs)];
        double[] belowScale = [.. Enumerable.Repeat(1.0, t[0].Inputs)];
        for (int l = 0; l < t.Length; l++)
        {
            double[][] rows = [.. Enumerable.Range(0, f[l].Units).Select(i => Carried(f[l], i, below, belowScale))];
            double[][] wanted = [.. Enumerable.Range(0, t[l].Units).Select(i => (double[])[.. t[l].Row(i), t[l].Bias[i]])];
            if (l == t.Length - 1)
            {
                errors[l] = Enumerable.Range(0, wanted.Length).Max(i => TensorPrimitives.Distance<double>(wanted[i], rows[i]) == 0 ? 0 : LargestDifference(wanted[i], rows[i]));
                break;
            }
            double[,] cost = new double[wanted.Length, rows.Length];
            for (int i = 0; i < wanted.Length; i++)
            {
                for (int j = 0; j < rows.Length; j++) cost[i, j] = -Cosine(wanted[i], rows[j]);
            }
            int[] match = Assignment.Minimal(cost);
            double[] scale = new double[wanted.Length];
            for (int i = 0; i < wanted.Length; i++)
            {
                double[] row = rows[match[i]];
                scale[i] = MedianRatio(wanted[i], row);
                TensorPrimitives.Multiply(row, scale[i], row);
                errors[l] = Math.Max(errors[l], LargestDifference(wanted[i], row));
            }
            (order[l], scales[l], below, belowScale) = (match, scale, match, scale);
        }
        return new NetworkAlignment(errors.Max(), errors, order, scales);
    }

    /// <summary>The layer without the mean of its units.</summary>
    private static HiddenLayer Centred(HiddenLayer layer)
    {
        double[] weights = [.. layer.Weights], bias = [.. layer.Bias];
        int n = layer.Inputs, m = layer.Units;
        for (int j = 0; j < n; j++)
        {
            double mean = Enumerable.Range(0, m).Average(i => weights[(i * n) + j]);
            for (int i = 0; i < m; i++) weights[(i * n) + j] -= mean;
        }
        double middle = bias.Average();
        for (int i = 0; i < m; i++) bias[i] -= middle;
        return new HiddenLayer(n, weights, bias);
    }

    /// <summary>The dense layers of a network, the output last; null for any other network.</summary>
    internal static HiddenLayer[]? Dense(ReluNetwork network)
    {
        List<HiddenLayer> layers = [];
        for (int l = 0; l < network.Layers.Length; l++)
        {
            if (network.Layers[l] is not AffineLayer layer) return null;
            bool last = l == network.Layers.Length - 1;
            if (last != layer.Activations.IsIdentity) return null;
            double[] weights = new double[layer.Outputs * layer.Inputs];
            for (int i = 0; i < layer.Outputs; i++)
            {
                SparseRow row = layer.Linear.Row(i);
                for (int k = 0; k < row.Columns.Length; k++) weights[(i * layer.Inputs) + row.Columns[k]] = row.Values[k];
            }
            layers.Add(new HiddenLayer(layer.Inputs, weights, [.. layer.Bias]));
        }
        return [.. layers];
    }

    private static double[] Carried(HiddenLayer layer, int unit, int[] order, double[] scale)
    {
        double[] row = new double[layer.Inputs + 1];
        for (int j = 0; j < layer.Inputs; j++) row[j] = layer.Row(unit)[order[j]] / scale[j];
        row[^1] = layer.Bias[unit];
        return row;
    }

    private static double Cosine(double[] a, double[] b)
    {
        double length = TensorPrimitives.Norm<double>(a) * TensorPrimitives.Norm<double>(b);
        return length > 0 ? TensorPrimitives.Dot<double>(a, b) / length : 0;
    }

    private static double MedianRatio(double[] wanted, double[] found)
    {
        // Of a pruned unit half of the entries may be 0, and their ratios say nothing.
        double least = 1e-6 * QueryMeter.Largest(wanted);
        double[] ratios = [.. wanted.Zip(found).Where(p => Math.Abs(p.First) > least).Select(p => Math.Abs(p.First) / Math.Max(Math.Abs(p.Second), 1e-300)).Where(double.IsFinite).Order()];
        int n = ratios.Length;
        if (n == 0) return 1;
        double median = n % 2 == 1 ? ratios[n / 2] : (ratios[(n / 2) - 1] + ratios[n / 2]) / 2;
        return median > 0 ? median : 1;
    }

    private static double LargestDifference(double[] a, double[] b)
    {
        double most = 0;
        for (int i = 0; i < a.Length; i++) most = Math.Max(most, Math.Abs(a[i] - b[i]));
        return most;
    }
}
