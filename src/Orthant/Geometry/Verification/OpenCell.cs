namespace Orthant.Geometry.Verification;

/// <summary>A cell that may still hold a counterexample, packed away until its turn comes.</summary>
/// <remarks>
/// <code>
/// Numbers [ vertices, dimension × stride ][ radii, stride ][ map of the stage, rows × padded ][ form of each facet in use ]
/// Words   [ facets of each vertex, stride ][ active units, stage by stage ]
/// </code>
/// </remarks>
internal sealed class OpenCell
{
    /// <summary>The stage whose units are being decided.</summary>
    public required int Stage { get; init; }

    /// <summary>The number of vertices.</summary>
    public required int Count { get; init; }

    public required double[] Numbers { get; init; }

    public required ulong[] Words { get; init; }

    /// <summary>What each facet in use stands for, by increasing slot.</summary>
    public required (int Stage, int Unit)[] Facets { get; init; }

    /// <summary>Of each unit of the stage: 1 active, -1 not, 0 open.</summary>
    public required sbyte[] Status { get; init; }

    /// <summary>The alternatives that are not refuted yet.</summary>
    public required bool[] Alive { get; init; }

    /// <summary>The number of each stage's entry on the path.</summary>
    public required long[] Entries { get; init; }

    /// <summary>No condition's largest value over an alternative is below this anywhere in the cell.</summary>
    public required double Bound { get; init; }

    /// <summary>Where the proof goes on; null when none is kept.</summary>
    public required ProofNode? Proof { get; init; }
}

/// <summary>A cell of a proof: split by a unit, or refuted as it is.</summary>
internal sealed class ProofNode
{
    /// <summary>The stage and unit that the cell was split by, and the parts where it is not active and active; null for a leaf.</summary>
    public (int Stage, int Unit, ProofNode Off, ProofNode On)? Split { get; set; }

    /// <summary>The tree in preorder: the unit of each split, counted over all stages, and -1 for a leaf.</summary>
    /// <param name="stageStarts">The number of each stage's first unit.</param>
    public int[] InPreorder(ReadOnlySpan<int> stageStarts)
    {
        List<int> splits = [];
        Stack<ProofNode> open = [];
        open.Push(this);
        while (open.TryPop(out ProofNode? node))
        {
            if (node.Split is not (int stage, int unit, ProofNode off, ProofNode on))
            {
                splits.Add(-1);
                continue;
            }
            splits.Add(stageStarts[stage] + unit);
            open.Push(on);
            open.Push(off);
        }
        return [.. splits];
    }
}
