using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace Orthant.Networks;

/// <summary>What interval arithmetic alone says of a network on a box: ranges, Lipschitz constants and rounded constants, each an upper
/// bound that may be far from sharp.</summary>
/// <remarks>
/// <para>Values are propagated as centre and radius, c ↦ A·c + b and r ↦ |A|·r; derivatives as the product of the |A| and of the largest
/// slopes that units can have on their ranges. Every rounding of the double arithmetic is added to the radius, so the bounds hold in
/// real arithmetic. Cost: one forward pass and one backward pass with as many rows as outputs.</para>
/// <para>For the exact extrema and constants see the module Geometry.</para>
/// </remarks>
public sealed class IntervalBounds
{
    private IntervalBounds(ImmutableArray<ImmutableArray<(double, double)>> units, (double, double)[] outputs, double[] lowering, GradientBound[] gradients)
    {
        PreActivations = units;
        Outputs = [.. outputs];
        LoweringError = [.. lowering];
        Gradients = [.. gradients];
    }

    /// <summary>For each stage of the normal form and each of its units the range of its pre-activation.</summary>
    public ImmutableArray<ImmutableArray<(double Lower, double Upper)>> PreActivations { get; }

    /// <summary>For each output an interval that holds all its values on the box.</summary>
    public ImmutableArray<(double Lower, double Upper)> Outputs { get; }

    /// <summary>For each output a bound on |file - network| over the box, from constants that had to be rounded; 0 when none was.</summary>
    public ImmutableArray<double> LoweringError { get; }

    /// <summary>For each output bounds on its Lipschitz constants on the box.</summary>
    public ImmutableArray<GradientBound> Gradients { get; }

    /// <summary>Bounds a network on a box.</summary>
    /// <param name="network">The network.</param>
    /// <param name="lower">The box's lower corner, one finite number an input.</param>
    /// <param name="upper">The box's upper corner, not below the lower one.</param>
    /// <exception cref="ArgumentException">The corners have a wrong length, are not finite or are out of order.</exception>
    public static IntervalBounds On(ReluNetwork network, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (lower.Length != network.Inputs || upper.Length != network.Inputs) throw new ArgumentException($"A box for {network} has {network.Inputs} sides.");
        double[] lo = lower.ToArray(), hi = upper.ToArray(), error = new double[lo.Length];
        for (int j = 0; j < lo.Length; j++)
        {
            if (!(lo[j] <= hi[j]) || !double.IsFinite(lo[j]) || !double.IsFinite(hi[j])) throw new ArgumentException($"Side {j} of the box is [{lo[j]}, {hi[j]}].");
        }
        NormalForm form = network.NormalForm;
        ImmutableArray<(double, double)>[] ranges = new ImmutableArray<(double, double)>[form.Stages.Length];
        for (int s = 0; s < ranges.Length; s++)
        {
            (double Lower, double Upper)[] range = Forward(form.Stages[s], lo, hi, ref error);
            ranges[s] = [.. range];
            lo = new double[range.Length];
            hi = new double[range.Length];
            for (int i = 0; i < range.Length; i++) (lo[i], hi[i]) = form.Stages[s].Activations[i].Range(range[i].Lower, range[i].Upper);
        }
        return new IntervalBounds([.. ranges], lo.Zip(hi).ToArray(), error, Backward(form, ranges));
    }

    private static (double, double)[] Forward(NormalStage stage, double[] lo, double[] hi, ref double[] error)
    {
        int n = lo.Length, m = stage.Units;
        double[] centre = new double[n], radius = new double[n], size = new double[n];
        for (int j = 0; j < n; j++)
        {
            centre[j] = (lo[j] / 2) + (hi[j] / 2);
            radius[j] = Math.BitIncrement(Math.Max(hi[j] - centre[j], centre[j] - lo[j]));
            size[j] = Math.Max(Math.Abs(lo[j]), Math.Abs(hi[j]));
        }
        double[] middle = new double[m], spread = new double[m], magnitude = new double[m], carried = new double[m];
        stage.Linear.Apply<double>(1, centre, middle);
        stage.Linear.ApplyAbsolute(1, radius, spread);
        stage.Linear.ApplyAbsolute(1, size, magnitude);
        stage.Linear.ApplyAbsolute(1, error, carried);
        // Each of the sums above is off by at most (terms + 2) roundings of what its absolute values add up to.
        double unit = (stage.Linear.LongestRow + 4) * Math.ScaleB(1, -52);
        (double, double)[] range = new (double, double)[m];
        double[] next = new double[m];
        for (int i = 0; i < m; i++)
        {
            double bias = stage.Bias[i];
            double slack = (unit * (magnitude[i] + Math.Abs(bias))) + (stage.Linear.LongestRow * double.Epsilon);
            double total = (spread[i] * (1 + unit)) + slack;
            range[i] = (Math.BitDecrement(middle[i] + bias - total), Math.BitIncrement(middle[i] + bias + total));
            double rounded = (stage.Rounding.RelativeWeightError * (magnitude[i] + carried[i])) + (stage.Rounding.RelativeBiasError * Math.Abs(bias))
                + stage.Rounding.AbsoluteBiasError;
            next[i] = (carried[i] + rounded) * stage.Activations[i].LipschitzConstant * (1 + unit);
        }
        error = next;
        return range;
    }

    private static GradientBound[] Backward(NormalForm form, ImmutableArray<(double Lower, double Upper)>[] ranges)
    {
        int outputs = form.Outputs;
        double[] rows = new double[checked(outputs * outputs)];
        for (int i = 0; i < outputs; i++) rows[(i * outputs) + i] = 1;
        double unit = 1;
        for (int s = form.Stages.Length - 1; s >= 0; s--)
        {
            NormalStage stage = form.Stages[s];
            double[] slopes = new double[stage.Units];
            for (int i = 0; i < slopes.Length; i++) slopes[i] = stage.Activations[i].LipschitzConstantOn(ranges[s][i].Lower, ranges[s][i].Upper);
            for (int row = 0; row < outputs; row++) TensorPrimitives.Multiply(rows.AsSpan(row * slopes.Length, slopes.Length), slopes, rows.AsSpan(row * slopes.Length, slopes.Length));
            double[] next = new double[checked(outputs * stage.Linear.Inputs)];
            stage.Linear.ApplyAbsoluteTranspose(outputs, rows, next);
            rows = next;
            unit *= 1 + ((stage.Units + 4) * Math.ScaleB(1, -52));
        }
        GradientBound[] bounds = new GradientBound[outputs];
        for (int i = 0; i < outputs; i++)
        {
            ReadOnlySpan<double> row = rows.AsSpan(i * form.Inputs, form.Inputs);
            double up = unit * (1 + ((form.Inputs + 4) * Math.ScaleB(1, -52)));
            bounds[i] = new GradientBound(TensorPrimitives.Max(row) * up, TensorPrimitives.Norm(row) * up, TensorPrimitives.Sum(row) * up);
        }
        return bounds;
    }
}

/// <summary>Bounds on how fast an output changes, named after the norm that inputs are measured in.</summary>
/// <param name="L1">Per unit of the l1 distance of inputs: the largest absolute partial derivative.</param>
/// <param name="L2">Per unit of Euclidean distance: the largest Euclidean norm of a gradient.</param>
/// <param name="LInf">Per unit of the largest coordinate's change: the largest sum of absolute partial derivatives.</param>
public readonly record struct GradientBound(double L1, double L2, double LInf);
