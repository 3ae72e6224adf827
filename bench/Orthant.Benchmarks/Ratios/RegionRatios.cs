using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Benchmarks.Ratios;

/// <summary>Regions a second on random networks: certified against fast signs, two threads against one.</summary>
internal static class RegionRatios
{
    private const int Seeds = 5;

    private static readonly (string Widths, double Wanted)[] Networks =
        [("2-64x3", 0.8e6), ("2-128x4", 0.3e6), ("3-32x3", 1.0e6), ("4-24x2", 0.5e6), ("5-12x2", 0.3e6), ("6-10x2", 0.12e6)];

    public static string Measure()
    {
        StringBuilder page = new();
        page.Append("# Regions a second\n\n").Append(Machine.Describe()).Append("\n\n")
            .Append("Networks of `orthant sample random:…`, box [-1, 1], counting with extrema and Lipschitz constants. One thread in processor time, the best of\n")
            .Append("several runs; the median of five seeds. Certified is the default; fast takes a fixed tolerance. Two threads against one in elapsed time.\n")
            .Append("Repeat with `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios regions`.\n\n")
            .Append("| network | regions (seed 1) | certified, regions/s | wanted | fast, regions/s | certified / fast time | 2 threads | exact decisions |\n|---|---|---|---|---|---|---|---|\n");
        foreach ((string widths, double wanted) in Networks)
        {
            List<(double Certified, double Fast, double Two, long Regions, long Exact)> runs = [];
            for (ulong seed = 1; seed <= Seeds; seed++) runs.Add(One(RandomNetwork.Create(RandomNetwork.ParseWidths(widths)!, WeightInitializer.He, 0.5, seed)));
            double certified = Median(runs.Select(r => r.Certified)), fast = Median(runs.Select(r => r.Fast)), two = Median(runs.Select(r => r.Two));
            string row = string.Create(CultureInfo.InvariantCulture,
                $"| {widths} | {runs[0].Regions:N0} | {certified / 1e6:0.000} M | {wanted / 1e6:0.00} M | {fast / 1e6:0.000} M | {fast / certified:0.00} | {two:0.00} × | {runs.Sum(r => r.Exact)} |\n");
            page.Append(row);
            Console.Write(row);
        }
        return page.ToString();
    }

    private static (double, double, double, long, long) One(ReluNetwork network)
    {
        InputDomain box = InputDomain.Box(Enumerable.Repeat(-1.0, network.Inputs).ToArray(), Enumerable.Repeat(1.0, network.Inputs).ToArray());
        (double cpu, double wall, RegionSummary found) = Best(network, box, new RegionOptions());
        (double fastCpu, _, _) = Best(network, box, new RegionOptions { Policy = SignPolicy.Fast });
        (_, double twoWall, _) = Best(network, box, new RegionOptions { Threads = 2 });
        return (found.ActivationRegions / cpu, found.ActivationRegions / fastCpu, wall / twoWall, found.ActivationRegions, found.ExactDecisions);
    }

    private static (double Cpu, double Wall, RegionSummary Found) Best(ReluNetwork network, InputDomain box, RegionOptions options)
    {
        double cpu = double.PositiveInfinity, wall = cpu, spent = 0;
        RegionSummary? found = null;
        Process self = Process.GetCurrentProcess();
        for (int run = 0; run < 12 && (run < 3 || spent < 1.5); run++)
        {
            TimeSpan before = self.TotalProcessorTime;
            found = RegionEnumerator.Enumerate(network, box, options);
            self.Refresh();
            double seconds = (self.TotalProcessorTime - before).TotalSeconds;
            cpu = Math.Min(cpu, seconds);
            wall = Math.Min(wall, found.Seconds);
            spent += seconds;
        }
        return (cpu, wall, found!);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
