using CsCheck;
using Orthant.Approximation;
using Orthant.Networks;

namespace Orthant.Tests.Approximation;

public sealed class SpecialNetworkTests
{
    private static double Hat(double x) => x < 0.5 ? 2 * x : 2 - (2 * x);

    private static long Dense(ReluNetwork n) => n.Layers.Sum(l => ((long)l.Inputs + 1) * l.Outputs);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(20)]
    public void TakagiAndSquareHaveTheirErrors(int m)
    {
        ReluNetwork takagi = SpecialNetworks.Takagi(m), square = SpecialNetworks.Square(m);
        Expression f = Expression.Parse("takagi(x)");
        double worst = 0, worstSquare = 0;
        // Takagi's remainder is 2^-m Takagi(2^m x), largest at x = 2^-m/3; the square's is largest at the middles of its pieces.
        for (int i = 0; i < 400; i++)
        {
            double x = Math.ScaleB(i + (1.0 / 3), -m);
            if (x <= 1) worst = Math.Max(worst, Math.Abs(f.Value(x) - takagi.Evaluate([x])[0]));
            double s = Math.ScaleB(i, -m - 1);
            if (s <= 1) worstSquare = Math.Max(worstSquare, Math.Abs((s * s) - square.Evaluate([s])[0]));
        }
        Assert.Equal(1, worst / (2.0 / 3 * Math.ScaleB(1, -m)), 1e-5);
        Assert.Equal(1, worstSquare / (0.5 * Math.ScaleB(1, -2 * (m + 1))), 1e-3);
        Assert.Equal((12 * m) - 2, Dense(takagi));
        Assert.Equal((12 * m) - 2, Dense(square));
        Assert.All(takagi.HiddenWidths, w => Assert.Equal(3, w));
    }

    [Fact]
    public void HatPowersHaveTwoNeuronsALayer()
    {
        ReluNetwork h = SpecialNetworks.HatPower(30);
        Assert.Equal(181, Dense(h));
        Assert.Equal(30, h.HiddenWidths.Length);
        Assert.Equal(0, h.Evaluate([Math.ScaleB(1, -29)])[0]);
        Assert.Equal(1, h.Evaluate([Math.ScaleB(1, -30)])[0]);
        Assert.Equal(0.8, h.Evaluate([0.2])[0], 2e-8 * 8);
        ReluNetwork one = SpecialNetworks.HatPower(1), five = SpecialNetworks.Power(one, 5);
        for (int i = 0; i <= 64; i++)
        {
            double x = i / 64.0, y = x;
            for (int k = 0; k < 5; k++) y = Hat(y);
            Assert.Equal(y, five.Evaluate([x])[0]);
            Assert.Equal(y, SpecialNetworks.HatPower(5).Evaluate([x])[0]);
        }
    }

    [Fact]
    public void RieszFunctionsHaveTheirDepths()
    {
        (int K, int C, int S)[] depths = [(1, 1, 2), (2, 2, 3), (3, 3, 3), (5, 4, 4), (7, 4, 4), (8, 4, 5), (100, 8, 8), (1000, 11, 11), (4097, 14, 14)];
        foreach ((int k, int c, int s) in depths)
        {
            ReluNetwork cosine = SpecialNetworks.RieszCosine(k), sine = SpecialNetworks.RieszSine(k);
            Assert.Equal((c, s), (cosine.HiddenWidths.Length, sine.HiddenWidths.Length));
            for (int i = 0; i <= 1024; i++)
            {
                double x = i / 1024.0, u = k * x, v = u - Math.Floor(u), w = u - 0.25 - Math.Floor(u - 0.25);
                Assert.Equal((4 * Math.Abs(v - 0.5)) - 1, cosine.Evaluate([x])[0], 1e-15);
                double sAt = Math.Abs(2 - (4 * Math.Abs(v - 0.25))) - 1;
                Assert.Equal(sAt, sine.Evaluate([x])[0], k * 9e-16);
            }
        }
    }

    [Fact]
    public void ProductsStayWithinTheirBound() => Gen.Select(Gen.Int[1, 12], Gen.Double[0, 1], Gen.Double[-1, 1], Gen.Double[0.1, 9]).Sample((m, x, u, b) =>
    {
        ReluNetwork product = SpecialNetworks.Product(m, b);
        Assert.All(product.HiddenWidths, w => Assert.Equal(6, w));
        Assert.Equal(m, product.HiddenWidths.Length);
        Assert.Equal(x * u * b, product.Evaluate([x, u * b])[0], (2 * b * Math.ScaleB(1, -2 * (m + 1))) + 1e-14);
    });

    [Theory]
    [InlineData(4, 8, 32, 1321, 9.96e-3)]
    [InlineData(8, 12, 96, 4009, 3.2e-6)]
    [InlineData(10, 16, 160, 6697, 2.8e-8)]
    public void PolynomialsHaveTheTabulatedSizes(int degree, int depth, int layers, long parameters, double error)
    {
        double[] taylor = new double[degree + 1];
        taylor[0] = 1;
        for (int k = 1; k <= degree; k++) taylor[k] = taylor[k - 1] / k;
        (ReluNetwork network, double bound) = SpecialNetworks.Horner(taylor, depth);
        Assert.Equal((layers, parameters), (network.HiddenWidths.Length, Dense(network)));
        for (int i = 0; i <= 300; i++)
        {
            double x = i / 300.0, p = 0;
            for (int k = degree; k >= 0; k--) p = (p * x) + taylor[k];
            Assert.Equal(p, network.Evaluate([x])[0], bound + 1e-13);
            Assert.Equal(Math.Exp(x), network.Evaluate([x])[0], error);
        }
    }

    [Fact]
    public void AnalyticFunctionsReachSmallErrors()
    {
        Expression f = Expression.Parse("exp(-x^2)");
        ChebyshevNetwork found = ChebyshevNetwork.Of(f, -1, 2, 1e-8, 4000);
        Assert.InRange(found.Error, 0, 1e-8);
        for (int i = 0; i <= 500; i++)
        {
            double x = -1 + (3 * i / 500.0);
            Assert.Equal(f.Value(x), found.Network.Evaluate([x])[0], found.Error + 1e-12);
        }
    }

    [Fact]
    public void ExpansionsOfTheirOwnBasisAreExact()
    {
        RieszExpansion expansion = RieszExpansion.Of(Expression.Parse("cos(2*pi*x)"), 40);
        ReluNetwork network = expansion.ToNetwork();
        double worst = Enumerable.Range(0, 1001).Max(i => Math.Abs(network.Evaluate([i / 1000.0])[0] - Math.Cos(2 * Math.PI * i / 1000)));
        Assert.InRange(worst, 0, 0.01);
        Assert.All(network.HiddenWidths, w => Assert.Equal(4, w));
        TargetFunction own = TargetFunction.Of(x => (3 * ((4 * Math.Abs((5 * x % 1) - 0.5)) - 1)) + 0.25);
        RieszExpansion single = RieszExpansion.Of(own, 1);
        Assert.Equal((false, 5), (single.Terms[0].IsSine, single.Terms[0].Frequency));
        Assert.Equal(3, single.Terms[0].Coefficient, 1e-3);
    }

    [Fact]
    public void PatternsAreMirrored()
    {
        LinearSpline pattern = new([0, 0.25, 0.5, 1], [0, 1, 0.5, 0.25]);
        ReluNetwork network = SpecialNetworks.Replicate(pattern, 5);
        for (int i = 0; i <= 500; i++)
        {
            double x = i / 100.0, r = x % 2, t = r <= 1 ? r : 2 - r;
            Assert.Equal(pattern.Evaluate(t), network.Evaluate([x])[0], 1e-13);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(20)]
    public void RoundingOfHatSumsIsBoundedTightly(int m)
    {
        ReluNetwork takagi = SpecialNetworks.Takagi(m);
        (double inDouble, double inSingle) = SpecialNetworks.RoundingBounds(takagi, 0, 1);
        // Half a unit for each of about ten operations a layer, not six to the power of the depth.
        Assert.InRange(inDouble, 0, 60 * 1.2e-16 * m);
        Assert.InRange(inSingle, 0, 60 * 6e-8 * m);
        Random random = new(m);
        for (int i = 0; i < 300; i++)
        {
            double x = random.NextDouble();
            Assert.InRange(Math.Abs(takagi.Evaluate([x])[0] - (double)ExactTakagi(x, m)), 0, inDouble);
        }
    }

    [Theory]
    [InlineData("sin(2*pi*x)", 0, 1, 16, 16)]
    [InlineData("abs(x - 0.2)", -1, 3, 8, 44)]
    [InlineData("exp(x)", 0, 1, 1, 20)]
    public void BitsOfAWeightCarryAPath(string formula, double a, double b, int cells, int bits)
    {
        Expression f = Expression.Parse(formula);
        BitExtraction made = BitExtraction.Of(f, a, b, cells, bits);
        int seen = 0;
        for (int i = 0; i <= 4000; i++)
        {
            double t = i / 4000.0, inCell = t * cells % 1;
            // Ramps stand at the ends of the cells.
            if (inCell > 1 - (1.0 / 60) && t * cells < cells - 1) continue;
            double x = a + ((b - a) * t);
            Assert.InRange(Math.Abs(made.Network.Evaluate([x])[0] - f.Value(x)), 0, made.Bound * 1.0001);
            seen++;
        }
        Assert.True(seen > 3800);
        // Fewer numbers than steps: that is the point of it.
        long nonzero = made.Network.Layers.Cast<AffineLayer>().Sum(l => Enumerable.Range(0, l.Outputs).Sum(r => { SparseRow row = l.Linear.Row(r); long count = 0; for (int k = 0; k < row.Count; k++) count += row.Values[k] != 0 ? 1 : 0; return count; }));
        Assert.True(nonzero <= (8 * cells) + (32 * bits), $"{nonzero}");
    }

    [Fact]
    public void RoundingOfProductsIsBounded()
    {
        ChebyshevNetwork made = ChebyshevNetwork.Of(Expression.Parse("exp(x)"), 0, 1, 1e-9, 2400);
        (double inDouble, double inSingle) = SpecialNetworks.RoundingBounds(made.Network, 0, 1);
        Assert.InRange(inDouble, 1e-16, 1e-11);
        Assert.True(inSingle > 1e7 * inDouble);
        for (int i = 0; i <= 200; i++) Assert.InRange(Math.Abs(made.Network.Evaluate([i / 200.0])[0] - Math.Exp(i / 200.0)), 0, made.Error + inDouble + 1e-15);
    }

    /// <summary>The cut sum in decimals, whose 28 digits hold a double of the unit interval doubled a few times.</summary>
    private static decimal ExactTakagi(double x, int m)
    {
        decimal sum = 0, scale = 1, t = (decimal)0;
        long mantissa = (long)(x * (1L << 53));
        for (int k = 1; k <= m; k++)
        {
            mantissa = mantissa <= 1L << 52 ? 2 * mantissa : 2 * ((1L << 53) - mantissa);
            scale /= 2;
            t = (decimal)mantissa / (1L << 53);
            sum += scale * t;
        }
        return sum;
    }
}
