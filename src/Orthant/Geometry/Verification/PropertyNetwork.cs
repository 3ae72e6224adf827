using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Verification;

/// <summary>A network followed by the left sides of linear conditions on its inputs and outputs, exactly.</summary>
internal static class PropertyNetwork
{
    /// <summary>The network whose outputs are positive multiples of the conditions' left sides, one a condition.</summary>
    /// <param name="network">The network.</param>
    /// <param name="conditions">At least one.</param>
    /// <remarks>Numbers that one double cannot hold are spread over several copies of an output, so that nothing is rounded.</remarks>
    public static ReluNetwork Of(ReluNetwork network, IReadOnlyList<LinearCondition> conditions)
    {
        bool readsInputs = conditions.Any(c => c.Inputs.Any(v => !v.IsZero));
        ReluNetwork values = readsInputs
            ? NetworkAlgebra.Stack(network, new ReluNetwork([new AffineLayer(new IdentityOperator(network.Inputs), [])]))
            : network;
        double[][][] rows = [.. conditions.Select(c => Pieces(c, network.Outputs, values.Outputs))];
        int copies = Math.Max(1, rows.Max(r => r.Take(values.Outputs).Max(p => p.Length))), constants = Math.Max(0, rows.Max(r => r[^1].Length - 1));
        List<Layer> layers = [.. values.Layers];
        int width = values.Outputs;
        if (copies > 1 || constants > 0)
        {
            // Copies of all values, then units that are 1 whatever the input.
            List<(int, double)[]> spread = [];
            for (int k = 0; k < copies; k++)
            {
                for (int j = 0; j < width; j++) spread.Add([(j, 1.0)]);
            }
            double[] bias = new double[(copies * width) + constants];
            for (int k = 0; k < constants; k++)
            {
                spread.Add([]);
                bias[(copies * width) + k] = 1;
            }
            layers.Add(new AffineLayer(SparseOperator.FromRows(width, spread), bias));
        }
        int inputs = (copies * width) + constants;
        double[] matrix = new double[rows.Length * inputs], offsets = new double[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < width; j++)
            {
                for (int k = 0; k < rows[i][j].Length; k++) matrix[(i * inputs) + (k * width) + j] = rows[i][j][k];
            }
            double[] offset = rows[i][^1];
            if (offset.Length > 0) offsets[i] = offset[0];
            for (int k = 1; k < offset.Length; k++) matrix[(i * inputs) + (copies * width) + k - 1] = offset[k];
        }
        layers.Add(new AffineLayer(new DenseOperator(rows.Length, inputs, matrix), offsets));
        return new ReluNetwork(layers);
    }

    /// <summary>For each value that takes part, and then for the offset, doubles that add up to a positive multiple of its number.</summary>
    private static double[][] Pieces(LinearCondition condition, int outputs, int width)
    {
        Rational[] numbers = new Rational[width + 1];
        for (int j = 0; j < outputs; j++) numbers[j] = condition.Outputs[j];
        for (int j = outputs; j < width; j++) numbers[j] = condition.Inputs.IsEmpty ? Rational.Zero : condition.Inputs[j - outputs];
        numbers[width] = condition.Offset;
        // Odd parts of denominators go; powers of two are exact in doubles.
        System.Numerics.BigInteger multiple = 1;
        foreach (Rational r in numbers)
        {
            System.Numerics.BigInteger odd = r.Denominator;
            while (odd.IsEven) odd >>= 1;
            multiple = multiple / System.Numerics.BigInteger.GreatestCommonDivisor(multiple, odd) * odd;
        }
        // Back to about the size it had.
        long bits = (long)multiple.GetBitLength() - 1;
        Rational scale = new(multiple, System.Numerics.BigInteger.One << (int)bits);
        return Array.ConvertAll(numbers, r =>
        {
            List<double> pieces = [];
            for (Rational left = r * scale; !left.IsZero; left -= Rational.FromDouble(pieces[^1]))
            {
                double piece = left.ToDouble();
                if (piece == 0 || !double.IsFinite(piece)) throw new ArgumentException($"The number {r} of a condition is beyond the range of doubles.");
                pieces.Add(piece);
            }
            return pieces.ToArray();
        });
    }
}
