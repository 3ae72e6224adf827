namespace Orthant.Geometry.Cutting;

/// <summary>Shares the subtrees of a walk among threads, and keeps what each subtree added up.</summary>
/// <remarks>Every thread walks the same top of the tree, where a path has fewer than <see cref="Depth"/> cuts, and numbers the subtrees below
/// it alike; whoever comes to a subtree first claims it. Sums are taken over subtrees in their order, so they do not depend on the threads.</remarks>
internal sealed class JobBoard(int depth, int outputs, int dimension, long? most)
{
    private long seen;

    private readonly Lock gate = new();
    private readonly List<WalkTotals?> jobs = [];

    /// <summary>The number of cuts on a path at which a subtree becomes a job of its own.</summary>
    public int Depth { get; } = depth;

    /// <summary>The totals to add to, when the job was not claimed before.</summary>
    public WalkTotals? Claim(int job)
    {
        lock (gate)
        {
            while (jobs.Count <= job) jobs.Add(null);
            return jobs[job] is null ? jobs[job] = new WalkTotals(outputs, dimension) : null;
        }
    }

    /// <summary>Counts a region against the limit.</summary>
    /// <exception cref="OperationCanceledException">The limit was reached before.</exception>
    public void CountRegion()
    {
        if (most is long limit && Interlocked.Increment(ref seen) > limit) throw new OperationCanceledException("The limit of regions is reached.");
    }

    /// <summary>The sum over all jobs, in their order.</summary>
    public WalkTotals Sum()
    {
        WalkTotals sum = new(outputs, dimension);
        foreach (WalkTotals? job in jobs)
        {
            if (job is not null) sum.Add(job);
        }
        return sum;
    }

    /// <summary>The number of regions counted so far.</summary>
    public long RegionsSoFar()
    {
        lock (gate) return jobs.Sum(j => j?.Regions ?? 0);
    }
}

/// <summary>What a walk adds up over regions.</summary>
internal sealed class WalkTotals(int outputs, int dimension)
{
    public long Regions { get; set; }

    /// <summary>Over regions and their vertices, two to the number of box sides that the vertex lies on: 2^dimension times the number of
    /// vertices of the complex where all are simple.</summary>
    public long VertexShares { get; set; }

    public bool AllSimple { get; set; } = true;

    public int MostVertices { get; set; }

    public double Volume { get; set; }

    public double[] Least { get; } = Filled(outputs, double.PositiveInfinity);

    public double[] Largest { get; } = Filled(outputs, double.NegativeInfinity);

    public double[][] ArgLeast { get; } = Enumerable.Range(0, outputs).Select(_ => new double[dimension]).ToArray();

    public double[][] ArgLargest { get; } = Enumerable.Range(0, outputs).Select(_ => new double[dimension]).ToArray();

    public double[] SlopeL1 { get; } = new double[outputs];

    public double[] SlopeL2 { get; } = new double[outputs];

    public double[] SlopeLInf { get; } = new double[outputs];

    public double[] ZeroLength { get; } = new double[outputs];

    public void Add(WalkTotals other)
    {
        Regions += other.Regions;
        VertexShares += other.VertexShares;
        AllSimple &= other.AllSimple;
        MostVertices = Math.Max(MostVertices, other.MostVertices);
        Volume += other.Volume;
        for (int o = 0; o < outputs; o++)
        {
            if (other.Least[o] < Least[o])
            {
                Least[o] = other.Least[o];
                other.ArgLeast[o].CopyTo(ArgLeast[o], 0);
            }
            if (other.Largest[o] > Largest[o])
            {
                Largest[o] = other.Largest[o];
                other.ArgLargest[o].CopyTo(ArgLargest[o], 0);
            }
            SlopeL1[o] = Math.Max(SlopeL1[o], other.SlopeL1[o]);
            SlopeL2[o] = Math.Max(SlopeL2[o], other.SlopeL2[o]);
            SlopeLInf[o] = Math.Max(SlopeLInf[o], other.SlopeLInf[o]);
            ZeroLength[o] += other.ZeroLength[o];
        }
    }

    private static double[] Filled(int count, double value)
    {
        double[] a = new double[count];
        Array.Fill(a, value);
        return a;
    }
}
