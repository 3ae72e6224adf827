using System.Collections.Immutable;

namespace Orthant.Formats;

/// <summary>An array of any rank as an idx file holds it, the last index running fastest.</summary>
/// <param name="Shape">The lengths, the first index first.</param>
/// <param name="Elements">A byte[], sbyte[], short[], int[], float[] or double[] of as many elements.</param>
public sealed record IdxArray(ImmutableArray<int> Shape, Array Elements);
