using System.Text.Json;
using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;
using static Orthant.Tests.Convergence.Sequences;

namespace Orthant.Tests.Convergence;

public sealed class JointSpectralRadiusTests
{
    private static JointRadius Checked(JointRadius radius)
    {
        CheckResult check = CertificateChecker.Check(Certificate.Parse("test", radius.Certificate.ToJson()));
        Assert.True(check.Valid, $"{radius.Method}: {check.Reason}");
        return radius;
    }

    [Theory]
    [InlineData("0.6,0;0.2,0.6|0.6,-0.6;0,-0.2", 0.6596789089552835)]
    [InlineData("-1,-1;-4,0|3,3;-2,1", 3.9173847151482413)]
    [InlineData("0,1;0,0|0,0;1,0", 1)]
    [InlineData("0,1,1;1,0,0;0,-1,0|0,1,0;-1,0,1;-1,0,0", 1.618033988749895)]
    [InlineData("1,0;1,0|0,1;0,-1", 1)]
    [InlineData("1,1;0,1|1,0;1,1", 1.618033988749895)]
    [InlineData("1,0;0,1|3,-3;3,3", 4.242640687119286)]
    [InlineData("-1,1,-1;-1,-1,1;0,1,1|-1,1,-1;-1,-1,0;0,1,1", 1.684185282491551)]
    [InlineData("1,1;0,1|1,0;0,1", 1)]
    [InlineData("1,1;0,1|1,1;0,1", 1)]
    [InlineData("0.6,0,1;0.2,0.6,0;0,0,0.5|0.6,-0.6,0;0,-0.2,1;0,0,-0.4", 0.6596789089552835)]
    [InlineData("2", 2)]
    [InlineData("0,0;0,0", 0)]
    public void PublishedSetsClose(string matrices, double radius)
    {
        JointRadius found = Checked(JointSpectralRadius.Bound([.. matrices.Split('|').Select(Matrix)]));
        Assert.InRange(radius, found.Lower * (1 - 1e-14), found.Upper * (1 + 1e-14));
        Assert.True(found.Upper <= found.Lower * (1 + 1e-9), $"{found.Lower:R} {found.Upper:R} {found.Method}");
    }

    [Theory]
    [InlineData("0,-1.5;0.5,0", 0.8660254037844386)]
    [InlineData("0.6,-0.6;0.6,0.6", 0.8485281374238571)]
    [InlineData("0,1;-1,0", 1)]
    [InlineData("2,-2;4,-4", 4)]
    [InlineData("0.9,-0.9;0.9,0", 0.9)]
    [InlineData("1.2,1;-1,-0.7", 1.2)]
    public void MasksOfSmallMatricesClose(string w, double radius)
    {
        JointRadius found = Checked(JointSpectralRadius.BoundMasks(Matrix(w)));
        Assert.InRange(radius, found.Lower * (1 - 1e-14), found.Upper * (1 + 1e-14));
        Assert.True(found.Upper <= found.Lower * (1 + 1e-9), $"{found.Lower:R} {found.Upper:R} {found.Method}");
    }

    [Fact]
    public void AWordOfDifferentMasksMayBeNeeded()
    {
        JointRadius found = Checked(JointSpectralRadius.BoundMasks(Matrix("0.5,-0.8,0.3;0.6,0.4,-0.5;-0.2,0.7,0.6")));
        Assert.InRange(found.Lower, 1.0443204, 1.0453205);
        Assert.True(found.Upper <= found.Lower * (1 + 1e-9));
    }

    [Fact]
    public void ScalingSimilarityAndTranspositionDoNotMatter()
    {
        RandomStream random = new(11);
        for (int trial = 0; trial < 4; trial++)
        {
            Rational[][][] set = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, 2).Select(_ => (Rational)random.NextInt32(-3, 4)).ToArray()).ToArray())];
            JointRadius plain = Checked(JointSpectralRadius.Bound(set));
            JointRadius scaled = JointSpectralRadius.Bound([.. set.Select(a => a.Select(r => r.Select(e => e * 3).ToArray()).ToArray())]);
            JointRadius transposed = JointSpectralRadius.Bound([.. set.Select(a => new Rational[][] { [a[0][0], a[1][0]], [a[0][1], a[1][1]] })]);
            Assert.Equal(plain.Lower * 3, scaled.Lower, 1e-8 * (1 + scaled.Lower));
            Assert.Equal(plain.Upper, transposed.Upper, 1e-8 * (1 + plain.Upper));
        }
    }

    [Fact]
    public void BenchmarksOfTheCasesClose()
    {
        string folder = Repository.Need(Repository.Cases("convergence"), "the acceptance cases");
        using JsonDocument sets = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "jsr_benchmarks.json")));
        foreach (JsonElement set in sets.RootElement.EnumerateArray())
        {
            Rational[][][] matrices = [.. set.GetProperty("matrices").EnumerateArray().Select(a => a.EnumerateArray().Select(r => r.EnumerateArray().Select(e => Rational.Parse(e.GetRawText())).ToArray()).ToArray())];
            JointRadius found = Checked(JointSpectralRadius.Bound(matrices));
            double radius = set.GetProperty("jsr").GetDouble();
            Assert.True(found.Upper <= found.Lower * (1 + 1e-9) && radius <= found.Upper * (1 + 1e-12) && radius >= found.Lower * (1 - 1e-12), $"{set.GetProperty("id")}: {found.Lower:R} {found.Upper:R} {found.Method}");
        }
    }

    [Fact]
    [Trait("Category", "Long")]
    public void EightNeuronsAreWithinOnePerCent()
    {
        string folder = Repository.Need(Repository.Cases("convergence"), "the acceptance cases");
        using JsonDocument nets = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "relu8_reference.json")));
        foreach (JsonElement net in nets.RootElement.EnumerateArray())
        {
            Rational[][] w = [.. net.GetProperty("W").EnumerateArray().Select(r => r.EnumerateArray().Select(e => Rational.Parse(e.GetRawText())).ToArray())];
            JointRadius found = JointSpectralRadius.BoundMasks(w, new JointRadiusOptions { RelativeGap = 0.002, Seconds = 25 });
            Assert.True(found.Upper <= found.Lower * 1.01, $"net {net.GetProperty("index")}: {found.Lower:R} {found.Upper:R}");
            Assert.True(found.Lower >= net.GetProperty("lower").GetDouble() * 0.997 && found.Lower <= net.GetProperty("upper").GetDouble() * 1.0000001);
        }
    }
}
