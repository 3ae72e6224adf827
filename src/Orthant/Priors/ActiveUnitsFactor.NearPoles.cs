using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orthant.Priors;

internal sealed partial class ActiveUnitsFactor
{
    public override bool HasPole(int pole) => LastPolar(pole) >= 1;

    /// <remarks>The term of m active units has poles at −m, −m−2, …: those with m up to the pole and of its parity make the part with the pole,
    /// of a weight as small as 2^−d, all others the regular part.</remarks>
    public override void LogParts(int pole, ReadOnlySpan<Complex> offset, Span<Complex> regular, Span<Complex> polar)
    {
        int last = LastPolar(pole), first = Lowest(pole);
        if (last >= 1) Chain.Around(this, last, first, last, pole, true).Log(offset, polar);
        else polar[..offset.Length].Fill(double.NegativeInfinity);
        regular[..offset.Length].Fill(double.NegativeInfinity);
        Complex[] other = new Complex[offset.Length];
        int mode = Mode(-pole);
        foreach ((int low, int parity) in new[] { (Math.Max(last, first - 2) + 2, pole), (Lowest(pole + 1), pole + 1) })
        {
            int high = ((_d ^ parity) & 1) == 0 ? _d : _d - 1;
            if (low > high) continue;
            int middle = Math.Clamp(((mode ^ parity) & 1) == 0 ? mode : mode + 1, low, high);
            Chain.Around(this, middle, low, high, pole, _d <= WholeSumWidth).Log(offset, other);
            for (int i = 0; i < offset.Length; i++) regular[i] = LogAdd(regular[i], other[i]);
        }
    }

    /// <summary>The largest m whose term has the pole; below 1 if there is none.</summary>
    private int LastPolar(int pole)
    {
        int last = Math.Min(pole, _d);
        return ((last ^ pole) & 1) == 0 ? last : last - 1;
    }

    private static int Lowest(int parity) => (parity & 1) == 1 ? 1 : 2;

    private static Complex LogAdd(Complex a, Complex b)
    {
        if (a.Real < b.Real) (a, b) = (b, a);
        return double.IsNegativeInfinity(b.Real) ? a : a + Complex.Log(Complex.One + Complex.Exp(b - a));
    }

    /// <summary>Terms of one parity around the largest one: ratios for the recurrence upwards and downwards.</summary>
    private sealed class Chain
    {
        private const double Large = 1e200;

        private readonly ActiveUnitsFactor _owner;
        private readonly int _middle;
        private readonly int _pole;
        private readonly List<double> _up = [];
        private readonly List<double> _down = [];

        private Chain(ActiveUnitsFactor owner, int middle, int pole) => (_owner, _middle, _pole) = (owner, middle, pole);

        public static Chain Around(ActiveUnitsFactor owner, int middle, int low, int high, int pole, bool whole)
        {
            Chain chain = new(owner, middle, pole);
            double size = 1;
            for (int m = middle; m + 2 <= high && (whole || size > 1e-20); m += 2)
            {
                double ratio = owner.Ratio(m);
                chain._up.Add(ratio);
                size *= ratio * Math.Max(m - pole, 0.1);
            }
            size = 1;
            for (int m = middle - 2; m >= low && (whole || size > 1e-20); m -= 2)
            {
                double ratio = 1 / owner.Ratio(m);
                chain._down.Add(ratio);
                size *= ratio / Math.Max(m - pole, 0.1);
            }
            return chain;
        }

        /// <summary>Logarithms of the chain's sum at −pole + offset.</summary>
        public void Log(ReadOnlySpan<Complex> offset, Span<Complex> result)
        {
            Term term = _owner.TermOf(_middle);
            ReadOnlySpan<double> up = CollectionsMarshal.AsSpan(_up), down = CollectionsMarshal.AsSpan(_down);
            for (int i = 0; i < offset.Length; i++)
            {
                (Complex upper, double logUpper) = Sum(up, _middle - _pole, offset[i], false);
                (Complex lower, double logLower) = Sum(down, _middle - _pole, offset[i], true);
                // Both sums hold the middle term; they may be scaled differently.
                double log = Math.Max(logUpper, logLower);
                Complex sum = upper * Math.Exp(logUpper - log) + lower * Math.Exp(logLower - log) - Math.Exp(-log);
                result[i] = term.Log(-_pole, offset[i]) + term.LogWeight + Complex.Log(sum) + log;
            }
        }

        /// <summary>1 plus the terms that follow one another by factors ratio (from + 2n + offset) upwards, ratio/(from − 2n − 2 + offset) downwards,
        /// divided by e^Log.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static (Complex Sum, double Log) Sum(ReadOnlySpan<double> ratios, int from, Complex offset, bool isDown)
        {
            double x = 1, y = 0, sumX = 1, sumY = 0, log = 0, im = offset.Imaginary, square = im * im;
            for (int n = 0; n < ratios.Length; n++)
            {
                double re = (isDown ? from - 2 * (n + 1) : from + 2 * n) + offset.Real, turned = im, scale = ratios[n];
                if (isDown) (scale, turned) = (scale / (re * re + square), -im);
                (x, y) = ((x * re - y * turned) * scale, (x * turned + y * re) * scale);
                sumX += x;
                sumY += y;
                if (Math.Abs(x) + Math.Abs(y) < Large) continue;
                // In far chains terms grow beyond the range of doubles.
                (x, y, sumX, sumY, log) = (x / Large, y / Large, sumX / Large, sumY / Large, log + Math.Log(Large));
            }
            return (new Complex(sumX, sumY), log);
        }
    }
}
