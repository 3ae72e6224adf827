using System.Text.Json;
using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;
using static Orthant.Tests.Convergence.Sequences;

namespace Orthant.Tests.Convergence;

/// <summary>The acceptance cases: listed bounds, limits, states, fixed points and activation domains.</summary>
public sealed class AcceptanceTests
{
    private static JsonElement Case(string file, string name)
    {
        string folder = Repository.Need(Repository.Cases("convergence"), "the acceptance cases");
        return JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, file))).RootElement.GetProperty(name);
    }

    private static double[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(x => x.GetDouble())];

    private static Rational Exact(JsonElement e) => Rational.Parse(e.ValueKind == JsonValueKind.String ? e.GetString()! : e.GetRawText());

    private static DepthLimitResult At(LayerSequence s, IEnumerable<int> depths) => Decide(s, new DepthLimitOptions { Depths = [.. depths] });

    /// <summary>actual ≤ bound ≤ 1.01 · listed.</summary>
    private static void CheckBound(DepthLimitResult found, int depth, string norm, double actual, double listed)
    {
        double bound = found.TailBounds.Single(b => b.Depth == depth && b.Norm == norm).Bound;
        Assert.InRange(bound, actual * (1 - 1e-12), listed * 1.01);
    }

    [Fact]
    public void C03AndC04()
    {
        JsonElement power = Case("convergence_cases.json", "C03_power_p2_closed_form"), geometric = Case("convergence_cases.json", "C04_geometric");
        foreach ((JsonElement c, StepSizes sizes, string listed) in new[] { (power, StepSizes.Power(2, 1), "bound_prod"), (geometric, StepSizes.Geometric(Rational.Half), "bound_exp") })
        {
            LayerSequence s = Steps("0,1;1,0", "0,0", sizes, Point("1", "1/4"));
            JsonElement[] rows = [.. c.GetProperty("rows").EnumerateArray()];
            DepthLimitResult found = At(s, rows.Select(r => r.GetProperty("n").GetInt32()));
            double[] limit = Numbers(c.GetProperty("limit"));
            for (int i = 0; i < 2; i++) Assert.Equal(limit[i], found.Limit!.Value[i].Midpoint, 1e-12 * limit[i]);
            foreach (JsonElement row in rows)
            {
                int n = row.GetProperty("n").GetInt32();
                CheckBound(found, n, "linf", row.GetProperty("actual_inf").GetDouble(), row.GetProperty(listed).GetDouble());
                double[]? state = row.TryGetProperty("Nn", out JsonElement listedState) ? Numbers(listedState) : null;
                for (int i = 0; i < 2 && state is not null; i++) Assert.Equal(state[i], s.Enclose(n)[i].Midpoint, 1e-12);
            }
        }
    }

    [Fact]
    public void C17()
    {
        JsonElement c = Case("convergence_cases.json", "C17_residual_block");
        LayerSequence s = new(Box(("1/2", "1/2"), ("1/2", "1/2")), SequenceActivation.Relu, new ResidualTail(
            [(Map("1,-0.5;0.25,1", "0.1,-0.2"), SequenceActivation.Relu), (Map("0.5,1;-1,0.5", "0.05,0.05"), SequenceActivation.Identity)], StepSizes.Power(2)));
        DepthLimitResult found = At(s, [10, 100, 1000]);
        Assert.Equal(1.8806300668556655, found.Limit!.Value[0].Midpoint, 5e-6);
        foreach (JsonElement row in c.GetProperty("rows").EnumerateArray())
        {
            foreach (JsonProperty norm in row.GetProperty("norms").EnumerateObject())
            {
                CheckBound(found, row.GetProperty("n").GetInt32(), $"l{norm.Name}", norm.Value.GetProperty("actual_vs_400k").GetDouble(), norm.Value.GetProperty("bound").GetDouble());
            }
        }
    }

    [Fact]
    public void C18()
    {
        JsonElement c = Case("convergence_cases.json", "C18_conv_growing_width");
        LayerSequence s = new(Box(("1", "1"), ("1/2", "1/2")), SequenceActivation.Relu, new ConvolutionTail([.. Vector("1,-1/2,1/4")], Rational.Half, StepSizes.Geometric(Rational.Half)));
        JsonElement[] rows = [.. c.GetProperty("rows").EnumerateArray()];
        DepthLimitResult found = At(s, rows.Select(r => r.GetProperty("n").GetInt32()));
        double[] first = Numbers(c.GetProperty("limit_first6"));
        for (int i = 0; i < 6; i++) Assert.Equal(first[i], found.Limit!.Value[i].Midpoint, 1e-12);
        Assert.Equal(c.GetProperty("l1_limit").GetDouble(), found.Limit!.Value.Sum(e => e.Midpoint), 1e-11);
        foreach (JsonElement row in rows) CheckBound(found, row.GetProperty("n").GetInt32(), "l1", row.GetProperty("actual_l1").GetDouble(), row.GetProperty("bound_l1").GetDouble());
    }

    [Fact]
    public void C19()
    {
        JsonElement c = Case("convergence_cases.json", "C19_leaky");
        LayerSequence s = new(Box(("0.2", "0.2"), ("1", "1")), SequenceActivation.TryParse("leaky:0.1")!, new StepTail(Map("0.5,-1;-1,0.25", "0,-0.3"), StepSizes.Power(2, 1)));
        DepthLimitResult found = At(s, [2, 5, 10, 100]);
        Assert.Equal(0.9120258426516004, found.Limit!.Value[1].Midpoint, 5e-6);
        foreach (JsonElement row in c.GetProperty("rows").EnumerateArray())
        {
            CheckBound(found, row.GetProperty("n").GetInt32(), "linf", row.GetProperty("actual").GetDouble(), row.GetProperty("bound").GetDouble());
        }
    }

    [Fact]
    public void C20()
    {
        JsonElement c = Case("convergence_cases.json", "C20_prefix_plus_tail");
        AffineMap[] prefix = [.. c.GetProperty("prefix").EnumerateArray().Select(l => new AffineMap(
            [.. l.GetProperty("W").EnumerateArray().Select(r => r.EnumerateArray().Select(Exact).ToArray())], [.. l.GetProperty("b").EnumerateArray().Select(Exact)]))];
        LayerSequence s = new(Box(("1/2", "1/2"), ("1/2", "1/2")), SequenceActivation.Relu, new BoundTail(VectorNorm.LInf, new Rational(1, 20), new Rational(1, 100)), null, prefix);
        DepthLimitResult found = Decide(s);
        CheckBound(found, 3, "linf", 0, c.GetProperty("bound_inf").GetDouble());
        JsonElement[] enclosure = [.. c.GetProperty("enclosure").EnumerateArray()];
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Numbers(enclosure[i])[0], found.Limit!.Value[i].Lower, 1e-9);
            Assert.Equal(Numbers(enclosure[i])[1], found.Limit!.Value[i].Upper, 1e-9);
        }
    }

    [Fact]
    public void C26StatesAreTheClosedForm()
    {
        LayerSequence s = Steps("0,1;1,0", "0,0", StepSizes.Power(1, 1), Point("1", "1/4"));
        Assert.Equal(313.1253746253746, s.Enclose(1000)[0].Midpoint, 1e-9);
        Assert.Equal([new Rational(9, 8), new Rational(3, 4)], s.Evaluate([1, new Rational(1, 4)], 1)!);
    }

    [Fact]
    public void FixedPointSets()
    {
        string folder = Repository.Need(Repository.Cases("convergence"), "the acceptance cases");
        foreach (JsonProperty c in JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "extra_cases.json"))).RootElement.EnumerateObject().Where(p => p.Name.StartsWith("LCP_", StringComparison.Ordinal)))
        {
            AffineMap layer = new([.. c.Value.GetProperty("W").EnumerateArray().Select(r => r.EnumerateArray().Select(Exact).ToArray())], [.. c.Value.GetProperty("b").EnumerateArray().Select(Exact)]);
            FixedPoints found = FixedPoints.Enumerate(layer);
            string[] expected = [.. c.Value.GetProperty("fixed_points").EnumerateArray().Select(p => string.Join(',', p.EnumerateArray().Select(Exact)))];
            Assert.Empty(expected.Except(found.Points.Select(p => string.Join<Rational>(',', p))));
            string[] supports = [.. c.Value.GetProperty("singular_supports").EnumerateArray().Select(p => string.Join(',', p.EnumerateArray().Select(k => k.GetInt32() - 1)))];
            Assert.Equal(supports, found.SingularSupports.Select(p => string.Join(',', p)));
            if (supports.Length == 0) Assert.Equal(expected.Length, found.Points.Length);
        }
    }

    public static TheoryData<string> DomainCases { get; } = ["D1", "D2_degenerate", "D4_width3"];

    [Theory]
    [MemberData(nameof(DomainCases))]
    public void Domains(string name)
    {
        JsonElement c = Case("activation_domains.json", name);
        AffineMap[] layers = [.. c.GetProperty("layers").EnumerateArray().Select(l => new AffineMap(
            [.. l.GetProperty("W").EnumerateArray().Select(r => r.EnumerateArray().Select(Exact).ToArray())], [.. l.GetProperty("b").EnumerateArray().Select(Exact)]))];
        var found = ActivationDomains.Enumerate(layers, [(0, 1), (0, 1)]);
        Assert.Equal(c.GetProperty("nonempty_domains").GetInt32(), found.Length);
        Assert.Equal(c.GetProperty("full_dimensional_domains").GetInt32(), found.Count(f => f.IsFullDimensional));
        Assert.Equal(Rational.One, found.Aggregate(Rational.Zero, (s, f) => s + f.Area!.Value));
        foreach (JsonElement cell in c.GetProperty("cells").EnumerateArray())
        {
            string key = string.Join('|', cell.GetProperty("patterns").EnumerateArray().Select(p => string.Concat(p.EnumerateArray().Select(b => b.GetInt32()))));
            ActivationDomain domain = found.Single(f => string.Join('|', f.Patterns.Select(p => string.Concat(p.Select(b => b ? 1 : 0)))) == key);
            Assert.Equal(Exact(cell.GetProperty("area")), domain.Area);
            Assert.Equal(cell.GetProperty("vertices").EnumerateArray().Select(v => $"{Exact(v[0])} {Exact(v[1])}").Order(), domain.Vertices.Select(v => $"{v.X} {v.Y}").Order());
            Assert.Equal(cell.GetProperty("A").EnumerateArray().Select(r => string.Join(' ', r.EnumerateArray().Select(Exact))), domain.Weights.Select(r => string.Join(' ', r)));
            Assert.Equal(cell.GetProperty("c").EnumerateArray().Select(Exact), domain.Offset);
        }
    }

    [Fact]
    public void C08RotationsThatTurnHaveNoLimit()
    {
        // π/8 and 3π/8 as decimals: the strip is that of the case within 1e-15.
        TurningTail tail = new(Rational.Parse("0.392699081698724154"), Rational.Parse("1.17809724509617246"), StepSizes.Power(1, 2), Rotates: true);
        LayerSequence s = new(Box(("1", "1"), ("1", "1")), SequenceActivation.Relu, tail);
        Assert.Equal(DepthVerdict.NoLimit, Decide(s).Verdict);
        Assert.Equal([2, 5, 11, 25, 55, 120, 264, 580], tail.Turns(Math.PI / 4, 8));
        Assert.False((tail with { Sizes = StepSizes.Power(2, 2) }).CrossesForEver);
    }

    [Fact]
    public void C09BiasesThatTurnHaveNoLimit()
    {
        TurningTail tail = new(0, 1, StepSizes.Power(1, 1), Rotates: false);
        LayerSequence s = new(Box(("0", "0")), SequenceActivation.Relu, tail);
        Assert.Equal(DepthVerdict.NoLimit, Decide(s).Verdict);
        Assert.Equal([3, 7, 18, 48, 129, 349, 947, 2572], tail.Turns(0, 8));
        Assert.Equal(new Rational(13, 60), tail.StateAt(0, 5));
        Assert.Equal(new Rational(13883, 27720), tail.StateAt(0, 10));
        Assert.Equal(new Rational(4272053, 5173168), tail.StateAt(0, 20));
        Assert.Equal(DepthVerdict.Undecided, Decide(s.On(Box(("2", "2")))).Verdict);
    }

    [Fact]
    public void C28LayersMayBeLeftOutAtAPrice()
    {
        JsonElement c = Case("extra_cases.json", "C28_prune_certificate");
        AffineMap[] layers = [.. Enumerable.Range(1, 20).Select(k => new AffineMap(
            [.. Enumerable.Range(1, 4).Select(i => Enumerable.Range(1, 4).Select(j => (i == j ? Rational.One : 0) + Rational.FromDouble(0.1 * Math.Sin((3 * i) + (5 * j) + (7 * k)))).ToArray())],
            [.. Enumerable.Range(1, 4).Select(i => Rational.FromDouble(0.1 * Math.Cos(i + (2 * k))))]))];
        LayerSequence s = new(Box(("1", "1"), ("1/2", "1/2"), ("1/4", "1/4"), ("3/4", "3/4")), SequenceActivation.Relu, new BoundTail(VectorNorm.L2, 0, 0), null, layers);
        double[] output = Numbers(c.GetProperty("N_L"));
        for (int i = 0; i < 4; i++) Assert.Equal(output[i], s.Enclose(20)[i].Midpoint, 1e-12);
        foreach (JsonElement row in c.GetProperty("rows").EnumerateArray())
        {
            int[] block = [.. row.GetProperty("block").EnumerateArray().Select(e => e.GetInt32())];
            PruningBound found = PruningBound.Of(s, block[0], block[^1]);
            Assert.Equal(row.GetProperty("actual").GetDouble(), found.ActualChange.Midpoint, 1e-12);
            Assert.Equal(row.GetProperty("local_change").GetDouble(), found.LocalChange, 1e-12);
            Assert.InRange(found.Bound, found.ActualChange.Lower, row.GetProperty("bound").GetDouble() * 1.01);
        }
    }

    [Fact]
    public void ThreeLayersHaveElevenDomains()
    {
        var found = ActivationDomains.Enumerate([Map("1,-1;1,1", "0,-1"), Map("1,-1;-1,1", "1/4,1/4"), Map("2,-1;-1,2", "-1/4,-1/8")], [(0, 1), (0, 1)]);
        Assert.Equal(11, found.Count(f => f.IsFullDimensional));
        Assert.Equal(Rational.One, found.Aggregate(Rational.Zero, (s, f) => s + f.Area!.Value));
    }

    [Fact]
    public void TheExplicitExpressionIsTheForwardPass()
    {
        RandomStream random = new(9);
        for (int trial = 0; trial < 5; trial++)
        {
            AffineMap Random(int rows, int columns) => new([.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => new Rational(random.NextInt32(-8, 9), 4)).ToArray())],
                [.. Enumerable.Range(0, rows).Select(_ => new Rational(random.NextInt32(-4, 5), 4))]);
            AffineMap[] layers = [Random(3, 2), Random(2, 3)];
            var domains = ActivationDomains.Enumerate(layers, [(0, 1), (0, 1)]);
            Assert.Equal(Rational.One, domains.Aggregate(Rational.Zero, (s, f) => s + f.Area!.Value));
            for (int k = 0; k < 20; k++)
            {
                Rational[] x = [new(random.NextInt32(0, 65), 64), new(random.NextInt32(0, 65), 64)];
                Rational[] state = x;
                List<string> pattern = [];
                foreach (AffineMap layer in layers)
                {
                    Rational[] z = SequencePass.Apply(layer, state);
                    pattern.Add(string.Concat(z.Select(e => e.Sign > 0 ? 1 : 0)));
                    state = [.. z.Select(e => Rational.Max(e, 0))];
                }
                ActivationDomain domain = domains.Single(f => string.Join('|', f.Patterns.Select(p => string.Concat(p.Select(b => b ? 1 : 0)))) == string.Join('|', pattern));
                Assert.Equal(state, domain.Weights.Select((row, i) => ExactVector.Dot(row, x) + domain.Offset[i]));
            }
        }
    }
}
