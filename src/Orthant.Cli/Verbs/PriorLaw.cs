using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Cli.Verbs;

/// <summary>The law that a call asks for: the exact product law, or a mixture of normals where biases or noise break the product.</summary>
internal sealed class PriorLaw
{
    private readonly Func<double, double> pdf, logPdf, cdf, survival, logSurvival, lowerMass, logLowerMass, quantile, upperQuantile;
    private readonly Func<double[], PriorFit> fit;

    public PriorLaw(PriorPredictive law)
    {
        (pdf, logPdf, cdf, survival, logSurvival, quantile) = (law.Pdf, law.LogPdf, law.Cdf, law.Survival, law.LogSurvival, law.Quantile);
        (lowerMass, logLowerMass, upperQuantile) = (law.LowerMass, law.LogLowerMass, law.UpperQuantile);
        fit = samples => PriorFit.Test(law, samples);
        (Tau, Variance, Kurtosis) = (law.Scale, law.SecondMoment, law.IsAtom ? null : law.Kurtosis);
        (AtomAtZero, LogAtomAtZero, Alive) = (law.AtomAtZero, law.LogAtomAtZero, Math.Exp(law.LogAlive));
        if (law.IsAtom) return;
        Exact = law;
        TailIndex = law.TailIndex;
        if (!law.IsSymmetric) return;
        (Nngp, KsToNngp, KlToNngp) = (law.Normal(), law.KolmogorovDistanceToNormal(), law.KullbackLeiblerToNormal());
        if (law.Network.Hidden.Count > 0) (Mixture, KsToMixture) = (law.LogNormalMixture(), law.KolmogorovDistanceToMixture());
    }

    /// <summary>The law with biases or noise, whose scale stays that of the weights.</summary>
    public PriorLaw(NormalVarianceMixture law, double weightScale)
    {
        (pdf, logPdf, cdf, survival, logSurvival, quantile) = (law.Pdf, law.LogPdf, law.Cdf, law.Survival, law.LogSurvival, law.Quantile);
        (lowerMass, logLowerMass, upperQuantile) = (law.LowerMass, law.LogLowerMass, law.UpperQuantile);
        fit = samples => PriorFit.Test(law, samples);
        (Tau, Variance, Kurtosis) = (weightScale, law.SecondMoment, law.SecondMoment > 0 ? law.Kurtosis : null);
        (AtomAtZero, LogAtomAtZero, Alive) = (law.AtomAtZero, Math.Log(law.AtomAtZero), 1 - law.AtomAtZero);
        if (!(law.SecondMoment > 0) || !law.IsSymmetric) return;
        (Nngp, KsToNngp) = (law.Normal(), law.KolmogorovDistanceToNormal());
    }

    /// <summary>The product law, where it is one and no atom.</summary>
    public PriorPredictive? Exact { get; }

    public double Tau { get; }

    public double Variance { get; }

    public double? Kurtosis { get; }

    public double AtomAtZero { get; }

    public double LogAtomAtZero { get; }

    public double Alive { get; }

    public double? TailIndex { get; }

    public NormalLimit? Nngp { get; }

    public double? KsToNngp { get; }

    public double? KlToNngp { get; }

    public LogNormalMixtureLimit? Mixture { get; }

    public double? KsToMixture { get; }

    /// <summary>How well samples agree with the law.</summary>
    public PriorFit Fit(double[] samples) => fit(samples);

    public PriorPoint At(double x) => new(x, pdf(x), logPdf(x), cdf(x), survival(x), logSurvival(x), lowerMass(x), logLowerMass(x));

    /// <summary>The quantile of a level as it was written: near 1, a double would lose what is above it.</summary>
    public PriorLevel AtLevel(Rational p)
    {
        Rational above = Rational.One - p;
        return new(p.ToDouble(), above.ToDouble(), above < p ? upperQuantile(above.ToDouble()) : quantile(p.ToDouble()));
    }
}

/// <summary>The law at one point: survival is P(|f| > x), lowerMass P(0 &lt; |f| ≤ x).</summary>
internal sealed record PriorPoint(double X, double Pdf, double LogPdf, double Cdf, double Survival, double LogSurvival, double LowerMass, double LogLowerMass);

/// <summary>P(|f| ≤ value) = p, atom included, and P(|f| > value) = above.</summary>
internal sealed record PriorLevel(double P, double Above, double Value);
