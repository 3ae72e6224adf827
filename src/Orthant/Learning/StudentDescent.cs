using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Brings a random student near a fit by Adam on small batches: the start for Gauss and Newton's method, not the end.</summary>
/// <remarks>D. P. Kingma and J. Ba, "Adam", ICLR 2015, with a cosine rate. In float32, unit by unit over the batch as
/// <see cref="StudentPass"/> does.</remarks>
internal sealed class StudentDescent
{
    private const int Batch = 256;

    private readonly Student student;
    private readonly float[] parameters, gradient, mean, square;
    private readonly float[][] values, slopes;

    private StudentDescent(Student student)
    {
        this.student = student;
        parameters = Array.ConvertAll(student.Parameters, p => (float)p);
        gradient = new float[parameters.Length];
        mean = new float[parameters.Length];
        square = new float[parameters.Length];
        values = [.. student.Widths.Select(w => new float[w * Batch])];
        slopes = [.. student.Widths.Select(w => new float[w * Batch])];
    }

    /// <summary>A student with He's weights.</summary>
    public static Student Start(int[] widths, bool hasBiases, RandomStream random)
    {
        Student student = new(widths, hasBiases);
        for (int l = 0; l < student.Layers; l++)
        {
            double scale = Math.Sqrt(2.0 / widths[l]) * (l == student.Layers - 1 ? 0.5 : 1);
            foreach (ref double w in student.Weights(l)) w = scale * random.NextNormal();
            if (l == student.Layers - 1) continue;
            foreach (ref double b in student.Biases(l)) b = 0.5 * random.NextNormal();
        }
        return student;
    }

    /// <summary>Trains a student.</summary>
    /// <param name="start">Where to begin; not changed.</param>
    /// <param name="inputs">rows × k, row-major.</param>
    /// <param name="targets">One a row.</param>
    /// <param name="steps">How many batches.</param>
    /// <param name="rate">The rate of the first step.</param>
    /// <param name="random">Chooses the rows.</param>
    public static Student Train(Student start, float[] inputs, double[] targets, int steps, double rate, RandomStream random)
    {
        StudentDescent run = new(start);
        double decay1 = 1, decay2 = 1;
        for (int t = 1; t <= steps; t++)
        {
            run.Step(inputs, targets, random);
            decay1 *= 0.9;
            decay2 *= 0.999;
            double now = rate * 0.5 * (1 + Math.Cos(Math.PI * t / steps));
            run.Update((float)(now / (1 - decay1)), (float)(1 / (1 - decay2)));
        }
        return start.With(Array.ConvertAll(run.parameters, p => (double)p));
    }

    private void Step(float[] inputs, double[] targets, RandomStream random)
    {
        int k = student.Inputs, last = student.Layers;
        Span<float> wanted = stackalloc float[Batch];
        for (int r = 0; r < Batch; r++)
        {
            int row = random.NextInt32(targets.Length);
            for (int i = 0; i < k; i++) values[0][(i * Batch) + r] = inputs[(row * k) + i];
            wanted[r] = (float)targets[row];
        }
        for (int l = 0; l < last; l++)
        {
            int from = student.Widths[l], to = student.Widths[l + 1];
            for (int j = 0; j < to; j++)
            {
                Span<float> row = values[l + 1].AsSpan(j * Batch, Batch);
                row.Fill(student.HasBiases ? parameters[student.BiasOffsets[l] + j] : 0);
                int w = student.WeightOffsets[l] + (j * from);
                for (int i = 0; i < from; i++)
                {
                    TensorPrimitives.MultiplyAdd(values[l].AsSpan(i * Batch, Batch), parameters[w + i], row, row);
                }
                if (l < last - 1) TensorPrimitives.Max<float>(row, 0, row);
            }
        }
        Span<float> error = slopes[last].AsSpan(0, Batch);
        TensorPrimitives.Subtract(values[last].AsSpan(0, Batch), wanted, error);
        TensorPrimitives.Multiply(error, 2f / Batch, error);
        for (int l = last - 1; l >= 0; l--)
        {
            int from = student.Widths[l], to = student.Widths[l + 1];
            for (int j = 0; j < to; j++)
            {
                ReadOnlySpan<float> slope = slopes[l + 1].AsSpan(j * Batch, Batch);
                int w = student.WeightOffsets[l] + (j * from);
                for (int i = 0; i < from; i++) gradient[w + i] = TensorPrimitives.Dot(values[l].AsSpan(i * Batch, Batch), slope);
                if (student.HasBiases) gradient[student.BiasOffsets[l] + j] = TensorPrimitives.Sum(slope);
            }
            if (l == 0) break;
            for (int i = 0; i < from; i++)
            {
                Span<float> back = slopes[l].AsSpan(i * Batch, Batch);
                back.Clear();
                for (int j = 0; j < to; j++)
                {
                    TensorPrimitives.MultiplyAdd(
                        slopes[l + 1].AsSpan(j * Batch, Batch), parameters[student.WeightOffsets[l] + (j * from) + i], back, back);
                }
                StudentPass.ClearWhereInactive(values[l].AsSpan(i * Batch, Batch), back);
            }
        }
    }

    private void Update(float rate, float correction)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            float g = gradient[i];
            mean[i] += 0.1f * (g - mean[i]);
            square[i] += 0.001f * ((g * g) - square[i]);
            parameters[i] -= rate * mean[i] / (MathF.Sqrt(square[i] * correction) + 1e-8f);
        }
    }
}
