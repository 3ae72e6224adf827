using System.Globalization;
using System.Text;
using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Benchmarks.Ratios;

/// <summary>Figures of the module Convergence on its own: there is no rival for networks, and none for matrices in .NET.</summary>
internal static class ConvergenceRatios
{
    private static readonly (string Name, string Matrices)[] Sets =
    [
        ("Gripenberg 1996", "0.6,0;0.2,0.6|0.6,-0.6;0,-0.2"),
        ("Ahmadi et al. 2014, example 5.4", "-1,-1;-4,0|3,3;-2,1"),
        ("Ahmadi and Parrilo 2012, example 2.1", "0,1;0,0|0,0;1,0"),
        ("Jungers et al. 2014, example 6.3", "0,1,1;1,0,0;0,-1,0|0,1,0;-1,0,1;-1,0,0"),
        ("Ando and Shih 1998", "1,0;1,0|0,1;0,-1"),
        ("Blondel et al., α = 1", "1,1;0,1|1,0;1,1"),
        ("Dumas 2013, example 5", "1,0;0,1|3,-3;3,3"),
        ("Rudin and Shapiro, autocorrelation", "1,0,2;-1,0,2;0,1,0|0,1,0;0,-1,0;1,0,0"),
        ("a word of length 41", "-1,1,-1;-1,-1,1;0,1,1|-1,1,-1;-1,-1,0;0,1,1"),
    ];

    public static string? Measure()
    {
        StringBuilder page = new();
        page.Append("# Convergence: joint spectral radii, fixed points, residual stacks\n\n").Append(Machine.Describe()).Append("\n\n")
            .Append("Seconds of processor time of one thread, once each, in one process after a warm-up. Repeat with\n`dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios convergence`.\n\n")
            .Append("| joint spectral radius of | lower bound | relative width | method | word | s |\n|---|---|---|---|---|---|\n");
        JointSpectralRadius.Bound(Parse(Sets[0].Matrices));
        foreach ((string name, string matrices) in Sets)
        {
            (JointRadius found, double seconds) = Timed(() => JointSpectralRadius.Bound(Parse(matrices)));
            Row(page, name, Number(found.Lower), Width(found), found.Method, $"{found.Word.Count}", Seconds(seconds));
        }
        page.Append("\n| masks {I_S W}, W random | neurons | lower bound | relative width | method | s |\n|---|---|---|---|---|---|\n");
        RandomStream random = new(2026);
        foreach (int m in new[] { 3, 4, 5, 6, 8, 8, 8 })
        {
            Rational[][] w = Gaussian(random, m, m, 0.9 / Math.Sqrt(m));
            (JointRadius found, double seconds) = Timed(() => JointSpectralRadius.BoundMasks(w, new JointRadiusOptions { RelativeGap = m > 6 ? 0.002 : 1e-9, Seconds = 30 }));
            Row(page, "normal entries, deviation 0.9/√m", $"{m}", Number(found.Lower), Width(found), found.Method, Seconds(seconds));
        }
        page.Append("\n| all fixed points of a tied ReLU layer, 20 neurons | fixed points | sets of patterns looked at | s |\n|---|---|---|---|\n");
        foreach (double gain in new[] { 0.8, 1.5, 3 })
        {
            AffineMap layer = new(Gaussian(random, 20, 20, gain / Math.Sqrt(20)), [.. Gaussian(random, 1, 20, 1)[0]]);
            (FixedPoints found, double seconds) = Timed(() => FixedPoints.Enumerate(layer));
            Row(page, string.Create(CultureInfo.InvariantCulture, $"gain {gain}"), $"{found.Points.Length}", $"{found.NodesVisited}", Seconds(seconds));
        }
        (int blocks, double profiled) = ResidualStack(random);
        page.Append(CultureInfo.InvariantCulture, $"\nA residual network of {blocks} blocks of width 256, profiled with rigorous norms in l1, l2 and linf: {profiled:F2} s.\n");
        return page.ToString();
    }

    private static (int Blocks, double Seconds) ResidualStack(RandomStream random)
    {
        const int blocks = 200, width = 256;
        double[,] Matrix(double deviation)
        {
            double[,] a = new double[width, width];
            for (int i = 0; i < width; i++)
            {
                for (int j = 0; j < width; j++) a[i, j] = deviation * random.NextNormal();
            }
            return a;
        }
        List<Layer> layers = [];
        for (int k = 1; k <= blocks; k++)
        {
            AffineLayer inner = AffineLayer.Dense(Matrix(Math.Sqrt(2.0 / width)), new double[width], ActivationFunction.Relu);
            AffineLayer outer = AffineLayer.Dense(Matrix(0.3 * Math.Pow(k, -1.5) / Math.Sqrt(width)), new double[width]);
            layers.Add(ParallelLayer.Residual([inner, outer], ActivationFunction.Relu));
        }
        ReluNetwork network = new(layers);
        (_, double seconds) = Timed(() => DepthProfile.Of(network, new double[width], [.. Enumerable.Repeat(1.0, width)]));
        return (blocks, seconds);
    }

    private static (T Value, double Seconds) Timed<T>(Func<T> work)
    {
        double before = ThreadClock.Seconds;
        T value = work();
        return (value, ThreadClock.Seconds - before);
    }

    private static Rational[][] Gaussian(RandomStream random, int rows, int columns, double deviation) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => Rational.FromDouble(Math.Round(random.NextNormal() * deviation * 1024) / 1024)).ToArray())];

    private static Rational[][][] Parse(string set) => [.. set.Split('|').Select(a => a.Split(';').Select(r => r.Split(',').Select(e => Rational.Parse(e)).ToArray()).ToArray())];

    private static string Number(double x) => x.ToString("G12", CultureInfo.InvariantCulture);

    private static string Width(JointRadius found) => (found.Upper / found.Lower - 1).ToString("E1", CultureInfo.InvariantCulture);

    private static string Seconds(double s) => s.ToString("F3", CultureInfo.InvariantCulture);

    private static void Row(StringBuilder page, params string[] cells) => page.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
