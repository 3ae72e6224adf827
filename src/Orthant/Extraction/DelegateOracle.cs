namespace Orthant.Extraction;

/// <summary>Any .NET function as an oracle.</summary>
public sealed class DelegateOracle : IOracle
{
    private readonly Func<double[], double[]> function;

    /// <summary>Makes an oracle of a function of one input row.</summary>
    /// <param name="inputs">The number of inputs, at least 1.</param>
    /// <param name="outputs">The number of outputs, at least 1.</param>
    /// <param name="function">Maps one row of inputs to one row of outputs.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    public DelegateOracle(int inputs, int outputs, Func<double[], double[]> function)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentNullException.ThrowIfNull(function);
        Inputs = inputs;
        Outputs = outputs;
        this.function = function;
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
    {
        for (int row = 0; row < rows; row++)
        {
            cancellation.ThrowIfCancellationRequested();
            double[] answer = function(x.Slice(row * Inputs, Inputs).ToArray());
            if (answer.Length != Outputs) throw new OrthantInputException("oracle", $"row {row}", $"{answer.Length} numbers", $"{Outputs}, one an output");
            answer.CopyTo(y.Slice(row * Outputs, Outputs));
        }
    }
}
