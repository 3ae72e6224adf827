namespace Orthant.Formats.Onnx;

/// <summary>What a named tensor of a graph is: numbers that stand in the file, or a signal computed from the input.</summary>
/// <param name="Shape">The lengths, a symbolic batch counted as 1; empty for a single number.</param>
internal abstract record GraphValue(int[] Shape)
{
    /// <summary>The number of elements.</summary>
    public int Count { get; } = Shape.Aggregate(1, (a, b) => checked(a * b));
}

/// <summary>A tensor that depends on the input.</summary>
/// <param name="Shape">The lengths.</param>
/// <param name="Signal">Its elements, the last index running fastest.</param>
internal sealed record SignalValue(int[] Shape, Signal Signal) : GraphValue(Shape);

/// <summary>A tensor that is the same for every input: an initialiser, or what was computed from such.</summary>
internal sealed record ConstantValue : GraphValue
{
    private readonly double[]? numbers;

    private ConstantValue(int[] shape, double[]? numbers, long[]? integers)
        : base(shape)
    {
        this.numbers = numbers;
        Integers = integers;
    }

    /// <summary>Floating-point numbers of any of the file's types: each of them is a double.</summary>
    public static ConstantValue OfNumbers(int[] shape, double[] numbers) => new(shape, numbers, null);

    /// <summary>Integers or truth values, such as shapes.</summary>
    public static ConstantValue OfIntegers(int[] shape, long[] integers) => new(shape, null, integers);

    /// <summary>The elements as integers, or null when they are floating-point numbers.</summary>
    public long[]? Integers { get; }

    /// <summary>The elements as doubles.</summary>
    public double[] Numbers => numbers ?? Array.ConvertAll(Integers!, static i => (double)i);

    /// <summary>A bound on |element - exact value| / |element| that computing it from the file's numbers has left; 0 when exact.</summary>
    public double RelativeError { get; init; }

    /// <summary>The same elements under another shape of as many.</summary>
    public ConstantValue Reshaped(int[] shape) => new(shape, numbers, Integers) { RelativeError = RelativeError };

    /// <summary>Elements chosen by their places, under a new shape.</summary>
    public ConstantValue Selected(int[] shape, int[] places) =>
        new(
            shape, numbers is null ? null : Array.ConvertAll(places, p => numbers[p]),
            Integers is null ? null : Array.ConvertAll(places, p => Integers[p]))
        {
            RelativeError = RelativeError,
        };
}
