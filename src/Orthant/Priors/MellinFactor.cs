using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>The moment function E[(Q/E Q)^(s/2); Q > 0] of one independent positive factor Q of a product.</summary>
/// <remarks>Division by the mean keeps the logarithm of a layer of width d at O(1/d), so that a hundred layers lose no digits.</remarks>
internal abstract class MellinFactor
{
    /// <summary>log E Q.</summary>
    public abstract DoubleDouble LogMean { get; }

    /// <summary>log P(Q > 0).</summary>
    public virtual double LogAlive => 0;

    /// <summary>Whether Q has a density apart from 0; a product has one as soon as one factor does.</summary>
    public virtual bool HasDensity => true;

    /// <summary>Whether the moment function has a pole at −pole: at −1, if Q can come near 0 as the square of one normal number does.</summary>
    /// <param name="pole">1, 2, ….</param>
    public abstract bool HasPole(int pole);

    /// <summary>The moment function at −pole + offset as a sum of a part that is regular there and one that carries the pole; a logarithm (on
    /// any branch) is −∞ where there is no such part.</summary>
    /// <param name="pole">1, 2, ….</param>
    /// <param name="offset">Distances from −pole, of a magnitude below 1/2 and not 0.</param>
    /// <param name="regular">Receives one logarithm each.</param>
    /// <param name="polar">Receives one logarithm each.</param>
    public abstract void LogParts(int pole, ReadOnlySpan<Complex> offset, Span<Complex> regular, Span<Complex> polar);

    /// <summary>Mean and variance of log(Q/E Q), given Q > 0.</summary>
    public abstract (double Mean, double Variance) LogMoments();

    /// <summary>The logarithm of the moment function at a real number, for −1 &lt; c, to about 10⁻¹⁵ absolutely.</summary>
    public abstract DoubleDouble LogReal(double c);

    /// <summary>Logarithms (on any branch) of the moment function at start + c + i t, for all t of a line.</summary>
    /// <param name="start">0, or the whole number of a pole: then c + i t is the exact distance from it, however small.</param>
    /// <param name="c">Real part, less the start; not that of a pole.</param>
    /// <param name="t">Imaginary parts.</param>
    /// <param name="result">One logarithm each.</param>
    public abstract void Log(int start, double c, ReadOnlySpan<double> t, Span<Complex> result);

    /// <summary>The logarithm at one point.</summary>
    public Complex Log(Complex s)
    {
        Span<Complex> result = stackalloc Complex[1];
        Log(0, s.Real, [s.Imaginary], result);
        return result[0];
    }
}

/// <summary>Q is chi-squared with k degrees of freedom: a linear layer of width k, or the squared norm of k normal outputs.</summary>
internal sealed class ChiSquaredFactor(double k) : MellinFactor
{
    private readonly DoubleDouble _logHalf = DoubleDouble.Log(0.5 * k);
    private readonly DoubleDouble _logGamma = LogGammaRatio.LogGamma(0.5 * k);
    private readonly LogGammaRatio.At _ratio = new(0.5 * k);

    public override DoubleDouble LogMean => DoubleDouble.Log(k);

    public override bool HasPole(int pole) => pole >= k && (pole - k) % 2 == 0;

    public override void LogParts(int pole, ReadOnlySpan<Complex> offset, Span<Complex> regular, Span<Complex> polar)
    {
        bool has = HasPole(pole);
        for (int i = 0; i < offset.Length; i++)
        {
            Complex log = _ratio.Of(-0.5 * pole, 0.5 * offset[i]);
            regular[i] = has ? double.NegativeInfinity : log;
            polar[i] = has ? log : double.NegativeInfinity;
        }
    }

    public override (double Mean, double Variance) LogMoments() =>
        (LogGammaRatio.DigammaMinusLog(0.5 * k), ComplexGamma.Polygamma(1, 0.5 * k));

    public override DoubleDouble LogReal(double c) =>
        LogGammaRatio.LogGamma(DoubleDouble.TwoSum(k, c) * 0.5) - _logGamma - _logHalf * (0.5 * c);

    public override void Log(int start, double c, ReadOnlySpan<double> t, Span<Complex> result)
    {
        for (int j = 0; j < t.Length; j++) result[j] = _ratio.Of(0.5 * start, new Complex(0.5 * c, 0.5 * t[j]));
    }
}

/// <summary>The quotient of two moment functions, where it is one again: an orthogonal ReLU layer, whose Gaussian sister is the product of it
/// with an independent chi.</summary>
internal sealed class QuotientFactor(MellinFactor numerator, MellinFactor denominator) : MellinFactor
{
    public override DoubleDouble LogMean => numerator.LogMean - denominator.LogMean;

    public override double LogAlive => numerator.LogAlive - denominator.LogAlive;

    /// <remarks>A ReLU layer with an orthogonal matrix keeps all of the norm where all units are active.</remarks>
    public override bool HasDensity => false;

    public override bool HasPole(int pole) => numerator.HasPole(pole) && !denominator.HasPole(pole);

    public override void LogParts(int pole, ReadOnlySpan<Complex> offset, Span<Complex> regular, Span<Complex> polar)
    {
        Complex[] below = new Complex[offset.Length], pole0 = new Complex[offset.Length];
        numerator.LogParts(pole, offset, regular, polar);
        denominator.LogParts(pole, offset, below, pole0);
        bool has = denominator.HasPole(pole);
        for (int i = 0; i < offset.Length; i++)
        {
            Complex log = has ? pole0[i] : below[i];
            (regular[i], polar[i]) = (regular[i] - log, polar[i] - log);
            if (!has) continue;
            // A pole of the denominator takes that of the numerator away.
            Complex larger = regular[i].Real > polar[i].Real ? regular[i] : polar[i], smaller = regular[i].Real > polar[i].Real ? polar[i] : regular[i];
            (regular[i], polar[i]) = (larger + Complex.Log(Complex.One + Complex.Exp(smaller - larger)), double.NegativeInfinity);
        }
    }

    public override (double Mean, double Variance) LogMoments()
    {
        (double meanN, double varianceN) = numerator.LogMoments();
        (double meanD, double varianceD) = denominator.LogMoments();
        return (meanN - meanD, varianceN - varianceD);
    }

    public override DoubleDouble LogReal(double c) => numerator.LogReal(c) - denominator.LogReal(c);

    public override void Log(int start, double c, ReadOnlySpan<double> t, Span<Complex> result)
    {
        Complex[] other = new Complex[t.Length];
        numerator.Log(start, c, t, result);
        denominator.Log(start, c, t, other);
        for (int j = 0; j < t.Length; j++) result[j] -= other[j];
    }
}
