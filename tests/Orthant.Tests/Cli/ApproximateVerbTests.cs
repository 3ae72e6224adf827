using System.Text.Json;

namespace Orthant.Tests.Cli;

public sealed class ApproximateVerbTests
{
    [Fact]
    public void TanhTakes27PiecesAnd26CannotDo()
    {
        using ScratchFolder scratch = new();
        JsonElement json = CommandLine.Json("approximate", "tanh(x)", "--on", "-4,4", "--error", "1e-3", "--out", scratch["tanh.onnx"]);
        Assert.Equal(27, json.GetProperty("pieces").GetInt32());
        Assert.Equal(26, json.GetProperty("impossiblePieces").GetInt32());
        Assert.InRange(json.GetProperty("certifiedError").GetDouble(), 0, 1e-3);
        JsonElement evaluated = CommandLine.Json("evaluate", scratch["tanh.onnx"], "--at", "1.5");
        Assert.Equal(Math.Tanh(1.5), evaluated.GetProperty("outputs")[0][0].GetDouble(), 1.001e-3);
    }

    [Theory]
    [InlineData("tanh(x)", "-4,4")]
    [InlineData("sqrt(x)+0.1*x", "0,1")]
    [InlineData("gelu(2*x)-1/(1+x^2)", "-2,2")]
    [InlineData("max(abs(x),x^3)*exp(-x)", "-1,1")]
    public void CertificatesHoldAndLiesDoNot(string formula, string on)
    {
        using ScratchFolder scratch = new();
        CommandLine.Json("approximate", formula, "--on", on, "--pieces", "8", "--certificate", scratch["c.json"]);
        Assert.True(CommandLine.Json("check", scratch["c.json"]).GetProperty("valid").GetBoolean());
        System.Text.Json.Nodes.JsonNode node = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(scratch["c.json"]))!;
        foreach ((string key, double factor) in new[] { ("error", 1 - 1e-5), ("lowerBound", 1 + 1e-5) })
        {
            System.Text.Json.Nodes.JsonNode lie = node.DeepClone();
            lie[key] = lie[key]!.GetValue<double>() * factor;
            File.WriteAllText(scratch["lie.json"], lie.ToJsonString());
            Assert.False(CommandLine.Json("check", scratch["lie.json"]).GetProperty("valid").GetBoolean(), key);
        }
    }

    [Fact]
    public void TablesAreFittedAndHeadersWritten()
    {
        using ScratchFolder scratch = new();
        string table = scratch.Write("t.csv", "x,y\n0,0\n1,1\n2,2\n3,1\n4,0\n");
        JsonElement json = CommandLine.Json("approximate", table, "--pieces", "2", "--out", scratch["t.h"]);
        Assert.Equal(2, json.GetProperty("pieces").GetInt32());
        Assert.InRange(json.GetProperty("certifiedError").GetDouble(), 0, 1e-12);
        Assert.Contains("0x1.0000000000000p+1", File.ReadAllText(scratch["t.h"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("approximate 1/x --on -1,1 --pieces 4", "pole")]
    [InlineData("approximate tanh(y) --on -1,1 --pieces 4", "column 6")]
    [InlineData("approximate x --on 1,-1 --pieces 4", "A < B")]
    [InlineData("approximate x^2 --on 0,1 --error 0", "a positive number")]
    [InlineData("approximate x^2 --on 0,1 --error 1e-30", "pieces")]
    [InlineData("approximate x^2 --on 0,1 --pieces 4 --form paper --width 7", "at least 8")]
    [InlineData("approximate x^2 --on 0,1 --pieces 4 --form chian", "perhaps chain")]
    [InlineData("approximate x^2 --on 0,1", "one of the two")]
    [InlineData("approximate x^2 --pieces 4", "the interval")]
    public void WrongCallsAreRefused(string call, string part) =>
        Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public void ACaretShowsThePlaceInALine() =>
        Assert.Contains("(at the ^ in: exp(x)+^sine(x))", CommandLine.Refused("approximate", "exp(x)+sine(x)", "--on", "0,1", "--pieces", "4"), StringComparison.Ordinal);

    [Fact]
    public void ACaretStandsBeneathThePlaceOnATerminal()
    {
        using StringWriter error = new() { NewLine = "\n" };
        Orthant.Cli.Surroundings terminal = new(TextWriter.Null, error, true, true, 80, false);
        Assert.Equal(2, Orthant.Cli.Application.Run(["approximate", "exp(x)+sine(x)", "--on", "0,1", "--pieces", "4"], terminal, default));
        string[] lines = error.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(["  exp(x)+sine(x)", "         ^"], lines[1..]);
    }

    [Theory]
    [InlineData("approximate sqrt(x) --on 0,1 --compare --error 0.1", "--compare")]
    [InlineData("approximate sqrt(x) --on 0,1 --pieces 4 --svg a.svg", "--compare")]
    [InlineData("approximate sqrt(x) --on 0,1 --compare --pieces 2", "4 to 4096")]
    [InlineData("approximate sqrt(x) --on 0,1 --pieces 4 --disconnected --width 8", "--disconnected")]
    [InlineData("approximate sqrt(x) --on 0,1 --form bits --depth 50", "1 to 44")]
    [InlineData("approximate x^2 --on -1,1 --error 0.3 --shape increasing", "more than 0.5")]
    public void CallsOfOtherKindsAreRefused(string call, string part) => Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

    [Theory]
    [InlineData("0,0\n2,1\n1,3\n", "row 3")]
    [InlineData("0,0\n1,1\n1,3\n", "again")]
    public void UnsortedTablesAreRefused(string content, string part)
    {
        using ScratchFolder scratch = new();
        Assert.Contains(part, CommandLine.Refused("approximate", scratch.Write("t.csv", content), "--pieces", "2"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("takagi(x) --on 0,1 --form takagi --depth 10", 3, 10, 118, 2.0 / 3 / 1024)]
    [InlineData("x^2 --on 0,1 --form square --depth 10", 3, 10, 118, 0.5 / 4194304)]
    [InlineData("1-abs(2*x-1) --on 0,1 --form power --depth 30", 2, 30, 181, 0)]
    public void SpecialFormsHaveTheirSizes(string call, int width, int depth, int parameters, double error)
    {
        JsonElement json = CommandLine.Json(["approximate", .. call.Split(' ')]);
        Assert.Equal((width, depth, parameters), (json.GetProperty("width").GetInt32(), json.GetProperty("depth").GetInt32(), json.GetProperty("parameters").GetInt32()));
        if (error > 0) Assert.InRange(json.GetProperty("certifiedError").GetDouble(), error, error * (1 + 1e-12));
        else Assert.InRange(json.GetProperty("seenError").GetDouble(), 0, 1e-6);
    }
}
