using CsCheck;
using Orthant.Formats;
using Orthant.Formats.Onnx;
using Orthant.Networks;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Tests.Formats;

/// <summary>Each operation, in its forms, against ONNX Runtime.</summary>
public sealed class OnnxOperationTests
{
    private static readonly float[] Six = [1, -2, 0.5f, 3, -0.25f, 1.5f];

    [Theory]
    [InlineData(1f, 1f, 0, 0)]
    [InlineData(1f, 1f, 0, 1)]
    [InlineData(0.3f, 1f, 1, 0)]
    [InlineData(1f, -0.7f, 1, 1)]
    [InlineData(-2f, 0.1f, 0, 1)]
    public void GemmWithEveryAttribute(float alpha, float beta, int transA, int transB)
    {
        OnnxGraph graph = new(transA == 1 ? [2, 1] : [1, 2]);
        graph.Floats("w", transB == 1 ? [3, 2] : [2, 3], Six).Floats("c", [3], 1, 2, -3);
        LoadedModel model = graph.Node("Gemm", "x w c", "g", ("alpha", alpha), ("beta", beta), ("transA", transA), ("transB", transB))
            .Node("Relu", "g", "y").Output("y", 1, 3).AgreesWithRuntime();
        Assert.Equal("2-3-3 ReLU", model.Network.ToString());
        Assert.True(model.IsExact);
    }

    [Theory]
    [InlineData(new long[] { 3 })]
    [InlineData(new long[] { 1, 3 })]
    [InlineData(new long[] { 1 })]
    [InlineData(new long[] { })]
    [InlineData(new long[] { 1, 1 })]
    public void GemmBroadcastsC(long[] shape)
    {
        float[] c = [.. Six.Take(shape.Contains(3) ? 3 : 1)];
        new OnnxGraph(1, 2).Floats("w", [2, 3], Six).Floats("c", shape, c).Node("Gemm", "x w c", "y").Output("y", 1, 3).AgreesWithRuntime();
    }

    [Fact]
    public void GemmOfSeveralRowsAndFromTheLeft()
    {
        new OnnxGraph(3, 2).Floats("w", [2, 3], Six).Floats("c", [3, 1], 1, 2, 3).Node("Gemm", "x w c", "y").Output("y", 3, 3)
            .AgreesWithRuntime();
        new OnnxGraph(3, 2).Floats("w", [2, 3], Six).Node("Gemm", "w x", "y").Output("y", 2, 2).AgreesWithRuntime();
        new OnnxGraph(2, 3).Floats("w", [2, 3], Six).Node("Gemm", "w x", "y", ("transB", 1)).Output("y", 2, 2).AgreesWithRuntime();
    }

    [Theory]
    [InlineData(new long[] { 1, 2 }, new long[] { 2, 3 }, true)]
    [InlineData(new long[] { 2 }, new long[] { 2, 3 }, true)]
    [InlineData(new long[] { 1, 4, 2 }, new long[] { 2, 3 }, true)]
    [InlineData(new long[] { 2 }, new long[] { 1, 2, 3 }, true)]
    [InlineData(new long[] { 1, 2, 2, 6 }, new long[] { 6 }, true)]
    [InlineData(new long[] { 1, 2 }, new long[] { 1, 2, 3 }, true)]
    [InlineData(new long[] { 3, 1 }, new long[] { 2, 3 }, false)]
    [InlineData(new long[] { 3 }, new long[] { 2, 3 }, false)]
    [InlineData(new long[] { 3, 2 }, new long[] { 2, 3 }, false)]
    [InlineData(new long[] { 2, 3, 2 }, new long[] { 2, 3 }, false)]
    [InlineData(new long[] { 6, 2 }, new long[] { 6 }, false)]
    public void MatMulOnEitherSide(long[] input, long[] weights, bool right)
    {
        OnnxGraph graph = new OnnxGraph(input).Floats("w", weights, Six).Node("MatMul", right ? "x w" : "w x", "y");
        graph.Output("y");
        graph.Model.Graph.Output[0].Type.TensorType.Shape = null;
        graph.AgreesWithRuntime();
    }

    [Theory]
    [InlineData("Add", "x c")]
    [InlineData("Add", "c x")]
    [InlineData("Sub", "x c")]
    [InlineData("Sub", "c x")]
    [InlineData("Mul", "x c")]
    [InlineData("Mul", "c x")]
    [InlineData("Div", "x c")]
    [InlineData("Max", "x c")]
    [InlineData("Min", "c x")]
    [InlineData("Max", "x c x")]
    [InlineData("Sum", "c x c")]
    public void ArithmeticWithConstantsBroadcast(string operation, string inputs)
    {
        foreach (long[] shape in (long[][])[[3], [2, 3], [2, 1], [1], [], [4, 1, 1]])
        {
            long count = shape.Aggregate(1L, (a, b) => a * b);
            OnnxGraph graph = new OnnxGraph(1, 2, 3).Floats("c", shape, [.. Six.Take((int)count)]).Node(operation, inputs, "y").Output("y");
            graph.Model.Graph.Output[0].Type.TensorType.Shape = null;
            graph.AgreesWithRuntime();
        }
    }

    [Fact]
    public void ADivisorThatIsNoPowerOfTwoIsBoundedNotHidden()
    {
        LoadedModel model = new OnnxGraph(1, 1).Floats("c", [1], 3).Node("Div", "x c", "y").Output("y", 1, 1).Load();
        Assert.Equal(Math.Pow(2, -53), Assert.IsType<AffineLayer>(model.Network.Layers[0]).Rounding.RelativeWeightError, 1e-20);
        Assert.False(model.IsExact);
        Assert.True(new OnnxGraph(1, 1).Floats("c", [1], 4).Node("Div", "x c", "y").Output("y", 1, 1).Load().IsExact);
    }

    [Fact]
    public void ScalingsThatWouldRoundStayLayersOfTheirOwn()
    {
        // Two floats multiply to at most 48 bits: exact in a double. Three do not.
        LoadedModel two = new OnnxGraph(1, 1).Floats("w", [1, 1], 0.1f).Floats("s", [1], 0.3f)
            .Node("MatMul", "x w", "a").Node("Mul", "a s", "y").Output("y", 1, 1).AgreesWithRuntime();
        Assert.Equal(
            [(double)0.1f * 0.3f],
            Assert.IsType<DenseOperator>(Assert.IsType<AffineLayer>(Assert.Single(two.Network.Layers)).Linear).Entries.ToArray());
        LoadedModel three = new OnnxGraph(1, 1).Floats("w", [1, 1], 0.1f).Floats("s", [1], 0.3f).Floats("t", [1], 0.7f)
            .Node("MatMul", "x w", "a").Node("Mul", "a s", "b").Node("Mul", "b t", "y").Output("y", 1, 1).AgreesWithRuntime();
        Assert.Equal(["dense", "diagonal"], three.Network.Layers.Select(l => l.Kind));
        Assert.True(three.IsExact);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(16)]
    [InlineData(18)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    public void EveryOperatorSetFromSevenToTwentyTwo(int version)
    {
        OnnxGraph graph = new OnnxGraph(1, 2, 2).Floats("w", [4, 3], [.. Six, .. Six]).Floats("b", [3], 1, -1, 0.5f).Longs("s", 1, -1)
            .Floats("m", [2, 2], 1, 2, -3, 0.5f);
        graph.Node("Sub", "x m", "c").Node("Flatten", "c", "f").Node("Gemm", "f w b", "g", ("alpha", 0.5f)).Node("LeakyRelu", "g", "l")
            .Node("Identity", "l", "i");
        graph.Node("Dropout", "i", "d").Node("Reshape", "d s", "r").Node("MatMul", "r v", "p").Floats("v", [3, 2], Six)
            .Node("Add", "p k", "q").Floats("k", [2], 3, 4).Node("Relu", "q", "y").Output("y", 1, 2);
        graph.Opset(version);
        foreach (TensorProto tensor in version < 9 ? graph.Model.Graph.Initializer : [])
        {
            graph.Model.Graph.Input.Add(OnnxGraph.Info(tensor.Name, [.. tensor.Dims], (DataType)tensor.DataType));
        }
        Assert.Equal("4-3-2-2 leaky:0.009999999776482582 + ReLU", graph.AgreesWithRuntime().Network.ToString());
    }

    [Fact]
    public void ActivationsOfEveryKind()
    {
        foreach (string operation in (string[])["Relu", "LeakyRelu", "Abs", "Neg", "HardSigmoid"])
        {
            new OnnxGraph(1, 4).Node(operation, "x", "y").Output("y", 1, 4).AgreesWithRuntime();
        }
        new OnnxGraph(1, 4).Node("LeakyRelu", "x", "y", ("alpha", -0.3f)).Output("y", 1, 4).AgreesWithRuntime();
        new OnnxGraph(1, 2, 3).Floats("s", [2, 1], 0.5f, -1).Node("PRelu", "x s", "y").Output("y", 1, 2, 3).AgreesWithRuntime();
        new OnnxGraph(1, 4).Floats("l", [], -1).Floats("u", [], 0.5f).Node("Clip", "x l u", "y").Output("y", 1, 4).AgreesWithRuntime();
        new OnnxGraph(1, 4).Floats("u", [], 0.5f).Node("Clip", "x - u", "y").Output("y", 1, 4).AgreesWithRuntime();
        new OnnxGraph(1, 4).Opset(10).Node("Clip", "x", "y", ("min", 0f), ("max", 1f)).Output("y", 1, 4).AgreesWithRuntime();
        Assert.Equal(
            "4-4-4 clip:0,6",
            new OnnxGraph(1, 4).Floats("l", [], 0).Floats("u", [], 6).Node("Max", "x l", "a").Node("Min", "a u", "y").Output("y", 1, 4)
                .AgreesWithRuntime().Network.ToString());
    }

    [Fact]
    public void ShapesAreFollowedAndCostNoLayer()
    {
        OnnxGraph graph = new OnnxGraph(-1, 2, 3).Longs("a", 0, -1).Longs("b", 0, 3, 2).Longs("axes", 1).Longs("last", -1);
        graph.Node("Flatten", "x", "f").Node("Reshape", "f b", "r").Node("Unsqueeze", "r axes", "u").Node("Squeeze", "u axes", "s")
            .Node("Identity", "s", "i")
            .Node("Dropout", "i", "d").Node("Cast", "d", "c", ("to", 1)).Node("Reshape", "c a", "q").Node("Relu", "q", "y")
            .Output("y", -1, 6);
        LoadedModel model = graph.AgreesWithRuntime();
        Assert.Single(model.Network.Layers);
        Assert.Equal([-1L, 2, 3], model.InputShape);
    }

    [Fact]
    public void ShapeArithmeticIsFolded()
    {
        OnnxGraph graph = new OnnxGraph(1, 2, 3).Longs("zero", 0).Longs("one", 1).Longs("minus", -1).Longs("six", 6);
        graph.Node("Shape", "x", "s").Node("Gather", "s zero", "batch", ("axis", 0)).Node("Concat", "batch minus", "t", ("axis", 0))
            .Node("Reshape", "x t", "r");
        graph.Node("Slice", "s one six", "tail").Node("Mul", "tail one", "m").Node("Concat", "one m", "back", ("axis", 0))
            .Node("Reshape", "r back", "y").Output("y", 1, 2, 3);
        Assert.Equal("identity 6×6", graph.AgreesWithRuntime().Network.Layers.Single().ToString());
    }

    [Fact]
    public void NumbersAreChosenAndReordered()
    {
        new OnnxGraph(1, 2, 3).Node("Transpose", "x", "y", ("perm", new[] { 2, 0, 1 })).Output("y", 3, 1, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2, 3).Node("Transpose", "x", "y").Output("y", 3, 2, 1).AgreesWithRuntime();
        new OnnxGraph(1, 5).Longs("i", 3, -1, 0, 3).Node("Gather", "x i", "y", ("axis", 1)).Output("y", 1, 4).AgreesWithRuntime();
        new OnnxGraph(1, 2, 5).Longs("s", 4, 0).Longs("e", -100, 1).Longs("a", 2, 1).Longs("t", -2, 1).Node("Slice", "x s e a t", "y")
            .Output("y", 1, 1, 3).AgreesWithRuntime();
        new OnnxGraph(1, 2, 5).Longs("s", -3).Longs("e", 100).Longs("a", -1).Longs("t", 2).Node("Slice", "x s e a t", "y")
            .Output("y", 1, 2, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2, 5).Opset(9).Node("Slice", "x", "y", ("starts", new[] { 1 }), ("ends", new[] { 4 }), ("axes", new[] { 2 }))
            .Output("y", 1, 2, 3).AgreesWithRuntime();
        new OnnxGraph(1, 2, 2).Longs("p", 0, 1, 0, 0, 0, 2).Floats("v", [], 0.5f).Node("Pad", "x p v", "y").Output("y", 1, 3, 4)
            .AgreesWithRuntime();
        new OnnxGraph(1, 2, 3).Longs("p", 0, -1, 0, 0, 1, -1).Node("Pad", "x p", "y").Output("y", 1, 2, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2, 1).Longs("s", 3, 2, 2).Node("Expand", "x s", "y").Output("y", 3, 2, 2).AgreesWithRuntime();
        new OnnxGraph(1, 5).Longs("s", 2, 3).Node("Split", "x s", "a b", ("axis", 1)).Node("Relu", "b", "y").Output("y", 1, 3)
            .AgreesWithRuntime();
        new OnnxGraph(1, 2, 3).Node("ReduceMean", "x", "y", ("axes", new[] { 2 }), ("keepdims", 0)).Output("y", 1, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2, 3).Longs("a", 1).Node("ReduceSum", "x a", "y").Output("y", 1, 1, 3).AgreesWithRuntime();
    }

    [Fact]
    public void ConvolutionsInOneAndTwoDimensions()
    {
        float[] weights = [.. Enumerable.Range(0, 4 * 2 * 9).Select(i => (float)Math.Sin(i))];
        foreach ((string Name, object Value)[] attributes in (IEnumerable<(string, object)[]>)
            [
                [("pads", new[] { 1, 0, 2, 1 }), ("strides", new[] { 2, 1 })],
                [("dilations", new[] { 2, 1 })],
                [("auto_pad", "SAME_UPPER"), ("strides", new[] { 2, 2 })],
                [("auto_pad", "SAME_LOWER"), ("strides", new[] { 2, 2 })],
                [("auto_pad", "VALID"), ("kernel_shape", new[] { 3, 3 })],
            ])
        {
            OnnxGraph graph = new OnnxGraph(1, 2, 6, 5).Floats("w", [4, 2, 3, 3], weights).Floats("b", [4], 1, 2, 3, -4)
                .Node("Conv", "x w b", "c", attributes);
            graph.Node("Relu", "c", "y").Output("y").Model.Graph.Output[0].Type.TensorType.Shape = null;
            graph.AgreesWithRuntime();
        }
        new OnnxGraph(1, 4, 5).Floats("w", [4, 2, 3], weights[..24]).Node("Conv", "x w", "y", ("group", 2)).Output("y", 1, 4, 3)
            .AgreesWithRuntime();
    }

    [Fact]
    public void PoolingAndNormalisation()
    {
        foreach (string operation in (string[])["MaxPool", "AveragePool"])
        {
            foreach (int ceil in (int[])[0, 1])
            {
                OnnxGraph graph = new OnnxGraph(1, 2, 6, 5)
                    .Node(
                        operation, "x", "y", ("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 0, 1, 1 }),
                        ("ceil_mode", ceil));
                graph.Output("y").Model.Graph.Output[0].Type.TensorType.Shape = null;
                graph.AgreesWithRuntime();
            }
        }
        new OnnxGraph(1, 1, 3, 3)
            .Node(
                "AveragePool", "x", "y", ("kernel_shape", new[] { 2, 2 }), ("pads", new[] { 1, 1, 0, 0 }),
                ("count_include_pad", 1)).Output("y", 1, 1, 3, 3).AgreesWithRuntime();
        new OnnxGraph(1, 2, 3, 3).Node("GlobalAveragePool", "x", "y").Output("y", 1, 2, 1, 1).AgreesWithRuntime();
        new OnnxGraph(1, 2, 3, 3).Node("GlobalMaxPool", "x", "y").Output("y", 1, 2, 1, 1).AgreesWithRuntime();
        LoadedModel model = new OnnxGraph(1, 2, 2, 2).Floats("s", [2], 1.5f, -2).Floats("b", [2], 0.5f, 1).Floats("m", [2], 0.1f, 0.2f)
            .Floats("v", [2], 0.3f, 2)
            .Node("BatchNormalization", "x s b m v", "y", ("epsilon", 0.001f)).Output("y", 1, 2, 2, 2).AgreesWithRuntime();
        ConstantRounding rounding = Assert.IsType<AffineLayer>(model.Network.Layers[0]).Rounding;
        Assert.InRange(rounding.RelativeWeightError, 1e-16, 1e-15);
        Assert.InRange(rounding.AbsoluteBiasError, 1e-17, 1e-15);
    }

    [Fact]
    public void WindowsOfEverySize() => Gen.Int.Sample(
        seed =>
        {
            Random random = new(seed);
            int[] kernel = [random.Next(1, 4), random.Next(1, 4)], strides = [random.Next(1, 4), random.Next(1, 4)];
            int[] pads = [.. Enumerable.Range(0, 4).Select(i => random.Next(kernel[i % 2]))];
            string operation = new[] { "Conv", "MaxPool", "AveragePool" }[random.Next(3)];
            List<(string, object)> attributes = [("kernel_shape", kernel), ("strides", strides), ("pads", pads)];
            if (operation == "Conv") attributes.Add(("dilations", new[] { random.Next(1, 3), random.Next(1, 3) }));
            if (operation == "MaxPool") attributes.Add(("ceil_mode", random.Next(2)));
            if (operation == "AveragePool") attributes.Add(random.Next(2) == 0 ? ("ceil_mode", 1) : ("count_include_pad", random.Next(2)));
            OnnxGraph graph = new OnnxGraph(1, 2, random.Next(5, 9), random.Next(5, 9))
                .Floats("w", [2, 2, kernel[0], kernel[1]], [.. Enumerable.Range(0, 4 * kernel[0] * kernel[1]).Select(i => (float)Math.Sin(i))])
                .Node(operation, operation == "Conv" ? "x w" : "x", "y", [.. attributes]).Output("y");
            graph.Model.Graph.Output[0].Type.TensorType.Shape = null;
            graph.AgreesWithRuntime();
        },
        iter: 150,
        threads: 1);

    [Fact]
    public void BranchesBecomeParallelLayers()
    {
        LoadedModel residual = new OnnxGraph(1, 2).Floats("w", [2, 2], 1, 2, 3, 4).Node("MatMul", "x w", "a").Node("Relu", "a", "r")
            .Node("Add", "x r", "s").Node("Relu", "s", "y").Output("y", 1, 2).AgreesWithRuntime();
        Assert.True(Assert.IsType<ParallelLayer>(residual.Network.Layers.Single()).IsResidual);
        new OnnxGraph(1, 2).Node("Relu", "x", "a").Node("Abs", "x", "b").Node("Sub", "a b", "y").Output("y", 1, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2).Node("Relu", "x", "a").Node("Abs", "x", "b").Node("Concat", "a x b", "y", ("axis", 1)).Output("y", 1, 6)
            .AgreesWithRuntime();
        new OnnxGraph(2, 2).Node("Relu", "x", "a").Node("Concat", "a x", "y", ("axis", 1)).Output("y", 2, 4).AgreesWithRuntime();
        new OnnxGraph(1, 2).Node("Add", "x x", "y").Output("y", 1, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2).Node("Relu", "x", "a").Node("Neg", "x", "b").Node("Max", "a b x", "y").Output("y", 1, 2).AgreesWithRuntime();
        new OnnxGraph(1, 2).Node("Relu", "x", "a").Node("Neg", "x", "b").Node("Min", "a b", "y").Output("y", 1, 2).AgreesWithRuntime();
    }

    [Fact]
    public void BranchesThatShareAUnitCountItOnce()
    {
        // a feeds b and the second sum; b feeds c and the output: no two branches are apart.
        OnnxGraph graph = new OnnxGraph(1, 2).Floats("w", [2, 2], 1, -2, 3, 0.5f).Node("MatMul", "x w", "m").Node("Relu", "m", "a")
            .Node("MatMul", "a w", "n").Node("Relu", "n", "b");
        graph.Node("Add", "x b", "s").Node("Relu", "s", "c").Node("Sum", "a b c", "t").Node("Concat", "t a", "u", ("axis", 1))
            .Node("Relu", "u", "y").Output("y", 1, 4);
        LoadedModel model = graph.AgreesWithRuntime();
        Assert.Equal(2 + 2 + 2 + 4, model.Network.UnitCount);
    }

    [Fact]
    public void ADeepChainOfDenselyConnectedLayersStaysSmall()
    {
        OnnxGraph graph = new(1, 1);
        string all = "x";
        for (int i = 0; i < 12; i++)
        {
            graph.Floats($"w{i}", [1 + i, 1], [.. Enumerable.Range(0, 1 + i).Select(k => (float)Math.Cos(k + i))]);
            graph.Node("MatMul", $"{all} w{i}", $"m{i}").Node("Relu", $"m{i}", $"r{i}").Node("Concat", $"{all} r{i}", $"c{i}", ("axis", 1));
            all = $"c{i}";
        }
        Assert.Equal(12, graph.Output(all, 1, 13).AgreesWithRuntime().Network.UnitCount);
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    [InlineData("Sigmoid")]
    public void ATailIsLeftOutWithANote(string tail)
    {
        LoadedModel model = new OnnxGraph(1, 2).Node("Relu", "x", "r").Node("Identity", "r", "i").Node(tail, "i", "s")
            .Node("Identity", "s", "y").Output("y", 1, 2).Load();
        Assert.Equal([1, 0], model.Network.Evaluate([1, -1]));
        Assert.Contains(tail, Assert.Single(model.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void TensorsAreReadInEveryWayTheyAreStored()
    {
        foreach ((DataType type, Action<TensorProto> fill) in (IEnumerable<(DataType, Action<TensorProto>)>)
            [
                (DataType.Float, t => t.FloatData.Add([0.5f, -2])), (DataType.Double, t => t.DoubleData.Add([0.5, -2])),
                (DataType.Float16, t => t.Int32Data.Add([0x3800, 0xC000])), (DataType.Bfloat16, t => t.Int32Data.Add([0x3F00, 0xC000])),
                (DataType.Float, t => t.RawData = Raw(0, 0, 0, 0x3F, 0, 0, 0, 0xC0)), (
                    DataType.Float16, t => t.RawData = Raw(0, 0x38, 0, 0xC0)),
                (DataType.Bfloat16, t => t.RawData = Raw(0, 0x3F, 0, 0xC0)), (
                    DataType.Double, t => t.RawData = Raw(0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0)),
            ])
        {
            TensorProto tensor = new() { Name = "c", DataType = (int)type, Dims = { 2 } };
            fill(tensor);
            ReluNetwork network = new OnnxGraph(1, 2).Add(tensor).Node("Add", "x c", "y").Output("y", 1, 2).Load().Network;
            Assert.Equal([1.5, -1], network.Evaluate([1, 1]));
        }

        static Google.Protobuf.ByteString Raw(params byte[] bytes) => Google.Protobuf.ByteString.CopyFrom(bytes);
    }

    [Fact]
    public void TheInputsTypeIsTheNetworks()
    {
        (DataType, ElementType)[] types =
            [(DataType.Float, ElementType.Float32), (DataType.Double, ElementType.Float64), (DataType.Float16, ElementType.Float16)];
        foreach ((DataType type, ElementType element) in types)
        {
            OnnxGraph graph = new OnnxGraph(1, 1).Node("Relu", "x", "y").Output("y", 1, 1);
            graph.Model.Graph.Input[0] = OnnxGraph.Info("x", [1, 1], type);
            Assert.Equal(element, graph.Load().Network.ElementType);
        }
    }

    [Fact]
    public void ConstantsAreNodesOrInitialisersOrInputsAtOnce()
    {
        TensorProto value = new() { DataType = (int)DataType.Float, Dims = { 2 }, FloatData = { 3, 4 } };
        OnnxGraph graph = new OnnxGraph(1, 2).Floats("c", [2], 1, 2).Node("Constant", "", "k", ("value", value));
        graph.Node("Add", "x c", "a").Node("Add", "a k", "y").Output("y", 1, 2);
        graph.Model.Graph.Input.Insert(0, OnnxGraph.Info("c", [2]));
        Assert.Equal([5, 7], graph.AgreesWithRuntime().Network.Evaluate([1, 1]));
    }
}
