using System.Collections.Immutable;

namespace Orthant.Formats;

/// <summary>An array of any rank as a <c>.npy</c> file holds it, in C order (the last index runs fastest).</summary>
/// <remarks>The elements are one of <c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> and <c>byte</c>. For a table of samples see
/// <see cref="ToTable"/>.</remarks>
public sealed class NpyArray
{
    /// <summary>Joins a shape and its elements.</summary>
    /// <param name="shape">The lengths, 0 or more each; empty for a single number.</param>
    /// <param name="elements">A float[], double[], int[], long[] or byte[] of as many elements; not copied.</param>
    /// <exception cref="ArgumentException">Shape and elements do not fit, or the elements are of another type.</exception>
    public NpyArray(IEnumerable<int> shape, Array elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        Shape = [.. shape];
        long count = 1;
        foreach (int length in Shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(shape));
            count = checked(count * length);
        }
        if (count != elements.Length)
        {
            throw new ArgumentException($"A shape of {count} elements was given {elements.Length}.", nameof(elements));
        }
        if (elements is not (float[] or double[] or int[] or long[] or byte[]))
        {
            throw new ArgumentException(
                $"Elements are float, double, int, long or byte, not {elements.GetType().GetElementType()}.", nameof(elements));
        }
        Elements = elements;
    }

    /// <summary>The lengths, the first index first.</summary>
    public ImmutableArray<int> Shape { get; }

    /// <summary>The elements in C order: a float[], double[], int[], long[] or byte[].</summary>
    public Array Elements { get; }

    /// <summary>The array as rows × columns: the first index is the row, all further ones together the column; a vector is one
    /// column.</summary>
    /// <param name="source">The file to name in an error.</param>
    /// <exception cref="OrthantInputException">The array is a single number or has no columns, an element is not finite, or a 64-bit
    /// integer
    /// is none of the doubles.</exception>
    public NumberTable ToTable(string source)
    {
        if (Shape.Length == 0) throw new OrthantInputException(source, "", "a single number", "an array of rows");
        int rows = Shape[0];
        long columns = 1;
        foreach (int length in Shape.AsSpan()[1..]) columns *= length;
        if (columns is 0 or > int.MaxValue) throw new OrthantInputException(source, "", $"{columns} columns", $"from 1 to {int.MaxValue}");
        int width = (int)columns;
        if (Elements is float[] singles)
        {
            Refuse(source, Array.FindIndex(singles, static s => !float.IsFinite(s)), width);
            return new NumberTable(rows, width, singles);
        }
        double[] doubles = Elements as double[] ?? ToDoubles(source, width);
        Refuse(source, Array.FindIndex(doubles, static d => !double.IsFinite(d)), width);
        return new NumberTable(rows, width, doubles);
    }

    private double[] ToDoubles(string source, int width)
    {
        switch (Elements)
        {
            case int[] ints:
                return Array.ConvertAll(ints, static i => (double)i);
            case byte[] bytes:
                return Array.ConvertAll(bytes, static b => (double)b);
            default:
                long[] longs = (long[])Elements;
                int at = Array.FindIndex(longs, static l => (Int128)(double)l != l);
                if (at >= 0) throw new OrthantInputException(source, Place(at, width), $"{longs[at]}", "an integer that a double can hold");
                return Array.ConvertAll(longs, static l => (double)l);
        }
    }

    private void Refuse(string source, int at, int width)
    {
        if (at < 0) return;
        throw new OrthantInputException(source, Place(at, width), $"{Elements.GetValue(at)}", "a finite number");
    }

    private static string Place(int at, int width) => $"row {at / width}, column {at % width} (from 0)";
}
