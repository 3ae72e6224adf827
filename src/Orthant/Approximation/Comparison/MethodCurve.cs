using System.Collections.Immutable;

namespace Orthant.Approximation;

/// <summary>A network of one method: its cost and its error.</summary>
/// <param name="Size">Pieces, terms, compositions, degree or width, by the method.</param>
/// <param name="Parameters">Weights and biases of the dense network, zeros counted.</param>
/// <param name="Error">The largest distance to the function.</param>
/// <param name="IsProved">Whether that holds everywhere; otherwise it was seen on a fine grid.</param>
public readonly record struct MethodPoint(int Size, long Parameters, double Error, bool IsProved);

/// <summary>How the error of one method falls with the parameters it is given.</summary>
/// <param name="Name">The method, in one word.</param>
/// <param name="What">What it does, and what <see cref="MethodPoint.Size"/> counts.</param>
/// <param name="Points">From few parameters to many.</param>
/// <param name="Rate">The law that fits the points best; null where there are fewer than three.</param>
public sealed record MethodCurve(string Name, string What, ImmutableArray<MethodPoint> Points, FittedRate? Rate);

/// <summary>A law of decay fitted to errors against parameters n.</summary>
/// <param name="Law"><c>n^-s</c>, <c>exp(-s sqrt(n))</c> or <c>exp(-s n)</c>.</param>
/// <param name="Value">s.</param>
/// <param name="Scatter">Root mean square deviation of the errors' natural logarithms.</param>
public sealed record FittedRate(string Law, double Value, double Scatter)
{
    private const double Floor = 3e-13;

    /// <summary>Fits the three laws by least squares to the later two thirds of the points and keeps the best; the two exponential ones only where
    /// they are better by half, since any few points lie near some exponential.</summary>
    /// <param name="points">From few parameters to many; errors at the floor of doubles are left out.</param>
    public static FittedRate? Of(IReadOnlyList<MethodPoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        MethodPoint[] used = [.. points.Where(p => p.Error > Floor)];
        if (used.Length < 3) return null;
        used = used[Math.Min(used.Length - 3, used.Length / 3)..];
        FittedRate power = Line("n^-s", used, n => Math.Log(n)), root = Line("exp(-s sqrt(n))", used, n => Math.Sqrt(n)), exponential = Line("exp(-s n)", used, n => n);
        FittedRate faster = root.Scatter <= exponential.Scatter ? root : exponential;
        return faster.Scatter < 0.5 * power.Scatter ? faster : power;
    }

    private static FittedRate Line(string law, MethodPoint[] points, Func<double, double> scale)
    {
        double[] x = [.. points.Select(p => scale(p.Parameters))], y = [.. points.Select(p => Math.Log(p.Error))];
        double mx = x.Average(), my = y.Average(), sxx = x.Sum(v => (v - mx) * (v - mx)), sxy = 0;
        for (int i = 0; i < x.Length; i++) sxy += (x[i] - mx) * (y[i] - my);
        double slope = sxx > 0 ? sxy / sxx : 0, square = 0;
        for (int i = 0; i < x.Length; i++) square += Math.Pow(y[i] - my - (slope * (x[i] - mx)), 2);
        return new FittedRate(law, -slope, Math.Sqrt(square / x.Length));
    }
}
