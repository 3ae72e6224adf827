using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>What an oracle does to a network's outputs before it answers.</summary>
public enum PostProcessing
{
    /// <summary>Nothing.</summary>
    Raw,

    /// <summary>Probabilities, exp(f_k) / Σ exp(f_i).</summary>
    Softmax,

    /// <summary>Their logarithms, f_k − log Σ exp(f_i).</summary>
    LogSoftmax,
}

/// <summary>Guesses the post-processing of answers, and undoes it.</summary>
/// <remarks>Softmax forgets one number a row, a shift shared by all outputs. What is left is fixed by Σ f_k = 0, and is piecewise linear again.</remarks>
internal static class AnswerForm
{
    /// <summary>The post-processing that some answers look like.</summary>
    /// <param name="outputs">The number of outputs.</param>
    /// <param name="answers">rows × outputs.</param>
    public static PostProcessing Guess(int outputs, ReadOnlySpan<double> answers)
    {
        if (outputs < 2) return PostProcessing.Raw;
        // Probabilities of which few digits are given add up to 1 only nearly; sums that near by chance, row after row, do not happen.
        const double Slack = 2e-3;
        bool softmax = true, logSoftmax = true;
        for (int first = 0; first < answers.Length; first += outputs)
        {
            ReadOnlySpan<double> row = answers.Slice(first, outputs);
            softmax &= TensorPrimitives.Min(row) >= 0 && Math.Abs(TensorPrimitives.Sum(row) - 1) < Slack;
            double sum = 0;
            foreach (double v in row) sum += Math.Exp(v);
            logSoftmax &= Math.Abs(sum - 1) < Slack;
        }
        return softmax ? PostProcessing.Softmax : logSoftmax ? PostProcessing.LogSoftmax : PostProcessing.Raw;
    }

    /// <summary>From answers to outputs whose sum is 0 in every row; raw answers stay.</summary>
    public static void Undo(PostProcessing form, int outputs, Span<double> answers)
    {
        if (form == PostProcessing.Raw) return;
        if (form == PostProcessing.Softmax) TensorPrimitives.Log(answers, answers);
        for (int first = 0; first < answers.Length; first += outputs)
        {
            Span<double> row = answers.Slice(first, outputs);
            TensorPrimitives.Subtract(row, TensorPrimitives.Sum<double>(row) / outputs, row);
        }
    }
}
