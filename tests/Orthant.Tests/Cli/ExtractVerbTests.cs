using System.Text.Json;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class ExtractVerbTests
{
    [Fact]
    public void KeysOfTheContract()
    {
        using ScratchFolder folder = new();
        JsonElement json = CommandLine.Json("extract", "samples/secret.json", "--truth", "samples/secret.json", "--out", folder["net.json"], "--cache", folder["a.db"], "--quiet");
        Assert.Equal([8, 6], json.GetProperty("hiddenWidths").EnumerateArray().Select(e => e.GetInt32()));
        Assert.InRange(json.GetProperty("maxParameterError").GetDouble(), 0, 1e-12);
        Assert.InRange(json.GetProperty("maxOutputError").GetDouble(), 0, 1e-12);
        Assert.True(json.GetProperty("identifiable").GetBoolean());
        Assert.Equal(0, json.GetProperty("unexplainedKinks").GetInt32());
        Assert.Equal(json.GetProperty("queries").GetInt64(), json.GetProperty("stages").EnumerateArray().Sum(s => s.GetProperty("queries").GetInt64()));
        JsonElement again = CommandLine.Json("extract", "samples/secret.json", "--cache", folder["a.db"], "--quiet");
        Assert.Equal(json.GetProperty("queries").GetInt64(), again.GetProperty("queries").GetInt64());
        JsonElement written = CommandLine.Json("inspect", folder["net.json"]);
        Assert.Equal(6, written.GetProperty("inputs").GetInt32());
        Assert.Contains("one oracle only", CommandLine.Refused("extract", "samples/spiral.onnx", "--cache", folder["a.db"]), StringComparison.Ordinal);
    }

    [Fact]
    public void ABudgetThatIsTooSmallLeavesAPartialNetwork()
    {
        using ScratchFolder folder = new();
        (int status, string output, _) = CommandLine.Run("extract", "samples/secret.json", "--budget", "2500", "--out", folder["part.json"], "--json");
        Assert.Equal(3, status);
        Assert.Contains("budget", output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["part.json"]));
    }

    [Theory]
    [InlineData("--inputs", "extract", "http://127.0.0.1:9/")]
    [InlineData("does not start", "extract", "exec:/no/such/program", "--inputs", "2")]
    [InlineData("--budget", "extract", "samples/secret.json", "--budget", "0")]
    [InlineData("--inputs", "extract", "samples/secret.json", "--inputs", "3")]
    [InlineData("environment variable", "extract", "http://127.0.0.1:9/", "--inputs", "2", "--header", "A=NO_SUCH_VARIABLE_HERE")]
    [InlineData("--rate", "extract", "http://127.0.0.1:9/", "--inputs", "2", "--rate", "-1")]
    [InlineData("sides", "extract", "samples/secret.json", "--domain", "0,1;0,1")]
    public void WrongCallsAreToldInOneLine(string told, params string[] call) => Assert.Contains(told, CommandLine.Refused(call), StringComparison.Ordinal);
}
