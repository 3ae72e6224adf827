using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>Linear equations a·θ = y of different accuracy, added one at a time: what they say about θ, and how surely.</summary>
/// <remarks>A square-root information filter: R is kept upper triangular by plane rotations, begun with a weak prior θ ≈ 0, so that every combination has a
/// value and a standard deviation, a large one where no equation speaks of it (G. J. Bierman, <i>Factorization Methods for Discrete Sequential Estimation</i>, 1977).</remarks>
internal sealed class EquationSystem
{
    private readonly double[] r;
    private readonly double[] y;
    private readonly List<(double[] Row, double Value, double Deviation)> equations = [];

    public EquationSystem(int unknowns, double priorDeviation)
    {
        Unknowns = unknowns;
        r = new double[unknowns * unknowns];
        y = new double[unknowns];
        for (int i = 0; i < unknowns; i++) r[(i * unknowns) + i] = 1 / priorDeviation;
    }

    public int Unknowns { get; }

    /// <summary>All equations that were added.</summary>
    public IReadOnlyList<(double[] Row, double Value, double Deviation)> Equations => equations;

    /// <summary>Adds a·θ = value ± deviation.</summary>
    public void Add(ReadOnlySpan<double> a, double value, double deviation)
    {
        equations.Add((a.ToArray(), value, deviation));
        double[] row = a.ToArray();
        TensorPrimitives.Divide(row, deviation, row);
        double rest = value / deviation;
        for (int i = 0; i < Unknowns; i++)
        {
            if (row[i] == 0) continue;
            Span<double> mine = r.AsSpan((i * Unknowns) + i, Unknowns - i), other = row.AsSpan(i);
            double length = double.Hypot(mine[0], other[0]), c = mine[0] / length, s = other[0] / length;
            for (int j = 0; j < mine.Length; j++) (mine[j], other[j]) = ((c * mine[j]) + (s * other[j]), (c * other[j]) - (s * mine[j]));
            (y[i], rest) = ((c * y[i]) + (s * rest), (c * rest) - (s * y[i]));
        }
    }

    /// <summary>The most likely θ.</summary>
    public double[] Solve()
    {
        double[] theta = new double[Unknowns];
        for (int i = Unknowns - 1; i >= 0; i--)
        {
            ReadOnlySpan<double> row = r.AsSpan((i * Unknowns) + i, Unknowns - i);
            theta[i] = (y[i] - TensorPrimitives.Dot(row[1..], theta.AsSpan(i + 1))) / row[0];
        }
        return theta;
    }

    /// <summary>The standard deviation of a·θ.</summary>
    public double Deviation(ReadOnlySpan<double> a)
    {
        double[] u = a.ToArray();
        double sum = 0;
        for (int i = 0; i < Unknowns; i++)
        {
            if (u[i] == 0) continue;
            ReadOnlySpan<double> row = r.AsSpan((i * Unknowns) + i, Unknowns - i);
            double value = u[i] / row[0];
            sum += value * value;
            TensorPrimitives.MultiplyAdd(row[1..], -value, u.AsSpan(i + 1), u.AsSpan(i + 1));
        }
        return Math.Sqrt(sum);
    }

    /// <summary>The standard deviation of every unknown.</summary>
    public double[] Deviations()
    {
        double[] result = new double[Unknowns], unit = new double[Unknowns];
        for (int i = 0; i < Unknowns; i++)
        {
            unit[i] = 1;
            result[i] = Deviation(unit);
            unit[i] = 0;
        }
        return result;
    }
}
