using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>A walk that turns at two borders: W_n = 1 and b_n = ±h_n, or plane rotations by the angles ±h_n, the sign changing whenever the
/// state (the angle) leaves the strip between the borders. W_n → I and b_n → 0, and there is no limit.</summary>
/// <param name="Lower">The lower border, in radians for rotations.</param>
/// <param name="Upper">The upper border.</param>
/// <param name="Sizes">h_n: positive steps that tend to zero and add up to infinity make the walk cross the strip for ever.</param>
/// <param name="Rotates">Whether the layers rotate the plane; otherwise they add to one neuron.</param>
public sealed record TurningTail(Rational Lower, Rational Upper, StepSizes Sizes, bool Rotates) : SequenceTail
{
    /// <summary>Whether the walk crosses the strip between the borders infinitely often and so has no limit.</summary>
    /// <remarks>Between two turns the sign is constant, so that steps that add up to infinity carry the walk to a border; it never leaves
    /// the open orthant, where a ReLU changes nothing, when the strip lies well inside of it.</remarks>
    public bool CrossesForEver => !Sizes.IsSummable && !Sizes.IsAlternating && Lower < Upper && Lower.Sign >= 0 && (!Rotates || Upper < new Rational(157, 100));

    /// <summary>The state after n layers of a walk that adds, exactly; null where h_n is not rational.</summary>
    /// <param name="start">The state before layer 1.</param>
    /// <param name="depth">n.</param>
    public Rational? StateAt(Rational start, int depth)
    {
        Rational at = start, sign = 1;
        for (int n = 1; n <= depth; n++)
        {
            if (Sizes.Exact(n) is not Rational h) return null;
            Rational next = at + sign * h;
            if (next > Upper || next < Lower)
            {
                sign = -sign;
                next = at + sign * h;
            }
            at = next;
        }
        return at;
    }

    /// <summary>The layers at which the sign changes, followed in floating point: the walk itself, not a proof.</summary>
    /// <param name="start">The state, or the angle in radians, before layer 1.</param>
    /// <param name="count">How many turns are wanted.</param>
    public IReadOnlyList<int> Turns(double start, int count)
    {
        List<int> turns = [];
        double at = start, sign = 1, low = Lower.ToDouble(), high = Upper.ToDouble();
        for (int n = 1; turns.Count < count && n < 100_000_000; n++)
        {
            double next = at + (sign * Sizes.At(n).Midpoint);
            if (next > high || next < low)
            {
                sign = -sign;
                next = at + (sign * Sizes.At(n).Midpoint);
                turns.Add(n);
            }
            at = next;
        }
        return turns;
    }
}
