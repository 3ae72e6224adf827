namespace Orthant.Training;

/// <summary>Inputs with what the network should answer: a class a sample (trained by cross-entropy), or numbers (trained by squared error).</summary>
/// <remarks>It refers to memory that it does not copy. Safe to share.</remarks>
public sealed class LabelledData
{
    private LabelledData(InputRows inputs, int outputs, ReadOnlyMemory<int> classes, ReadOnlyMemory<float> values)
    {
        Inputs = inputs;
        Outputs = outputs;
        Classes = classes;
        Values = values;
    }

    /// <summary>The inputs.</summary>
    public InputRows Inputs { get; }

    /// <summary>The number of outputs of a network for this data: the number of classes, or of numbers a sample.</summary>
    public int Outputs { get; }

    /// <summary>Whether the answers are classes.</summary>
    public bool IsClassification => !Classes.IsEmpty;

    /// <summary>The class of each sample, from 0; empty for numbers.</summary>
    public ReadOnlyMemory<int> Classes { get; }

    /// <summary>samples × <see cref="Outputs"/> numbers, row-major; empty for classes.</summary>
    public ReadOnlyMemory<float> Values { get; }

    /// <summary>The number of samples.</summary>
    public int Count => Inputs.Count;

    /// <summary>Samples that belong to classes.</summary>
    /// <param name="inputs">At least one sample.</param>
    /// <param name="classes">One number from 0 to <paramref name="count"/> − 1 a sample.</param>
    /// <param name="count">The number of classes, at least 2.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a class is out of range.</exception>
    public static LabelledData Classification(InputRows inputs, ReadOnlyMemory<int> classes, int count)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        if (inputs.Count == 0 || classes.Length != inputs.Count) throw new ArgumentException($"{inputs.Count} samples were given {classes.Length} classes.");
        foreach (int c in classes.Span)
        {
            if ((uint)c >= (uint)count) throw new ArgumentException($"Class {c} is not among 0 to {count - 1}.");
        }
        return new(inputs, count, classes, default);
    }

    /// <summary>Samples with numbers to be approximated.</summary>
    /// <param name="inputs">At least one sample.</param>
    /// <param name="values">samples × <paramref name="outputs"/> finite numbers, row-major.</param>
    /// <param name="outputs">The number of numbers a sample, at least 1.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a number is not finite.</exception>
    public static LabelledData Regression(InputRows inputs, ReadOnlyMemory<float> values, int outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (inputs.Count == 0 || values.Length != (long)inputs.Count * outputs)
        {
            throw new ArgumentException($"{inputs.Count} samples of {outputs} outputs were given {values.Length} values.");
        }
        foreach (float v in values.Span)
        {
            if (!float.IsFinite(v)) throw new ArgumentException("A value is not finite.");
        }
        return new(inputs, outputs, default, values);
    }
}
