using System.Globalization;
using Orthant.Networks;

namespace Orthant.Training;

/// <summary>How a unit's output follows from its pre-activation during training: plainly, or by a random slope that is drawn anew for every unit, sample and pass.</summary>
/// <remarks>
/// <para>Every law is y = d·h with d = 1 for h &gt; 0 but for dropout's scaling, so that the same d is the derivative:</para>
/// <code>
///     law                   d where h &gt; 0                    d where h ≤ 0                       mean slope (left)
///     relu                  1                                 0                                   0
///     leaky:A               1                                 A                                   A
///     dropout:P             1/(1−P) or 0, with P(0) = P       0                                   0
///     droprelu:KEEP         1                                 0 with probability KEEP, else 1     1 − KEEP
///     rrelu:L,U             1                                 uniform on (L, U)                   (L + U)/2
///     rrelu-xu:L,U          1                                 1/u with u uniform on (L, U)        ln(U/L)/(U − L)
///     symdroprelu:Q         1                                 −1 or 1 with probability Q/2 each   0
/// </code>
/// <para>An immutable value. Sources: dropout, Srivastava et al., JMLR 15, 2014; DropReLU, Liang, Khoo and Yang, "Drop-Activation", arXiv 1811.05850;
/// randomised leaky ReLU, Xu, Wang, Chen and Li, arXiv 1505.00853, in their parametrisation (<c>rrelu-xu</c>, the reciprocal of a uniform number, whose mean is
/// used where they use 2/(L + U)) and with uniform slopes (<c>rrelu</c>). Laws of mean slope 0, rrelu:−S,S and symdroprelu:Q, leave the mean of a unit what
/// it is, so that they suit networks that were trained with plain rectifiers. For a fixed function of one variable, see <see cref="ActivationFunction"/>.</para>
/// </remarks>
public sealed record ActivationLaw
{
    private ActivationLaw(ActivationLawKind kind, double first, double second)
    {
        Kind = kind;
        First = first;
        Second = second;
    }

    /// <summary>The rectifier: nothing is random.</summary>
    public static ActivationLaw Relu { get; } = new(ActivationLawKind.Leaky, 0, 0);

    /// <summary>Which law.</summary>
    public ActivationLawKind Kind { get; }

    /// <summary>Whether numbers are drawn. Laws that have one outcome only are not random: dropout:0, droprelu:1, droprelu:0, rrelu:A,A, symdroprelu:0.</summary>
    public bool IsRandom => Kind != ActivationLawKind.Leaky;

    /// <summary>The mean of the slope left of zero.</summary>
    public double MeanSlope => Kind switch
    {
        ActivationLawKind.Leaky => First,
        ActivationLawKind.DropRelu => 1 - First,
        ActivationLawKind.RandomizedLeaky => (First + Second) / 2,
        ActivationLawKind.ReciprocalLeaky => Math.Log(Second / First) / (Second - First),
        _ => 0,
    };

    /// <summary>The variance of the slope left of zero; 0 for dropout, whose slope right of zero varies instead.</summary>
    public double SlopeVariance => Kind switch
    {
        ActivationLawKind.DropRelu => First * (1 - First),
        ActivationLawKind.RandomizedLeaky => (Second - First) * (Second - First) / 12,
        ActivationLawKind.ReciprocalLeaky => (1 / (First * Second)) - (MeanSlope * MeanSlope),
        ActivationLawKind.SymmetricDrop => First,
        _ => 0,
    };

    /// <summary>The variance of the slope right of zero, whose mean is 1: P/(1 − P) for dropout, 0 for all others.</summary>
    public double RightVariance => Kind == ActivationLawKind.Dropout ? First / (1 - First) : 0;

    /// <summary>The activation that a trained network is given: the mean slope left of zero, rounded to float32 like its weights, and 1 on the right.</summary>
    public ActivationFunction Surrogate => ActivationFunction.Leaky((float)MeanSlope);

    /// <summary>The law's first parameter: leaky's slope, dropout's P, droprelu's KEEP, the L of rrelu and rrelu-xu, symdroprelu's Q.</summary>
    public double First { get; }

    /// <summary>The law's second parameter: the U of rrelu and rrelu-xu.</summary>
    public double Second { get; }

    /// <summary>A fixed slope left of zero.</summary>
    /// <param name="slope">Any finite number.</param>
    public static ActivationLaw Leaky(double slope)
    {
        if (!double.IsFinite(slope)) throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope has to be finite.");
        return new(ActivationLawKind.Leaky, slope, 0);
    }

    /// <summary>Dropout after a rectifier: an output is zero with a probability, and scaled up otherwise so that its mean is kept.</summary>
    /// <param name="probability">Of dropping, in [0, 1). It is rounded to a multiple of 2⁻¹⁶ when numbers are drawn.</param>
    public static ActivationLaw Dropout(double probability)
    {
        if (!(probability >= 0 && probability < 1)) throw new ArgumentOutOfRangeException(nameof(probability), probability, "Expected a number in [0, 1).");
        return probability == 0 ? Relu : new(ActivationLawKind.Dropout, probability, 0);
    }

    /// <summary>A rectifier that is left out at random: the unit is the identity with probability 1 − keep.</summary>
    /// <param name="keep">The probability of the rectifier, in [0, 1]. It is rounded to a multiple of 2⁻¹⁶ when numbers are drawn.</param>
    public static ActivationLaw DropRelu(double keep)
    {
        if (!(keep >= 0 && keep <= 1)) throw new ArgumentOutOfRangeException(nameof(keep), keep, "Expected a number in [0, 1].");
        return keep == 1 ? Relu : keep == 0 ? Leaky(1) : new(ActivationLawKind.DropRelu, keep, 0);
    }

    /// <summary>A slope left of zero that is uniform on an interval.</summary>
    /// <param name="lower">The least slope, finite.</param>
    /// <param name="upper">The largest slope, finite, at least <paramref name="lower"/>. Slopes are drawn from 65,536 equally spaced values.</param>
    public static ActivationLaw RandomizedLeaky(double lower, double upper)
    {
        if (!double.IsFinite(lower)) throw new ArgumentOutOfRangeException(nameof(lower), lower, "The slope has to be finite.");
        if (!double.IsFinite(upper) || upper < lower) throw new ArgumentOutOfRangeException(nameof(upper), upper, $"Expected a finite number of at least {lower}.");
        return lower == upper ? Leaky(lower) : new(ActivationLawKind.RandomizedLeaky, lower, upper);
    }

    /// <summary>A slope left of zero that is the reciprocal of a number uniform on an interval: the parametrisation of the law's inventors, who take (3, 8).</summary>
    /// <param name="lower">The least divisor, positive.</param>
    /// <param name="upper">The largest divisor, finite, at least <paramref name="lower"/>. Divisors are drawn from 65,536 equally spaced values.</param>
    public static ActivationLaw ReciprocalLeaky(double lower, double upper)
    {
        if (!(lower > 0 && double.IsFinite(lower))) throw new ArgumentOutOfRangeException(nameof(lower), lower, "The divisor has to be positive.");
        if (!double.IsFinite(upper) || upper < lower) throw new ArgumentOutOfRangeException(nameof(upper), upper, $"Expected a finite number of at least {lower}.");
        return lower == upper ? Leaky(1 / lower) : new(ActivationLawKind.ReciprocalLeaky, lower, upper);
    }

    /// <summary>A slope left of zero that is 1 or −1, equally often, and else 0: the rectifier is dropped with its mean kept.</summary>
    /// <param name="probability">Of a slope other than 0, in [0, 1]. Half of it is rounded to a multiple of 2⁻¹⁶ when numbers are drawn.</param>
    public static ActivationLaw SymmetricDropRelu(double probability)
    {
        if (!(probability >= 0 && probability <= 1)) throw new ArgumentOutOfRangeException(nameof(probability), probability, "Expected a number in [0, 1].");
        return probability == 0 ? Relu : new(ActivationLawKind.SymmetricDrop, probability, 0);
    }

    /// <summary>Reads the name that <see cref="ToString"/> writes: relu, leaky:A, dropout:P, droprelu:KEEP, rrelu:L,U, rrelu-xu:L,U or symdroprelu:Q.</summary>
    /// <returns>Whether <paramref name="text"/> names a law.</returns>
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ActivationLaw? law)
    {
        law = null;
        if (text is null) return false;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        List<double> numbers = [];
        foreach (string part in colon < 0 ? [] : text[(colon + 1)..].Split(','))
        {
            if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number)) return false;
            numbers.Add(number);
        }
        law = (name, numbers) switch
        {
            ("relu", []) => Relu,
            ("leaky", [double slope]) => Leaky(slope),
            ("dropout", [double p and >= 0 and < 1]) => Dropout(p),
            ("droprelu", [double keep and >= 0 and <= 1]) => DropRelu(keep),
            ("rrelu", [double lower, double upper]) when lower <= upper => RandomizedLeaky(lower, upper),
            ("rrelu-xu", [double lower and > 0, double upper]) when lower <= upper => ReciprocalLeaky(lower, upper),
            ("symdroprelu", [double q and >= 0 and <= 1]) => SymmetricDropRelu(q),
            _ => null,
        };
        return law is not null;
    }

    /// <summary>The name on the command line and in files.</summary>
    public override string ToString() => Kind switch
    {
        ActivationLawKind.Leaky => First == 0 ? "relu" : $"leaky:{Text(First)}",
        ActivationLawKind.Dropout => $"dropout:{Text(First)}",
        ActivationLawKind.DropRelu => $"droprelu:{Text(First)}",
        ActivationLawKind.SymmetricDrop => $"symdroprelu:{Text(First)}",
        ActivationLawKind.ReciprocalLeaky => $"rrelu-xu:{Text(First)},{Text(Second)}",
        _ => $"rrelu:{Text(First)},{Text(Second)}",
    };

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>The families of <see cref="ActivationLaw"/>.</summary>
public enum ActivationLawKind
{
    /// <summary>A fixed slope left of zero; zero for the rectifier.</summary>
    Leaky,

    /// <summary>A rectifier whose output is dropped at random.</summary>
    Dropout,

    /// <summary>A rectifier that is the identity at random.</summary>
    DropRelu,

    /// <summary>A random slope left of zero.</summary>
    RandomizedLeaky,

    /// <summary>A random slope left of zero that is the reciprocal of a uniform number.</summary>
    ReciprocalLeaky,

    /// <summary>A rectifier whose slope left of zero is 1 or −1 at random.</summary>
    SymmetricDrop,
}
