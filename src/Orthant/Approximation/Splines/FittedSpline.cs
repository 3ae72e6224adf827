using System.Collections.Immutable;

namespace Orthant.Approximation;

/// <summary>A fitted spline with what is proved about it.</summary>
/// <param name="Spline">The spline.</param>
/// <param name="Error">No point of the interval (or no row of the table) is farther from the spline; infinite where nothing could be proved.</param>
/// <param name="SeenError">The largest error that was seen.</param>
/// <param name="LowerBound">No continuous spline of <see cref="PiecesAsked"/> pieces has a smaller error.</param>
/// <param name="PiecesAsked">The pieces that the spline was allowed.</param>
/// <param name="ImpossiblePieces">So many pieces cannot reach the tolerance that was asked for; 0 when none was, or one piece reaches it.</param>
/// <param name="Windows">The points that prove <paramref name="LowerBound"/>.</param>
/// <param name="ImpossibleWindows">Those that prove <paramref name="ImpossiblePieces"/>.</param>
public sealed record FittedSpline(
    LinearSpline Spline, double Error, double SeenError, double LowerBound, int PiecesAsked, int ImpossiblePieces,
    ImmutableArray<KinkWindow> Windows, ImmutableArray<KinkWindow> ImpossibleWindows)
{
    /// <summary>Whether <see cref="Error"/> is proved.</summary>
    public bool IsCertified => double.IsFinite(Error);
}
