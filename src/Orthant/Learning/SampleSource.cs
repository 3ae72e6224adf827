namespace Orthant.Learning;

/// <summary>Rows of inputs with one target each, read in blocks, so that their number is bounded by a disk and not by memory.</summary>
/// <remarks>Inputs are float32, as all moments are summed over blocks in float32 and between blocks in double; targets are doubles. An
/// implementation has to allow several readers at once.</remarks>
public abstract class SampleSource
{
    /// <summary>What an error message calls the samples: a file, or what drew them.</summary>
    public abstract string Name { get; }

    /// <summary>The number of rows.</summary>
    public abstract long Rows { get; }

    /// <summary>The number of inputs, d.</summary>
    public abstract int Inputs { get; }

    /// <summary>What an error message calls an input.</summary>
    /// <param name="input">From 0 to d − 1.</param>
    public virtual string InputName(int input) => $"column {input + 1}";

    /// <summary>Reads consecutive rows.</summary>
    /// <param name="first">The first row, from 0.</param>
    /// <param name="inputs">count × d finite numbers, row-major, are written here.</param>
    /// <param name="targets">One finite number a row is written here; its length is the count.</param>
    /// <exception cref="OrthantInputException">A number is not finite, or the file has changed.</exception>
    public abstract void Read(long first, Span<float> inputs, Span<double> targets);
}

/// <summary>Samples in memory.</summary>
public sealed class SampleArray : SampleSource
{
    private readonly float[] inputs;
    private readonly double[] targets;

    /// <summary>Wraps arrays; they are not copied, so not to be changed hereafter.</summary>
    /// <param name="inputs">rows × d, row-major.</param>
    /// <param name="targets">One number a row.</param>
    /// <param name="name">What an error message calls the samples.</param>
    /// <exception cref="ArgumentException">There are no rows, or the inputs do not make whole rows.</exception>
    /// <exception cref="OrthantInputException">A number is not finite.</exception>
    public SampleArray(float[] inputs, double[] targets, string name = "samples")
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.Length == 0 || inputs.Length == 0 || inputs.Length % targets.Length != 0)
        {
            throw new ArgumentException($"{inputs.Length} inputs do not make {targets.Length} rows.", nameof(inputs));
        }
        Inputs = inputs.Length / targets.Length;
        int wrong = Array.FindIndex(inputs, x => !float.IsFinite(x));
        if (wrong >= 0)
        {
            throw new OrthantInputException(
                name, $"row {(wrong / Inputs) + 1}, column {(wrong % Inputs) + 1}", $"{inputs[wrong]}", "a finite number");
        }
        wrong = Array.FindIndex(targets, y => !double.IsFinite(y));
        if (wrong >= 0) throw new OrthantInputException(name, $"target of row {wrong + 1}", $"{targets[wrong]}", "a finite number");
        this.inputs = inputs;
        this.targets = targets;
        Name = name;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override long Rows => targets.Length;

    /// <inheritdoc/>
    public override int Inputs { get; }

    /// <summary>All inputs, rows × d, row-major.</summary>
    public ReadOnlyMemory<float> AllInputs => inputs;

    /// <summary>All targets.</summary>
    public ReadOnlyMemory<double> AllTargets => targets;

    /// <inheritdoc/>
    public override void Read(long first, Span<float> inputs, Span<double> targets)
    {
        this.targets.AsSpan((int)first, targets.Length).CopyTo(targets);
        this.inputs.AsSpan(checked((int)first * Inputs), targets.Length * Inputs).CopyTo(inputs);
    }
}
