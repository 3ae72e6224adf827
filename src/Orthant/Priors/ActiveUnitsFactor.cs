using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>Q is chi-squared with M degrees of freedom, M binomial: a ReLU layer of d units, of which M are active.</summary>
/// <remarks>
/// <para>E[Q^(s/2); Q > 0] = Σₘ C(d,m) pᵐ (1−p)^(d−m) 2^(s/2) Γ((m+s)/2)/Γ(m/2). The largest term is found for the real part of s, its
/// logarithm taken with care, and the others follow from it by the ratio of terms two apart,
/// a(m+2)/a(m) = (m+s)(d−m)(d−m−1) o²/(m(m+1)(m+2)), o = p/(1−p), upwards and downwards, even and odd m apart: about 18 √d terms.</para>
/// </remarks>
internal sealed partial class ActiveUnitsFactor : MellinFactor
{
    /// <summary>Up to this width every term counts to the left of −1, where the poles of the smallest terms rule.</summary>
    private const int WholeSumWidth = 1024;

    private readonly int _d;
    private readonly double _p;
    private readonly double _oddsSquared;
    private readonly DoubleDouble _logMean;
    private readonly DoubleDouble _logP;
    private readonly DoubleDouble _logRest;
    private readonly DoubleDouble _logFactorial;
    private readonly ConcurrentDictionary<int, Term> _terms = new();

    /// <summary>Creates the factor.</summary>
    /// <param name="d">Width, at least 1.</param>
    /// <param name="p">Probability that a unit is active, between 0 and 1, both excluded.</param>
    public ActiveUnitsFactor(int d, double p)
    {
        (_d, _p) = (d, p);
        _oddsSquared = p / (1 - p) * (p / (1 - p));
        _logMean = DoubleDouble.Log(DoubleDouble.TwoProduct(d, p));
        _logP = DoubleDouble.Log(p);
        _logRest = DoubleDouble.Log1p(-p);
        _logFactorial = LogGammaRatio.LogGamma(d + 1.0);
    }

    public override DoubleDouble LogMean => _logMean;

    public override double LogAlive
    {
        get
        {
            double logDead = _d * _logRest.Hi;
            return logDead < -40 ? -Math.Exp(logDead) : DoubleDouble.Log1p(-DoubleDouble.Exp(_logRest * _d)).Hi;
        }
    }

    public override (double Mean, double Variance) LogMoments()
    {
        // Given m > 0: psi(m/2) - log(dp/2) and psi'(m/2), mixed by the binomial weights around their mode.
        double total = 0, mean = 0, square = 0, inner = 0;
        int mode = Math.Clamp((int)(_d * _p), 1, _d);
        for (int direction = -1; direction <= 1; direction += 2)
        {
            double weight = 1;
            for (int m = mode; m >= 1 && m <= _d && weight > 1e-20; m += direction)
            {
                if (m != mode || direction < 0)
                {
                    double shift = LogGammaRatio.DigammaMinusLog(0.5 * m) + LogOverMean(m);
                    total += weight;
                    mean += weight * shift;
                    square += weight * shift * shift;
                    inner += weight * ComplexGamma.Polygamma(1, 0.5 * m);
                }
                double odds = _p / (1 - _p);
                weight *= direction > 0 ? (_d - m) / (m + 1.0) * odds : m / (_d - m + 1.0) / odds;
            }
        }
        mean /= total;
        return (mean, inner / total + square / total - mean * mean);
    }

    public override DoubleDouble LogReal(double c)
    {
        int mode = Mode(c);
        Span<Complex> sum = stackalloc Complex[1];
        Sum(0, c, mode, [0], sum);
        DoubleDouble half = 0.5 * c, m = mode;
        DoubleDouble largest = LogGammaRatio.LogGamma(DoubleDouble.TwoSum(mode, c) * 0.5) - LogGammaRatio.LogGamma(m * 0.5)
            + half * (DoubleDouble.Ln2 - _logMean) + LogWeight(mode);
        return largest + DoubleDouble.Log(sum[0].Real);
    }

    public override void Log(int start, double c, ReadOnlySpan<double> t, Span<Complex> result)
    {
        int mode = Mode(start + c);
        Sum(start, c, mode, t, result);
        Term term = TermOf(mode);
        for (int j = 0; j < t.Length; j++) result[j] = Complex.Log(result[j]) + term.Log(start, new Complex(c, t[j])) + term.LogWeight;
    }

    /// <summary>What one term needs for many s, remembered for the few m that are ever a mode.</summary>
    private Term TermOf(int m) => _terms.GetOrAdd(m, static (m, self) => new Term(new(0.5 * m), self.LogOverMean(m), self.LogWeight(m).Hi), this);

    private double LogOverMean(int m)
    {
        DoubleDouble excess = (m - DoubleDouble.TwoProduct(_d, _p)) / (_d * _p);
        return Math.Abs(excess.Hi) < 0.5 ? DoubleDouble.Log1p(excess).Hi : (DoubleDouble.Log(m) - _logMean).Hi;
    }

    private DoubleDouble LogWeight(int m) => _logFactorial - LogGammaRatio.LogGamma(m + 1.0) - LogGammaRatio.LogGamma(_d - m + 1.0)
        + _logP * m + _logRest * (_d - m);

    /// <summary>The m of the largest term for a real argument: where the ratio of terms two apart passes 1.</summary>
    private int Mode(double c)
    {
        double real = Math.Max(c, -0.9);
        int low = 1, high = _d;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Ratio(middle) * (middle + real) >= 1) low = middle + 1;
            else high = middle;
        }
        int mode = Math.Clamp(low + 1, 1, _d);
        // Left of -1 the largest term moves down, as long as its gamma function is right of its poles.
        while (c < real && mode > 2 && mode - 2 + c > 1 && Ratio(mode - 2) * (mode - 2 + c) < 1) mode -= 2;
        return mode;
    }

    /// <summary>a(m+2)/a(m) without its factor m + s.</summary>
    private double Ratio(int m) =>
        (_d - m) * (_d - m - 1.0) * _oddsSquared / (m * (m + 1.0) * (m + 2.0));

    /// <summary>The sum of all terms, divided by the term of the mode.</summary>
    private void Sum(int start, double c, int mode, ReadOnlySpan<double> t, Span<Complex> sum)
    {
        for (int j = 0; j < t.Length; j++) sum[j] = Complex.Zero;
        bool whole = start + c <= -0.9 && _d <= WholeSumWidth;
        AddChain(mode, start, c, t, default, sum, whole);
        int other = mode < _d ? mode + 1 : mode - 1;
        if (other < 1) return;
        Term one = TermOf(mode), next = TermOf(other);
        // Neighbouring weights have the ratio of the binomial recurrence.
        double odds = _p / (1 - _p), ratio = other > mode ? (_d - mode) / (mode + 1.0) * odds : mode / (_d - mode + 1.0) / odds;
        Complex[] values = new Complex[t.Length];
        for (int j = 0; j < t.Length; j++)
        {
            Complex s = new(c, t[j]);
            values[j] = ratio * Complex.Exp(next.Log(start, s) - one.Log(start, s));
        }
        AddChain(other, start, c, t, values, sum, whole);
    }

    /// <summary>Adds the terms of one parity, begun at a term whose values are given (1 where none are).</summary>
    private void AddChain(int first, int start, double c, ReadOnlySpan<double> t, ReadOnlySpan<Complex> values, Span<Complex> sum, bool whole)
    {
        double real = start + c;
        List<double> up = [], down = [];
        double size = 1;
        for (int m = first; m + 2 <= _d && size > 1e-20; m += 2)
        {
            double ratio = Ratio(m);
            up.Add(ratio);
            size *= ratio * Math.Max(m + real, 0.1);
        }
        size = 1;
        for (int m = first - 2; m >= 1 && (whole || size > 1e-20); m -= 2)
        {
            double ratio = 1 / Ratio(m);
            down.Add(ratio);
            size *= ratio / Math.Max(m + real, 0.1);
        }
        AddTerms(CollectionsMarshal.AsSpan(up), CollectionsMarshal.AsSpan(down), first, start, c, t, values, sum);
    }

    /// <summary>The recurrence for four or eight points of the line at once.</summary>
    private static void AddTerms(ReadOnlySpan<double> up, ReadOnlySpan<double> down, int first, int start, double c,
        ReadOnlySpan<double> t, ReadOnlySpan<Complex> values, Span<Complex> sum)
    {
        // Lanes hold points t_j of one line. A term a = x + iy becomes ratio (m + c + i t) a going up, and going down
        // ratio a / (m + c + i t) = ratio a (m + c - i t)/((m + c)^2 + t^2).
        int lanes = Vector<double>.Count;
        Span<double> pad = stackalloc double[3 * lanes];
        for (int j = 0; j < t.Length; j += lanes)
        {
            int count = Math.Min(lanes, t.Length - j);
            pad.Clear();
            for (int l = 0; l < count; l++)
            {
                Complex a = values.IsEmpty ? Complex.One : values[j + l];
                (pad[l], pad[lanes + l], pad[2 * lanes + l]) = (a.Real, a.Imaginary, t[j + l]);
            }
            Vector<double> x0 = new(pad), y0 = new(pad[lanes..]), im = new(pad[(2 * lanes)..]);
            Vector<double> x = x0, y = y0, sumX = x0, sumY = y0;
            int whole = first + start;
            foreach (double ratio in up)
            {
                double re = whole + c;
                Vector<double> nextX = (x * re - y * im) * ratio;
                y = (x * im + y * re) * ratio;
                x = nextX;
                sumX += x;
                sumY += y;
                whole += 2;
            }
            (x, y, whole) = (x0, y0, first + start);
            foreach (double ratio in down)
            {
                whole -= 2;
                double re = whole + c;
                if (whole == 0)
                {
                    // At a pole m + s may be so small that its square underflows.
                    (x, y) = Divide(x * ratio, y * ratio, re, im);
                    sumX += x;
                    sumY += y;
                    continue;
                }
                Vector<double> scale = new Vector<double>(ratio) / (im * im + new Vector<double>(re * re));
                Vector<double> nextX = (x * re + y * im) * scale;
                y = (y * re - x * im) * scale;
                x = nextX;
                sumX += x;
                sumY += y;
            }
            for (int l = 0; l < count; l++) sum[j + l] += new Complex(sumX[l], sumY[l]);
        }
    }

    /// <summary>(x + iy)/(re + i im) lane by lane, by a division that scales.</summary>
    private static (Vector<double> X, Vector<double> Y) Divide(Vector<double> x, Vector<double> y, double re, Vector<double> im)
    {
        int lanes = Vector<double>.Count;
        Span<double> parts = stackalloc double[2 * lanes];
        for (int l = 0; l < lanes; l++)
        {
            Complex quotient = new Complex(x[l], y[l]) / new Complex(re, im[l]);
            (parts[l], parts[lanes + l]) = (quotient.Real, quotient.Imaginary);
        }
        return (new(parts), new(parts[lanes..]));
    }

    /// <summary>A term's gamma part, (m/mean)^(s/2) Γ((m+s)/2)/(Γ(m/2)(m/2)^(s/2)), and its binomial weight.</summary>
    private sealed record Term(LogGammaRatio.At Ratio, double LogOverMean, double LogWeight)
    {
        public Complex Log(int start, Complex rest) => Ratio.Of(0.5 * start, 0.5 * rest) + 0.5 * (start + rest) * LogOverMean;
    }
}
