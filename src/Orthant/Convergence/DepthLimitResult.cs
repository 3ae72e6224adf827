using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Where depth leads, for the inputs that a verdict speaks of.</summary>
public enum DepthVerdict
{
    /// <summary>Neither was proved; the bounds reached are given.</summary>
    Undecided,

    /// <summary>N_n converges, uniformly over these inputs.</summary>
    ConvergesUniformly,

    /// <summary>N_n converges at each of these inputs, but not, or not provably, uniformly.</summary>
    ConvergesPointwise,

    /// <summary>‖N_n‖ is unbounded at each of these inputs.</summary>
    Diverges,

    /// <summary>N_n has no limit at any of these inputs; it is bounded, or not known to be unbounded.</summary>
    NoLimit,
}

/// <summary>A part of the box of inputs with its own verdict.</summary>
/// <param name="Verdict">What happens there.</param>
/// <param name="InputSet">The inputs, in words.</param>
/// <param name="Share">The share of the box's volume; null where it is not known.</param>
public sealed record DepthPart(DepthVerdict Verdict, string InputSet, double? Share);

/// <summary>The smallest depth from which on the distance to the limit is provably at most ε times max(‖N_n‖, 1).</summary>
/// <param name="Epsilon">ε.</param>
/// <param name="Depth">The depth; a double because slow laws need more layers than integers count.</param>
public sealed record EffectiveDepth(double Epsilon, double Depth);

/// <summary>Upper bounds of |N_∞ − N_n|, coordinate by coordinate.</summary>
/// <param name="Depth">n.</param>
/// <param name="Bounds">One number a coordinate.</param>
public sealed record CoordinateBounds(int Depth, ImmutableArray<double> Bounds);

/// <summary>What <see cref="DepthLimit.Decide"/> found.</summary>
public sealed record DepthLimitResult
{
    /// <summary>The verdict for <see cref="InputSet"/>.</summary>
    public required DepthVerdict Verdict { get; init; }

    /// <summary>The inputs that the verdict speaks of, in words.</summary>
    public required string InputSet { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The evidence; null where the verdict is Undecided or the caller vouches for the sums of a rule.</summary>
    public Certificate? Certificate { get; init; }

    /// <summary>The limit that all inputs share, exactly; null where it is not rational, or not shared.</summary>
    public ImmutableArray<Rational>? ExactLimit { get; init; }

    /// <summary>Enclosures of the limit that all inputs share; null where it is not known.</summary>
    public ImmutableArray<Interval>? Limit { get; init; }

    /// <summary>A factor by which the distance to the limit shrinks with every layer; null where none is proved.</summary>
    public double? Rate { get; init; }

    /// <summary>Bounds on sup ‖N_∞ − N_n‖ over the box.</summary>
    public ImmutableArray<DepthBound> TailBounds { get; init; } = [];

    /// <summary>Bounds of each coordinate of N_∞ − N_n over the box, for steps of one direction.</summary>
    public ImmutableArray<CoordinateBounds> CoordinateBounds { get; init; } = [];

    /// <summary>Depths from which on more layers do not matter.</summary>
    public ImmutableArray<EffectiveDepth> EffectiveDepths { get; init; } = [];

    /// <summary>The parts of the box, when their verdicts differ.</summary>
    public ImmutableArray<DepthPart> Parts { get; init; } = [];

    /// <summary>All fixed points of a tied layer, where they were sought.</summary>
    public FixedPoints? FixedPoints { get; init; }

    /// <summary>Bounds of the joint spectral radius of {I_S W} of a tied layer, where they were sought.</summary>
    public (double Lower, double Upper)? SpectralRadius { get; init; }

    /// <summary>An upper bound of every Lipschitz constant of N_n in linf, n arbitrary; null where none is known.</summary>
    public double? LipschitzBound { get; init; }

    /// <summary>What is worth knowing beside the verdict.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

/// <summary>How <see cref="DepthLimit.Decide"/> works.</summary>
public sealed record DepthLimitOptions
{
    /// <summary>Depths at which bounds are given.</summary>
    public ImmutableArray<int> Depths { get; init; } = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

    /// <summary>The norms to give bounds in. A certificate holds those in l1, l2 and linf; bounds in weighted norms are computed alike.</summary>
    public ImmutableArray<VectorNorm> Norms { get; init; } = [VectorNorm.L1, VectorNorm.L2, VectorNorm.LInf];

    /// <summary>The relative errors ε of effective depths.</summary>
    public ImmutableArray<double> Epsilons { get; init; } = [0.1, 0.01, 0.001];

    /// <summary>The largest number of parts that a box is split into.</summary>
    public int MostParts { get; init; } = 2000;
}
