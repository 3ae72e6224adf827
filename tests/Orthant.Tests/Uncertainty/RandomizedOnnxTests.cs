using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orthant.Formats;
using Orthant.Formats.Onnx;
using Orthant.Networks;
using Orthant.Tests.Formats;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Tests.Uncertainty;

/// <summary>Rewritten models, run by ONNX Runtime.</summary>
public class RandomizedOnnxTests
{
    private static ActivationLaw Law(string text) => ActivationLaw.TryParse(text, out ActivationLaw? law) ? law : throw new ArgumentException(text);

    private static InferenceSession Session(ReadOnlyMemory<byte> model)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        return new InferenceSession(model.ToArray(), options);
    }

    private static float[] Run(InferenceSession session, float[] x, int[] shape, params (string Name, float[] Values, int[] Shape)[] others)
    {
        List<NamedOnnxValue> inputs = [NamedOnnxValue.CreateFromTensor(session.InputNames[0], new DenseTensor<float>(x, shape))];
        inputs.AddRange(others.Select(o => NamedOnnxValue.CreateFromTensor(o.Name, new DenseTensor<float>(o.Values, o.Shape))));
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(inputs);
        return [.. results[0].AsTensor<float>()];
    }

    /// <summary>20,000 rows of one input give 20,000 draws: their means and variances are those of our own passes within five standard errors.</summary>
    [Theory]
    [InlineData("dropout:0.2")]
    [InlineData("droprelu:0.8")]
    [InlineData("rrelu:-0.5,0.5")]
    [InlineData("rrelu-xu:3,8")]
    [InlineData("symdroprelu:0.3")]
    public void The_runtime_draws_the_same_law(string text)
    {
        const int Draws = 20_000;
        ReluNetwork network = RandomNetwork.Create([5, 9, 7, 3], WeightInitializer.He, 0.5, 6);
        RandomizedModel model = RandomizedOnnx.Rewrite("m", OnnxWriter.ToBytes("m", network), Law(text));
        Assert.Equal(2, model.Replaced);
        float[] one = UncertaintyExamples.Numbers(5, 2), x = [.. Enumerable.Repeat(one, Draws).SelectMany(v => v)];
        using InferenceSession session = Session(model.Content);
        float[] theirs = Run(session, x, [Draws, 5]), again = Run(session, x, [Draws, 5]);
        Assert.NotEqual(theirs, again);
        float[] ours = UncertainNetwork.Of(network, Law(text)).Pass(InputRows.OfSingles(x, 5), 0);
        for (int k = 0; k < 3; k++)
        {
            double[] a = [.. Enumerable.Range(0, Draws).Select(i => (double)theirs[(3 * i) + k])], b = [.. Enumerable.Range(0, Draws).Select(i => (double)ours[(3 * i) + k])];
            double va = Moment(a, 2), vb = Moment(b, 2);
            Assert.InRange(Math.Abs(a.Average() - b.Average()), 0, 5 * Math.Sqrt((va + vb) / Draws));
            double errorOfVariance = Math.Sqrt((Moment(a, 4) - (va * va) + Moment(b, 4) - (vb * vb)) / Draws);
            Assert.InRange(Math.Abs(va - vb), 0, 5 * errorOfVariance);
        }
    }

    [Fact]
    public void Slopes_as_inputs_make_the_runtime_repeat_our_passes()
    {
        ReluNetwork network = RandomNetwork.Create([5, 9, 3], WeightInitializer.He, 0.5, 6);
        RandomizedModel model = RandomizedOnnx.Rewrite("m", OnnxWriter.ToBytes("m", network), ActivationLaw.RandomizedLeaky(-1, 1), slopesAreInputs: true);
        using InferenceSession session = Session(model.Content);
        string slope = session.InputMetadata.Keys.Single(k => k.EndsWith("_slope", StringComparison.Ordinal));
        float[] x = UncertaintyExamples.Numbers(20, 3), slopes = UncertaintyExamples.Numbers(36, 4);
        AffineLayer hidden = (AffineLayer)network.Layers[0], last = (AffineLayer)network.Layers[1];
        double[] h = new double[36];
        hidden.ApplyAffine<double>(4, Array.ConvertAll(x, v => (double)v), h);
        for (int i = 0; i < h.Length; i++) h[i] *= h[i] > 0 ? 1 : slopes[i];
        double[] expected = new double[12];
        last.ApplyAffine<double>(4, h, expected);
        Assert.All(expected.Zip(Run(session, x, [4, 5], (slope, slopes, [4, 9]))), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void Graphs_that_are_no_piecewise_linear_networks_are_rewritten_too()
    {
        OnnxGraph graph = new OnnxGraph(-1, 4).Floats("zero", [1], 0).Floats("six", [], 6).Floats("none", [], 0)
            .Node("Relu", "x", "a").Node("Tanh", "a", "b").Node("Max", "b zero", "c").Node("Clip", "c none six", "d").Node("Sigmoid", "d", "y").Output("y", -1, 4);
        Assert.Throws<OrthantInputException>(graph.Load);
        RandomizedModel model = RandomizedOnnx.Rewrite("m", graph.Bytes(), ActivationLaw.DropRelu(0.5));
        Assert.Equal(3, model.Replaced);
        Assert.Contains(model.Notes, n => n.Contains("upper bound 6", StringComparison.Ordinal));
        using InferenceSession session = Session(model.Content);
        float[] y = Run(session, [.. Enumerable.Repeat(-1f, 4000)], [1000, 4]);
        Assert.True(y.Distinct().Count() > 1);
        Assert.All(y, v => Assert.InRange(v, 0, 1));
    }

    /// <summary>A channel gate (squeeze and excitation) is no layer of hidden units.</summary>
    [Fact]
    public void Gates_keep_their_rectifier()
    {
        OnnxGraph graph = new OnnxGraph(-1, 4).Floats("w", [4, 4], [.. Enumerable.Repeat(0.5f, 16)])
            .Node("Relu", "x", "a").Node("MatMul", "a w", "s").Node("Relu", "s", "t").Node("MatMul", "t w", "u").Node("Sigmoid", "u", "g").Node("Mul", "a g", "y").Output("y", -1, 4);
        RandomizedModel model = RandomizedOnnx.Rewrite("m", graph.Bytes(), ActivationLaw.DropRelu(0.5));
        Assert.Equal(1, model.Replaced);
        Assert.Contains(model.Notes, n => n.Contains("gate", StringComparison.Ordinal));
        using InferenceSession session = Session(model.Content);
        Assert.Equal(8, Run(session, new float[8], [2, 4]).Length);
    }

    /// <summary>Of a convolution's outputs that are all −1 the runtime gives back the slopes: as many different ones as the granularity has draws.</summary>
    [Theory]
    [InlineData("rrelu:0.5,1.5")]
    [InlineData("dropout:0.5")]
    public void The_runtime_shares_draws_as_our_passes_do(string text)
    {
        const int Samples = 50, Channels = 3, Pixels = 4;
        bool isDropout = text.StartsWith("dropout", StringComparison.Ordinal);
        ReluNetwork network = new([
            new AffineLayer(new ConvolutionOperator(new ImageShape(1, 2, 2), Channels, new SlidingWindow(1, 1), 1, isDropout ? [1, 1, 1] : [-1, -1, -1]), [], ActivationFunction.Relu),
        ], ElementType.Float32);
        byte[] plain = OnnxWriter.ToBytes("m", network);
        float[] x = [.. Enumerable.Repeat(1f, Samples * Pixels)];
        foreach (RandomGranularity granularity in Enum.GetValues<RandomGranularity>())
        {
            RandomizedModel model = RandomizedOnnx.Rewrite("m", plain, Law(text), granularity: granularity);
            using InferenceSession session = Session(model.Content);
            float[] y = Run(session, x, [Samples, Pixels]);
            Assert.Equal(Samples * Channels * Pixels, y.Length);
            // Every element that the granularity lets share a draw has the same value as the first of its group.
            int Group(int j) => granularity switch
            {
                RandomGranularity.Element => j,
                RandomGranularity.Channel => j - (j % Pixels),
                RandomGranularity.Layer => j - (j % (Channels * Pixels)),
                _ => j % (Channels * Pixels),
            };
            Assert.All(Enumerable.Range(0, y.Length), j => Assert.Equal(y[Group(j)], y[j]));
            int groups = Enumerable.Range(0, y.Length).Select(Group).Distinct().Count();
            if (!isDropout) Assert.InRange(y.Distinct().Count(), groups - 5, groups);
            else Assert.Equal([0f, 2f], y.Distinct().Order());
        }
    }

    /// <summary>The law is the same whichever units share a draw: means and variances of outputs are those of our own passes within five standard errors.</summary>
    [Theory]
    [InlineData("droprelu:0.8", RandomGranularity.Layer)]
    [InlineData("rrelu:-0.5,0.5", RandomGranularity.Channel)]
    [InlineData("dropout:0.2", RandomGranularity.Layer)]
    public void Shared_draws_follow_the_law(string text, RandomGranularity granularity)
    {
        const int Draws = 20_000;
        ReluNetwork network = RandomNetwork.Create([5, 9, 3], WeightInitializer.He, 0.5, 6);
        float[] x = [.. Enumerable.Repeat(UncertaintyExamples.Numbers(5, 2), Draws).SelectMany(v => v)];
        using InferenceSession session = Session(RandomizedOnnx.Rewrite("m", OnnxWriter.ToBytes("m", network), Law(text), granularity: granularity).Content);
        float[] theirs = Run(session, x, [Draws, 5]), ours = UncertainNetwork.Of(network, Law(text), granularity).Pass(InputRows.OfSingles(x, 5), 0);
        for (int k = 0; k < 3; k++)
        {
            double[] a = [.. Enumerable.Range(0, Draws).Select(i => (double)theirs[(3 * i) + k])], b = [.. Enumerable.Range(0, Draws).Select(i => (double)ours[(3 * i) + k])];
            double va = Moment(a, 2), vb = Moment(b, 2), error = Math.Sqrt((Moment(a, 4) - (va * va) + Moment(b, 4) - (vb * vb)) / Draws);
            Assert.InRange(Math.Abs(a.Average() - b.Average()), 0, 5 * Math.Sqrt((va + vb) / Draws));
            Assert.InRange(Math.Abs(va - vb), 0, 5 * error);
        }
    }

    /// <summary>A rectifier inside a fused node is taken out of it; a quantised node's is left alone and said so.</summary>
    [Fact]
    public void Fused_and_quantised_nodes()
    {
        OnnxGraph graph = new OnnxGraph(-1, 4).Floats("w", [4, 4], [.. Enumerable.Repeat(0.5f, 16)]).Node("Relu", "x", "a").Node("FusedGemm", "a w", "b").Node("QLinearMatMul", "b", "y").Output("y", -1, 4);
        ModelProto fused = ModelProto.Parser.ParseFrom(graph.Bytes());
        fused.Graph.Node[1].Attribute.Add(new AttributeProto { Name = "activation", Type = AttributeProto.Types.AttributeType.String, S = Google.Protobuf.ByteString.CopyFromUtf8("Relu") });
        RandomizedModel model = RandomizedOnnx.Rewrite("m", Google.Protobuf.MessageExtensions.ToByteArray(fused), ActivationLaw.DropRelu(0.5));
        Assert.Equal(2, model.Replaced);
        ModelProto written = ModelProto.Parser.ParseFrom(model.Content.ToArray());
        Assert.DoesNotContain(written.Graph.Node.Single(n => n.OpType == "FusedGemm").Attribute, a => a.Name == "activation");
        Assert.Contains(model.Notes, n => n.Contains("quantised", StringComparison.Ordinal));
    }

    [Fact]
    public void A_trained_law_replaces_its_own_mean_slope()
    {
        ActivationLaw law = ActivationLaw.RandomizedLeaky(0.125, 1.0 / 3);
        ReluNetwork network = RandomNetwork.Create([5, 9, 3], WeightInitializer.He, 0.5, 6, hidden: law.Surrogate).With(metadata: [new("activation-law", law.ToString())]);
        RandomizedModel model = RandomizedOnnx.Rewrite("m", OnnxWriter.ToBytes("m", network), null);
        Assert.Equal((law, 1), (model.Law, model.Replaced));
        ModelProto written = ModelProto.Parser.ParseFrom(model.Content.ToArray());
        Assert.DoesNotContain(written.Graph.Node, n => n.OpType == "LeakyRelu");
        Assert.Contains(written.MetadataProps, p => p.Key == "randomized-activation" && p.Value == law.ToString());
    }

    [Fact]
    public void Models_without_a_rectifier_or_a_law_are_refused()
    {
        byte[] plain = new OnnxGraph(-1, 4).Node("Tanh", "x", "y").Output("y", -1, 4).Bytes();
        Assert.Contains("no rectifier among Tanh", Assert.Throws<OrthantInputException>(() => RandomizedOnnx.Rewrite("m", plain, ActivationLaw.DropRelu(0.5))).Message, StringComparison.Ordinal);
        Assert.Contains("no law", Assert.Throws<OrthantInputException>(() => RandomizedOnnx.Rewrite("m", plain, null)).Message, StringComparison.Ordinal);
        Assert.Contains("draws nothing", Assert.Throws<OrthantInputException>(() => RandomizedOnnx.Rewrite("m", plain, ActivationLaw.Relu)).Message, StringComparison.Ordinal);
        Assert.Contains("not ONNX", Assert.Throws<OrthantInputException>(() => RandomizedOnnx.Rewrite("m", "abc"u8.ToArray(), ActivationLaw.Relu)).Message, StringComparison.Ordinal);
    }

    private static double Moment(double[] values, int power)
    {
        double mean = values.Average();
        return values.Average(v => Math.Pow(v - mean, power));
    }
}
