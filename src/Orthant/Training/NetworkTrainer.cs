namespace Orthant.Training;

/// <summary>Trains dense networks and networks of convolutions by stochastic gradients, with plain or randomised activations.</summary>
/// <remarks>
/// <para>The result depends on the task, the options and the seed only: the same bits come out at any number of threads, on any machine, and from a run that was
/// stopped and resumed. No sum crosses a thread: a batch's rows are divided among threads on the way forward and back, and the weights' inputs are for the
/// gradients and the optimiser's step; networks of convolutions sum over eight fixed parts of a batch.</para>
/// <para>Classes are trained by cross-entropy, numbers by the mean squared error.</para>
/// </remarks>
public static class NetworkTrainer
{
    /// <summary>Trains a network.</summary>
    /// <param name="task">What is learned.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Is told of every completed epoch; may be null.</param>
    /// <param name="cancellation">Stops the run after the step that it is in; what was reached is returned, with a checkpoint.</param>
    /// <returns>The trained network and how it came about.</returns>
    /// <exception cref="OrthantInputException">The options are out of range, the checkpoint belongs to another run, or the loss ceased to be finite.</exception>
    public static TrainingResult Train(
        TrainingTask task, TrainingOptions options, IProgress<EpochReport>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        using TrainingLoop run = task.Architecture is null ? new TrainingRun(task, options) : new ImageTrainingRun(task, options);
        if (options.Resume is TrainingCheckpoint checkpoint) run.Restore(checkpoint);
        else run.Initialize();
        bool complete = run.Train(progress, cancellation);
        TrainingCheckpoint end = run.Checkpoint();
        run.RestoreBest();
        return new TrainingResult(run.Network(), complete, run.Measure(task.Test ?? task.Training), end.Epochs, end);
    }

    private static void Check(TrainingOptions options)
    {
        CheckCount("epochs", options.Epochs);
        CheckCount("batch size", options.BatchSize);
        CheckCount("threads", options.Threads);
        if (!(options.InitialGain > 0 && double.IsFinite(options.InitialGain))) throw Wrong("gain", options.InitialGain, "a positive number");
        if (options.Patience < 0) throw Wrong("patience", options.Patience, "0 or more");
        if (options.Augmentation.Shift < 0) throw Wrong("shift", options.Augmentation.Shift, "0 or more");
        switch (options.Optimizer)
        {
            case Adam adam:
                CheckDecay("beta1", adam.Beta1);
                CheckDecay("beta2", adam.Beta2);
                if (!(adam.Epsilon > 0 && double.IsFinite(adam.Epsilon))) throw Wrong("epsilon", adam.Epsilon, "a positive number");
                CheckWeightDecay(adam.WeightDecay);
                break;
            case MomentumDescent descent:
                CheckDecay("momentum", descent.Momentum);
                CheckWeightDecay(descent.WeightDecay);
                break;
        }
    }

    private static void CheckCount(string name, int value)
    {
        if (value < 1) throw Wrong(name, value, "1 or more");
    }

    private static void CheckDecay(string name, double value)
    {
        if (!(value >= 0 && value < 1)) throw Wrong(name, value, "a number in [0, 1)");
    }

    private static void CheckWeightDecay(double value)
    {
        if (!(value >= 0 && double.IsFinite(value))) throw Wrong("weight decay", value, "0 or more");
    }

    private static OrthantInputException Wrong(string name, double value, string expected) => new("training options", name, $"{value}", expected);
}
