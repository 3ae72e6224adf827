using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orthant.Networks;

/// <summary>Immutable finite doubles, with their float32 and absolute copies made when first asked for.</summary>
internal sealed class NumberArray
{
    private readonly double[] values;
    private float[]? singles;
    private double[]? absolutes;

    /// <summary>Takes a copy of finite numbers.</summary>
    /// <exception cref="ArgumentException">A number is NaN or infinite.</exception>
    public NumberArray(ReadOnlySpan<double> numbers, string what)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!double.IsFinite(numbers[i])) throw new ArgumentException($"{what} {i} is {numbers[i]}; only finite numbers are allowed.");
        }
        values = numbers.ToArray();
    }

    public int Length => values.Length;

    public ReadOnlySpan<double> Values => values;

    public ReadOnlySpan<double> Absolutes => absolutes ??= Array.ConvertAll(values, Math.Abs);

    /// <summary>The numbers rounded to <typeparamref name="T"/>, which is float or double.</summary>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(double)) return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<double, T>(ref MemoryMarshal.GetArrayDataReference(values)), values.Length);
        if (typeof(T) != typeof(float)) throw new NotSupportedException($"Networks are evaluated in float and double, not in {typeof(T).Name}.");
        float[] copy = singles ??= Array.ConvertAll(values, v => (float)v);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<float, T>(ref MemoryMarshal.GetArrayDataReference(copy)), copy.Length);
    }

    /// <summary>Bitwise equality, so that 0 and -0 differ.</summary>
    public bool SameBits(NumberArray other) =>
        MemoryMarshal.Cast<double, long>(values).SequenceEqual(MemoryMarshal.Cast<double, long>(other.values));

    public int Hash()
    {
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes<double>(values.AsSpan(0, Math.Min(values.Length, 64))));
        hash.Add(values.Length);
        return hash.ToHashCode();
    }
}
