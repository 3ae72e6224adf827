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

    [Fact]
    public void TheProofIsWrittenAndChecked()
    {
        using ScratchFolder folder = new();
        JsonElement json = CommandLine.Json("extract", "samples/secret.json", "--truth", "samples/secret.json", "--certificate", folder["c.json"], "--html", folder["p.html"], "--out", folder["f.json"], "--quiet");
        double bound = json.GetProperty("formalBound").GetDouble();
        Assert.InRange(json.GetProperty("maxOutputError").GetDouble(), 0, bound);
        Assert.InRange(bound, 0, 1e-11);
        Assert.True(CommandLine.Json("check", folder["c.json"], "samples/secret.json").GetProperty("valid").GetBoolean());
        Assert.True(CommandLine.Json("check", folder["c.json"], folder["f.json"]).GetProperty("valid").GetBoolean());
        Assert.False(CommandLine.Json("check", folder["c.json"], "samples/spiral.onnx").GetProperty("valid").GetBoolean());
        string page = File.ReadAllText(folder["p.html"]);
        Assert.Contains("How surely it is known", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        System.Xml.Linq.XDocument.Parse(page[page.IndexOf("<body>", StringComparison.Ordinal)..page.IndexOf("</html>", StringComparison.Ordinal)]);
    }

    [Fact]
    public void AKeyInAHeaderAppearsNowhere()
    {
        const string secret = "s3cr3t-4711";
        using ScratchFolder folder = new();
        Environment.SetEnvironmentVariable("ORTHANT_TEST_KEY", secret);
        try
        {
            using Store.Endpoint server = new((request, response) =>
            {
                if (request.Headers["X-Key"] != secret) response.StatusCode = 403;
                using JsonDocument document = JsonDocument.Parse(request.InputStream);
                return "{\"outputs\": [" + string.Join(',', document.RootElement.GetProperty("inputs").EnumerateArray()
                    .Select(r => $"[{Math.Max(0, r[0].GetDouble() - 0.25).ToString("R", System.Globalization.CultureInfo.InvariantCulture)}]")) + "]}";
            });
            string[] call = ["extract", server.Address.AbsoluteUri + "?token=" + secret, "--inputs", "1", "--header", "X-Key=ORTHANT_TEST_KEY", "--cache", folder["a.db"], "--html", folder["p.html"], "--out", folder["f.json"]];
            (int status, string output, string error) = CommandLine.Run(call);
            Assert.Equal(0, status);
            foreach (string text in (string[])[output, error, File.ReadAllText(folder["p.html"]), File.ReadAllText(folder["f.json"]), System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(folder["a.db"]))])
            {
                Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable("ORTHANT_TEST_KEY", null);
        }
    }

    [Fact]
    public void APlanAsksNothing()
    {
        JsonElement plan = CommandLine.Json("extract", "samples/secret.json", "--plan", "--assume", "8,6", "--budget", "2500");
        Assert.Equal([8, 6], plan.GetProperty("hiddenWidths").EnumerateArray().Select(e => e.GetInt32()));
        Assert.Equal(plan.GetProperty("queries").GetInt64(), plan.GetProperty("stages").EnumerateArray().Sum(s => s.GetProperty("queries").GetInt64()));
        Assert.Equal("layer 2", plan.GetProperty("endsIn").GetString());
        (_, _, string error) = CommandLine.Run("extract", "samples/secret.json", "--budget", "2500");
        Assert.Contains("would end in layer 2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void BothMethodsStandInOneTable()
    {
        JsonElement json = CommandLine.Json("extract", "samples/secret.json", "--truth", "samples/secret.json", "--compare", "--budget", "60000", "--quiet");
        JsonElement[] methods = [.. json.GetProperty("methods").EnumerateArray()];
        Assert.Equal(["chains", "rk2020"], methods.Select(m => m.GetProperty("method").GetString()));
        Assert.Equal(json.GetProperty("queries").GetInt64(), methods[0].GetProperty("queries").GetInt64());
        Assert.True(methods[1].GetProperty("queries").GetInt64() > methods[0].GetProperty("queries").GetInt64());
    }

    [Fact]
    public void UnitsThatNothingTellsApartAreNamedBesideTheTruth()
    {
        using ScratchFolder folder = new();
        folder.Write("twice.json", """{"layers": [{"weights": [[1, 0.5], [1, 0.5], [-0.25, 1]], "bias": [0.1, 0.1, -0.2], "activation": "relu"}, {"weights": [[1, 0.5, -1]], "bias": [0], "activation": "identity"}]}""");
        JsonElement json = CommandLine.Json("extract", folder["twice.json"], "--truth", folder["twice.json"], "--quiet");
        Assert.Equal([2], json.GetProperty("hiddenWidths").EnumerateArray().Select(w => w.GetInt32()));
        Assert.False(json.GetProperty("identifiable").GetBoolean());
        Assert.InRange(json.GetProperty("maxParameterError").GetDouble(), 0, 1e-12);
        Assert.Contains(json.GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains("nothing tells them apart", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--method", "extract", "samples/secret.json", "--method", "guess")]
    [InlineData("--assume", "extract", "samples/secret.json", "--assume", "8,0")]
    [InlineData("--certificate", "extract", "samples/secret.json", "--certificate", "c.json")]
    [InlineData("inputs", "extract", "samples/secret.json", "--truth", "samples/spiral.onnx")]
    [InlineData("--inputs", "extract", "http://127.0.0.1:9/")]
    [InlineData("does not start", "extract", "exec:/no/such/program", "--inputs", "2")]
    [InlineData("--budget", "extract", "samples/secret.json", "--budget", "0")]
    [InlineData("--inputs", "extract", "samples/secret.json", "--inputs", "3")]
    [InlineData("environment variable", "extract", "http://127.0.0.1:9/", "--inputs", "2", "--header", "A=NO_SUCH_VARIABLE_HERE")]
    [InlineData("--rate", "extract", "http://127.0.0.1:9/", "--inputs", "2", "--rate", "-1")]
    [InlineData("sides", "extract", "samples/secret.json", "--domain", "0,1;0,1")]
    public void WrongCallsAreToldInOneLine(string told, params string[] call) => Assert.Contains(told, CommandLine.Refused(call), StringComparison.Ordinal);
}
