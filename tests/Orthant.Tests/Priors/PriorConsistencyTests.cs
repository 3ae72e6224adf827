using CsCheck;
using MathNet.Numerics.Integration;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>Density, survival and lower mass come from different sums; over any interval they have to agree.</summary>
public sealed class PriorConsistencyTests
{
    private static readonly double[] Points = [1e-300, 1e-100, 1e-30, 1e-10, 1e-7, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 50];
    private static readonly GaussLegendreRule Rule = new(-1, 1, 32);

    private static readonly Gen<int> Width = Gen.Double[0, Math.Log(10_000)].Select(log => (int)Math.Exp(log));
    private static readonly Gen<PriorLayer[]> Stacks = Gen.OneOf(
        Gen.Select(Width, Gen.Int[1, 99], (width, count) => Enumerable.Repeat(new PriorLayer(width, 1), count).ToArray()),
        Width.Select(width => new PriorLayer(width, 1)).Array[0, 12],
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 60], (width, count) => Enumerable.Repeat(new PriorLayer(width, 1), count).ToArray()),
        Gen.Select(Gen.Int[1, 12], Gen.Bool, (width, linear) => new PriorLayer(width, 1, linear ? PriorLayerKind.Linear : PriorLayerKind.Relu)).Array[1, 40]);

    /// <summary>Fifty-one layers of fifteen, where the left tail's pole is of order 52: lines with aliases too near were off by 10⁻¹¹ here. The values are one
    /// contour integral each in 40 digits (mpmath).</summary>
    [Fact]
    public void A_pole_of_high_order_leaves_no_alias()
    {
        PriorLayer[] layers = [.. Enumerable.Repeat(new PriorLayer(15, 1), 51)];
        double logRms = 0.5 * PriorPredictive.Of(new PriorNetwork(1, layers, 1, 1), 1).LogAbsoluteMoment(2);
        PriorPredictive law = PriorPredictive.Of(new PriorNetwork(1, layers, 1, Math.Exp(-logRms)), 1);
        Assert.Equal(-14.726026671172847, law.LogPdf(1e-10) + Math.Log(1e-10) + Math.Log(2), 1e-13);
        double half = 0.799139356215462, y = Math.Log(1e-10);
        Assert.Equal(-15.46138884567004, law.LogLowerMass(Math.Exp(y - half)), 1e-13);
        Assert.Equal(-13.919453771999092, law.LogLowerMass(Math.Exp(y + half)), 1e-13);
    }

    [Fact]
    public void Differences_of_masses_are_integrals_of_the_density() => Gen.Select(Stacks, Gen.OneOf(Gen.Const(1), Gen.Int[2, 30])).Sample((layers, outputs) =>
    {
        PriorQuantity quantity = outputs > 1 ? PriorQuantity.OutputNorm : PriorQuantity.Output;
        double logRms = 0.5 * PriorPredictive.Of(new PriorNetwork(1, layers, outputs, 1), 1, quantity).LogAbsoluteMoment(2);
        PriorPredictive law = PriorPredictive.Of(new PriorNetwork(1, layers, outputs, Math.Exp(-logRms)), 1, quantity);
        double spread = Math.Sqrt(law.LogVariance), sides = law.IsSymmetric ? Math.Log(2) : 0;
        foreach (double x in Points)
        {
            double y = Math.Log(x), unit = law.LogPdf(x) + y + sides;
            double hazard = Math.Exp(unit - law.LogSurvival(x)), inverse = Math.Exp(unit - law.LogLowerMass(x));
            // Short against the scale on which either mass changes, so that the rule is exact to rounding.
            double half = Math.Min(0.3 * spread, Math.Min(1 / hazard, 1 / inverse));
            double a = Math.Exp(y - half), b = Math.Exp(y + half), sum = 0;
            if (a < 1e-300) continue;
            for (int i = 0; i < Rule.Order; i++)
            {
                double r = Math.Exp(y + half * Rule.GetAbscissa(i));
                sum += half * Rule.GetWeight(i) * Math.Exp(law.LogPdf(r) + Math.Log(r) + sides - unit);
            }
            // The ends' and the value's logarithms are rounded to doubles.
            double rounding = 1e-12 + 1e-15 * (Math.Abs(unit) + Math.Abs(y) * (1 + hazard + inverse));
            double upper = Math.Exp(law.LogSurvival(a) - unit) - Math.Exp(law.LogSurvival(b) - unit);
            double lower = Math.Exp(law.LogLowerMass(b) - unit) - Math.Exp(law.LogLowerMass(a) - unit);
            if (hazard > 1e-9) Assert.Equal(sum, upper, rounding * Math.Exp(law.LogSurvival(a) - unit));
            if (inverse > 1e-9) Assert.Equal(sum, lower, rounding * Math.Exp(law.LogLowerMass(b) - unit));
        }
    }, iter: 60);
}
