using CsCheck;
using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;
using static Orthant.Tests.Convergence.Sequences;

namespace Orthant.Tests.Convergence;

/// <summary>Bounds are never below the truth: compared with far deeper states of random sequences.</summary>
public sealed class TailBoundTests
{
    [Fact]
    public void BoundsAreNeverBelowTheTruth()
    {
        int compared = 0;
        Gen.Int[0, 1_000_000].Sample(seed => compared += CompareBox(new RandomStream((ulong)seed)), iter: 140, seed: "0000000000000", threads: 1);
        Assert.True(compared >= 100_000, $"{compared} comparisons");
    }

    /// <summary>A random sequence on a box: the uniform bound against many inputs followed in doubles far beyond.</summary>
    private static int CompareBox(RandomStream random)
    {
        int m = random.NextInt32(1, 5);
        Rational Entry() => new(random.NextInt32(-1000, 1001), 500);
        AffineMap direction = new([.. Enumerable.Range(0, m).Select(_ => Enumerable.Range(0, m).Select(_ => Entry()).ToArray())], [.. Enumerable.Range(0, m).Select(_ => Entry())]);
        StepSizes sizes = random.NextInt32(3) switch { 0 => StepSizes.Geometric(new Rational(random.NextInt32(1, 9), 10)), 1 => StepSizes.Power(2, random.NextInt32(4)), _ => StepSizes.Power(3, 0, true) };
        string name = random.NextInt32(3) switch { 0 => "relu", 1 => "leaky:0.1", _ => "clip:0,3" };
        SequenceActivation activation = SequenceActivation.TryParse(name)!;
        bool point = random.NextInt32(2) == 0;
        (Rational, Rational)[] box = [.. Enumerable.Range(0, m).Select(_ => Rational.Abs(Entry())).Select(x => (x, point ? x : x + 1))];
        LayerSequence s = new(box, activation, new StepTail(direction, sizes));
        int[] depths = [1, 2, 3, 5, 8, 13, 21, 1000];
        DepthLimitResult found = DepthLimit.Decide(s, new DepthLimitOptions { Depths = [.. depths], Norms = [.. VectorNorm.All, VectorNorm.L2.Weighted([.. Enumerable.Range(1, m).Select(i => (double)i)])] });
        Assert.Equal(DepthVerdict.ConvergesUniformly, found.Verdict);
        int inputs = point ? 1 : 80, compared = 0;
        for (int i = 0; i < inputs; i++)
        {
            double[] x = [.. box.Select(b => b.Item1.ToDouble() + ((b.Item2 - b.Item1).ToDouble() * random.NextDouble()))];
            Dictionary<int, double[]> states = [];
            const int deep = 1000;
            for (int n = 1; n <= deep; n++)
            {
                double h = sizes.At(n).Midpoint;
                double[] y = [.. direction.Weights.Select((row, k) => x[k] + (h * (row.Select((w, j) => w.ToDouble() * x[j]).Sum() + direction.Bias[k].ToDouble())))];
                x = [.. y.Select(activation.Evaluate)];
                if (depths.Contains(n)) states[n] = x;
            }
            foreach (DepthBound bound in found.TailBounds.Where(b => b.Depth < deep))
            {
                // What is left beyond the deepest state is bounded in its turn.
                double rest = found.TailBounds.Single(b => b.Depth == deep && b.Norm == bound.Norm).Bound;
                double[] e = [.. states[bound.Depth].Zip(x, (p, q) => Math.Abs(p - q))];
                double truth = bound.Norm switch { "l1" => e.Sum(), "l2" => Math.Sqrt(e.Sum(v => v * v)), "linf" => e.Max(), _ => Math.Sqrt(e.Select((v, k) => v * v * (k + 1) * (k + 1)).Sum()) };
                Assert.True(truth <= ((bound.Bound + rest) * (1 + 1e-10)) + 1e-12, $"{name} {sizes.Kind} depth {bound.Depth} {bound.Norm}: {truth} > {bound.Bound}");
                compared++;
            }
            foreach (CoordinateBounds bound in found.CoordinateBounds.Where(b => b.Depth < deep))
            {
                double rest = found.TailBounds.Single(b => b.Depth == deep && b.Norm == "linf").Bound;
                for (int k = 0; k < m; k++)
                {
                    Assert.True(Math.Abs(states[bound.Depth][k] - x[k]) <= ((bound.Bounds[k] + rest) * (1 + 1e-10)) + 1e-12, $"{name} {sizes.Kind} depth {bound.Depth} coordinate {k}");
                    compared++;
                }
            }
        }
        return compared;
    }

    [Fact]
    public void TheLimitOfASlowSequenceIsSharp()
    {
        // Σ of a swap over (n + 1)²: eigenvalues ∏(1 ± 1/(n+1)²), 1 + → sinh π/(2π), 1 − → 1/2.
        DepthLimitResult result = Decide(Steps("0,1;1,0", "0,0", StepSizes.Power(2, 1), Point("1", "1/4")));
        double plus = Math.Sinh(Math.PI) / (2 * Math.PI) * 1.25, minus = 0.5 * 0.75;
        Assert.Equal((plus + minus) / 2, result.Limit!.Value[0].Midpoint, 1e-12);
        Assert.Equal((plus - minus) / 2, result.Limit!.Value[1].Midpoint, 1e-12);
        Assert.True(result.Limit!.Value[0].Contains((plus + minus) / 2));
    }

    [Fact]
    public void AnInactiveNeuronWakesWhenStepsChangeTheirSign()
    {
        // The second neuron is pushed down by every positive step and up by every negative one.
        foreach (StepSizes sizes in new[] { StepSizes.Power(2, 0, alternating: true), StepSizes.Geometric(new Rational(-1, 2)) })
        {
            LayerSequence s = Steps("0,0;-1,0", "0,-1", sizes, Point("1", "0"));
            DepthLimitResult result = Decide(s);
            Interval[] deep = s.Enclose(3000);
            Assert.True(deep[1].Lower > 0);
            for (int i = 0; i < 2; i++) Assert.True(Math.Abs(result.Limit!.Value[i].Midpoint - deep[i].Midpoint) <= result.Limit.Value[i].Radius + 1e-6);
        }
    }

    [Theory]
    [InlineData(2, 0, 1.6449340668482264)]
    [InlineData(3, 0, 1.2020569031595942)]
    [InlineData(4, 0, 1.0823232337111382)]
    public void SumsAreThoseOfZeta(int s, int shift, double zeta)
    {
        Interval sum = StepSizes.Power(s, shift).SumBeyond(0);
        Assert.InRange(zeta, sum.Lower - 1e-14, sum.Upper + 1e-14);
        Assert.True(sum.Width < 1e-12);
        Interval far = StepSizes.Power(s, shift).SumBeyond(1000);
        Interval near = sum;
        for (int n = 1; n <= 1000; n++) near -= Interval.FromRational(Rational.Pow(n, -s));
        Assert.True(Interval.Intersect(far, near) is not null);
    }

    [Fact]
    public void AlternatingSumsAreLogarithms()
    {
        StepSizes sizes = StepSizes.Power(1, 0, alternating: true);
        Assert.True(sizes.SignedSumBeyond(0).Contains(Math.Log(2)));
        Assert.True(sizes.SignedSumBeyond(0).Width < 1e-12);
        Interval odd = sizes.SignedSumBeyond(7) + Interval.FromRational(1 - new Rational(1, 2) + new Rational(1, 3) - new Rational(1, 4) + new Rational(1, 5) - new Rational(1, 6) + new Rational(1, 7));
        Assert.True(odd.Contains(Math.Log(2)));
    }

    [Fact]
    public void SpectralNormsAreUpperBoundsAndSharp()
    {
        RandomStream random = new(3);
        foreach (int n in new[] { 1, 2, 5, 20, 90 })
        {
            double[,] a = new double[n + 3, n];
            for (int i = 0; i < n + 3; i++)
            {
                for (int j = 0; j < n; j++) a[i, j] = random.NextNormal();
            }
            double truth = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(a).Svd(false).S[0];
            Assert.InRange(SpectralNorm.UpperBound(a), truth * (1 - 1e-14), truth * (n <= 64 ? 1 + 1e-9 : 1 + 1e-3));
        }
    }
}
