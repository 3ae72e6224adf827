using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>The exact law of one number that a random network computes from one input: density, tails, quantiles, moments, atom.</summary>
/// <remarks>
/// <para>Given the layer before, a layer of normal weights sees only its norm, and norms multiply: |f| = τ √(Q₁⋯Q_{L−1}) |Z| with
/// independent Q. So the Mellin transform of |f| is a product over layers, in which the sum over activity patterns (the mixture of
/// Meijer G-functions of L. Noci et al., 2021, and J. Zavatone-Veth and C. Pehlevan, 2021) is a short sum within each factor, and one
/// contour integral gives the law at any depth and width.</para>
/// <para>An immutable value, safe to share between threads. Probabilities and densities come with relative errors of about 10⁻¹³ from the
/// origin to the far tails; logarithms are given where doubles underflow; nothing is ever NaN.</para>
/// </remarks>
public sealed partial class PriorPredictive
{
    private readonly MellinLaw? _law;
    private readonly MellinLaw? _normLaw;
    private readonly DoubleDouble _logScale;
    private readonly double _logShare;
    private readonly double _sides;
    private readonly int _components;
    private readonly double _logRms;

    private PriorPredictive(PriorNetwork network, double inputNorm, PriorQuantity quantity)
    {
        (Network, InputNorm, Quantity) = (network, inputNorm, quantity);
        _variance = new(() => Grid(_normLaw!));
        PriorStack stack = PriorStack.Of(network, quantity);
        Stack = stack;
        _components = stack.Components;
        IsSymmetric = quantity.Kind is PriorQuantityKind.Output or PriorQuantityKind.PreActivation;
        _sides = IsSymmetric ? 2 : 1;
        _logShare = quantity.Kind == PriorQuantityKind.PostActivation ? -Math.Log(2) : 0;
        IsAtom = inputNorm == 0 || stack.IsDead;
        if (IsAtom)
        {
            (LogAlive, LogAtomAtZero, _logRms) = (double.NegativeInfinity, 0, double.NegativeInfinity);
            return;
        }
        _logScale = DoubleDouble.Log(inputNorm) + stack.LogScale;
        _law = new MellinLaw(stack.Factors);
        _normLaw = stack.NormFactors.Count > 0 ? new MellinLaw(stack.NormFactors) : null;
        LogAlive = _law.LogAlive + _logShare;
        LogAtomAtZero = stack.LogDead(_law.LogAlive, quantity.Kind == PriorQuantityKind.PostActivation);
        _logRms = _logScale.Hi + 0.5 * _logShare;
    }

    /// <summary>The random network.</summary>
    public PriorNetwork Network { get; }

    /// <summary>Euclidean norm of the input.</summary>
    public double InputNorm { get; }

    /// <summary>What the law is about.</summary>
    public PriorQuantity Quantity { get; }

    /// <summary>Whether the law is symmetric about 0; else the quantity is not negative.</summary>
    public bool IsSymmetric { get; }

    /// <summary>Whether the quantity is 0 for certain: the input is 0 or a layer has no units.</summary>
    public bool IsAtom { get; }

    /// <summary>Probability of exactly 0.</summary>
    public double AtomAtZero => Math.Exp(LogAtomAtZero);

    /// <summary>Logarithm of the probability of exactly 0; -∞ where it is never 0.</summary>
    public double LogAtomAtZero { get; }

    /// <summary>Logarithm of the probability of a value other than 0.</summary>
    public double LogAlive { get; }

    /// <summary>τ = ‖x‖ ∏ sₗ, the only scale of the law; 0 for an atom.</summary>
    public double Scale => IsAtom ? 0 : Math.Exp((DoubleDouble.Log(InputNorm) + Stack.LogWeightScale).Hi);

    private PriorStack Stack { get; }

    /// <summary>The law of a quantity of a random network without biases.</summary>
    /// <param name="network">The random network.</param>
    /// <param name="inputNorm">Euclidean norm of the one input; 0 makes the law an atom.</param>
    /// <param name="quantity">What the law is about; one output unless given.</param>
    /// <exception cref="OrthantInputException">The norm is negative or not finite, the network has biases, the hidden layer does not exist,
    /// or a post-activation unit is asked of a layer that is not a plain ReLU.</exception>
    public static PriorPredictive Of(PriorNetwork network, double inputNorm, PriorQuantity? quantity = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (!double.IsFinite(inputNorm) || inputNorm < 0)
        {
            throw new OrthantInputException("prior", "input norm", FormattableString.Invariant($"{inputNorm}"), "a finite number, at least 0");
        }
        if (network.HasBiases) throw new OrthantInputException("prior", "biases", "some", "none (the law with biases is the biased prior's)");
        return new(network, inputNorm, quantity ?? PriorQuantity.Output);
    }

    /// <summary>The law at an input.</summary>
    /// <param name="network">The random network.</param>
    /// <param name="input">The input, one finite number a dimension.</param>
    /// <param name="quantity">What the law is about; one output unless given.</param>
    /// <exception cref="OrthantInputException">The input has another dimension or is not finite, or as above.</exception>
    public static PriorPredictive Of(PriorNetwork network, ReadOnlySpan<double> input, PriorQuantity? quantity = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (input.Length != network.Inputs)
        {
            throw new OrthantInputException("input", string.Empty, $"{input.Length} numbers", $"{network.Inputs} of them");
        }
        double largest = 0;
        for (int i = 0; i < input.Length; i++)
        {
            if (!double.IsFinite(input[i])) throw new OrthantInputException("input", $"number {i + 1}", $"{input[i]}", "a finite number");
            largest = Math.Max(largest, Math.Abs(input[i]));
        }
        double sum = 0;
        foreach (double x in input) sum += largest == 0 ? 0 : x / largest * (x / largest);
        return Of(network, largest * Math.Sqrt(sum), quantity);
    }

    /// <summary>Density of the continuous part at x; +∞ at 0 where it diverges.</summary>
    /// <param name="x">Any number; NaN is refused.</param>
    public double Pdf(double x)
    {
        DoubleDouble log = LogPdfExact(x);
        return Exp(log);
    }

    /// <summary>Logarithm of the density of the continuous part; -∞ where there is none.</summary>
    /// <param name="x">Any number; NaN is refused.</param>
    public double LogPdf(double x) => LogPdfExact(x).Hi;

    /// <summary>Logarithms of the density at many points.</summary>
    /// <param name="x">Points; none may be NaN.</param>
    /// <param name="result">One logarithm each.</param>
    public void LogPdf(ReadOnlySpan<double> x, Span<double> result)
    {
        if (result.Length < x.Length) throw new ArgumentException("One result a point.", nameof(result));
        for (int i = 0; i < x.Length; i++) result[i] = LogPdf(x[i]);
    }

    /// <summary>P(X ≤ x) for the quantity X itself, with its sign.</summary>
    /// <param name="x">Any number; NaN is refused.</param>
    public double Cdf(double x)
    {
        Refuse(x);
        if (!IsSymmetric) return x < 0 ? 0 : Math.Min(1, AtomAtZero + LowerMass(x));
        return x < 0 ? 0.5 * Survival(-x) : 1 - 0.5 * Survival(x);
    }

    /// <summary>P(|X| > r).</summary>
    /// <param name="r">A number; below 0 the answer is 1.</param>
    public double Survival(double r) => Exp(LogSurvivalExact(r));

    /// <summary>log P(|X| > r).</summary>
    /// <param name="r">A number; below 0 the answer is 0.</param>
    public double LogSurvival(double r) => LogSurvivalExact(r).Hi;

    /// <summary>P(0 &lt; |X| ≤ r), without the atom.</summary>
    /// <param name="r">A number.</param>
    public double LowerMass(double r) => Exp(LogLowerMassExact(r));

    /// <summary>log P(0 &lt; |X| ≤ r).</summary>
    /// <param name="r">A number.</param>
    public double LogLowerMass(double r) => LogLowerMassExact(r).Hi;

    private static double Exp(DoubleDouble log) => log.Hi < -745.2 ? 0 : Math.Exp(log.Hi) * (1 + log.Lo);

    private static void Refuse(double x)
    {
        if (double.IsNaN(x)) throw new OrthantInputException("prior", "point", "NaN", "a number");
    }

    private DoubleDouble LogPdfExact(double x)
    {
        Refuse(x);
        double r = Math.Abs(x);
        if (IsAtom || double.IsInfinity(r) || (!IsSymmetric && x < 0)) return double.NegativeInfinity;
        if (r == 0) return LogPdfAtZero();
        DoubleDouble log = LogOf(r);
        return _law!.LogDensity(log - _logScale) - log + (_logShare - Math.Log(_sides));
    }

    private DoubleDouble LogSurvivalExact(double r)
    {
        Refuse(r);
        if (r < 0) return 0;
        if (IsAtom) return double.NegativeInfinity;
        return r == 0 ? LogAlive : _law!.LogSurvival(LogOf(r) - _logScale) + _logShare;
    }

    private DoubleDouble LogLowerMassExact(double r)
    {
        Refuse(r);
        if (IsAtom || r <= 0) return double.NegativeInfinity;
        return double.IsInfinity(r) ? LogAlive : _law!.LogLower(LogOf(r) - _logScale) + _logShare;
    }

    /// <summary>The limit at 0: infinite at a pole of M of order 2 or more at −1, its residue at a simple one, else 0.</summary>
    private double LogPdfAtZero()
    {
        int order = Stack.Factors.Sum(f => f.Factor.HasPole(1) ? f.Count : 0);
        if (order == 0) return double.NegativeInfinity;
        return order > 1 ? double.PositiveInfinity : _law!.LogResidueAtMinusOne() - _logScale.Hi + _logShare - Math.Log(_sides);
    }

    /// <summary>log r; to double-double where its rounding would show in a value that is multiplied by a large exponent.</summary>
    private DoubleDouble LogOf(double r)
    {
        double log = Math.Log(r);
        return Math.Abs(log - _logScale.Hi) < 2 ? log : DoubleDouble.Log(r);
    }
}
