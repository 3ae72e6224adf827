using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Orthant.Networks;

/// <summary>The activations of all units of a layer: one for all, or one for each.</summary>
/// <remarks>Immutable. A list whose members are all equal is held as a uniform one, so two values are equal exactly when every
/// unit has the same <see cref="ActivationFunction"/>.</remarks>
public sealed class UnitActivations : IEquatable<UnitActivations>
{
    private readonly ActivationFunction? uniform;
    private readonly ActivationFunction[]? perUnit;

    private UnitActivations(int count, ActivationFunction? uniform, ActivationFunction[]? perUnit)
    {
        Count = count;
        this.uniform = uniform;
        this.perUnit = perUnit;
    }

    /// <summary>The same activation for every unit.</summary>
    /// <param name="activation">The activation.</param>
    /// <param name="count">The number of units, at least 1.</param>
    public static UnitActivations Uniform(ActivationFunction activation, int count)
    {
        ArgumentNullException.ThrowIfNull(activation);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return new(count, activation, null);
    }

    /// <summary>One activation for each unit.</summary>
    /// <param name="activations">At least one.</param>
    public static UnitActivations PerUnit(IEnumerable<ActivationFunction> activations)
    {
        ActivationFunction[] all = activations.ToArray();
        ArgumentOutOfRangeException.ThrowIfZero(all.Length);
        return Array.TrueForAll(all, a => a.Equals(all[0])) ? Uniform(all[0], all.Length) : new(all.Length, null, all);
    }

    /// <summary>The number of units.</summary>
    public int Count { get; }

    /// <summary>The activation that all units share, or null where they differ.</summary>
    public ActivationFunction? Shared => uniform;

    /// <summary>Whether every unit passes its pre-activation on unchanged.</summary>
    public bool IsIdentity => uniform is { IsIdentity: true };

    /// <summary>The activation of one unit.</summary>
    /// <param name="unit">From 0 to <see cref="Count"/> - 1.</param>
    public ActivationFunction this[int unit] => uniform ?? perUnit![unit];

    /// <summary>Replaces pre-activations by activations.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="values">rows × <see cref="Count"/>, row-major.</param>
    public void Apply<T>(int rows, Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (uniform is null)
        {
            for (int row = 0; row < rows; row++)
            {
                Span<T> one = values.Slice(row * Count, Count);
                for (int unit = 0; unit < one.Length; unit++) one[unit] = perUnit![unit].Evaluate(one[unit]);
            }
        }
        else if (uniform.IsRelu)
        {
            TensorPrimitives.Max(values, T.Zero, values);
        }
        else if (uniform.IsHomogeneous)
        {
            if (!uniform.IsIdentity) ScaleNegative(values, T.CreateTruncating(uniform.LeftSlope));
        }
        else
        {
            for (int i = 0; i < values.Length; i++) values[i] = uniform.Evaluate(values[i]);
        }
    }

    /// <summary>Multiplies what is not positive by a slope, in vectors of whatever width the machine has.</summary>
    private static void ScaleNegative<T>(Span<T> values, T slope)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        Vector<T> slopes = new(slope);
        foreach (ref Vector<T> v in vectors) v = Vector.ConditionalSelect(Vector.GreaterThan(v, Vector<T>.Zero), v, v * slopes);
        for (int i = vectors.Length * Vector<T>.Count; i < values.Length; i++)
        {
            if (!(values[i] > T.Zero)) values[i] *= slope;
        }
    }

    /// <inheritdoc/>
    public bool Equals(UnitActivations? other) =>
        other is not null && Count == other.Count && Equals(uniform, other.uniform)
        && (perUnit is null || perUnit.AsSpan().SequenceEqual(other.perUnit));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as UnitActivations);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, this[0], this[Count - 1]);

    /// <summary>The name of the shared activation, or the distinct names with how often each occurs.</summary>
    public override string ToString() =>
        uniform?.ToString() ?? string.Join(" + ", perUnit!.GroupBy(a => a.ToString()).Select(g => $"{g.Count()} {g.Key}"));
}
