namespace Orthant.Uncertainty;

/// <summary>How strange a class is for a sample, in the eyes of <see cref="ConformalClassifier"/>.</summary>
public enum ConformalScore
{
    /// <summary>1 − p of the class: the smallest sets on average (Sadinle, Lei and Wasserman, 2019).</summary>
    LeastAmbiguous,

    /// <summary>The probability of all classes from the most probable down to the class (Romano, Sesia and Candès, NeurIPS 2020).</summary>
    Adaptive,

    /// <summary>The adaptive score with a penalty on deep ranks (Angelopoulos, Bates, Jordan and Malik, ICLR 2021).</summary>
    RegularizedAdaptive,
}

/// <summary>What a <see cref="ConformalClassifier"/> promises, and how.</summary>
public sealed record ConformalOptions
{
    /// <summary>The score.</summary>
    public ConformalScore Score { get; init; } = ConformalScore.LeastAmbiguous;

    /// <summary>The part of samples whose class may be missing from the set, between 0 and 1.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>Whether the promise is kept for each class on its own. A class without enough calibration rows is in every set.</summary>
    public bool ByClass { get; init; }

    /// <summary>The regularised score adds this for each rank beyond <see cref="FreeRanks"/>; not negative.</summary>
    public double RankPenalty { get; init; } = 0.01;

    /// <summary>The ranks without a penalty, not negative.</summary>
    public int FreeRanks { get; init; } = 5;

    /// <summary>With a seed, adaptive scores take off u·p of the class itself, u uniform and drawn for each sample: sets are then smaller and their coverage
    /// exact. Null for the whole probability.</summary>
    public ulong? Randomization { get; init; }

    /// <summary>Whether an empty set is given its most probable class.</summary>
    public bool AtLeastOne { get; init; }
}
