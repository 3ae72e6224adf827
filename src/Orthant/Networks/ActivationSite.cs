namespace Orthant.Networks;

/// <summary>A place in a network where units choose linear pieces: the activations of one layer, or the windows of one max pooling.</summary>
/// <param name="Index">Counts the sites from the input, from 0.</param>
/// <param name="FirstUnit">The number of units of all sites before this one.</param>
/// <param name="Units">The number of units.</param>
/// <param name="Activations">What the units apply, or null for a max pooling, whose unit's piece is the number of the winning cell.</param>
public sealed record ActivationSite(int Index, int FirstUnit, int Units, UnitActivations? Activations)
{
    /// <summary>Whether the units are windows of a max pooling.</summary>
    public bool IsPooling => Activations is null;

    /// <summary>For example <c>relu</c> or <c>maxPool</c>.</summary>
    public string Kind => Activations?.ToString() ?? "maxPool";
}
