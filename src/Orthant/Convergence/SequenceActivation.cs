using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The activation of a <see cref="LayerSequence"/> with exact parameters: "0.1" in <c>leaky:0.1</c> is one tenth.</summary>
/// <remarks>For activations of a network's units, whose parameters are doubles, see <c>Networks.ActivationFunction</c>. Immutable.</remarks>
public sealed record SequenceActivation
{
    private readonly string kind;
    private readonly Rational low;
    private readonly Rational high;

    private SequenceActivation(string name, string kind, Rational low, Rational high)
    {
        Name = name;
        this.kind = kind;
        this.low = low;
        this.high = high;
    }

    /// <summary>The names that are understood.</summary>
    public const string Names = "relu, identity, leaky:A, clip:LO,HI, relu6, hardtanh, sigmoid, tanh";

    /// <summary>t ↦ max(t, 0).</summary>
    public static SequenceActivation Relu { get; } = new("relu", "relu", 0, 0);

    /// <summary>t ↦ t.</summary>
    public static SequenceActivation Identity { get; } = new("identity", "identity", 0, 0);

    /// <summary>The name in files, with parameters; relu6 and hardtanh are clips.</summary>
    public string Name { get; }

    /// <summary>Whether it is a ReLU.</summary>
    public bool IsRelu => kind == "relu";

    /// <summary>Whether it maps rationals to rationals: all but sigmoid and tanh.</summary>
    public bool IsPiecewiseLinear => kind is not ("sigmoid" or "tanh");

    /// <summary>Whether σ(σ(t)) = σ(t), |σ(u) − σ(v)| ≤ |u − v| and σ(0) = 0.</summary>
    public bool IsRetraction => kind is "relu" or "identity" || (kind == "clip" && low.Sign <= 0 && high.Sign >= 0);

    /// <summary>The slope left of zero of a leaky unit with 0 ≤ slope &lt; 1, else null.</summary>
    public Rational? LeakySlope => kind == "leaky" && low.Sign >= 0 && low < 1 ? low : null;

    /// <summary>The smallest Lipschitz constant.</summary>
    public Rational Lipschitz => kind switch { "sigmoid" => new Rational(1, 4), "leaky" => Rational.Max(1, Rational.Abs(low)), _ => 1 };

    /// <summary>Reads a name such as <c>leaky:0.1</c>.</summary>
    /// <param name="text">The name.</param>
    /// <returns>The activation, or null where the name is none of <see cref="Names"/>.</returns>
    public static SequenceActivation? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        switch (text)
        {
            case "relu":
                return Relu;
            case "identity":
                return Identity;
            case "sigmoid" or "tanh":
                return new SequenceActivation(text, text, 0, 0);
            case "relu6":
                return new SequenceActivation("clip:0,6", "clip", 0, 6);
            case "hardtanh":
                return new SequenceActivation("clip:-1,1", "clip", -1, 1);
        }
        if (text.StartsWith("leaky:", StringComparison.Ordinal) && Rational.TryParse(text.AsSpan(6), out Rational slope)) return new SequenceActivation(text, "leaky", slope, 0);
        if (text.StartsWith("clip:", StringComparison.Ordinal) && text[5..].Split(',') is [string lo, string hi]
            && Rational.TryParse(lo, out Rational lower) && Rational.TryParse(hi, out Rational upper) && lower < upper)
        {
            return new SequenceActivation(text, "clip", lower, upper);
        }
        return null;
    }

    /// <summary>The exact value.</summary>
    /// <exception cref="InvalidOperationException">The activation is not piecewise linear.</exception>
    public Rational Evaluate(Rational t) => kind switch
    {
        "relu" => t.Sign > 0 ? t : 0,
        "identity" => t,
        "leaky" => t.Sign > 0 ? t : low * t,
        "clip" => t < low ? low : t > high ? high : t,
        _ => throw new InvalidOperationException($"{kind} has no rational values."),
    };

    /// <summary>The slope of the piece at t; the piece on the left where two meet.</summary>
    /// <exception cref="InvalidOperationException">The activation is not piecewise linear.</exception>
    public Rational Slope(Rational t) => kind switch
    {
        "relu" => t.Sign > 0 ? 1 : 0,
        "identity" => 1,
        "leaky" => t.Sign > 0 ? 1 : low,
        "clip" => t > low && t <= high ? 1 : 0,
        _ => throw new InvalidOperationException($"{kind} has no linear pieces."),
    };

    /// <summary>All values on an interval, rounded outward.</summary>
    public Interval Evaluate(Interval t) => kind switch
    {
        "relu" => new Interval(Math.Max(t.Lower, 0), Math.Max(t.Upper, 0)),
        "identity" => t,
        "leaky" => low.Sign >= 0
            ? new Interval(Leak(t.Lower).Lower, Leak(t.Upper).Upper)
            : t.Contains(0) ? Interval.Hull(0, Interval.Hull(Leak(t.Lower), Leak(t.Upper))) : Interval.Hull(Leak(t.Lower), Leak(t.Upper)),
        "clip" => Interval.Min(Interval.Max(t, Interval.FromRational(low)), Interval.FromRational(high)),
        "sigmoid" => Interval.Sigmoid(t),
        _ => Interval.Tanh(t),
    };

    /// <summary>The value in floating point, for searches that prove nothing.</summary>
    public double Evaluate(double t) => kind switch
    {
        "relu" => Math.Max(t, 0),
        "identity" => t,
        "leaky" => t > 0 ? t : low.ToDouble() * t,
        "clip" => Math.Clamp(t, low.ToDouble(), high.ToDouble()),
        "sigmoid" => 1 / (1 + Math.Exp(-t)),
        _ => Math.Tanh(t),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;

    private Interval Leak(double t) => t > 0 ? t : Interval.FromRational(low) * t;
}
