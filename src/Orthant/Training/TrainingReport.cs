using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Training;

/// <summary>How well a network does on a data set.</summary>
/// <param name="Accuracy">The part of samples whose class has the largest output; null for numbers.</param>
/// <param name="NegativeLogLikelihood">The mean of −log p of the right class, in nats; null for numbers.</param>
/// <param name="RootMeanSquareError">The root of the mean squared error over all outputs; null for classes.</param>
public sealed record TrainingMetrics(double? Accuracy, double? NegativeLogLikelihood, double? RootMeanSquareError);

/// <summary>One epoch of a run.</summary>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="Epochs">The number of epochs of the run.</param>
/// <param name="Loss">The mean loss of the epoch's steps, each before its update: cross-entropy in nats, or the mean squared error.</param>
/// <param name="LearningRate">The rate of the epoch's last step.</param>
/// <param name="Test">The deterministic surrogate on the test data after the epoch; null without test data.</param>
/// <param name="Seconds">The time that the epoch's steps took, measuring apart.</param>
public sealed record EpochReport(int Epoch, int Epochs, double Loss, double LearningRate, TrainingMetrics? Test, double Seconds);

/// <summary>What training gives.</summary>
/// <param name="Network">The deterministic surrogate: the trained weights, with the activation law's mean slope. Its metadata has the law under
/// <c>activation-law</c> when it is random.</param>
/// <param name="IsComplete">Whether all epochs were run; otherwise the run was stopped and this is what was reached.</param>
/// <param name="Metrics">The surrogate on the test data, or on the training data where there is no test data.</param>
/// <param name="Epochs">The epochs that were completed, those before a resumption included.</param>
/// <param name="Checkpoint">From where the run can be resumed.</param>
public sealed record TrainingResult(
    ReluNetwork Network, bool IsComplete, TrainingMetrics Metrics, ImmutableArray<EpochReport> Epochs, TrainingCheckpoint Checkpoint);
