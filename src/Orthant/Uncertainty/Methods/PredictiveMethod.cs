using System.Globalization;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>Where the probabilities of a <see cref="PredictiveMethod"/> come from.</summary>
public enum PredictorKind
{
    /// <summary>One pass of one network, with its own activations.</summary>
    Deterministic,

    /// <summary>Many passes of one network with random activations.</summary>
    Randomized,

    /// <summary>The mean of several networks.</summary>
    Ensemble,

    /// <summary>One network whose last layer's weights have a normal distribution.</summary>
    Laplace,
}

/// <summary>A way to be sure or not, as it is written on the command line and in tables: a predictor, and perhaps a calibration map behind
/// it.</summary>
/// <remarks>
/// <code>
///     METHOD     = PREDICTOR | MAP | PREDICTOR+MAP                a map alone stands behind the deterministic network
///     PREDICTOR  = deterministic | mc-LAW | ensemble[:N] | laplace[:full|diagonal|kronecker]
///     LAW        = dropout[:P] | droprelu[:KEEP] | rrelu[:L,U] | rrelu-xu:L,U | symdroprelu[:Q]      without numbers: to be tuned
///     MAP        = temperature | vector | matrix | isotonic | histogram
/// </code>
/// <para>An immutable value; <see cref="ToString"/> is what <see cref="Parse"/> reads.</para>
/// </remarks>
public sealed record PredictiveMethod
{
    private static readonly string[] Predictors =
        ["deterministic", "mc-dropout", "mc-droprelu", "mc-rrelu", "mc-rrelu-xu", "mc-symdroprelu", "ensemble", "laplace"];
    private static readonly string[] Maps = Enum.GetNames<RecalibrationMap>().Select(n => n.ToLowerInvariant()).ToArray();
    private static readonly string[] Structures = Enum.GetNames<LaplaceStructure>().Select(n => n.ToLowerInvariant()).ToArray();

    /// <summary>Where the probabilities come from.</summary>
    public PredictorKind Predictor { get; init; }

    /// <summary>The law of a randomised network; null for the one that the network's metadata name, and while it is to be tuned.</summary>
    public ActivationLaw? Law { get; init; }

    /// <summary>The family of laws whose strength is to be tuned, or null.</summary>
    public ActivationLawKind? Family { get; init; }

    /// <summary>The number of networks of an ensemble that is trained; null for as many as are given.</summary>
    public int? Members { get; init; }

    /// <summary>What is kept of the precision of a Laplace approximation.</summary>
    public LaplaceStructure Structure { get; init; }

    /// <summary>The calibration map, or null.</summary>
    public RecalibrationMap? Map { get; init; }

    /// <summary>Whether a strength has to be chosen before there are predictions.</summary>
    public bool IsTuned => Family is not null;

    /// <summary>Reads a method.</summary>
    /// <param name="text">As in the remarks.</param>
    /// <exception cref="OrthantInputException">The text is no method; what it might be is said.</exception>
    public static PredictiveMethod Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int plus = text.LastIndexOf('+');
        // A plus sign may also belong to a number, such as 1e+2.
        if (plus > 0 && plus + 1 < text.Length && char.IsAsciiLetter(text[plus + 1]))
        {
            return ParsePredictor(text, text[..plus]) with { Map = ParseMap(text, text[(plus + 1)..]) };
        }
        return Maps.Contains(text) ? new PredictiveMethod { Map = ParseMap(text, text) } : ParsePredictor(text, text);
    }

    /// <summary>The method as <see cref="Parse"/> reads it.</summary>
    public override string ToString()
    {
        string predictor = Predictor switch
        {
            PredictorKind.Randomized when Family is ActivationLawKind family => $"mc-{NameOf(family)}",
            PredictorKind.Randomized => Law is null ? "mc" : $"mc-{Law}",
            PredictorKind.Ensemble => Members is int n ? string.Create(CultureInfo.InvariantCulture, $"ensemble:{n}") : "ensemble",
            PredictorKind.Laplace => $"laplace:{Structure.ToString().ToLowerInvariant()}",
            _ => "deterministic",
        };
        return Map is not RecalibrationMap map ? predictor
            : Predictor == PredictorKind.Deterministic ? map.ToString().ToLowerInvariant()
                : $"{predictor}+{map.ToString().ToLowerInvariant()}";
    }

    private static PredictiveMethod ParsePredictor(string whole, string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon], rest = colon < 0 ? "" : text[(colon + 1)..];
        if (!Predictors.Contains(name)) throw Wrong(whole, Spelling.Nearest(name, [.. Predictors, .. Maps]) is string near
            ? $"perhaps {near}" : string.Join(", ", [.. Predictors, .. Maps]));
        switch (name)
        {
            case "deterministic":
                return colon < 0 ? new PredictiveMethod() : throw Wrong(whole, "deterministic without numbers");
            case "ensemble":
                if (colon < 0) return new PredictiveMethod { Predictor = PredictorKind.Ensemble };
                return int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out int members) && members > 1
                    ? new PredictiveMethod { Predictor = PredictorKind.Ensemble, Members = members }
                    : throw Wrong(whole, "ensemble:N with N of 2 or more");
            case "laplace":
                if (colon >= 0 && !Structures.Contains(rest)) throw Wrong(whole, $"laplace:{string.Join('|', Structures)}");
                return new PredictiveMethod
                {
                    Predictor = PredictorKind.Laplace,
                    Structure = colon < 0 ? LaplaceStructure.Full : Enum.Parse<LaplaceStructure>(rest, ignoreCase: true),
                };
        }
        string law = name["mc-".Length..];
        if (colon < 0)
        {
            return FamilyOf(law) is ActivationLawKind family
                ? new PredictiveMethod { Predictor = PredictorKind.Randomized, Family = family }
                : throw Wrong(whole, Expected(name));
        }
        return ActivationLaw.TryParse($"{law}:{rest}", out ActivationLaw? parsed)
            ? new PredictiveMethod { Predictor = PredictorKind.Randomized, Law = parsed } : throw Wrong(whole, Expected(name));
    }

    private static RecalibrationMap ParseMap(string whole, string text)
    {
        if (Maps.Contains(text)) return Enum.Parse<RecalibrationMap>(text, ignoreCase: true);
        throw Wrong(whole, Spelling.Nearest(text, Maps) is string near ? $"perhaps {near}" : $"a map: {string.Join(", ", Maps)}");
    }

    private static ActivationLawKind? FamilyOf(string law) => law switch
    {
        "dropout" => ActivationLawKind.Dropout,
        "droprelu" => ActivationLawKind.DropRelu,
        "rrelu" => ActivationLawKind.RandomizedLeaky,
        "symdroprelu" => ActivationLawKind.SymmetricDrop,
        _ => null,
    };

    private static string NameOf(ActivationLawKind family) => family switch
    {
        ActivationLawKind.Dropout => "dropout",
        ActivationLawKind.DropRelu => "droprelu",
        ActivationLawKind.SymmetricDrop => "symdroprelu",
        _ => "rrelu",
    };

    private static string Expected(string name) => name switch
    {
        "mc-dropout" => "mc-dropout:P with P in [0, 1)",
        "mc-droprelu" => "mc-droprelu:KEEP with KEEP in [0, 1]",
        "mc-rrelu" => "mc-rrelu:L,U with L <= U",
        "mc-rrelu-xu" => "mc-rrelu-xu:L,U with 0 < L <= U",
        _ => "mc-symdroprelu:Q with Q in [0, 1]",
    };

    private static OrthantInputException Wrong(string found, string expected) => new("method", "", $"'{found}'", expected);
}
