using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Three points at which a function proves that a spline near it has a kink between the outer two.</summary>
/// <param name="A">The first abscissa.</param>
/// <param name="B">The second.</param>
/// <param name="V">The third.</param>
/// <param name="Sign">+1 where the function turns up from the chord through A and B, so that the kink is convex; -1 where it turns down.</param>
/// <remarks>With t = (V - A)/(B - A), any g within ε of f that has no kink of this sign in (A, V) satisfies
/// Sign·(g(V) - (1 - t)g(A) - t·g(B)) ≤ 0, hence ε ≥ Sign·(f(V) - (1 - t)f(A) - t·f(B)) / 2t.</remarks>
public readonly record struct KinkWindow(double A, double B, double V, int Sign);

/// <summary>Certified lower bounds of the error of every spline with few pieces.</summary>
/// <remarks>Windows of one sign do not overlap, so each holds a kink of its own; kinks of different signs are different kinks. N windows therefore
/// need N kinks, and a spline of N pieces, which has N - 1, misses one of them: its error is at least the smallest of the windows' bounds.</remarks>
internal static class LowerBound
{
    /// <summary>What windows prove.</summary>
    /// <returns>The bound, rounded down; 0 when the windows overlap or prove nothing.</returns>
    public static double Of(TargetFunction function, IReadOnlyList<KinkWindow> windows)
    {
        if (windows.Count == 0 || !AreDisjoint(windows)) return 0;
        double least = double.PositiveInfinity;
        foreach (KinkWindow w in windows)
        {
            Interval t = ((Interval)w.V - w.A) / ((Interval)w.B - w.A);
            Interval turn = function.Range(w.V) - ((1 - t) * function.Range(w.A)) - (t * function.Range(w.B));
            if (w.Sign < 0) turn = -turn;
            least = Math.Min(least, (turn / (2 * t)).Lower);
        }
        return double.IsFinite(least) ? Math.Max(0, least) : 0;
    }

    /// <summary>Whether windows of one sign do not overlap.</summary>
    internal static bool AreDisjoint(IReadOnlyList<KinkWindow> windows)
    {
        double convex = double.NegativeInfinity, concave = double.NegativeInfinity;
        foreach (KinkWindow w in windows)
        {
            double from = w.Sign > 0 ? convex : concave;
            if (!(w.A >= from && w.A < w.B && w.B < w.V)) return false;
            if (w.Sign > 0) convex = w.V;
            else concave = w.V;
        }
        return true;
    }
}
