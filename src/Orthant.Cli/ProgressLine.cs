using System.Diagnostics;
using System.Globalization;

namespace Orthant.Cli;

/// <summary>Progress on standard error: a live bar with rate and remaining time on a terminal, a plain line every few seconds elsewhere.</summary>
internal sealed class ProgressLine(Surroundings surroundings, bool quiet) : IProgress<WorkProgress>, IDisposable
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100), PlainInterval = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan shown = TimeSpan.Zero;
    private TimeSpan stageStart = TimeSpan.Zero;
    private double stageDone;
    private string stage = "";
    private bool live;

    public void Report(WorkProgress value)
    {
        if (quiet) return;
        lock (gate)
        {
            TimeSpan now = clock.Elapsed;
            if (value.Stage != stage)
            {
                stage = value.Stage;
                stageStart = now;
                stageDone = value.Done;
            }
            if (now - shown < (surroundings.ErrorIsTerminal ? LiveInterval : PlainInterval)) return;
            shown = now;
            string text = View.Plain(Describe(value, (now - stageStart).TotalSeconds) + (value.Detail is { Length: > 0 } detail ? $" ({detail})" : ""));
            if (surroundings.ErrorIsTerminal)
            {
                int width = Math.Max(10, surroundings.Width - 1);
                surroundings.Error.Write("\r\u001b[K" + (text.Length > width ? text[..width] : text));
                live = true;
            }
            else
            {
                surroundings.Error.WriteLine(text);
            }
        }
    }

    private string Describe(WorkProgress value, double seconds)
    {
        double rate = seconds > 0 ? (value.Done - stageDone) / seconds : 0;
        string speed = rate > 0 ? $", {Short(rate)} {value.Unit}/s" : "";
        if (value.Total is not double total || total <= 0) return $"{value.Stage}: {Short(value.Done)} {value.Unit}{speed}";
        double fraction = Math.Clamp(value.Done / total, 0, 1);
        string left = rate > 0 ? $", {Duration((total - value.Done) / rate)} left" : "";
        int filled = (int)(fraction * 20);
        string bar = surroundings.ErrorIsTerminal ? $"[{new string('=', filled)}{new string(' ', 20 - filled)}] " : "";
        return $"{value.Stage}: {bar}{fraction.ToString("P0", CultureInfo.InvariantCulture)} of {Short(total)} {value.Unit}{speed}{left}";
    }

    private static string Short(double value) => value switch
    {
        >= 1e9 => (value / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + "G",
        >= 1e6 => (value / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
        _ => value.ToString("0.#", CultureInfo.InvariantCulture),
    };

    private static string Duration(double seconds) => seconds switch
    {
        >= 5400 => $"{seconds / 3600:0.0} h",
        >= 90 => $"{seconds / 60:0} min",
        _ => $"{seconds:0} s",
    };

    public void Dispose()
    {
        lock (gate)
        {
            if (live) surroundings.Error.Write("\r\u001b[K");
            live = false;
        }
    }
}
