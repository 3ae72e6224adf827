using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>Q = Σ zᵢ² over active and a² zᵢ² over inactive units: a leaky ReLU layer of d units with slope a.</summary>
/// <remarks>Q is chi-squared with d degrees of freedom times an independent B + a²(1 − B), where B, the share of the active units in the
/// squared norm, has the beta law of m and d − m halves mixed over the binomial m. So the moment function is that of a linear layer times
/// E (a² + (1 − a²) B)^(s/2), an integral over a bounded share taken by Gauss–Legendre panels in the angle, B = sin² θ, that shrink towards
/// both ends.</remarks>
internal sealed class LeakyFactor : MellinFactor
{
    private readonly ChiSquaredFactor _chi;
    private readonly double[] _logWeight;
    private readonly double[] _logShare;
    private readonly DoubleDouble _logMean;

    public LeakyFactor(int d, double slope)
    {
        _chi = new ChiSquaredFactor(d);
        double square = slope * slope;
        _logMean = DoubleDouble.Log(DoubleDouble.TwoSum(1, square) * (0.5 * d));
        double meanShare = 0.5 * (1 + square);
        List<double> weights = [], shares = [];
        // All units inactive or all active: two atoms of the share.
        Add(-d * Math.Log(2), square);
        Add(-d * Math.Log(2), 1);
        double[] logBinomial = LogBeta(d);
        foreach ((double theta, double weight) in Angles(d, Math.Abs(slope)))
        {
            double sin = Math.Sin(theta), cos = Math.Cos(theta);
            double density = LogDensity(logBinomial, d, Math.Log(sin), Math.Log(cos));
            if (density > -700) Add(density + Math.Log(weight), square * cos * cos + sin * sin);
        }
        (_logWeight, _logShare) = ([.. weights], [.. shares]);

        void Add(double logWeight, double share)
        {
            weights.Add(logWeight);
            shares.Add(Math.Log(share / meanShare));
        }
    }

    public override DoubleDouble LogMean => _logMean;

    public override bool HasPole(int pole) => _chi.HasPole(pole);

    public override (double Mean, double Variance) LogMoments()
    {
        (double mean, double variance) = _chi.LogMoments();
        double first = 0, second = 0, total = 0;
        for (int i = 0; i < _logWeight.Length; i++)
        {
            double w = Math.Exp(_logWeight[i]);
            (total, first, second) = (total + w, first + w * _logShare[i], second + w * _logShare[i] * _logShare[i]);
        }
        first /= total;
        return (mean + first, variance + second / total - first * first);
    }

    public override DoubleDouble LogReal(double c)
    {
        double largest = Largest(c), sum = 0;
        for (int i = 0; i < _logWeight.Length; i++) sum += Math.Exp(_logWeight[i] + 0.5 * c * _logShare[i] - largest);
        return _chi.LogReal(c) + (DoubleDouble)largest + DoubleDouble.Log(sum);
    }

    public override void LogParts(int pole, ReadOnlySpan<Complex> offset, Span<Complex> regular, Span<Complex> polar)
    {
        _chi.LogParts(pole, offset, regular, polar);
        for (int i = 0; i < offset.Length; i++)
        {
            double c = offset[i].Real - pole, largest = Largest(c);
            Complex sum = Complex.Zero;
            for (int n = 0; n < _logShare.Length; n++)
            {
                double size = Math.Exp(_logWeight[n] + 0.5 * c * _logShare[n] - largest);
                if (size >= 1e-22) sum += Complex.FromPolarCoordinates(size, 0.5 * offset[i].Imaginary * _logShare[n]);
            }
            // The share of the active units has no pole.
            Complex log = Complex.Log(sum) + largest;
            (regular[i], polar[i]) = (regular[i] + log, polar[i] + log);
        }
    }

    public override void Log(int start, double c, ReadOnlySpan<double> t, Span<Complex> result)
    {
        _chi.Log(start, c, t, result);
        c += start;
        double largest = Largest(c);
        double[] weights = [.. _logWeight.Select((w, i) => Math.Exp(w + 0.5 * c * _logShare[i] - largest))];
        for (int j = 0; j < t.Length; j++)
        {
            double re = 0, im = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                if (weights[i] < 1e-22) continue;
                (double sin, double cos) = Math.SinCos(0.5 * t[j] * _logShare[i]);
                re += weights[i] * cos;
                im += weights[i] * sin;
            }
            result[j] += Complex.Log(new Complex(re, im)) + largest;
        }
    }

    private double Largest(double c)
    {
        double largest = double.NegativeInfinity;
        for (int i = 0; i < _logWeight.Length; i++) largest = Math.Max(largest, _logWeight[i] + 0.5 * c * _logShare[i]);
        return largest;
    }

    /// <summary>log of C(d,m) 2^−d · 2/Beta(m/2, (d−m)/2) for m = 1..d−1.</summary>
    private static double[] LogBeta(int d)
    {
        double[] logs = new double[d];
        DoubleDouble all = LogGammaRatio.LogGamma(d + 1.0) - DoubleDouble.Ln2 * (d - 1.0) + LogGammaRatio.LogGamma(0.5 * d);
        DoubleDouble[] half = new DoubleDouble[d + 1];
        DoubleDouble[] whole = new DoubleDouble[d + 1];
        for (int m = 1; m <= d; m++) (half[m], whole[m]) = (LogGammaRatio.LogGamma(0.5 * m), LogGammaRatio.LogGamma(m + 1.0));
        for (int m = 1; m < d; m++) logs[m] = (all - whole[m] - whole[d - m] - half[m] - half[d - m]).Hi;
        return logs;
    }

    private static double LogDensity(double[] logBeta, int d, double logSin, double logCos)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int m = 1; m < d; m++) largest = Math.Max(largest, logBeta[m] + (m - 1) * logSin + (d - m - 1) * logCos);
        if (double.IsNegativeInfinity(largest)) return largest;
        for (int m = 1; m < d; m++) sum += Math.Exp(logBeta[m] + (m - 1) * logSin + (d - m - 1) * logCos - largest);
        return largest + Math.Log(sum);
    }

    /// <summary>Nodes and weights of panels on (0, π/2): as wide as the law's scale in the middle, halved towards both ends.</summary>
    private static IEnumerable<(double Theta, double Weight)> Angles(int d, double slope)
    {
        if (d < 2) yield break;
        double widest = Math.Min(Math.PI / 8, 1.5 / Math.Sqrt(d)), finest = 0.25 * Math.Min(slope, Math.Min(1 / slope, widest));
        List<double> left = [0];
        for (double x = finest; x < Math.PI / 4; x += Math.Clamp(x, finest, widest)) left.Add(x);
        left.Add(Math.PI / 4);
        MathNet.Numerics.Integration.GaussLegendreRule rule = new(-1, 1, 24);
        for (int i = 0; i + 1 < left.Count; i++)
        {
            double middle = 0.5 * (left[i] + left[i + 1]), half = 0.5 * (left[i + 1] - left[i]);
            for (int n = 0; n < 24; n++)
            {
                double theta = middle + half * rule.Abscissas[n], weight = half * rule.Weights[n];
                yield return (theta, weight);
                yield return (Math.PI / 2 - theta, weight);
            }
        }
    }
}
