using Orthant.Networks;

namespace Orthant.Approximation;

/// <summary>Layers of a network in the making: rows of weights with their biases; after every layer but the last come ReLUs.</summary>
/// <param name="elementType">The type that weights are rounded to.</param>
internal sealed class LayerStack(ElementType elementType)
{
    /// <summary>Entries up to which a matrix is stored whole.</summary>
    private const long MostDenseEntries = 1 << 20;
    private readonly List<(int Inputs, List<(int Column, double Value)>[] Rows, double[] Bias)> layers = [];
    private readonly List<List<(int Column, double Value)>> rows = [];
    private readonly List<double> biases = [];
    private int inputs = 1;

    /// <summary>The number of finished layers.</summary>
    public int Count => layers.Count;

    /// <summary>Adds a neuron to the layer at hand.</summary>
    /// <returns>Its index.</returns>
    public int Neuron(double bias, params ReadOnlySpan<(int Column, double Value)> weights)
    {
        List<(int, double)> row = new(weights.Length);
        foreach ((int column, double value) in weights)
        {
            if (value != 0) row.Add((column, value));
        }
        rows.Add(row);
        biases.Add(bias == 0 ? 0 : bias);
        return rows.Count - 1;
    }

    /// <summary>Adds neurons that are always zero up to a width.</summary>
    public void Pad(int width)
    {
        while (rows.Count < width) Neuron(0);
    }

    /// <summary>Ends the layer at hand.</summary>
    public void EndLayer()
    {
        layers.Add((inputs, [.. rows], [.. biases]));
        inputs = rows.Count;
        rows.Clear();
        biases.Clear();
    }

    /// <summary>A number as the weights will hold it.</summary>
    public double Round(double value) => elementType == ElementType.Float32 ? (float)value : value;

    /// <summary>The network; the layer at hand, if any, is its output.</summary>
    public ReluNetwork ToNetwork(string name, int networkInputs = 1)
    {
        if (rows.Count > 0) EndLayer();
        List<Layer> built = [];
        for (int l = 0; l < layers.Count; l++)
        {
            (int columns, List<(int Column, double Value)>[] matrix, double[] bias) = layers[l];
            if (l == 0) columns = networkInputs;
            ActivationFunction? activation = l == layers.Count - 1 ? null : ActivationFunction.Relu;
            built.Add(new AffineLayer(Operator(matrix, columns), Array.ConvertAll(bias, Round), activation));
        }
        return new ReluNetwork(built, elementType, name);
    }

    private LinearOperator Operator(List<(int Column, double Value)>[] matrix, int columns)
    {
        if ((long)matrix.Length * columns > MostDenseEntries)
        {
            return SparseOperator.FromRows(columns, matrix.Select(row => row.Select(e => (e.Column, Round(e.Value)))));
        }
        double[] entries = new double[matrix.Length * columns];
        for (int i = 0; i < matrix.Length; i++)
        {
            foreach ((int column, double value) in matrix[i]) entries[(i * columns) + column] = Round(value);
        }
        return new DenseOperator(matrix.Length, columns, entries);
    }
}
