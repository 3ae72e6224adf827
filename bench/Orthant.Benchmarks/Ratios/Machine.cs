using System.Runtime.InteropServices;
using Orthant.Numerics;

namespace Orthant.Benchmarks.Ratios;

/// <summary>What a figure was measured on: processor, system and runtime, but no host's name.</summary>
internal static class Machine
{
    /// <summary>One line for the head of a results page.</summary>
    public static string Describe() =>
        $"{Processor()} ({Environment.ProcessorCount} cores in use, widest path {VectorPaths.Best}), {SystemName()}, {RuntimeInformation.FrameworkDescription}";

    private static string Processor() => Value("/proc/cpuinfo", "model name", ':') is string model
        ? $"{model} family {Value("/proc/cpuinfo", "cpu family", ':')} model {Value("/proc/cpuinfo", "model", ':')}"
        : RuntimeInformation.ProcessArchitecture.ToString();

    private static string SystemName() => Value("/etc/os-release", "PRETTY_NAME", '=') ?? RuntimeInformation.OSDescription;

    private static string? Value(string path, string key, char separator)
    {
        if (!File.Exists(path)) return null;
        foreach (string line in File.ReadLines(path))
        {
            int at = line.IndexOf(separator, StringComparison.Ordinal);
            if (at > 0 && line[..at].Trim() == key) return line[(at + 1)..].Trim().Trim('"');
        }
        return null;
    }
}
