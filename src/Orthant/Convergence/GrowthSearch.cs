using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Looks for a nonnegative combination of neurons that grows without end, by exact linear programs; see
/// <see cref="GrowthCertificate"/>.</summary>
internal static class GrowthSearch
{
    private static readonly Rational[] Rates = [0, new(1, 1000), new(1, 100), new(1, 20), new(1, 5), new(1, 2), 1, 2, 4, 8];

    /// <summary>A certificate for the whole box, else one for a part of it (of inputs beyond a threshold), else null.</summary>
    public static GrowthCertificate? Find(LayerSequence s, AffineMap map, bool tied)
    {
        if (!s.Activation.IsRelu || s.Width > 40) return null;
        Interval[] state = SequencePass.Start(s);
        Rational[]? exact = s.IsPoint ? SequencePass.ExactStart(s) : null;
        int depth = 0;
        bool nonnegative = exact is null ? state.All(e => e.Lower >= 0) : exact.All(e => e.Sign >= 0);
        if (!nonnegative)
        {
            depth = 1;
            state = SequencePass.Step(s, s.Prefix.Length + 1, state);
            exact = exact is null ? null : SequencePass.ExactStep(s, s.Prefix.Length + 1, exact);
        }
        Rational[] low = exact ?? [.. state.Select(e => Rational.FromDouble(e.Lower))], high = exact ?? [.. state.Select(e => Rational.FromDouble(e.Upper))];
        GrowthCertificate? partial = null;
        foreach (Rational rate in Rates)
        {
            if (Combination(map, tied ? rate + 1 : rate, rate, low) is Rational[] u && Begins(u, rate, low, map)) return new GrowthCertificate(s.ToData(), u, rate, depth, true);
            if (partial is null && rate.Sign > 0 && Combination(map, tied ? rate + 1 : rate, rate, high) is Rational[] some && Begins(some, rate, high, map))
            {
                partial = new GrowthCertificate(s.ToData(), some, rate, depth, false);
            }
        }
        return partial;
    }

    /// <summary>Whether the inputs that a certificate for a part leaves out lie on the boundary of the box.</summary>
    public static bool OnlyBoundaryIsLeft(LayerSequence s, AffineMap map, GrowthCertificate growth)
    {
        if (growth.WholeBox || growth.Depth > 0 || s.First is not null || !s.Prefix.IsEmpty) return false;
        Rational[] low = [.. s.InputBox.Select(b => b.Lower)];
        return (growth.Rate * ExactVector.Dot(growth.Combination, low) + ExactVector.Dot(growth.Combination, map.Bias)).Sign >= 0;
    }

    private static bool Begins(Rational[] u, Rational rate, Rational[] state, AffineMap map) => (rate * ExactVector.Dot(u, state) + ExactVector.Dot(u, map.Bias)).Sign > 0;

    /// <summary>u ≥ 0 with Σu = 1 and uᵀA ≥ factor·u that maximises rate·u·state + u·bias.</summary>
    private static Rational[]? Combination(AffineMap map, Rational factor, Rational rate, Rational[] state)
    {
        int m = map.Outputs;
        Rational[][] rows = new Rational[m + 1][];
        for (int j = 0; j < m; j++) rows[j] = [.. Enumerable.Range(0, m).Select(i => map.Weights[i][j] - (i == j ? factor : 0))];
        rows[m] = [.. Enumerable.Repeat(Rational.One, m)];
        Rational[] cost = [.. Enumerable.Range(0, m).Select(i => -(rate * state[i] + map.Bias[i]))];
        Rational?[] lower = [.. Enumerable.Repeat((Rational?)Rational.Zero, 2 * m), Rational.One], upper = [.. new Rational?[2 * m], Rational.One];
        RationalDictionary program = new(rows, cost, lower, upper);
        return program.Run() == SimplexStatus.Optimal ? program.Point() : null;
    }
}
