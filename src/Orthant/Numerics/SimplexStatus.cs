namespace Orthant.Numerics;

/// <summary>How a linear program ended.</summary>
public enum SimplexStatus
{
    /// <summary>An optimal point was found.</summary>
    Optimal,

    /// <summary>No point satisfies all rows and bounds.</summary>
    Infeasible,

    /// <summary>The objective decreases without end.</summary>
    Unbounded,

    /// <summary>The iterations ran out before an answer.</summary>
    IterationLimit,
}
