using Orthant.Networks;

namespace Orthant.Extraction;

/// <summary>A network in this process as an oracle, in the arithmetic of its own file: float32 networks answer in single precision.</summary>
public sealed class NetworkOracle : IOracle
{
    private readonly ReluNetwork network;

    /// <summary>Hides a network behind its answers.</summary>
    public NetworkOracle(ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        this.network = network;
    }

    /// <inheritdoc/>
    public int Inputs => network.Inputs;

    /// <inheritdoc/>
    public int Outputs => network.Outputs;

    /// <inheritdoc/>
    public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
    {
        if (network.ElementType != ElementType.Float32)
        {
            network.Evaluate(rows, x, y);
            return;
        }
        float[] single = new float[x.Length], answer = new float[y.Length];
        for (int i = 0; i < x.Length; i++) single[i] = (float)x[i];
        network.Evaluate<float>(rows, single, answer);
        for (int i = 0; i < y.Length; i++) y[i] = answer[i];
    }
}
