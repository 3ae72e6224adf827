using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>The law of a positive random variable R with an atom at 0, known by its moment function M(s) = E[R^s; R > 0], a product over
/// independent factors.</summary>
/// <remarks>
/// <para>With y = log r the density of log R is g(y) = (1/2π) ∫ M(c+it) e^(−(c+it)y) dt for any c right of the poles, and the probability
/// beyond r has M(s)/s in place of M(s). The integral is a trapezoid sum, whose error is known exactly (it is g at y ± 2πk/h, times
/// e^(±2πkc/h)), on a line close to the saddle point of y, so that nothing cancels and every value has a small relative error, in the
/// tails too. Lines are tabulated on first use; one value is then a sum of a few dozen terms.</para>
/// <para>Left of the leftmost line the poles of M at −1, −2, … are taken as residues, each by a circle of the radius of its saddle, plus a
/// line further left (<see cref="LeftTail"/>). Lengths are relative to the root mean square: y = 0 is E R².</para>
/// <para>Safe to share between threads.</para>
/// </remarks>
internal sealed class MellinLaw
{
    private const double Loss = 2.5; // log of the cancellation that a point left of the first line may suffer
    private const double Negligible = -38; // log of what an alias may add, relatively

    private readonly (MellinFactor Factor, int Count)[] _factors;
    private readonly Lock _gate = new();
    private readonly Lazy<LeftTail> _left;
    private volatile Table? _table;

    public MellinLaw(IEnumerable<(MellinFactor Factor, int Count)> factors)
    {
        _factors = [.. factors];
        Order = _factors.Sum(f => f.Count);
        foreach ((MellinFactor factor, int count) in _factors)
        {
            LogAlive += count * factor.LogAlive;
            (double mean, double variance) = factor.LogMoments();
            // R^2 is the product of the Q, relative to their means.
            LogMean += 0.5 * count * mean;
            LogVariance += 0.25 * count * variance;
        }
        _left = new(() => new LeftTail(this));
    }

    /// <summary>1 + c of the leftmost line: the more factors, the faster M falls along a line, and the nearer to the pole a line may stand.
    /// </summary>
    private double FirstLine => Order >= 3 ? 0.2 : Order == 2 ? 0.35 : 0.5;

    /// <summary>Number of factors, which bounds the order of the poles.</summary>
    public int Order { get; }

    /// <summary>log P(R > 0).</summary>
    public double LogAlive { get; }

    /// <summary>E[log R | R > 0].</summary>
    public double LogMean { get; }

    /// <summary>Var[log R | R > 0].</summary>
    public double LogVariance { get; }

    /// <summary>log M(c) for a real c > −1.</summary>
    public DoubleDouble LogMoment(double c)
    {
        DoubleDouble sum = DoubleDouble.Zero;
        foreach ((MellinFactor factor, int count) in _factors) sum += factor.LogReal(c) * count;
        return sum;
    }

    /// <summary>Logarithms of M at c + i t.</summary>
    public void Log(double c, ReadOnlySpan<double> t, Span<Complex> result) => Log(0, c, t, result);

    /// <summary>Logarithms of M at start + c + i t; with the whole number of a pole as start, c + i t is the exact distance from it.</summary>
    public void Log(int start, double c, ReadOnlySpan<double> t, Span<Complex> result)
    {
        Complex[] one = new Complex[t.Length];
        result.Clear();
        foreach ((MellinFactor factor, int count) in _factors)
        {
            factor.Log(start, c, t, one);
            for (int j = 0; j < t.Length; j++) result[j] += count * one[j];
        }
    }

    /// <summary>Whether M has a pole at −pole.</summary>
    public bool HasPole(int pole) => Array.Exists(_factors, f => f.Factor.HasPole(pole));

    /// <summary>Logarithms, around a pole, of M less a function that is regular there and so adds nothing to the residue.</summary>
    /// <remarks>With a factor's regular part A and its part P with the pole, ∏ (A+P)ⁿ less ∏ Aⁿ is ∏ Aⁿ (e^D − 1), D = Σ n log(1 + P/A). In wide
    /// layers P is smaller than A by any power of ten; what is left here is of the size of P. A factor without a regular part leaves nothing to
    /// subtract.</remarks>
    /// <param name="pole">1, 2, …; M has a pole at −pole.</param>
    /// <param name="offset">Distances from −pole.</param>
    /// <param name="result">One logarithm each.</param>
    public void LogPolar(int pole, ReadOnlySpan<Complex> offset, Span<Complex> result)
    {
        int points = offset.Length;
        Complex[] regular = new Complex[points], polar = new Complex[points];
        Complex[][] ratios = new Complex[_factors.Length][];
        result[..points].Clear();
        bool isWhole = false;
        for (int f = 0; f < _factors.Length; f++)
        {
            (MellinFactor factor, int count) = _factors[f];
            factor.LogParts(pole, offset, regular, polar);
            bool pure = Array.TrueForAll(regular, log => double.IsNegativeInfinity(log.Real));
            isWhole |= pure;
            ratios[f] = new Complex[points];
            for (int i = 0; i < points; i++)
            {
                result[i] += count * (pure ? polar[i] : regular[i]);
                ratios[f][i] = pure || double.IsNegativeInfinity(polar[i].Real) ? double.NegativeInfinity : polar[i] - regular[i];
            }
        }
        for (int i = 0; i < points; i++) result[i] += isWhole ? LogGain(ratios, i) : LogExcess(ratios, i);
    }

    /// <summary>D = Σ n log(1 + q), q being the ratio of a factor's two parts.</summary>
    private Complex LogGain(Complex[][] ratios, int i)
    {
        Complex sum = Complex.Zero;
        for (int f = 0; f < ratios.Length; f++)
        {
            Complex q = ratios[f][i];
            if (q.Real > -745) sum += _factors[f].Count * (q.Real > 40 ? q : ComplexGamma.Log1p(Complex.Exp(q)));
        }
        return sum;
    }

    /// <summary>log(e^D − 1).</summary>
    private Complex LogExcess(Complex[][] ratios, int i)
    {
        double largest = ratios.Max(ratio => ratio[i].Real);
        if (largest < -20)
        {
            // D = Σ n (q − q²/2), and e^D − 1 = D + D²/2, in units of the largest q.
            double unit = Math.Exp(largest);
            Complex sum = Complex.Zero;
            for (int f = 0; f < ratios.Length; f++)
            {
                Complex q = Complex.Exp(ratios[f][i] - largest);
                sum += _factors[f].Count * q * (1 - 0.5 * unit * q);
            }
            return largest + Complex.Log(sum * (1 + 0.5 * unit * sum));
        }
        Complex gain = LogGain(ratios, i);
        if (gain.Real > 40) return gain;
        return Complex.Log(-ComplexGamma.MinusExpm1(gain.Real, gain.Imaginary));
    }

    /// <summary>log g(y), the density of log R on R > 0.</summary>
    public DoubleDouble LogDensity(DoubleDouble y)
    {
        if (!double.IsFinite(y.Hi)) return double.NegativeInfinity;
        Table table = TableFor(y.Hi);
        if (table.IsLeftTail(y.Hi)) return _left.Value.Log(y, false);
        int k = table.Nearest(y.Hi);
        return table.Value(k, y, table.DensityLine(k));
    }

    /// <summary>Terms of the sum that gives the density at y; 0 in the left tail.</summary>
    public int TermsAt(double y)
    {
        Table table = TableFor(y);
        return table.IsLeftTail(y) ? 0 : table.DensityLine(table.Nearest(y)).Real.Length;
    }

    /// <summary>log P(R > e^y).</summary>
    public DoubleDouble LogSurvival(DoubleDouble y)
    {
        if (double.IsNegativeInfinity(y.Hi)) return LogAlive;
        if (double.IsPositiveInfinity(y.Hi)) return double.NegativeInfinity;
        if (y.Hi < LogMean) return LogDifference(LogLowerDirect(y));
        Table table = TableFor(y.Hi);
        int k = Math.Max(table.Nearest(y.Hi), table.RightOfZero);
        return table.Value(k, y, table.SurvivalLine(k));
    }

    /// <summary>log P(0 &lt; R ≤ e^y).</summary>
    public DoubleDouble LogLower(DoubleDouble y)
    {
        if (double.IsNegativeInfinity(y.Hi)) return double.NegativeInfinity;
        if (double.IsPositiveInfinity(y.Hi)) return LogAlive;
        return y.Hi < LogMean ? LogLowerDirect(y) : LogDifference(LogSurvival(y));
    }

    /// <summary>log of the residue of M at a simple pole at −1: the limit of g(y) e^(−y) at −∞.</summary>
    public double LogResidueAtMinusOne() => _left.Value.LogResidueAtMinusOne();

    private DoubleDouble LogLowerDirect(DoubleDouble y)
    {
        Table table = TableFor(y.Hi);
        if (table.IsLeftTail(y.Hi)) return _left.Value.Log(y, true);
        int k = Math.Min(table.Nearest(y.Hi), table.LeftOfZero);
        return table.Value(k, y, table.SurvivalLine(k));
    }

    /// <summary>log(alive − e^x).</summary>
    private DoubleDouble LogDifference(DoubleDouble x)
    {
        double gap = x.Hi - LogAlive;
        if (gap < -40) return LogAlive - Math.Exp(gap);
        return gap >= 0 ? double.NegativeInfinity : LogAlive + DoubleDouble.Log1p(-DoubleDouble.Exp(x - LogAlive));
    }

    /// <summary>A table that reaches the saddle point of y.</summary>
    private Table TableFor(double y)
    {
        Table? table = _table;
        if (table is not null && y <= table.RightEnd) return table;
        lock (_gate)
        {
            if (table is null && !Array.Exists(_factors, f => f.Factor.HasDensity))
            {
                throw new OrthantInputException("prior", "norm", "behind orthogonal layers alone, whose law has atoms", "moments, or a layer of independent weights");
            }
            table = _table ?? new Table(this);
            while (y > table.RightEnd && !table.IsComplete) table = new Table(table);
            _table = table;
            return table;
        }
    }

    /// <summary>One vertical line: step, and M(c+ijh)·weight/M(c) for j = 0, 1, …, turned so that y = centre has phase 0.</summary>
    internal sealed class Line
    {
        public Line(double step, double centre, ReadOnlySpan<Complex> values)
        {
            Step = step;
            Centre = centre;
            int block = 4 * Vector<double>.Count;
            Real = new double[(values.Length + block - 1) / block * block];
            Imaginary = new double[Real.Length];
            for (int j = 0; j < values.Length; j++)
            {
                Complex turned = values[j] * Complex.FromPolarCoordinates(1, -j * step * centre);
                // The trapezoid rule halves its first term; the other half-line is the conjugate.
                double scale = j == 0 ? 0.5 * step / Math.PI : step / Math.PI;
                (Real[j], Imaginary[j]) = (scale * turned.Real, scale * turned.Imaginary);
            }
        }

        public double Step { get; }

        public double Centre { get; }

        public double[] Real { get; }

        public double[] Imaginary { get; }

        /// <summary>Re Σ vⱼ e^(−ijh(y−centre)), w = e^(−ih(y−centre)).</summary>
        /// <remarks>With four lanes and four accumulators a block is v₀ … v₁₅: accumulator a holds v(4a) … v(4a+3), one to a lane, and takes in
        /// block after block from the last by Horner's rule in w¹⁶, the four being independent of each other. In the end the accumulators are
        /// joined by w⁴ and the lanes by 1, w, w², w³.</remarks>
        public double Sum(double y)
        {
            int lanes = Vector<double>.Count;
            (double sin, double cos) = Math.SinCos(-Step * (y - Centre));
            Span<double> powers = stackalloc double[2 * lanes];
            (powers[0], powers[lanes]) = (1, 0);
            double re = 1, im = 0;
            for (int l = 1; l <= lanes; l++)
            {
                (re, im) = (re * cos - im * sin, re * sin + im * cos);
                if (l < lanes) (powers[l], powers[lanes + l]) = (re, im);
            }
            Vector<double> laneX = new(re), laneY = new(im);
            double twiceX = re * re - im * im, twiceY = 2 * re * im;
            Vector<double> stepX = new(twiceX * twiceX - twiceY * twiceY), stepY = new(2 * twiceX * twiceY);
            Vector<double> x0 = default, x1 = default, x2 = default, x3 = default, y0 = default, y1 = default, y2 = default, y3 = default;
            ref double real = ref MemoryMarshal.GetArrayDataReference(Real), imaginary = ref MemoryMarshal.GetArrayDataReference(Imaginary);
            for (int j = Real.Length - 4 * lanes; j >= 0; j -= 4 * lanes)
            {
                Turn(ref x0, ref y0, stepX, stepY, ref real, ref imaginary, j);
                Turn(ref x1, ref y1, stepX, stepY, ref real, ref imaginary, j + lanes);
                Turn(ref x2, ref y2, stepX, stepY, ref real, ref imaginary, j + 2 * lanes);
                Turn(ref x3, ref y3, stepX, stepY, ref real, ref imaginary, j + 3 * lanes);
            }
            (x2, y2) = (x2 + x3 * laneX - y3 * laneY, y2 + x3 * laneY + y3 * laneX);
            (x1, y1) = (x1 + x2 * laneX - y2 * laneY, y1 + x2 * laneY + y2 * laneX);
            (x0, y0) = (x0 + x1 * laneX - y1 * laneY, y0 + x1 * laneY + y1 * laneX);
            return Vector.Dot(x0, new Vector<double>(powers)) - Vector.Dot(y0, new Vector<double>(powers[lanes..]));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Turn(ref Vector<double> x, ref Vector<double> y, Vector<double> stepX, Vector<double> stepY,
            ref double real, ref double imaginary, int j)
        {
            Vector<double> a = Vector.LoadUnsafe(ref real, (nuint)j), b = Vector.LoadUnsafe(ref imaginary, (nuint)j);
            Vector<double> next = Vector.FusedMultiplyAdd(x, stepX, Vector.FusedMultiplyAdd(-y, stepY, a));
            y = Vector.FusedMultiplyAdd(x, stepY, Vector.FusedMultiplyAdd(y, stepX, b));
            x = next;
        }
    }

    /// <summary>The lines right of the first pole, and the points y between which each is nearest to the saddle.</summary>
    /// <remarks>The value at y is M(c) e^(−cy) times a sum that is smaller than its terms by e^(−v(c−c*)²/2), c* being the saddle and v the
    /// curvature of log M: lines stand so close that this stays above one half.</remarks>
    private sealed class Table
    {
        private const int Growth = 8;

        private readonly MellinLaw _law;
        private readonly double[] _c;
        private readonly DoubleDouble[] _log;
        private readonly double[] _break;
        private readonly Line?[] _density;
        private readonly Line?[] _survival;
        private readonly (double C, double Log)[] _extra;
        private readonly Lazy<double> _leftEnd;

        public Table(MellinLaw law)
        {
            _law = law;
            // The first table reaches beyond the lines next to 0, which the tail probabilities of all points near the mean need.
            List<double> lines = [law.FirstLine - 1];
            while (lines.Count < Growth || lines[^1] <= ZeroGap) lines.Add(Next(lines[^1]));
            _c = [.. lines];
            _log = [.. lines.Select(law.LogMoment)];
            int count = lines.Count;
            _extra = [.. new[] { -0.985, -0.97, -0.93, -0.88, -0.82, -0.74, -0.66 }.Select(c => (c, law.LogMoment(c).Hi))];
            (_density, _survival, _break) = (new Line?[count], new Line?[count], Breaks());
            _leftEnd = new(FindLeftEnd);
            RightOfZero = Array.FindIndex(_c, c => c >= 0.6 * ZeroGap);
            LeftOfZero = Math.Max(0, Array.FindLastIndex(_c, c => c <= -0.3 * ZeroGap));
        }

        public Table(Table smaller)
        {
            _law = smaller._law;
            int old = smaller._c.Length, count = old + Growth;
            (_c, _log, _extra) = (new double[count], new DoubleDouble[count], smaller._extra);
            (_density, _survival) = (new Line?[count], new Line?[count]);
            smaller._c.CopyTo(_c, 0);
            smaller._log.CopyTo(_log, 0);
            smaller._density.CopyTo(_density, 0);
            smaller._survival.CopyTo(_survival, 0);
            for (int k = old; k < count; k++) Place(k);
            _break = Breaks();
            (_leftEnd, RightOfZero, LeftOfZero) = (smaller._leftEnd, smaller.RightOfZero, smaller.LeftOfZero);
            // Lines of the old end were laid out for the points up to the old end only.
            _density[old - 1] = _survival[old - 1] = null;
        }

        /// <summary>How far the lines of the tail probabilities keep away from the pole of 1/s: about one standard deviation of log R, and no more
        /// than 0.9.</summary>
        private double ZeroGap => 0.9 / Math.Sqrt(Math.Max(1, _law.LogVariance));

        /// <summary>Whether a point is left of what the first line can answer.</summary>
        public bool IsLeftTail(double y) => y < _break[0] && y < _leftEnd.Value;

        public double RightEnd => _break[^1];

        /// <summary>Whether the table has come to saddle points that no double-precision point needs.</summary>
        public bool IsComplete => _c[^1] > 1e15;

        public int RightOfZero { get; }

        public int LeftOfZero { get; }

        public int Nearest(double y)
        {
            int at = _break.AsSpan().BinarySearch(y);
            return Math.Min(at < 0 ? ~at : at, _c.Length - 1);
        }

        /// <summary>log of M(c) e^(−cy) times the line's sum.</summary>
        public DoubleDouble Value(int k, DoubleDouble y, Line line)
        {
            double sum = line.Sum(y.Hi);
            DoubleDouble front = _log[k] - y * _c[k];
            return front + Math.Log(Math.Max(sum, double.Epsilon));
        }

        public Line DensityLine(int k) => Volatile.Read(ref _density[k]) ?? Publish(ref _density[k], Lay(k, false));

        /// <summary>The line with the weight 1/s right of 0 and −1/s left of it.</summary>
        public Line SurvivalLine(int k) => Volatile.Read(ref _survival[k]) ?? Publish(ref _survival[k], Lay(k, true));

        private static Line Publish(ref Line? slot, Line line) => Interlocked.CompareExchange(ref slot, line, null) ?? line;

        private void Place(int k)
        {
            _c[k] = Next(_c[k - 1]);
            _log[k] = _law.LogMoment(_c[k]);
        }

        private double Next(double c)
        {
            // The curvature of log M in log(1 + c), by differences that leave it four digits; a loss of one half between two lines.
            double h = 0.03, u = Math.Log(1 + c);
            double before = _law.LogMoment(Math.Exp(u - h) - 1).Hi, here = _law.LogMoment(c).Hi, after = _law.LogMoment(Math.Exp(u + h) - 1).Hi;
            double slope = (after - before) / (2 * h), curvature = (after - 2 * here + before) / (h * h) - slope;
            double step = Math.Clamp(2.2 / Math.Sqrt(Math.Max(curvature, 1e-3)), 0.02, 0.9);
            double next = Math.Exp(u + step) - 1;
            // The lines next to 0 are those of the tail probabilities: neither too near nor far.
            double gap = ZeroGap;
            return c < -0.3 * gap && next > -0.3 * gap ? (c < -0.45 * gap ? -0.4 * gap : 0.8 * gap) : next;
        }

        /// <summary>The point where the first line's cancellation reaches its bound.</summary>
        private double FindLeftEnd()
        {
            // A weak pole hardly holds the law up: bounds by lines right of the pole alone would not show what cancels.
            LeftTail left = _law._left.Value;
            double y = _break[0];
            while (y > -60 && _log[0].Hi - _c[0] * y - Math.Min(LogBound(y, false, false), left.LogBound(y)) < Loss)
            {
                y -= 0.1;
            }
            return y;
        }

        private double[] Breaks()
        {
            double[] breaks = new double[_c.Length - 1];
            for (int k = 0; k < breaks.Length; k++) breaks[k] = ((_log[k + 1] - _log[k]) / (_c[k + 1] - _c[k])).Hi;
            return breaks;
        }

        private Line Lay(int k, bool weighted)
        {
            double c = _c[k], log = _log[k].Hi;
            double first = k == 0 ? _leftEnd.Value : _break[k - 1], last = k < _break.Length ? _break[k] : 2 * _break[^1] - _break[^2];
            if (weighted)
            {
                // The forced lines next to 0 serve all points between them.
                if (k == RightOfZero) first = Math.Min(first, _law.LogMean - 0.5);
                if (k == LeftOfZero) last = Math.Max(last, _law.LogMean + 0.5);
            }
            double period = Period(c, log, first, last, weighted);
            double step = 2 * Math.PI / period, centre = 0.5 * (first + last);
            List<Complex> values = [];
            const int chunk = 32;
            double[] t = new double[chunk];
            Complex[] logs = new Complex[chunk];
            double reference = 0;
            for (int start = 0; start < 100_000; start += chunk)
            {
                for (int j = 0; j < chunk; j++) t[j] = (start + j) * step;
                _law.Log(c, t, logs);
                if (start == 0) reference = logs[0].Real;
                double largest = 0;
                for (int j = 0; j < chunk; j++)
                {
                    Complex value = Complex.Exp(logs[j] - reference);
                    if (weighted) value /= Math.Sign(c) * new Complex(c, t[j]);
                    values.Add(value);
                    if (j >= chunk - 4) largest = Math.Max(largest, Complex.Abs(value));
                }
                if (largest < 1e-18 * Complex.Abs(values[0])) break;
            }
            int count = values.FindLastIndex(v => Complex.Abs(v) > 1e-18 * Complex.Abs(values[0])) + 1;
            return new Line(step, centre, CollectionsMarshal.AsSpan(values)[..Math.Max(1, count)]);
        }

        /// <summary>The smallest period 2π/h whose nearest aliases are negligible at both ends of the line's points, by Chernoff's bound.</summary>
        private double Period(double c, double log, double first, double last, bool weighted)
        {
            double period = weighted ? Math.Max(0.5, -Negligible / Math.Abs(c)) : 0.5;
            while (period < 5000)
            {
                // The alias from the left weighs most at the last point, that from the right at the first.
                double left = LogBound(last - period, weighted && c > 0, weighted && c < 0) - c * period - (log - c * last);
                double right = LogBound(first + period, weighted && c > 0, weighted && c < 0) + c * period - (log - c * first);
                if (left < Negligible && right < Negligible) break;
                period *= 1.06;
            }
            return period;
        }

        /// <summary>log of min over tabulated c of M(c) e^(−cy), restricted to one side of 0 for tail probabilities.</summary>
        private double LogBound(double y, bool positive, bool negative)
        {
            double best = positive || negative ? _law.LogAlive : double.PositiveInfinity;
            foreach ((double c, double log) in _extra)
            {
                if (!positive) best = Math.Min(best, log - c * y);
            }
            for (int k = 0; k < _c.Length; k++)
            {
                if ((positive && _c[k] <= 0) || (negative && _c[k] >= 0)) continue;
                best = Math.Min(best, _log[k].Hi - _c[k] * y);
            }
            return best;
        }
    }
}
