using System.Collections.Immutable;
using System.Numerics;
using Orthant.Geometry.Cutting;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Verification;

/// <summary>Tries points of one case of a property in doubles, and believes a counterexample only when it is one in exact arithmetic.</summary>
internal sealed class CounterexampleTest
{
    /// <summary>Points that doubles took for counterexamples and exact arithmetic did not; beyond this many, doubles have to show a margin.</summary>
    private const int MostRefusals = 64;

    private readonly PropertyCase sought;
    private readonly int[][] alternatives;
    private readonly Lazy<ExactForward> exact;
    private readonly BoxScale scale;
    private int refusals;

    public CounterexampleTest(ReluNetwork network, PropertyCase sought, int[][] alternatives)
    {
        this.sought = sought;
        this.alternatives = alternatives;
        exact = new Lazy<ExactForward>(() => new ExactForward(network.NormalForm));
        scale = new BoxScale(sought.Domain);
    }

    /// <summary>The counterexample that was found: its inputs, exactly.</summary>
    public ImmutableArray<Rational> Point { get; private set; }

    /// <summary>The network's outputs there, exactly.</summary>
    public ImmutableArray<Rational> Outputs { get; private set; }

    /// <summary>How far values of the conditions are from a counterexample: at most 0 for one.</summary>
    /// <param name="values">One number a condition.</param>
    /// <param name="worst">The condition that stands in the way in the alternative that is nearest.</param>
    public double Violation(ReadOnlySpan<double> values, out int worst)
    {
        double least = double.PositiveInfinity;
        worst = 0;
        foreach (int[] all in alternatives)
        {
            double largest = double.NegativeInfinity;
            int at = 0;
            foreach (int c in all)
            {
                if (values[c] <= largest) continue;
                largest = values[c];
                at = c;
            }
            if (largest >= least) continue;
            least = largest;
            worst = at;
        }
        return least;
    }

    /// <summary>Tries a point of the scaled box.</summary>
    public bool Try(ForwardPass forward, ReadOnlySpan<double> t) => IsPromising(Violation(forward.At(t), out _)) && Confirm(t);

    /// <summary>Whether a violation in doubles is worth an evaluation in exact arithmetic.</summary>
    public bool IsPromising(double violation) => violation <= (refusals < MostRefusals ? 0 : -1e-9);

    /// <summary>Steps against the gradient of the condition that stands in the way, from a point of the scaled box, within it.</summary>
    public bool Descend(ForwardPass forward, Span<double> t, int steps, double step)
    {
        double before = double.PositiveInfinity;
        Span<double> gradient = stackalloc double[t.Length];
        for (int i = 0; i < steps; i++)
        {
            double violation = Violation(forward.At(t), out int worst);
            if (IsPromising(violation) && Confirm(t)) return true;
            if (violation > before) step *= 0.6;
            before = violation;
            forward.Gradient(worst, gradient);
            double largest = 0;
            for (int q = 0; q < t.Length; q++)
            {
                if ((t[q] >= 1 && gradient[q] < 0) || (t[q] <= -1 && gradient[q] > 0)) gradient[q] = 0;
                largest = Math.Max(largest, Math.Abs(gradient[q]));
            }
            if (largest == 0) return false;
            for (int q = 0; q < t.Length; q++) t[q] = Math.Clamp(t[q] - (step * gradient[q] / largest), -1, 1);
        }
        return false;
    }

    /// <summary>Random points, and descents from the best of them.</summary>
    public bool Attack(ForwardPass forward, RandomStream random, int points = 1000, int descents = 10, int steps = 60)
    {
        int d = sought.Domain.Dimension;
        PriorityQueue<double[], double> best = new();
        double[] t = new double[d];
        for (int i = 0; i < points; i++)
        {
            for (int q = 0; q < d; q++) t[q] = random.NextDouble(-1, 1);
            double violation = Violation(forward.At(t), out _);
            if (IsPromising(violation) && Confirm(t)) return true;
            best.Enqueue((double[])t.Clone(), -violation);
            if (best.Count > descents) best.Dequeue();
        }
        while (best.TryDequeue(out double[]? start, out _))
        {
            if (Descend(forward, start, steps, 0.3)) return true;
        }
        return false;
    }

    /// <summary>Whether the double nearest to a point of the scaled box is a counterexample, exactly; it is then kept.</summary>
    public bool Confirm(ReadOnlySpan<double> t)
    {
        double[] inputs = [.. scale.Centre];
        for (int q = 0; q < t.Length; q++) inputs[sought.Domain.Free[q]] += scale.HalfSide[q] * t[q];
        return ConfirmInputs(inputs);
    }

    /// <summary>Whether a point is a counterexample, exactly, once it is moved into the box where it is outside; it is then kept.</summary>
    /// <param name="inputs">One number an input.</param>
    public bool ConfirmInputs(ReadOnlySpan<double> inputs)
    {
        Rational[] x = new Rational[inputs.Length];
        for (int j = 0; j < x.Length; j++) x[j] = Within(inputs[j], sought.Domain.Lower[j], sought.Domain.Upper[j]);
        if (IsCounterexample(x)) return true;
        refusals++;
        return false;
    }

    /// <summary>Whether a point in homogeneous integers over the scaled box is a counterexample; it is then kept.</summary>
    public bool ConfirmExactly(BigInteger[] point)
    {
        Rational[] x = [.. scale.ExactCentre];
        for (int q = 0; q < sought.Domain.Dimension; q++) x[sought.Domain.Free[q]] += scale.ExactHalfSide[q] * new Rational(point[q], point[^1]);
        return IsCounterexample(x);
    }

    private static Rational Within(double value, Rational lower, Rational upper)
    {
        if (lower == upper) return lower;
        Rational exact = Rational.FromDouble(value);
        if (exact < lower) exact = Rational.FromDouble(Math.BitIncrement(lower.ToDouble()));
        if (exact > upper) exact = Rational.FromDouble(Math.BitDecrement(upper.ToDouble()));
        return exact < lower ? lower : exact;
    }

    private bool IsCounterexample(Rational[] x)
    {
        Rational[] y = exact.Value.Evaluate(x);
        if (!new Property([sought]).IsViolatedBy(x, y)) return false;
        Point = [.. x];
        Outputs = [.. y];
        return true;
    }
}
