using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orthant.Learning;
using Orthant.Numerics;

namespace Orthant.Benchmarks.Ratios;

/// <summary>The pass of slice moments beside OpenBLAS's sgemm, and whole runs of filtered PCA.</summary>
internal static unsafe class LearningRatios
{
    private const int Rounds = 7;

    /// <summary>Measures.</summary>
    public static string? Measure()
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Learning from samples

            {Machine.Describe()}{(OpenBlas.Find() is OpenBlas rival ? $"; {rival.Version}" : "")}.

            The pass takes rows in memory to the moments of 24 slices, sphere-normalised, with the sums of blocks added in double; it counts
            n d (d + 1) operations. sgemm multiplies 1024 × 1024 matrices. One thread, processor time, medians of {Rounds} turns.
            Repeat with `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios learning`.

            | n × d | pass, GFLOP/s | sgemm, GFLOP/s | share |
            |---|---|---|---|

            """);
        foreach ((int n, int d) in ((int, int)[])[(200_000, 50), (200_000, 100), (100_000, 200)]) Line(page, Pass(n, d));
        page.Append("""

            Whole runs on alternating planes of 12 units (`FilteredPca.Fit`, from rows in memory, two threads): elapsed and processor time.

            | n × d | elapsed, s | processor, s | dimension | sine | held-out error | largest resident set, MB |
            |---|---|---|---|---|---|---|

            """);
        foreach ((int n, int d) in ((int, int)[])[(3000, 50), (8000, 50), (60_000, 50), (1_000_000, 100)]) Line(page, Whole(n, d));
        return page.ToString();
    }

    private static void Line(StringBuilder page, string line)
    {
        Console.WriteLine(line);
        page.Append(line).Append('\n');
    }

    private static string Pass(int n, int d)
    {
        SampleArray samples = SampleFamily.AlternatingPlane(6).Draw(n, d, 1).Samples;
        WhitenedRows rows = new(samples, Whitening.Identity(d), 1);
        Subspace none = Subspace.Empty(d);
        LabelSlices slices = new(samples.AllTargets.Span, [.. Enumerable.Range(0, n).Select(i => (long)i)], 24, 1);
        double[] passes = new double[Rounds], products = new double[Rounds];
        using AlignedBuffer<float> a = new(1024 * 1024), b = new(1024 * 1024), c = new(1024 * 1024);
        a.Span.Fill(0.5f);
        b.Span.Fill(0.25f);
        OpenBlas? rival = OpenBlas.Find();
        for (int round = -2; round < Rounds; round++)
        {
            double start = ThreadClock.Seconds;
            SliceMoments.Of(rows, none, () => new BlockLabels(null, none, 1), slices, null, 1, null, default);
            double middle = ThreadClock.Seconds;
            rival?.Gemm(false, false, 1024, 1024, 1024, a.Pointer, 1024, b.Pointer, 1024, c.Pointer, 1024);
            if (round < 0) continue;
            passes[round] = middle - start;
            products[round] = ThreadClock.Seconds - middle;
        }
        double own = (double)n * d * (d + 1) / ThreadClock.Median(passes) / 1e9,
            theirs = rival is null ? double.NaN : 2.0 * 1024 * 1024 * 1024 / ThreadClock.Median(products) / 1e9;
        return string.Create(CultureInfo.InvariantCulture, $"| {n:N0} × {d} | {own:F1} | {theirs:F1} | {own / theirs:F2} |");
    }

    private static string Whole(int n, int d)
    {
        FamilySample sample = SampleFamily.AlternatingPlane(6).Draw(n, d, 1);
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        Stopwatch clock = Stopwatch.StartNew();
        LearnedNetwork learned = FilteredPca.Fit(sample.Samples, new FilteredPcaOptions { Threads = 2 });
        double elapsed = clock.Elapsed.TotalSeconds;
        using Process process = Process.GetCurrentProcess();
        double processor = (process.TotalProcessorTime - before).TotalSeconds;
        double sine = Subspace.Span(d, sample.Basis.AsSpan())
            .SineTo(learned.Dimension == 0 ? Subspace.Empty(d) : Subspace.Span(d, learned.Basis.SelectMany(r => r).ToArray()));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {n:N0} × {d} | {elapsed:F1} | {processor:F1} | {learned.Dimension} | "
            + $"{sine:G2} | {learned.HeldOutError:G2} | {process.PeakWorkingSet64 >> 20} |");
    }
}
