using Orthant.Training;

namespace Orthant.Tests.Training;

/// <summary>Small data sets for training tests.</summary>
internal static class TrainingExamples
{
    /// <summary>Points of a square, labelled by which of three bent bands they lie in.</summary>
    public static LabelledData Bands(int count, int seed)
    {
        Random random = new(seed);
        float[] x = new float[2 * count];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            (x[2 * i], x[(2 * i) + 1]) = ((float)((random.NextDouble() * 2) - 1), (float)((random.NextDouble() * 2) - 1));
            double height = x[(2 * i) + 1] - Math.Abs(x[2 * i]);
            labels[i] = height < -0.8 ? 0 : height < 0 ? 1 : 2;
        }
        return LabelledData.Classification(InputRows.OfSingles(x, 2), labels, 3);
    }

    /// <summary>Random inputs with two piecewise-linear functions of them.</summary>
    public static LabelledData Kinks(int count, int inputs, int seed)
    {
        Random random = new(seed);
        float[] x = new float[count * inputs], y = new float[2 * count];
        for (int i = 0; i < x.Length; i++) x[i] = (float)((random.NextDouble() * 2) - 1);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> row = x.AsSpan(i * inputs, inputs);
            y[2 * i] = Math.Abs(row[0]) - Math.Max(0, row[1 % inputs]);
            y[(2 * i) + 1] = Math.Max(row[0], row[^1]);
        }
        return LabelledData.Regression(InputRows.OfSingles(x, inputs), y, 2);
    }

    /// <summary>Random bytes with random classes: nothing to learn, but every path is taken.</summary>
    public static LabelledData Noise(int count, int inputs, int classes, int seed)
    {
        Random random = new(seed);
        byte[] pixels = new byte[count * inputs];
        random.NextBytes(pixels);
        int[] labels = [.. Enumerable.Range(0, count).Select(_ => random.Next(classes))];
        return LabelledData.Classification(InputRows.OfBytes(pixels, inputs, 0.5, 0.25), labels, classes);
    }
}
