using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>A unit of the next layer over the activations of a layer whose signs are known: z = v·h + e, up to scale and sign.</summary>
/// <param name="Weights">v.</param>
/// <param name="Bias">e.</param>
/// <param name="Seen">Which weights were determined.</param>
/// <param name="Start">A point on the unit's surface.</param>
/// <param name="Jump">The jump of the gradient there.</param>
internal sealed record NextUnit(double[] Weights, double Bias, bool[] Seen, double[] Start, double[] Jump);

/// <summary>On which side each unit of the top layer is active, from one linear solve over the units of the next layer.</summary>
/// <remarks>q = Σ β_i v_i w_i holds for each of them, β_i = 1 where the unit's known weights have the wrong sign: as many equations as there are inputs, a unit, for one bit a unit of
/// the layer. No row is asked, and the layer may be wider than the input.</remarks>
internal static class LayerSigns
{
    /// <summary>What the solve gave.</summary>
    /// <param name="Layer">The top layer with its units turned to where they are active.</param>
    /// <param name="Units">The units of the next layer, solved again with the signs.</param>
    /// <param name="Deviation">How far the bits are from 0 and 1.</param>
    /// <param name="Rank">How many bits the equations determine.</param>
    public sealed record Solution(HiddenLayer Layer, List<NextUnit> Units, double Deviation, int Rank);

    public static Solution Solve(KnownLayers known, IReadOnlyList<SurfaceUnit> units)
    {
        HiddenLayer top = known.Top;
        int n = top.Units, below = known.Below;
        SurfaceUnit[] full = [.. units.Where(u => Enumerable.Range(0, n).All(u.IsSeen))];
        // Units of which all was seen give clean equations; the others are needed only when those do not suffice.
        if (full.Length * below < n || full.Length < 2) full = [.. units];
        List<double[]> rows = [];
        List<double> values = [];
        int extra = n + (2 * full.Sum(u => Enumerable.Range(0, n).Count(i => !u.IsSeen(i))));
        int column = n;
        foreach (SurfaceUnit unit in full)
        {
            int[] open = [.. Enumerable.Range(0, n).Where(i => !unit.IsSeen(i))];
            double size = Math.Max(1e-9, Math.Sqrt(Enumerable.Range(0, n).Where(unit.IsSeen).Sum(i => unit.Theta[i] * unit.Theta[i])));
            foreach ((double[] a, double value, _) in unit.Equations)
            {
                ReadOnlySpan<double> onV = a.AsSpan(0, n), onQ = a.AsSpan(n, below);
                if (TensorPrimitives.Norm(onQ) < 1e-14) continue;
                double[] row = new double[extra];
                double rest = value;
                for (int i = 0; i < n; i++)
                {
                    if (!unit.IsSeen(i)) continue;
                    row[i] = TensorPrimitives.Dot(onQ, top.Row(i)) * unit.Theta[i] / size;
                    rest -= onV[i] * unit.Theta[i];
                }
                for (int k = 0; k < open.Length; k++)
                {
                    row[column + (2 * k)] = onV[open[k]] / size;
                    row[column + (2 * k) + 1] = TensorPrimitives.Dot(onQ, top.Row(open[k])) / size;
                }
                rows.Add(row);
                values.Add(rest / size);
            }
            column += 2 * open.Length;
        }
        LeastSquares system = new(rows.Count, extra, [.. rows.SelectMany(r => r)], 1e-8);
        double[] bits = system.Solve([.. values]), amplification = system.Amplification();
        bool[] turned = new bool[n];
        double deviation = 0;
        int rank = 0;
        for (int i = 0; i < n; i++)
        {
            turned[i] = bits[i] > 0.5;
            if (!double.IsFinite(amplification[i]) || amplification[i] > 1e7) continue;
            rank++;
            deviation = Math.Max(deviation, Math.Abs(bits[i] - (turned[i] ? 1 : 0)));
        }
        return Turn(known, units, turned, deviation, rank);
    }

    /// <summary>Applies given signs.</summary>
    public static Solution Turn(KnownLayers known, IReadOnlyList<SurfaceUnit> units, bool[] turned, double deviation, int rank)
    {
        HiddenLayer layer = Turned(known.Top, turned);
        KnownLayers signed = new(known.Inputs, [.. known.Layers.SkipLast(1), layer], topIsSigned: true);
        return new Solution(layer, [.. units.Select(u => Signed(known.Top, signed, u, turned))], deviation, rank);
    }

    /// <summary>A layer with some of its units negated.</summary>
    public static HiddenLayer Turned(HiddenLayer layer, bool[] turned)
    {
        double[] weights = [.. layer.Weights], bias = [.. layer.Bias];
        for (int i = 0; i < layer.Units; i++)
        {
            if (!turned[i]) continue;
            bias[i] = -bias[i];
            Span<double> row = weights.AsSpan(i * layer.Inputs, layer.Inputs);
            TensorPrimitives.Negate(row, row);
        }
        return new HiddenLayer(layer.Inputs, weights, bias);
    }

    /// <summary>θ = (v, Σ β_i v_i w_i): a unit's equations again, in v alone.</summary>
    private static NextUnit Signed(HiddenLayer top, KnownLayers signed, SurfaceUnit unit, bool[] turned)
    {
        int n = top.Units;
        EquationSystem system = new(n, SurfaceWalk.PriorDeviation);
        double[] row = new double[n];
        foreach ((double[] a, double value, double deviation) in unit.Equations)
        {
            for (int i = 0; i < n; i++) row[i] = a[i] + (turned[i] ? TensorPrimitives.Dot(a.AsSpan(n), top.Row(i)) : 0);
            system.Add(row, value, deviation);
        }
        double[] v = system.Solve();
        bool[] seen = [.. system.Deviations().Select(d => d < unit.SeenDeviation)];
        for (int i = 0; i < n; i++)
        {
            if (!seen[i]) v[i] = 0;
        }
        return new NextUnit(v, -TensorPrimitives.Dot<double>(v, signed.TopAt(unit.Start)), seen, unit.Start, unit.Jump);
    }
}
