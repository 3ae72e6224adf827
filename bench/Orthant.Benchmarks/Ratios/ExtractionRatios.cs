using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Store;
using Orthant.Tests.Extraction;

namespace Orthant.Benchmarks.Ratios;

/// <summary>What it costs to recover networks from their answers, beside the bars that were set and the figures that others published.</summary>
internal static class ExtractionRatios
{
    /// <summary>Widths; log₂ of the most queries and of the largest parameter error allowed; and what Carlini, Jagielski and Mironov (CRYPTO 2020, table 1) give for both, where they do.</summary>
    private static readonly (string Widths, double Queries, double Error, double? PublishedQueries, double? PublishedError, int Seeds)[] Rows =
    [
        ("10-10-10-1", 14.0, -43, 16.0, -36, 5),
        ("10-15-15-1", 14.75, -44, null, null, 5),
        ("10-20-20-1", 15.3, -41, 17.1, -37, 5),
        ("20-10-10-1", 14.25, -43, null, null, 5),
        ("40-20-10-1", 15, -43, null, null, 5),
        ("20-15-15-10", 15, -45, null, null, 5),
        ("40-20-10-10-1", 16.5, -42, 17.8, -27.1, 5),
        ("80-40-20-1", 16.25, -43, 18.5, -39.7, 5),
        ("784-32-1", 17, -32, 19.2, -30.2, 5),
        ("784-128-1", 19, -30, 21.5, -29.4, 3),
    ];

    /// <summary>Three layers of ten, where the method does not always come to an end.</summary>
    private const string Deep = "10-10-10-10-1";

    public static string? Measure()
    {
        int threads = Math.Min(2, Environment.ProcessorCount);
        Recover([6, 8, 6, 1], 1, threads, null);
        StringBuilder page = new();
        page.Append("# Extraction: networks recovered from their answers\n\n").Append(Machine.Describe()).Append("\n\n")
            .Append(CultureInfo.InvariantCulture, $"Random networks (weights of variance 1/fan-out, biases of deviation 0.1), widths not given, algorithm seed 0, {threads} threads, each network once. Queries and\n")
            .Append("the largest error of any weight or bias (in the true order and scales) as powers of two. *Published* is table 1 of N. Carlini, M. Jagielski and I. Mironov, CRYPTO 2020, who are\n")
            .Append("given the widths; it was not measured here. Memory is the largest resident size of the process until then; rows follow each other in one process. Repeat with\n")
            .Append("`dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios extraction`.\n\n")
            .Append("| network | bar: queries / error | published | seeds: queries / error | median | s, worst | MB | bar met |\n|---|---|---|---|---|---|---|---|\n");
        foreach ((string text, double most, double worst, double? published, double? publishedError, int seeds) in Rows)
        {
            int[] widths = [.. text.Split('-').Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
            List<Outcome> outcomes = [.. Enumerable.Range(1, seeds).Select(seed => Recover(widths, (ulong)seed, threads, null))];
            double queries = Median(outcomes.Select(o => o.Queries)), error = Median(outcomes.Select(o => o.Error));
            int met = outcomes.Count(o => o.Queries <= most && o.Error <= worst);
            string list = string.Join(", ", outcomes.Select(o => $"{Text(o.Queries)} / {o.Note}"));
            page.Append(CultureInfo.InvariantCulture, $"| {text} | {most} / {worst} | {(published is double p ? $"{p} / {publishedError}" : "")} | {list} | {Text(queries)} / {Text(error)} | ")
                .Append(CultureInfo.InvariantCulture, $"{outcomes.Max(o => o.Seconds):F1} | {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} | {(queries <= most && error <= worst ? "yes" : "no")}, {met} of {seeds} |\n");
            Console.WriteLine($"{text}: {list}");
        }
        page.Append("\nA dead unit, which no answer shows, is not counted (40-20-10-10-1, seed 1). *In part* is a result that says itself that it is not complete.\n\n")
            .Append(CultureInfo.InvariantCulture, $"| {Deep}, seed | queries | error | output error | s |\n|---|---|---|---|---|\n");
        int[] deep = [.. Deep.Split('-').Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
        for (ulong seed = 1; seed <= 9; seed++)
        {
            Outcome o = Recover(deep, seed, threads, null);
            page.Append(CultureInfo.InvariantCulture, $"| {seed} | {Text(o.Queries)} | {o.Note} | {o.OutputError:G2} | {o.Seconds:F1} |\n");
        }
        string store = Path.Combine(Path.GetTempPath(), $"orthant-bench-{Environment.ProcessId}.db");
        try
        {
            Outcome cached = Recover([784, 128, 1], 1, threads, store);
            page.Append(CultureInfo.InvariantCulture, $"\nThe store of answers of 784-128-1, seed 1: {new FileInfo(store).Length / 1e6:F0} MB for 2^{Text(cached.Queries)} answers; with it the run takes {cached.Seconds:F0} s.\n");
        }
        finally
        {
            foreach (string end in (string[])["", "-wal", "-shm"]) File.Delete(store + end);
        }
        return page.ToString();
    }

    private sealed record Outcome(double Queries, double Error, double OutputError, double Seconds, string Note);

    private static Outcome Recover(int[] widths, ulong seed, int threads, string? store)
    {
        ReluNetwork truth = SeededNetworks.Build(widths, seed), visible = VisibleNetwork.Of(truth, seed: 1).Network;
        Stopwatch watch = Stopwatch.StartNew();
        RecoveredNetwork found;
        if (store is null) found = NetworkExtraction.Run(new NetworkOracle(truth), new ExtractionOptions { Threads = threads });
        else
        {
            using AnswerStore answers = new(store, "benchmark", new NetworkOracle(truth));
            found = NetworkExtraction.Run(answers, new ExtractionOptions { Threads = threads });
        }
        double seconds = watch.Elapsed.TotalSeconds;
        double? error = found.IsComplete && found.Network is not null ? NetworkAlignment.Of(visible, found.Network)?.MaxParameterError : null;
        double output = found.Network is null ? double.PositiveInfinity : SampledError.Measure(new NetworkOracle(truth), found.Network, 2000, 1).Maximum;
        return new Outcome(Math.Log2(found.Queries), error is double e ? Math.Log2(e) : double.PositiveInfinity, output, seconds, error is double size ? Text(Math.Log2(size)) : "in part");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static string Text(double x) => x.ToString("F1", CultureInfo.InvariantCulture);
}
