using Orthant.Networks;

namespace Orthant.Certificates;

/// <summary>One stage of a network's normal form: z = weights·x + bias, then every unit takes z where it is positive, else slope·z.</summary>
/// <param name="Weights">Rows of the matrix (units × inputs).</param>
/// <param name="Bias">One number a unit.</param>
/// <param name="LeftSlopes">One number a unit; 1 for a unit without a kink.</param>
public sealed record StageData(double[][] Weights, double[] Bias, double[] LeftSlopes);

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

    /// <summary>Refuses data that do not fit together, or that are not the model's.</summary>
    internal void Check(Verification v)
    {
        for (int s = 0; s < Stages.Length; s++)
        {
            StageData stage = Stages[s];
            int units = stage.Bias.Length, inputs = s == 0 ? stage.Weights[0].Length : Stages[s - 1].Bias.Length;
            v.Require(stage.Weights.Length == units && stage.LeftSlopes.Length == units && stage.Weights.All(row => row.Length == inputs), $"the sizes of stage {s} fit");
        }
        if (v.Model is null) return;
        StageData[] model = Of(v.Model).Stages;
        v.Require(model.Length == Stages.Length, "it is about the model: as many stages");
        for (int s = 0; s < model.Length; s++)
        {
            v.Require(model[s].Bias.SequenceEqual(Stages[s].Bias) && model[s].LeftSlopes.SequenceEqual(Stages[s].LeftSlopes)
                && model[s].Weights.Zip(Stages[s].Weights, (a, b) => a.SequenceEqual(b)).All(same => same), $"it is about the model: the same stage {s}");
        }
    }
}
