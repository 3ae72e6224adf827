using Orthant.Extraction;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Tests.Documentation;

/// <summary>The examples of docs/extraction.md.</summary>
public sealed class ExtractionExamples
{
    [Fact]
    public void RecoverAndCompare()
    {
        ReluNetwork secret = ModelFile.Load(Path.Combine(Repository.Root, "samples/secret.json")).Network;
        RecoveredNetwork found = NetworkExtraction.Run(new NetworkOracle(secret), new ExtractionOptions { Budget = 20_000 });
        NetworkAlignment? aligned = NetworkAlignment.Of(secret, found.Network!);
        Assert.InRange(aligned!.MaxParameterError, 0, 1e-12);
    }
}
