using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Orthant.Benchmarks.Ratios;

/// <summary>A rival that is a Python script of bench/rivals: it runs on one thread and prints one JSON document.</summary>
internal static class PythonRival
{
    /// <summary>Runs a script with Debian's Python, or whichever is on the path.</summary>
    /// <param name="script">The file's name in bench/rivals.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <returns>What it printed; null where no Python has what the script imports.</returns>
    public static JsonElement? Run(string script, params string[] arguments)
    {
        string path = Path.Combine(RatioBook.Root(), "bench", "rivals", script);
        foreach (string python in (string[])["/usr/bin/python3", "python3"])
        {
            ProcessStartInfo start = new(python, [path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment.Remove("OPENBLAS_CORETYPE");
            start.Environment.Remove("OPENBLAS_L2_SIZE");
            start.Environment["OMP_NUM_THREADS"] = "1";
            try
            {
                using Process? process = Process.Start(start);
                if (process is null) continue;
                Task<string> errors = process.StandardError.ReadToEndAsync();
                string output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode != 0) continue;
                using JsonDocument json = JsonDocument.Parse(output);
                return json.RootElement.Clone();
            }
            catch (Win32Exception)
            {
                // No such program: try the next one.
            }
        }
        return null;
    }
}
