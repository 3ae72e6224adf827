using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>The distance of features, scaled to length 1, to their k-th nearest neighbour among the training data's.</summary>
/// <remarks>Source: Sun, Ming, Zhu and Li, ICML 2022. Complexity: training samples × features a sample. Immutable, safe to share.</remarks>
public sealed class NeighbourScore
{
    private readonly double[] rows;
    private readonly int width;
    private readonly int neighbour;

    private NeighbourScore(double[] rows, int width, int neighbour)
    {
        this.rows = rows;
        this.width = width;
        this.neighbour = neighbour;
    }

    /// <summary>Keeps the features of training data.</summary>
    /// <param name="features">samples × features finite numbers.</param>
    /// <param name="samples">Their number.</param>
    /// <param name="neighbour">k, from 1 to the number of samples.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows, one is not finite, or there are fewer samples than
    /// k.</exception>
    public static NeighbourScore Fit(ReadOnlySpan<double> features, int samples, int neighbour = 50)
    {
        CheckFeatures(features, samples);
        if (neighbour < 1 || neighbour > samples) throw new OrthantInputException("nearest neighbours", "k", $"{neighbour}",
            $"1 to {samples}, the number of samples");
        return new NeighbourScore(Scaled(features, features.Length / samples), features.Length / samples, neighbour);
    }

    /// <summary>The score of each sample.</summary>
    /// <param name="features">samples × features numbers.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows.</exception>
    public double[] Of(ReadOnlySpan<double> features)
    {
        if (features.Length % width != 0) throw new OrthantInputException("features", "", $"{features.Length} numbers",
            $"whole rows of {width}");
        double[] own = Scaled(features, width), scores = new double[features.Length / width], distances = new double[rows.Length / width];
        for (int i = 0; i < scores.Length; i++)
        {
            ReadOnlySpan<double> x = own.AsSpan(i * width, width);
            for (int j = 0; j < distances.Length; j++) distances[j] = TensorPrimitives.Distance(x, rows.AsSpan(j * width, width));
            scores[i] = Smallest(distances, neighbour - 1);
        }
        return scores;
    }

    // The number that would stand at a place if all were sorted: Hoare's selection, in time that is linear on average. The middle of three
    // numbers as the pivot keeps
    // it so for numbers that are sorted already.
    private static double Smallest(double[] values, int place)
    {
        int low = 0, high = values.Length - 1;
        while (low < high)
        {
            double a = values[low], b = values[(low + high) / 2], c = values[high],
                pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int i = low - 1, j = high + 1;
            while (true)
            {
                do i++;
                while (values[i] < pivot);
                do j--;
                while (values[j] > pivot);
                if (i >= j) break;
                (values[i], values[j]) = (values[j], values[i]);
            }
            if (place <= j) high = j;
            else low = j + 1;
        }
        return values[place];
    }

    internal static void CheckFeatures(ReadOnlySpan<double> features, int samples)
    {
        if (samples == 0 || features.IsEmpty || features.Length % samples != 0) throw new OrthantInputException("features", "",
            $"{features.Length} numbers of {samples} samples", "whole rows");
        if (!TensorPrimitives.IsFiniteAll(features)) throw new OrthantInputException("features", "", "a number that is not finite",
            "finite numbers");
    }

    // Features that are all 0 stay so.
    private static double[] Scaled(ReadOnlySpan<double> features, int width)
    {
        double[] result = features.ToArray();
        for (int first = 0; first < result.Length; first += width)
        {
            Span<double> row = result.AsSpan(first, width);
            double norm = TensorPrimitives.Norm<double>(row);
            if (norm > 0) TensorPrimitives.Divide(row, norm, row);
        }
        return result;
    }
}
