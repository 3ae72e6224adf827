namespace Orthant.Networks;

/// <summary>The floating-point type that a network's file stores its numbers in, and in which a witness is replayed.</summary>
/// <remarks>A <see cref="ReluNetwork"/> always holds its numbers as doubles, which represent every one of these types exactly;
/// the element type only says what the numbers were rounded to before they reached it.</remarks>
public enum ElementType
{
    /// <summary>IEEE 754 binary16, 11 significant bits.</summary>
    Float16,

    /// <summary>IEEE 754 binary32, 24 significant bits.</summary>
    Float32,

    /// <summary>IEEE 754 binary64, 53 significant bits.</summary>
    Float64,
}
