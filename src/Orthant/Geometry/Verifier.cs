using System.Collections.Immutable;
using System.Diagnostics;
using Orthant.Certificates;
using Orthant.Geometry.Verification;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry;

/// <summary>Decides whether a network has a property: finds a counterexample, or proves that there is none.</summary>
/// <remarks>
/// <para>Verdicts speak of the network in real arithmetic, and both are certain: a counterexample is checked in rational arithmetic, and
/// a proof rests on bounds that are rounded outward and on signs that are decided exactly.</para>
/// <para>Domains of few free inputs are cut into cells; see <see cref="MostInputsForCells"/>. Others are split by assumed signs of units, with
/// linear bounds in each part (α,β-CROWN; S. Wang et al., 2021).</para>
/// </remarks>
public static class Verifier
{
    /// <summary>The largest number of free inputs for which a domain is cut into cells.</summary>
    public const int MostInputsForCells = 10;

    /// <summary>Decides a property.</summary>
    /// <param name="network">The network.</param>
    /// <param name="property">What would violate it.</param>
    /// <param name="options">How long to try; no limit when null.</param>
    /// <param name="progress">Told how many cells were looked at.</param>
    /// <param name="cancellation">Stops the search; the verdict is then <see cref="PropertyVerdict.Unknown"/>.</param>
    /// <exception cref="ArgumentException">A case does not fit the network's inputs or outputs.</exception>
    public static VerificationResult Decide(
        ReluNetwork network, Property property, VerifierOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(property);
        VerifierOptions chosen = options ?? new VerifierOptions();
        Stopwatch clock = Stopwatch.StartNew();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (chosen.TimeLimit is TimeSpan most) limit.CancelAfter(most);
        long cells = 0;
        bool undecided = false;
        List<PropertyCaseData> refuted = [];
        foreach (PropertyCase one in property.Cases)
        {
            Check(network, one);
            CaseSearch search = new(network, one, chosen, limit.Token);
            try
            {
                bool? found = search.Run(() => progress?.Report(new WorkProgress("cells", cells + search.Cells, null, "cells")));
                cells += search.Cells;
                if (found == true) return Counterexample(search.Test, cells, clock.Elapsed.TotalSeconds);
                undecided |= found is null;
                if (search.Refutation is PropertyCaseData proof) refuted.Add(proof);
            }
            catch (OperationCanceledException)
            {
                cells += search.Cells;
                return new VerificationResult { Verdict = cancellation.IsCancellationRequested ? PropertyVerdict.Unknown : PropertyVerdict.Timeout, Cells = cells, Seconds = clock.Elapsed.TotalSeconds };
            }
        }
        PropertyCertificate? certificate = null;
        if (!undecided && refuted.Count > 0 && refuted.Count == property.Cases.Length)
        {
            progress?.Report(new WorkProgress("checking the certificate", 0, null, "cells"));
            certificate = Completed(new PropertyCertificate(NetworkData.Of(network), [.. refuted]), cancellation);
        }
        return new VerificationResult
        {
            Verdict = undecided ? PropertyVerdict.Unknown : PropertyVerdict.Holds,
            Certificate = certificate,
            Cells = cells,
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }

    /// <summary>The checker's bounds are not the search's: where a cell does not close by them, it is split further. Null where even that does not end.</summary>
    private static PropertyCertificate? Completed(PropertyCertificate certificate, CancellationToken cancellation)
    {
        try
        {
            return certificate.Completed(cancellation);
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    private static void Check(ReluNetwork network, PropertyCase one)
    {
        if (one.Domain.Inputs != network.Inputs) throw new ArgumentException($"The property is about {one.Domain.Inputs} inputs, the network has {network.Inputs}.");
        foreach (LinearCondition c in one.Alternatives.SelectMany(a => a))
        {
            if (c.Outputs.Length != network.Outputs || (c.Inputs.Length != 0 && c.Inputs.Length != network.Inputs))
            {
                throw new ArgumentException($"A condition is about {c.Inputs.Length} inputs and {c.Outputs.Length} outputs, the network has {network.Inputs} and {network.Outputs}.");
            }
        }
    }

    private static VerificationResult Counterexample(CounterexampleTest test, long cells, double seconds)
    {
        double[] x = Array.ConvertAll([.. test.Point], r => r.ToDouble());
        double[] y = Array.ConvertAll([.. test.Outputs], r => r.ToDouble());
        return new VerificationResult
        {
            Verdict = PropertyVerdict.Violated,
            Counterexample = [.. x],
            CounterexampleOutputs = [.. y],
            ExactCounterexample = test.Point,
            Cells = cells,
            Seconds = seconds,
        };
    }
}

/// <summary>What is known of a property.</summary>
public enum PropertyVerdict
{
    /// <summary>No counterexample exists; proved.</summary>
    Holds,

    /// <summary>A counterexample was found.</summary>
    Violated,

    /// <summary>Neither was reached.</summary>
    Unknown,

    /// <summary>Neither was reached in the time given.</summary>
    Timeout,
}

/// <summary>How a property is decided.</summary>
public sealed record VerifierOptions
{
    /// <summary>When to give up; null for never.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Chooses the first points that are tried.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether a proof is kept as a certificate.</summary>
    public bool KeepProof { get; init; }

    /// <summary>Whether domains of few free inputs are searched by bounds, too.</summary>
    internal bool BoundsOnly { get; init; }
}

/// <summary>What became of a property.</summary>
public sealed record VerificationResult
{
    /// <summary>The verdict.</summary>
    public required PropertyVerdict Verdict { get; init; }

    /// <summary>The inputs of the counterexample in doubles; empty without one.</summary>
    public ImmutableArray<double> Counterexample { get; init; } = [];

    /// <summary>The outputs there, correctly rounded; empty without a counterexample.</summary>
    public ImmutableArray<double> CounterexampleOutputs { get; init; } = [];

    /// <summary>The inputs of the counterexample, exactly; empty without one.</summary>
    public ImmutableArray<Rational> ExactCounterexample { get; init; } = [];

    /// <summary>The proof that there is no counterexample; null unless it was asked for, and where the search was not by cells or conditions
    /// read inputs.</summary>
    public PropertyCertificate? Certificate { get; init; }

    /// <summary>How many cells were looked at, or parts of a domain with assumed signs.</summary>
    public required long Cells { get; init; }

    /// <summary>The time taken.</summary>
    public required double Seconds { get; init; }
}
