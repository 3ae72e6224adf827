using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orthant.Benchmarks.Ratios;

/// <summary>The processor time of this thread, which other programs on the machine hardly disturb.</summary>
internal static unsafe class ThreadClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Seconds of processor time on Linux; elapsed seconds elsewhere.</summary>
    public static double Seconds
    {
        get
        {
            if (!OperatingSystem.IsLinux()) return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
            long* time = stackalloc long[2];
            _ = ClockGetTime(ThreadCpuTime, time);
            return time[0] + (time[1] * 1e-9);
        }
    }

    /// <summary>The median of some numbers.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int ClockGetTime(int clock, long* time);
}
