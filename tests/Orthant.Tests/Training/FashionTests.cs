using Orthant.Formats;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class FashionTests
{
    [Fact]
    public void Five_epochs_of_Fashion_MNIST_reach_the_accuracy_that_is_promised()
    {
        TrainingMetrics metrics = Train(0);
        Assert.InRange(metrics.Accuracy!.Value, 0.862, 1);
        Assert.InRange(metrics.NegativeLogLikelihood!.Value, 0, 0.385);
    }

    [Fact]
    [Trait("Category", "Long")]
    public void Three_seeds_reach_it_each_and_on_average()
    {
        TrainingMetrics[] all = [.. Enumerable.Range(0, 3).Select(seed => Train((ulong)seed))];
        Assert.All(all, m => Assert.InRange(m.Accuracy!.Value, 0.862, 1));
        Assert.InRange(all.Average(m => m.Accuracy!.Value), 0.866, 1);
    }

    private static TrainingMetrics Train(ulong seed)
    {
        string folder = Repository.Need(Repository.Data("fashion-mnist"), "Fashion-MNIST");
        LabelledData Read(string part)
        {
            ImageSet images = Idx.ReadImages(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"), Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"));
            return LabelledData.Classification(InputRows.OfBytes(images.Pixels, images.Size, 0.2860, 0.3530), images.Labels, 10);
        }
        TrainingTask task = new([784, 128, 128, 10], Read("train"), Read("t10k"));
        return NetworkTrainer.Train(task, new TrainingOptions { Seed = seed }).Metrics;
    }
}
