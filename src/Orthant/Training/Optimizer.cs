namespace Orthant.Training;

/// <summary>How weights follow gradients. Weight decay applies to weights, never to biases.</summary>
public abstract record Optimizer
{
    private protected Optimizer()
    {
    }

    /// <summary>How many numbers are kept beside each weight.</summary>
    internal abstract int StatesPerWeight { get; }

    /// <summary>A name with all parameters, by which a checkpoint is recognised.</summary>
    internal string Signature => ToString();
}

/// <summary>Adam: gradients scaled by running moments, with decoupled weight decay.</summary>
/// <param name="Beta1">The decay of the first moment, in [0, 1).</param>
/// <param name="Beta2">The decay of the second moment, in [0, 1).</param>
/// <param name="Epsilon">What is added to the root of the second moment, positive.</param>
/// <param name="WeightDecay">Each step takes rate × WeightDecay of a weight away; 0 or more.</param>
/// <remarks>Kingma and Ba, ICLR 2015; the decay after Loshchilov and Hutter, ICLR 2019. Moments that have all but vanished are set to zero, because
/// arithmetic on subnormal numbers is slow.</remarks>
public sealed record Adam(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0) : Optimizer
{
    internal override int StatesPerWeight => 2;
}

/// <summary>Stochastic gradient descent with momentum: v ← momentum·v + (g + decay·w), and w ← w − rate·v, or, after Nesterov, w − rate·(g + decay·w + momentum·v).</summary>
/// <param name="Momentum">In [0, 1).</param>
/// <param name="Nesterov">Whether to look ahead.</param>
/// <param name="WeightDecay">The factor of the weight that is added to its gradient; 0 or more.</param>
/// <remarks>Sutskever, Martens, Dahl and Hinton, ICML 2013.</remarks>
public sealed record MomentumDescent(double Momentum = 0.9, bool Nesterov = true, double WeightDecay = 0) : Optimizer
{
    internal override int StatesPerWeight => 1;
}
