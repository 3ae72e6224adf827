using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Whether a function of a few coordinates looks positively homogeneous of degree 1, as a network without biases is.</summary>
/// <remarks>Five nearest neighbours predict each query twice: among all points, and among their directions with the value scaled by the
/// length. Where the function is homogeneous the directions have one dimension less and predict better; the ratio of the errors is below
/// 1.2, and above 2 where it is not.
/// </remarks>
internal static class Homogeneity
{
    private const int Queries = 2000, References = 16_000, Neighbours = 5;

    /// <summary>The error by directions over the error by points.</summary>
    public static double Ratio(FitRows rows, Subspace subspace, RandomStream random, int threads)
    {
        int k = subspace.Dimension;
        if (k == 1) return LineRatio(rows, subspace);
        int queries = Math.Min(Queries, rows.Count / 5), references = Math.Min(References, rows.Count - queries);
        int[] order = random.Permutation(rows.Count);
        float[] points = rows.Project(subspace);
        float[] all = new float[k * references], directions = new float[k * references], lengths = new float[references];
        for (int r = 0; r < references; r++)
        {
            ReadOnlySpan<float> u = points.AsSpan(order[queries + r] * k, k);
            lengths[r] = TensorPrimitives.Norm(u);
            for (int j = 0; j < k; j++)
            {
                all[(j * references) + r] = u[j];
                directions[(j * references) + r] = u[j] / lengths[r];
            }
        }
        double[] byDirection = new double[queries], byPoint = new double[queries];
        Parallel.For(0, queries, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => new float[2 * references],
            (q, _, distances) =>
        {
            float[] u = points.AsSpan(order[q] * k, k).ToArray();
            float length = TensorPrimitives.Norm<float>(u);
            double y = rows.Targets[order[q]], above = 0, below = 0, mean = 0;
            foreach (int r in Nearest(u, all, references, distances)) mean += rows.Targets[order[queries + r]] / Neighbours;
            TensorPrimitives.Divide(u, length, u);
            foreach (int r in Nearest(u, directions, references, distances))
            {
                above += rows.Targets[order[queries + r]] * lengths[r];
                below += lengths[r] * lengths[r];
            }
            byDirection[q] = y - (above / below * length);
            byPoint[q] = y - mean;
            return distances;
        }, _ => { });
        return TensorPrimitives.Norm<double>(byDirection) / TensorPrimitives.Norm<double>(byPoint);
    }

    /// <summary>On a line the homogeneous functions are two half lines: their least-squares error beside that of local means.</summary>
    private static double LineRatio(FitRows rows, Subspace subspace)
    {
        float[] u = rows.Project(subspace);
        double[] y = [.. rows.Targets];
        int[] order = [.. Enumerable.Range(0, y.Length)];
        Array.Sort(Array.ConvertAll(u, v => v), order);
        double right = 0, rightSquare = 1e-300, left = 0, leftSquare = 1e-300;
        for (int r = 0; r < y.Length; r++)
        {
            if (u[r] > 0) (right, rightSquare) = (right + (u[r] * y[r]), rightSquare + (u[r] * u[r]));
            else (left, leftSquare) = (left + (u[r] * y[r]), leftSquare + (u[r] * u[r]));
        }
        double halves = 0, local = 0;
        for (int i = 2; i < order.Length - 2; i++)
        {
            int r = order[i];
            double slope = u[r] > 0 ? right / rightSquare : left / leftSquare;
            halves += Math.Pow(y[r] - (slope * u[r]), 2);
            local += Math.Pow(y[r] - (0.25 * (y[order[i - 2]] + y[order[i - 1]] + y[order[i + 1]] + y[order[i + 2]])), 2);
        }
        return Math.Sqrt(halves / Math.Max(local, 1e-300));
    }

    private static int[] Nearest(float[] query, float[] points, int count, float[] scratch)
    {
        Span<float> distances = scratch.AsSpan(0, count), difference = scratch.AsSpan(count, count);
        distances.Clear();
        for (int j = 0; j < query.Length; j++)
        {
            TensorPrimitives.Subtract(points.AsSpan(j * count, count), query[j], difference);
            TensorPrimitives.MultiplyAdd(difference, difference, distances, distances);
        }
        int[] best = new int[Neighbours];
        for (int i = 0; i < Neighbours; i++)
        {
            best[i] = TensorPrimitives.IndexOfMin<float>(distances);
            distances[best[i]] = float.PositiveInfinity;
        }
        return best;
    }
}
