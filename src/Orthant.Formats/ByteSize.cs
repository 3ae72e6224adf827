namespace Orthant.Formats;

/// <summary>Sizes that a file claims, multiplied in checked arithmetic and compared with the bytes that are really there.</summary>
internal static class ByteSize
{
    /// <summary>The number of elements of a shape.</summary>
    /// <exception cref="OrthantInputException">A length is negative, or the product exceeds an array.</exception>
    public static int Elements(string source, string place, ReadOnlySpan<long> shape)
    {
        long product = 1;
        bool empty = false;
        foreach (long length in shape)
        {
            if (length < 0)
            {
                throw new OrthantInputException(source, place, $"the length {length} in shape {Text(shape)}", "lengths of 0 or more");
            }
            if (length == 0) empty = true;
            else if (product > Array.MaxLength / length) product = long.MaxValue;
            else product *= length;
        }
        if (empty) return 0;
        if (product <= Array.MaxLength) return (int)product;
        throw new OrthantInputException(source, place, $"shape {Text(shape)}", $"at most {Array.MaxLength} elements");
    }

    /// <summary>Requires that the bytes that remain are exactly those that the claimed elements take.</summary>
    public static void Require(string source, string place, ReadOnlySpan<long> shape, int elements, int elementSize, int present)
    {
        if (present == (long)elements * elementSize) return;
        throw new OrthantInputException(
            source,
            place,
            $"{present} bytes of data",
            $"{(long)elements * elementSize} for shape {Text(shape)} of {elementSize} bytes each");
    }

    /// <summary>A shape as <c>(3, 4)</c>.</summary>
    public static string Text(ReadOnlySpan<long> shape) => $"({string.Join(", ", shape.ToArray())})";
}
