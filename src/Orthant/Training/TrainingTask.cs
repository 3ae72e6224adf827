using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Training;

/// <summary>What is to be learned: the shape of a dense network, the data, and where to start. For how it is learned, see <see cref="TrainingOptions"/>.</summary>
public sealed class TrainingTask
{
    /// <summary>A dense network that starts from random weights.</summary>
    /// <param name="widths">Inputs, hidden widths, outputs; the first and the last are those of the data.</param>
    /// <param name="training">What is learned from.</param>
    /// <param name="test">What is only measured on; may be absent.</param>
    /// <exception cref="OrthantInputException">The widths do not fit the data.</exception>
    public TrainingTask(IEnumerable<int> widths, LabelledData training, LabelledData? test = null)
    {
        ArgumentNullException.ThrowIfNull(training);
        Widths = [.. widths];
        Training = training;
        Test = test;
        if (Widths.Length < 2 || Widths.Any(w => w < 1))
        {
            throw new OrthantInputException("arch", "", string.Join('-', Widths), "at least an input and an output width, each 1 or more");
        }
        CheckData("training data", training);
        if (test is not null)
        {
            CheckData("test data", test);
            if (test.IsClassification != training.IsClassification) throw new ArgumentException("Training data and test data are of different kinds.");
        }
    }

    /// <summary>A network that starts from the weights of another one.</summary>
    /// <param name="start">Dense layers; what its activations are does not matter, the training options decide.</param>
    /// <param name="training">What is learned from.</param>
    /// <param name="test">What is only measured on; may be absent.</param>
    /// <exception cref="OrthantInputException">The network has other layers than dense ones, or does not fit the data.</exception>
    public TrainingTask(ReluNetwork start, LabelledData training, LabelledData? test = null)
        : this(WidthsOf(start), training, test)
    {
        Start = start;
    }

    /// <summary>A network of convolutions that starts from random weights.</summary>
    /// <param name="architecture">The images' shape, which is that of the data, and the layers.</param>
    /// <param name="training">What is learned from; inputs are images in channels × rows × columns order.</param>
    /// <param name="test">What is only measured on; may be absent.</param>
    /// <exception cref="OrthantInputException">The architecture does not fit the data, or its last layer is no plain dense layer.</exception>
    public TrainingTask(TrainableArchitecture architecture, LabelledData training, LabelledData? test = null)
        : this([(architecture ?? throw new ArgumentNullException(nameof(architecture))).Input.Length, OutputsOf(architecture)], training, test)
    {
        Architecture = architecture;
    }

    /// <summary>Inputs, hidden widths, outputs; inputs and outputs alone for a network of convolutions.</summary>
    public ImmutableArray<int> Widths { get; }

    /// <summary>The layers of a network of convolutions, or null for dense layers.</summary>
    public TrainableArchitecture? Architecture { get; }

    /// <summary>The number of outputs.</summary>
    public int Outputs => Widths[^1];

    /// <summary>What is learned from.</summary>
    public LabelledData Training { get; }

    /// <summary>What is only measured on, or null.</summary>
    public LabelledData? Test { get; }

    /// <summary>Where the weights start from, or null for random weights.</summary>
    public ReluNetwork? Start { get; }

    private static int OutputsOf(TrainableArchitecture architecture) => architecture.Layers is [.., TrainableDense { Activates: false } last]
        ? last.Units
        : throw new OrthantInputException("arch", "layers", architecture.Layers.IsDefaultOrEmpty ? "no layers" : $"{architecture.Layers[^1]} at the end", "a last dense layer that does not activate");

    private static IEnumerable<int> WidthsOf(ReluNetwork start)
    {
        ArgumentNullException.ThrowIfNull(start);
        foreach (Layer layer in start.Layers)
        {
            if (layer is not AffineLayer { Linear: DenseOperator }) throw new OrthantInputException("start", start.Name, layer.ToString(), "dense layers only");
        }
        return start.Layers.Select(l => l.Outputs).Prepend(start.Inputs);
    }

    private void CheckData(string what, LabelledData data)
    {
        if (data.Inputs.Width != Widths[0]) throw new OrthantInputException(what, "", $"{data.Inputs.Width} inputs a sample", $"{Widths[0]}, the network's input width");
        if (data.Outputs > Widths[^1] || (data.Outputs < Widths[^1] && !data.IsClassification))
        {
            throw new OrthantInputException(what, "", $"{data.Outputs} {(data.IsClassification ? "classes" : "outputs")}", $"{Widths[^1]}, the network's output width");
        }
    }
}

/// <summary>How a network is learned. For what is learned, see <see cref="TrainingTask"/>.</summary>
public sealed record TrainingOptions
{
    /// <summary>The law of the hidden units.</summary>
    public ActivationLaw Activation { get; init; } = ActivationLaw.Relu;

    /// <summary>How often every sample is seen, at least 1. A resumed run goes on to this number in all.</summary>
    public int Epochs { get; init; } = 5;

    /// <summary>The samples of a step, at least 1.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>How weights follow gradients.</summary>
    public Optimizer Optimizer { get; init; } = new Adam();

    /// <summary>The learning rate.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant(1e-3);

    /// <summary>What the bounds of the first weights are multiplied by, positive. At 1 activations keep their size from layer to layer; smaller networks of few
    /// layers often generalise better from 0.4, which is near what other programs begin with.</summary>
    public double InitialGain { get; init; } = 1;

    /// <summary>Random changes to training images; networks of convolutions only.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>Ends the run when the loss on the test data has not fallen for so many epochs, and gives back the weights of the epoch of the least loss, also when
    /// the last epoch came first; 0 for never. The checkpoint at the end is that of the last weights.</summary>
    public int Patience { get; init; }

    /// <summary>The seed of weights, order and activations. The same seed gives the same bits at any number of threads.</summary>
    public ulong Seed { get; init; }

    /// <summary>The number of threads, at least 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Is given the state after every epoch, so that a killed run can go on; may be null. It is called on the thread that trains.</summary>
    public IProgress<TrainingCheckpoint>? Checkpoints { get; init; }

    /// <summary>Where an earlier run of the same task and options stopped, or null to begin.</summary>
    public TrainingCheckpoint? Resume { get; init; }
}
