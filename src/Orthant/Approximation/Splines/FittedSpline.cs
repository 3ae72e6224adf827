using System.Collections.Immutable;
using Orthant.Certificates;

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

    /// <summary>The evidence for a formula, to be checked by other code.</summary>
    /// <param name="function">The formula that was fitted.</param>
    /// <returns>Null where nothing is proved, or certificates have no steps for a part of the formula (piecewise, some powers and
    /// rarer functions).</returns>
    /// <remarks>The error stands one part in a million above the proved one, which saves the checker, with its simpler bounds, much
    /// work.</remarks>
    public ApproximationCertificate? ToCertificate(Expression function)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (!IsCertified || function.Steps is not string[] steps) return null;
        bool fewer = ImpossiblePieces > 0 && ImpossibleWindows.Length >= ImpossiblePieces;
        ImmutableArray<KinkWindow> windows = fewer ? ImpossibleWindows : Windows;
        int pieces = fewer ? ImpossiblePieces : PiecesAsked;
        double bound = windows.Length >= pieces ? Approximation.LowerBound.Of(function, windows) * (1 - 1e-9) : 0;
        double error = (Error * (1 + 1e-6)) + (1e-15 * Spline.LargestValue);
        return new ApproximationCertificate(function.Text, steps, [.. Spline.Knots], [.. Spline.Values], error, pieces, bound, [.. windows.Select(w => new[] { w.A, w.B, w.V, w.Sign })]);
    }
}
