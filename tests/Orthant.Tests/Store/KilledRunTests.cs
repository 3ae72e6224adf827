using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orthant.Cli;
using Orthant.Extraction;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Tests.Cli;
using Orthant.Tests.Extraction;

namespace Orthant.Tests.Store;

/// <summary>The command line as a process of its own: killed at any moment, and asking another process.</summary>
[Collection("command line")]
public sealed class KilledRunTests
{
    private const int Batch = 50;

    /// <summary>The program beside the tests.</summary>
    private static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Orthant.Cli.exe" : "Orthant.Cli");

    private static Process Start(params string[] call)
    {
        ProcessStartInfo start = new(Program, call) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Repository.Root };
        return Process.Start(start)!;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhatWasAnsweredBeforeAKillIsNeverAskedAgain(int seed)
    {
        using ScratchFolder folder = new();
        ReluNetwork truth = TestNetworks.Build([4, 6, 5, 1], 3);
        RecoveredNetwork whole = TestNetworks.Extract(truth);
        ConcurrentDictionary<string, int> asked = new();
        RandomStream random = new((ulong)seed, 0);
        long rows = 0, killAt = 0;
        TaskCompletionSource reached = new();
        using Endpoint server = new((request, _) =>
        {
            using JsonDocument document = JsonDocument.Parse(request.InputStream);
            List<string> answers = [];
            foreach (JsonElement row in document.RootElement.GetProperty("inputs").EnumerateArray())
            {
                double[] x = [.. row.EnumerateArray().Select(e => e.GetDouble())];
                asked.AddOrUpdate(string.Join(',', x.Select(v => v.ToString("R", CultureInfo.InvariantCulture))), 1, (_, n) => n + 1);
                answers.Add($"[{truth.Evaluate(x)[0].ToString("R", CultureInfo.InvariantCulture)}]");
                if (++rows == killAt) reached.TrySetResult();
            }
            return "{\"outputs\": [" + string.Join(',', answers) + "]}";
        });
        string[] call = ["extract", server.Address.AbsoluteUri, "--inputs", "4", "--batch", $"{Batch}", "--cache", folder["a.db"], "--out", folder["found.json"], "--json", "--quiet"];
        int kills = 0;
        while (kills < 4)
        {
            reached = new TaskCompletionSource();
            killAt = rows + 1 + random.NextInt32((int)whole.Queries / 5);
            using Process run = Start(call);
            Task ended = run.WaitForExitAsync(TestContext.Current.CancellationToken);
            await Task.WhenAny(reached.Task, ended);
            // Some milliseconds later the answer is being stored, or the next question on its way.
            await Task.Delay(random.NextInt32(6), TestContext.Current.CancellationToken);
            run.Kill(entireProcessTree: true);
            await run.WaitForExitAsync(TestContext.Current.CancellationToken);
            kills++;
        }
        using Process last = Start(call);
        string output = await last.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = await last.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await last.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(last.ExitCode == 0, errors);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(whole.Queries, json.RootElement.GetProperty("queries").GetInt64());
        Assert.Equal(Text(whole.Network!), Text(ModelFile.Load(folder["found.json"]).Network));
        // Twice only what was on its way when a run was killed, and what the self-test asks twice on purpose: a handful of rows.
        Assert.InRange(asked.Values.Sum(n => n - 1), 0, (kills * Batch) + 16);
        Assert.InRange(asked.Count, whole.Queries - 100, whole.Queries);
        // A finished run is replayed without a question.
        long before = rows;
        using Process again = Start(call);
        await again.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await again.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(before, rows);
    }

    [Fact]
    public void AProcessInPlaceOfTheModelGivesTheSameNetworkForTheSameQueries()
    {
        using ScratchFolder folder = new();
        JsonElement direct = CommandLine.Json("extract", "samples/secret.json", "--out", folder["direct.json"], "--quiet");
        JsonElement asked = CommandLine.Json("extract", $"exec:\"{Program}\" evaluate samples/secret.json --lines", "--inputs", "6", "--out", folder["asked.json"], "--quiet");
        Assert.Equal(direct.GetProperty("queries").GetInt64(), asked.GetProperty("queries").GetInt64());
        Assert.Equal(Text(ModelFile.Load(folder["direct.json"]).Network), Text(ModelFile.Load(folder["asked.json"]).Network));
    }

    [Fact]
    public void LinesAreAnsweredOneByOne()
    {
        Environment.CurrentDirectory = Repository.Root;
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        Surroundings here = new(output, error, false, false, 80, false) { Input = new StringReader("1,2\n-1,0.5\n") };
        Assert.Equal(0, Application.Run(["evaluate", "samples/spiral.onnx", "--lines"], here, default));
        ReluNetwork spiral = ModelFile.Load("samples/spiral.onnx").Network;
        Assert.Equal([spiral.Evaluate([1, 2])[0], spiral.Evaluate([-1, 0.5])[0]], output.ToString().Split('\n')[..2].Select(l => double.Parse(l.Split(',')[0], CultureInfo.InvariantCulture)));
        Surroundings wrong = here with { Input = new StringReader("1,2\n1\n") };
        Assert.Equal(2, Application.Run(["evaluate", "samples/spiral.onnx", "--lines"], wrong, default));
        Assert.Contains("line 2", error.ToString(), StringComparison.Ordinal);
    }

    private static string Text(ReluNetwork network) => string.Join(';', NetworkAlignment.Dense(network)!.Select(l => string.Join(',', l.Weights.Concat(l.Bias).Select(v => v.ToString("R", CultureInfo.InvariantCulture)))));
}
