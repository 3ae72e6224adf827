using Orthant.Extraction;
using Orthant.Networks;

namespace Orthant.Tests.Extraction;

/// <summary>Networks to recover.</summary>
internal static class TestNetworks
{
    /// <summary>See <see cref="SeededNetworks.Build"/>.</summary>
    public static ReluNetwork Build(int[] widths, ulong seed, string scheme = "fanout", double bias = 0.1) => SeededNetworks.Build(widths, seed, scheme, bias);

    /// <summary>An extraction that sees only the network's answers.</summary>
    public static RecoveredNetwork Extract(ReluNetwork truth, ulong seed = 0, long budget = long.MaxValue) =>
        NetworkExtraction.Run(new NetworkOracle(truth), new ExtractionOptions { Seed = seed, Budget = budget, Threads = 2 });

    /// <summary>log₂ of the largest parameter error; fails when the widths are not the true ones.</summary>
    public static double Error(ReluNetwork truth, RecoveredNetwork found)
    {
        Assert.NotNull(found.Network);
        Assert.Equal(truth.HiddenWidths, found.HiddenWidths);
        NetworkAlignment? alignment = NetworkAlignment.Of(truth, found.Network);
        Assert.NotNull(alignment);
        return Math.Log2(alignment.MaxParameterError);
    }
}
