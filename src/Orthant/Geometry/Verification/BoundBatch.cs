using System.Numerics.Tensors;
using Orthant.Geometry.Cutting;

namespace Orthant.Geometry.Verification;

/// <summary>Lower bounds of many linear functionals of one stage's pre-activations at once, each with its own signs, slopes and multipliers.</summary>
/// <remarks>
/// <para>A row is pulled back to the inputs: at every unit it takes the line that its sign asks for (CROWN, H. Zhang et al., 2018). The free
/// slopes, and a multiplier ≥ 0 for every unit whose sign was assumed, are then improved by gradient steps (α,β-CROWN, K. Xu and S. Wang et
/// al., 2021): by duality every choice is a bound. The gradient is what the units become at the point of the box where the bound is reached.</para>
/// <para>Roundings are bounded by one number a row, from the terms that every unit adds up at most. Not safe to share between threads.</para>
/// <para>Arrays by stage are rows × units:  row 0: u0 u1 u2 …  row 1: u0 u1 u2 …</para>
/// </remarks>
internal sealed class BoundBatch
{
    private readonly BoundChain chain;
    private readonly int top;
    private readonly double[][] values;
    private readonly double[][] weights;
    private readonly double[][] slopeSteps;
    private readonly double[][] bestSlopes;
    private readonly double[][] bestMultipliers;
    private readonly double[] pulled;
    private readonly double[] other;
    private readonly double[] constant;
    private readonly double[] magnitude;
    private readonly double[] error;
    private readonly double[] bound;
    private readonly double[] inputs;

    /// <summary>Room for functionals of one stage.</summary>
    /// <param name="chain">Its stages before the top one have to be settled.</param>
    /// <param name="top">The stage.</param>
    /// <param name="capacity">The most rows.</param>
    public BoundBatch(BoundChain chain, int top, int capacity)
    {
        this.chain = chain;
        this.top = top;
        Capacity = capacity;
        Start = new double[capacity * chain.Stages[top].Units];
        Signs = new sbyte[top][];
        Slopes = new double[top][];
        Multipliers = new double[top][];
        bestSlopes = new double[top][];
        bestMultipliers = new double[top][];
        slopeSteps = new double[top][];
        weights = new double[top][];
        values = new double[top + 1][];
        int widest = chain.Stages[0].Linear.Inputs;
        for (int s = 0; s <= top; s++)
        {
            int units = chain.Stages[s].Units, length = capacity * units;
            widest = Math.Max(widest, units);
            values[s] = new double[length];
            if (s == top) break;
            weights[s] = new double[length];
            Signs[s] = new sbyte[length];
            int open = chain.Open[s].Length == 0 ? 0 : length;
            Slopes[s] = new double[open];
            Multipliers[s] = new double[open];
            bestSlopes[s] = new double[open];
            bestMultipliers[s] = new double[open];
            slopeSteps[s] = new double[open];
        }
        pulled = new double[capacity * widest];
        other = new double[capacity * widest];
        inputs = new double[capacity * chain.Stages[0].Linear.Inputs];
        constant = new double[capacity];
        magnitude = new double[capacity];
        error = new double[capacity];
        bound = new double[capacity];
        Best = new double[capacity];
    }

    /// <summary>The most rows.</summary>
    public int Capacity { get; }

    /// <summary>The functionals: rows × units of the top stage.</summary>
    public double[] Start { get; }

    /// <summary>By stage: 1 or -1 for the piece a unit keeps to, 0 for both, 2 or -2 where the sign is assumed and has a multiplier.</summary>
    public sbyte[][] Signs { get; }

    /// <summary>By stage: the slope away from the chord of units that are open; empty for a stage without any.</summary>
    public double[][] Slopes { get; }

    /// <summary>By stage: the multipliers of assumed signs, not negative.</summary>
    public double[][] Multipliers { get; }

    /// <summary>The best bound of each row so far.</summary>
    public double[] Best { get; }

    /// <summary>By row the point of the box where the last bound is reached.</summary>
    public ReadOnlySpan<double> PointOf(int row) => inputs.AsSpan(row * chain.Lower.Length, chain.Lower.Length);

    /// <summary>What a row weighs an activation with in the last bound.</summary>
    public double WeightOf(int row, int stage, int unit) => weights[stage][(row * chain.Stages[stage].Units) + unit];

    /// <summary>What the top stage's units become at the point of the last bound, on the lines that it took.</summary>
    public ReadOnlySpan<double> TopOf(int row) => values[top].AsSpan(row * chain.Stages[top].Units, chain.Stages[top].Units);

    /// <summary>Sets a row's signs to those of the whole box, with the slopes to begin with and no multipliers.</summary>
    public void Reset(int row)
    {
        for (int s = 0; s < top; s++)
        {
            int units = chain.Stages[s].Units, at = row * units;
            UnitLines[] lines = chain.Lines[s];
            for (int i = 0; i < units; i++) Signs[s][at + i] = lines[i].Sign;
            if (Slopes[s].Length == 0) continue;
            Array.Clear(Multipliers[s], at, units);
            foreach (int i in chain.Open[s]) Slopes[s][at + i] = lines[i].FirstSlope(chain.Low[s][i], chain.High[s][i]);
        }
    }

    /// <summary>Bounds all rows once, as they are.</summary>
    public ReadOnlySpan<double> Bound(int rows)
    {
        Pull(rows);
        return bound.AsSpan(0, rows);
    }

    /// <summary>Improves slopes and multipliers by gradient steps and keeps the best; stops early when all rows are above a goal.</summary>
    /// <param name="rows">How many rows.</param>
    /// <param name="steps">How many steps; 0 bounds once.</param>
    /// <param name="rate">The first step, as a part of the range of a slope.</param>
    /// <param name="goal">Bounds above it are good enough.</param>
    /// <param name="adjust">Told after each step with values at hand, to change the functionals; may be null.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public void Improve(int rows, int steps, double rate, double goal, Action<int>? adjust, CancellationToken cancellation)
    {
        Best.AsSpan(0, rows).Fill(double.NegativeInfinity);
        for (int step = 0; ; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            Pull(rows);
            bool reached = true;
            for (int r = 0; r < rows; r++)
            {
                if (bound[r] > Best[r])
                {
                    Best[r] = bound[r];
                    Keep(r, Slopes, bestSlopes, Multipliers, bestMultipliers);
                }
                reached &= Best[r] > goal;
            }
            if (reached || step == steps) break;
            Push(rows);
            Step(rows, step, rate * Math.Pow(0.93, step));
            adjust?.Invoke(step);
        }
        for (int r = 0; r < rows; r++) Keep(r, bestSlopes, Slopes, bestMultipliers, Multipliers);
    }

    private void Keep(int row, double[][] slopes, double[][] toSlopes, double[][] multipliers, double[][] toMultipliers)
    {
        for (int s = 0; s < top; s++)
        {
            if (slopes[s].Length == 0) continue;
            int units = chain.Stages[s].Units, at = row * units;
            Array.Copy(slopes[s], at, toSlopes[s], at, units);
            Array.Copy(multipliers[s], at, toMultipliers[s], at, units);
        }
    }

    /// <summary>Backward: from the functionals to their least values in the box, less all roundings.</summary>
    private void Pull(int rows)
    {
        double[] w = pulled, x = other;
        Start.AsSpan(0, rows * chain.Stages[top].Units).CopyTo(w);
        Array.Clear(constant);
        Array.Clear(magnitude);
        Array.Clear(error);
        for (int s = top; ; s--)
        {
            int units = chain.Stages[s].Units, n = chain.Stages[s].Linear.Inputs;
            ReadOnlySpan<double> bias = chain.Stages[s].Bias.AsSpan(), sizes = chain.Sizes[s];
            for (int r = 0; r < rows; r++)
            {
                double sum = 0;
                for (int i = 0; i < units; i++)
                {
                    double v = w[(r * units) + i];
                    if (v == 0) continue;
                    double offset = v * bias[i];
                    constant[r] += offset;
                    magnitude[r] += Math.Abs(offset);
                    sum += Math.Abs(v) * sizes[i];
                }
                error[r] += (units + 8) * Rounding.Unit * sum;
            }
            chain.Stages[s].Linear.ApplyTranspose<double>(rows, w.AsSpan(0, rows * units), x.AsSpan(0, rows * n));
            (w, x) = (x, w);
            if (s == 0) break;
            for (int r = 0; r < rows; r++) Cross(s - 1, r, w.AsSpan(r * n, n));
        }
        for (int r = 0; r < rows; r++) bound[r] = Least(r, w);
    }

    /// <summary>From weights of a stage's activations to weights of its pre-activations.</summary>
    private void Cross(int s, int row, Span<double> w)
    {
        int units = w.Length, at = row * units;
        w.CopyTo(weights[s].AsSpan(at));
        UnitLines[] lines = chain.Lines[s];
        double[] sizes = chain.Sizes[s], slopes = Slopes[s], multipliers = Multipliers[s];
        sbyte[] signs = Signs[s];
        double rounded = 0;
        for (int i = 0; i < units; i++)
        {
            double v = w[i];
            sbyte sign = signs[at + i];
            if (sign is 1 || (v == 0 && sign is 0 or -1)) continue;
            ref readonly UnitLines line = ref lines[i];
            if (sign == 0)
            {
                if (v > 0 == line.Convex)
                {
                    w[i] = v * slopes[at + i];
                }
                else
                {
                    double offset = v * line.Offset;
                    constant[row] += offset;
                    magnitude[row] += Math.Abs(offset);
                    w[i] = v * line.Chord;
                }
                rounded += Math.Abs(w[i]) * sizes[i];
                continue;
            }
            double kept = sign > 0 ? v : v * line.Left, multiplier = sign is 2 or -2 ? multipliers[at + i] : 0;
            w[i] = sign > 0 ? kept - multiplier : kept + multiplier;
            rounded += (Math.Abs(kept) + multiplier) * sizes[i];
        }
        error[row] += 4 * Rounding.Unit * rounded;
    }

    private double Least(int row, double[] w)
    {
        int n = chain.Lower.Length;
        double sum = constant[row], total = Math.Abs(sum), most = 0;
        double[] largest = chain.Largest(0);
        for (int j = 0; j < n; j++)
        {
            double v = w[(row * n) + j], x = v > 0 ? chain.Lower[j] : chain.Upper[j];
            inputs[(row * n) + j] = x;
            sum += v * x;
            total += Math.Abs(v) * largest[j];
            most = Math.Max(most, largest[j]);
        }
        int steps = (2 * chain.Units) + n + 16;
        double slack = error[row] + ((n + 8) * Rounding.Unit * total) + (2 * steps * Rounding.Unit * magnitude[row]);
        double least = sum - (slack * (1 + (4 * steps * Rounding.Unit) + 1e-9)) - (1e-290 * (1 + most));
        return double.IsFinite(least) ? least : double.NegativeInfinity;
    }

    /// <summary>Forward: what all units become at the points, on the lines that the bounds took.</summary>
    private void Push(int rows)
    {
        double[] from = inputs;
        for (int s = 0; s <= top; s++)
        {
            int units = chain.Stages[s].Units, n = chain.Stages[s].Linear.Inputs;
            double[] z = values[s];
            chain.Stages[s].Linear.Apply<double>(rows, from.AsSpan(0, rows * n), z.AsSpan(0, rows * units));
            ReadOnlySpan<double> bias = chain.Stages[s].Bias.AsSpan();
            for (int r = 0; r < rows; r++) TensorPrimitives.Add(z.AsSpan(r * units, units), bias, z.AsSpan(r * units, units));
            if (s == top) return;
            from = pulled;
            for (int r = 0; r < rows; r++) Activate(s, r * units, z.AsSpan(r * units, units), from.AsSpan(r * units, units));
        }
    }

    private void Activate(int s, int at, ReadOnlySpan<double> z, Span<double> y)
    {
        UnitLines[] lines = chain.Lines[s];
        double[] v = weights[s], slopes = Slopes[s];
        sbyte[] signs = Signs[s];
        for (int i = 0; i < y.Length; i++)
        {
            ref readonly UnitLines line = ref lines[i];
            sbyte sign = signs[at + i];
            if (sign > 0) y[i] = z[i];
            else if (sign < 0) y[i] = z[i] * line.Left;
            else if (v[at + i] > 0 == line.Convex) y[i] = z[i] * slopes[at + i];
            else y[i] = (z[i] * line.Chord) + line.Offset;
        }
    }

    /// <summary>One step up for slopes and multipliers, each scaled by the root of its mean squared gradient (RMSprop, T. Tieleman and G. Hinton, 2012).</summary>
    private void Step(int rows, int step, double rate)
    {
        double fade = step == 0 ? 0 : 0.8;
        for (int s = 0; s < top; s++)
        {
            if (Slopes[s].Length == 0) continue;
            int units = chain.Stages[s].Units;
            UnitLines[] lines = chain.Lines[s];
            for (int r = 0; r < rows; r++)
            {
                int at = r * units;
                double typical = 0;
                foreach (int i in chain.Open[s]) typical += Math.Abs(weights[s][at + i]);
                typical /= chain.Open[s].Length;
                foreach (int i in chain.Open[s])
                {
                    int k = at + i;
                    sbyte sign = Signs[s][k];
                    double v = weights[s][k], gradient;
                    if (sign is 1 or -1) continue;
                    if (sign == 0) gradient = v > 0 == lines[i].Convex ? v * values[s][k] : 0;
                    else gradient = sign > 0 ? -values[s][k] : values[s][k];
                    ref double mean = ref slopeSteps[s][k];
                    mean = (fade * mean) + ((1 - fade) * gradient * gradient);
                    if (gradient == 0) continue;
                    double move = rate * gradient / (Math.Sqrt(mean) + 1e-300);
                    if (sign == 0)
                    {
                        double left = lines[i].Left;
                        Slopes[s][k] = Math.Clamp(Slopes[s][k] + (move * Math.Abs(1 - left)), Math.Min(left, 1), Math.Max(left, 1));
                    }
                    else
                    {
                        Multipliers[s][k] = Math.Max(0, Multipliers[s][k] + (move * typical));
                    }
                }
            }
        }
    }
}
