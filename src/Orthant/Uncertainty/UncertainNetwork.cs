using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>A network whose rectifiers are replaced by a randomised activation, so that passes over the same input differ and tell how sure it is.</summary>
/// <remarks>
/// <para>Any piecewise-linear network will do, trained under the law or not: the law takes the place of the rectifiers, or of the leaky rectifiers that stand
/// for it in a network that was trained under a law. What precedes the first of them is computed once for all passes.</para>
/// <para>Every draw is a function of seed, pass, site, sample and unit alone: results do not depend on the number of threads or on how samples are divided
/// into batches. A law without randomness gives the bits of the plain network. Immutable and safe to share.</para>
/// <para>Source of the method: Xia, Zhang, Gong, Jiang and Yao, "Randomized ReLU activation for uncertainty estimation of deep neural networks" (later
/// "RBUE"), arXiv 2107.07197; Monte-Carlo dropout: Gal and Ghahramani, ICML 2016.</para>
/// </remarks>
public sealed class UncertainNetwork
{
    /// <summary>What the bits of passes are for, in deriving their key from a seed.</summary>
    private const ulong PassPurpose = 0x50415353;

    private const int MostTileRows = 256, LeastTileRows = 8, TileValues = 1 << 20;

    private readonly RandomSites sites;
    private readonly int tileRows;

    private UncertainNetwork(ReluNetwork network, ActivationLaw law, RandomGranularity granularity, RandomSites sites)
    {
        Network = network;
        Law = law;
        Granularity = granularity;
        this.sites = sites;
        Sites = [.. network.Sites.Where(s => sites.IsRandom[s.Index])];
        int widest = network.Layers.Max(l => Math.Max(l.Inputs, l.Outputs));
        tileRows = Math.Clamp(TileValues / widest, LeastTileRows, MostTileRows);
    }

    /// <summary>The network.</summary>
    public ReluNetwork Network { get; }

    /// <summary>The law of the replaced activations.</summary>
    public ActivationLaw Law { get; }

    /// <summary>Which units share a draw.</summary>
    public RandomGranularity Granularity { get; }

    /// <summary>The places whose activations are replaced.</summary>
    public ImmutableArray<ActivationSite> Sites { get; }

    /// <summary>Randomises a network.</summary>
    /// <param name="network">Any network.</param>
    /// <param name="law">The law; null for the one that the network's metadata name, or else the plain rectifier.</param>
    /// <param name="granularity">Which units share a draw.</param>
    /// <exception cref="OrthantInputException">The law is random, and the network has no activation that it could take the place of.</exception>
    public static UncertainNetwork Of(ReluNetwork network, ActivationLaw? law = null, RandomGranularity granularity = RandomGranularity.Element)
    {
        ArgumentNullException.ThrowIfNull(network);
        RandomSites sites = new(network);
        ActivationLaw chosen = law ?? RandomSites.LawOf(network) ?? ActivationLaw.Relu;
        if (chosen.IsRandom && !sites.IsRandom.Contains(true))
        {
            string found = network.Sites.IsEmpty ? "no activation" : $"only {string.Join(", ", network.Sites.Select(s => s.Kind).Distinct())}";
            throw new OrthantInputException(network.Name.Length > 0 ? network.Name : "the network", "activations", found, $"a {sites.Replaced} that {chosen} can replace");
        }
        return new UncertainNetwork(network, chosen, granularity, sites);
    }

    /// <summary>The network without randomness: at the mean slopes of the law that its metadata name, or with its own activations.</summary>
    /// <param name="network">Any network.</param>
    public static UncertainNetwork AtMeanSlopes(ReluNetwork network)
    {
        RandomSites sites = new(network ?? throw new ArgumentNullException(nameof(network)));
        return new UncertainNetwork(network, ActivationLaw.Leaky(RandomSites.LawOf(network)?.MeanSlope ?? 0), RandomGranularity.Element, sites);
    }

    /// <summary>The class probabilities of many passes.</summary>
    /// <param name="inputs">As many inputs a sample as the network has.</param>
    /// <param name="options">How many passes, and how.</param>
    /// <param name="enough">Asked after <see cref="PassOptions.Passes"/> passes, and again after every doubling up to <see cref="PassOptions.MostPasses"/>,
    /// whether these are enough; null: they are.</param>
    /// <param name="cancellation">Stops between tiles of samples.</param>
    /// <exception cref="OrthantInputException">The inputs do not fit the network, or it has one output only.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public PredictiveDistribution Predict(
        InputRows inputs, PassOptions? options = null, Func<PredictiveDistribution, bool>? enough = null, CancellationToken cancellation = default)
    {
        CheckInputs(inputs);
        if (Network.Outputs < 2) throw new OrthantInputException(Network.Name, "outputs", "1", "at least 2, one a class");
        PassOptions how = options ?? new PassOptions();
        int passes = Law.IsRandom ? how.Passes : 1;
        PassSums sums = new(inputs.Count, Network.Outputs, passes);
        int done = 0;
        while (true)
        {
            Run(inputs, done, passes, how, sums.Add, cancellation);
            done = passes;
            PredictiveDistribution result = sums.ToDistribution();
            if (!Law.IsRandom || enough is null || done >= how.MostPasses || enough(result)) return result;
            passes = Math.Min(2 * done, Math.Max(how.MostPasses, done));
        }
    }

    /// <summary>The outputs of many passes as numbers: their mean and variance.</summary>
    /// <param name="inputs">As many inputs a sample as the network has.</param>
    /// <param name="options">How many passes, and how.</param>
    /// <param name="cancellation">Stops between tiles of samples.</param>
    /// <exception cref="OrthantInputException">The inputs do not fit the network.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public ValueDistribution PredictValues(InputRows inputs, PassOptions? options = null, CancellationToken cancellation = default)
    {
        CheckInputs(inputs);
        PassOptions how = options ?? new PassOptions();
        ValueSums sums = new(inputs.Count, Network.Outputs);
        int passes = Law.IsRandom ? how.Passes : 1;
        Run(inputs, 0, passes, how, sums.Add, cancellation);
        return sums.ToDistribution(passes);
    }

    /// <summary>The outputs of one pass.</summary>
    /// <param name="inputs">As many inputs a sample as the network has.</param>
    /// <param name="pass">The number of the pass, from 0.</param>
    /// <param name="options">Seed and threads.</param>
    /// <returns>samples × outputs, row-major.</returns>
    public float[] Pass(InputRows inputs, int pass, PassOptions? options = null)
    {
        CheckInputs(inputs);
        ArgumentOutOfRangeException.ThrowIfNegative(pass);
        float[] outputs = new float[checked(inputs.Count * Network.Outputs)];
        Run(inputs, pass, pass + 1, options ?? new PassOptions(), (_, first, _, z) => z.CopyTo(outputs.AsSpan(first * Network.Outputs)), default);
        return outputs;
    }

    internal delegate void Visit(int pass, int firstSample, int rows, ReadOnlySpan<float> outputs);

    /// <summary>The rule of one pass.</summary>
    internal ActivationRule Rule(int pass, ulong seed) => new RandomSlopeRule(Law, Granularity, sites, (uint)pass, Philox.DeriveKey(seed, PassPurpose));

    /// <summary>Tiles of samples outside, passes inside: what a tile's passes share stays in the cache.</summary>
    private void Run(InputRows inputs, int firstPass, int endPass, PassOptions options, Visit visit, CancellationToken cancellation)
    {
        int rowsPerTile = options.RowsPerTile ?? tileRows, tiles = (inputs.Count + rowsPerTile - 1) / rowsPerTile;
        ActivationRule[] rules = [.. Enumerable.Range(firstPass, endPass - firstPass).Select(p => Rule(p, options.Seed))];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Math.Min(options.Threads, tiles), CancellationToken = cancellation };
        Parallel.For(0, tiles, parallel, () => new Tile(this, rowsPerTile), (number, _, tile) =>
        {
            int first = number * rowsPerTile, rows = Math.Min(rowsPerTile, inputs.Count - first);
            tile.Load(inputs, first, rows);
            for (int i = 0; i < rules.Length; i++) visit(firstPass + i, first, rows, tile.Passes.Run(rules[i], first));
            return tile;
        }, static _ => { });
    }

    private void CheckInputs(InputRows inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Count == 0) throw new OrthantInputException("data", "", "no samples", "at least one");
        if (inputs.Width == Network.Inputs) return;
        throw new OrthantInputException("data", "", $"{inputs.Width} inputs a sample", $"{Network.Inputs}, as many as the network {Network.Name} reads");
    }

    /// <summary>What one thread works with.</summary>
    private sealed class Tile(UncertainNetwork owner, int capacity)
    {
        private readonly float[] x = new float[checked(capacity * owner.Network.Inputs)];
        private readonly int[] samples = new int[capacity];

        public RepeatedPass Passes { get; } = new(owner.Network, capacity, site => owner.Law.IsRandom && owner.sites.IsRandom[site.Index]);

        public void Load(InputRows inputs, int first, int rows)
        {
            for (int i = 0; i < rows; i++) samples[i] = first + i;
            Span<float> values = x.AsSpan(0, rows * inputs.Width);
            inputs.Gather(samples.AsSpan(0, rows), values);
            Passes.Load(rows, values);
        }
    }
}

/// <summary>How many passes, and how they are run.</summary>
public sealed record PassOptions
{
    /// <summary>The number of passes, at least 1. A law without randomness takes one.</summary>
    public int Passes { get; init; } = 20;

    /// <summary>Where doubling the passes ends, when they are asked to go on until they are enough.</summary>
    public int MostPasses { get; init; } = 1280;

    /// <summary>The seed of all draws.</summary>
    public ulong Seed { get; init; }

    /// <summary>The number of threads, at least 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The samples that pass through together; null for a number that suits the cache. No result depends on it.</summary>
    internal int? RowsPerTile { get; init; }
}
