using System.Collections.Frozen;
using Orthant.Formats.Onnx.Operations;

namespace Orthant.Formats.Onnx;

/// <summary>What each operation of a graph is lowered by: one entry an operation.</summary>
internal static class OperationTable
{
    /// <summary>Turns a node's inputs into its outputs.</summary>
    public delegate GraphValue[] Lowering(NodeContext node);

    /// <summary>The operations of the standard domain that are, or can be, piecewise linear.</summary>
    public static FrozenDictionary<string, Lowering> Known { get; } = new Dictionary<string, Lowering>
    {
        ["Abs"] = One(Activations.Abs),
        ["Add"] = One(Elementwise.Add),
        ["AveragePool"] = One(Images.AveragePool),
        ["BatchNormalization"] = One(Images.BatchNormalization),
        ["Cast"] = One(Shapes.Cast),
        ["Clip"] = One(Activations.Clip),
        ["Concat"] = One(Selections.Concat),
        ["Constant"] = One(Shapes.Constant),
        ["ConstantOfShape"] = One(Shapes.ConstantOfShape),
        ["Conv"] = One(Images.Conv),
        ["Div"] = One(Elementwise.Div),
        ["Dropout"] = One(Shapes.Dropout),
        ["Expand"] = One(Selections.Expand),
        ["Flatten"] = One(Shapes.Flatten),
        ["Gather"] = One(Selections.Gather),
        ["Gemm"] = One(Products.Gemm),
        ["GlobalAveragePool"] = One(Images.GlobalAveragePool),
        ["GlobalMaxPool"] = One(Images.GlobalMaxPool),
        ["HardSigmoid"] = One(Activations.HardSigmoid),
        ["Identity"] = One(Shapes.Identity),
        ["LeakyRelu"] = One(Activations.LeakyRelu),
        ["MatMul"] = One(Products.MatMul),
        ["Max"] = One(Elementwise.Max),
        ["MaxPool"] = One(Images.MaxPool),
        ["Min"] = One(Elementwise.Min),
        ["Mul"] = One(Elementwise.Mul),
        ["Neg"] = One(Elementwise.Neg),
        ["Pad"] = One(Selections.Pad),
        ["PRelu"] = One(Activations.PRelu),
        ["ReduceMean"] = One(Reductions.ReduceMean),
        ["ReduceSum"] = One(Reductions.ReduceSum),
        ["Relu"] = One(Activations.Relu),
        ["Reshape"] = One(Shapes.Reshape),
        ["Shape"] = One(Shapes.Shape),
        ["Slice"] = One(Selections.Slice),
        ["Split"] = Selections.Split,
        ["Squeeze"] = One(Shapes.Squeeze),
        ["Sub"] = One(Elementwise.Sub),
        ["Sum"] = One(Elementwise.SumOfAll),
        ["Transpose"] = One(Shapes.Transpose),
        ["Unsqueeze"] = One(Shapes.Unsqueeze),
    }.ToFrozenDictionary();

    /// <summary>Operations at the end of a classifier that no decision about its scores depends on.</summary>
    public static FrozenSet<string> Tails { get; } =
        new[] { "Softmax", "LogSoftmax", "Sigmoid", "Hardmax", "ArgMax", "ZipMap" }.ToFrozenSet();

    private static Lowering One(Func<NodeContext, GraphValue> lowering) => node => [lowering(node)];
}
