namespace Orthant.Uncertainty;

/// <summary>The quantile of scores that conformal prediction needs.</summary>
internal static class ConformalQuantile
{
    /// <summary>The k-th smallest score, k = ⌈(n + 1)(1 − α)⌉; +∞ where k &gt; n.</summary>
    public static double Of(double[] scores, double alpha)
    {
        // A product that is a whole number but for rounding is that number.
        int k = (int)Math.Ceiling(((scores.Length + 1) * (1 - alpha)) - 1e-9);
        if (k > scores.Length) return double.PositiveInfinity;
        double[] sorted = [.. scores];
        Array.Sort(sorted);
        return sorted[Math.Max(k, 1) - 1];
    }
}
