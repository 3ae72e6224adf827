using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orthant.Extraction;

namespace Orthant.Store;

/// <summary>A child process as an oracle: one line of numbers with commas between them in, one such line out.</summary>
/// <remarks>The command is started as it is, without a shell, and ends with this object, with this process, or when an answer takes too long.</remarks>
public sealed class ProcessOracle : IOracle, IDisposable
{
    private readonly Process process;
    private readonly string name;
    private readonly TimeSpan patience;
    private double[]? zeros;

    /// <summary>Starts a command.</summary>
    /// <param name="command">The program and its arguments, separated by blanks; parts with blanks stand in double quotes.</param>
    /// <param name="inputs">The number of inputs.</param>
    /// <param name="patience">How long a batch may take.</param>
    /// <param name="outputs">The number of outputs, where an earlier run has learned it: nothing is asked then.</param>
    /// <exception cref="OrthantInputException">The command does not start, or does not answer a row of zeros.</exception>
    public ProcessOracle(string command, int inputs, TimeSpan patience, int? outputs = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        string[] words = Words(command);
        if (words.Length == 0) throw new OrthantInputException("oracle", "exec:", "nothing", "a command");
        name = words[0];
        this.patience = patience;
        Inputs = inputs;
        ProcessStartInfo start = new(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false, StandardOutputEncoding = Encoding.UTF8 };
        try
        {
            process = Process.Start(start) ?? throw new InvalidOperationException();
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new OrthantInputException("oracle", name, "a command that does not start", "a program that reads and writes lines", e);
        }
        AppDomain.CurrentDomain.ProcessExit += End;
        try
        {
            if (outputs is null) zeros = Ask(1, new double[inputs], default)[0];
            Outputs = outputs ?? zeros!.Length;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
    {
        double[][] answers = rows == 1 && zeros is double[] known && !x.ContainsAnyExcept(0.0) ? [known] : Ask(rows, x, cancellation);
        zeros = null;
        for (int r = 0; r < rows; r++)
        {
            if (answers[r].Length != Outputs) throw new OrthantInputException("oracle", name, $"{answers[r].Length} numbers", $"{Outputs}, as in its first answer");
            answers[r].CopyTo(y.Slice(r * Outputs, Outputs));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= End;
        End(null, EventArgs.Empty);
        process.Dispose();
    }

    private void End(object? sender, EventArgs e)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private double[][] Ask(int rows, ReadOnlySpan<double> x, CancellationToken cancellation)
    {
        StringBuilder text = new();
        for (int r = 0; r < rows; r++)
        {
            for (int j = 0; j < Inputs; j++) text.Append(j == 0 ? "" : ",").Append(x[(r * Inputs) + j].ToString("R", CultureInfo.InvariantCulture));
            text.Append('\n');
        }
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            return Exchange(rows, text.ToString(), limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new OrthantInputException("oracle", name, $"no answer within {patience.TotalSeconds:0.#} s", "one line an input row");
        }
        catch (IOException e)
        {
            throw new OrthantInputException("oracle", name, "a process that has ended", "one line an input row", e);
        }
    }

    /// <summary>Writes and reads at once: a pipe that is full on both sides would never move.</summary>
    private async Task<double[][]> Exchange(int rows, string text, CancellationToken cancellation)
    {
        Task write = Task.Run(async () =>
        {
            await process.StandardInput.WriteAsync(text.AsMemory(), cancellation).ConfigureAwait(false);
            await process.StandardInput.FlushAsync(cancellation).ConfigureAwait(false);
        }, cancellation);
        double[][] answers = new double[rows][];
        for (int r = 0; r < rows; r++)
        {
            string line = await process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false) ?? throw new IOException("The process has closed its output.");
            string[] parts = line.Split(',', StringSplitOptions.TrimEntries);
            answers[r] = new double[parts.Length];
            for (int k = 0; k < parts.Length; k++)
            {
                if (double.TryParse(parts[k], NumberStyles.Float, CultureInfo.InvariantCulture, out answers[r][k])) continue;
                throw new OrthantInputException("oracle", name, $"the line '{(line.Length > 40 ? line[..40] + "…" : line)}'", "numbers with commas between them");
            }
        }
        await write.ConfigureAwait(false);
        return answers;
    }

    private static string[] Words(string command)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool quoted = false, any = false;
        foreach (char c in command)
        {
            if (c == '"') (quoted, any) = (!quoted, true);
            else if (c == ' ' && !quoted)
            {
                if (any || word.Length > 0) words.Add(word.ToString());
                word.Clear();
                any = false;
            }
            else word.Append(c);
        }
        if (any || word.Length > 0) words.Add(word.ToString());
        return [.. words];
    }
}
