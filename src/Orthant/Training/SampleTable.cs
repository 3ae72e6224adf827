using System.Collections.Immutable;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>An example table to learn from: inputs row by row, and a target for each row.</summary>
/// <param name="Name">The name used on the command line.</param>
/// <param name="Columns">The names of the inputs, then that of the target.</param>
/// <param name="Inputs">rows × inputs, row-major.</param>
/// <param name="Targets">One number a row: a class from 0, or a value.</param>
public sealed record SampleTable(string Name, ImmutableArray<string> Columns, double[] Inputs, double[] Targets)
{
    /// <summary>The number of rows.</summary>
    public int Rows => Targets.Length;

    /// <summary>The number of inputs.</summary>
    public int Width => Columns.Length - 1;

    /// <summary>Two arms of a spiral in the square [-1, 1]², with a little noise; the target is the arm, 0 or 1.</summary>
    /// <param name="rows">The number of points.</param>
    /// <param name="seed">The seed.</param>
    public static SampleTable Spiral(int rows, ulong seed)
    {
        RandomStream random = new(seed);
        double[] x = new double[checked(2 * rows)], y = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            int arm = i % 2;
            double along = Math.Sqrt(random.NextDouble()), angle = (3.3 * Math.PI * along) + (arm * Math.PI);
            x[2 * i] = (0.95 * along * Math.Cos(angle)) + (0.02 * random.NextNormal());
            x[(2 * i) + 1] = (0.95 * along * Math.Sin(angle)) + (0.02 * random.NextNormal());
            y[i] = arm;
        }
        return new SampleTable("spiral", ["x0", "x1", "arm"], x, y);
    }

    /// <summary>Encounters of two aircraft in the plane, all five inputs scaled to [-1, 1]: distance, bearing of the intruder, its heading
    /// relative to ours, our speed, its speed. The target is the advice of a simple rule: 0 clear, 1 weak left, 2 weak right, 3 strong left,
    /// 4 strong right.</summary>
    /// <param name="rows">The number of encounters.</param>
    /// <param name="seed">The seed.</param>
    public static SampleTable Control(int rows, ulong seed)
    {
        RandomStream random = new(seed);
        double[] x = new double[checked(5 * rows)], y = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            Span<double> one = x.AsSpan(5 * i, 5);
            for (int j = 0; j < 5; j++) one[j] = random.NextDouble(-1, 1);
            y[i] = Advice(one);
        }
        return new SampleTable("control", ["distance", "bearing", "heading", "ownSpeed", "intruderSpeed", "advice"], x, y);
    }

    /// <summary>The rule behind <see cref="Control"/>: turn away from the side on which the intruder will pass, the more strongly the sooner
    /// and the nearer it comes.</summary>
    /// <param name="scaled">Five numbers in [-1, 1].</param>
    /// <returns>0 to 4.</returns>
    public static int Advice(ReadOnlySpan<double> scaled)
    {
        double distance = 2.5 + (2.4 * scaled[0]), bearing = Math.PI * scaled[1], heading = Math.PI * scaled[2];
        double own = 0.55 + (0.45 * scaled[3]), other = 0.55 + (0.45 * scaled[4]);
        double px = distance * Math.Cos(bearing), py = distance * Math.Sin(bearing);
        double vx = (other * Math.Cos(heading)) - own, vy = other * Math.Sin(heading);
        double closing = -((px * vx) + (py * vy)), speed = (vx * vx) + (vy * vy);
        double time = speed > 1e-12 ? closing / speed : 0;
        if (time <= 0 || time > 6) return 0;
        double missX = px + (vx * time), missY = py + (vy * time), miss = Math.Sqrt((missX * missX) + (missY * missY));
        if (miss > 0.8) return 0;
        bool passesLeft = missY > 0;
        bool strong = time < 2.5 && miss < 0.45;
        return (strong ? 3 : 1) + (passesLeft ? 1 : 0);
    }
}
