using System.Collections.Immutable;
using Orthant.Numerics;

namespace Orthant.Geometry;

/// <summary>The set of inputs that is looked at: a box with exact bounds, cut by half-spaces if wanted.</summary>
/// <remarks>Immutable. Inputs whose bounds are equal are fixed: everything is then relative to the inputs that are free, so a thin box of
/// any number of inputs has as many dimensions as it has free inputs.</remarks>
public sealed class InputDomain
{
    private InputDomain(ImmutableArray<Rational> lower, ImmutableArray<Rational> upper, ImmutableArray<HalfSpace> halfSpaces)
    {
        if (lower.Length == 0 || lower.Length != upper.Length) throw new ArgumentException($"A box has two corners of equal length, not {lower.Length} and {upper.Length} numbers.");
        for (int j = 0; j < lower.Length; j++)
        {
            if (lower[j] > upper[j]) throw new ArgumentException($"Side {j} of the box is empty: {lower[j]} > {upper[j]}.");
        }
        foreach (HalfSpace h in halfSpaces)
        {
            if (h.Normal.Length != lower.Length) throw new ArgumentException($"A half-space of {h.Normal.Length} inputs does not cut a box of {lower.Length}.");
        }
        Lower = lower;
        Upper = upper;
        HalfSpaces = halfSpaces;
        Free = [.. Enumerable.Range(0, lower.Length).Where(j => lower[j] < upper[j])];
    }

    /// <summary>A box whose bounds are the doubles given.</summary>
    /// <param name="lower">The lower corner, finite.</param>
    /// <param name="upper">The upper corner, finite, not below the lower one.</param>
    /// <exception cref="ArgumentException">The corners differ in length, are not finite or are out of order.</exception>
    public static InputDomain Box(ReadOnlySpan<double> lower, ReadOnlySpan<double> upper)
    {
        static ImmutableArray<Rational> Exact(ReadOnlySpan<double> corner)
        {
            Rational[] exact = new Rational[corner.Length];
            for (int j = 0; j < exact.Length; j++)
            {
                if (!double.IsFinite(corner[j])) throw new ArgumentException($"Bound {j} of the box is {corner[j]}; bounds are finite.");
                exact[j] = Rational.FromDouble(corner[j]);
            }
            return [.. exact];
        }

        return new InputDomain(Exact(lower), Exact(upper), []);
    }

    /// <summary>A box with exact bounds.</summary>
    /// <param name="lower">The lower corner.</param>
    /// <param name="upper">The upper corner, not below the lower one.</param>
    public static InputDomain ExactBox(IEnumerable<Rational> lower, IEnumerable<Rational> upper) => new([.. lower], [.. upper], []);

    /// <summary>The part of this set on the positive sides of further half-spaces.</summary>
    public InputDomain CutBy(params IEnumerable<HalfSpace> halfSpaces) => new(Lower, Upper, [.. HalfSpaces, .. halfSpaces]);

    /// <summary>Whether a point lies in this set, its border included.</summary>
    /// <param name="x">One number an input.</param>
    public bool Contains(ReadOnlySpan<Rational> x)
    {
        if (x.Length != Inputs) return false;
        for (int j = 0; j < x.Length; j++)
        {
            if (x[j] < Lower[j] || x[j] > Upper[j]) return false;
        }
        foreach (HalfSpace h in HalfSpaces)
        {
            Rational sum = h.Offset;
            for (int j = 0; j < x.Length; j++) sum += h.Normal[j] * x[j];
            if (sum.Sign < 0) return false;
        }
        return true;
    }

    /// <summary>The box's lower corner, one number an input.</summary>
    public ImmutableArray<Rational> Lower { get; }

    /// <summary>The box's upper corner.</summary>
    public ImmutableArray<Rational> Upper { get; }

    /// <summary>The half-spaces that cut the box.</summary>
    public ImmutableArray<HalfSpace> HalfSpaces { get; }

    /// <summary>The inputs that are free to vary, increasing.</summary>
    public ImmutableArray<int> Free { get; }

    /// <summary>The number of inputs.</summary>
    public int Inputs => Lower.Length;

    /// <summary>The number of free inputs.</summary>
    public int Dimension => Free.Length;
}

/// <summary>The points x with normal·x + offset ≥ 0.</summary>
/// <param name="Normal">One number an input.</param>
/// <param name="Offset">The offset.</param>
public sealed record HalfSpace(ImmutableArray<Rational> Normal, Rational Offset);
