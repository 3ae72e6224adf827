namespace Orthant.Approximation;

/// <summary>How a spline is written as a ReLU network. N is the number of knots between the ends, W the width.</summary>
public enum NetworkForm
{
    /// <summary>Chosen by what is asked for and by predicted rounding.</summary>
    Auto,

    /// <summary>One hidden layer of N + 1 neurons; exact on the whole line, and the fewest parameters: 3N + 4.</summary>
    Shallow,

    /// <summary>Width W ≥ 3: each layer has W - 2 knots beside the source and the collation channel.</summary>
    Chain,

    /// <summary>The two-layer blocks of Daubechies, DeVore, Foucart, Hanin and Petrova, ⌊(W - 2)/6⌋(W - 2) knots each; W ≥ 8.</summary>
    Paper,

    /// <summary>The same blocks with the principal hats read from the first layer: (⌊(W - 2)/6⌋ + 1)(W - 2) knots each; W ≥ 3.</summary>
    Hat3,

    /// <summary>Blocks of rising and falling crossings: (⌊(W - 2)/4⌋ + 1)(W - 2) knots each; W ≥ 3.</summary>
    Zigzag,

    /// <summary>Two hidden layers of free width, about 4√N neurons.</summary>
    TwoLayer,

    /// <summary>Two hidden layers of hats with unit weights: the one form whose rounding does not grow with the slopes.</summary>
    LocalHats,
}
