using Orthant.Formats;
using Orthant.Geometry;

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
}
