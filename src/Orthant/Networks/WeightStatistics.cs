namespace Orthant.Networks;

/// <summary>The numbers of an affine layer in summary: how many, how large, how spread.</summary>
/// <param name="Count">Stored weights of the linear map.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="StandardDeviation">Their standard deviation (divided by the count).</param>
/// <param name="Minimum">The least.</param>
/// <param name="Maximum">The largest.</param>
/// <param name="Zeros">How many are zero.</param>
/// <param name="BiasMinimum">The least bias; 0 without biases.</param>
/// <param name="BiasMaximum">The largest bias; 0 without biases.</param>
/// <param name="Gain">Fan-in times the mean square of the weights: 2 for He initialisation, 1 for LeCun's.</param>
public sealed record WeightStatistics(
    long Count, double Mean, double StandardDeviation, double Minimum, double Maximum, long Zeros, double BiasMinimum, double BiasMaximum, double Gain)
{
    /// <summary>Summarises a layer that has weights of its own.</summary>
    /// <param name="layer">A dense, convolutional, diagonal or sparse layer.</param>
    /// <returns>Null when the layer stores no weights.</returns>
    public static WeightStatistics? Of(AffineLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ReadOnlySpan<double> weights = Weights(layer.Linear);
        if (weights.IsEmpty) return null;
        double sum = 0, min = double.PositiveInfinity, max = double.NegativeInfinity;
        long zeros = 0;
        foreach (double w in weights)
        {
            sum += w;
            min = Math.Min(min, w);
            max = Math.Max(max, w);
            if (w == 0) zeros++;
        }
        double mean = sum / weights.Length, squares = 0;
        foreach (double w in weights) squares += (w - mean) * (w - mean);
        double variance = squares / weights.Length, biasMin = 0, biasMax = 0;
        if (layer.HasBias)
        {
            biasMin = System.Numerics.Tensors.TensorPrimitives.Min(layer.Bias);
            biasMax = System.Numerics.Tensors.TensorPrimitives.Max(layer.Bias);
        }
        return new WeightStatistics(weights.Length, mean, Math.Sqrt(variance), min, max, zeros, biasMin, biasMax, layer.Linear.LongestRow * (variance + (mean * mean)));
    }

    /// <summary>Counts a layer's weights in equally wide bins from the least to the largest.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="bins">At least 1.</param>
    public static long[] Histogram(AffineLayer layer, int bins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        long[] counts = new long[bins];
        if (Of(layer) is not WeightStatistics { } all) return counts;
        double span = all.Maximum - all.Minimum;
        foreach (double w in Weights(layer.Linear))
        {
            counts[span > 0 ? Math.Min(bins - 1, (int)((w - all.Minimum) / span * bins)) : 0]++;
        }
        return counts;
    }

    private static ReadOnlySpan<double> Weights(LinearOperator linear) => linear switch
    {
        DenseOperator dense => dense.Entries,
        ConvolutionOperator convolution => convolution.Filters,
        DiagonalOperator diagonal => diagonal.Entries,
        _ => [],
    };
}
