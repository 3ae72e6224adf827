namespace Orthant.Priors;

/// <summary>How a random hidden layer maps its input.</summary>
public enum PriorLayerKind
{
    /// <summary>Independent normal weights, then ReLU.</summary>
    Relu,

    /// <summary>Independent normal weights and no activation.</summary>
    Linear,

    /// <summary>Independent normal weights, then max(z, a z) with a slope a.</summary>
    LeakyRelu,

    /// <summary>A gain times a uniformly random orthogonal square matrix, then ReLU.</summary>
    OrthogonalRelu,

    /// <summary>A gain times a uniformly random orthogonal square matrix: it changes the norm by the gain alone.</summary>
    OrthogonalLinear,
}

/// <summary>One random hidden layer of a prior: its width, its law of weights and its activation.</summary>
/// <remarks>A value; checked by <see cref="PriorNetwork"/>.</remarks>
/// <param name="Width">Number of units, d; 0 makes the network's output 0.</param>
/// <param name="WeightStd">Standard deviation of one weight; the gain for an orthogonal layer.</param>
/// <param name="Kind">Law of the matrix and activation.</param>
public sealed record PriorLayer(int Width, double WeightStd, PriorLayerKind Kind = PriorLayerKind.Relu)
{
    /// <summary>Slope a of a leaky ReLU for negative arguments; its sign does not matter for the law. 0.01 unless set.</summary>
    public double Slope { get; init; } = 0.01;

    /// <summary>Probability that dropout keeps a unit, in (0, 1]; what is kept is divided by it. 1 unless set.</summary>
    public double KeepProbability { get; init; } = 1;

    /// <summary>Standard deviation of the normal biases; 0 unless set.</summary>
    public double BiasStd { get; init; }

    /// <summary>Probability that a unit passes on something: one half for a ReLU, times that of being kept.</summary>
    internal double ActivityProbability =>
        (Kind is PriorLayerKind.Relu or PriorLayerKind.OrthogonalRelu ? 0.5 : 1) * KeepProbability;
}
