using System.Collections.Immutable;
using System.Text.Json;
using Orthant.Certificates;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Geometry;

/// <summary>Verdicts against exhaustive enumeration, real files against the competition's, and the cases that lie on the border.</summary>
public sealed class VerifierTests
{
    [Fact]
    public void VerdictsAgreeWithExhaustiveEnumeration() => Compare(first: 0, count: 400);

    [Fact]
    public void VerdictsByBoundsAgreeWithExhaustiveEnumeration() => Compare(first: 500, count: 100, boundsOnly: true);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyVerdictsAgreeWithExhaustiveEnumeration() => Compare(first: 1000, count: 2000);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyVerdictsByBoundsAgreeWithExhaustiveEnumeration() => Compare(first: 4000, count: 2000, boundsOnly: true);

    /// <summary>Random networks and properties of two alternatives of two conditions, moved to just above and just below the border.</summary>
    private static void Compare(int first, int count, bool boundsOnly = false)
    {
        int violated = 0, held = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            RandomStream random = new((ulong)seed, 77);
            ReluNetwork network = Draw(random);
            InputDomain box = InputDomain.Box([.. Enumerable.Repeat(-1.0, network.Inputs)], [.. Enumerable.Repeat(1.0, network.Inputs)]);
            double[][] rows = [.. Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, network.Outputs).Select(_ => Math.Round(random.NextNormal() * 8) / 8).ToArray())];
            double least = RegionEnumerator.Enumerate(Folded(network, rows), box).Outputs[0].Minimum;
            foreach (double gap in (double[])[0.25, 1e-3, 1e-7, -1e-7, -1e-3, -0.25])
            {
                // The least value of the folded conditions becomes the gap.
                double offset = gap - least;
                LinearCondition[] conditions = [.. rows.Select(r => new LinearCondition([], [.. r.Select(Rational.FromDouble)], Rational.FromDouble(offset)))];
                Property property = new([new PropertyCase(box, [[conditions[0], conditions[1]], [conditions[2], conditions[3]]])]);
                VerificationResult found = Verifier.Decide(network, property, new VerifierOptions { Seed = (ulong)seed, BoundsOnly = boundsOnly });
                Assert.Equal(gap > 0 ? PropertyVerdict.Holds : PropertyVerdict.Violated, found.Verdict);
                if (gap > 0) held++;
                else violated++;
                if (gap < 0) Assert.True(IsCounterexample(network, property, found));
            }
        }
        Assert.Equal((3 * count, 3 * count), (held, violated));
    }

    private static bool IsCounterexample(ReluNetwork network, Property property, VerificationResult found) =>
        property.IsViolatedBy(found.ExactCounterexample.AsSpan(), ExactOutputs(network, found.ExactCounterexample));

    /// <summary>The network's outputs by its affine piece in rationals: not the code that the verifier checks itself with.</summary>
    private static Rational[] ExactOutputs(ReluNetwork network, ImmutableArray<Rational> x)
    {
        Rational[] values = [.. x];
        foreach (NormalStage stage in network.NormalForm.Stages)
        {
            Rational[] next = new Rational[stage.Units];
            for (int i = 0; i < next.Length; i++)
            {
                next[i] = Rational.FromDouble(stage.Bias[i]);
                foreach ((int column, Rational weight) in stage.Linear.ExactRow(i)) next[i] += weight * values[column];
                if (next[i].Sign <= 0) next[i] *= Rational.FromDouble(stage.Activations[i].LeftSlope);
            }
            values = next;
        }
        return values;
    }

    private static ReluNetwork Draw(RandomStream random)
    {
        int inputs = random.NextInt32(1, 5), depth = random.NextInt32(1, 4);
        bool integers = random.NextInt32(4) == 0;
        ActivationFunction[] kinds = [ActivationFunction.Relu, ActivationFunction.Relu, ActivationFunction.Leaky(0.125), ActivationFunction.Abs, ActivationFunction.Leaky(2)];
        ActivationFunction kind = kinds[random.NextInt32(kinds.Length)];
        List<Layer> layers = [];
        int width = inputs;
        for (int l = 0; l <= depth; l++)
        {
            int units = l == depth ? random.NextInt32(1, 4) : random.NextInt32(2, inputs == 4 ? 5 : 8);
            double[,] weights = new double[units, width];
            double[] bias = new double[units];
            for (int i = 0; i < units; i++)
            {
                for (int j = 0; j < width; j++) weights[i, j] = integers ? random.NextInt32(-2, 3) : random.NextNormal() * Math.Sqrt(2.0 / width);
                bias[i] = integers ? random.NextInt32(-1, 2) : random.NextDouble(-0.5, 0.5);
            }
            AffineLayer layer = AffineLayer.Dense(weights, bias, l == depth ? null : kind);
            layers.Add(l > 0 && l < depth && units == width && random.NextInt32(2) == 0 ? ParallelLayer.Residual([layer], ActivationFunction.Relu) : layer);
            width = units;
        }
        return new ReluNetwork(layers);
    }

    /// <summary>min(max(r0, r1), max(r2, r3)) of the rows on the outputs, as a network.</summary>
    private static ReluNetwork Folded(ReluNetwork network, double[][] rows)
    {
        int n = network.Outputs;
        double[,] first = new double[4, n];
        for (int j = 0; j < n; j++)
        {
            first[0, j] = rows[0][j];
            first[1, j] = rows[1][j] - rows[0][j];
            first[2, j] = rows[2][j];
            first[3, j] = rows[3][j] - rows[2][j];
        }
        static UnitActivations Mixed(params bool[] relu) => UnitActivations.PerUnit(relu.Select(r => r ? ActivationFunction.Relu : ActivationFunction.Identity));
        return new ReluNetwork([
            .. network.Layers,
            new AffineLayer(new DenseOperator(first), [], Mixed(false, true, false, true)),
            new AffineLayer(new DenseOperator(new double[,] { { 1, 1, 0, 0 }, { 1, 1, -1, -1 } }), [], Mixed(false, true)),
            AffineLayer.Dense(new double[,] { { 1, -1 } }),
        ]);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("1/1000000000000000000000000000000", false)]
    [InlineData("-1/1000000000000000000000000000000", true)]
    public void TheBorderBelongsToTheCounterexamples(string offset, bool violated)
    {
        // |x| + |x - 1| ≥ 1, with equality on [0, 1]: the set of counterexamples is flat, or a hair away from empty.
        ReluNetwork network = new([
            AffineLayer.Dense(new double[,] { { 1 }, { 1 } }, [0, -1], ActivationFunction.Abs),
            AffineLayer.Dense(new double[,] { { 1, 1 } }, [-1]),
        ]);
        Property property = new([new PropertyCase(InputDomain.Box([-3], [5]), [[new LinearCondition([], [1], Rational.Parse(offset))]])]);
        Assert.Equal(violated ? PropertyVerdict.Violated : PropertyVerdict.Holds, Verifier.Decide(network, property).Verdict);
    }

    [Fact]
    public void APointOfAnIrrationalLookingBorderIsGivenExactly()
    {
        // 3x = 1 has no solution in doubles: |3x - 1| ≤ 0 at x = 1/3 alone.
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 3 } }, [-1], ActivationFunction.Abs), AffineLayer.Dense(new double[,] { { 1 } })]);
        Property property = new([new PropertyCase(InputDomain.Box([0], [1]), [[new LinearCondition([], [1], 0)]])]);
        VerificationResult found = Verifier.Decide(network, property);
        Assert.Equal(PropertyVerdict.Violated, found.Verdict);
        Assert.Equal(Rational.Parse("1/3"), found.ExactCounterexample[0]);
    }

    [Fact]
    public void ConditionsMayReadInputsAndDomainsMayBeCut()
    {
        // y = |x0| + |x1| on the triangle x0 + x1 ≥ 1 of the unit square; y - x0 - x1 ≤ -1/7 never holds, ≤ 0 does.
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1, 0 }, { 0, 1 } }, null, ActivationFunction.Abs), AffineLayer.Dense(new double[,] { { 1, 1 } })]);
        InputDomain triangle = InputDomain.Box([0, 0], [1, 1]).CutBy(new HalfSpace([1, 1], -1));
        Property With(string offset) => new([new PropertyCase(triangle, [[new LinearCondition([-1, -1], [1], Rational.Parse(offset))]])]);
        Assert.Equal(PropertyVerdict.Holds, Verifier.Decide(network, With("1/7")).Verdict);
        Assert.Equal(PropertyVerdict.Violated, Verifier.Decide(network, With("0")).Verdict);
        Property below = new([new PropertyCase(triangle, [[new LinearCondition([], [1], Rational.Parse("-99/100"))]])]);
        Assert.Equal(PropertyVerdict.Holds, Verifier.Decide(network, below).Verdict);
    }

    [Fact]
    public void CasesWithoutFreeInputsOrConditionsAreAnswered()
    {
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1 } }, null, ActivationFunction.Relu)]);
        InputDomain point = InputDomain.ExactBox([Rational.Parse("1/3")], [Rational.Parse("1/3")]);
        Property At(string bound) => new([new PropertyCase(point, [[new LinearCondition([], [1], -Rational.Parse(bound))]])]);
        Assert.Equal(PropertyVerdict.Violated, Verifier.Decide(network, At("1/3")).Verdict);
        Assert.Equal(PropertyVerdict.Holds, Verifier.Decide(network, At("0.333333333333")).Verdict);
        Assert.Equal(PropertyVerdict.Violated, Verifier.Decide(network, new Property([new PropertyCase(point, [[]])])).Verdict);
        Assert.Equal(PropertyVerdict.Holds, Verifier.Decide(network, new Property([])).Verdict);
    }

    [Fact]
    public void ManyInputsAreSearchedByBounds()
    {
        // Sums of |x_j - 1/4| over sixteen inputs: 0 is reached at one point, which lies on the border of every unit.
        const int n = 16;
        ReluNetwork network = new([
            new AffineLayer(new IdentityOperator(n), [.. Enumerable.Repeat(-0.25, n)], UnitActivations.Uniform(ActivationFunction.Abs, n)),
            AffineLayer.Dense(Row(1)),
        ]);
        InputDomain box = InputDomain.Box([.. Enumerable.Repeat(-1.0, n)], [.. Enumerable.Repeat(1.0, n)]);
        Property Least(string bound) => new([new PropertyCase(box, [[new LinearCondition([], [1], -Rational.Parse(bound))]])]);
        Assert.Equal(PropertyVerdict.Holds, Verifier.Decide(network, Least("-1/1000000000")).Verdict);
        VerificationResult found = Verifier.Decide(network, Least("1/100"));
        Assert.Equal(PropertyVerdict.Violated, found.Verdict);
        Assert.True(IsCounterexample(network, Least("1/100"), found));
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        Assert.Equal(PropertyVerdict.Unknown, Verifier.Decide(network, Least("-1"), null, null, stopped.Token).Verdict);
        Assert.NotEqual(PropertyVerdict.Holds, Verifier.Decide(network, Least("0")).Verdict);

        static double[,] Row(double value)
        {
            double[,] row = new double[1, n];
            for (int j = 0; j < n; j++) row[0, j] = value;
            return row;
        }
    }

    [Fact]
    public void AFlatDomainIsAnswered()
    {
        // The segment x0 + x1 = 0 of the square, where x0 - x1 = 2·x0: cells cannot speak of it.
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 1, -1 } }, null, ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1 } })]);
        InputDomain segment = InputDomain.Box([-1, -1], [1, 1]).CutBy(new HalfSpace([1, 1], 0), new HalfSpace([-1, -1], 0));
        Property Least(string bound) => new([new PropertyCase(segment, [[new LinearCondition([], [1], -Rational.Parse(bound))]])]);
        Assert.Equal(PropertyVerdict.Holds, Verifier.Decide(network, Least("-1/2")).Verdict);
        Assert.NotEqual(PropertyVerdict.Holds, Verifier.Decide(network, Least("1/2")).Verdict);
    }

    public static TheoryData<string, string, string> Competition(bool hard)
    {
        TheoryData<string, string, string> data = [];
        if (Repository.Data("vnncomp") is not string folder) return data;
        using JsonDocument truth = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "ground_truth_vnncomp2021.json")));
        foreach (JsonElement e in truth.RootElement.EnumerateArray())
        {
            string onnx = e.GetProperty("onnx").GetString()!, property = e.GetProperty("vnnlib").GetString()!;
            if (e.GetProperty("category").GetString() != "acasxu" || !File.Exists(Path.Combine(folder, "acasxu", onnx)) || !File.Exists(Path.Combine(folder, "acasxu", property))) continue;
            bool quick = property is not ("prop_1.vnnlib" or "prop_2.vnnlib");
            if (quick != hard) data.Add(onnx, property, e.GetProperty("verdict").GetString()!);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Competition), false)]
    public void CollisionAvoidanceIsDecidedAsInTheCompetition(string onnx, string property, string verdict) => Decide(onnx, property, verdict);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Competition), true)]
    public void HardCollisionAvoidanceIsDecidedAsInTheCompetition(string onnx, string property, string verdict) => Decide(onnx, property, verdict);

    private static void Decide(string onnx, string property, string verdict)
    {
        string folder = Path.Combine(Repository.Need(Repository.Data("vnncomp"), "the vnncomp data"), "acasxu");
        ReluNetwork network = ModelFile.Load(Path.Combine(folder, onnx)).Network;
        VnnLibProperty asked = VnnLibFile.Load(Path.Combine(folder, property));
        VnnLibFile.CheckFits(property, asked, network);
        VerificationResult found = Verifier.Decide(network, asked.Property);
        Assert.Equal(verdict == "sat" ? PropertyVerdict.Violated : PropertyVerdict.Holds, found.Verdict);
        if (found.Verdict == PropertyVerdict.Violated) Assert.True(IsCounterexample(network, asked.Property, found));
    }

    [Fact]
    public void ASearchThatIsStoppedSaysSo()
    {
        ReluNetwork network = new([
            AffineLayer.Dense(new double[,] { { 1, 2 }, { 2, -1 }, { 1, 1 } }, [0.1, 0.2, -0.3], ActivationFunction.Abs),
            AffineLayer.Dense(new double[,] { { 1, -1, 1 } }),
        ]);
        Property property = new([new PropertyCase(InputDomain.Box([-1, -1], [1, 1]), [[new LinearCondition([], [1], 5)]])]);
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        Assert.Equal(PropertyVerdict.Unknown, Verifier.Decide(network, property, null, null, stopped.Token).Verdict);
    }

    [Fact]
    public void AProofIsBelievedAndAChangedOneIsNot()
    {
        for (int seed = 0; seed < 25; seed++)
        {
            RandomStream random = new((ulong)seed, 5);
            ReluNetwork network = Draw(random);
            InputDomain box = InputDomain.Box([.. Enumerable.Repeat(-1.0, network.Inputs)], [.. Enumerable.Repeat(1.0, network.Inputs)]);
            double least = RegionEnumerator.Enumerate(network, box).Outputs[0].Minimum;
            if (least == RegionEnumerator.Enumerate(network, box).Outputs[0].Maximum) continue;
            Rational[] first = [.. Enumerable.Range(0, network.Outputs).Select(j => (Rational)(j == 0 ? 1 : 0))];
            Property Above(double bound) => new([new PropertyCase(box, [[new LinearCondition([], [.. first], -Rational.FromDouble(bound))]])]);
            PropertyCertificate proof = Verifier.Decide(network, Above(least - 1e-6), new VerifierOptions { KeepProof = true }).Certificate!;
            PropertyCertificate read = Assert.IsType<PropertyCertificate>(Certificate.Parse("proof", proof.ToJson()));
            CheckResult check = CertificateChecker.Check(read, network);
            Assert.True(check.Valid, $"seed {seed}: {check.Reason}");
            Assert.Equal("interval", check.CheckedIn);
            // The same tree for a bound that is reached; for another network; for a larger box; without its last cell.
            PropertyCaseData one = read.Cases[0];
            Assert.False(Valid(one with { Alternatives = [[new ConditionData(first, -Rational.FromDouble(least + 1e-6))]] }));
            StageData stage = read.Network.Stages[^1];
            Assert.False(CertificateChecker.Check(read with { Network = new NetworkData([.. read.Network.Stages[..^1], stage with { Bias = [.. stage.Bias.Select(b => b + 1)] }]) }, network).Valid);
            Assert.False(Valid(one with { Splits = [.. one.Splits, -1] }));
            if (one.Splits.Length > 1) Assert.False(Valid(one with { Splits = one.Splits[..^1] }));
            // From nothing, or from a split of the wrong stage, the checker's own bounds complete the tree; but not for what is false.
            int latest = network.NormalForm.StageStarts[^2] - 1;
            foreach (int[] start in (int[][])[[-1], [latest, -1, -1], [latest, latest, -1, -1, -1]])
            {
                Assert.True(CertificateChecker.Check((read with { Cases = [one with { Splits = start }] }).Completed(TestContext.Current.CancellationToken), network).Valid, $"seed {seed}");
            }
            PropertyCertificate wrong = read with { Cases = [one with { Alternatives = [[new ConditionData(first, -Rational.FromDouble(least + 1e-6))]], Splits = [-1] }] };
            Assert.Throws<RefusedException>(() => wrong.Completed(CancellationToken.None));
            bool Valid(PropertyCaseData changed) => CertificateChecker.Check(read with { Cases = [changed] }).Valid;
        }
    }
}
