using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>Finds the kinks of the function along a line by predicting each from two slopes, and checking the prediction.</summary>
/// <remarks>
/// <para>On a segment [a, b] the slopes at both ends give the one kink at which the two lines meet. It is believed when the function has the predicted value
/// there and at four probes on both sides; otherwise the segment is halved. Two traps are guarded: a kink inside an end probe's interval makes the lines meet
/// exactly at the probe (so the kink has to keep 1.01 probe lengths away from the ends), and two kinks of opposite jumps meet outside their bracket (so probes
/// lie at 1/2 and at 1/1000 of the distance).</para>
/// <code>
/// a   a+d        tl tl'  t*  tr' tr          b-d   b
/// |----|----------x---x---^---x---x-----------|----|
/// </code>
/// </remarks>
internal sealed class LineSweep
{
    private readonly QueryMeter meter;
    private readonly double[] origin;
    private readonly double[] direction;
    private readonly double offset;
    private readonly Dictionary<double, double[]> values = [];

    private LineSweep(QueryMeter meter, double[] origin, double[] direction)
    {
        this.meter = meter;
        this.origin = origin;
        this.direction = direction;
        offset = TensorPrimitives.Norm<double>(origin);
    }

    /// <summary>The kinks on origin + t·direction for t in [from, to], ascending.</summary>
    public static List<double> Kinks(QueryMeter meter, double[] origin, double[] direction, double from, double to)
    {
        LineSweep sweep = new(meter, origin, direction);
        List<double> found = [];
        Stack<(double A, double B)> open = new([(from, to)]);
        while (open.TryPop(out (double A, double B) s))
        {
            if (sweep.Inspect(s.A, s.B) is not double[] kink)
            {
                double middle = (s.A + s.B) / 2;
                open.Push((middle, s.B));
                open.Push((s.A, middle));
            }
            else if (kink.Length > 0)
            {
                found.Add(kink[0]);
            }
        }
        found.Sort();
        return found;
    }

    /// <summary>Nothing where the function is linear or the segment too short to tell, the kink where there is one, null where the segment has to be halved.</summary>
    private double[]? Inspect(double a, double b)
    {
        double length = b - a, m = (a + b) / 2, d = length / 16;
        Ask(a, b, m, a + d, b - d);
        double[] fa = values[a], fb = values[b], fm = values[m], ga = values[a + d], gb = values[b - d];
        double noise = Math.Max(Noise(a, fa), Math.Max(Noise(b, fb), Noise(m, fm)));
        // Unit is a fifth of a standard deviation of coarse answers: these are ten of them, where doubles can afford thousands.
        double slack = meter.IsCoarse ? 4 : 32;
        bool linear = true;
        int k = 0;
        double widest = -1;
        for (int i = 0; i < fa.Length; i++)
        {
            double gap = Math.Abs(((ga[i] - fa[i]) - (fb[i] - gb[i])) / d);
            if (gap > widest) (widest, k) = (gap, i);
            if (!(Math.Abs(fa[i] + fb[i] - (2 * fm[i])) < 4 * noise) || !(gap * d < 8 * noise)) linear = false;
        }
        if (linear || length < 1e-9 * Math.Max(1, Math.Abs(a))) return [];
        double left = (ga[k] - fa[k]) / d, right = (fb[k] - gb[k]) / d;
        if (!(widest * d > 8 * noise)) return null;
        double t = a + ((fb[k] - fa[k] - (length * right)) / (left - right));
        if (!(t > a + (1.01 * d)) || !(t < b - (1.01 * d))) return null;
        double nearLeft = t - (1e-3 * (t - a - d)), nearRight = t + (1e-3 * (b - d - t)), halfLeft = t - (0.5 * (t - a - d)), halfRight = t + (0.5 * (b - d - t));
        Ask(t);
        if (!OnLine(t, a, fa, ga, d, slack * noise * (1 + ((t - a) / d)))) return null;
        double tolerance = slack * noise * (1 + (length / d));
        foreach ((double l, double r) in (ReadOnlySpan<(double, double)>)[(halfLeft, halfRight), (nearLeft, nearRight)])
        {
            Ask(l, r);
            if (!OnLine(l, a, fa, ga, d, tolerance) || !OnLine(r, b, fb, gb, -d, tolerance)) return null;
        }
        double s1 = (values[halfLeft][k] - fa[k]) / (halfLeft - a), s2 = (fb[k] - values[halfRight][k]) / (b - halfRight);
        double sharper = a + ((fb[k] - fa[k] - (length * s2)) / (s1 - s2));
        if (!(sharper > halfLeft && sharper < halfRight)) return [t];
        return length > 1e-7 * Math.Max(1, Math.Abs(t)) && AreTwo(k, sharper, nearLeft, s1, nearRight, s2) ? null : [sharper];
    }

    /// <summary>Whether the corner is cut off: two kinks so near to each other that the ends of the segment take them for one. The slopes are known well, and over the short way from the
    /// nearest probes they err by less than rounding.</summary>
    private bool AreTwo(int k, double t, double left, double leftSlope, double right, double rightSlope)
    {
        if (meter.IsCoarse) return false;
        Ask(t);
        double[] f = values[t];
        double gap = Math.Min(Math.Abs(values[left][k] + (leftSlope * (t - left)) - f[k]), Math.Abs(values[right][k] + (rightSlope * (t - right)) - f[k]));
        return gap > 32 * (Noise(t, f) + (64 * 2.2e-16 * offset));
    }

    /// <summary>Whether all outputs at t lie on the line through f(e) and f(e + d).</summary>
    private bool OnLine(double t, double e, double[] fe, double[] fd, double d, double tolerance)
    {
        double[] f = values[t];
        for (int i = 0; i < f.Length; i++)
        {
            if (!(Math.Abs(f[i] - (fe[i] + ((fd[i] - fe[i]) / d * (t - e)))) < tolerance)) return false;
        }
        return true;
    }

    private double Noise(double t, double[] f) =>
        meter.IsCoarse ? 16 * (meter.Noise(f) + (meter.Growth * (Math.Abs(t) + offset))) : 64 * (meter.Noise(f) + (2.2e-16 * Math.Abs(t)));

    private void Ask(params ReadOnlySpan<double> ts)
    {
        Span<double> missing = stackalloc double[ts.Length];
        int count = 0;
        foreach (double t in ts)
        {
            if (!values.ContainsKey(t) && !missing[..count].Contains(t)) missing[count++] = t;
        }
        if (count == 0) return;
        double[] x = new double[count * origin.Length];
        for (int i = 0; i < count; i++) TensorPrimitives.MultiplyAdd(direction, missing[i], origin, x.AsSpan(i * origin.Length, origin.Length));
        double[] y = meter.Ask(count, x);
        for (int i = 0; i < count; i++) values[missing[i]] = y.AsSpan(i * meter.Outputs, meter.Outputs).ToArray();
    }
}
