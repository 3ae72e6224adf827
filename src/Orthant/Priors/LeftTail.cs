using System.Collections.Concurrent;
using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>The law near 0, left of the table of lines: residues of M(s) e^(−sy) at −1, −2, …, and a line further left.</summary>
/// <remarks>A residue is the mean of M(s) (s + j) e^(−(s+j)y) over a circle of the radius that makes the largest of these values least, about
/// (order − 1)/|y| at a strong pole, after the part of M that is regular there has been taken off (<see cref="MellinLaw.LogPolar"/>): so nothing
/// cancels, whatever the order of the pole and however small a wide layer makes it. As many poles are taken in as leave the least sum of sizes,
/// of their residues and of the line left of them.</remarks>
internal sealed class LeftTail(MellinLaw law)
{
    private const int MostPoles = 20_000;
    private const double WidestCircle = 0.45;
    private const int Radii = 61; // steps of 0.12 in log radius, down to about 3e-4
    private const int Coarse = 12; // every twelfth radius shows where the least size is
    private const double Negligible = -45;

    private readonly ConcurrentDictionary<int, (MellinLaw.Line Density, MellinLaw.Line Lower, double Log)> _lines = new();
    private readonly ConcurrentDictionary<(int Pole, int Radius), Circle> _circles = new();
    private readonly ConcurrentDictionary<int, double> _sizes = new();

    /// <summary>Step of the lines: aliases lie a hundred and twice the order away in y. A pole of high order decays so slowly to the left that those of a
    /// hundred alone were 10⁻¹¹ of the density of fifty layers.</summary>
    private double LineStep => 2 * Math.PI / (100 + 2 * law.Order);

    private int Nodes => Math.Max(160, 2 * law.Order + 120);

    /// <summary>log of the density of log R (or of P(0 &lt; R ≤ e^y)).</summary>
    public DoubleDouble Log(DoubleDouble y, bool lower)
    {
        List<(DoubleDouble Log, double Value)> parts = [];
        int poles = 0, residues = 0;
        double best = double.PositiveInfinity, sum = double.NegativeInfinity;
        bool hasLine = true;
        for (int j = 1; j <= MostPoles; j++)
        {
            if (Residue(j, y, lower, sum + Negligible) is { } part)
            {
                parts.Add((part.Log, part.Value));
                sum = LogAdd(sum, part.Size);
            }
            double line = LineSize(j, y.Hi) - (lower ? Math.Log(j + 0.5) : 0), size = LogAdd(sum, line);
            if (size < best) (poles, residues, best, hasLine) = (j, parts.Count, size, line > sum + Negligible);
            if (!hasLine || line > best + 5 || line < sum + Negligible) break;
        }
        parts.RemoveRange(residues, parts.Count - residues);
        if (hasLine)
        {
            (MellinLaw.Line density, MellinLaw.Line mass, double size) = _lines.GetOrAdd(poles, LayLine);
            parts.Add((size + y * (poles + 0.5), (lower ? mass : density).Sum(y.Hi)));
        }
        return LogSum(parts);
    }

    public double LogResidueAtMinusOne()
    {
        (DoubleDouble log, double value, _) = Residue(1, 0, false, double.NegativeInfinity)!.Value;
        return (log + Math.Log(value)).Hi;
    }

    /// <summary>A bound of log g(y), up to a small factor: a line left of −1 and the residues right of it.</summary>
    public double LogBound(double y)
    {
        double residues = double.NegativeInfinity, bound = double.PositiveInfinity;
        for (int j = 1; j <= MostPoles; j++)
        {
            if (law.HasPole(j)) residues = LogAdd(residues, CoarseSize(j, y).Size + j * y);
            double line = LineSize(j, y);
            bound = Math.Min(bound, LogAdd(residues, line));
            if (line < residues || line > bound + 5) break;
        }
        return bound;
    }

    private static double LogAdd(double a, double b)
    {
        double larger = Math.Max(a, b);
        return double.IsInfinity(larger) ? larger : larger + Math.Log(Math.Exp(a - larger) + Math.Exp(b - larger));
    }

    private static DoubleDouble LogSum(List<(DoubleDouble Log, double Value)> parts)
    {
        DoubleDouble largest = double.NegativeInfinity;
        foreach ((DoubleDouble log, double value) in parts)
        {
            DoubleDouble size = value == 0 ? double.NegativeInfinity : log + Math.Log(Math.Abs(value));
            if (size > largest) largest = size;
        }
        if (double.IsInfinity(largest.Hi)) return largest;
        double sum = 0;
        foreach ((DoubleDouble log, double value) in parts) sum += value * Math.Exp((log - largest).Hi);
        return largest + Math.Log(Math.Max(sum, double.Epsilon));
    }

    private static double Radius(int index) => WidestCircle * Math.Exp(-0.12 * index);

    private Circle CircleAt(int pole, int radius) => _circles.GetOrAdd((pole, radius), key => new Circle(law, key.Pole, Radius(key.Radius), Nodes));

    /// <summary>log of the largest |M| e^(−cy) on the line −poles − 1/2, from three points.</summary>
    private double LineSize(int poles, double y) => _sizes.GetOrAdd(poles, Size) + (poles + 0.5) * y;

    private double Size(int poles)
    {
        Span<Complex> logs = stackalloc Complex[3];
        law.Log(-poles - 0.5, [0, 0.4, 0.8], logs);
        return Math.Max(logs[0].Real, Math.Max(logs[1].Real, logs[2].Real));
    }

    private (MellinLaw.Line Density, MellinLaw.Line Lower, double Log) LayLine(int poles)
    {
        double c = -poles - 0.5, step = LineStep;
        List<Complex> logs = [];
        const int chunk = 64;
        double[] t = new double[chunk];
        Complex[] part = new Complex[chunk];
        double reference = double.NegativeInfinity;
        for (int start = 0; start < 200_000; start += chunk)
        {
            for (int j = 0; j < chunk; j++) t[j] = (start + j) * step;
            law.Log(c, t, part);
            logs.AddRange(part);
            foreach (Complex log in part) reference = Math.Max(reference, log.Real);
            if (part.All(log => log.Real < reference - 42)) break;
        }
        Complex[] density = [.. logs.Select(log => Complex.Exp(log - reference))];
        Complex[] lower = [.. density.Select((v, j) => -v / new Complex(c, j * step))];
        return (new(step, 0, density), new(step, 0, lower), reference);
    }

    /// <summary>The smallest bound among a few radii far apart: weak poles have it at the smallest radius.</summary>
    private (double Size, int Radius) CoarseSize(int pole, double y)
    {
        (double least, int best) = (double.PositiveInfinity, 0);
        for (int i = Radii - 1; i >= 0; i -= Coarse)
        {
            double size = CircleAt(pole, i).LogSize(y);
            if (size > least) break;
            (least, best) = (size, i);
        }
        return (least, best);
    }

    /// <summary>The residue as value · e^log, and the logarithm of what cancels in it; null where there is none or all is smaller than e^floor.
    /// </summary>
    private (DoubleDouble Log, double Value, double Size)? Residue(int pole, DoubleDouble y, bool lower, double floor)
    {
        // Any radius bounds the residue.
        if (!law.HasPole(pole)) return null;
        (double least, int best) = CoarseSize(pole, y.Hi);
        if (least + pole * y.Hi < floor) return null;
        for (int i = Math.Max(0, best - Coarse + 1), last = Math.Min(Radii, best + Coarse); i < last; i++)
        {
            double size = CircleAt(pole, i).LogSize(y.Hi);
            if (size < least) (least, best) = (size, i);
        }
        double mean = CircleAt(pole, best).Mean(y.Hi, lower, out double scale);
        return (y * pole + scale, mean, least + pole * y.Hi - (lower ? Math.Log(pole) : 0));
    }

    /// <summary>M, less what is regular, on a circle around a pole; the lower half is the conjugate of the upper one.</summary>
    private sealed class Circle
    {
        private readonly int _pole;
        private readonly Complex[] _offsets;
        private readonly Complex[] _sizeOffsets;
        private readonly Complex[] _sizeLogs = new Complex[5];
        private readonly Lazy<(Complex[] Values, double Log)> _values;

        public Circle(MellinLaw law, int pole, double radius, int nodes)
        {
            (_pole, Radius) = (pole, radius);
            _offsets = [.. Enumerable.Range(0, nodes / 2).Select(n => Complex.FromPolarCoordinates(radius, (n + 0.5) * 2 * Math.PI / nodes))];
            _sizeOffsets = [radius, .. new[] { 0.4, 1, 2 }.Select(angle => Complex.FromPolarCoordinates(radius, angle)), -radius];
            law.LogPolar(pole, _sizeOffsets, _sizeLogs);
            _values = new(() =>
            {
                Complex[] logs = new Complex[_offsets.Length];
                law.LogPolar(pole, _offsets, logs);
                double log = logs.Max(l => l.Real);
                return ([.. logs.Select((l, n) => Complex.Exp(l - log) * (_offsets[n] / radius))], log + Math.Log(radius));
            });
        }

        public double Radius { get; }

        /// <summary>log of the largest integrand at a few points of the circle, its right end, where for negative y it mostly is, among them.
        /// </summary>
        public double LogSize(double y)
        {
            double largest = double.NegativeInfinity;
            for (int i = 0; i < _sizeLogs.Length; i++) largest = Math.Max(largest, _sizeLogs[i].Real - _sizeOffsets[i].Real * y);
            return largest + Math.Log(Radius);
        }

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
