using System.Numerics.Tensors;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Verification;

/// <summary>The values of a property's conditions at many points of a box at once, and descents towards counterexamples; matrices stay operators.</summary>
/// <remarks>For domains of few inputs see <see cref="ForwardPass"/>. Not safe to share between threads.</remarks>
internal sealed class PointBatch
{
    private readonly NormalStage[] stages;
    private readonly int[][] alternatives;
    private readonly CounterexampleTest test;
    private readonly double[] lower;
    private readonly double[] upper;
    private readonly double[][] before;
    private readonly double[] from;
    private readonly double[] to;

    public PointBatch(NormalForm form, InputDomain domain, int[][] alternatives, CounterexampleTest test, int capacity)
    {
        stages = [.. form.Stages];
        this.alternatives = alternatives;
        this.test = test;
        Capacity = capacity;
        lower = Array.ConvertAll([.. domain.Lower], r => r.ToDouble());
        upper = Array.ConvertAll([.. domain.Upper], r => r.ToDouble());
        before = Array.ConvertAll(stages, s => new double[capacity * s.Units]);
        int widest = Math.Max(lower.Length, stages.Max(s => s.Units));
        from = new double[capacity * widest];
        to = new double[capacity * widest];
        Points = new double[capacity * lower.Length];
    }

    /// <summary>The most points.</summary>
    public int Capacity { get; }

    /// <summary>The points: capacity × inputs.</summary>
    public double[] Points { get; }

    /// <summary>The nearest number to x that input j may have.</summary>
    public double Within(int j, double x) => Math.Clamp(x, lower[j], upper[j]);

    /// <summary>Evaluates the first points and tries those that look like counterexamples.</summary>
    public bool Try(int rows)
    {
        Evaluate(rows);
        int n = lower.Length;
        for (int r = 0; r < rows; r++)
        {
            if (test.IsPromising(test.Violation(Conditions(r), out _)) && test.ConfirmInputs(Points.AsSpan(r * n, n))) return true;
        }
        return false;
    }

    /// <summary>Steps of all points by the signs of the gradient, each towards an alternative of its own.</summary>
    /// <param name="targets">The alternative of each point.</param>
    /// <param name="steps">How many steps; they shrink from half the box to nothing.</param>
    /// <param name="size">The first step, as a part of half the side.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public bool Descend(ReadOnlySpan<int> targets, int steps, double size, CancellationToken cancellation)
    {
        int rows = targets.Length, n = lower.Length, last = stages.Length - 1, conditions = stages[last].Units;
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Try(rows)) return true;
            Array.Clear(to, 0, rows * conditions);
            for (int r = 0; r < rows; r++)
            {
                ReadOnlySpan<double> values = Conditions(r);
                int worst = alternatives[targets[r]][0];
                foreach (int c in alternatives[targets[r]])
                {
                    if (values[c] > values[worst]) worst = c;
                }
                to[(r * conditions) + worst] = 1;
            }
            Differentiate(rows);
            double move = size / 2 * (1 - ((double)step / steps));
            for (int k = 0; k < rows * n; k++)
            {
                int j = k % n;
                if (to[k] == 0) continue;
                double x = Points[k] - (Math.Sign(to[k]) * move * (upper[j] - lower[j]));
                Points[k] = Math.Clamp(x, lower[j], upper[j]);
            }
        }
        return Try(rows);
    }

    /// <summary>Descents towards all alternatives from random points, in rounds.</summary>
    public bool Attack(RandomStream random, int rounds, int steps, CancellationToken cancellation)
    {
        int n = lower.Length;
        int[] targets = new int[Capacity];
        int next = 0;
        // Every alternative gets its turn in each round, however few points fit into a batch.
        for (int left = rounds * alternatives.Length; left > 0;)
        {
            int rows = Math.Min(left, Capacity);
            left -= rows;
            for (int r = 0; r < rows; r++)
            {
                targets[r] = next;
                next = (next + 1) % alternatives.Length;
                for (int j = 0; j < n; j++) Points[(r * n) + j] = random.NextDouble(lower[j], upper[j]);
            }
            if (Descend(targets.AsSpan(0, rows), steps, 1, cancellation)) return true;
        }
        return false;
    }

    private ReadOnlySpan<double> Conditions(int row) => before[^1].AsSpan(row * stages[^1].Units, stages[^1].Units);

    private void Evaluate(int rows)
    {
        double[] x = Points;
        for (int s = 0; s < stages.Length; s++)
        {
            int units = stages[s].Units;
            double[] z = before[s];
            stages[s].Linear.Apply<double>(rows, x.AsSpan(0, rows * stages[s].Linear.Inputs), z.AsSpan(0, rows * units));
            for (int r = 0; r < rows; r++) TensorPrimitives.Add(z.AsSpan(r * units, units), stages[s].Bias.AsSpan(), z.AsSpan(r * units, units));
            if (s == stages.Length - 1) return;
            z.AsSpan(0, rows * units).CopyTo(from);
            stages[s].Activations.Apply(rows, from.AsSpan(0, rows * units));
            x = from;
        }
    }

    /// <summary>From weights of the conditions to the gradient by the inputs, in place.</summary>
    private void Differentiate(int rows)
    {
        for (int s = stages.Length - 1; s >= 0; s--)
        {
            int units = stages[s].Units, n = stages[s].Linear.Inputs;
            to.AsSpan(0, rows * units).CopyTo(from);
            if (!stages[s].Activations.IsIdentity)
            {
                for (int k = 0; k < rows * units; k++)
                {
                    if (!(before[s][k] > 0)) from[k] *= stages[s].Activations[k % units] is { IsIdentity: false } f ? f.LeftSlope : 1;
                }
            }
            stages[s].Linear.ApplyTranspose<double>(rows, from.AsSpan(0, rows * units), to.AsSpan(0, rows * n));
        }
    }
}
