using System.Text.Json;
using Orthant.Store;
using Orthant.Uncertainty;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class GridTests
{
    private const string Plan = """
        {"name": "spiral", "passes": 5, "seeds": [0, 1], "methods": ["deterministic", "temperature", "ensemble:2", "laplace:diagonal", "mc-droprelu:0.9"], "afterwards": ["mc-rrelu:-0.2,0.2"],
         "dataSets": [{"name": "two arms", "training": "samples/spiral.csv", "validationRows": 200, "test": "samples/spiral.csv", "outside": "samples/spiral.csv", "architecture": "2-8-2",
                       "recipe": "epochs=2,rate=0.01", "testRows": 300, "shuffle": true}]}
        """;

    private static string Without(string line) => string.Join('\n', JsonDocument.Parse(line).RootElement.EnumerateObject().Where(p => !p.Name.EndsWith("Seconds", StringComparison.Ordinal)).Select(p => p.ToString()));

    [Fact]
    public void AGridThatWasEndedGoesOnWithoutMeasuringAnythingTwice()
    {
        using ScratchFolder folder = new();
        string plan = folder.Write("plan.json", Plan), whole = folder["whole"], broken = folder["broken"];
        JsonElement found = CommandLine.Json("uncertainty", "--grid", plan, "--out", whole, "--quiet", "--threads", "1");
        Assert.Equal(12, found.GetProperty("measured").GetInt32());
        string[] cells = File.ReadAllLines(Path.Combine(whole, "cells.jsonl"));
        Assert.Equal(12, cells.Length);
        // Killed in the middle of the sixth line: five cells stay, half a line does not count.
        Directory.CreateDirectory(broken);
        File.WriteAllText(Path.Combine(broken, "cells.jsonl"), string.Concat(cells[..5].Select(c => c + "\n")) + cells[5][..40]);
        JsonElement more = CommandLine.Json("uncertainty", "--grid", plan, "--out", broken, "--quiet", "--threads", "2");
        Assert.Equal((5, 7), (more.GetProperty("known").GetInt32(), more.GetProperty("measured").GetInt32()));
        Assert.Equal(cells.Select(Without), File.ReadAllLines(Path.Combine(broken, "cells.jsonl")).Select(Without));
        Assert.Equal(0, CommandLine.Json("uncertainty", "--grid", plan, "--out", broken, "--quiet").GetProperty("measured").GetInt32());
        // Other settings are other cells.
        string changed = folder.Write("changed.json", Plan.Replace("epochs=2", "epochs=3", StringComparison.Ordinal));
        Assert.Equal(12, CommandLine.Json("uncertainty", "--grid", changed, "--out", broken, "--quiet").GetProperty("measured").GetInt32());
        foreach (string name in (string[])["grid.json", "grid.md", "grid.svg", "grid.html"]) Assert.True(new FileInfo(Path.Combine(whole, name)).Length > 200, name);
        JsonElement row = found.GetProperty("rows").EnumerateArray().Single(r => r.GetProperty("method").GetString() == "ensemble:2");
        Assert.Equal(1, row.GetProperty("trainingRatio").GetDouble());
        Assert.Equal(1, row.GetProperty("memoryRatio").GetDouble());
        JsonElement plain = found.GetProperty("rows").EnumerateArray().Single(r => r.GetProperty("method").GetString() == "deterministic");
        Assert.Equal(0.5, plain.GetProperty("memoryRatio").GetDouble());
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("nllDifference").ValueKind);
        JsonElement report = CommandLine.Json("report", "samples/spiral.onnx", "--grid", Path.Combine(whole, "cells.jsonl"), "--out", folder["report"], "--quiet");
        Assert.Contains(report.GetProperty("sections").EnumerateArray(), s => s.GetString() == "Methods side by side");
    }

    [Fact]
    public void AStoppedGridSaysHowToGoOn()
    {
        using ScratchFolder folder = new();
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        (int status, string output, _) = CommandLine.Run(stopped.Token, "uncertainty", "--grid", folder.Write("plan.json", Plan), "--out", folder["out"], "--quiet");
        Assert.Equal(3, status);
        Assert.Contains("go on with the same call", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"seeds\": [0, 1]", "\"seeds\": [0, 0]", "each once")]
    [InlineData("\"ensemble:2\"", "\"ensemble\"", "ensemble:N")]
    [InlineData("\"mc-droprelu:0.9\"", "\"mc-droprelu\"", "with its numbers")]
    [InlineData("\"mc-rrelu:-0.2,0.2\"", "\"temperature\"", "a random law")]
    [InlineData("\"validationRows\": 200", "\"validationRows\": 2000", "fewer than")]
    [InlineData("\"validationRows\": 200, ", "", "either 'validation' or 'validationRows'")]
    [InlineData("\"recipe\"", "\"receipt\"", "recipe")]
    [InlineData("epochs=2", "epoch=2", "perhaps epochs")]
    [InlineData("2-8-2", "3-8-2", "3, the network's input width")]
    [InlineData("\"passes\": 5", "\"passes\": 1", "passes")]
    public void WrongGridsAreOneLine(string what, string by, string part)
    {
        using ScratchFolder folder = new();
        Assert.Contains(what, Plan, StringComparison.Ordinal);
        Assert.Contains(part, CommandLine.Refused("uncertainty", "--grid", folder.Write("plan.json", Plan.Replace(what, by, StringComparison.Ordinal)), "--out", folder["out"], "--quiet"), StringComparison.Ordinal);
    }

    [Fact]
    public void AResultLogKeepsWholeLinesAndIsHeldByOne()
    {
        using ScratchFolder folder = new();
        using (ResultLog log = new(folder["log"]))
        {
            log.Append("one");
            log.Append("zwei");
            Assert.Contains("in use", Assert.Throws<OrthantInputException>(() => new ResultLog(folder["log"])).Message, StringComparison.Ordinal);
        }
        File.AppendAllText(folder["log"], "thr");
        using (ResultLog log = new(folder["log"]))
        {
            Assert.Equal(["one", "zwei"], log.Lines);
            log.Append("drei");
        }
        Assert.Equal("one\nzwei\ndrei\n", File.ReadAllText(folder["log"]));
    }

    [Fact]
    public void RowsAreMeansOverSeeds()
    {
        GridCell Cell(string method, ulong seed, double nll, double training, bool ensemble = false) => new() { DataSet = "d", Method = method, Seed = seed, Nll = nll, TrainingSeconds = training, InferenceSeconds = 1, ModelBytes = 10, IsEnsemble = ensemble };
        IReadOnlyList<GridRow> rows = GridRow.Of([Cell("a", 0, 1, 2), Cell("a", 1, 3, 4), Cell("b", 0, 5, 12, true)]);
        Assert.Equal(new SeedFigure(2, Math.Sqrt(2)), rows[0].Nll);
        Assert.Equal(0.25, rows[0].TrainingRatio);
        Assert.Equal(new SeedFigure(5, null), rows[1].Nll);
        Assert.Null(rows[0].OodEntropy);
        Assert.Equal(Cell("a", 0, 1, 2), GridCell.Parse("line", Cell("a", 0, 1, 2).ToLine()));
        Assert.Contains("no cell", Assert.Throws<OrthantInputException>(() => GridCell.Parse("line", "{")).Message, StringComparison.Ordinal);
    }
}
