using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Tests.Uncertainty;

public class UncertainNetworkTests
{
    private static readonly string[] Laws = ["dropout:0.3", "droprelu:0.8", "rrelu:0.1,0.5", "rrelu-xu:3,8", "symdroprelu:0.3"];

    public static TheoryData<string, RandomGranularity> All => new(from law in Laws from granularity in Enum.GetValues<RandomGranularity>() select (law, granularity));

    private static ActivationLaw Law(string text) => ActivationLaw.TryParse(text, out ActivationLaw? law) ? law : throw new ArgumentException(text);

    private static InputRows Rows(ReluNetwork network, int count) => InputRows.OfSingles(UncertaintyExamples.Numbers(count * network.Inputs, 9), network.Inputs);

    /// <summary>The same pass through the network's own forward pass, whose random rule is called without any sharing between passes.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Passes_are_those_of_the_plain_forward_pass_whatever_is_shared(string law, RandomGranularity granularity)
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        UncertainNetwork random = UncertainNetwork.Of(network, Law(law), granularity);
        float[] x = UncertaintyExamples.Numbers(37 * network.Inputs, 3);
        InputRows rows = InputRows.OfSingles(x, network.Inputs);
        float[] expected = new float[37 * 3];
        network.Evaluate<float>(37, x, expected, random.Rule(5, 11));
        foreach (PassOptions options in (PassOptions[])[new() { Seed = 11 }, new() { Seed = 11, RowsPerTile = 5, Threads = 2 }, new() { Seed = 11, RowsPerTile = 1 }])
        {
            Assert.Equal(expected, random.Pass(rows, 5, options));
        }
        float[] plain = new float[37 * 3];
        network.Evaluate<float>(37, x, plain);
        Assert.NotEqual(plain, expected);
        Assert.NotEqual(expected, random.Pass(rows, 6, new PassOptions { Seed = 11 }));
        Assert.NotEqual(expected, random.Pass(rows, 5, new PassOptions { Seed = 12 }));
    }

    /// <summary>The draws of float and double are the same, so outputs differ by rounding alone.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Double_follows_the_definition_that_float_vectorises(string law, RandomGranularity granularity)
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        UncertainNetwork random = UncertainNetwork.Of(network, Law(law), granularity);
        float[] x = UncertaintyExamples.Numbers(9 * network.Inputs, 3);
        double[] doubles = new double[9 * 3];
        network.Evaluate<double>(9, Array.ConvertAll(x, v => (double)v), doubles, random.Rule(0, 0));
        float[] singles = random.Pass(InputRows.OfSingles(x, network.Inputs), 0);
        double scale = doubles.Max(Math.Abs);
        Assert.All(doubles.Zip(singles), p => Assert.Equal(p.First, p.Second, 1e-5 * scale));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Statistics_do_not_depend_on_threads_or_tiles(string law, RandomGranularity granularity)
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        UncertainNetwork random = UncertainNetwork.Of(network, Law(law), granularity);
        InputRows rows = Rows(network, 41);
        PredictiveDistribution one = random.Predict(rows, new PassOptions { Passes = 7 });
        PredictiveDistribution other = random.Predict(rows, new PassOptions { Passes = 7, RowsPerTile = 3, Threads = 3 });
        Assert.Equal(one.Mean.Values.ToArray(), other.Mean.Values.ToArray());
        Assert.Equal(one.MutualInformation.ToArray(), other.MutualInformation.ToArray());
        Assert.Equal(one.Variance.ToArray(), other.Variance.ToArray());
        Assert.All(one.MutualInformation.ToArray(), m => Assert.InRange(m, -1e-12, Math.Log(3)));
        Assert.All(one.Entropy.ToArray(), h => Assert.InRange(h, 0, Math.Log(3) + 1e-12));
    }

    [Theory]
    [InlineData("dropout:0", 0)]
    [InlineData("droprelu:1", 0)]
    [InlineData("rrelu:0,0", 0)]
    [InlineData("symdroprelu:0", 0)]
    [InlineData("rrelu:0.25,0.25", 0.25)]
    [InlineData("rrelu-xu:4,4", 0.25)]
    public void A_law_without_randomness_is_the_plain_network_bit_for_bit(string law, double slope)
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1), same = Leaky(network, slope);
        float[] x = UncertaintyExamples.Numbers(20 * network.Inputs, 3), expected = new float[60];
        same.Evaluate<float>(20, x, expected);
        UncertainNetwork random = UncertainNetwork.Of(network, Law(law));
        InputRows rows = InputRows.OfSingles(x, network.Inputs);
        Assert.Equal(expected, random.Pass(rows, 3));
        PredictiveDistribution p = random.Predict(rows);
        Assert.Equal(1, p.Passes);
        Assert.All(p.MutualInformation.ToArray(), m => Assert.Equal(0, m));
    }

    [Fact]
    public void Draws_are_shared_as_the_granularity_says()
    {
        ReluNetwork network = new([
            new AffineLayer(new ConvolutionOperator(new ImageShape(1, 2, 2), 3, new SlidingWindow(1, 1), 1, [-1, -1, -1]), [], ActivationFunction.Relu),
        ]);
        InputRows rows = InputRows.OfSingles(Enumerable.Repeat(1f, 4 * 50).ToArray(), 4);
        float[] Draw(RandomGranularity g) => UncertainNetwork.Of(network, ActivationLaw.RandomizedLeaky(0, 1), g).Pass(rows, 0);
        // Of 65,536 values a few come twice.
        Assert.InRange(Draw(RandomGranularity.Element).Distinct().Count(), 590, 600);
        Assert.InRange(Draw(RandomGranularity.Channel).Distinct().Count(), 147, 150);
        Assert.Equal(50, Draw(RandomGranularity.Layer).Distinct().Count());
        Assert.Equal(12, Draw(RandomGranularity.Batch).Distinct().Count());
        float[] channel = Draw(RandomGranularity.Channel);
        Assert.Equal(channel[0], channel[3]);
        Assert.NotEqual(channel[3], channel[4]);
    }

    [Fact]
    public void A_law_in_the_metadata_takes_the_place_of_its_mean_slope()
    {
        ActivationLaw law = ActivationLaw.RandomizedLeaky(0.125, 0.375);
        ReluNetwork trained = Leaky(UncertaintyExamples.Convolutional(1), 0.25).With(metadata: [new("activation-law", law.ToString())]);
        UncertainNetwork random = UncertainNetwork.Of(trained);
        Assert.Equal(law, random.Law);
        InputRows rows = Rows(trained, 10);
        Assert.Equal(UncertainNetwork.Of(UncertaintyExamples.Convolutional(1), law).Pass(rows, 2), random.Pass(rows, 2));
        Assert.Equal(4, random.Sites.Length);
    }

    [Fact]
    public void Networks_without_rectifiers_and_inputs_of_another_width_are_refused()
    {
        ReluNetwork affine = new([AffineLayer.Dense(new double[2, 3])]);
        Assert.Contains("no activation", Assert.Throws<OrthantInputException>(() => UncertainNetwork.Of(affine, ActivationLaw.DropRelu(0.9))).Message, StringComparison.Ordinal);
        UncertainNetwork plain = UncertainNetwork.Of(affine);
        Assert.Contains("4 inputs", Assert.Throws<OrthantInputException>(() => plain.Predict(InputRows.OfSingles(new float[8], 4))).Message, StringComparison.Ordinal);
        Assert.Contains("no samples", Assert.Throws<OrthantInputException>(() => plain.Predict(InputRows.OfSingles(Array.Empty<float>(), 3))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Passes_double_until_they_are_enough_and_repeat_a_run_of_that_length()
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        UncertainNetwork random = UncertainNetwork.Of(network, ActivationLaw.DropRelu(0.7));
        InputRows rows = Rows(network, 30);
        int[] labels = [.. Enumerable.Range(0, 30).Select(i => i % 3)];
        double Error(PredictiveDistribution p) => p.MonteCarloError(d => ClassificationMetrics.Of(d.Mean, labels).NegativeLogLikelihood);
        double first = Error(random.Predict(rows));
        PredictiveDistribution adaptive = random.Predict(rows, new PassOptions { Passes = 20 }, p => Error(p) < first / 2);
        Assert.InRange(adaptive.Passes, 40, 640);
        Assert.Equal(random.Predict(rows, new PassOptions { Passes = adaptive.Passes }).Entropy.ToArray().Average(), adaptive.Entropy.ToArray().Average(), 1e-12);
        Assert.Equal(80, random.Predict(rows, new PassOptions { Passes = 20, MostPasses = 80 }, _ => false).Passes);
    }

    /// <summary>The error that one run states, beside how far forty seeds really scatter.</summary>
    [Fact]
    public void The_stated_error_is_the_scatter_over_seeds()
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        UncertainNetwork random = UncertainNetwork.Of(network, ActivationLaw.DropRelu(0.7));
        InputRows rows = Rows(network, 25);
        double[] value = new double[40], stated = new double[40];
        for (int seed = 0; seed < value.Length; seed++)
        {
            PredictiveDistribution p = random.Predict(rows, new PassOptions { Passes = 40, Seed = (ulong)seed });
            value[seed] = p.Mean.LogOf(3, 1);
            stated[seed] = p.MonteCarloError(d => d.Mean.LogOf(3, 1));
        }
        double mean = value.Average(), scatter = Math.Sqrt(value.Average(v => (v - mean) * (v - mean)));
        Assert.InRange(Math.Sqrt(stated.Average(s => s * s)) / scatter, 0.6, 1.6);
    }

    [Fact]
    public void Means_and_variances_of_numbers_are_those_of_the_passes()
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        UncertainNetwork random = UncertainNetwork.Of(network, ActivationLaw.DropRelu(0.7));
        InputRows rows = Rows(network, 6);
        ValueDistribution values = random.PredictValues(rows, new PassOptions { Passes = 5 });
        float[][] passes = [.. Enumerable.Range(0, 5).Select(t => random.Pass(rows, t))];
        for (int i = 0; i < 18; i++)
        {
            double mean = passes.Average(p => (double)p[i]);
            Assert.Equal(mean, values.Mean.Span[i], 1e-9);
            Assert.Equal(passes.Sum(p => (p[i] - mean) * (p[i] - mean)) / 4, values.Variance.Span[i], 1e-9);
        }
        double[] truth = values.Mean.ToArray();
        Assert.Equal(0, values.RootMeanSquareError(truth));
        Assert.True(values.NegativeLogLikelihood(truth, 1) > Math.Log(2 * Math.PI) / 2);
    }

    [Fact]
    public void Models_that_were_trained_elsewhere_give_the_logits_and_the_likelihood_of_the_case()
    {
        string folder = Repository.Need(Repository.Cases("uncertainty"), "The acceptance cases"), data = Repository.Need(Repository.Data("fashion-mnist"), "Fashion-MNIST");
        ImageSet test = Idx.ReadImages(Path.Combine(data, "t10k-images-idx3-ubyte.gz"), Path.Combine(data, "t10k-labels-idx1-ubyte.gz"));
        InputRows rows = InputRows.OfBytes(test.Pixels, test.Size, 0.2860, 0.3530);
        foreach (System.Text.Json.JsonElement model in UncertaintyCases.Read("09_onnx_models_reference.json").GetProperty("models").EnumerateArray())
        {
            UncertainNetwork network = UncertainNetwork.Of(ModelFile.Load(Path.Combine(folder, "models", model.GetProperty("model").GetString()!)).Network);
            Assert.All(model.GetProperty("logits_first8").Numbers().Zip(network.Pass(rows, 0)), p => Assert.Equal(p.First, p.Second, 2e-4));
            ClassificationMetrics metrics = ClassificationMetrics.Of(network.Predict(rows).Mean, test.Labels.Span);
            Assert.Equal(model.Number("accuracy_10k"), metrics.Accuracy, 1e-9);
            Assert.Equal(model.Number("nll_10k"), metrics.NegativeLogLikelihood, 2e-4);
        }
    }

    [Fact]
    public void The_example_of_the_documentation_runs()
    {
        ReluNetwork network = UncertaintyExamples.Convolutional(1);
        InputRows rows = Rows(network, 40);
        int[] labels = [.. Enumerable.Range(0, 40).Select(i => i % 3)];
        UncertainNetwork random = UncertainNetwork.Of(network, ActivationLaw.RandomizedLeaky(-0.2, 0.2));
        PredictiveDistribution prediction = random.Predict(rows, new PassOptions { Passes = 20, Seed = 1 });
        UncertaintyEvaluation figures = UncertaintyEvaluation.Of(prediction, labels);
        Console.WriteLine($"ECE {figures.Metrics.Ece:F4} ± {figures.Errors["ece"]:F4}, mutual information {figures.MutualInformation:F4}");
        Assert.InRange(figures.MutualInformation, 1e-6, 1);
        Assert.Equal(8, figures.Errors.Count);
    }

    private static ReluNetwork Leaky(ReluNetwork network, double slope)
    {
        ActivationFunction Changed(ActivationFunction? a) => a is null || a.IsIdentity ? ActivationFunction.Identity : ActivationFunction.Leaky(slope);
        Layer Change(Layer layer) => layer switch
        {
            AffineLayer affine => new AffineLayer(affine.Linear, affine.HasBias ? affine.Bias : [], Changed(affine.Activations.Shared)),
            ParallelLayer parallel => new ParallelLayer(parallel.Inputs, parallel.Branches.Select(b => b.Select(Change)), parallel.Join, Changed(parallel.Activations.Shared)),
            _ => layer,
        };
        return new ReluNetwork(network.Layers.Select(Change));
    }
}
