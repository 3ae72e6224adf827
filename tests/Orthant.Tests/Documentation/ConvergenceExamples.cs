using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;

namespace Orthant.Tests.Documentation;

/// <summary>The C# of docs/convergence.md.</summary>
public sealed class ConvergenceExamples
{
    [Fact]
    public void Deciding()
    {
        LayerSequence sequence = new(
            [(0, 1), (0, 1)], SequenceActivation.Relu,
            new TiedTail(new AffineMap([[0, new Rational(-3, 2)], [Rational.Half, 0]], [1, new Rational(1, 5)])));
        DepthLimitResult result = DepthLimit.Decide(sequence);     // ConvergesUniformly, to (2/5, 2/5)
        CheckResult check = CertificateChecker.Check(result.Certificate!);
        FixedPoints points = FixedPoints.Enumerate(((TiedTail)sequence.Tail).Layer);
        JointRadius radius = JointSpectralRadius.BoundMasks(((TiedTail)sequence.Tail).Layer.Weights);

        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.True(check.Valid);
        Assert.Equal([new Rational(2, 5), new Rational(2, 5)], points.Points.Single());
        Assert.Equal(Math.Sqrt(0.75), radius.Upper, 1e-9);
    }

    [Fact]
    public void Domains()
    {
        AffineMap layer = new([[1, 0], [-1, 0]], [-Rational.Half, Rational.Half]);
        var domains = ActivationDomains.Enumerate([layer], [(0, 1), (0, 1)]);
        // Three: two halves of the square, and the segment between them, on which neither neuron is strictly positive.

        Assert.Equal((3, 2), (domains.Length, domains.Count(d => d.IsFullDimensional)));
    }

    [Theory]
    [InlineData("1", 1e100, double.PositiveInfinity)]
    [InlineData("1/√L", 100, 1e5)]
    [InlineData("1/L", 0.5, 2)]
    [InlineData("k^-2", 0.5, 3)]
    public void BranchScales(string scale, double least, double most)
    {
        // One branch, x ↦ W2 relu(W1 x + b1), at every layer.
        double[,] w1 = { { 1, -0.5 }, { 0.25, 1 } }, w2 = { { 0.25, 0.1 }, { -0.1, 0.3 } };
        double[] x = [0.5, 0.5], b1 = [0.1, -0.2];
        const int depth = 1000;
        double largest = 0;
        for (int k = 1; k <= depth; k++)
        {
            double s = scale switch { "1" => 1, "1/√L" => 1 / Math.Sqrt(depth), "1/L" => 1.0 / depth, _ => 1.0 / ((double)k * k) };
            double p = Math.Max((w1[0, 0] * x[0]) + (w1[0, 1] * x[1]) + b1[0], 0), q = Math.Max((w1[1, 0] * x[0]) + (w1[1, 1] * x[1]) + b1[1], 0);
            x = [Math.Max(x[0] + (s * ((w2[0, 0] * p) + (w2[0, 1] * q))), 0), Math.Max(x[1] + (s * ((w2[1, 0] * p) + (w2[1, 1] * q))), 0)];
            largest = Math.Max(x[0], x[1]);
        }
        Console.WriteLine($"branch scale {scale}: {largest:G3} at depth {depth}");
        Assert.InRange(largest, least, most);
    }
}
