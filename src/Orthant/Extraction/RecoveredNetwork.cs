using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Extraction;

/// <summary>What one stage of an extraction cost.</summary>
/// <param name="Name">What was looked for.</param>
/// <param name="Queries">Rows asked.</param>
/// <param name="Seconds">Time spent, that of the oracle included.</param>
public sealed record ExtractionStage(string Name, long Queries, double Seconds);

/// <summary>How surely one hidden unit is known.</summary>
/// <param name="Layer">The hidden layer, from 1.</param>
/// <param name="Index">The unit in the recovered layer, from 0.</param>
/// <param name="Error">The estimated absolute error of its worst incoming parameter, largest weight held: the residual times <paramref name="Amplification"/>; infinite when a parameter is not shown by any row.</param>
/// <param name="Amplification">By how much its worst incoming parameter amplifies the rounding of the answers.</param>
/// <param name="OpenWeights">Incoming weights that the rows do not determine, by index (the bias is the number of inputs of the layer).</param>
public sealed record UnitConfidence(int Layer, int Index, double Error, double Amplification, ImmutableArray<int> OpenWeights)
{
    /// <summary>Whether it is certainly a unit of the true network, with these weights up to scale: the network is complete and every weight is shown, or, in a network that is recovered in part, the oracle
    /// has a kink wherever the unit's boundary was computed to be.</summary>
    public bool IsCertain { get; init; }
}

/// <summary>A network recovered from answers, with what is known about each part of it.</summary>
public sealed record RecoveredNetwork
{
    /// <summary>The network; null when not even the first layer was found.</summary>
    public required ReluNetwork? Network { get; init; }

    /// <summary>Whether the certificate of completeness holds: the network explains all fresh rows.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Whether every unit and weight is determined by the function up to order and scale, and was found so; what is not is named in <see cref="Notes"/>.</summary>
    public required bool IsIdentifiable { get; init; }

    /// <summary>The widths found, first layer first.</summary>
    public required ImmutableArray<int> HiddenWidths { get; init; }

    /// <summary>What the oracle does to the network's outputs; what is not <see cref="Extraction.PostProcessing.Raw"/> is undone, and the outputs of the network add up to 0.</summary>
    public PostProcessing PostProcessing { get; init; }

    /// <summary>All rows asked, those of the self-test included.</summary>
    public required long Queries { get; init; }

    /// <summary>Kinks that were met on lines, one met twice counted twice.</summary>
    public long Kinks { get; init; }

    /// <summary>Kinks that were met and that no unit explains.</summary>
    public required int UnexplainedKinks { get; init; }

    /// <summary>The weighted relative residual on the rows of the last refinement.</summary>
    public required double Residual { get; init; }

    /// <summary>Rows, time and what they were for.</summary>
    public required ImmutableArray<ExtractionStage> Stages { get; init; }

    /// <summary>One entry a hidden unit. In a network that is recovered in part the errors are distances of kinks from where they were computed to be, relative to their places.</summary>
    public required ImmutableArray<UnitConfidence> Units { get; init; }

    /// <summary>What could not be known, or has to be known by who uses the network, a sentence each.</summary>
    public required ImmutableArray<string> Notes { get; init; }
}
