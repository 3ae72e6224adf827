using System.Numerics;
using Orthant.Networks;

namespace Orthant.Certificates;

/// <summary>One stage of a network's normal form: z = weights·x + bias, then every unit takes z where it is positive, else slope·z.</summary>
/// <param name="Weights">Rows of the matrix (units × inputs).</param>
/// <param name="Bias">One number a unit.</param>
/// <param name="LeftSlopes">One number a unit; 1 for a unit without a kink.</param>
public sealed record StageData(double[][] Weights, double[] Bias, double[] LeftSlopes)
{
    /// <summary>The affine forms of the pre-activations from those of what the stage reads; a form's last number is its constant.</summary>
    internal T[][] Through<T>(T[][] forms, Func<double, T> exact, bool withBias = true)
        where T : IAdditionOperators<T, T, T>, IMultiplyOperators<T, T, T> => [.. Weights.Select((row, i) =>
    {
        T[] sum = new T[forms[0].Length];
        if (withBias) sum[^1] = exact(Bias[i]);
        for (int j = 0; j < row.Length; j++)
        {
            if (row[j] == 0) continue;
            T weight = exact(row[j]);
            for (int q = 0; q < sum.Length; q++) sum[q] += forms[j][q] * weight;
        }
        return sum;
    })];
}

/// <summary>A network as a chain of stages, as in its normal form.</summary>
/// <param name="Stages">At least one; the last one's units are the outputs.</param>
public sealed record NetworkData(StageData[] Stages)
{
    /// <summary>The normal form of a network, entry by entry.</summary>
    public static NetworkData Of(ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new NetworkData([.. network.NormalForm.Stages.Select(s => new StageData(
            [.. Enumerable.Range(0, s.Units).Select(i => DenseRow(s.Linear, i))], [.. s.Bias], [.. Enumerable.Range(0, s.Units).Select(i => s.Activations[i].LeftSlope)]))]);
    }

    private static double[] DenseRow(LinearOperator linear, int index)
    {
        double[] dense = new double[linear.Inputs];
        SparseRow row = linear.Row(index);
        for (int k = 0; k < row.Count; k++) dense[row.Columns[k]] = row.Values[k];
        return dense;
    }

    /// <summary>Whether the data are a network's, number by number.</summary>
    internal bool IsOf(ReluNetwork model) => Of(model).Stages is { } all && all.Length == Stages.Length && all.Zip(Stages).All(p =>
        p.First.Bias.SequenceEqual(p.Second.Bias) && p.First.LeftSlopes.SequenceEqual(p.Second.LeftSlopes)
        && p.First.Weights.Zip(p.Second.Weights, (a, b) => a.SequenceEqual(b)).All(same => same));

    /// <summary>Refuses data that do not fit together, or that are not the model's.</summary>
    internal void Check(Verification v, bool isModel = true)
    {
        for (int s = 0; s < Stages.Length; s++)
        {
            StageData stage = Stages[s];
            int units = stage.Bias.Length, inputs = s == 0 ? stage.Weights[0].Length : Stages[s - 1].Bias.Length;
            v.Require(stage.Weights.Length == units && stage.LeftSlopes.Length == units && stage.Weights.All(row => row.Length == inputs), $"the sizes of stage {s} fit");
        }
        v.Require(!isModel || v.Model is null || IsOf(v.Model), "it is about the model");
    }
}
