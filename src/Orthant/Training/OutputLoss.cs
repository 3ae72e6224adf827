using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>The losses and their gradients with respect to a network's outputs, row by row.</summary>
/// <remarks>Rows are padded to a multiple of 16 columns. Sums over a row have one shape whatever the width of a vector: 16 partial sums, column j
/// going to sum j mod 16, then j with j + 8, j + 4, j + 2 and j + 1.</remarks>
internal static unsafe class OutputLoss
{
    private const int Lanes = RandomizedActivation.WidthUnit;

    /// <summary>Cross-entropy of the softmax: adds the bias, returns −log p of the right class, and replaces the outputs by scale·(p − indicator).</summary>
    /// <param name="outputs">The number of classes.</param>
    /// <param name="width">The padded number of columns.</param>
    /// <param name="row">width numbers; padding becomes zero.</param>
    /// <param name="bias">width numbers.</param>
    /// <param name="label">The right class.</param>
    /// <param name="scale">The factor of the gradient.</param>
    /// <returns>The loss, computed from the logits: log Σ exp(z − max) + max − z.</returns>
    public static double CrossEntropy(int outputs, int width, float* row, float* bias, int label, float scale)
    {
        AddBias(outputs, row, bias);
        float largest = Largest(outputs, row), right = row[label];
        for (int j = outputs; j < width; j++) row[j] = float.NegativeInfinity;
        float* sums = stackalloc float[Lanes];
        new Span<float>(sums, Lanes).Clear();
        Vector<float> top = new(largest);
        for (int j = 0; j < width; j += Vector<float>.Count)
        {
            Vector<float> e = ReproducibleFunctions.Exp(Vector.Load(row + j) - top);
            e.Store(row + j);
            (Vector.Load(sums + (j % Lanes)) + e).Store(sums + (j % Lanes));
        }
        float total = Fold(sums);
        Vector<float> factor = new(scale / total);
        for (int j = 0; j < width; j += Vector<float>.Count) (Vector.Load(row + j) * factor).Store(row + j);
        row[label] -= scale;
        return ReproducibleFunctions.Log(total) + ((double)largest - right);
    }

    /// <summary>Squared error: adds the bias, returns the mean of (z − target)² over the outputs, and replaces the outputs by scale·2(z − target)/outputs.</summary>
    /// <param name="outputs">The number of outputs.</param>
    /// <param name="width">The padded number of columns.</param>
    /// <param name="row">width numbers; padding becomes zero.</param>
    /// <param name="bias">width numbers.</param>
    /// <param name="targets">outputs numbers.</param>
    /// <param name="scale">The factor of the gradient.</param>
    public static double SquaredError(int outputs, int width, float* row, float* bias, ReadOnlySpan<float> targets, float scale)
    {
        AddBias(outputs, row, bias);
        double sum = 0;
        float factor = 2 * scale / outputs;
        for (int j = 0; j < outputs; j++)
        {
            float difference = row[j] - targets[j];
            sum += (double)difference * difference;
            row[j] = factor * difference;
        }
        for (int j = outputs; j < width; j++) row[j] = 0;
        return sum / outputs;
    }

    /// <summary>The first of the largest outputs, bias added.</summary>
    public static int Winner(int outputs, float* row, float* bias)
    {
        int winner = 0;
        for (int j = 1; j < outputs; j++)
        {
            if (row[j] + bias[j] > row[winner] + bias[winner]) winner = j;
        }
        return winner;
    }

    private static void AddBias(int outputs, float* row, float* bias)
    {
        for (int j = 0; j < outputs; j++) row[j] += bias[j];
    }

    private static float Largest(int outputs, float* row)
    {
        float largest = row[0];
        for (int j = 1; j < outputs; j++) largest = Math.Max(largest, row[j]);
        return largest;
    }

    private static float Fold(float* sums)
    {
        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int j = 0; j < half; j++) sums[j] += sums[j + half];
        }
        return sums[0];
    }
}
