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
    [InlineData("0.8,-0.5,0.1;0.6,0.7,0;0.2,0,0.3|0.1,0.2,-0.3;0,0.4,0.1;0.2,-0.1,0.2", 0.92717998)]
    [InlineData("0.9,-0.6;0.4,0.8|0.2,0.3;-0.5,0.4", 0.9797958971132712)]
    [InlineData("0,-1,0;1,0,0;0,0,0.5|0.3,0.1,0.4;0.1,-0.3,0.2;0,0.5,0.4", 1)]
    public void SetsWhoseLeadingProductTurnsClose(string matrices, double radius)
    {
        JointRadius found = Checked(JointSpectralRadius.Bound([.. matrices.Split('|').Select(Matrix)]));
        Assert.True(found.Upper <= found.Lower * (1 + 1e-9), $"{found.Lower:R} {found.Upper:R} {found.Method}");
        Assert.InRange(radius, found.Lower * (1 - 1e-6), found.Upper * (1 + 1e-6));
    }

    [Fact]
    public void EvidenceOfATurningProductIsRefusedWhenChanged()
    {
        // The first random pair that no ellipsoid closes and whose leading product turns.
        RandomStream random = new(5);
        JointRadius found;
        do
        {
            found = JointSpectralRadius.Bound([.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 3).Select(_ => (Rational)random.NextInt32(-3, 4)).ToArray()).ToArray())]);
        }
        while (!found.Method.StartsWith("complex", StringComparison.Ordinal));
        SpectralRadiusCertificate proof = found.Certificate;
        PolytopeNorm body = Assert.IsType<PolytopeNorm>(proof.Evidence);
        Assert.NotNull(body.Phases);
        Assert.True(CertificateChecker.Check(proof).Valid);
        Rational[][] turned = [.. body.Phases.Select(row => row.Select(t => t + new Rational(1, 50)).ToArray())];
        int[][] others = [.. body.Bases.Select(row => row.Select(j => (j + 1) % body.Vertices.Length).ToArray())];
        foreach (SpectralRadiusCertificate broken in (SpectralRadiusCertificate[])[
            proof with { Upper = proof.Upper * new Rational(999_999, 1_000_000) },
            proof with { Evidence = body with { Phases = turned } },
            proof with { Evidence = body with { Phases = null } },
            proof with { Evidence = body with { Phases = body.Phases[1..] } },
            proof with { Evidence = body with { Bases = others } },
            proof with { Evidence = body with { Vertices = [.. body.Vertices.Select(v => v.Select((x, i) => i == 0 ? x * 2 : x).ToArray())] } }])
        {
            Assert.False(CertificateChecker.Check(broken).Valid);
        }
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    public void HiddenInvariantSubspacesSplitTheSet(int inside, int outside)
    {
        int d = inside + outside;
        RandomStream random = new((ulong)(10 * inside + outside));
        // Block triangular matrices seen in a skew basis of whole numbers.
        Rational[][] skew = [.. Enumerable.Range(0, d).Select(i => Enumerable.Range(0, d).Select(j => i == j ? Rational.One : j > i ? random.NextInt32(-2, 3) : 0).ToArray())];
        skew = ExactMatrices.Multiply(skew, ExactMatrices.Transpose([.. Enumerable.Range(0, d).Select(i => Enumerable.Range(0, d).Select(j => i == j ? Rational.One : j > i ? random.NextInt32(-1, 2) : 0).ToArray())]));
        Rational[][][] plain = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, d).Select(i => Enumerable.Range(0, d)
            .Select(j => i >= inside && j < inside ? Rational.Zero : new Rational(random.NextInt32(-8, 9), 8)).ToArray()).ToArray())];
        Rational[][][] set = [.. plain.Select(a => Inverted(ExactMatrices.Multiply(skew, a)))];
        JointRadius found = Checked(JointSpectralRadius.Bound(set)), blocks = Checked(JointSpectralRadius.Bound(plain));
        if (d == 4) Assert.StartsWith("blocks of", found.Method, StringComparison.Ordinal);
        Assert.True(found.Upper <= found.Lower * (1 + 1e-9), $"{found.Lower:R} {found.Upper:R} {found.Method}");
        Assert.Equal(blocks.Lower, found.Lower, 1e-9 * blocks.Lower);

        // X with X skew = product, row by row.
        Rational[][] Inverted(Rational[][] product) => [.. product.Select(row => ExactMatrices.ToMatrix(ExactMatrices.Transpose(skew)).Solve(row)!)];
    }

    [Fact]
    public void RandomPairsClose()
    {
        RandomStream random = new(2026);
        List<string> open = [];
        foreach (int d in (int[])[2, 3, 4, 5, 6, 8])
        {
            for (int trial = 0; trial < 4; trial++)
            {
                bool whole = trial % 2 == 0;
                Rational[][][] set = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, d).Select(_ => Enumerable.Range(0, d)
                    .Select(_ => whole ? (Rational)random.NextInt32(-2, 3) : Rational.FromDouble(Math.Round(random.NextNormal() * 1024) / 1024)).ToArray()).ToArray())];
                JointRadius found = Checked(JointSpectralRadius.Bound(set));
                if (found.Upper > found.Lower * (1 + 1e-9)) open.Add($"d={d}, {(whole ? "integers" : "normal")}, {found.Upper / found.Lower - 1:E1}, {found.Method}");
            }
        }
        Assert.Empty(open);
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
