using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>The two outlier scores of a network's features, learned from the data that it was trained on.</summary>
/// <remarks>Immutable, safe to share.</remarks>
public sealed class FeatureScores
{
    /// <summary>The most training samples among which neighbours are looked for: a sample's score takes time in proportion to their
    /// number.</summary>
    public const int MostNeighbours = 5000;

    private const int UsualNeighbour = 50;

    private readonly LastLayer layer;
    private readonly MahalanobisScore mahalanobis;
    private readonly NeighbourScore neighbours;

    private FeatureScores(LastLayer layer, MahalanobisScore mahalanobis, NeighbourScore neighbours)
    {
        this.layer = layer;
        this.mahalanobis = mahalanobis;
        this.neighbours = neighbours;
    }

    /// <summary>Learns both scores.</summary>
    /// <param name="layer">The network, taken apart.</param>
    /// <param name="training">The data it was trained on. Neighbours are looked for among <see cref="MostNeighbours"/> of the samples,
    /// drawn at random.</param>
    /// <param name="seed">The seed of that draw.</param>
    /// <param name="threads">At least 1.</param>
    public static FeatureScores Fit(LastLayer layer, LabelledData training, ulong seed = 0, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(training);
        double[] features = layer.FeaturesOf(training.Inputs, threads);
        int width = layer.Features, count = Math.Min(MostNeighbours, training.Count);
        double[] some = new double[count * width];
        int[] order = new RandomStream(seed, Stream).Permutation(training.Count);
        for (int i = 0; i < count; i++) features.AsSpan(order[i] * width, width).CopyTo(some.AsSpan(i * width));
        return new FeatureScores(layer, MahalanobisScore.Fit(features, training.Classes.Span),
            NeighbourScore.Fit(some, count, Math.Min(UsualNeighbour, count)));
    }

    /// <summary>Both scores of each sample.</summary>
    /// <param name="inputs">Samples as the network reads them.</param>
    /// <param name="threads">At least 1.</param>
    public (double[] Mahalanobis, double[] Neighbours) Of(InputRows inputs, int threads = 1)
    {
        double[] features = layer.FeaturesOf(inputs, threads);
        return (mahalanobis.Of(features), neighbours.Of(features));
    }

    private const ulong Stream = 0xFEA7;
}
