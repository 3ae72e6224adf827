using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>The network of a lattice polynomial.</summary>
/// <remarks>
/// <code>
/// u ─► ReLU(±u), so many copies   ─► l, −l, l − l' of every pair ─► min = l − ReLU(l − l') … ─► max …
///      as a coefficient has parts
/// </code>
/// Rows are affine functions of the current layer's outputs, their constant last, in rational numbers; behind the pieces they are 0, 1 or
/// −1.
/// </remarks>
internal static class LatticeNetwork
{
    /// <summary>More parts than any sum of doubles has: 2,098 binary places in pieces of 53.</summary>
    private const int MostParts = 40;

    public static ReluNetwork Of(LatticePolynomial form)
    {
        List<List<Rational[]>> groups =
            [.. form.Terms.Select(t => t.Select(p => (Rational[])[.. form.Pieces[p].Gradient, form.Pieces[p].Offset]).ToList())];
        List<Layer> layers = [];
        int inputs = form.Dimension;
        bool isMinimum = true;
        while (groups.Count > 1 || groups[0].Count > 1)
        {
            if (isMinimum && groups.TrueForAll(g => g.Count == 1))
            {
                isMinimum = false;
                groups = [[.. groups.Select(g => g[0])]];
            }
            (List<Rational[]> units, groups) = Pair(groups, isMinimum);
            Add(layers, units, inputs, ActivationFunction.Relu);
            inputs = units.Count;
        }
        Add(layers, groups[0], inputs, null);
        return new ReluNetwork(layers, name: "lattice");
    }

    /// <summary>The units that join every group's values in pairs, and the groups of what they give; identity is ReLU(x) −
    /// ReLU(−x).</summary>
    private static (List<Rational[]> Units, List<List<Rational[]>> Groups) Pair(List<List<Rational[]>> groups, bool isMinimum)
    {
        List<Rational[]> units = [];
        List<List<List<(int Unit, int Weight)>>> next = [];
        foreach (List<Rational[]> group in groups)
        {
            List<List<(int, int)>> merged = [];
            for (int i = 0; i < group.Count; i += 2)
            {
                int first = units.Count;
                units.Add(group[i]);
                units.Add([.. group[i].Select(v => -v)]);
                List<(int, int)> parts = [(first, 1), (first + 1, -1)];
                if (i + 1 < group.Count)
                {
                    // What the second value is below the first, or above it.
                    units.Add([.. group[i].Zip(group[i + 1], (a, b) => isMinimum ? a - b : b - a)]);
                    parts.Add((first + 2, isMinimum ? -1 : 1));
                }
                merged.Add(parts);
            }
            next.Add(merged);
        }
        return (units, [.. next.Select(g => g.Select(parts => Row(parts, units.Count)).ToList())]);
    }

    private static Rational[] Row(List<(int Unit, int Weight)> parts, int units)
    {
        Rational[] row = new Rational[units + 1];
        foreach ((int unit, int weight) in parts) row[unit] = weight;
        return row;
    }

    /// <summary>Adds a layer, and before it one of copies of its inputs, if a coefficient needs more than one double.</summary>
    private static void Add(List<Layer> layers, List<Rational[]> rows, int inputs, ActivationFunction? activation)
    {
        double[][][] parts = [.. rows.Select(r => r.Select(Parts).ToArray())];
        int[] copies = [.. Enumerable.Range(0, inputs + 1).Select(i => parts.Max(r => r[i].Length))];
        if (copies.All(c => c <= 1))
        {
            layers.Add(Layer(rows.Count, inputs, activation, (o, i) => parts[o][i].Length == 0 ? 0 : parts[o][i][0]));
            return;
        }
        // Units of the layer of copies: input, sign (0 for the constant 1), and the part of a coefficient that goes with it.
        List<(int Input, int Sign, int Part)> units = [];
        for (int i = 0; i <= inputs; i++)
        {
            for (int part = i < inputs ? 0 : 1; part < copies[i]; part++)
            {
                if (i == inputs) units.Add((i, 0, part));
                else units.AddRange([(i, 1, part), (i, -1, part)]);
            }
        }
        layers.Add(Layer(units.Count, inputs, ActivationFunction.Relu, (o, i) =>
            units[o].Input != i ? 0 : i == inputs ? 1 : units[o].Sign));
        layers.Add(Layer(rows.Count, units.Count, activation, (o, u) =>
        {
            (int input, int sign, int part) = u == units.Count ? (inputs, 1, 0) : units[u];
            double[] own = parts[o][input];
            return part >= own.Length ? 0 : sign < 0 ? -own[part] : own[part];
        }));
    }

    /// <summary>Doubles that add up to a number, the largest first.</summary>
    private static double[] Parts(Rational number)
    {
        List<double> parts = [];
        for (Rational rest = number; !rest.IsZero; rest -= Rational.FromDouble(parts[^1]))
        {
            double part = parts.Count < MostParts ? rest.ToDouble() : 0;
            if (part == 0 || !double.IsFinite(part))
            {
                throw new InvalidOperationException($"A coefficient near {number.ToDouble():G6} is not a sum of doubles.");
            }
            parts.Add(part);
        }
        return [.. parts];
    }

    private static AffineLayer Layer(int outputs, int inputs, ActivationFunction? activation, Func<int, int, double> entry)
    {
        double[,] weights = new double[outputs, inputs];
        double[] bias = new double[outputs];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++) weights[o, i] = entry(o, i);
            bias[o] = entry(o, inputs);
        }
        return AffineLayer.Dense(weights, bias, activation);
    }
}
