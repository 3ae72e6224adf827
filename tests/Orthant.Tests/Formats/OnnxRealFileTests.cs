using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Tests.Formats;

/// <summary>Published networks, evaluated by us and by ONNX Runtime.</summary>
public sealed class OnnxRealFileTests
{
    private const int Points = 20;

    public static TheoryData<string, int, int, string, double, double> Files => new()
    {
        { "mnist_fc/mnist-net_256x2.onnx.gz", 784, 10, "784-256-256-10 ReLU", 0, 1 },
        { "mnist_fc/mnist-net_256x4.onnx.gz", 784, 10, "784-256-256-256-256-10 ReLU", 0, 1 },
        { "mnist_fc/mnist-net_256x6.onnx.gz", 784, 10, "784-256-256-256-256-256-256-10 ReLU", 0, 1 },
        { "small/rl_benchmarks.cartpole.onnx.gz", 4, 2, "4-64-64-2 ReLU", -2, 2 },
        { "small/rl_benchmarks.lunarlander.onnx.gz", 8, 4, "8-64-64-4 ReLU", -2, 2 },
        { "small/rl_benchmarks.dubinsrejoin.onnx.gz", 8, 8, "8-256-256-8 ReLU", -2, 2 },
        { "small/reach_prob_density.gcas.onnx.gz", 14, 14, "14-32-32-14 ReLU", -1, 1 },
        { "small/reach_prob_density.robot.onnx.gz", 5, 5, "5-64-64-64-5 ReLU", -1, 1 },
        { "small/reach_prob_density.vdp.onnx.gz", 3, 3, "3-32-32-3 ReLU", -1, 1 },
        { "small/tll.tllBench_n=2_N=M=16_m=1_instance_1_0.onnx.gz", 2, 1, "2-512-256-128-64-32-16-8-4-1 ReLU", -2, 2 },
        { "small/tll.tllBench_n=2_N=M=16_m=1_instance_1_1.onnx.gz", 2, 1, "2-512-256-128-64-32-16-8-4-1 ReLU", -2, 2 },
        { "small/tll.tllBench_n=2_N=M=16_m=1_instance_1_2.onnx.gz", 2, 1, "2-512-256-128-64-32-16-8-4-1 ReLU", -2, 2 },
        { "small/tll.tllBench_n=2_N=M=16_m=1_instance_1_3.onnx.gz", 2, 1, "2-512-256-128-64-32-16-8-4-1 ReLU", -2, 2 },
        { "small/cifar_base_kw.onnx.gz", 3072, 10, "3072-2048-1024-100-10 ReLU", 0, 1 },
        { "small/resnet_3b2_bn_mixup_adv_4.0_bs128_lr-1.onnx.gz", 3072, 10, "3072-4096-2048-2048-1024-1024-512-512-100-10 ReLU", 0, 1 },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void IsReadAndEvaluatesLikeOnnxRuntime(string file, int inputs, int outputs, string widths, double lower, double upper)
    {
        LoadedModel model = CompareWithRuntime(Path.Combine(Folder(), file), lower, upper);
        Assert.Equal((inputs, outputs), (model.Network.Inputs, model.Network.Outputs));
        Assert.True(model.IsExact);
        Assert.Equal(widths, model.Network.ToString());
    }

    [Fact]
    public void TheThirtyAcasXuNetworksAreReadAndEvaluateLikeOnnxRuntime()
    {
        string[] files = Directory.GetFiles(Path.Combine(Folder(), "acasxu"), "*.onnx");
        Assert.Equal(30, files.Length);
        foreach (string file in files)
        {
            LoadedModel model = CompareWithRuntime(file, -0.5, 0.5);
            Assert.Equal("5-50-50-50-50-50-50-5 ReLU", model.Network.ToString());
            Assert.Equal([1L, 1, 1, 5], model.InputShape);
            Assert.True(model.IsExact);
        }
    }

    [Fact]
    public void TheCaseFilesAreReadAndEvaluateLikeOnnxRuntime()
    {
        string[] folders = [Repository.Need(Repository.Cases("regions"), "the acceptance cases"), Repository.Need(
            Repository.Cases("uncertainty"), "the acceptance cases")];
        string[] files = [.. folders.SelectMany(f => Directory.GetFiles(f, "*.onnx", SearchOption.AllDirectories))];
        Assert.NotEmpty(files);
        foreach (string file in files) Assert.True(CompareWithRuntime(file, 0, 1).IsExact);
    }

    private static string Folder() => Repository.Need(Repository.Data("vnncomp"), "the VNN-COMP data");

    private static LoadedModel CompareWithRuntime(string path, double lower, double upper)
    {
        byte[] content = InputFile.ReadAllBytes(path);
        LoadedModel model = OnnxReader.Load(path, content);
        ReluNetwork network = model.Network;
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        using InferenceSession session = new(content, options);
        Random random = new(1);
        float[] x = [.. Enumerable.Range(0, Points * network.Inputs).Select(_ => (float)(lower + ((upper - lower) * random.NextDouble())))];
        float[] y = new float[Points * network.Outputs];
        network.Evaluate<float>(Points, x, y);
        int[] shape = [.. model.InputShape.Select(l => (int)Math.Max(l, 1))];
        List<float> expected = [];
        for (int p = 0; p < Points; p++)
        {
            DenseTensor<float> point = new(x.AsMemory(p * network.Inputs, network.Inputs), shape);
            using var results = session.Run([NamedOnnxValue.CreateFromTensor(model.InputName, point)]);
            expected.AddRange(results[0].AsEnumerable<float>());
        }
        double scale = LargestSum(network, x);
        for (int i = 0; i < y.Length; i++) Assert.Equal(expected[i], y[i], 1e-5 * scale);
        Assert.Equal(network, OnnxReader.Load(path, OnnxWriter.ToBytes(path, network)).Network);
        return model;
    }

    /// <summary>The largest sum of absolute values of the terms that an output is added up from: where terms cancel, both programs hold
    /// rounding noise of that size.</summary>
    private static double LargestSum(ReluNetwork network, float[] x)
    {
        AffineLayer last = (AffineLayer)network.Layers[^1];
        double[] hidden = new double[Points * last.Inputs], sums = new double[Points * last.Outputs];
        new ReluNetwork(network.Layers[..^1]).Evaluate<double>(Points, [.. x.Select(v => (double)v)], hidden);
        last.Linear.ApplyAbsolute(Points, Array.ConvertAll(hidden, Math.Abs), sums);
        return sums.Select((s, i) => s + Math.Abs(last.Bias[i % last.Outputs])).Max();
    }
}
