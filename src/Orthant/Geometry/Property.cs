using System.Collections.Immutable;
using Orthant.Numerics;

namespace Orthant.Geometry;

/// <summary>A property of a network, given by what would violate it: a point is a counterexample when it lies in one of these sets.</summary>
/// <param name="Cases">The sets of counterexamples; none means that nothing can violate the property.</param>
public sealed record Property(ImmutableArray<PropertyCase> Cases)
{
    /// <summary>Whether a point with these outputs violates the property, in exact arithmetic.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="y">The outputs there.</param>
    public bool IsViolatedBy(ReadOnlySpan<Rational> x, ReadOnlySpan<Rational> y)
    {
        foreach (PropertyCase one in Cases)
        {
            if (!one.Domain.Contains(x)) continue;
            foreach (ImmutableArray<LinearCondition> all in one.Alternatives)
            {
                bool holds = true;
                foreach (LinearCondition c in all) holds &= c.ValueAt(x, y).Sign <= 0;
                if (holds) return true;
            }
        }
        return false;
    }
}

/// <summary>Counterexamples in one domain.</summary>
/// <param name="Domain">Where they are looked for.</param>
/// <param name="Alternatives">A point of the domain is a counterexample when all conditions of one alternative hold.</param>
public sealed record PropertyCase(InputDomain Domain, ImmutableArray<ImmutableArray<LinearCondition>> Alternatives);

/// <summary>The condition Inputs·x + Outputs·y + Offset ≤ 0 on a network's inputs x and outputs y.</summary>
/// <param name="Inputs">One number an input, or empty where no input takes part.</param>
/// <param name="Outputs">One number an output.</param>
/// <param name="Offset">The offset.</param>
public sealed record LinearCondition(ImmutableArray<Rational> Inputs, ImmutableArray<Rational> Outputs, Rational Offset)
{
    /// <summary>The left side at a point.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="y">The outputs.</param>
    public Rational ValueAt(ReadOnlySpan<Rational> x, ReadOnlySpan<Rational> y)
    {
        Rational sum = Offset;
        for (int j = 0; j < Inputs.Length; j++) sum += Inputs[j] * x[j];
        for (int j = 0; j < Outputs.Length; j++) sum += Outputs[j] * y[j];
        return sum;
    }
}
