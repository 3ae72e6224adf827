namespace Orthant.Geometry.Verification;

/// <summary>A part of a domain where some units have an assumed sign, waiting in a <see cref="BoundSearch"/>.</summary>
internal sealed class BoundNode
{
    /// <summary>The alternative that is looked for in it.</summary>
    public required int Alternative { get; init; }

    /// <summary>The units whose sign is assumed.</summary>
    public required AssumedSign[] Assumed { get; init; }

    /// <summary>The multiplier of each assumed sign.</summary>
    public required double[] Multipliers { get; init; }

    /// <summary>The slopes of all open units, stage by stage; shared with its sister.</summary>
    public required float[] Slopes { get; init; }

    /// <summary>How the alternative's conditions are weighed, by their place in it.</summary>
    public required double[] Weighing { get; init; }

    /// <summary>A lower bound of the weighed conditions.</summary>
    public required double Bound { get; init; }

    /// <summary>The open units that weigh most in the bound, the heaviest first; none where all signs are assumed.</summary>
    public required (int Stage, int Unit)[] Candidates { get; init; }
}

/// <summary>A unit's sign that is assumed: 1 for a pre-activation ≥ 0, -1 for one ≤ 0.</summary>
internal readonly record struct AssumedSign(int Stage, int Unit, sbyte Sign);
