using System.Globalization;
using System.Numerics;

namespace Orthant.Networks;

/// <summary>A continuous piecewise-linear function of one variable that a unit applies to its pre-activation.</summary>
/// <remarks>
/// <para>Pieces are numbered from left to right; a pre-activation that lies exactly on a breakpoint belongs to the piece on its
/// left, so that a ReLU is active (piece 1) only where its pre-activation is strictly positive.</para>
/// <para>Values are immutable and safe to share. For the activations of all units of a layer see <see cref="UnitActivations"/>.</para>
/// </remarks>
public sealed class ActivationFunction : IEquatable<ActivationFunction>
{
    private readonly double[] breakpoints;
    private readonly double[] slopes;
    private readonly double[] intercepts;

    private ActivationFunction(double[] breakpoints, double[] slopes, double[] intercepts)
    {
        this.breakpoints = breakpoints;
        this.slopes = slopes;
        this.intercepts = intercepts;
    }

    /// <summary>x ↦ x, one piece.</summary>
    public static ActivationFunction Identity { get; } = new([], [1], [0]);

    /// <summary>x ↦ max(x, 0), two pieces of slopes 0 and 1.</summary>
    public static ActivationFunction Relu { get; } = new([0], [0, 1], [0, 0]);

    /// <summary>x ↦ |x|, two pieces of slopes -1 and 1.</summary>
    public static ActivationFunction Abs { get; } = Leaky(-1);

    /// <summary>x ↦ x for x &gt; 0 and slope·x otherwise.</summary>
    /// <param name="slope">The slope left of zero: any finite number; 0 gives <see cref="Relu"/>, 1 gives <see cref="Identity"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is not finite.</exception>
    public static ActivationFunction Leaky(double slope)
    {
        if (!double.IsFinite(slope)) throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope has to be finite.");
        return slope switch
        {
            0 => Relu,
            1 => Identity,
            _ => new([0], [slope, 1], [0, 0]),
        };
    }

    /// <summary>x ↦ min(max(x, lower), upper), three pieces of slopes 0, 1 and 0; two where one bound is infinite.</summary>
    /// <param name="lower">The least value; minus infinity for none.</param>
    /// <param name="upper">The largest value, greater than <paramref name="lower"/>; infinity for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is NaN, or the bounds are not in order.</exception>
    public static ActivationFunction Clip(double lower, double upper)
    {
        if (!(lower < upper) || lower == double.PositiveInfinity || upper == double.NegativeInfinity)
        {
            throw new ArgumentOutOfRangeException(nameof(upper), upper, $"The upper bound has to be greater than the lower bound {lower}.");
        }
        return (double.IsInfinity(lower), double.IsInfinity(upper)) switch
        {
            (true, true) => Identity,
            (true, false) => new([upper], [1, 0], [0, upper]),
            (false, true) => lower == 0 ? Relu : new([lower], [0, 1], [lower, 0]),
            _ => new([lower, upper], [0, 1, 0], [lower, 0, upper]),
        };
    }

    /// <summary>The number of linear pieces, at least 1.</summary>
    public int Pieces => slopes.Length;

    /// <summary>Where the pieces meet, in increasing order: one fewer than there are pieces.</summary>
    public ReadOnlySpan<double> Breakpoints => breakpoints;

    /// <summary>Whether the function is x ↦ x.</summary>
    public bool IsIdentity => slopes.Length == 1;

    /// <summary>Whether the function is x ↦ max(x, 0).</summary>
    public bool IsRelu => slopes is [0, 1] && breakpoints[0] == 0;

    /// <summary>Whether the function is x for x &gt; 0 and a·x otherwise for some a: the identity, ReLU, leaky ReLU or |x|.</summary>
    public bool IsHomogeneous => IsIdentity || (slopes.Length == 2 && breakpoints[0] == 0 && slopes[1] == 1);

    /// <summary>The slope of the leftmost piece.</summary>
    public double LeftSlope => slopes[0];

    /// <summary>The largest absolute slope, the function's Lipschitz constant.</summary>
    public double LipschitzConstant => slopes.Max(Math.Abs);

    /// <summary>The slope of one piece.</summary>
    /// <param name="piece">From 0 to <see cref="Pieces"/> - 1.</param>
    public double Slope(int piece) => slopes[piece];

    /// <summary>The value at zero of the line that carries one piece.</summary>
    /// <param name="piece">From 0 to <see cref="Pieces"/> - 1.</param>
    public double Intercept(int piece) => intercepts[piece];

    /// <summary>The piece that a pre-activation lies on; on a breakpoint the one on its left.</summary>
    public int PieceAt<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        int piece = 0;
        while (piece < breakpoints.Length && x > T.CreateTruncating(breakpoints[piece])) piece++;
        return piece;
    }

    /// <summary>The function's value, rounded once per operation in <typeparamref name="T"/>.</summary>
    public T Evaluate<T>(T x)
        where T : IFloatingPointIeee754<T>
        => EvaluatePiece(PieceAt(x), x);

    /// <summary>The value at a point of the line that carries one piece, whether or not the point lies on that piece.</summary>
    public T EvaluatePiece<T>(int piece, T x)
        where T : IFloatingPointIeee754<T>
    {
        double slope = slopes[piece];
        return slope switch
        {
            1 => x,
            0 => T.CreateTruncating(intercepts[piece]),
            _ => T.CreateTruncating(slope) * x,
        };
    }

    /// <summary>The range of the function over an interval.</summary>
    /// <param name="lower">The interval's lower end.</param>
    /// <param name="upper">The interval's upper end.</param>
    /// <returns>The least and the largest value, each exact but for one rounding of slope·x.</returns>
    public (double Lower, double Upper) Range(double lower, double upper)
    {
        double a = Evaluate(lower), b = Evaluate(upper);
        (double min, double max) = a <= b ? (a, b) : (b, a);
        foreach (double t in breakpoints)
        {
            if (t <= lower || t >= upper) continue;
            double value = Evaluate(t);
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }
        return (min, max);
    }

    /// <summary>The largest absolute slope that the function takes on an interval.</summary>
    public double LipschitzConstantOn(double lower, double upper)
    {
        double largest = 0;
        for (int piece = PieceAt(lower); piece <= PieceAt(upper); piece++) largest = Math.Max(largest, Math.Abs(slopes[piece]));
        return largest;
    }

    /// <inheritdoc/>
    public bool Equals(ActivationFunction? other) =>
        other is not null && breakpoints.AsSpan().SequenceEqual(other.breakpoints) && slopes.AsSpan().SequenceEqual(other.slopes)
        && intercepts.AsSpan().SequenceEqual(other.intercepts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ActivationFunction);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (double t in breakpoints) hash.Add(t);
        foreach (double s in slopes) hash.Add(s);
        return hash.ToHashCode();
    }

    /// <summary>The name used in files and on the command line: identity, relu, leaky:a, abs, clip:lower,upper.</summary>
    public override string ToString()
    {
        if (IsIdentity) return "identity";
        if (IsRelu) return "relu";
        if (IsHomogeneous) return slopes[0] == -1 ? "abs" : $"leaky:{Text(slopes[0])}";
        double lower = slopes[0] == 0 ? intercepts[0] : double.NegativeInfinity;
        double upper = slopes[^1] == 0 ? intercepts[^1] : double.PositiveInfinity;
        return $"clip:{Text(lower)},{Text(upper)}";
    }

    /// <summary>Reads the name that <see cref="ToString"/> writes.</summary>
    /// <returns>Whether <paramref name="text"/> names an activation.</returns>
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ActivationFunction? activation)
    {
        activation = text switch
        {
            "identity" => Identity,
            "relu" => Relu,
            "abs" => Abs,
            _ => null,
        };
        if (activation is not null || text is null) return activation is not null;
        if (text.StartsWith("leaky:", StringComparison.Ordinal) && TryNumber(text[6..], out double slope) && double.IsFinite(slope))
        {
            activation = Leaky(slope);
        }
        else if (text.StartsWith("clip:", StringComparison.Ordinal) && text[5..].Split(',') is [string lo, string hi]
            && TryNumber(lo, out double lower) && TryNumber(hi, out double upper) && lower < upper)
        {
            activation = Clip(lower, upper);
        }
        return activation is not null;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && !double.IsNaN(value);
}
