using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Looks for an input at which two units of successive layers are active together, or shows that there is none: branch and bound over the units below, a linear program a node.</summary>
/// <remarks>In each node every unit is on, off or open; an open one lies between its rectifier and the chord over its range (the triangle relaxation of R. Ehlers, ATVA 2017). The program maximises the
/// reading unit's pre-activation, the weight in question left out. The answer rests on floating-point programs that hold to 10⁻⁹: it says where to ask, and is no proof.</remarks>
internal static class JointCell
{
    private const int MostNodes = 1500, MostVariables = 200;
    private const double Positive = 1e-6;

    /// <summary>What a search came to.</summary>
    /// <param name="Point">An input at which both are active; null when none was found.</param>
    /// <param name="IsImpossible">Whether the tree was searched to its end in vain.</param>
    public sealed record Answer(double[]? Point, bool IsImpossible);

    /// <summary>Searches a box.</summary>
    /// <param name="layers">The hidden layers up to the reading unit's.</param>
    /// <param name="weight">The weight.</param>
    /// <param name="domain">The box; without one, ten each way.</param>
    public static Answer Find(IReadOnlyList<HiddenLayer> layers, WeakWeight weight, SearchDomain domain)
    {
        HiddenLayer[] below = [.. layers.Take(weight.Layer)];
        if (below[0].Inputs + below.Sum(l => l.Units) > MostVariables) return new Answer(null, false);
        (double[] lower, double[] upper) = domain.Sides(10);
        double[] row = layers[weight.Layer].Row(weight.Unit).ToArray();
        row[weight.Input] = 0;
        int wanted = below.SkipLast(1).Sum(l => l.Units) + weight.Input;
        KnownLayers known = new(below[0].Inputs, below, topIsSigned: true);
        Stack<sbyte[]> open = new();
        sbyte[] root = new sbyte[known.Boundaries];
        root[wanted] = 1;
        open.Push(root);
        for (int nodes = 0; open.TryPop(out sbyte[]? signs); nodes++)
        {
            if (nodes >= MostNodes) return new Answer(null, false);
            if (Solve(below, signs, lower, upper, row, layers[weight.Layer].Bias[weight.Unit], wanted) is not (double[] x, double[] h)) continue;
            double[] z = new double[known.Boundaries], truth = new double[known.Boundaries];
            known.Forward(x, z, truth);
            double value = layers[weight.Layer].Bias[weight.Unit];
            for (int j = 0; j < row.Length; j++) value += row[j] * truth[^row.Length..][j];
            if (z[wanted] > 0 && value > Positive) return new Answer(x, false);
            int worst = -1;
            double most = 1e-9;
            for (int i = 0; i < signs.Length; i++)
            {
                if (signs[i] == 0 && Math.Abs(h[i] - Math.Max(0, z[i])) > most) (worst, most) = (i, Math.Abs(h[i] - Math.Max(0, z[i])));
            }
            if (worst < 0) worst = Array.IndexOf(signs, (sbyte)0);
            if (worst < 0) continue;
            foreach (sbyte side in (ReadOnlySpan<sbyte>)[-1, 1])
            {
                sbyte[] child = [.. signs];
                child[worst] = side;
                open.Push(child);
            }
        }
        return new Answer(null, true);
    }

    /// <summary>The node's optimum, as the inputs and the relaxed activations; null when it is infeasible or not positive.</summary>
    private static (double[] X, double[] H)? Solve(HiddenLayer[] layers, sbyte[] signs, double[] lower, double[] upper, double[] row, double bias, int wanted)
    {
        int n = lower.Length, total = n + signs.Length;
        double[] low = [.. lower, .. new double[signs.Length]], high = [.. upper, .. new double[signs.Length]];
        List<(double[] Row, double Lower, double Upper)> rows = [];
        int before = 0, first = n;
        foreach (HiddenLayer layer in layers)
        {
            for (int i = 0; i < layer.Units; i++)
            {
                int h = first + i;
                double least = layer.Bias[i], most = layer.Bias[i];
                double[] z = new double[total];
                for (int j = 0; j < layer.Inputs; j++)
                {
                    double w = z[before + j] = layer.Row(i)[j];
                    least += w * (w > 0 ? low[before + j] : high[before + j]);
                    most += w * (w > 0 ? high[before + j] : low[before + j]);
                }
                double b = layer.Bias[i];
                sbyte sign = signs[h - n];
                if ((sign > 0 && most < 0) || (sign < 0 && least > 0)) return null;
                if (sign == 0) sign = (sbyte)(least >= 0 ? 1 : most <= 0 ? -1 : 0);
                high[h] = sign < 0 ? 0 : most;
                if (h - n == wanted) low[h] = Math.Min(most, Positive);
                if (sign < 0)
                {
                    rows.Add((z, double.NegativeInfinity, -b));
                    continue;
                }
                double[] difference = [.. z.Select(w => -w)];
                difference[h] = 1;
                // h ≥ z; equal where the unit is on, and under the chord where it is open.
                rows.Add((difference, b, sign > 0 ? b : double.PositiveInfinity));
                if (sign > 0) continue;
                double slope = most / (most - least);
                double[] chord = [.. z.Select(w => -slope * w)];
                chord[h] = 1;
                rows.Add((chord, double.NegativeInfinity, slope * (b - least)));
            }
            (before, first) = (first, first + layer.Units);
        }
        DenseSimplex program = new(low, high);
        double[] cost = new double[total];
        for (int j = 0; j < row.Length; j++) cost[total - row.Length + j] = -row[j];
        program.SetObjective(cost);
        foreach ((double[] coefficients, double from, double to) in rows) program.AddRow(coefficients, from, to);
        if (program.Solve() != SimplexStatus.Optimal || bias - program.Objective <= Positive) return null;
        double[] point = program.Point.ToArray();
        return (point[..n], point[n..]);
    }
}
