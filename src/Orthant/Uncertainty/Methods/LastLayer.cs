using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>A network taken apart before its last affine layer: what that layer reads (the features), and its weights.</summary>
/// <remarks>Laplace approximations and outlier scores of features need it. Random activations are at their mean slopes. Immutable, safe to
/// share.</remarks>
public sealed class LastLayer
{
    private readonly UncertainNetwork? body;
    private readonly double[] weights;
    private readonly double[] bias;

    private LastLayer(UncertainNetwork? body, double[] weights, double[] bias)
    {
        this.body = body;
        this.weights = weights;
        this.bias = bias;
    }

    /// <summary>The number of features.</summary>
    public int Features => weights.Length / bias.Length;

    /// <summary>outputs × features, row-major.</summary>
    public ReadOnlyMemory<double> Weights => weights;

    /// <summary>One number an output.</summary>
    public ReadOnlyMemory<double> Bias => bias;

    /// <summary>Takes a network apart.</summary>
    /// <param name="network">Its last layer is affine, without an activation.</param>
    /// <exception cref="OrthantInputException">The last layer is another one.</exception>
    public static LastLayer Of(ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Layers[^1] is not AffineLayer { Activations.IsIdentity: true } last)
        {
            throw new OrthantInputException(network.Name.Length > 0 ? network.Name : "the network", "last layer",
                network.Layers[^1].ToString() ?? "", "an affine layer without an activation");
        }
        UncertainNetwork? body = network.Layers.Length == 1 ? null
            : UncertainNetwork.AtMeanSlopes(new ReluNetwork(network.Layers[..^1], network.ElementType, network.Name, network.Metadata));
        return new LastLayer(body, last.Linear.ToDense(), last.Bias.ToArray());
    }

    /// <summary>What the last layer reads.</summary>
    /// <param name="inputs">Samples as the network reads them.</param>
    /// <param name="threads">At least 1.</param>
    /// <returns>samples × <see cref="Features"/>, row-major.</returns>
    public double[] FeaturesOf(InputRows inputs, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        float[] values;
        if (body is not null)
        {
            values = body.Pass(inputs, 0, new PassOptions { Threads = threads });
        }
        else
        {
            values = new float[checked(inputs.Count * inputs.Width)];
            inputs.Gather([.. Enumerable.Range(0, inputs.Count)], values);
        }
        return Array.ConvertAll(values, v => (double)v);
    }
}
