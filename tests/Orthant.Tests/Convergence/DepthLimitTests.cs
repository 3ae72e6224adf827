using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;
using static Orthant.Tests.Convergence.Sequences;

namespace Orthant.Tests.Convergence;

/// <summary>Exact cases with known verdicts, the traps first; every certificate is checked on the way.</summary>
public sealed class DepthLimitTests
{
    private static readonly StepSizes Harmonic = StepSizes.Power(1, 1);

    [Theory]
    [InlineData("1", 0)]
    [InlineData("1/3", 0)]
    public void WeightsThatTendToTheIdentityNeedNotConverge(string x, int shift) =>
        Assert.Equal(DepthVerdict.Diverges, Decide(Steps("1", "0", StepSizes.Power(1, shift), Point(x))).Verdict);

    [Fact]
    public void ASwapScaledHarmonicallyDiverges() => Assert.Equal(DepthVerdict.Diverges, Decide(Steps("0,1;1,0", "0,0", Harmonic, Point("1", "1/4"))).Verdict);

    [Fact]
    public void SummabilityIsNotNecessary()
    {
        DepthLimitResult dies = Decide(Steps("-1", "0", Harmonic, Unit(1)));
        Assert.Equal(DepthVerdict.ConvergesUniformly, dies.Verdict);
        Assert.Equal([Rational.Zero], dies.ExactLimit!.Value);
        DepthLimitResult conditional = Decide(Steps("1", "0", StepSizes.Power(1, 0, alternating: true), Point("7/10")));
        Assert.Equal(DepthVerdict.ConvergesUniformly, conditional.Verdict);
        Assert.Equal(0.7, conditional.Limit!.Value[0].Midpoint, 1e-12);
        Assert.Equal(DepthVerdict.ConvergesUniformly, Decide(Steps("1", "0", StepSizes.Power(1, 0, alternating: true), Unit(1))).Verdict);
    }

    [Fact]
    public void ASkewFlowFreezesExactly()
    {
        DepthLimitResult result = Decide(Steps("0,-1;1,0", "0,0", Harmonic, Point("1", "0")));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.Equal([Rational.Zero, new Rational(5135, 4032)], result.ExactLimit!.Value);
    }

    [Fact]
    public void ProjectedGradientDescentFindsTheMinimum()
    {
        DepthLimitResult result = Decide(Steps("-2,-1;-1,-2", "1,-1", StepSizes.Power(1, 2), Unit(2)));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.Equal([Rational.Half, Rational.Zero], result.ExactLimit!.Value);
    }

    [Fact]
    public void ASemidefinitePotentialConvergesToSomeMinimum()
    {
        DepthLimitResult result = Decide(Steps("-1,1;1,-1", "0,0", Harmonic, Unit(2)));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.Null(result.ExactLimit);
        Assert.Equal("potential", Assert.IsType<GradientFlowCertificate>(result.Certificate).Rule);
    }

    [Theory]
    [InlineData("-2", "1", "1/4", DepthVerdict.NoLimit, null)]
    [InlineData("-2", "1", "1/3", DepthVerdict.ConvergesUniformly, "1/3")]
    [InlineData("-1", "1", "1/4", DepthVerdict.NoLimit, null)]
    [InlineData("-1", "1", "1/2", DepthVerdict.ConvergesUniformly, "1/2")]
    [InlineData("-1/2", "1", "1/4", DepthVerdict.ConvergesUniformly, "2/3")]
    [InlineData("-2", "0", "1", DepthVerdict.ConvergesUniformly, "0")]
    [InlineData("2", "-1", "1", DepthVerdict.ConvergesUniformly, "1")]
    [InlineData("2", "-1", "999/1000", DepthVerdict.ConvergesUniformly, "0")]
    [InlineData("2", "-1", "1001/1000", DepthVerdict.Diverges, null)]
    [InlineData("1", "1/7", "0", DepthVerdict.Diverges, null)]
    [InlineData("1", "-1/7", "3", DepthVerdict.ConvergesUniformly, "0")]
    [InlineData("1", "0", "3", DepthVerdict.ConvergesUniformly, "3")]
    public void OneTiedNeuronIsDecidedCompletely(string w, string b, string x, DepthVerdict verdict, string? limit)
    {
        DepthLimitResult result = Decide(Tied(w, b, Point(x)));
        Assert.Equal(verdict, result.Verdict);
        if (limit is not null) Assert.Equal([Rational.Parse(limit)], result.ExactLimit!.Value);
    }

    [Theory]
    [InlineData("-2", "1", DepthVerdict.NoLimit, "1/3")]
    [InlineData("-1", "1", DepthVerdict.NoLimit, "1/2")]
    [InlineData("2", "-1", DepthVerdict.ConvergesPointwise, "every")]
    [InlineData("-2", "0", DepthVerdict.ConvergesUniformly, "every")]
    public void OneTiedNeuronOnTheUnitInterval(string w, string b, DepthVerdict verdict, string set)
    {
        DepthLimitResult result = Decide(Tied(w, b, Unit(1)));
        Assert.Equal(verdict, result.Verdict);
        Assert.Contains(set, result.InputSet, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2/7", DepthVerdict.NoLimit)]
    [InlineData("1/10", DepthVerdict.NoLimit)]
    [InlineData("1/3", DepthVerdict.ConvergesUniformly)]
    public void TheTentMapIsNotSimulated(string x, DepthVerdict verdict)
    {
        LayerSequence tent = new(Box((x, x)), SequenceActivation.Relu, new TiedTail(Map("2,-2;4,-4", "0,-2")), Map("1;0", "0,0"));
        DepthLimitResult result = Decide(tent);
        Assert.Equal(verdict, result.Verdict);
        if (x == "2/7") Assert.Equal(3, Assert.IsType<ExactOrbitCertificate>(result.Certificate).Period);
        if (x == "1/3") Assert.Equal([new Rational(4, 3), new Rational(2, 3)], result.ExactLimit!.Value);
        Assert.Equal(DepthVerdict.Undecided, Decide(tent.On(Box(("0", "1")))).Verdict);
    }

    [Fact]
    public void ASpectralRadiusBelowOneMayDiverge()
    {
        DepthLimitResult result = Decide(Tied("1.2,1;-1,-0.7", "0,0", Point("1", "0")));
        Assert.Equal(DepthVerdict.Diverges, result.Verdict);
        Assert.Equal([Rational.Parse("7776/3125"), Rational.Zero], Tied("1.2,1;-1,-0.7", "0,0", Point("1", "0")).Evaluate([1, 0], 5)!);
    }

    [Fact]
    public void ANormAboveOneMayContractAllTheSame()
    {
        DepthLimitResult result = Decide(Tied("0,-1.5;0.5,0", "1,0.2", Unit(2)));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.Equal([Rational.Parse("2/5"), Rational.Parse("2/5")], result.ExactLimit!.Value);
        Assert.Equal(Math.Sqrt(0.75), result.Rate!.Value, 1e-9);
    }

    [Fact]
    public void WithoutAFixedPointNothingConverges()
    {
        LayerSequence s = Tied("0.5,1;1,0.5", "1,1", Unit(2));
        Assert.Equal(DepthVerdict.Diverges, Decide(s).Verdict);
        Assert.Equal([new Rational(19, 4), new Rational(19, 4)], s.Evaluate([0, 0], 3)!);
        List<InfeasibleLeaf> leaves = new ComplementaritySearch(((TiedTail)s.Tail).Layer, default).ProveEmpty(10)!;
        Assert.True(CertificateChecker.Check(new NoFixedPointCertificate(s.ToData(), [.. leaves])).Valid);
    }

    [Fact]
    public void AveragedLayersConvergeOrGrow()
    {
        DepthLimitResult converges = Decide(Tied("0.75,0.25;0.25,0.75", "0.1,-0.1", Point("1", "0.5")));
        Assert.Equal(DepthVerdict.ConvergesUniformly, converges.Verdict);
        Assert.Equal([new Rational(19, 20), new Rational(11, 20)], converges.ExactLimit!.Value);
        Assert.Equal(DepthVerdict.Diverges, Decide(Tied("0.75,0.25;0.25,0.75", "0.1,0.1", Unit(2))).Verdict);
    }

    [Theory]
    [InlineData("0,1;1,0", "0,0", 2)]
    [InlineData("0,-1;1,0", "1,0", 4)]
    [InlineData("0,1,0;0,0,1;1,0,0", "0,0,0", 3)]
    public void MapsOfFiniteOrderRepeat(string w, string b, int period)
    {
        DepthLimitResult result = Decide(Tied(w, b, Unit(w.Count(c => c == ';') + 1)));
        Assert.Equal(DepthVerdict.NoLimit, result.Verdict);
        PeriodicMapCertificate certificate = Assert.IsType<PeriodicMapCertificate>(result.Certificate);
        Assert.Equal(period, certificate.Period);
        Assert.False(CertificateChecker.Check(certificate with { Period = 2 * period }).Valid);
        Assert.False(CertificateChecker.Check(certificate with { Region = [.. certificate.Region.Select(r => new[] { r[0], r[1] / 2 })] }).Valid);
    }

    [Theory]
    [InlineData("1/2,0,0", "0,1/3,-1/5;0,0,1/4;0,0,0")]
    [InlineData("1/3,-2,0.5", "0.2,-0.9,0.3;0.8,0.1,-0.4;-0.3,0.5,0.4")]
    public void ContractionsHoldFromSeveralStarts(string b, string w)
    {
        DepthLimitResult result = Decide(Tied(w, b, ("0", "3"), ("0", "3"), ("0", "3")));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        double[] limit = [.. result.Limit!.Value.Select(e => e.Midpoint)];
        foreach (Rational start in new Rational[] { 0, 1, 3 })
        {
            Interval[] state = Tied(w, b, Point($"{start}", "2", $"{start}")).Enclose(200);
            for (int i = 0; i < 3; i++) Assert.Equal(limit[i], state[i].Midpoint, 1e-9);
        }
    }

    [Fact]
    public void TwoAttractorsShareABox()
    {
        DepthLimitResult result = Decide(Tied("0,2;2,0", "-1,-1", Point("1/2", "1/2")));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.Equal([Rational.Zero, Rational.Zero], result.ExactLimit!.Value);
        // A cycle of two that attracts: x ↦ relu(1 − 2y), y ↦ relu(x/4) and so on has points on both sides.
        DepthLimitResult box = Decide(Tied("0,2;2,0", "-1,-1", ("0", "0.9"), ("0", "0.9")));
        Assert.Equal((DepthVerdict.ConvergesUniformly, "every input of the box"), (box.Verdict, box.InputSet));
    }

    [Fact]
    public void SigmoidsForgetTheirInput()
    {
        LayerSequence s = new(Box(("0", "1"), ("0", "1")), SequenceActivation.TryParse("sigmoid")!, new StepTail(Map("1,2;-3,1", "0,0"), StepSizes.Geometric(Rational.Half)));
        DepthLimitResult result = Decide(s);
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.All(result.Limit!.Value, e => Assert.Equal(0.6590460684074066, e.Midpoint, 1e-13));
    }

    [Fact]
    public void ALogarithmicTailConvergesTooSlowlyToSee()
    {
        DepthLimitResult result = Decide(Steps("1", "0", StepSizes.LogPower(2), Unit(1)));
        Assert.Equal(DepthVerdict.ConvergesUniformly, result.Verdict);
        Assert.Equal(36028, result.EffectiveDepths[0].Depth);
        Assert.InRange(result.EffectiveDepths[1].Depth, 4.3e43, 4.5e43);
    }

    [Fact]
    public void EffectiveDepthsAreThoseOfTheFormulas()
    {
        Assert.Equal(10, Decide(Steps("0,1;1,0", "0,0", StepSizes.Geometric(Rational.Half), Point("1", "1/4"))).EffectiveDepths[2].Depth);
        Assert.Equal(1000, Decide(Steps("0,1;1,0", "0,0", StepSizes.Power(2, 1), Point("1", "1/4"))).EffectiveDepths[2].Depth);
    }

    [Fact]
    public void ARuleIsUndecidedUnlessItsSumsAreDeclared()
    {
        AffineMap Dead(int n) => Map($"1,0;0,{-n}", "0,0");
        LayerSequence rule = new(Box(("0", "1"), ("0", "1")), SequenceActivation.Relu, new RuleTail(Dead));
        Assert.Equal(DepthVerdict.Undecided, Decide(rule).Verdict);
        Assert.Equal([Rational.Half, Rational.Zero], rule.Evaluate([Rational.Half, Rational.One], 40)!);
        LayerSequence declared = new(Box(("0", "1")), SequenceActivation.Relu,
            new RuleTail(n => Map($"{1 + Rational.Pow(2, -n)}", "0"), (n, _) => (Rational.Pow(2, -n), 0)));
        Assert.Equal(DepthVerdict.ConvergesUniformly, Decide(declared).Verdict);
    }

    [Fact]
    public void TheNecessaryConditionHasHypotheses()
    {
        // diag(1, −n) converges to (x1, 0): its limits do not reach into the open quadrant, and W_n does not tend to the identity.
        Assert.False(DepthLimit.NecessaryConditionApplies([[0, 0], [Rational.Half, 0], [1, 0]]));
        Assert.False(DepthLimit.NecessaryConditionApplies([[1, 1], [2, 2], [3, 3]]));
        Assert.True(DepthLimit.NecessaryConditionApplies([[1, 1], [2, 1], [1, 2]]));
    }

    [Fact]
    public void OnlyAbsoluteNormsAreTaken()
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => VectorNorm.Transformed("l2", new[,] { { 1, 0.9 }, { 0, 0.1 } }));
        Assert.Contains("9.05539", e.Message, StringComparison.Ordinal);
        Assert.Equal([2.0, 3.0], VectorNorm.Transformed("l1", new double[,] { { 0, 3 }, { -2, 0 } }).Weights.ToArray());
    }
}
