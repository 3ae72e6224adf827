namespace Orthant.Priors;

/// <summary>Which random number of a random network a law is about.</summary>
public enum PriorQuantityKind
{
    /// <summary>One output, f₁; symmetric about 0.</summary>
    Output,

    /// <summary>The Euclidean norm of all outputs.</summary>
    OutputNorm,

    /// <summary>One unit of a hidden layer before its activation; symmetric about 0.</summary>
    PreActivation,

    /// <summary>One unit of a ReLU layer after it: 0 or positive.</summary>
    PostActivation,

    /// <summary>The Euclidean norm of a hidden layer before its activation.</summary>
    PreActivationNorm,

    /// <summary>The Euclidean norm of a hidden layer after its activation.</summary>
    PostActivationNorm,
}

/// <summary>A quantity of a random network, with its hidden layer where it belongs to one.</summary>
/// <param name="Kind">Which quantity.</param>
/// <param name="Layer">Hidden layer, from 1; not used for outputs.</param>
public readonly record struct PriorQuantity(PriorQuantityKind Kind, int Layer = 0)
{
    /// <summary>One output.</summary>
    public static PriorQuantity Output => new(PriorQuantityKind.Output);

    /// <summary>The Euclidean norm of all outputs.</summary>
    public static PriorQuantity OutputNorm => new(PriorQuantityKind.OutputNorm);

    /// <summary>One unit of a hidden layer before its activation.</summary>
    /// <param name="layer">Hidden layer, from 1.</param>
    public static PriorQuantity PreActivation(int layer) => new(PriorQuantityKind.PreActivation, layer);

    /// <summary>One unit of a hidden ReLU layer after it.</summary>
    /// <param name="layer">Hidden layer, from 1.</param>
    public static PriorQuantity PostActivation(int layer) => new(PriorQuantityKind.PostActivation, layer);

    /// <summary>The norm of a hidden layer before its activation.</summary>
    /// <param name="layer">Hidden layer, from 1.</param>
    public static PriorQuantity PreActivationNorm(int layer) => new(PriorQuantityKind.PreActivationNorm, layer);

    /// <summary>The norm of a hidden layer after its activation.</summary>
    /// <param name="layer">Hidden layer, from 1.</param>
    public static PriorQuantity PostActivationNorm(int layer) => new(PriorQuantityKind.PostActivationNorm, layer);
}
