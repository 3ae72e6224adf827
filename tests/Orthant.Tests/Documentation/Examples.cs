using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Tests.Documentation;

/// <summary>The C# of README and docs, compiled and run; what the pages say in comments is asserted.</summary>
[Collection("command line")]
public sealed class Examples
{
    public Examples() => Environment.CurrentDirectory = Repository.Root;

    [Fact]
    public void Readme()
    {
        ReluNetwork network = ModelFile.Load("samples/spiral.onnx").Network;
        double[] y = network.Evaluate([0.25, -0.5]);
        AffinePiece piece = network.PieceAt([0.25, -0.5]);        // the affine map that the network is around this point
        InputDomain box = InputDomain.Box([-1, -1], [1, 1]);
        RegionSummary regions = RegionEnumerator.Enumerate(network, box);
        Console.WriteLine($"{network}: {regions.ActivationRegions} activation regions, output 0 at most {regions.Outputs[0].Maximum}");

        Assert.Equal("2-32-32-2 ReLU", network.ToString());
        Assert.Equal(piece.Evaluate([0.25, -0.5])[0], y[0], 1e-12);
        Assert.True(regions.ActivationRegions > 100);
    }

    [Fact]
    public void Networks()
    {
        ReluNetwork tent = new([
            AffineLayer.Dense(new double[,] { { 2 }, { 4 } }, [0, -2], ActivationFunction.Relu),
            AffineLayer.Dense(new double[,] { { 1, -1 } }),
        ]);
        ReluNetwork twice = NetworkAlgebra.Compose(tent, tent);    // exact: layers are only put together
        AffinePiece piece = twice.PieceAt([0.3]);                  // pattern 10|11, slope -4, offset 2
        IntervalBounds bounds = IntervalBounds.On(twice, [0], [1]);

        Assert.Equal(("10|11", -4.0, 2.0), (piece.Pattern.ToText(twice.Sites), piece.Gradient[0, 0], piece.Offset[0]));
        Assert.True(bounds.Outputs[0].Upper >= 1);
    }

    [Fact]
    public void Training()
    {
        SampleTable spiral = SampleTable.Spiral(rows: 1000, seed: 1);
        LabelledData data = LabelledData.Classification(
            InputRows.OfSingles(Array.ConvertAll(spiral.Inputs, x => (float)x), spiral.Width), Array.ConvertAll(spiral.Targets, t => (int)t), count: 2);
        TrainingResult result = NetworkTrainer.Train(
            new TrainingTask([2, 32, 32, 2], data),
            new TrainingOptions { Epochs = 40, BatchSize = 32, Schedule = LearningRateSchedule.WarmUpCosine(0.01, 0.1), Seed = 1 });
        Console.WriteLine($"{result.Network}, accuracy {result.Metrics.Accuracy:P1}");

        Assert.True(result.Metrics.Accuracy > 0.9);
    }
}
