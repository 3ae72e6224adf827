using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Benchmarks.Ratios;

/// <summary>The law of a random network beside mpmath's Meijer G-function, by processor time of one thread.</summary>
internal static class PriorRatios
{
    private const int Rounds = 15;

    private static readonly (string Name, int[] Widths)[] Networks =
    [
        ("3-2", [3, 2]),
        ("10-10-10", [10, 10, 10]),
        ("300-100", [300, 100]),
        ("9 of 1000", [.. Enumerable.Repeat(1000, 9)]),
        ("99 of 1000", [.. Enumerable.Repeat(1000, 99)]),
        ("99 of 10,000", [.. Enumerable.Repeat(10_000, 99)]),
    ];

    // One process prints "name value seconds" a line; every value is computed until a quarter of a second of processor time is spent.
    private const string Rival = """
        import time, math, mpmath
        from mpmath import mp, mpf, meijerg, gamma, binomial, pi, sqrt
        mp.dps = 15
        def term(ms, z):
            L = len(ms) + 1
            c = 1 / sqrt(mpf(2) ** L * pi)
            for m in ms: c /= gamma(mpf(m) / 2)
            return c * meijerg([[], []], [[0] + [mpf(m - 1) / 2 for m in ms], []], z)
        def relu(ds, f):
            L = len(ds) + 1; z = mpf(f) ** 2 / mpf(2) ** L; total = mpf(0)
            def go(i, ms, w):
                nonlocal total
                if i == len(ds): total += w * term(ms, z); return
                for m in range(1, ds[i] + 1): go(i + 1, ms + [m], w * binomial(ds[i], m) / mpf(2) ** ds[i])
            go(0, [], mpf(1)); return total
        def measure(name, work):
            n = 0; start = time.process_time(); value = None
            while True:
                value = work(); n += 1; spent = time.process_time() - start
                if spent > 0.25: break
            print(name, mpmath.nstr(value, 17), spent / n, flush=True)
        measure("version", lambda: mpf(0))
        print("release", mpmath.__version__, 0)
        measure("3-2", lambda: relu([3, 2], 1.0))
        measure("10-10", lambda: relu([10, 10], 1.0))
        for L in (3, 6, 10, 20): measure("pattern%d" % L, lambda: term([2] * (L - 1), mpf(1) / mpf(2) ** L))
        """;

    /// <summary>Measures all figures.</summary>
    /// <returns>The page.</returns>
    public static string? Measure()
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # The exact prior predictive law

            {Machine.Describe()}. One thread, processor time, medians of {Rounds} rounds; measured on a machine that others used too.
            Command: `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios prior`.

            | hidden ReLU layers | set-up, ms | with all lines for 0.01 to 50 σ, ms | million log-densities a second (terms) | million tail probabilities a second | million samples a second |
            |---|---|---|---|---|---|

            """);
        // The first figures would be those of code that is still being compiled.
        for (int i = 0; i < 3; i++) AppendNetwork(new StringBuilder(), Networks[i].Name, Networks[i].Widths);
        foreach ((string name, int[] widths) in Networks) AppendNetwork(page, name, widths);
        AppendRival(page);
        return page.ToString();
    }

    private static PriorPredictive LawOf(int[] widths) =>
        PriorPredictive.Of(new PriorNetwork(1, widths.Select(d => new PriorLayer(d, Math.Sqrt(2.0 / d))), 1, 1), 1);

    private static void AppendNetwork(StringBuilder page, string name, int[] widths)
    {
        double[] points = [.. Enumerable.Range(0, 20_000).Select(i => 0.05 + 8 * i / 20_000.0)], values = new double[points.Length];
        PriorPredictive law = LawOf(widths);
        PriorSampler sampler = law.Sampler();
        RandomStream random = new(1);
        double setUp = Seconds(() => LawOf(widths)), whole = Seconds(() =>
        {
            PriorPredictive fresh = LawOf(widths);
            for (double x = 0.01; x < 50; x *= 1.15) _ = fresh.LogPdf(x) + fresh.LogSurvival(x);
        });
        double density = Seconds(() => law.LogPdf(points, values)), tail = Seconds(() =>
        {
            foreach (double x in points) _ = law.LogSurvival(x);
        });
        double sample = Seconds(() => sampler.Fill(random, values));
        double terms = points.Average(x => law.TermsAt(x));
        double rate = points.Length / 1e6;
        page.AppendLine(CultureInfo.InvariantCulture,
            $"| {name} | {1e3 * setUp:F2} | {1e3 * whole:F1} | {rate / density:F1} ({terms:F0}) | {rate / tail:F1} | {rate / sample:F2} |");
    }

    private static void AppendRival(StringBuilder page)
    {
        Dictionary<string, (string Value, double Seconds)> rival = [];
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("python3", ["-c", Rival]) { RedirectStandardOutput = true })!;
            while (process.StandardOutput.ReadLine() is string line)
            {
                string[] parts = line.Split(' ');
                rival[parts[0]] = (parts[1], double.Parse(parts[2], CultureInfo.InvariantCulture));
            }
            process.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
        }
        if (!rival.ContainsKey("pattern20"))
        {
            page.AppendLine().AppendLine("mpmath was not there to compare with (Debian: python3-mpmath).");
            return;
        }
        page.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"""
            ## Beside mpmath {rival["release"].Value} (python3, 15 digits), the same values in the same minute

            | value at f = τ | mpmath, s | Orthant, s | ratio | relative difference |
            |---|---|---|---|---|
            """);
        foreach ((string name, int[] widths) in new (string, int[])[] { ("3-2", [3, 2]), ("10-10", [10, 10]) })
        {
            PriorPredictive law = PriorPredictive.Of(new PriorNetwork(1, widths.Select(d => new PriorLayer(d, 1)), 1, 1), 1);
            AppendRatio(page, $"density, ReLU {name} (mixture of {widths.Aggregate(1, (a, d) => a * d)} terms)", rival[name], () => law.Pdf(1));
        }
        foreach (int depth in new[] { 3, 6, 10, 20 })
        {
            double[] b = [0, .. Enumerable.Repeat(0.5, depth - 1)];
            double z = Math.ScaleB(1, -depth), front = 1 / Math.Sqrt(Math.ScaleB(Math.PI, depth));
            AppendRatio(page, $"one pattern, {depth} weight layers (`MeijerG`)", rival[$"pattern{depth}"], () => front * MeijerG.Of(b, z));
        }
    }

    private static void AppendRatio(StringBuilder page, string name, (string Value, double Seconds) rival, Func<double> ours)
    {
        double found = ours(), expected = double.Parse(rival.Value, CultureInfo.InvariantCulture), sum = 0;
        double seconds = Seconds(() =>
        {
            for (int i = 0; i < 1000; i++) sum += ours();
        }) / 1000;
        page.AppendLine(CultureInfo.InvariantCulture,
            $"| {name} | {rival.Seconds:E2} | {seconds:E2} | {rival.Seconds / seconds:E1} | {Math.Abs(found / expected - 1):E1} |");
        GC.KeepAlive(sum);
    }

    private static double Seconds(Action work)
    {
        work();
        List<double> times = [];
        for (int round = 0; round < Rounds; round++)
        {
            double start = ThreadClock.Seconds;
            work();
            times.Add(ThreadClock.Seconds - start);
        }
        return ThreadClock.Median(times);
    }
}
