using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Certified lower bounds of the error of splines that have a shape or pass through given points.</summary>
/// <remarks>
/// <para>Windows force kinks as in <see cref="LowerBound"/>, but more is known of a spline g within ε of f at a point x. A rising one is above
/// f(x') - ε for every x' before x and below f(x″) + ε for every x″ after it; a convex one is below every chord of f + ε; and at a pin it has
/// the given value, whatever ε is.</para>
/// <para>Without any window: a rise of f by d against the shape costs d/2, and so does a bulge of f above a chord by d.</para>
/// </remarks>
internal sealed class ConstrainedBound
{
    private readonly TargetFunction function;
    private readonly double[] x;
    private readonly SplineFitOptions options;
    private readonly int flip;
    private readonly int[] highest = [];
    private readonly int[] lowest = [];
    private readonly List<int> hull = [];

    /// <summary>Looks at samples for the points that bind.</summary>
    /// <param name="function">The function.</param>
    /// <param name="x">Abscissae, increasing.</param>
    /// <param name="y">Its values there, in doubles.</param>
    /// <param name="options">Shape and pins.</param>
    public ConstrainedBound(TargetFunction function, double[] x, double[] y, SplineFitOptions options)
    {
        (this.function, this.x, this.options) = (function, x, options);
        flip = options.Shape is SplineShape.Decreasing or SplineShape.Concave ? -1 : 1;
        if (options.Shape is SplineShape.Increasing or SplineShape.Decreasing)
        {
            highest = new int[x.Length];
            lowest = new int[x.Length];
            for (int i = 1; i < x.Length; i++) highest[i] = flip * y[i] > flip * y[highest[i - 1]] ? i : highest[i - 1];
            lowest[^1] = x.Length - 1;
            for (int i = x.Length - 2; i >= 0; i--) lowest[i] = flip * y[i] < flip * y[lowest[i + 1]] ? i : lowest[i + 1];
        }
        if (options.Shape is SplineShape.Convex or SplineShape.Concave)
        {
            for (int i = 0; i < x.Length; i++)
            {
                while (hull.Count > 1 && flip * (((x[hull[^1]] - x[hull[^2]]) * (y[i] - y[hull[^2]])) - ((y[hull[^1]] - y[hull[^2]]) * (x[i] - x[hull[^2]]))) <= 0) hull.RemoveAt(hull.Count - 1);
                hull.Add(i);
            }
        }
    }

    /// <summary>What shape and pins cost, however many pieces there are.</summary>
    public double OfAnyPieces()
    {
        double least = 0;
        foreach ((double at, double value) in options.Pins)
        {
            Interval f = function.Range(at);
            least = Math.Max(least, Math.Max((f - value).Lower, (value - f).Lower));
        }
        int worst = -1;
        double depth = 0;
        for (int i = 0; i < highest.Length; i++)
        {
            double drop = flip * (function.Value(x[highest[i]]) - function.Value(x[lowest[i]]));
            if (drop > depth) (depth, worst) = (drop, i);
        }
        if (worst >= 0) least = Math.Max(least, (0.5 * (F(x[highest[worst]]) - F(x[lowest[worst]]))).Lower);
        depth = 0;
        for (int k = 1, i = 0; k < hull.Count; k++)
        {
            for (; i < hull[k]; i++)
            {
                double t = (x[i] - x[hull[k - 1]]) / (x[hull[k]] - x[hull[k - 1]]);
                double bulge = flip * (function.Value(x[i]) - ((1 - t) * function.Value(x[hull[k - 1]])) - (t * function.Value(x[hull[k]])));
                if (bulge > depth) (depth, worst) = (bulge, i);
            }
        }
        if (depth > 0) least = Math.Max(least, (0.5 * (F(x[worst]) - Chord(x[worst]))).Lower);
        return least;
    }

    /// <summary>What windows prove; 0 when they overlap.</summary>
    public double Of(IReadOnlyList<KinkWindow> windows)
    {
        if (windows.Count == 0 || !LowerBound.AreDisjoint(windows)) return 0;
        double least = double.PositiveInfinity;
        foreach (KinkWindow w in windows)
        {
            Interval t = ((Interval)w.V - w.A) / ((Interval)w.B - w.A);
            bool up = w.Sign > 0;
            (Interval a, double ca) = Bound(w.A, up);
            (Interval b, double cb) = Bound(w.B, !up);
            (Interval v, double cv) = Bound(w.V, up);
            Interval turn = v + ((t - 1) * a) - (t * b), give = cv + ((t - 1) * ca) + (t * cb);
            if (!up) turn = -turn;
            // Three pins bend whatever the tolerance.
            if (give.Upper <= 0 && turn.Lower > 0) continue;
            least = Math.Min(least, (turn / give).Lower);
        }
        return double.IsFinite(least) ? Math.Max(0, least) : 0;
    }

    private Interval F(double at) => flip * function.Range(at);

    /// <summary>A number that g(at) is not below, but for so many ε; or not above.</summary>
    private (Interval Value, double Tolerances) Bound(double at, bool below)
    {
        foreach ((double px, double py) in options.Pins)
        {
            if (px == at) return (flip * py, 0);
        }
        Interval best = F(at);
        int i = Array.BinarySearch(x, at);
        if (highest.Length > 0 && below && (i >= 0 ? i : ~i - 1) is int before and >= 0) best = Interval.Max(best, F(x[highest[before]]));
        if (lowest.Length > 0 && !below && (i >= 0 ? i : ~i) is int after && after < x.Length) best = Interval.Min(best, F(x[lowest[after]]));
        if (hull.Count > 0 && !below) best = Interval.Min(best, Chord(at));
        return (best, 1);
    }

    /// <summary>The lower hull of the samples, a chord of the function.</summary>
    private Interval Chord(double at)
    {
        int k = hull.FindIndex(i => x[i] >= at);
        if (k <= 0 || x[hull[k]] == at) return F(at);
        double p = x[hull[k - 1]], q = x[hull[k]];
        Interval t = ((Interval)at - p) / ((Interval)q - p);
        return ((1 - t) * F(p)) + (t * F(q));
    }
}
