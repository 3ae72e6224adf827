using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Tests.Documentation;

/// <summary>The code of docs/geometry.md and docs/verification.md.</summary>
public sealed class GeometryExamples
{
    [Fact]
    public void APropertyIsDecided()
    {
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = Repository.Root;
        try
        {
            VnnLibProperty asked = VnnLibFile.Load("samples/spiral.vnnlib");
            VerificationResult found = Verifier.Decide(ModelFile.Load("samples/spiral.onnx").Network, asked.Property);
            Assert.Equal(PropertyVerdict.Holds, found.Verdict);
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public void ARegionHasNeighbours()
    {
        ReluNetwork network = ModelFile.Load(Path.Combine(Repository.Root, "samples/spiral.onnx")).Network;
        ActivationDomain here = ActivationDomain.At(network, InputDomain.Box([-1, -1], [1, 1]), [0.1, 0.2]);
        int neighbours = here.Neighbours().Count();
        Assert.InRange(neighbours, 3, 20);
    }
}
