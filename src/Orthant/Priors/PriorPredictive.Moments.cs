using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

public sealed partial class PriorPredictive
{
    /// <summary>E X²: the variance of a symmetric quantity.</summary>
    public double SecondMoment => AbsoluteMoment(2);

    /// <summary>E X⁴/(E X²)², the atom included: 3 ∏(1 + 5/d) for one output of ReLU layers, whatever the scales. 0 for an
    /// atom.</summary>
    public double Kurtosis => IsAtom ? 0 : Math.Exp(LogAbsoluteMoment(4) - 2 * LogAbsoluteMoment(2));

    /// <summary>E |X|ˢ over values other than 0; for s > 0 the atom adds nothing.</summary>
    /// <param name="s">Order, above -1.</param>
    /// <exception cref="OrthantInputException">The order is not a finite number above -1.</exception>
    public double AbsoluteMoment(double s) => Math.Exp(LogAbsoluteMoment(s));

    /// <summary>log E |X|ˢ over values other than 0.</summary>
    /// <param name="s">Order, above -1.</param>
    /// <exception cref="OrthantInputException">The order is not a finite number above -1.</exception>
    public double LogAbsoluteMoment(double s)
    {
        if (!double.IsFinite(s) || s <= -1)
        {
            throw new OrthantInputException("prior", "moment", FormattableString.Invariant($"order {s}"), "a finite order above -1");
        }
        return IsAtom ? double.NegativeInfinity : (_law!.LogMoment(s) + _logScale * s + _logShare).Hi;
    }

    /// <summary>E[log |X| | X ≠ 0]; -∞ for an atom.</summary>
    public double LogMean => IsAtom ? double.NegativeInfinity : _logScale.Hi + _law!.LogMean;

    /// <summary>Var[log |X| | X ≠ 0]; 0 for an atom.</summary>
    public double LogVariance => IsAtom ? 0 : _law!.LogVariance;

    /// <summary>The n-th cumulant of log |X| given X ≠ 0, by Cauchy's integral of log M over a circle.</summary>
    /// <param name="order">1 to 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is out of range.</exception>
    public double LogCumulant(int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, 8);
        if (IsAtom) return order == 1 ? double.NegativeInfinity : 0;
        // log M is free of singularities in |s| < 1 near the axis; the trapezoid rule on a circle of 1/2 is exact to 2^-nodes.
        const int nodes = 96;
        const double radius = 0.5;
        Complex sum = Complex.Zero;
        Complex[] value = new Complex[1];
        double last = 0;
        for (int n = 0; n <= nodes / 2; n++)
        {
            Complex s = Complex.FromPolarCoordinates(radius, 2 * Math.PI * n / nodes);
            _law!.Log(s.Real, [s.Imaginary], value);
            // The logarithm is continued from the real axis, where it is real.
            double phase = value[0].Imaginary - 2 * Math.PI * Math.Round((value[0].Imaginary - last) / (2 * Math.PI));
            last = phase;
            Complex term = new Complex(value[0].Real, phase) * Complex.FromPolarCoordinates(1, -2 * Math.PI * n * order / nodes);
            sum += n == 0 || n == nodes / 2 ? term.Real : 2 * term.Real;
        }
        double factorial = 1;
        for (int i = 2; i <= order; i++) factorial *= i;
        return factorial * sum.Real / (nodes * Math.Pow(radius, order)) + (order == 1 ? _logScale.Hi : 0);
    }

    /// <summary>The differential entropy of the continuous part, −∫ p log p, in nats; -∞ for an atom.</summary>
    /// <remarks>Given X ≠ 0 it is this divided by P(X ≠ 0), plus log P(X ≠ 0).</remarks>
    public double Entropy()
    {
        if (IsAtom) return double.NegativeInfinity;
        double sum = 0;
        foreach ((double y, double log) in DensityGrid())
        {
            double logDensity = log - y - _logScale.Hi + _logShare - Math.Log(_sides);
            sum -= Math.Exp(log + _logShare) * logDensity;
        }
        return sum * GridStep;
    }

    /// <summary>E exp(i w·f) for a vector w of the given length against the outputs (or units): the law is spherically symmetric.</summary>
    /// <param name="length">Euclidean length of w, not negative.</param>
    /// <exception cref="OrthantInputException">The quantity is no normal number given its layer: a norm after an activation, or a rectified
    /// unit.</exception>
    public double CharacteristicFunction(double length)
    {
        Refuse(length);
        if (_components == 0 || Quantity.Kind == PriorQuantityKind.PostActivation)
        {
            throw new OrthantInputException("prior", "characteristic function", $"{Quantity.Kind}", "outputs or units before an activation");
        }
        if (IsAtom || length == 0) return 1;
        double logStd = DoubleDouble.Log(Math.Abs(length)).Hi + _logScale.Hi - 0.5 * Math.Log(_components);
        if (_normLaw is null) return Math.Exp(-0.5 * Math.Exp(2 * logStd));
        double sum = 0;
        foreach ((double v, double log) in _variance.Value) sum += Math.Exp(log - 0.5 * Math.Exp(2 * (v + logStd)));
        return AtomAtZero + sum * GridStep;
    }

    /// <summary>The order θ of the tail, −log P(|X| > r) ~ r^(1/θ): L/2 for L Gaussian weight layers, the sub-Weibull parameter.</summary>
    /// <remarks>Each Gaussian layer adds 1/2 (M. Vladimirova et al., 2019); orthogonal layers add nothing.</remarks>
    public double TailIndex => 0.5 * (Stack.Layers.Count(layer =>
        layer.Kind is not (PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear)) + (_components > 0 ? 1 : 0));
}
