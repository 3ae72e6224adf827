using System.Runtime.CompilerServices;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Runs a sequence forward: in rationals, in intervals rounded outward, in doubles.</summary>
internal static class SequencePass
{
    // Enclosures of a map's entries are made once: a tail applies the same map at every depth.
    private static readonly ConditionalWeakTable<AffineMap, Interval[][]> Enclosures = [];
    private static readonly ConditionalWeakTable<AffineMap, double[][]> Doubles = [];

    public static Rational[]? ExactStart(LayerSequence s)
    {
        if (!s.Activation.IsPiecewiseLinear && (s.First is not null || !s.Prefix.IsEmpty)) return null;
        Rational[] x = [.. s.InputBox.Select(b => b.Lower)];
        if (s.First is not null) x = Activate(s, Apply(s.First, x));
        foreach (AffineMap map in s.Prefix) x = Activate(s, Apply(map, x));
        return x;
    }

    public static Rational[]? ExactStep(LayerSequence s, int n, Rational[] x)
    {
        if (!s.Activation.IsPiecewiseLinear) return null;
        switch (s.Tail)
        {
            case TiedTail t:
                return Activate(s, Apply(t.Layer, x));
            case StepTail t when t.Sizes.Exact(n) is Rational h:
                return Activate(s, Add(x, h, Apply(t.Direction, x)));
            case ResidualTail t when t.Sizes.Exact(n) is Rational h && t.Branch.All(l => l.Activation.IsPiecewiseLinear):
                Rational[] y = x;
                foreach ((AffineMap map, SequenceActivation a) in t.Branch) y = [.. Apply(map, y).Select(a.Evaluate)];
                return Activate(s, Add(x, h, y));
            case ConvolutionTail t when t.Sizes.Exact(n) is Rational q:
                Rational[] wide = new Rational[x.Length + t.Mask.Length - 1];
                x.CopyTo(wide, 0);
                for (int i = 0; i < x.Length; i++)
                {
                    for (int j = 0; j < t.Mask.Length; j++) wide[i + j] += q * t.Mask[j] * x[i];
                }
                wide[0] += q * t.FirstBias;
                return Activate(s, wide);
            case RuleTail t:
                return Activate(s, Apply(t.Layer(n), x));
            default:
                return null;
        }
    }

    public static Interval[] Start(LayerSequence s)
    {
        Interval[] x = [.. s.InputBox.Select(b => Interval.Hull(Interval.FromRational(b.Lower), Interval.FromRational(b.Upper)))];
        if (s.First is not null) x = Activate(s, Apply(s.First, x));
        foreach (AffineMap map in s.Prefix) x = Activate(s, Apply(map, x));
        return x;
    }

    /// <exception cref="InvalidOperationException">Only bounds of the tail are known.</exception>
    public static Interval[] Step(LayerSequence s, int n, Interval[] x)
    {
        switch (s.Tail)
        {
            case TiedTail t:
                return Activate(s, Apply(t.Layer, x));
            case StepTail t:
                return Activate(s, Add(x, t.Sizes.At(n), Apply(t.Direction, x)));
            case ResidualTail t:
                Interval[] y = x;
                foreach ((AffineMap map, SequenceActivation a) in t.Branch) y = [.. Apply(map, y).Select(a.Evaluate)];
                return Activate(s, Add(x, t.Sizes.At(n), y));
            case ConvolutionTail t:
                Interval q = t.Sizes.At(n);
                Interval[] wide = new Interval[x.Length + t.Mask.Length - 1], mask = [.. t.Mask.Select(Interval.FromRational)];
                x.CopyTo(wide, 0);
                for (int i = 0; i < x.Length; i++)
                {
                    for (int j = 0; j < mask.Length; j++) wide[i + j] += q * mask[j] * x[i];
                }
                wide[0] += q * Interval.FromRational(t.FirstBias);
                return Activate(s, wide);
            case RuleTail t:
                return Activate(s, Apply(t.Layer(n), x));
            default:
                throw new InvalidOperationException("Only bounds of this tail are known.");
        }
    }

    public static double[] Step(AffineMap map, SequenceActivation activation, double[] x)
    {
        double[][] w = Doubles.GetValue(map, m => [.. m.Weights.Select((r, i) => r.Append(m.Bias[i]).Select(e => e.ToDouble()).ToArray())]);
        double[] y = new double[w.Length];
        for (int i = 0; i < y.Length; i++)
        {
            double sum = w[i][^1];
            for (int j = 0; j < x.Length; j++) sum += w[i][j] * x[j];
            y[i] = activation.Evaluate(sum);
        }
        return y;
    }

    public static Rational[] Apply(AffineMap map, Rational[] x)
    {
        Rational[] y = new Rational[map.Outputs];
        for (int i = 0; i < y.Length; i++) y[i] = ExactVector.Dot(map.Weights[i], x) + map.Bias[i];
        return y;
    }

    public static Interval[] Apply(AffineMap map, Interval[] x)
    {
        Interval[][] rows = Enclosures.GetValue(map, m => [.. m.Weights.Select((r, i) => r.Append(m.Bias[i]).Select(Interval.FromRational).ToArray())]);
        Interval[] y = new Interval[rows.Length];
        for (int i = 0; i < y.Length; i++)
        {
            Interval[] row = rows[i];
            Interval sum = row[^1];
            for (int j = 0; j < x.Length; j++) sum += row[j] * x[j];
            y[i] = sum;
        }
        return y;
    }

    private static Rational[] Activate(LayerSequence s, Rational[] z) => Array.ConvertAll(z, s.Activation.Evaluate);

    private static Interval[] Activate(LayerSequence s, Interval[] z) => Array.ConvertAll(z, s.Activation.Evaluate);

    private static Rational[] Add(Rational[] x, Rational h, Rational[] d) => [.. x.Select((e, i) => e + h * d[i])];

    private static Interval[] Add(Interval[] x, Interval h, Interval[] d) => [.. x.Select((e, i) => e + h * d[i])];
}

/// <summary>Arithmetic on vectors and square matrices of rationals, rows as arrays.</summary>
internal static class ExactVector
{
    public static Rational Dot(Rational[] a, Rational[] b)
    {
        Rational sum = 0;
        for (int j = 0; j < a.Length; j++)
        {
            if (!a[j].IsZero && !b[j].IsZero) sum += a[j] * b[j];
        }
        return sum;
    }

    public static Rational[] Apply(Rational[][] a, Rational[] x) => [.. a.Select(row => Dot(row, x))];

    public static double[,] ToDoubles(Rational[][] a)
    {
        double[,] d = new double[a.Length, a[0].Length];
        for (int i = 0; i < a.Length; i++)
        {
            for (int j = 0; j < a[0].Length; j++) d[i, j] = a[i][j].ToDouble();
        }
        return d;
    }

    public static RationalMatrix ToMatrix(Rational[][] a)
    {
        Rational[,] d = new Rational[a.Length, a[0].Length];
        for (int i = 0; i < a.Length; i++)
        {
            for (int j = 0; j < a[0].Length; j++) d[i, j] = a[i][j];
        }
        return new RationalMatrix(d);
    }

    /// <summary>An upper bound of a norm of an exact matrix: of its doubles, which err by at most 2⁻⁵³ of each entry.</summary>
    public static double Norm(VectorNorm norm, Rational[][] a)
    {
        if (norm.Weights.IsEmpty && norm.Name == "linf") return Interval.FromRational(a.Max(Sum)).Upper;
        if (norm.Weights.IsEmpty && norm.Name == "l1") return Interval.FromRational(Enumerable.Range(0, a[0].Length).Max(j => Sum(a.Select(r => r[j])))).Upper;
        double[,] d = ToDoubles(a);
        return (norm.OfMatrix(d) + (Interval)1.2e-16 * Math.Sqrt(d.Length) * SpectralNorm.LargestRowSum(d) * Math.Sqrt(a.Length)).Upper;
    }

    public static Interval Norm(VectorNorm norm, Rational[] x) => norm.Of([.. x.Select(Interval.FromRational)]);

    private static Rational Sum(IEnumerable<Rational> row) => row.Aggregate(Rational.Zero, (s, x) => s + Rational.Abs(x));
}
