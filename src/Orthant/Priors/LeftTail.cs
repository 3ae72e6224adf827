using System.Collections.Concurrent;
using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>The law near 0, left of the table of lines: residues of M(s) e^(−sy) at −1, −2, …, and a line further left.</summary>
/// <remarks>A residue is the mean of M(s) (s + j) e^(−(s+j)y) over a circle of the radius that makes the largest of these values least: about
/// (order − 1)/|y| at a strong pole, and as small as the residue itself where a wide layer has hardly any pole. There nothing cancels, whatever
/// the order. How many poles are taken as residues is chosen for each y by the size of the line that is left.</remarks>
internal sealed class LeftTail(MellinLaw law)
{
    private const int MostPoles = 4000;
    private const double WidestCircle = 0.45;
    private const int FineRadii = 60; // steps of 0.12 in log radius down to about 3e-4, then of 1.2 down to 1e-296
    private const int Radii = 622;
    private const int CoarseRadii = 6;
    private const double Negligible = -45;
    private const double LineStepSize = 0.0628; // aliases a hundred away in y

    // Log of the largest |M| on the line −j − 1/2, found one after the other.
    private readonly ConcurrentDictionary<int, (MellinLaw.Line Density, MellinLaw.Line Lower, double Log)> _lines = new();
    private readonly ConcurrentDictionary<(int Pole, int Radius), Circle> _circles = new();
    private readonly ConcurrentDictionary<int, double> _sizes = new();

    private int Nodes => Math.Max(160, 2 * law.Order + 120);

    /// <summary>log of the density of log R (or of P(0 &lt; R ≤ e^y)).</summary>
    public DoubleDouble Log(DoubleDouble y, bool lower)
    {
        int poles = Poles(y.Hi);
        (MellinLaw.Line density, MellinLaw.Line mass, double size) = _lines.GetOrAdd(poles, LayLine);
        double line = (lower ? mass : density).Sum(y.Hi);
        List<(DoubleDouble Log, double Value)> parts = [((DoubleDouble)size + y * (poles + 0.5), line)];
        DoubleDouble largest = LogOf(parts[0]);
        for (int j = 1; j <= poles; j++)
        {
            if (Residue(j, y, lower, largest.Hi + Negligible) is not { } part) continue;
            parts.Add(part);
            DoubleDouble log = LogOf(part);
            if (log > largest) largest = log;
        }
        double sum = 0;
        foreach ((DoubleDouble log, double value) in parts) sum += value * Math.Exp((log - largest).Hi);
        return largest + Math.Log(Math.Max(sum, double.Epsilon));
    }

    public double LogResidueAtMinusOne() => LogOf(Residue(1, 0, false, double.NegativeInfinity)!.Value).Hi;

    /// <summary>Whether the pole at −1 is so weak that the law falls faster than r over a range of its own.</summary>
    public bool HasWeakPole => CircleAt(1, FineRadii).LogSize(0) < law.LogMoment(-0.5).Hi - 3;

    /// <summary>A bound of log g(y), up to a small factor: the best line left of −1 and the residues right of it.</summary>
    public double LogBound(double y)
    {
        int poles = Poles(y);
        double bound = _sizes.GetOrAdd(poles, Size) + (poles + 0.5) * y;
        for (int j = 1; j <= poles; j++)
        {
            double residue = double.PositiveInfinity;
            for (int i = 0; i <= CoarseRadii && residue + j * y > bound + Negligible; i++)
            {
                residue = Math.Min(residue, CoarseCircle(j, i).LogSize(y));
            }
            double log = residue + j * y, larger = Math.Max(bound, log);
            bound = larger + Math.Log(Math.Exp(bound - larger) + Math.Exp(log - larger));
        }
        return bound;
    }

    private Circle CoarseCircle(int pole, int index) =>
        CircleAt(pole, index == 0 ? 0 : FineRadii - 1 + index * ((Radii - FineRadii) / CoarseRadii));

    private static DoubleDouble LogOf((DoubleDouble Log, double Value) part) =>
        part.Value == 0 ? double.NegativeInfinity : part.Log + Math.Log(Math.Abs(part.Value));

    private static double Radius(int index) => WidestCircle * Math.Exp(-0.12 * Math.Min(index, FineRadii) - 1.2 * Math.Max(0, index - FineRadii));

    private Circle CircleAt(int pole, int radius) => _circles.GetOrAdd((pole, radius), key => new Circle(law, key.Pole, Radius(key.Radius), Nodes));

    /// <summary>The number of residues that leaves the smallest line.</summary>
    private int Poles(double y)
    {
        int best = 1;
        double least = double.PositiveInfinity;
        for (int j = 1; j <= MostPoles; j++)
        {
            double size = _sizes.GetOrAdd(j, Size) + (j + 0.5) * y;
            if (size < least) (best, least) = (j, size);
            // Between poles log |M| is convex on the whole: once sizes have grown well beyond the least, they go on growing. Nothing is gained
            // far below the smallest residue that a double can tell.
            if (size > least + 5 || size < _sizes.GetOrAdd(1, Size) + 1.5 * y - 1500) break;
        }
        return best;
    }

    private double Size(int poles)
    {
        Span<Complex> logs = stackalloc Complex[3];
        law.Log(-poles - 0.5, [0, 0.4, 0.8], logs);
        return Math.Max(logs[0].Real, Math.Max(logs[1].Real, logs[2].Real));
    }

    private (MellinLaw.Line Density, MellinLaw.Line Lower, double Log) LayLine(int poles)
    {
        double c = -poles - 0.5;
        List<Complex> logs = [];
        const int chunk = 64;
        double[] t = new double[chunk];
        Complex[] part = new Complex[chunk];
        double reference = double.NegativeInfinity;
        for (int start = 0; start < 200_000; start += chunk)
        {
            for (int j = 0; j < chunk; j++) t[j] = (start + j) * LineStepSize;
            law.Log(c, t, part);
            logs.AddRange(part);
            foreach (Complex log in part) reference = Math.Max(reference, log.Real);
            if (part.All(log => log.Real < reference - 42)) break;
        }
        Complex[] density = [.. logs.Select(log => Complex.Exp(log - reference))];
        Complex[] lower = [.. density.Select((v, j) => -v / new Complex(c, j * LineStepSize))];
        return (new(LineStepSize, 0, density), new(LineStepSize, 0, lower), reference);
    }

    /// <summary>The residue as value · e^log; null where it is smaller than e^floor.</summary>
    private (DoubleDouble Log, double Value)? Residue(int pole, DoubleDouble y, bool lower, double floor)
    {
        // Any radius bounds the residue; a few far apart show most of those that do not count.
        double before = double.PositiveInfinity;
        for (int i = 0; i <= CoarseRadii; i++)
        {
            double size = CoarseCircle(pole, i).LogSize(y.Hi);
            if (size + pole * y.Hi < floor) return null;
            if (size > before) break;
            before = size;
        }
        Circle? best = null;
        double least = double.PositiveInfinity;
        for (int i = 0; i < Radii; i++)
        {
            Circle circle = CircleAt(pole, i);
            double size = circle.LogSize(y.Hi);
            if (size + pole * y.Hi < floor) return null;
            if (size < least) (best, least) = (circle, size);
            // A radius at which the bound stands still is at the residue itself: nothing is gained by a smaller one.
            else if (size > least + 1 || (i > FineRadii && size > least - 1e-6)) break;
        }
        double mean = best!.Mean(y.Hi, lower, out double scale);
        return (y * pole + scale, mean);
    }

    /// <summary>M on a circle around a pole; the lower half is the conjugate of the upper one.</summary>
    private sealed class Circle
    {
        private readonly int _pole;
        private readonly double _logRight;
        private readonly Complex[] _offsets;
        private readonly Lazy<(Complex[] Values, double Log)> _values;

        public Circle(MellinLaw law, int pole, double radius, int nodes)
        {
            (_pole, Radius) = (pole, radius);
            _offsets = [.. Enumerable.Range(0, nodes / 2).Select(n => Complex.FromPolarCoordinates(radius, (n + 0.5) * 2 * Math.PI / nodes))];
            Complex[] right = new Complex[1];
            law.Log(-pole, radius, [0], right);
            _logRight = right[0].Real + Math.Log(radius);
            _values = new(() =>
            {
                Complex[] logs = new Complex[_offsets.Length], one = new Complex[1];
                for (int n = 0; n < logs.Length; n++)
                {
                    law.Log(-pole, _offsets[n].Real, [_offsets[n].Imaginary], one);
                    logs[n] = one[0];
                }
                double log = logs.Max(l => l.Real);
                return ([.. logs.Select((l, n) => Complex.Exp(l - log) * (_offsets[n] / radius))], log + Math.Log(radius));
            });
        }

        public double Radius { get; }

        /// <summary>log of the integrand at the circle's right end, where for negative y it is largest.</summary>
        public double LogSize(double y) => _logRight - Radius * y;

        /// <summary>The mean of M(s) (s + pole) e^(−(s+pole) y) over the circle, divided by e^scale.</summary>
        public double Mean(double y, bool lower, out double scale)
        {
            (Complex[] values, double log) = _values.Value;
            scale = log - Radius * y;
            double sum = 0;
            for (int n = 0; n < values.Length; n++)
            {
                // e^(-offset y + radius y) is at most 1 for negative y.
                Complex term = values[n] * Complex.FromPolarCoordinates(Math.Exp((Radius - _offsets[n].Real) * y), -_offsets[n].Imaginary * y);
                if (lower) term /= _pole - _offsets[n];
                sum += term.Real;
            }
            return sum / values.Length;
        }
    }
}
