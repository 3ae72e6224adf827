using System.Collections.Immutable;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>The largest difference of two networks in a box, by going through all activation regions of their difference.</summary>
/// <param name="Maximum">The largest |difference| of any output: attained at <paramref name="At"/>, and, but for the rounding of doubles there, exceeded nowhere.</param>
/// <param name="Witness">The difference at <paramref name="At"/>, evaluated in rationals and rounded once.</param>
/// <param name="Output">The output.</param>
/// <param name="At">An input where it is so large.</param>
/// <param name="Regions">Activation regions of the difference network.</param>
public sealed record WorstDifference(double Maximum, double Witness, int Output, ImmutableArray<double> At, long Regions)
{
    /// <summary>Enumerates the difference network.</summary>
    /// <param name="first">A network.</param>
    /// <param name="second">One with as many inputs and outputs.</param>
    /// <param name="lower">The box's lower corner.</param>
    /// <param name="upper">The box's upper corner.</param>
    /// <param name="mostRegions">Regions after which it is given up: each boundary of a good copy has a twin next to it, so that there are several times as many as those of one network.</param>
    /// <param name="threads">Threads to use, at least 1.</param>
    /// <param name="cancellation">Stops it; the answer is then null.</param>
    /// <returns>Null when there are too many inputs or regions.</returns>
    public static WorstDifference? Of(
        ReluNetwork first, ReluNetwork second, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, long mostRegions = 200_000, int threads = 1, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Inputs > RegionEnumerator.MostDimensions) return null;
        ReluNetwork difference = NetworkAlgebra.Add(first, NetworkAlgebra.Scale(second, -1));
        RegionSummary all;
        try
        {
            all = RegionEnumerator.Enumerate(difference, InputDomain.Box(lower, upper), new RegionOptions { Most = mostRegions, Threads = threads }, cancellation: cancellation);
        }
        catch (OrthantInputException)
        {
            // A region with too many facets.
            return null;
        }
        if (!all.IsComplete || all.Outputs.IsEmpty) return null;
        ExactForward exact = new(difference.NormalForm);
        (double Size, double Witness, int Output, ImmutableArray<double> At) worst = (-1, 0, 0, []);
        for (int o = 0; o < all.Outputs.Length; o++)
        {
            OutputSummary output = all.Outputs[o];
            foreach ((double value, ImmutableArray<double> at) in (ReadOnlySpan<(double, ImmutableArray<double>)>)[(output.Minimum, output.ArgMinimum), (output.Maximum, output.ArgMaximum)])
            {
                if (Math.Abs(value) <= worst.Size) continue;
                worst = (Math.Abs(value), exact.Evaluate([.. at.Select(Rational.FromDouble)])[o].ToDouble(), o, at);
            }
        }
        return new WorstDifference(worst.Size, worst.Witness, worst.Output, worst.At, all.ActivationRegions);
    }
}
