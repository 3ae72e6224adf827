using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>Random points of a box.</summary>
public static class BoxSample
{
    /// <summary>Independent uniform points.</summary>
    /// <param name="lower">The box's lower corner.</param>
    /// <param name="upper">The box's upper corner, not below the lower one.</param>
    /// <param name="rows">The number of points.</param>
    /// <param name="seed">The seed; the same seed gives the same points everywhere.</param>
    /// <returns>rows × sides, row-major.</returns>
    public static double[] Uniform(ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, int rows, ulong seed)
    {
        if (lower.Length != upper.Length) throw new ArgumentException($"The corners of a box have {lower.Length} and {upper.Length} numbers.");
        RandomStream random = new(seed);
        double[] x = new double[checked(rows * lower.Length)];
        for (int i = 0; i < x.Length; i++) x[i] = random.NextDouble(lower[i % lower.Length], upper[i % lower.Length]);
        return x;
    }
}
