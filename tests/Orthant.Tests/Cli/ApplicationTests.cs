using System.Globalization;
using System.Text;
using System.Text.Json;
using Orthant.Cli;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class ApplicationTests
{
    [Fact]
    public void HelpPagesAreThoseOfTheDocumentation()
    {
        StringBuilder page = new("# The command line\n\nWritten from the program's own help; `./orthant` runs it from a clone, `orthant` as an installed tool.\n\n```text\n");
        page.Append(CommandLine.Run("--help").Output).Append("```\n");
        foreach (Verb verb in Application.Verbs)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {verb.Name}\n\n```text\n{CommandLine.Run(verb.Name, "--help").Output}```\n");
        }
        Golden.Check("docs/cli.md", page.ToString());
    }

    [Fact]
    public void EveryVerbShowsTwoExamples() => Assert.All(Application.Verbs, v => Assert.Equal(2, v.Examples.Count));

    public static TheoryData<string> Examples { get; } = [.. Application.Verbs.SelectMany(v => v.Examples)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void ExamplesWorkAsTheyStand(string example)
    {
        Assert.StartsWith("./orthant ", example, StringComparison.Ordinal);
        string[] words = Documentation.DocumentationTests.Words(example)[1..];
        (int status, string output, string error) = CommandLine.Run(words);
        Assert.True(status == 0, error);
        Assert.NotEqual("", output);
    }

    [Theory]
    [InlineData("inpect x", "perhaps inspect")]
    [InlineData("inspect", "does not parse")]
    [InlineData("inspect a b", "one word too many, b")]
    [InlineData("inspect a --jsn", "perhaps --json")]
    [InlineData("inspect a --seed x", "does not parse")]
    [InlineData("inspect a --threads 0", "at least 1")]
    [InlineData("inspect no-such-file.onnx", "no-such-file.onnx")]
    [InlineData("inspect .", "expected")]
    [InlineData("evaluate samples/spiral.onnx", "either --at")]
    [InlineData("evaluate samples/spiral.onnx --at 1,2,3", "3 numbers, expected 2")]
    [InlineData("evaluate samples/spiral.onnx --at 1,x", "'x'")]
    [InlineData("evaluate samples/spiral.onnx --at 1,NaN", "'NaN'")]
    [InlineData("report samples/spiral.onnx", "--out")]
    [InlineData("report samples/spiral.onnx --out out --box 1,-1", "the lower end first")]
    [InlineData("report samples/spiral.onnx --out out --box 0,1;0,1;0,1", "3 sides, expected 2")]
    [InlineData("report samples/spiral.onnx --out out --box 0,inf", "'inf'")]
    [InlineData("sample rndom:2-3 --out x.onnx", "perhaps random")]
    [InlineData("sample random:2-x --out x.onnx", "widths such as")]
    [InlineData("sample spiral", "the file to write")]
    [InlineData("sample spiral --out x.pdf", ".csv or .npy")]
    public void WrongCallsAreToldInOneLine(string call, string part) =>
        Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public void ResponseFilesAreOffAndValuesMayBeginWithAMinus()
    {
        Assert.Contains("@x", CommandLine.Refused("inspect", "@x"), StringComparison.Ordinal);
        JsonElement json = CommandLine.Json("evaluate", "samples/spiral.onnx", "--at", "-0.5,-0.25");
        Assert.Equal(2, json.GetProperty("outputs")[0].GetArrayLength());
    }

    [Fact]
    public void EvaluationEqualsTheLibrary()
    {
        ReluNetwork network = ModelFile.Load(Path.Combine(Repository.Root, "samples/spiral.onnx")).Network;
        JsonElement json = CommandLine.Json("evaluate", "samples/spiral.onnx", "--at", "0.1,-0.2", "--pieces");
        double[] expected = network.Evaluate([0.1, -0.2]);
        AffinePiece piece = network.PieceAt([0.1, -0.2]);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(expected[i], json.GetProperty("outputs")[0][i].GetDouble());
            Assert.Equal(piece.Offset[i], json.GetProperty("pieces")[0].GetProperty("offset")[i].GetDouble());
            Assert.Equal(piece.Gradient[i, 1], json.GetProperty("pieces")[0].GetProperty("gradient")[i][1].GetDouble());
        }
    }

    [Fact]
    public void TablesGoThroughEvaluate()
    {
        using ScratchFolder folder = new();
        string points = folder.Write("points.csv", "x,y\n0.1,-0.2\n-0.5,1e-1\n");
        Assert.Equal(0, CommandLine.Run("evaluate", "samples/spiral.onnx", "--input", points, "--out", folder["y.npy"]).Status);
        NumberTable y = Npy.ReadTable(folder["y.npy"]);
        Assert.Equal((2, 2), (y.Rows, y.Columns));
        Assert.Equal(ModelFile.Load("samples/spiral.onnx").Network.Evaluate([-0.5, 0.1])[1], y[1, 1]);
        Assert.Contains("expected", CommandLine.Refused("evaluate", "samples/spiral.onnx", "--input", points, "--out", points), StringComparison.Ordinal);
    }

    [Fact]
    public void InspectTellsOfDataPropertiesAndCertificates()
    {
        using ScratchFolder folder = new();
        JsonElement table = CommandLine.Json("inspect", folder.Write("t.csv", "a,b\n1,5\n3,5\n8,5\n"));
        Assert.Equal(("table", 3, 2), (table.GetProperty("kind").GetString(), table.GetProperty("rows").GetInt32(), table.GetProperty("columns").GetInt32()));
        JsonElement a = table.GetProperty("summary")[0], b = table.GetProperty("summary")[1];
        Assert.Equal(("a", 1.0, 4.0, 8.0, 3), (a.GetProperty("name").GetString(), a.GetProperty("least").GetDouble(), a.GetProperty("mean").GetDouble(), a.GetProperty("largest").GetDouble(), a.GetProperty("different").GetInt32()));
        Assert.Equal(Math.Sqrt(26.0 / 3), a.GetProperty("deviation").GetDouble(), 1e-14);
        Assert.Equal((5.0, 0.0, 1), (b.GetProperty("mean").GetDouble(), b.GetProperty("deviation").GetDouble(), b.GetProperty("different").GetInt32()));

        JsonElement property = CommandLine.Json("inspect", "samples/spiral.vnnlib");
        Assert.Equal(("property", 2, 1), (property.GetProperty("kind").GetString(), property.GetProperty("inputs").GetInt32(), property.GetProperty("cases").GetInt32()));
        Assert.Equal(0.72, property.GetProperty("box")[1].GetProperty("upper").GetDouble());

        JsonElement certificate = CommandLine.Json("inspect", "samples/tied.cert.json");
        Assert.Equal(("certificate", "contraction"), (certificate.GetProperty("kind").GetString(), certificate.GetProperty("type").GetString()));
        Assert.Contains("0.866025", certificate.GetProperty("claim").GetString(), StringComparison.Ordinal);
        Assert.Contains("only with a network", CommandLine.Refused("inspect", "samples/spiral.csv", "--box", "0,1"), StringComparison.Ordinal);
    }

    [Fact]
    public void InspectTellsWhatTheContractNames()
    {
        using ScratchFolder folder = new();
        string model = folder.Write("net.json", """{"layers": [{"weights": [[1, 2], [3, 4], [5, 6]], "bias": [0, 0, 1], "activation": "leaky:0.1"}, {"weights": [[1, 1, 1]], "bias": [0]}]}""");
        JsonElement json = CommandLine.Json("inspect", model);
        Assert.Equal((2, 1, 3, 13L), (json.GetProperty("inputs").GetInt32(), json.GetProperty("outputs").GetInt32(), json.GetProperty("neurons").GetInt32(), json.GetProperty("parameters").GetInt64()));
        Assert.Equal("[3]", json.GetProperty("hiddenWidths").GetRawText());
        Assert.True(json.GetProperty("piecewiseLinear").GetBoolean());
        Assert.Equal("float64", json.GetProperty("dataType").GetString());
        Assert.Equal(0, json.GetProperty("loweringError").GetDouble());
        Assert.Equal("leaky:0.1", json.GetProperty("layers")[0].GetProperty("activation").GetString());
    }

    [Fact]
    public void NamesFromAFileBreakNeitherTerminalNorJson()
    {
        using ScratchFolder folder = new();
        const string name = "<script>[red]\u001b[31m\u0007";
        ReluNetwork network = RandomNetwork.Create([2, 3, 1], WeightInitializer.He, 0.5, 1).With(name: name, metadata: [new(name, name)]);
        ModelFile.Write(folder["net.onnx"], network);
        (int status, string output, string error) = CommandLine.Run("inspect", folder["net.onnx"]);
        Assert.Equal(0, status);
        Assert.DoesNotContain((output + error).Replace('\n', ' '), char.IsControl);
        JsonElement json = CommandLine.Json("inspect", folder["net.onnx"]);
        Assert.Equal(name, json.GetProperty("name").GetString());
        Assert.Equal(0, CommandLine.Run("report", folder["net.onnx"], "--out", folder["out"]).Status);
        Assert.DoesNotContain("<script", File.ReadAllText(folder["out/report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void SamplesAreTheSameForASeed()
    {
        using ScratchFolder folder = new();
        foreach (string sample in new[] { "random:2-8x2", "he:3-4-2", "fanout:2-5" })
        {
            Assert.Equal(0, CommandLine.Run("sample", sample, "--seed", "3", "--out", folder["a.onnx"]).Status);
            Assert.Equal(0, CommandLine.Run("sample", sample, "--seed", "3", "--out", folder["b.onnx"]).Status);
            Assert.Equal(0, CommandLine.Run("sample", sample, "--seed", "4", "--out", folder["c.onnx"]).Status);
            Assert.Equal(File.ReadAllBytes(folder["a.onnx"]), File.ReadAllBytes(folder["b.onnx"]));
            Assert.NotEqual(File.ReadAllBytes(folder["a.onnx"]), File.ReadAllBytes(folder["c.onnx"]));
        }
        Assert.Equal(0, CommandLine.Run("sample", "digits", "--rows", "30", "--out", $"{folder["images"]},{folder["labels"]}").Status);
        DataSource digits = DataSource.Load($"{folder["images"]},{folder["labels"]}");
        Assert.Equal((30, 196, 10), (digits.Rows, digits.Width, digits.Classes));
    }

    [Fact]
    public void ListingSamplesNeedsNoFile()
    {
        Assert.Contains("random:WIDTHS", CommandLine.Run("sample").Output, StringComparison.Ordinal);
        Assert.True(CommandLine.Json("sample").GetProperty("samples").GetArrayLength() >= 6);
    }

    [Fact]
    public void AnInterruptedReportWritesNothingAndSaysSo()
    {
        using ScratchFolder folder = new();
        using CancellationTokenSource stop = new();
        stop.Cancel();
        (int status, string output, string error) = CommandLine.Run(stop.Token, "report", "samples/spiral.onnx", "--out", folder["out"]);
        Assert.Equal((3, ""), (status, output));
        Assert.Contains("stopped", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
    }
}
