using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;
using static Orthant.Tests.Convergence.Sequences;

namespace Orthant.Tests.Convergence;

public sealed class FixedPointsTests
{
    [Theory]
    [InlineData("-2", "1", "1/3", 0)]
    [InlineData("2,-2;4,-4", "0,-2", "0,0|4/3,2/3", 0)]
    [InlineData("6/5,1;-1,-7/10", "0,0", "0,0", 0)]
    [InlineData("1/2,1;1,1/2", "1,1", "", 0)]
    [InlineData("0,-3/2;1/2,0", "1,1/5", "2/5,2/5", 0)]
    [InlineData("2", "-1", "0|1", 0)]
    [InlineData("0,2;2,0", "-1,-1", "0,0|1,1", 0)]
    public void KnownSetsAreFound(string w, string b, string points, int singular)
    {
        FixedPoints found = FixedPoints.Enumerate(Map(w, b));
        Assert.Equal(points.Split('|', StringSplitOptions.RemoveEmptyEntries).Order(), found.Points.Select(p => string.Join(',', p)).Order());
        Assert.Equal(singular, found.SingularSupports.Length);
    }

    [Fact]
    public void ASegmentOfFixedPointsIsOneSingularSupport()
    {
        FixedPoints found = FixedPoints.Enumerate(Map("3/4,1/4;1/4,3/4", "1/10,-1/10"));
        Assert.Contains(found.SingularSupports, s => s.SequenceEqual([0, 1]));
        Assert.Contains(found.Points, p => p.SequenceEqual(Vector("2/5,0")));
    }

    [Fact]
    public void EnumerationAgreesWithAllSupports()
    {
        RandomStream random = new(5);
        for (int trial = 0; trial < 30; trial++)
        {
            int m = random.NextInt32(2, 6);
            AffineMap layer = new([.. Enumerable.Range(0, m).Select(_ => Enumerable.Range(0, m).Select(_ => new Rational(random.NextInt32(-8, 9), 4)).ToArray())],
                [.. Enumerable.Range(0, m).Select(_ => new Rational(random.NextInt32(-6, 7), 4))]);
            FixedPoints found = FixedPoints.Enumerate(layer);
            List<string> expected = [];
            bool singular = false;
            for (int mask = 0; mask < 1 << m; mask++)
            {
                int[] on = [.. Enumerable.Range(0, m).Where(k => (mask >> k & 1) == 1)];
                Rational[,] a = new Rational[on.Length, on.Length];
                for (int i = 0; i < on.Length; i++)
                {
                    for (int j = 0; j < on.Length; j++) a[i, j] = (i == j ? Rational.One : 0) - layer.Weights[on[i]][on[j]];
                }
                Rational[] x = new Rational[m];
                if (on.Length > 0)
                {
                    if (new RationalMatrix(a).Determinant().IsZero)
                    {
                        singular = true;
                        continue;
                    }
                    Rational[] s = new RationalMatrix(a).Solve([.. on.Select(k => layer.Bias[k])])!;
                    for (int i = 0; i < on.Length; i++) x[on[i]] = s[i];
                }
                bool fixedPoint = x.All(e => e.Sign >= 0) && SequencePass.Apply(layer, x).Select(z => Rational.Max(z, 0)).SequenceEqual(x);
                if (fixedPoint) expected.Add(string.Join(',', x));
            }
            if (singular) Assert.Empty(expected.Except(found.Points.Select(p => string.Join(',', p))));
            else Assert.Equal(expected.Distinct().Order(), found.Points.Select(p => string.Join(',', p)).Order());
        }
    }

    [Fact]
    public void TwentyNeuronsAreComplete()
    {
        RandomStream random = new(20);
        AffineMap layer = new([.. Enumerable.Range(0, 20).Select(_ => Enumerable.Range(0, 20).Select(_ => new Rational((long)Math.Round(random.NextNormal() * 0.8 / Math.Sqrt(20) * 1024), 1024)).ToArray())],
            [.. Enumerable.Range(0, 20).Select(_ => new Rational((long)Math.Round(random.NextNormal() * 1024), 1024))]);
        FixedPoints found = FixedPoints.Enumerate(layer);
        Assert.NotEmpty(found.Points);
        Assert.All(found.Points, p => Assert.Equal(p, SequencePass.Apply(layer, p).Select(z => Rational.Max(z, 0))));
    }
}
