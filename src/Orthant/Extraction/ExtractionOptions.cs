using System.Collections.Immutable;

namespace Orthant.Extraction;

/// <summary>How a network is to be recovered. Its widths are not among the options: they are found.</summary>
public sealed record ExtractionOptions
{
    /// <summary>The seed of everything random: which rows are asked.</summary>
    public ulong Seed { get; init; }

    /// <summary>The lower corner of the box in which the oracle may be asked, one number an input; empty when it may be asked everywhere.</summary>
    public ImmutableArray<double> Lower { get; init; } = [];

    /// <summary>The upper corner of the box; empty when it may be asked everywhere.</summary>
    public ImmutableArray<double> Upper { get; init; } = [];

    /// <summary>The largest number of rows to ask, those of the self-test included.</summary>
    public long Budget { get; init; } = long.MaxValue;

    /// <summary>The largest number of threads for arithmetic, at least 1. The result does not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How it is recovered.</summary>
    public ExtractionMethod Method { get; init; }

    /// <summary>The largest number of hidden layers to look for.</summary>
    public int MostHiddenLayers { get; init; } = 8;

    /// <summary>Whether all parameters are refined together at the end.</summary>
    public bool Refine { get; init; } = true;

    /// <summary>Told of rows asked, stage by stage.</summary>
    public IProgress<WorkProgress>? Progress { get; init; }
}

/// <summary>A way to recover a network.</summary>
public enum ExtractionMethod
{
    /// <summary>Gradients between kinks, surfaces that are followed, a certificate of completeness, and all parameters refined together.</summary>
    Chains,

    /// <summary>The algorithms of D. Rolnick and K. Kording (ICML 2020) as published, to compare with.</summary>
    RolnickKording,
}
