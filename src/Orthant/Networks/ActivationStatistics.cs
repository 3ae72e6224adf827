using System.Collections.Immutable;

namespace Orthant.Networks;

/// <summary>How the units of a network behave on a sample of inputs: which are always on, always off, or both.</summary>
/// <remarks>A unit is on where it uses any piece but its first (for a ReLU: where its pre-activation is strictly positive). Windows of a max
/// pooling have no on and off and are left out. What a sample shows always on may still be off elsewhere; for a proof use
/// <see cref="IntervalBounds"/> or the module Geometry.</remarks>
public sealed class ActivationStatistics
{
    private ActivationStatistics(int samples, ImmutableArray<SiteStatistics> sites, int patterns, double[] outputMin, double[] outputMax)
    {
        Samples = samples;
        Sites = sites;
        DistinctPatterns = patterns;
        OutputMinimum = [.. outputMin];
        OutputMaximum = [.. outputMax];
    }

    /// <summary>The number of inputs in the sample.</summary>
    public int Samples { get; }

    /// <summary>One summary a site with activations.</summary>
    public ImmutableArray<SiteStatistics> Sites { get; }

    /// <summary>The number of different activation patterns that the sample met: a lower bound on the number of activation regions.</summary>
    public int DistinctPatterns { get; }

    /// <summary>The least value of each output in the sample.</summary>
    public ImmutableArray<double> OutputMinimum { get; }

    /// <summary>The largest value of each output in the sample.</summary>
    public ImmutableArray<double> OutputMaximum { get; }

    /// <summary>Evaluates a network on a sample and watches its units.</summary>
    /// <param name="network">The network.</param>
    /// <param name="samples">The number of inputs, at least 1.</param>
    /// <param name="x">samples × inputs, row-major.</param>
    /// <param name="cancellation">Stops between blocks of inputs.</param>
    public static ActivationStatistics On(ReluNetwork network, int samples, ReadOnlySpan<double> x, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        const int block = 256;
        long[] on = new long[network.UnitCount];
        HashSet<ActivationPattern> patterns = [];
        double[] min = new double[network.Outputs], max = new double[network.Outputs];
        Array.Fill(min, double.PositiveInfinity);
        Array.Fill(max, double.NegativeInfinity);
        for (int first = 0; first < samples; first += block)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = Math.Min(block, samples - first);
            RecordingRule recording = new(network, rows);
            double[] y = new double[rows * network.Outputs];
            network.Evaluate(rows, x.Slice(first * network.Inputs, rows * network.Inputs), y, recording);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<ushort> pieces = recording.Pieces(row);
                for (int unit = 0; unit < pieces.Length; unit++) on[unit] += pieces[unit] > 0 ? 1 : 0;
                patterns.Add(recording.Pattern(row));
                for (int i = 0; i < network.Outputs; i++)
                {
                    min[i] = Math.Min(min[i], y[(row * network.Outputs) + i]);
                    max[i] = Math.Max(max[i], y[(row * network.Outputs) + i]);
                }
            }
        }
        ImmutableArray<SiteStatistics> sites = [.. network.Sites.Where(s => !s.IsPooling).Select(s => Summarise(s, on, samples))];
        return new ActivationStatistics(samples, sites, patterns.Count, min, max);
    }

    private static SiteStatistics Summarise(ActivationSite site, long[] on, int samples)
    {
        ReadOnlySpan<long> counts = on.AsSpan(site.FirstUnit, site.Units);
        double[] shares = new double[site.Units];
        int always = 0, never = 0;
        for (int unit = 0; unit < shares.Length; unit++)
        {
            shares[unit] = (double)counts[unit] / samples;
            if (counts[unit] == samples) always++;
            if (counts[unit] == 0) never++;
        }
        return new SiteStatistics(site, always, never, shares.Average(), [.. shares]);
    }
}

/// <summary>How the units of one site behave on a sample.</summary>
/// <param name="Site">The site.</param>
/// <param name="AlwaysOn">Units that were on for every input.</param>
/// <param name="AlwaysOff">Units that were off for every input.</param>
/// <param name="MeanShare">The mean over units of the share of inputs for which the unit is on.</param>
/// <param name="Shares">That share for each unit.</param>
public sealed record SiteStatistics(ActivationSite Site, int AlwaysOn, int AlwaysOff, double MeanShare, ImmutableArray<double> Shares);
