using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>A network together with what its file says beside it.</summary>
/// <param name="Network">The network; its <see cref="ReluNetwork.ElementType"/> is the type that the file computes in.</param>
/// <param name="Notes">What the reader left out or took for granted, one sentence each; names in them are as the file has them.</param>
/// <param name="InputName">The name of the input.</param>
/// <param name="InputShape">The input's lengths as the file states them; -1 for one that is not known, such as a batch.</param>
/// <param name="OutputName">The name of the output.</param>
/// <param name="OutputShape">The output's lengths, a batch that is not known counted as 1.</param>
public sealed record LoadedModel(
    ReluNetwork Network,
    ImmutableArray<string> Notes,
    string InputName,
    ImmutableArray<long> InputShape,
    string OutputName,
    ImmutableArray<long> OutputShape)
{
    /// <summary>Whether the network's numbers are the file's own: nothing was rounded while it was read.</summary>
    public bool IsExact => AllExact(Network.Layers);

    private static bool AllExact(ImmutableArray<Layer> layers) => layers.All(l => l switch
    {
        AffineLayer affine => affine.Rounding.IsExact,
        ParallelLayer parallel => parallel.Branches.All(AllExact),
        _ => true,
    });
}
