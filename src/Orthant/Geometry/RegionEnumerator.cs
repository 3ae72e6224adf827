using System.Collections.Immutable;
using System.Diagnostics;
using Orthant.Certificates;
using Orthant.Geometry.Cutting;
using Orthant.Networks;

namespace Orthant.Geometry;

/// <summary>Enumerates all activation regions of a network on a domain of few dimensions.</summary>
/// <remarks>
/// <para>Depth-first by cutting cells that are held as labelled vertices, stage by stage, with one column added to a cell's affine map for
/// every unit that is decided; no linear program, and memory for one path only. A region is a set of inputs with one activation pattern
/// that is full-dimensional relative to the free inputs of the domain.</para>
/// <para>The work grows with the number of regions and with 2^dimension vertices a region: up to about eight free inputs.</para>
/// </remarks>
public static class RegionEnumerator
{
    /// <summary>The largest number of free inputs whose box is enumerated.</summary>
    public const int MostDimensions = 12;

    /// <summary>Compiles the code of an enumeration, by a walk over a small network.</summary>
    /// <remarks>The first enumeration of a process does this before its clock starts; a program may call it on another thread while it reads its
    /// file. Calls after the first return at once.</remarks>
    public static void Prepare() => _ = Prepared.Value;

    private static readonly Lazy<long> Prepared = new(() =>
    {
        ReluNetwork small = RandomNetwork.Create([2, 17, 9, 1], WeightInitializer.He, 0.5, 1);
        using StageTable table = new(small.NormalForm, InputDomain.Box([-1, -1], [1, 1]));
        JobBoard board = new(JobDepth, 1, 2, null);
        using CellWalk walk = new(table, SignPolicy.Certified, board, null, CancellationToken.None);
        walk.Run();
        return board.Sum().Regions;
    });

    /// <summary>Enumerates the regions.</summary>
    /// <param name="network">The network.</param>
    /// <param name="domain">The domain, with as many inputs as the network.</param>
    /// <param name="options">How to go about it; the certified policy on one thread when null.</param>
    /// <param name="visitor">Sees every region; null for counting alone.</param>
    /// <param name="progress">Told how many regions were found.</param>
    /// <param name="cancellation">Stops within milliseconds; what was found until then is returned, marked as incomplete.</param>
    /// <exception cref="ArgumentException">The domain has another number of inputs, or more than <see cref="MostDimensions"/> free ones.</exception>
    /// <exception cref="OrthantInputException">A region has more than 64 facets.</exception>
    public static RegionSummary Enumerate(
        ReluNetwork network, InputDomain domain, RegionOptions? options = null, IRegionVisitor? visitor = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(domain);
        if (domain.Inputs != network.Inputs) throw new ArgumentException($"The domain has {domain.Inputs} inputs, the network {network.Inputs}.");
        if (domain.Dimension > MostDimensions) throw new ArgumentException($"{domain.Dimension} free inputs are more than {MostDimensions}.");
        RegionOptions chosen = options ?? new RegionOptions();
        Prepare();
        using StageTable table = new(network.NormalForm, domain);
        JobBoard board = new(JobDepth, network.Outputs, domain.Dimension, chosen.Most);
        Stopwatch clock = Stopwatch.StartNew();
        CellWalk[] walks = Walk(table, chosen, board, visitor, progress, cancellation, out bool complete);
        double seconds = clock.Elapsed.TotalSeconds;
        WalkTotals sum = board.Sum();
        RegionSummary summary = Summarise(table, sum, walks, seconds, complete) with { IsProved = chosen.Policy != SignPolicy.Fast };
        if (walks[0].Splits is List<int> splits && complete && sum.Regions > 0) summary = summary with { Certificate = Evidence(network, domain, summary, [.. splits]) };
        foreach (CellWalk walk in walks) walk.Dispose();
        return summary;
    }

    private static RegionsCertificate Evidence(ReluNetwork network, InputDomain domain, RegionSummary found, int[] splits) => new(
        NetworkData.Of(network), [.. domain.Lower], [.. domain.Upper], [.. domain.HalfSpaces.Select(h => h.Normal.Append(h.Offset).ToArray())],
        found.ActivationRegions, [.. found.Outputs.Select(o => new RangeData(o.Minimum, o.Maximum, [.. o.ArgMinimum], [.. o.ArgMaximum]))], splits);

    /// <summary>Cuts on a path above which threads share the work: about a thousand subtrees.</summary>
    private const int JobDepth = 10;

    /// <summary>Recursion is as deep as there are cuts on a path.</summary>
    private const int StackBytes = 256 << 20;

    private static CellWalk[] Walk(
        StageTable table, RegionOptions options, JobBoard board, IRegionVisitor? visitor, IProgress<WorkProgress>? progress, CancellationToken cancellation, out bool complete)
    {
        int threads = options.KeepProof ? 1 : Math.Max(1, options.Threads);
        CellWalk[] walks = new CellWalk[threads];
        Exception?[] failures = new Exception?[threads];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int index = i;
            walks[i] = new CellWalk(table, options.Policy, board, visitor, stop.Token) { Splits = options.KeepProof ? [] : null };
            workers[i] = new Thread(() =>
            {
                try
                {
                    walks[index].Run();
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    failures[index] = e;
                    stop.Cancel();
                }
            }, StackBytes);
            workers[i].Start();
        }
        foreach (Thread worker in workers)
        {
            while (!worker.Join(100)) progress?.Report(new WorkProgress("regions", board.RegionsSoFar(), null, "regions"));
        }
        if (failures.FirstOrDefault(f => f is not (null or OperationCanceledException)) is Exception failure)
        {
            if (failure is TooManyFacetsException) throw new OrthantInputException("network", "", "a region with more than 64 facets", "a smaller box, or fewer inputs that are free", failure);
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
        complete = Array.TrueForAll(failures, f => f is null);
        return walks;
    }

    private static RegionSummary Summarise(StageTable table, WalkTotals sum, CellWalk[] walks, double seconds, bool complete)
    {
        double[] InputAt(double[] t)
        {
            double[] x = (double[])table.Scale.Centre.Clone();
            for (int q = 0; q < t.Length; q++) x[table.Domain.Free[q]] += table.Scale.HalfSide[q] * t[q];
            return x;
        }

        int outputs = sum.Least.Length;
        return new RegionSummary
        {
            IsComplete = complete,
            ActivationRegions = sum.Regions,
            Vertices = sum.AllSimple && complete ? sum.VertexShares >> table.Dimension : null,
            MostVertices = sum.MostVertices,
            Volume = table.Dimension is 1 or 2 ? sum.Volume : null,
            Outputs = sum.Regions == 0 ? [] : [.. Enumerable.Range(0, outputs).Select(o => new OutputSummary(
                sum.Least[o], sum.Largest[o], [.. InputAt(sum.ArgLeast[o])], [.. InputAt(sum.ArgLargest[o])],
                new GradientBound(sum.SlopeL1[o], sum.SlopeL2[o], sum.SlopeLInf[o]), table.Dimension == 2 ? sum.ZeroLength[o] : null))],
            SmallestMargin = walks.Min(w => w.SmallestMargin),
            ExactDecisions = walks.Sum(w => w.ExactSigns),
            Seconds = seconds,
        };
    }
}

/// <summary>How regions are enumerated.</summary>
public sealed record RegionOptions
{
    /// <summary>How signs are decided.</summary>
    public SignPolicy Policy { get; init; } = SignPolicy.Certified;

    /// <summary>The number of threads, at least 1; results do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether the tree of cells is kept as a certificate: one thread then, and memory that grows with the regions.</summary>
    public bool KeepProof { get; init; }

    /// <summary>Stop after about this many regions; null for all.</summary>
    public long? Most { get; init; }
}

/// <summary>What an enumeration found.</summary>
public sealed record RegionSummary
{
    /// <summary>Whether all regions were seen; if not, everything else speaks of those that were.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Whether every sign was proved; if not, all of this holds to a tolerance.</summary>
    public bool IsProved { get; init; } = true;

    /// <summary>The number of activation regions.</summary>
    public required long ActivationRegions { get; init; }

    /// <summary>The number of vertices of the complex of regions; null where some vertex lies on more facets than there are dimensions.</summary>
    public required long? Vertices { get; init; }

    /// <summary>The largest number of vertices of a region.</summary>
    public required int MostVertices { get; init; }

    /// <summary>The regions' volumes added up: length or area; null in more than two dimensions.</summary>
    public required double? Volume { get; init; }

    /// <summary>Extrema and slopes of each output.</summary>
    public required ImmutableArray<OutputSummary> Outputs { get; init; }

    /// <summary>The smallest absolute pre-activation at a vertex that a sign was decided by; infinite when none was.</summary>
    public required double SmallestMargin { get; init; }

    /// <summary>How many signs were taken in exact arithmetic.</summary>
    public required long ExactDecisions { get; init; }

    /// <summary>The tree of cells as evidence for the count and the extrema; null unless it was asked for and the enumeration is complete.</summary>
    public RegionsCertificate? Certificate { get; init; }

    /// <summary>The time of the enumeration; compiling its code, once a process, comes before (<see cref="RegionEnumerator.Prepare"/>).</summary>
    public required double Seconds { get; init; }
}

/// <summary>One output over all regions.</summary>
/// <param name="Minimum">Its least value on the domain.</param>
/// <param name="Maximum">Its largest value on the domain.</param>
/// <param name="ArgMinimum">An input where it is least.</param>
/// <param name="ArgMaximum">An input where it is largest.</param>
/// <param name="Lipschitz">Its exact Lipschitz constants on the domain.</param>
/// <param name="ZeroLength">In two dimensions, the length of its zero set; null otherwise.</param>
public sealed record OutputSummary(
    double Minimum, double Maximum, ImmutableArray<double> ArgMinimum, ImmutableArray<double> ArgMaximum, GradientBound Lipschitz, double? ZeroLength);
