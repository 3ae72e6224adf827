using System.Text.Json;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class UncertaintyVerbTests
{
    private const string Spiral = "uncertainty samples/spiral.onnx --data samples/spiral.csv --quiet";

    [Fact]
    public void AllKeysOfTheContractAreThere()
    {
        JsonElement found = CommandLine.Json([.. Spiral.Split(' '), "--method", "mc-droprelu:0.9", "--ood", "samples/spiral.csv", "--passes", "10"]);
        foreach (string key in (string[])["accuracy", "nll", "brier", "ece", "adaptiveEce", "aurc", "mutualInformation", "seconds"]) Assert.Equal(JsonValueKind.Number, found.GetProperty(key).ValueKind);
        foreach (string key in (string[])["auroc", "auprIn", "auprOut", "fpr95", "aurocMutualInformation"]) Assert.InRange(found.GetProperty("ood").GetProperty(key).GetDouble(), 0, 1);
        // The same samples on both sides cannot be told apart.
        Assert.Equal(0.5, found.GetProperty("ood").GetProperty("auroc").GetDouble(), 1e-12);
        Assert.True(found.GetProperty("monteCarloError").GetProperty("nll").GetDouble() > 0);
        Assert.True(found.GetProperty("diversityBudget").GetArrayLength() > 0);
        Assert.True(found.GetProperty("matchingLaws").GetArrayLength() > 0);
    }

    [Fact]
    public void ThreadsDoNotChangeADigit()
    {
        string Without(JsonElement e) => string.Join('\n', e.EnumerateObject().Where(p => p.Name != "seconds").Select(p => p.ToString()));
        string[] call = [.. Spiral.Split(' '), "--method", "mc-dropout:0.2", "--seed", "5"];
        Assert.Equal(Without(CommandLine.Json([.. call, "--threads", "1"])), Without(CommandLine.Json([.. call, "--threads", "3"])));
    }

    [Fact]
    public void ATunedStrengthStaysWithinTheBudgetAndIsExported()
    {
        using ScratchFolder folder = new();
        JsonElement found = CommandLine.Json([.. Spiral.Split(' '), "--method", "mc-rrelu", "--validation", "samples/spiral.csv", "--accuracy-budget", "0.001", "--export", folder["r.onnx"]]);
        JsonElement[] trials = [.. found.GetProperty("tuning").EnumerateArray()];
        double plain = trials[0].GetProperty("accuracy").GetDouble();
        JsonElement chosen = Assert.Single(trials, t => t.GetProperty("chosen").GetBoolean());
        Assert.True(chosen.GetProperty("accuracy").GetDouble() >= plain - 0.001 - 1e-12);
        Assert.True(File.Exists(folder["r.onnx"]) || chosen.GetProperty("law").GetString() == "relu");
    }

    [Fact]
    public void AnExportNeedsNoData()
    {
        using ScratchFolder folder = new();
        JsonElement found = CommandLine.Json("uncertainty", "samples/spiral.onnx", "--method", "mc-rrelu:3,8", "--rrelu-convention", "xu", "--export", folder["x.onnx"], "--quiet");
        Assert.Equal("rrelu-xu:3,8", found.GetProperty("law").GetString());
        Assert.True(new FileInfo(folder["x.onnx"]).Length > 100);
    }

    [Fact]
    public void AnEnsembleOfOneModelTwiceIsThatModel()
    {
        JsonElement one = CommandLine.Json(Spiral.Split(' '));
        JsonElement two = CommandLine.Json("uncertainty", "samples/spiral.onnx", "samples/spiral.onnx", "--method", "ensemble", "--data", "samples/spiral.csv", "--quiet");
        Assert.Equal(one.GetProperty("nll").GetDouble(), two.GetProperty("nll").GetDouble(), 1e-12);
        Assert.Equal(0, two.GetProperty("mutualInformation").GetDouble(), 1e-12);
    }

    [Fact]
    public void ANetworkOfOneOutputTellsTheDeviationOfItsValues()
    {
        using ScratchFolder folder = new();
        string net = folder.Write("n.json", """{"layers":[{"weights":[[1],[-1]],"bias":[0,0],"activation":"relu"},{"weights":[[1,1]],"bias":[0],"activation":"identity"}]}""");
        string data = folder.Write("d.csv", "x,y\n1,1\n-2,2\n0.5,0.5\n");
        JsonElement found = CommandLine.Json("uncertainty", net, "--data", data, "--method", "mc-rrelu:-0.3,0.3", "--noise", "0.1", "--passes", "200", "--quiet");
        // |x| with slopes of variance 0.03 on the side that is off: the variance is 0.03 x².
        Assert.Equal(0.03 * (1 + 4 + 0.25) / 3, found.GetProperty("variance").GetDouble(), 0.006);
        Assert.Equal(JsonValueKind.Number, found.GetProperty("nll").ValueKind);
    }

    /// <summary>An argument that ends like the verb is an argument all the same.</summary>
    [Fact]
    public void FoldersOfImagesAreTrainedOnThoughTheyAreCalledTrain()
    {
        using ScratchFolder folder = new();
        string images = folder["train"];
        Assert.Contains("no class folders", CommandLine.Refused("train", Directory.CreateDirectory(images).FullName, "--arch", "12-2", "--out", folder["n.onnx"]), StringComparison.Ordinal);
    }

    [Fact]
    public void ANetworkOfConvolutionsIsTrainedCheckpointedAndResumed()
    {
        using ScratchFolder folder = new();
        string arch = folder.Write("a.json", """{"layers": [{"conv": {"filters": 4, "kernel": 1}, "activation": "identity"}, {"batchNorm": true, "activation": "relu"}, {"dense": 2, "activation": "identity"}]}""");
        string[] call = ["train", "samples/spiral.csv", "--arch", arch, "--epochs", "2", "--activation", "droprelu:0.9", "--out", folder["n.onnx"], "--checkpoint", folder["c"], "--quiet"];
        JsonElement found = CommandLine.Json(call);
        Assert.Equal(2, found.GetProperty("epochs").GetArrayLength());
        JsonElement more = CommandLine.Json([.. call[..5], "3", .. call[6..], "--resume", folder["c"]]);
        Assert.Equal(3, more.GetProperty("epochs").GetArrayLength());
        JsonElement sure = CommandLine.Json("uncertainty", folder["n.onnx"], "--data", "samples/spiral.csv", "--quiet");
        Assert.Equal("mc-droprelu:0.9", sure.GetProperty("method").GetString());
        Assert.Contains("architecture", CommandLine.Refused("train", "samples/spiral.csv", "--arch", "2-5-2", "--out", folder["m.onnx"], "--resume", folder["c"]), StringComparison.Ordinal);
        Assert.Contains("--flip", CommandLine.Refused("train", "samples/spiral.csv", "--arch", "2-5-2", "--out", folder["m.onnx"], "--flip"), StringComparison.Ordinal);
        Assert.Contains("--test", CommandLine.Refused("train", "samples/spiral.csv", "--arch", "2-5-2", "--out", folder["m.onnx"], "--patience", "2"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uncertainty samples/spiral.onnx", "--data")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-rrelu", "--validation")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-relu:0.1", "perhaps mc-rrelu")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-dropout:1", "[0, 1)")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-rrelu:0.3,0.1", "L <= U")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method mc-rrelu:-3,8 --rrelu-convention xu", "0 < L")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --granularity pixel", "element, channel, layer or batch")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --passes 0", "1 or more")]
    [InlineData("uncertainty samples/digits.onnx --data samples/spiral.csv", "2 inputs a sample")]
    [InlineData("uncertainty samples/spiral.onnx samples/spiral.onnx --data samples/spiral.csv", "--method ensemble")]
    [InlineData("uncertainty samples/spiral.onnx --data nowhere.csv", "nowhere.csv")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --normalize 0,0", "positive SD")]
    [InlineData("uncertainty samples/spiral.onnx --method mc-rrelu:-1,1 --export out.json", ".onnx")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --recalibrate temperature", "--validation")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --recalibrate temprature", "perhaps temperature")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --conformal lac --alpha 0", "alpha")]
    [InlineData("uncertainty samples/spiral.csv --outputs odds", "logits or probabilities")]
    public void WrongCallsAreOneLine(string call, string part) => Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public void PredictionsOfAnotherProgramAreCalibratedAndPromised()
    {
        using ScratchFolder folder = new();
        string logits = folder.Write("z.csv", "a,b,c,class\n3,0,0,0\n0,3,0,1\n0,0,3,2\n3,0,0,1\n0,3,0,1\n0,0,3,2\n"), far = folder.Write("far.csv", "a,b,c,class\n0,0,0,0\n0.1,0,0,0\n");
        JsonElement found = CommandLine.Json(
            "uncertainty", logits, "--outputs", "logits", "--validation", logits, "--recalibrate", "temperature", "--conformal", "lac", "--alpha", "0.2", "--ood", far, "--quiet");
        // Five of six are right: the right odds are 5 : 1/2 : 1/2, so T = 3 / ln 10.
        Assert.Equal(3 / Math.Log(10), found.GetProperty("temperature").GetDouble(), 1e-9);
        Assert.Equal(1, found.GetProperty("ood").GetProperty("energy").GetProperty("auroc").GetDouble());
        Assert.Equal(1, found.GetProperty("conformal").GetProperty("coverage").GetDouble());
        string other = folder.Write("short.csv", "a,b,c,class\n3,0,0,0\n"), wrong = folder.Write("p.csv", "a,b,class\n0.5,0.5,0\n0.5,0.6,1\n");
        Assert.Contains("members of one shape", CommandLine.Refused("uncertainty", logits, other, "--outputs", "logits"), StringComparison.Ordinal);
        Assert.Contains("row 1", CommandLine.Refused("uncertainty", wrong, "--outputs", "probabilities"), StringComparison.Ordinal);
        JsonElement network = CommandLine.Json(
            "uncertainty", "samples/spiral.onnx", "--data", "samples/spiral.csv", "--validation", "samples/spiral.csv", "--recalibrate", "isotonic", "--quiet");
        Assert.Equal("isotonic", network.GetProperty("recalibration").GetString());
    }

    [Fact]
    public void LabelsAndModelsThatDoNotFitAreOneLine()
    {
        using ScratchFolder folder = new();
        string affine = folder.Write("a.json", """{"layers":[{"weights":[[1,0],[0,1]],"bias":[0,0],"activation":"identity"}]}""");
        string wrong = folder.Write("w.csv", "x,y,c\n0,0,0\n1,1,2\n"), text = folder.Write("t.csv", "x,y,c\n0,0,0.5\n"), empty = folder.Write("e.csv", "x,y,c\n");
        Assert.Contains("sample 1", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", wrong), StringComparison.Ordinal);
        Assert.Contains("numbers that are no classes", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", text), StringComparison.Ordinal);
        Assert.Contains("e.csv", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", empty), StringComparison.Ordinal);
        Assert.Contains("no activation", CommandLine.Refused("uncertainty", affine, "--data", "samples/spiral.csv", "--method", "mc-droprelu:0.5"), StringComparison.Ordinal);
    }
}
