namespace Orthant.Priors;

public sealed partial class PriorPredictive
{
    /// <summary>Terms of the sum that gives the density at x, for the benchmarks.</summary>
    internal int TermsAt(double x) => IsAtom ? 0 : _law!.TermsAt(Math.Log(Math.Abs(x)) - _logScale.Hi);

    /// <summary>A source of exact samples of this law.</summary>
    public PriorSampler Sampler() => new(Stack, InputNorm, Quantity.Kind);

    /// <summary>The law of what is seen through independent normal noise.</summary>
    /// <param name="noiseStd">Standard deviation of the noise, positive.</param>
    /// <exception cref="OrthantInputException">The noise is not positive and finite, or the quantity is no output or unit before its activation.
    /// </exception>
    public NormalVarianceMixture WithNoise(double noiseStd)
    {
        if (!(noiseStd > 0 && double.IsFinite(noiseStd)))
        {
            throw new OrthantInputException("prior", "noise", FormattableString.Invariant($"{noiseStd}"), "a positive standard deviation");
        }
        if (!IsSymmetric) throw new OrthantInputException("prior", "noise", $"{Quantity.Kind}", "an output or a unit before its activation");
        double square = noiseStd * noiseStd;
        if (IsAtom) return new NormalVarianceMixture([(1, square)]);
        double variance = Math.Exp(2 * _logScale.Hi);
        if (_normLaw is null) return new NormalVarianceMixture([(1, variance + square)]);
        return new NormalVarianceMixture(_variance.Value
            .Select(node => (GridStep * Math.Exp(node.Log), variance * Math.Exp(2 * node.Y) + square))
            .Prepend((AtomAtZero, square)));
    }
}
