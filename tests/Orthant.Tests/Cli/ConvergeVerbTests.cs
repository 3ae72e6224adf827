using System.Text.Json;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class ConvergeVerbTests
{
    [Fact]
    public void ADecimalMeansTheNumberAsWritten()
    {
        using ScratchFolder folder = new();
        string file = folder.Write("tent.json", """
            {"inputBox": [[0.1, 0.1]], "first": {"weights": [[1], [0]]}, "tail": {"kind": "tied", "weights": [[2, "-2/1"], [4, -4]], "bias": [0, -2]}}
            """);
        JsonElement json = CommandLine.Json("converge", file, "--certificate", folder["c.json"]);
        Assert.Equal("NoLimit", json.GetProperty("verdict").GetString());
        JsonElement check = CommandLine.Json("check", folder["c.json"], file);
        Assert.True(check.GetProperty("valid").GetBoolean());
        Assert.Equal("rational", check.GetProperty("checkedIn").GetString());
    }

    [Fact]
    public void ACertificateOfAnotherSequenceIsRefused()
    {
        (int status, string output, _) = CommandLine.Run("check", "samples/tied.cert.json", "samples/residual.json", "--json");
        Assert.Equal(3, status);
        Assert.Contains("another sequence", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ANetworkIsAPrefix()
    {
        using ScratchFolder folder = new();
        string net = folder.Write("net.json", """
            {"layers": [{"weights": [[0.9, 0.2], [-0.1, 1.1]], "bias": [0.1, 0], "activation": "relu"}, {"weights": [[1, 0.25], [0, 1]], "bias": [0, 0], "activation": "relu"},
             {"weights": [[1, -1]]}]}
            """);
        string tail = folder.Write("tail.json", """{"kind": "bound", "norm": "linf", "weights": 0.05, "biases": 0.01}""");
        JsonElement json = CommandLine.Json("converge", net, "--box", "0.5,0.5", "--tail", tail);
        Assert.Equal("ConvergesUniformly", json.GetProperty("verdict").GetString());
        Assert.Equal(2, json.GetProperty("tailBound")[0].GetProperty("depth").GetInt32());
        Assert.Equal(3, json.GetProperty("layers").GetArrayLength());
        Assert.Equal("Undecided", CommandLine.Json("converge", net).GetProperty("verdict").GetString());
    }

    [Theory]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "tiedd", "weights": [[1]]}}""", "tied")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "tied", "weights": [[1, 2]]}}""", "2 numbers")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "tied", "weights": [[1], [2]]}}""", "square")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "tied", "weights": [[1], [2, 3]]}}""", "row 0")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "power", "direction": [[1]], "exponent": 0}}""", "positive")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "power", "direction": [[1]], "exponent": -1}}""", "positive")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "power", "direction": [[1]]}}""", "exponent")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "geometric", "direction": [[1]], "ratio": 1}}""", "ratio")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "geometric", "direction": [["a/b"]], "ratio": 0.5}}""", "7/64")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "geometric", "direction": [["1/0"]], "ratio": 0.5}}""", "7/64")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "geometric", "direction": [[NaN]], "ratio": 0.5}}""", "JSON")]
    [InlineData("""{"inputBox": [[0, "NaN"]], "tail": {"kind": "geometric", "direction": [[1]], "ratio": 0.5}}""", "NaN")]
    [InlineData("""{"inputBox": [[1, 0]], "tail": {"kind": "tied", "weights": [[1]]}}""", "lower end first")]
    [InlineData("""{"inputBox": [], "tail": {"kind": "tied", "weights": [[1]]}}""", "side")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "tied", "weights": [[1]], "bais": [0]}}""", "bias")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "tied", "weights": [[1]], "bias": [0, 1]}}""", "one for each row")]
    [InlineData("""{"inputBox": [[0, 1]], "activation": "rleu", "tail": {"kind": "tied", "weights": [[1]]}}""", "relu")]
    [InlineData("""{"inputBox": [[0, 1]]}""", "tail")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "bound", "norm": "l3", "weights": 1, "biases": 0}}""", "linf")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "bound", "norm": "l1", "weights": -1, "biases": 0}}""", "not negative")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "residual", "branch": [{"weights": [[1], [2]]}], "exponent": 2}}""", "as many as it reads")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "power", "direction": [[1]], "exponent": 1, "shift": -1}}""", "shift")]
    [InlineData("""{"inputBox": [[0, 1]], "tail": {"kind": "power", "direction": [[1]], "exponent": 1, "sign": "random"}}""", "alternating")]
    public void BadSequencesAreRefused(string text, string expected)
    {
        using ScratchFolder folder = new();
        string line = CommandLine.Refused("converge", folder.Write("s.json", text));
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"matrices": []}""", "at least one")]
    [InlineData("""{"matrices": [[[1, 2]]]}""", "square")]
    [InlineData("""{"matrices": [[[1]], [[1, 2], [3, 4]]]}""", "as in the first")]
    [InlineData("""{"matrix": [[[1]]]}""", "matrices")]
    [InlineData("""{"matrices": [[["x"]]]}""", "7/64")]
    public void BadMatricesAreRefused(string text, string expected)
    {
        using ScratchFolder folder = new();
        Assert.Contains(expected, CommandLine.Refused("jsr", folder.Write("m.json", text)), StringComparison.Ordinal);
    }
}
