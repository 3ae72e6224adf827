using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>What an initialiser does: outputs of freshly drawn networks of real weight matrices, to be held against a law.</summary>
/// <remarks>Unlike <see cref="PriorSampler"/> it knows nothing of the law; a draw costs as much as there are weights.</remarks>
public static class InitializerSample
{
    /// <summary>The first outputs of networks drawn one after the other.</summary>
    /// <param name="widths">Inputs, hidden widths and outputs.</param>
    /// <param name="initializer">The law of the weights.</param>
    /// <param name="activation">The hidden activation.</param>
    /// <param name="inputNorm">Euclidean norm of the input, all of whose entries are equal.</param>
    /// <param name="count">Number of networks.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="biasStds">Standard deviations of normal biases of each layer, the read-out last; null for none.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="OrthantInputException">Fewer than two widths, deviations of another number, a width below 1, a norm that is not finite, or no networks.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static double[] Outputs(IReadOnlyList<int> widths, WeightInitializer initializer, ActivationFunction activation, double inputNorm, int count, ulong seed,
        IReadOnlyList<double>? biasStds = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(widths);
        ArgumentNullException.ThrowIfNull(initializer);
        ArgumentNullException.ThrowIfNull(activation);
        if (widths.Count < 2 || widths.Any(w => w < 1)) throw new OrthantInputException("initialiser", "widths", string.Join(',', widths), "inputs and outputs at least, all of them positive");
        if (!double.IsFinite(inputNorm)) throw new OrthantInputException("initialiser", "input norm", FormattableString.Invariant($"{inputNorm}"), "a finite number");
        if (biasStds is not null && biasStds.Count != widths.Count - 1) throw new OrthantInputException("initialiser", "bias deviations", $"{biasStds.Count}", $"{widths.Count - 1}");
        if (count < 1) throw new OrthantInputException("initialiser", "networks", $"{count}", "at least 1");
        double[] outputs = new double[count];
        for (int n = 0; n < count; n++)
        {
            cancellation.ThrowIfCancellationRequested();
            RandomStream random = new(seed, (ulong)n);
            double[] h = new double[widths[0]];
            h.AsSpan().Fill(inputNorm / Math.Sqrt(widths[0]));
            for (int l = 1; l < widths.Count; l++)
            {
                double[] weights = initializer.Draw(widths[l], widths[l - 1], random), biases = new double[widths[l]];
                if (biasStds is not null && biasStds[l - 1] != 0)
                {
                    for (int i = 0; i < biases.Length; i++) biases[i] = biasStds[l - 1] * random.NextNormal();
                }
                h = Pass(h, weights, biases, l < widths.Count - 1 ? activation : null);
            }
            outputs[n] = h[0];
        }
        return outputs;
    }

    private static double[] Pass(double[] input, double[] weights, double[] biases, ActivationFunction? activation)
    {
        double[] output = new double[biases.Length];
        for (int i = 0; i < output.Length; i++)
        {
            double z = biases[i] + System.Numerics.Tensors.TensorPrimitives.Dot(weights.AsSpan(i * input.Length, input.Length), input);
            output[i] = activation?.Evaluate(z) ?? z;
        }
        return output;
    }
}
