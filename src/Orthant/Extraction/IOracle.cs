namespace Orthant.Extraction;

/// <summary>A function that can only be asked: rows of inputs in, rows of outputs out. All that extraction ever sees of a model.</summary>
/// <remarks>The answers have to be those of one fixed function. An oracle may be asked by one thread at a time; how it spreads a batch over connections or
/// threads is its own affair.</remarks>
public interface IOracle
{
    /// <summary>The number of inputs, at least 1.</summary>
    int Inputs { get; }

    /// <summary>The number of outputs, at least 1.</summary>
    int Outputs { get; }

    /// <summary>Asks for some answers.</summary>
    /// <param name="rows">The number of questions.</param>
    /// <param name="x">rows × <see cref="Inputs"/>, row-major, finite.</param>
    /// <param name="y">rows × <see cref="Outputs"/>, overwritten.</param>
    /// <param name="cancellation">Stops a question that takes long.</param>
    /// <exception cref="OrthantInputException">The model behind the oracle failed, or answered something that is no answer.</exception>
    /// <exception cref="OperationCanceledException">The question was stopped.</exception>
    void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default);
}
