namespace Orthant.Training;

/// <summary>Random changes to training images that leave their class alone, drawn anew for every sample of every step.</summary>
/// <param name="Flip">Whether half of the images are mirrored left to right.</param>
/// <param name="Shift">By how many pixels at most an image is moved in each direction; what comes in is zero after normalisation. 0 or more.</param>
public sealed record Augmentation(bool Flip, int Shift)
{
    /// <summary>Images as they are.</summary>
    public static Augmentation None { get; } = new(false, 0);
}
