using Orthant.Convergence;
using Orthant.Numerics;

namespace Orthant.Reports;

/// <summary>Draws the distance to the limit against depth, the proved bound beside the truth.</summary>
public static class DepthPicture
{
    private const double Least = 1e-16;

    /// <summary>Draws a sequence that converges.</summary>
    /// <param name="sequence">The sequence; the truth is drawn where its box is one input.</param>
    /// <param name="result">What was decided of it, with bounds.</param>
    /// <exception cref="ArgumentException">There are no bounds to draw.</exception>
    public static SvgPicture Draw(LayerSequence sequence, DepthLimitResult result)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(result);
        string norm = result.TailBounds.Any(b => b.Norm == "linf") ? "linf" : result.TailBounds.FirstOrDefault()?.Norm ?? throw new ArgumentException("There are no bounds to draw.", nameof(result));
        (double X, double Y)[] bounds = [.. result.TailBounds.Where(b => b.Norm == norm && b.Depth > 0 && b.Bound > Least).Select(b => ((double)b.Depth, b.Bound))];
        if (bounds.Length == 0) throw new ArgumentException("There are no bounds to draw.", nameof(result));
        (double X, double Y)[] truth = [.. Truth(sequence, result, norm)];
        double deepest = bounds.Max(p => p.X), low = bounds.Concat(truth).Min(p => p.Y), high = bounds.Concat(truth).Max(p => p.Y);
        Plot plot = new(620, 320, "Distance to the limit", $"Bound of the distance to the limit, from {bounds[0].Y:G3} at depth {bounds[0].X} to {bounds[^1].Y:G3} at depth {deepest}",
            new Axis("depth", 1, Math.Max(2, deepest), Logarithmic: true), new Axis($"distance to the limit, {norm}", low / 2, high * 2, Logarithmic: true));
        plot.Curve(bounds, "s0 thick", "bound, proved");
        if (truth.Length > 0) plot.Curve(truth, "s1", "distance itself");
        return plot.Finish();
    }

    private static IEnumerable<(double X, double Y)> Truth(LayerSequence sequence, DepthLimitResult result, string norm)
    {
        if (!sequence.IsPoint || result.Limit is not { } limit || VectorNorm.Parse(norm) is not { } measure || sequence.Tail is BoundTail) yield break;
        foreach (int depth in result.TailBounds.Select(b => b.Depth).Distinct().Where(d => d > 0))
        {
            Interval[] state = sequence.Enclose(depth);
            Interval[] difference = [.. limit.Select((e, i) => i < state.Length ? e - state[i] : e)];
            double distance = measure.Of(difference).Midpoint;
            if (distance > Least) yield return (depth, distance);
        }
    }
}
