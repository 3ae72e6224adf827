using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Networks;

/// <summary>A network evaluated without any rounding, at points of rational numbers.</summary>
/// <remarks>Weights are dyadic: values are integers over one common denominator, which grows by the stages' powers of two, so that no
/// fraction is ever reduced on the way.</remarks>
internal sealed class ExactForward(NormalForm form)
{
    private readonly IntegerStage[] stages = [.. form.Stages.Select(s => new IntegerStage(s))];

    /// <summary>The outputs at a point.</summary>
    /// <param name="x">One number an input.</param>
    public Rational[] Evaluate(ReadOnlySpan<Rational> x)
    {
        BigInteger denominator = BigInteger.One;
        foreach (Rational r in x) denominator = denominator / BigInteger.GreatestCommonDivisor(denominator, r.Denominator) * r.Denominator;
        BigInteger[] values = new BigInteger[x.Length];
        for (int j = 0; j < values.Length; j++) values[j] = x[j].Numerator * (denominator / x[j].Denominator);
        foreach (IntegerStage stage in stages)
        {
            BigInteger[] next = new BigInteger[stage.Units];
            for (int i = 0; i < next.Length; i++)
            {
                BigInteger sum = stage.Bias(i) * denominator;
                foreach ((int column, BigInteger weight) in stage.Row(i))
                {
                    if (!values[column].IsZero) sum += weight * values[column];
                }
                next[i] = sum * stage.Slope(i, sum.Sign > 0);
            }
            denominator <<= stage.WeightShift + stage.SlopeShift;
            values = next;
        }
        BigInteger scale = denominator;
        return Array.ConvertAll(values, v => new Rational(v, scale));
    }
}
