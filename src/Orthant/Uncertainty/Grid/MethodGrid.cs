using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>Data that methods are compared on.</summary>
/// <param name="Name">A name, without line breaks.</param>
/// <param name="Training">What networks are trained on.</param>
/// <param name="Validation">What calibration maps are learned on; apart from the training data.</param>
/// <param name="Test">What is measured on.</param>
/// <param name="Outside">Samples from elsewhere, or null.</param>
public sealed record GridDataSet(string Name, LabelledData Training, LabelledData Validation, LabelledData Test, InputRows? Outside);

/// <summary>A method as a row of a comparison.</summary>
/// <param name="Method">The method, with its numbers.</param>
/// <param name="Afterwards">Whether a random law is put into the network that was trained plainly, instead of being trained with.</param>
public sealed record GridMethod(PredictiveMethod Method, bool Afterwards = false)
{
    /// <summary>The method's name, with a note where its law came afterwards.</summary>
    public override string ToString() => Afterwards ? $"{Method}, afterwards" : Method.ToString();
}

/// <summary>A trained network and what it cost.</summary>
/// <param name="Network">The network.</param>
/// <param name="Seconds">Processor seconds of its training.</param>
public sealed record TrainedNetwork(ReluNetwork Network, double Seconds);

/// <summary>Methods × data sets × seeds, each measured alike: what each is worth, and what it costs.</summary>
/// <remarks>
/// <para>A cell depends on its data set, method and seed alone, so that cells can be measured in any order and an interrupted comparison
/// goes on with the rest.
/// Member j of an ensemble of seed s is the plain network of seed s + 1000 j; member 0 is thus the network of the other methods.</para>
/// <para>Costs are processor seconds of the whole process; training is that of all networks a method needs, with what is fitted behind
/// them.</para>
/// </remarks>
public static class MethodGrid
{
    /// <summary>Seeds of one comparison lie below this; members of ensembles go up in steps of it.</summary>
    public const ulong SeedStep = 1000;

    private const int WarmUpRows = 256;

    /// <summary>Measures one cell.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="row">The method.</param>
    /// <param name="seed">Below <see cref="SeedStep"/>.</param>
    /// <param name="train">Gives the network of a law and a seed; it is asked for the same one by several cells, and may keep it.</param>
    /// <param name="passes">Passes of random methods, draws of a Laplace approximation.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="cancellation">Stops between networks and tiles of samples.</param>
    /// <exception cref="OrthantInputException">The method is yet to be tuned, or does not fit the networks.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static GridCell Measure(
        GridDataSet data, GridMethod row, ulong seed, Func<ActivationLaw, ulong, TrainedNetwork> train, int passes = 20, int threads = 1,
            CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(train);
        PredictiveMethod method = row.Method;
        if (method.IsTuned) throw new OrthantInputException("grid", "method", $"'{method}'", "a method with its numbers");
        if (method is { Predictor: PredictorKind.Ensemble, Members: null }) throw new OrthantInputException("grid", "method", "'ensemble'",
            "ensemble:N");
        if (seed >= SeedStep) throw new OrthantInputException("grid", "seed", $"{seed}", $"a seed below {SeedStep}");
        ActivationLaw law = row.Afterwards ? ActivationLaw.Relu : method.Law ?? ActivationLaw.Relu;
        TrainedNetwork[] networks = new TrainedNetwork[method.Members ?? 1];
        for (int j = 0; j < networks.Length; j++)
        {
            cancellation.ThrowIfCancellationRequested();
            networks[j] = train(law, seed + (SeedStep * (ulong)j));
        }
        PassOptions options = new() { Passes = passes, Seed = seed, Threads = threads };
        TimeSpan started = Environment.CpuUsage.TotalTime;
        Predictor predictor = Predictor.Of(method, [.. networks.Select(n => n.Network)], data.Training, RandomGranularity.Element, threads);
        Recalibration? map = method.Map is RecalibrationMap kind
            ? Recalibration.Fit(kind, predictor.Predict(data.Validation.Inputs, options, null, cancellation).Mean,
                data.Validation.Classes.Span)
            : null;
        double fitting = (Environment.CpuUsage.TotalTime - started).TotalSeconds;
        predictor.Predict(FirstRows(data.Test.Inputs), options, null, cancellation);
        started = Environment.CpuUsage.TotalTime;
        Predictions inside = predictor.Predict(data.Test.Inputs, options, null, cancellation);
        ClassProbabilities mean = map?.Apply(inside.Mean) ?? inside.Mean;
        double inference = (Environment.CpuUsage.TotalTime - started).TotalSeconds;
        Predictions? outside = data.Outside is null ? null : predictor.Predict(data.Outside, options, null, cancellation);
        ClassProbabilities? far = outside is null ? null : map?.Apply(outside.Mean) ?? outside.Mean;
        ReadOnlySpan<int> labels = data.Test.Classes.Span;
        ClassificationMetrics m = ClassificationMetrics.Of(mean, labels);
        double? Detects(OutlierScore score) =>
            far is not null && OutlierScores.Of(score, mean, inside) is double[] a && OutlierScores.Of(score, far, outside!) is double[] b
                ? DetectionMetrics.Of(a, b).Auroc : null;
        PairedTest? beside = method == new PredictiveMethod() ? null
            : BesidePlain(data, mean, train(ActivationLaw.Relu, seed), options, cancellation);
        PredictiveDistribution p = inside.Passes;
        return new GridCell
        {
            DataSet = data.Name,
            Method = row.ToString(),
            Seed = seed,
            Accuracy = m.Accuracy,
            Nll = m.NegativeLogLikelihood,
            Brier = m.Brier,
            Ece = m.Ece,
            AdaptiveEce = m.AdaptiveEce,
            Aurc = m.Aurc,
            OodEntropy = Detects(OutlierScore.Entropy),
            OodMutualInformation = Detects(OutlierScore.MutualInformation),
            OodEnergy = Detects(OutlierScore.Energy),
            MutualInformation = p.Passes > 1 ? p.MutualInformation.ToArray().Average() : 0,
            Disagreement = p.PairwiseDisagreement(),
            TrainingSeconds = networks.Sum(n => n.Seconds) + fitting,
            InferenceSeconds = inference,
            ModelBytes = predictor.ModelBytes,
            NllDifference = beside?.Difference,
            NllPValue = beside?.PValue,
            IsEnsemble = method is { Predictor: PredictorKind.Ensemble, Map: null },
        };
    }

    /// <summary>The likelihood beside the plain network's, sample by sample; null where either is infinite.</summary>
    private static PairedTest? BesidePlain(GridDataSet data, ClassProbabilities mean, TrainedNetwork plain, PassOptions options,
        CancellationToken cancellation)
    {
        ClassProbabilities other = Predictor.Of(new PredictiveMethod(), [plain.Network]).Predict(data.Test.Inputs, options, null,
            cancellation).Mean;
        double[] own = SampleLosses.NegativeLogLikelihoods(mean, data.Test.Classes.Span),
            others = SampleLosses.NegativeLogLikelihoods(other, data.Test.Classes.Span);
        return own.All(double.IsFinite) && others.All(double.IsFinite) ? PairedTest.Of(own, others, options.Seed) : null;
    }

    /// <summary>A few samples, on which code is made ready before its time is taken.</summary>
    private static InputRows FirstRows(InputRows rows)
    {
        int count = Math.Min(WarmUpRows, rows.Count);
        float[] values = new float[count * rows.Width];
        rows.Gather([.. Enumerable.Range(0, count)], values);
        return InputRows.OfSingles(values, rows.Width);
    }
}
