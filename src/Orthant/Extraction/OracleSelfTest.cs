using System.Collections.Immutable;
using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>What the self-test says of an oracle.</summary>
/// <param name="Unit">The size of one rounding of its answers where these are about 1.</param>
/// <param name="Growth">By how much the rounding grows with the answer: as <paramref name="Unit"/> for floating point, 2⁻⁵² for decimals and added noise.</param>
/// <param name="Form">What has been done to the outputs.</param>
/// <param name="Reach">The largest size of an input at which the answers can be undone; infinite for all but probabilities.</param>
/// <param name="Notes">What is unusual, a sentence each.</param>
/// <param name="Probe">One of the first questions, to be asked again later: one function has one answer.</param>
/// <param name="ProbeAnswer">Its answer, undone.</param>
internal sealed record OracleCharacter(double Unit, double Growth, PostProcessing Form, double Reach, ImmutableArray<string> Notes, double[] Probe, double[] ProbeAnswer);

/// <summary>A few rows that tell what kind of answers an oracle gives, before any conclusion rests on them.</summary>
internal static class OracleSelfTest
{
    /// <summary>The unit of exact doubles.</summary>
    public const double DoubleUnit = 2.220446049250313e-16;

    /// <summary>The typical second difference of errors that are uniform in ±1/2.</summary>
    private const double UniformSecond = 0.9;

    /// <summary>Asks, and leaves the meter set to what was found.</summary>
    /// <param name="meter">The oracle.</param>
    /// <param name="random">Where rows come from.</param>
    /// <param name="extra">The same for the rows that only unusual oracles need.</param>
    /// <param name="domain">Where it may be asked.</param>
    public static OracleCharacter Run(QueryMeter meter, RandomStream random, RandomStream extra, SearchDomain domain)
    {
        const int Points = 6;
        int d = meter.Inputs, m = meter.Outputs;
        // Remote oracles ask for zeros to learn the number of outputs, and remember the answer.
        double[] origin = new double[d];
        if (domain.Contains(origin)) meter.Ask(origin);
        double[][] points = [.. Enumerable.Range(0, Points).Select(_ => domain.Point(random, 1))];
        double[] x = [.. points.SelectMany(p => p)];
        double[] first = meter.Ask(Points, x);
        PostProcessing form = AnswerForm.Guess(m, first);
        (string? kind, double quantum, bool isRelative) = Kind(first);
        meter.Form = form;
        AnswerForm.Undo(form, m, first);
        double reach = form == PostProcessing.Softmax && !domain.IsBounded ? Reach(meter, extra, kind is null) : double.PositiveInfinity;
        // Alone and in a batch, and twice: one function has one answer.
        double spread = 0;
        for (int i = 0; i < Points; i++)
        {
            double[] alone = meter.Ask(points[i]);
            for (int k = 0; k < m; k++) spread = Math.Max(spread, Math.Abs(alone[k] - first[(i * m) + k]) / (1 + Math.Abs(alone[k])));
        }
        double noise = Noise(meter, random, domain, points, 1e-7, 0.8);
        // Coarse answers do not change at all over a short stretch: longer ones show the grain. Half of the stretches are without a kink.
        foreach (double step in (ReadOnlySpan<double>)[1e-5, 1e-3]) noise = Math.Max(noise, Noise(meter, extra, domain, points, step, 0.5));
        if (kind is not null) noise = Math.Max(noise, UniformSecond * quantum * (form == PostProcessing.Softmax ? m : 1));
        double unit = Math.Max(DoubleUnit, Math.Max(noise / 16, spread / 16));
        if (unit < 8 * DoubleUnit) unit = DoubleUnit;
        double growth = unit;
        if (unit > DoubleUnit && !domain.IsBounded && double.IsInfinity(reach))
        {
            double[][] far = [.. points.Select(p => (double[])[.. p.Select(v => 100 * v)])];
            double there = Noise(meter, extra, domain, far, 1e-5, 0.8) / 16;
            // Inputs and activations that are rounded err with their own size, which may be more than that of the answers.
            growth = isRelative ? Math.Clamp(there, unit, 30 * unit) : Math.Clamp(there, DoubleUnit, unit);
        }
        List<string> notes = [];
        if (form != PostProcessing.Raw) notes.Add($"the answers are {(form == PostProcessing.Softmax ? "probabilities (softmax)" : "logarithms of probabilities (log-softmax)")}: the network is recovered up to a shift shared by its outputs");
        if (double.IsFinite(reach)) notes.Add($"probabilities vanish farther out: only inputs up to {reach:G3} in every coordinate are asked");
        if (spread > 64 * DoubleUnit) notes.Add($"the same question has different answers, by up to {spread:G2} of their size");
        if (unit > DoubleUnit) notes.Add($"the answers{(kind is null ? "" : $" are {kind} and")} carry noise or rounding of about {16 * unit:G2}: precision is limited to what that allows");
        meter.Unit = unit;
        meter.Growth = growth;
        return new OracleCharacter(unit, growth, form, reach, [.. notes], points[0], first[..m]);
    }

    /// <summary>Whether answers look like numbers of fewer digits: what they are, how coarse, and whether relative to their size.</summary>
    private static (string? Kind, double Quantum, bool IsRelative) Kind(double[] answers)
    {
        if (answers.Distinct().Count() < 2) return (null, 0, true);
        for (int digits = 0; digits <= 10; digits++)
        {
            double scale = Math.Pow(10, digits);
            if (answers.All(y => Math.Abs((y * scale) - Math.Round(y * scale)) <= 4e-16 * Math.Abs(y * scale))) return ($"rounded to {digits} decimals", 1 / scale, false);
        }
        if (answers.All(y => (double)(Half)y == y)) return ("float16", Math.ScaleB(1, -11), true);
        return answers.All(y => (double)(float)y == y) ? ("float32", Math.ScaleB(1, -24), true) : (null, 0, true);
    }

    /// <summary>Up to which size of inputs no probability comes near the smallest number.</summary>
    private static double Reach(QueryMeter meter, RandomStream random, bool isDouble)
    {
        // Differences of logits up to 600 leave doubles their full precision, up to 60 those of single precision.
        double most = isDouble ? 600 : 60;
        int d = meter.Inputs;
        double[] x = new double[16 * d];
        for (double reach = 32; reach > 1; reach /= 2)
        {
            for (int i = 0; i < x.Length; i++) x[i] = (random.NextUInt32() & 1) == 0 ? reach : -reach;
            double[] z = meter.AskUnchecked(16, x);
            if (z.All(double.IsFinite) && QueryMeter.Largest(z) < 0.5 * most) return reach;
        }
        return 1;
    }

    /// <summary>The typical second difference on stretches so short that a smooth answer has none, relative to 1 + |answer|.</summary>
    private static double Noise(QueryMeter meter, RandomStream random, SearchDomain domain, double[][] points, double step, double quantile)
    {
        int d = meter.Inputs, m = meter.Outputs;
        List<double> sizes = [];
        foreach (double[] p in points)
        {
            double[] u = domain.Direction(random), rows = new double[5 * d];
            double length = step * domain.Size;
            for (int i = 0; i < 5; i++) TensorPrimitives.MultiplyAdd(u, (i - 2) * length * (domain.Room(p, u) > 2 * length ? 1 : 0.1), p, rows.AsSpan(i * d, d));
            double[] f = meter.Ask(5, rows);
            for (int i = 1; i < 4; i++)
            {
                for (int k = 0; k < m; k++)
                {
                    double second = f[((i - 1) * m) + k] + f[((i + 1) * m) + k] - (2 * f[(i * m) + k]);
                    sizes.Add(Math.Abs(second) / (1 + Math.Abs(f[(i * m) + k])));
                }
            }
        }
        sizes.Sort();
        return sizes[(int)(quantile * (sizes.Count - 1))];
    }
}
