using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>How far a network is from its spline, in exact arithmetic and as it is computed.</summary>
/// <param name="Representation">max |network - spline| on the domain, weights as they are, in real arithmetic; a certified bound.</param>
/// <param name="Rounding">A certified bound of what evaluation in the network's own type adds, in any order of summation, at any input of that
/// type.</param>
/// <param name="IsExact">Whether the first was found in exact arithmetic at the network's own knots, otherwise in intervals.</param>
public sealed record NetworkErrors(double Representation, double Rounding, bool IsExact)
{
    /// <summary>What file and spline differ by at most when the file is run.</summary>
    public double Total => ((Interval)Representation + Rounding).Upper;

    /// <summary>Bounds both errors of a compiled spline.</summary>
    /// <param name="compiled">The network with its spline; its weights are of the type that it names.</param>
    public static NetworkErrors Of(CompiledSpline compiled)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        return Of(compiled.Network, compiled.Spline);
    }

    /// <summary>Bounds both errors.</summary>
    /// <param name="network">One input, one output, affine layers with ReLUs.</param>
    /// <param name="spline">What it stands for.</param>
    public static NetworkErrors Of(ReluNetwork network, LinearSpline spline) => new NetworkComparison(network, spline).Bound();
}

/// <summary>Compares a network with a spline piece by piece.</summary>
/// <remarks>Between two points at which every neuron has the same sign the network is affine: the first layer's preactivations are affine and
/// keep their signs, hence the second layer's are affine, and so on. There the difference to the spline is largest at an end. What is left are
/// slivers around knots, a few units in the last place wide, on which intervals bound everything.</remarks>
internal sealed class NetworkComparison
{
    private const long MostExactOperations = 400_000;
    private readonly (int[] Columns, double[] Values)[][] rows;
    private readonly double[][] biases;
    private readonly LinearSpline spline;
    private readonly double unit;
    private readonly bool exact;
    private readonly double[] points;
    private readonly double sliver;
    private double representation;
    private double rounding;

    public NetworkComparison(ReluNetwork network, LinearSpline spline)
    {
        this.spline = spline;
        unit = network.ElementType == ElementType.Float32 ? 5.9604644775390625e-08 : 1.1102230246251565e-16;
        AffineLayer[] layers = [.. network.Layers.Cast<AffineLayer>()];
        rows = Array.ConvertAll(layers, l => Enumerable.Range(0, l.Outputs).Select(i => Nonzero(l.Linear.Row(i))).ToArray());
        biases = Array.ConvertAll(layers, l => l.Bias.ToArray());
        double scale = Math.Max(Math.Abs(spline.Knots[0]), Math.Abs(spline.Knots[^1]));
        sliver = 8 * unit * scale;
        SortedSet<double> all = [spline.Knots[0], spline.Knots[^1]];
        foreach (double t in spline.Knots)
        {
            foreach (double p in (ReadOnlySpan<double>)[t - (0.5 * sliver), t, t + (0.5 * sliver)])
            {
                if (p > spline.Knots[0] && p < spline.Knots[^1]) all.Add(p);
            }
        }
        points = [.. all];
        long operations = points.Length * rows.Sum(l => l.Sum(r => (long)r.Columns.Length));
        exact = operations <= MostExactOperations;
    }

    private static (int[] Columns, double[] Values) Nonzero(SparseRow row)
    {
        List<int> columns = [];
        List<double> values = [];
        for (int k = 0; k < row.Count; k++)
        {
            if (row.Values[k] == 0) continue;
            columns.Add(row.Columns[k]);
            values.Add(row.Values[k]);
        }
        return ([.. columns], [.. values]);
    }

    public NetworkErrors Bound()
    {
        State left = At(points[0]);
        Note(left);
        for (int i = 1; i < points.Length; i++)
        {
            State right = At(points[i]);
            Note(right);
            Between(left, right, 0);
            left = right;
        }
        return new NetworkErrors(representation, rounding, exact);
    }

    private void Note(State state) => representation = Math.Max(representation, state.Difference);

    private void Between(State left, State right, int depth)
    {
        if (SameSigns(left, right))
        {
            rounding = Math.Max(rounding, RoundingBound(left, right));
            return;
        }
        double middle = left.X + (0.5 * (right.X - left.X));
        if (right.X - left.X > 2 * sliver && depth < 60 && middle > left.X && middle < right.X)
        {
            State at = At(middle);
            Note(at);
            Between(left, at, depth + 1);
            Between(at, right, depth + 1);
            return;
        }
        Sliver(left.X, right.X);
    }

    private static bool SameSigns(State left, State right)
    {
        for (int l = 0; l < left.Signs.Length; l++)
        {
            sbyte[] a = left.Signs[l], b = right.Signs[l];
            for (int i = 0; i < a.Length; i++)
            {
                if (a[i] * b[i] < 0 || a[i] == Unknown || b[i] == Unknown) return false;
            }
        }
        return true;
    }

    private const sbyte Unknown = 2;

    /// <summary>Signs of all hidden neurons, enclosures of what they return, and the distance to the spline.</summary>
    private sealed record State(double X, sbyte[][] Signs, Interval[][] Values, double Difference);

    private State At(double x) => exact ? ExactAt(x) : IntervalAt(x);

    private State IntervalAt(double x)
    {
        sbyte[][] signs = new sbyte[rows.Length - 1][];
        Interval[][] values = new Interval[rows.Length][];
        Interval[] z = [x];
        for (int l = 0; l < rows.Length; l++)
        {
            Interval[] next = Layer(l, z);
            values[l] = next;
            if (l == rows.Length - 1) break;
            signs[l] = Array.ConvertAll(next, v => v.Lower >= 0 ? (sbyte)1 : v.Upper <= 0 ? (sbyte)(v.IsPoint && v.Upper == 0 ? 0 : -1) : Unknown);
            for (int i = 0; i < next.Length; i++) next[i] = Interval.Max(next[i], 0);
            z = next;
        }
        return new State(x, signs, values, (values[^1][0] - spline.EnclosureAt(x)).Magnitude);
    }

    private Interval[] Layer(int l, Interval[] z)
    {
        Interval[] next = new Interval[rows[l].Length];
        for (int i = 0; i < next.Length; i++)
        {
            Interval sum = biases[l][i];
            (int[] columns, double[] weights) = rows[l][i];
            for (int k = 0; k < columns.Length; k++) sum = weights[k] == 1 ? sum + z[columns[k]] : sum + (weights[k] * z[columns[k]]);
            next[i] = sum;
        }
        return next;
    }

    private State ExactAt(double x)
    {
        sbyte[][] signs = new sbyte[rows.Length - 1][];
        Interval[][] values = new Interval[rows.Length][];
        Dyadic[] z = [Dyadic.Of(x)];
        for (int l = 0; l < rows.Length; l++)
        {
            Dyadic[] next = new Dyadic[rows[l].Length];
            for (int i = 0; i < next.Length; i++)
            {
                Dyadic sum = Dyadic.Of(biases[l][i]);
                (int[] columns, double[] weights) = rows[l][i];
                for (int k = 0; k < columns.Length; k++)
                {
                    if (!z[columns[k]].IsZero) sum += Dyadic.Of(weights[k]) * z[columns[k]];
                }
                next[i] = sum;
            }
            if (l < rows.Length - 1)
            {
                signs[l] = Array.ConvertAll(next, v => (sbyte)v.Sign);
                for (int i = 0; i < next.Length; i++)
                {
                    if (next[i].Sign < 0) next[i] = default;
                }
            }
            values[l] = Array.ConvertAll(next, v => v.Enclosure);
            z = next;
        }
        Rational difference = Rational.Abs(z[0].ToRational() - ExactSpline(x));
        return new State(x, signs, values, difference.IsZero ? 0 : Interval.FromRational(difference).Upper);
    }

    private Rational ExactSpline(double x)
    {
        int i = spline.Piece(x);
        if (x == spline.Knots[i]) return Rational.FromDouble(spline.Values[i]);
        if (x == spline.Knots[i + 1]) return Rational.FromDouble(spline.Values[i + 1]);
        Rational from = Rational.FromDouble(spline.Knots[i]), y = Rational.FromDouble(spline.Values[i]);
        return y + ((Rational.FromDouble(spline.Values[i + 1]) - y) * (Rational.FromDouble(x) - from) / (Rational.FromDouble(spline.Knots[i + 1]) - from));
    }

    /// <summary>Standard running error analysis on an affine piece, with the magnitudes of its ends.</summary>
    private double RoundingBound(State left, State right) =>
        Propagate((l, i) => Math.Max(left.Values[l][i].Magnitude, right.Values[l][i].Magnitude), Math.Max(Math.Abs(left.X), Math.Abs(right.X)));

    private double Propagate(Func<int, int, double> magnitude, double input)
    {
        double[] error = [0];
        Func<int, double> size = _ => input;
        for (int l = 0; l < rows.Length; l++)
        {
            double[] next = new double[rows[l].Length];
            for (int i = 0; i < next.Length; i++)
            {
                (int[] columns, double[] weights) = rows[l][i];
                double inherited = 0, total = Math.Abs(biases[l][i]);
                int terms = (biases[l][i] == 0 ? 0 : 1) + columns.Length;
                bool rounds = terms > 1;
                int live = biases[l][i] == 0 ? 0 : 1;
                for (int k = 0; k < columns.Length; k++)
                {
                    double w = Math.Abs(weights[k]), z = size(columns[k]) + error[columns[k]];
                    inherited += w * error[columns[k]];
                    if (z == 0) continue;
                    live++;
                    total += w * z;
                    rounds |= !IsPowerOfTwo(w);
                }
                // A sum of k live terms rounds each product once and at most k - 1 times on the way; zeros add exactly.
                double gamma = !rounds || live == 0 ? 0 : live * unit / (1 - (live * unit));
                next[i] = (inherited + (gamma * total)) * (1 + 1e-12);
            }
            int layer = l;
            (error, size) = (next, k => magnitude(layer, k));
        }
        // What lies below the normal range may be lost with each operation; it is far below everything else.
        return error[0];
    }

    private static bool IsPowerOfTwo(double w) => w != 0 && (BitConverter.DoubleToInt64Bits(w) & 0xFFFFFFFFFFFFF) == 0;

    private void Sliver(double from, double to)
    {
        Interval x = new(from, to);
        Interval[][] values = new Interval[rows.Length][];
        Interval[] z = [x];
        for (int l = 0; l < rows.Length; l++)
        {
            z = Layer(l, z);
            if (l < rows.Length - 1)
            {
                for (int i = 0; i < z.Length; i++) z[i] = Interval.Max(z[i], 0);
            }
            values[l] = z;
        }
        Interval along = Interval.Hull(spline.EnclosureAt(from), spline.EnclosureAt(to));
        representation = Math.Max(representation, (z[0] - along).Magnitude);
        rounding = Math.Max(rounding, Propagate((l, i) => values[l][i].Magnitude, x.Magnitude));
    }
}

/// <summary>A whole number times a power of two, exactly: sums and products of doubles without common divisors to look for.</summary>
internal readonly struct Dyadic(System.Numerics.BigInteger mantissa, int exponent)
{
    private readonly System.Numerics.BigInteger mantissa = mantissa;
    private readonly int exponent = exponent;

    public int Sign => mantissa.Sign;

    public bool IsZero => mantissa.IsZero;

    public Interval Enclosure => IsZero ? 0 : Interval.FromRational(ToRational());

    public static Dyadic Of(double value)
    {
        if (value == 0) return default;
        long bits = BitConverter.DoubleToInt64Bits(value), m = bits & 0xFFFFFFFFFFFFF;
        int e = (int)((bits >> 52) & 0x7FF);
        if (e == 0) e = 1;
        else m |= 1L << 52;
        int zeros = System.Numerics.BitOperations.TrailingZeroCount(m);
        return new Dyadic(value < 0 ? -(m >> zeros) : m >> zeros, e - 1075 + zeros);
    }

    public static Dyadic operator +(Dyadic left, Dyadic right)
    {
        if (left.IsZero) return right;
        if (right.IsZero) return left;
        return left.exponent >= right.exponent
            ? new Dyadic((left.mantissa << (left.exponent - right.exponent)) + right.mantissa, right.exponent)
            : new Dyadic(left.mantissa + (right.mantissa << (right.exponent - left.exponent)), left.exponent);
    }

    public static Dyadic operator *(Dyadic left, Dyadic right) => new(left.mantissa * right.mantissa, left.exponent + right.exponent);

    public Rational ToRational() => exponent >= 0
        ? new Rational(mantissa << exponent)
        : new Rational(mantissa, System.Numerics.BigInteger.One << -exponent);
}
