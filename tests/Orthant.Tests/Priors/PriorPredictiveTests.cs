using CsCheck;
using MathNet.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

public sealed class PriorPredictiveTests
{
    private static readonly Gen<PriorLayer> Layers = Gen.Select(Gen.Int[1, 40], Gen.Double[0.2, 3], Gen.Int[0, 3], (width, std, kind) => kind switch
    {
        0 => new PriorLayer(width, std, PriorLayerKind.Linear),
        1 => new PriorLayer(width, std, PriorLayerKind.LeakyRelu) { Slope = 0.2 },
        2 => new PriorLayer(width, std) { KeepProbability = 0.8 },
        _ => new PriorLayer(width, std),
    });

    private static readonly Gen<PriorPredictive> Laws = Gen.Select(Layers.Array[1, 5], Gen.Double[0.1, 10], Gen.Int[1, 4], Gen.Bool,
        (layers, norm, outputs, one) => PriorPredictive.Of(new PriorNetwork(3, layers, outputs, 0.7), norm,
            one ? PriorQuantity.Output : PriorQuantity.OutputNorm));

    [Fact]
    public void Masses_add_up_and_the_density_is_the_slope_of_the_survival() => Gen.Select(Laws, Gen.Double[-6, 3]).Sample((law, shift) =>
    {
        double spread = Math.Sqrt(law.LogVariance), y = law.LogMean + shift * spread, r = Math.Exp(y);
        double alive = Math.Exp(law.LogAlive);
        Assert.Equal(alive, law.Survival(r) + law.LowerMass(r), 1e-13);
        Assert.Equal(1, law.AtomAtZero + alive, 1e-14);
        // Central differences of log P against log r: error h^2/6 times the third derivative, and rounding 1e-13/h.
        double h = 1e-3 * spread, density = law.LogPdf(r) + y + (law.IsSymmetric ? Math.Log(2) : 0);
        double lower = (law.LogLowerMass(Math.Exp(y + h)) - law.LogLowerMass(Math.Exp(y - h))) / (2 * h);
        double upper = (law.LogSurvival(Math.Exp(y + h)) - law.LogSurvival(Math.Exp(y - h))) / (2 * h);
        Assert.Equal(Math.Exp(density - law.LogLowerMass(r)), lower, 2e-5 * Math.Max(1, lower));
        Assert.Equal(-Math.Exp(density - law.LogSurvival(r)), upper, 2e-5 * Math.Max(1, -upper));
    }, iter: 60);

    [Fact]
    public void Quantiles_are_inverse_to_probabilities() => Gen.Select(Laws, Gen.Double[0.001, 0.999]).Sample((law, p) =>
    {
        double r = law.Quantile(p);
        if (r == 0) Assert.True(p <= law.AtomAtZero * (1 + 1e-14));
        else Assert.Equal(p, law.AtomAtZero + law.LowerMass(r), 1e-12);
        double tail = Math.Pow(10, -300 * p), far = law.UpperQuantile(tail);
        if (far > 0) Assert.Equal(Math.Log(tail), law.LogSurvival(far), 1e-9 * Math.Max(1, -Math.Log(tail)));
        double signed = law.SignedQuantile(p);
        if (signed != 0) Assert.Equal(p, law.Cdf(signed), 1e-12);
    }, iter: 60);

    [Fact]
    public void The_law_is_a_scale_family_and_does_not_see_the_order_of_layers() => Gen.Select(Layers.Array[2, 4], Gen.Double[0.1, 10],
        Gen.Double[-4, 4]).Sample((layers, factor, t) =>
        {
            double r = Math.Exp(t);
            PriorPredictive law = PriorPredictive.Of(new PriorNetwork(2, layers, 1, 1), 1);
            PriorPredictive scaled = PriorPredictive.Of(new PriorNetwork(2, layers, 1, factor), 1);
            PriorPredictive turned = PriorPredictive.Of(new PriorNetwork(2, layers.Reverse(), 1, 1), 1);
            AssertRelative(law.Pdf(r), factor * scaled.Pdf(factor * r), 1e-11);
            AssertRelative(law.Survival(r), scaled.Survival(factor * r), 1e-11);
            AssertRelative(law.Pdf(r), turned.Pdf(r), 1e-11);
        }, iter: 40);

    [Theory]
    [InlineData(PriorLayerKind.Relu, 80, 1)]
    [InlineData(PriorLayerKind.Linear, 80, 1)]
    [InlineData(PriorLayerKind.Linear, 99, 2)]
    public void Survival_beyond_the_mean_of_deep_narrow_networks_is_an_integral_of_the_density(PriorLayerKind kind, int hidden, int width)
    {
        // log |f| is spread over many powers of e, and the lines next to 0 stand close to it.
        PriorPredictive law = PriorPredictive.Of(Stack(kind, [.. Enumerable.Repeat(width, hidden)]), 1);
        double spread = Math.Sqrt(law.LogVariance);
        foreach (double from in new[] { -1.5, -0.1, 0.1, 0.6, 1.4 })
        {
            double a = law.LogMean + from * spread, b = a + 0.8 * spread;
            double mass = MathNet.Numerics.Integration.GaussLegendreRule.Integrate(y => 2 * Math.Exp(law.LogPdf(Math.Exp(y)) + y), a, b, 64);
            AssertRelative(law.Survival(Math.Exp(a)), law.Survival(Math.Exp(b)) + mass, 2e-13);
            AssertRelative(law.LowerMass(Math.Exp(b)), law.LowerMass(Math.Exp(a)) + mass, 2e-13);
        }
    }

    [Fact]
    public void Moments_have_their_closed_forms()
    {
        PriorNetwork relu = Stack(PriorLayerKind.Relu, 3, 7, 20), linear = Stack(PriorLayerKind.Linear, 3, 7, 20);
        AssertRelative(3 * (1 + 5.0 / 3) * (1 + 5.0 / 7) * (1 + 5.0 / 20), PriorPredictive.Of(relu, 2).Kurtosis, 1e-13);
        AssertRelative(3 * (1 + 2.0 / 3) * (1 + 2.0 / 7) * (1 + 2.0 / 20), PriorPredictive.Of(linear, 2).Kurtosis, 1e-13);
        AssertRelative(4 * 3 * 7 * 20 / 8.0, PriorPredictive.Of(relu, 2).SecondMoment, 1e-13);
        // E f^6 = tau^6 15 prod d(d+4)(d+11)/8.
        double sixth = 64 * 15.0;
        foreach (int d in new[] { 3, 7, 20 }) sixth *= d * (d + 4.0) * (d + 11) / 8;
        AssertRelative(sixth, PriorPredictive.Of(relu, 2).AbsoluteMoment(6), 1e-13);
        // A leaky layer: kurtosis 3 prod (1 + (6 (1+a^4)/(1+a^2)^2 - 1)/d).
        foreach (double a in new[] { 0.01, 0.3, 1, 2.5, -0.2 })
        {
            PriorNetwork leaky = new(2, [new(5, 1, PriorLayerKind.LeakyRelu) { Slope = a }], 1, 1);
            double factor = 6 * (1 + Math.Pow(a, 4)) / Math.Pow(1 + a * a, 2) - 1;
            AssertRelative(3 * (1 + factor / 5), PriorPredictive.Of(leaky, 1).Kurtosis, 1e-12);
            AssertRelative(5 * (1 + a * a) / 2, PriorPredictive.Of(leaky, 1).SecondMoment, 1e-12);
        }
        // Dropout: the number of living units is binomial with half the probability of keeping.
        PriorNetwork dropout = new(2, [new(6, 1) { KeepProbability = 0.7 }], 1, 1);
        AssertRelative(6 * 0.35 / 0.49, PriorPredictive.Of(dropout, 1).SecondMoment, 1e-13);
        AssertRelative(Math.Pow(0.65, 6), PriorPredictive.Of(dropout, 1).AtomAtZero, 1e-13);
    }

    [Fact]
    public void Cumulants_of_the_logarithm_agree_with_their_closed_forms() => Laws.Sample(law =>
    {
        Assert.Equal(law.LogMean, law.LogCumulant(1), 1e-11);
        Assert.Equal(law.LogVariance, law.LogCumulant(2), 1e-11 * Math.Max(1, law.LogVariance));
        // The second derivative of log E|X|^s at 0 by differences.
        const double h = 1e-3;
        double second = (law.LogAbsoluteMoment(h) - 2 * law.LogAbsoluteMoment(0) + law.LogAbsoluteMoment(-h)) / (h * h);
        Assert.Equal(law.LogVariance, second, 1e-4 * Math.Max(1, law.LogVariance));
    }, iter: 30);

    [Fact]
    public void Special_laws()
    {
        // Linear width 1: K0(|f|)/pi. Linear width 2: Laplace. No hidden layer: normal. ReLU width 1: half of K0/pi.
        PriorPredictive bessel = PriorPredictive.Of(Stack(PriorLayerKind.Linear, 1), 1), laplace = PriorPredictive.Of(Stack(PriorLayerKind.Linear, 2), 1);
        PriorPredictive normal = PriorPredictive.Of(new PriorNetwork(4, [], 1, 0.5), 4), half = PriorPredictive.Of(Stack(PriorLayerKind.Relu, 1), 1);
        foreach (double x in new[] { 1e-5, 0.01, 0.3, 1, 2, 5, 20, 40 })
        {
            AssertRelative(SpecialFunctions.BesselK(0, x) / Math.PI, bessel.Pdf(x), 1e-12);
            AssertRelative(0.5 * SpecialFunctions.BesselK(0, x) / Math.PI, half.Pdf(-x), 1e-12);
            AssertRelative(0.5 * Math.Exp(-x), laplace.Pdf(x), 1e-12);
            AssertRelative(Math.Exp(-x), laplace.Survival(x), 1e-12);
            Assert.Equal(-0.5 * (x / 2) * (x / 2) - 0.5 * Math.Log(8 * Math.PI), normal.LogPdf(x), 1e-12 * Math.Max(1, x * x));
            AssertRelative(SpecialFunctions.Erfc(x / 2 / Math.Sqrt(2)), normal.Survival(x), 1e-12);
        }
        Assert.Equal(double.PositiveInfinity, bessel.Pdf(0));
        AssertRelative(0.5, laplace.Pdf(0), 1e-13);
        AssertRelative(1 / Math.Sqrt(8 * Math.PI), normal.Pdf(0), 1e-13);
        Assert.Equal(double.PositiveInfinity, PriorPredictive.Of(Stack(PriorLayerKind.Relu, 3), 1).Pdf(0));
        Assert.Equal(0, PriorPredictive.Of(new PriorNetwork(4, [], 3, 0.5), 4, PriorQuantity.OutputNorm).Pdf(0));
        Assert.Equal(1.5, PriorPredictive.Of(Stack(PriorLayerKind.Relu, 3, 4), 1).TailIndex);
    }

    [Fact]
    public void The_characteristic_function_has_its_closed_form_for_one_hidden_layer()
    {
        PriorPredictive law = PriorPredictive.Of(Stack(PriorLayerKind.Relu, 7), 1);
        foreach (double w in new[] { 0, 0.01, 0.5, 1, 3, 30 })
        {
            Assert.Equal(Math.Pow((1 + 1 / Math.Sqrt(1 + w * w)) / 2, 7), law.CharacteristicFunction(w), 1e-13);
        }
        PriorPredictive two = PriorPredictive.Of(new PriorNetwork(1, [new(7, 1)], 3, 1), 1, PriorQuantity.OutputNorm);
        Assert.Equal(law.CharacteristicFunction(0.8), two.CharacteristicFunction(0.8), 1e-14);
    }

    [Fact]
    public void One_activity_pattern_is_a_Meijer_G_function_and_the_law_their_mixture()
    {
        int[] widths = [3, 2];
        PriorPredictive law = PriorPredictive.Of(Stack(PriorLayerKind.Relu, widths), 1.3);
        double tau2 = 1.69;
        foreach (double f in new[] { 0.01, 1, 4, 25 })
        {
            double sum = 0;
            for (int m = 1; m <= 3; m++)
            {
                for (int n = 1; n <= 2; n++)
                {
                    double weight = SpecialFunctions.Binomial(3, m) * SpecialFunctions.Binomial(2, n) / 32;
                    double front = 1 / Math.Sqrt(8 * Math.PI * tau2) / SpecialFunctions.Gamma(m / 2.0) / SpecialFunctions.Gamma(n / 2.0);
                    sum += weight * front * MeijerG.Of([0, (m - 1) / 2.0, (n - 1) / 2.0], f * f / (8 * tau2));
                }
            }
            AssertRelative(sum, law.Pdf(f), 1e-12);
        }
        AssertRelative(1 - 0.875 * 0.75, law.AtomAtZero, 1e-14);
    }

    [Theory]
    [InlineData(3, 7)]
    [InlineData(10, 10)]
    [InlineData(50, 100)]
    [InlineData(300, 20)]
    [InlineData(1000, 10)]
    public void The_norm_of_many_outputs_is_right_where_a_wide_layer_has_hardly_a_pole(int width, int outputs)
    {
        // One hidden layer: the mixture over m of 2 pi^(k/2)/Gamma(k/2) r^(k-1) p_m, p_m the Meijer G density on R^k.
        PriorPredictive law = PriorPredictive.Of(new PriorNetwork(1, [new(width, 1)], outputs, 1), 1, PriorQuantity.OutputNorm);
        double rms = Math.Sqrt(law.SecondMoment), k = outputs;
        foreach (double relative in new[] { 1e-40, 1e-9, 0.003, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1, 3 })
        {
            double r = relative * rms, logZ = 2 * Math.Log(r) - Math.Log(4);
            double[] terms = [.. Enumerable.Range(1, width).Select(m =>
                SpecialFunctions.FactorialLn(width) - SpecialFunctions.FactorialLn(m) - SpecialFunctions.FactorialLn(width - m)
                - width * Math.Log(2) - SpecialFunctions.GammaLn(m / 2.0) + MeijerG.Log([0, (m - k) / 2], Math.Exp(logZ)))];
            double largest = terms.Max(), mixture = largest + Math.Log(terms.Sum(term => Math.Exp(term - largest)));
            double expected = mixture + Math.Log(2) + (k - 1) * Math.Log(r) - k * Math.Log(2) - SpecialFunctions.GammaLn(k / 2);
            // The oracle's own log-gammas of size 6000 carry 1e-12.
            Assert.Equal(expected, law.LogPdf(r), 5e-12 * Math.Max(1, Math.Abs(expected)));
            double h = 1e-3, lower = (law.LogLowerMass(r * Math.Exp(h)) - law.LogLowerMass(r * Math.Exp(-h))) / (2 * h);
            double slope = Math.Exp(law.LogPdf(r) + Math.Log(r) - law.LogLowerMass(r));
            Assert.Equal(slope, lower, 1e-4 * Math.Max(1, slope));
        }
    }

    [Fact]
    public void Meijer_G_has_its_special_cases()
    {
        foreach (double z in new[] { 1e-20, 1e-3, 0.7, 3, 40, 2000 })
        {
            // z^b e^-z; and 2 z^((a+b)/2) K_{a-b}(2 sqrt z).
            Assert.Equal(1.7 * Math.Log(z) - z, MeijerG.Log([1.7], z), 1e-12 * Math.Max(1, z));
            double bessel = 2 * Math.Pow(z, 0.25) * SpecialFunctions.BesselK(0.5, 2 * Math.Sqrt(z));
            if (bessel > 1e-300) AssertRelative(bessel, MeijerG.Of([0, 0.5], z), 1e-12);
        }
        // mpmath 1.3.0: meijerg([[],[]],[[0,0.5,1,1.5],[]],2.5) and six zeros at 1e-6.
        AssertRelative(0.10190439819507104, MeijerG.Of([0, 0.5, 1, 1.5], 2.5), 1e-13);
        Assert.Throws<OrthantInputException>(() => MeijerG.Of([], 1));
        Assert.Throws<OrthantInputException>(() => MeijerG.Of([double.NaN], 1));
        Assert.Throws<OrthantInputException>(() => MeijerG.Of([1], 0));
    }

    [Fact]
    public void Orthogonal_layers_have_the_moments_of_the_beta_law()
    {
        // Four units, s = 3: sum of C(4,m)/16 Gamma((m+3)/2) Gamma(2)/(Gamma(m/2) Gamma(7/2)).
        PriorNetwork network = new(4, [new(4, 1, PriorLayerKind.OrthogonalRelu)], 1, 1);
        double moment = 0;
        for (int m = 1; m <= 4; m++)
        {
            moment += SpecialFunctions.Binomial(4, m) / 16 * SpecialFunctions.Gamma((m + 3) / 2.0) / SpecialFunctions.Gamma(m / 2.0)
                / SpecialFunctions.Gamma(3.5);
        }
        AssertRelative(moment, PriorPredictive.Of(network, 1, PriorQuantity.PostActivationNorm(1)).AbsoluteMoment(3), 1e-12);
        // An orthogonal linear layer changes nothing but the scale.
        PriorNetwork turned = new(4, [new(4, 2, PriorLayerKind.OrthogonalLinear), new(3, 1)], 1, 1), plain = new(4, [new(3, 1)], 1, 1);
        foreach (double x in new[] { 0.01, 1, 9 })
        {
            AssertRelative(PriorPredictive.Of(plain, 2).Pdf(x), PriorPredictive.Of(turned, 1).Pdf(x), 1e-12);
        }
        Assert.Throws<OrthantInputException>(() => new PriorNetwork(3, [new(4, 1, PriorLayerKind.OrthogonalRelu)], 1, 1));
    }

    [Fact]
    public void A_leaky_slope_of_one_is_linear_and_a_tiny_one_nearly_a_ReLU()
    {
        PriorPredictive linear = PriorPredictive.Of(Stack(PriorLayerKind.Linear, 3, 5), 1);
        PriorPredictive one = PriorPredictive.Of(new PriorNetwork(1, [Leaky(3, 1), Leaky(5, -1)], 1, 1), 1);
        foreach (double x in new[] { 1e-8, 0.1, 1, 10, 60 })
        {
            AssertRelative(linear.Pdf(x), one.Pdf(x), 1e-11);
            AssertRelative(linear.Survival(x), one.Survival(x), 1e-11);
        }
        PriorPredictive relu = PriorPredictive.Of(Stack(PriorLayerKind.Relu, 3), 1), tiny = PriorPredictive.Of(new PriorNetwork(1, [Leaky(3, 1e-6)], 1, 1), 1);
        AssertRelative(relu.Survival(1), tiny.Survival(1), 1e-9);
        Assert.Equal(0, tiny.AtomAtZero);
        // A dead layer of the ReLU passes on values of the slope's size instead.
        Assert.Equal(relu.AtomAtZero, tiny.LowerMass(1e-4) - relu.LowerMass(1e-4), 1e-5);

        static PriorLayer Leaky(int width, double slope) => new(width, 1, PriorLayerKind.LeakyRelu) { Slope = slope };
    }

    [Fact]
    public void Hidden_layers_are_networks_cut_short()
    {
        PriorNetwork network = new(3, [new(4, 0.8), new(5, 0.6)], 2, 1.1);
        PriorPredictive before = PriorPredictive.Of(network, 2, PriorQuantity.PreActivation(2));
        PriorPredictive cut = PriorPredictive.Of(new PriorNetwork(3, [new(4, 0.8)], 1, 0.6), 2);
        PriorPredictive after = PriorPredictive.Of(network, 2, PriorQuantity.PostActivation(2));
        AssertRelative(cut.Pdf(0.7), before.Pdf(0.7), 1e-13);
        AssertRelative(cut.Pdf(0.7), after.Pdf(0.7), 1e-13);
        AssertRelative(0.5 * cut.Survival(0.7), after.Survival(0.7), 1e-13);
        AssertRelative(0.5 * (1 + cut.AtomAtZero), after.AtomAtZero, 1e-14);
        AssertRelative(0.5 * cut.AbsoluteMoment(2), after.AbsoluteMoment(2), 1e-13);
        AssertRelative(after.AtomAtZero + after.LowerMass(0.3), after.Cdf(0.3), 1e-14);
        PriorPredictive norm = PriorPredictive.Of(network, 2, PriorQuantity.PreActivationNorm(2));
        AssertRelative(5 * cut.SecondMoment, norm.SecondMoment, 1e-13);
        AssertRelative(2.5 * cut.SecondMoment, PriorPredictive.Of(network, 2, PriorQuantity.PostActivationNorm(2)).SecondMoment, 1e-13);
        Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(network, 2, PriorQuantity.PreActivation(3)));
    }

    [Fact]
    public void Nothing_is_ever_NaN() => Gen.Select(Laws, Gen.Select(Gen.Double[-1, 1], Gen.Int[-1074, 1000], Math.ScaleB)).Sample((law, x) =>
    {
        double[] values =
        [
            law.Pdf(x), law.LogPdf(x), law.Cdf(x), law.Survival(x), law.LogSurvival(x), law.LowerMass(x), law.LogLowerMass(x),
            law.Pdf(double.PositiveInfinity), law.Cdf(double.NegativeInfinity), law.Survival(0), law.LowerMass(0), law.LogPdf(0),
        ];
        Assert.All(values, value => Assert.False(double.IsNaN(value)));
        Assert.InRange(law.Cdf(x), 0, 1);
        Assert.Throws<OrthantInputException>(() => law.Pdf(double.NaN));
    }, iter: 60);

    [Fact]
    public void The_distribution_function_grows() => Gen.Select(Laws, Gen.Double[-30, 30], Gen.Double[0, 3]).Sample((law, x, step) =>
        Assert.True(law.Cdf(x) <= law.Cdf(x + step) + 1e-14), iter: 60);

    [Fact]
    public void Atoms_are_said_to_be_atoms()
    {
        PriorPredictive dead = PriorPredictive.Of(new PriorNetwork(2, [new(3, 1), new(0, 1), new(2, 1)], 1, 1), 1);
        PriorPredictive zero = PriorPredictive.Of(PriorNetwork.He(3, 4, 2), [0, 0, 0]);
        foreach (PriorPredictive law in new[] { dead, zero })
        {
            Assert.True(law.IsAtom);
            Assert.Equal(1, law.AtomAtZero);
            Assert.Equal(0, law.Pdf(1));
            Assert.Equal(0, law.Survival(0.1));
            Assert.Equal(0, law.Quantile(0.99));
            Assert.Equal(1, law.Cdf(0));
            Assert.Equal(0, law.Cdf(-1));
            Assert.Equal(0, law.SecondMoment);
            Assert.Equal(0, law.Sampler().Next(new Orthant.Numerics.RandomStream(1)));
        }
    }

    [Fact]
    public void Refuses_bad_input()
    {
        PriorNetwork network = PriorNetwork.He(3, 4, 2);
        Assert.Throws<OrthantInputException>(() => new PriorNetwork(3, [new(-1, 1)], 1, 1));
        Assert.Throws<OrthantInputException>(() => new PriorNetwork(3, [new(2, -1)], 1, 1));
        Assert.Throws<OrthantInputException>(() => new PriorNetwork(3, [new(2, double.NaN)], 1, 1));
        Assert.Throws<OrthantInputException>(() => new PriorNetwork(3, [new(2, 1) { KeepProbability = 0 }], 1, 1));
        Assert.Throws<OrthantInputException>(() => new PriorNetwork(3, [], 1, 0));
        Assert.Throws<OrthantInputException>(() => PriorNetwork.He(3));
        Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(network, -1));
        Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(network, [1, 2]));
        Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(network, [1, 2, double.NaN]));
        PriorPredictive law = PriorPredictive.Of(network, [1, 2, 2]);
        Assert.Equal(3, law.InputNorm, 1e-15);
        Assert.Throws<OrthantInputException>(() => law.Quantile(0));
        Assert.Throws<OrthantInputException>(() => law.Quantile(1));
        Assert.Throws<OrthantInputException>(() => law.UpperQuantile(double.NaN));
        Assert.Throws<OrthantInputException>(() => law.AbsoluteMoment(-1));
        Assert.Throws<OrthantInputException>(() => PriorPredictive.Of(new PriorNetwork(3, [new(2, 1) { BiasStd = 1 }], 1, 1), 1));
    }

    private static PriorNetwork Stack(PriorLayerKind kind, params int[] widths) =>
        new(1, widths.Select(d => new PriorLayer(d, 1, kind)), 1, 1);

    private static void AssertRelative(double expected, double found, double bound) =>
        Assert.True(Math.Abs(found - expected) <= bound * Math.Abs(expected), $"expected {expected:R}, found {found:R}, bound {bound:R}");
}
