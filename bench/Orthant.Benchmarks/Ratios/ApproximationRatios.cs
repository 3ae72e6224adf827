using System.Globalization;
using System.Text;
using Orthant.Approximation;

namespace Orthant.Benchmarks.Ratios;

/// <summary>Figures of the module Approximation beside those of pwlfit, which were measured elsewhere.</summary>
internal static class ApproximationRatios
{
    private const int Rounds = 7, Rows = 2001;

    /// <summary>Functions with their intervals and pwlfit's figures on 2001 rows with 16 segments, which are 18 pieces: root mean square and
    /// seconds, on two shared cores (google/pwlfit, numpy).</summary>
    private static readonly (string Formula, double A, double B, double? Rms, double? Seconds)[] Functions =
    [
        ("sqrt(x)", 0, 1, null, null),
        ("x^2", 0, 1, null, null),
        ("runge(x)", -1, 1, 1.97e-3, 6.1),
        ("takagi(x)", 0, 1, 8.87e-3, 5.2),
        ("weierstrass(x)", 0, 1, 7.55e-2, 2.2),
        ("sigmoid(50*x)", -1, 1, 7.8e-4, 3.1),
        ("exp(x)", 0, 1, 2.8e-4, 1.9),
        ("sin(50*x)", 0, 1, 0.121, 3.7),
        ("abs(x)^0.3", -1, 1, 7.2e-3, 4.2),
        ("gelu(x)", -4, 4, null, null),
    ];

    public static string? Measure()
    {
        StringBuilder page = new();
        page.Append("# Approximation: best splines with their certificates\n\n").Append(Machine.Describe()).Append("\n\n")
            .Append("Seconds of processor time of one thread, medians of seven after a warm-up. Repeat with\n`dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios approximation`.\n\n")
            .Append("16 pieces, largest error: the bracket is proved by intervals.\n\n| function | error | lower bound, relative gap | s |\n|---|---|---|---|\n");
        foreach ((string formula, double a, double b, _, _) in Functions)
        {
            Expression f = Expression.Parse(formula);
            (FittedSpline fit, double seconds) = Timed(() => SplineFit.WithPieces(f, a, b, 16));
            page.Append(CultureInfo.InvariantCulture, $"| {formula} on [{a}, {b}] | {fit.Error:G9} | {(fit.Error - fit.LowerBound) / fit.Error:G2} | {seconds:F3} |\n");
        }
        page.Append("\nLeast squares over 2001 rows, 18 pieces, beside pwlfit's 16 segments, whose curve is constant outside its knots and so has 18 pieces. pwlfit's figures were measured on\nanother machine of two shared cores; a dash: not measured.\n\n")
            .Append("| function | root mean square | s | pwlfit | s |\n|---|---|---|---|---|\n");
        foreach ((string formula, double a, double b, double? rms, double? rival) in Functions)
        {
            Expression f = Expression.Parse(formula);
            double[] x = [.. Enumerable.Range(0, Rows).Select(i => a + ((b - a) * (i / (Rows - 1.0))))], y = Array.ConvertAll(x, f.Value);
            (LinearSpline spline, double seconds) = Timed(() => LeastSquaresFit.OfSamples(x, y, 18), 1);
            double own = Math.Sqrt(x.Zip(y).Average(p => Math.Pow(p.Second - spline.Evaluate(p.First), 2)));
            page.Append(CultureInfo.InvariantCulture, $"| {formula} | {own:G3} | {seconds:F2} | {(rms is double r ? r.ToString("G3", CultureInfo.InvariantCulture) : "–")} | {(rival is double s ? s.ToString("G2", CultureInfo.InvariantCulture) : "–")} |\n");
        }
        page.Append("\n| table of a random walk | rows | error | s |\n|---|---|---|---|\n");
        foreach (int rows in new[] { 100_000, 1_000_000, 10_000_000 })
        {
            (double[] x, double[] y) = Walk(rows);
            (FittedSpline fit, double seconds) = Timed(() => TableFit.WithPieces(x, y, 40), 3);
            page.Append(CultureInfo.InvariantCulture, $"| 40 pieces | {rows:N0} | {fit.Error:G6} | {seconds:F3} |\n");
            (FittedSpline within, double second) = Timed(() => TableFit.WithError(x, y, fit.Error * 1.0001), 3);
            page.Append(CultureInfo.InvariantCulture, $"| that error, {within.Spline.Pieces} pieces | {rows:N0} | {within.Error:G6} | {second:F3} |\n");
        }
        return page.ToString();
    }

    private static (double[] X, double[] Y) Walk(int rows)
    {
        Random random = new(0);
        double[] x = new double[rows], y = new double[rows];
        double at = 0;
        for (int i = 0; i < rows; i++)
        {
            // Twelve uniform numbers less six are nearly normal.
            double step = -6;
            for (int k = 0; k < 12; k++) step += random.NextDouble();
            (x[i], y[i]) = (i, at += 1e-3 * step);
        }
        return (x, y);
    }

    private static (T Result, double Seconds) Timed<T>(Func<T> work, int rounds = Rounds)
    {
        T result = work();
        List<double> seconds = [];
        for (int i = 0; i < rounds; i++)
        {
            double start = ThreadClock.Seconds;
            result = work();
            seconds.Add(ThreadClock.Seconds - start);
        }
        return (result, ThreadClock.Median(seconds));
    }
}
