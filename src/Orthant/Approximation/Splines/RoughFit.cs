using System.Collections.Immutable;

namespace Orthant.Approximation;

/// <summary>Best splines of functions without bounded slopes, such as Takagi's and Weierstrass's, by exchange.</summary>
/// <remarks>The best spline through samples is at most as far from them as the best one is from the function, so each round proves a bound from below;
/// the places where it leaves the function farthest become samples. Such functions peak at the same cusps whatever line is drawn below, which is
/// why a few rounds suffice.</remarks>
internal sealed class RoughFit(TargetFunction function, double a, double b, GradedSamples samples, double relativeGap, CancellationToken cancellation)
{
    public const int CellsPerPeak = 4000;
    private const int Rounds = 24;

    /// <summary>Where no bound was found, if none was.</summary>
    public double WorstAt { get; private set; }

    public FittedSpline WithPieces(int pieces)
    {
        LinearSpline? best = null;
        double bound = double.PositiveInfinity, seen = 0, proved = 0, guess = 0, spread = 0;
        ImmutableArray<KinkWindow> proof = [];
        for (int round = 1; ; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            Links links = new Tunnel(samples.X, samples.Y, SplineFitOptions.Default, polygonal: false).Best(pieces, guess, spread, true, cancellation);
            ImmutableArray<KinkWindow> windows = [.. links.Windows];
            double below = LowerBound.Of(function, windows);
            if (below > proved) (proved, proof) = (below, windows);
            LinearSpline spline = links.Connect(a, b, []);
            List<double> places = [];
            RoughPeaks peaks = new(function, 0.25 * relativeGap, CellsPerPeak);
            (double above, double attained) = peaks.Of(spline, links.Epsilon, places);
            if (double.IsInfinity(above)) WorstAt = peaks.WorstAt;
            if (above < bound || best is null) (best, bound, seen) = (spline, above, attained);
            (guess, spread) = (links.Epsilon, Math.Abs(attained - links.Epsilon) / links.Epsilon);
            if (bound - proved <= relativeGap * bound || round == Rounds || !samples.Insert(places)) break;
        }
        return new FittedSpline(best, bound, Math.Min(bound, seen), Math.Min(proved, bound), pieces, 0, proof, []);
    }
}
