using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The limit of one input through summable steps, sharply enclosed.</summary>
/// <remarks>Once no neuron changes its sign any more, the rest of the network is a product of commuting factors I + Ãh_i, where
/// Ã = [[A_SS, c_S], [0, 0]] acts on (N, 1): exp(Σ_k (−1)^{k+1} Ã^k/k Σ_{i&gt;M} h_i^k). The sums are known to the last digits, so the limit is,
/// however slowly the sequence approaches it.</remarks>
internal static class LimitEnclosure
{
    private const int Terms = 24;

    /// <summary>The limit, or null where signs are not settled at the depths tried.</summary>
    /// <param name="s">A sequence on one input, with steps or residual steps.</param>
    /// <param name="state">An enclosure of N_M.</param>
    /// <param name="depth">M.</param>
    public static Interval[]? Find(LayerSequence s, Interval[] state, int depth)
    {
        if (!s.Activation.IsRelu || TailBounds.SizesOf(s.Tail) is not { } sizes || Local(s.Tail, state) is not { } local) return null;
        (Interval[][] a, Interval[] c) = local;
        int m = state.Length;
        Interval first = sizes.SumBeyond(depth);
        if (!first.IsBounded) return null;
        double norm = c.Select((ci, i) => (a[i].Aggregate(Interval.Abs(ci), (sum, e) => sum + Interval.Abs(e))).Upper).Max();
        // |N_n − N_M| ≤ (e^{‖Ã‖T} − 1)·max(‖N_M‖, 1) in the largest entry, for every n.
        double size = Math.Max(1, state.Max(e => e.Magnitude));
        double drift = ((Interval.Exp((Interval)norm * first.Upper) - 1) * size).Upper;
        double largest = sizes.At(depth + 1).Magnitude;
        if (!(drift < 0.5) || norm * largest > 0.25) return null;
        // A step that may be negative pushes the other way.
        bool positive = !sizes.IsAlternating && sizes.At(1).Lower > 0;
        bool[] active = new bool[m];
        Interval wander = new(-drift, drift);
        Interval[] region = [.. state.Select(e => Interval.Max(e + wander, 0))];
        if (Local(s.Tail, region) is null) return null;
        for (int i = 0; i < m; i++)
        {
            active[i] = state[i].Lower > drift;
            if (active[i]) continue;
            // A neuron at zero stays there when what pushes it is never positive.
            Interval push = c[i];
            for (int j = 0; j < m; j++) push += a[i][j] * (state[j] is { Lower: 0, Upper: 0 } ? 0 : region[j]);
            if (state[i] is not { Lower: 0, Upper: 0 } || push.Upper > 0 || (!positive && push.Lower < 0)) return null;
        }
        int[] on = [.. Enumerable.Range(0, m).Where(i => active[i])];
        Interval[] y = [.. on.Select(i => state[i]), 1];
        Interval[][] matrix = [.. on.Select(i => on.Select(j => a[i][j]).Append(c[i]).ToArray()), new Interval[on.Length + 1]];
        Interval[] moved = Exponential(Logarithm(matrix, sizes, depth, norm, largest), y);
        Interval[] limit = new Interval[m];
        for (int k = 0; k < on.Length; k++) limit[on[k]] = moved[k];
        return limit;
    }

    /// <summary>A and c of the step around a state: of the branch's pattern there, or null where a neuron of the branch may change.</summary>
    private static (Interval[][] A, Interval[] C)? Local(SequenceTail tail, Interval[] state)
    {
        if (tail is StepTail step) return ([.. step.Direction.Weights.Select(r => r.Select(Interval.FromRational).ToArray())], [.. step.Direction.Bias.Select(Interval.FromRational)]);
        if (tail is not ResidualTail residual) return null;
        int m = state.Length;
        Rational[][] a = [.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j => i == j ? Rational.One : 0).ToArray())];
        Rational[] c = new Rational[m];
        Interval[] x = state;
        foreach ((AffineMap map, SequenceActivation activation) in residual.Branch)
        {
            if (!activation.IsRelu && activation.Name != "identity") return null;
            Interval[] z = SequencePass.Apply(map, x);
            a = TailBounds.Product(map.Weights, a);
            c = [.. map.Weights.Select((row, i) => ExactVector.Dot(row, c) + map.Bias[i])];
            for (int i = 0; i < z.Length && activation.IsRelu; i++)
            {
                if (z[i].Lower > 0) continue;
                if (z[i].Upper > 0) return null;
                (a[i], c[i]) = (new Rational[m], 0);
            }
            x = [.. z.Select(activation.Evaluate)];
        }
        return ([.. a.Select(r => r.Select(Interval.FromRational).ToArray())], [.. c.Select(Interval.FromRational)]);
    }

    /// <summary>Σ_i log(I + Ãh_i) beyond a depth.</summary>
    private static Interval[][] Logarithm(Interval[][] a, StepSizes sizes, int depth, double norm, double largest)
    {
        int d = a.Length;
        Interval[][] sum = [.. a.Select(_ => new Interval[d])], power = a;
        for (int k = 1; k <= Terms; k++)
        {
            if (k > 1) power = Multiply(power, a);
            Interval weight = sizes.SignedSumBeyond(depth, k) / (k % 2 == 1 ? (double)k : -k);
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j < d; j++) sum[i][j] += weight * power[i][j];
            }
        }
        // Terms beyond: Σ_i (‖Ã‖|h_i|)^k/k ≤ ‖Ã‖ Σ|h_i| (‖Ã‖h)^{k−1}, a geometric series of ratio at most 1/4.
        Interval rest = (Interval)norm * sizes.SumBeyond(depth).Upper * Interval.Pow((Interval)norm * largest, Terms) * 1.5;
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++) sum[i][j] += new Interval(-rest.Upper, rest.Upper);
        }
        return sum;
    }

    /// <summary>e^M y by its series; ‖M‖ is at most a half.</summary>
    private static Interval[] Exponential(Interval[][] m, Interval[] y)
    {
        Interval[] sum = y, term = y;
        for (int k = 1; k <= Terms; k++)
        {
            Interval[] previous = term;
            term = [.. m.Select(row => Dot(row, previous) / (double)k)];
            Interval[] before = sum;
            sum = [.. before.Select((e, i) => e + term[i])];
        }
        double rest = 2 * term.Max(e => e.Magnitude) + double.Epsilon;
        return [.. sum.Select(e => e + new Interval(-rest, rest))];
    }

    private static Interval Dot(Interval[] row, Interval[] x)
    {
        Interval sum = 0;
        for (int j = 0; j < x.Length; j++) sum += row[j] * x[j];
        return sum;
    }

    private static Interval[][] Multiply(Interval[][] a, Interval[][] b) =>
        [.. a.Select(row => Enumerable.Range(0, b[0].Length).Select(j =>
        {
            Interval sum = 0;
            for (int k = 0; k < row.Length; k++) sum += row[k] * b[k][j];
            return sum;
        }).ToArray())];
}
