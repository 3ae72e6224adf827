using CsCheck;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class OutputLossTests
{
    [Fact]
    public unsafe void Cross_entropy_and_its_gradient_are_those_of_the_softmax() =>
        Gen.Select(Gen.Int[2, 50], Gen.Int[0, 49], Gen.Double[0, 60], Gen.Int).Sample(
            (outputs, label, spread, seed) =>
            {
                label %= outputs;
                int width = DenseModel.Pad(outputs);
                Random random = new(seed);
                using AlignedBuffer<float> row = new(width), bias = new(width);
                double[] z = new double[outputs];
                for (int j = 0; j < outputs; j++)
                {
                    row.Pointer[j] = (float)((random.NextDouble() - 0.5) * spread);
                    bias.Pointer[j] = (float)(random.NextDouble() - 0.5);
                    z[j] = row.Pointer[j] + bias.Pointer[j];
                }
                int winner = OutputLoss.Winner(outputs, row.Pointer, bias.Pointer);
                Assert.Equal(Array.IndexOf(z, z.Max()), winner);
                double top = z.Max(), sum = z.Sum(v => Math.Exp(v - top));
                double loss = OutputLoss.CrossEntropy(outputs, width, row.Pointer, bias.Pointer, label, 0.5f);
                // Each exponential errs by 1.3e-7, a float sum of 16 + 4 terms by 20·2⁻²⁴ at most.
                Assert.Equal(Math.Log(sum) + top - z[label], loss, 2e-6);
                for (int j = 0; j < width; j++)
                {
                    double expected = j < outputs ? 0.5 * ((Math.Exp(z[j] - top) / sum) - (j == label ? 1 : 0)) : 0;
                    Assert.Equal(expected, row.Pointer[j], 1e-6);
                    if (j >= outputs) Assert.Equal(0, row.Pointer[j]);
                }
            },
            iter: 200);

    [Fact]
    public unsafe void Squared_error_and_its_gradient_are_plain()
    {
        using AlignedBuffer<float> row = new(16), bias = new(16);
        (row.Pointer[0], row.Pointer[1], row.Pointer[5], bias.Pointer[1]) = (3, 4, 9, 1);
        Assert.Equal((4 + 25) / 2.0, OutputLoss.SquaredError(2, 16, row.Pointer, bias.Pointer, [1, 0], 0.5f));
        Assert.Equal([1, 2.5f, 0, 0, 0, 0], row.Span[..6].ToArray());
    }
}
