namespace Orthant;

/// <summary>How far a long piece of work has come.</summary>
/// <param name="Stage">What is being done, in a few words.</param>
/// <param name="Done">How much is done, in <paramref name="Unit"/>s.</param>
/// <param name="Total">How much there is; null when that is not known beforehand.</param>
/// <param name="Unit">What is counted, in the plural: regions, queries, batches.</param>
public readonly record struct WorkProgress(string Stage, double Done, double? Total, string Unit)
{
    /// <summary>What has been found so far, in a few words; may be empty.</summary>
    public string Detail { get; init; } = "";
}
