using MathNet.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>Networks with biases against nested sums over explicit chi-squared mixtures.</summary>
public sealed class BiasedPriorOracleTests
{
    private const double Step = 0.06;

    [Theory]
    [InlineData(1, 1, 0.5, 0.7)]
    [InlineData(3, 2, 0.9, 0.8)]
    [InlineData(2, 6, 0.3, 1.4)]
    [InlineData(9, 4, 0.05, 0.02)]
    public void MassesOfTwoHiddenLayersAreTheNestedSums(int first, int second, double bias, double readOutBias)
    {
        PriorNetwork network = new(2, [new(first, 0.9) { BiasStd = bias }, new(second, 0.8) { BiasStd = 2 * bias }], 1, 1.1, readOutBias);
        NormalVarianceMixture law = BiasedPriorPredictive.Of(network, 1.3);
        double v1 = (bias * bias) + (0.81 * 1.69);
        (double Weight, double Q)[] q1 = Units(first), q2 = Units(second);
        foreach (double r in new[] { 1e-3, 0.1, 1, 4, 15 })
        {
            double inside = 0, beyond = 0;
            foreach ((double w1, double a) in q1)
            {
                double v2 = (4 * bias * bias) + (0.64 * v1 * a);
                foreach ((double w2, double b) in q2)
                {
                    double weight = w1 * w2, x = r / Math.Sqrt(2 * ((readOutBias * readOutBias) + (1.21 * v2 * b)));
                    if (weight < 1e-30) continue;
                    inside += weight * SpecialFunctions.Erf(x);
                    beyond += weight * SpecialFunctions.Erfc(x);
                }
            }
            Assert.Equal(1, inside + beyond, 2e-12);
            Assert.Equal(inside, law.LowerMass(r), 2e-12 * inside);
            Assert.Equal(beyond, law.Survival(r), (2e-12 * beyond) + 1e-16);
        }
    }

    /// <summary>The squared norm of d rectified standard normals as weights at points: an atom, and densities of chi-squared in its logarithm.</summary>
    private static (double Weight, double Q)[] Units(int d)
    {
        List<(double, double)> law = [(Math.ScaleB(1, -d), 0)];
        for (double t = -90; t < Math.Log(900); t += Step)
        {
            double density = 0;
            for (int k = 1; k <= d; k++)
            {
                double half = 0.5 * k;
                density += SpecialFunctions.Binomial(d, k) * Math.ScaleB(1, -d) * Math.Exp((half * (t - Math.Log(2))) - (0.5 * Math.Exp(t)) - LogGammaOfHalf(k));
            }
            law.Add((Step * density, Math.Exp(t)));
        }
        return [.. law];
    }

    /// <summary>log Γ(k/2) by its recurrence.</summary>
    private static double LogGammaOfHalf(int k)
    {
        double product = k % 2 == 1 ? Math.Sqrt(Math.PI) : 1;
        for (double half = k % 2 == 1 ? 0.5 : 1; half < 0.5 * k; half++) product *= half;
        return Math.Log(product);
    }
}
