using System.Text.Json;
using Orthant.Formats;

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
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method temperature", "--validation")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --method temprature", "perhaps temperature")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --method mc-dropout:0.1+temprature", "perhaps temperature")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method laplace", "--training")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method laplace:half --training samples/spiral.csv", "full|diagonal|kronecker")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method ensemble:1", "N of 2 or more")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --method ensemble:3", "3, as ensemble:3 says")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --ood samples/spiral.csv --score mahalanobis", "--training")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --ood samples/spiral.csv --score variance", "several passes")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --ood samples/spiral.csv --score enrgy", "perhaps energy")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --conformal cqr", "lac, aps or raps")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --beside mc-dropout", "with its numbers")]
    [InlineData("uncertainty 2-8-2 --data samples/spiral.csv --recipe epochs=1", "--training")]
    [InlineData("uncertainty 2-8-2 --data samples/spiral.csv --training samples/spiral.csv --recipe epoch=1", "perhaps epochs")]
    [InlineData("uncertainty 2-8-2 --data samples/spiral.csv --training samples/spiral.csv --recipe epochs=x", "epochs=x")]
    [InlineData("uncertainty 2-8-2 --data samples/spiral.csv --training samples/spiral.csv --recipe epochs=1 --method ensemble", "ensemble:N")]
    [InlineData("uncertainty --data samples/spiral.csv", "MODEL")]
    [InlineData("uncertainty --grid samples/tied.json", "--out")]
    [InlineData("uncertainty samples/spiral.csv --outputs logits --method laplace", "calibration map")]
    [InlineData("uncertainty samples/spiral.csv --outputs logits --data samples/spiral.csv", "tables of predictions alone")]
    [InlineData("uncertainty samples/spiral.onnx --data samples/spiral.csv --validation samples/spiral.csv --conformal lac --alpha 0", "alpha")]
    [InlineData("uncertainty samples/spiral.csv --outputs odds", "logits, probabilities or quantiles")]
    public void WrongCallsAreOneLine(string call, string part) => Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public void PredictionsOfAnotherProgramAreCalibratedAndPromised()
    {
        using ScratchFolder folder = new();
        string logits = folder.Write("z.csv", "a,b,c,class\n3,0,0,0\n0,3,0,1\n0,0,3,2\n3,0,0,1\n0,3,0,1\n0,0,3,2\n"), far = folder.Write("far.csv", "a,b,c,class\n0,0,0,0\n0.1,0,0,0\n");
        JsonElement found = CommandLine.Json("uncertainty", logits, "--outputs", "logits", "--validation", logits, "--method", "temperature", "--ood", far, "--score", "energy", "--quiet");
        // Five of six are right: the right odds are 5 : 1/2 : 1/2, so T = 3 / ln 10.
        Assert.Equal(3 / Math.Log(10), found.GetProperty("recalibration").GetProperty("temperature").GetDouble(), 1e-9);
        Assert.Equal(1, found.GetProperty("ood").GetProperty("auroc").GetDouble());
        Assert.Equal(1, found.GetProperty("ood").GetProperty("scores").GetProperty("energy").GetProperty("auroc").GetDouble());
        Assert.Equal("deterministic", found.GetProperty("comparison").GetProperty("beside").GetString());
        JsonElement sets = CommandLine.Json("uncertainty", logits, "--outputs", "logits", "--validation", logits, "--conformal", "lac", "--alpha", "0.3", "--quiet").GetProperty("conformal");
        // Of six scores the ⌈7 · 0.7⌉ = 5th smallest: that of a right sample, so that the wrong one alone is left out.
        Assert.Equal(5.0 / 6, sets.GetProperty("coverage").GetDouble(), 1e-12);
        Assert.Equal(1, sets.GetProperty("meanSize").GetDouble());
        string other = folder.Write("short.csv", "a,b,c,class\n3,0,0,0\n"), wrong = folder.Write("p.csv", "a,b,class\n0.5,0.5,0\n0.5,0.6,1\n");
        Assert.Contains("members of one shape", CommandLine.Refused("uncertainty", logits, other, "--outputs", "logits"), StringComparison.Ordinal);
        Assert.Contains("p.csv, row 1", CommandLine.Refused("uncertainty", wrong, "--outputs", "probabilities"), StringComparison.Ordinal);
        JsonElement network = CommandLine.Json("uncertainty", "samples/spiral.onnx", "--data", "samples/spiral.csv", "--validation", "samples/spiral.csv", "--method", "isotonic", "--quiet");
        Assert.Equal("isotonic", network.GetProperty("recalibration").GetProperty("map").GetString());
    }

    /// <summary>The same predictions as logits, as their probabilities and in .npy give the same figures, alone and as two members.</summary>
    [Fact]
    public void LogitsAndProbabilitiesOfAnotherProgramAgree()
    {
        using ScratchFolder folder = new();
        double[][] z = [[2, 0, 1], [-1, 0.5, 0], [0, 0, 3], [1, 1, 1]];
        int[] labels = [0, 1, 2, 1];
        string Table(string name, Func<double[], double[]> map) => folder.Write(name, "a,b,c,class\n" + string.Concat(z.Select((row, i) => FormattableString.Invariant($"{string.Join(',', map(row).Select(v => v.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))},{labels[i]}\n"))));
        double[] Softmax(double[] row) => [.. row.Select(v => Math.Exp(v) / row.Sum(Math.Exp))];
        string logits = Table("z.csv", r => r), probabilities = Table("p.csv", Softmax), shifted = Table("q.csv", r => Softmax([.. r.Select(v => 2 * v)])), doubled = Table("y.csv", r => [.. r.Select(v => 2 * v)]);
        string npy = folder["z.npy"];
        TableFile.Write(npy, TableFile.Read(logits));
        double Of(string key, string kind, params string[] paths) => CommandLine.Json(["uncertainty", .. paths, "--outputs", kind, "--quiet"]).GetProperty(key).GetDouble();
        foreach (string key in (string[])["nll", "brier", "ece", "aurc", "entropy"])
        {
            Assert.Equal(Of(key, "logits", logits), Of(key, "probabilities", probabilities), 1e-12);
            Assert.Equal(Of(key, "logits", logits), Of(key, "logits", npy), 1e-15);
            Assert.Equal(Of(key, "logits", logits, doubled), Of(key, "probabilities", probabilities, shifted), 1e-12);
        }
        Assert.True(Of("mutualInformation", "probabilities", probabilities, shifted) > 0.001);
        Assert.Equal(Of("mutualInformation", "logits", logits, doubled), Of("mutualInformation", "probabilities", probabilities, shifted), 1e-12);
        // A right class of probability 0 costs without end, and is told so.
        string never = folder.Write("never.csv", "a,b,class\n0,1,0\n0.5,0.5,1\n");
        Assert.Equal("Infinity", CommandLine.Json("uncertainty", never, "--outputs", "probabilities", "--quiet").GetProperty("nll").GetString());
    }

    [Fact]
    public void WrongPredictionsAreOneLineEach()
    {
        using ScratchFolder folder = new();
        string fine = folder.Write("fine.csv", "a,b,class\n1,0,0\n0,1,1\n"), alone = folder.Write("alone.csv", "a,b,class\n1,0,0\n0,1,0\n"), few = folder.Write("few.csv", "a,b,c,class\n1,0,0,0\n0,1,0,1\n");
        string range = folder.Write("range.csv", "a,b,class\n1,0,2\n0,1,0\n"), other = folder.Write("other.csv", "a,b,class\n1,0,1\n0,1,0\n"), empty = folder.Write("empty.csv", "a,b,class\n"), column = folder.Write("column.csv", "a,class\n1,0\n");
        string negative = folder.Write("negative.csv", "a,b,class\n-0.1,1.1,0\n");
        string Refused(params string[] call) => CommandLine.Refused(["uncertainty", .. call]);
        Assert.Contains("class 0 alone", Refused(fine, "--outputs", "logits", "--validation", alone, "--method", "temperature"), StringComparison.Ordinal);
        Assert.Contains("at least 3, as many as classes", Refused(few, "--outputs", "logits", "--validation", few, "--method", "vector"), StringComparison.Ordinal);
        Assert.Contains("as many as classes", Refused(few, "--outputs", "logits", "--validation", few, "--conformal", "lac", "--by-class"), StringComparison.Ordinal);
        Assert.Contains("row 0", Refused(range, "--outputs", "logits"), StringComparison.Ordinal);
        Assert.Contains("other classes", Refused(fine, other, "--outputs", "logits"), StringComparison.Ordinal);
        Assert.Contains("empty.csv", Refused(empty, "--outputs", "logits"), StringComparison.Ordinal);
        Assert.Contains("2 classes", Refused(column, "--outputs", "logits"), StringComparison.Ordinal);
        Assert.Contains("negative.csv, row 0", Refused(negative, "--outputs", "probabilities"), StringComparison.Ordinal);
        Assert.Contains("3 beside 2", Refused(fine, "--outputs", "logits", "--validation", few, "--conformal", "lac"), StringComparison.Ordinal);
        // Ties everywhere, and data of one class to measure on, are no errors.
        string ties = folder.Write("ties.csv", "a,b,class\n0,0,0\n0,0,0\n0,0,0\n");
        Assert.Equal(1, CommandLine.Json("uncertainty", ties, "--outputs", "logits", "--ood", ties, "--quiet").GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void EveryMethodOfANetworkIsMeasuredAlike()
    {
        string[] call = ["uncertainty", "samples/spiral.onnx", "--data", "samples/spiral.csv", "--validation", "samples/spiral.csv", "--training", "samples/spiral.csv", "--ood", "samples/digits-like.csv", "--quiet", "--passes", "10"];
        using ScratchFolder folder = new();
        call[9] = folder.Write("far.csv", "x,y,c\n5,5,0\n-6,4,0\n7,-5,0\n");
        foreach (string method in (string[])["deterministic", "temperature", "vector", "matrix", "isotonic", "histogram", "mc-dropout:0.1", "mc-rrelu:-0.2,0.2+temperature", "laplace:full", "laplace:diagonal", "laplace:kronecker+vector"])
        {
            JsonElement found = CommandLine.Json([.. call, "--method", method, "--score", "neighbours", "--conformal", "raps"]);
            Assert.Equal(method, found.GetProperty("method").GetString());
            foreach (string key in (string[])["accuracy", "nll", "brier", "ece", "adaptiveEce", "aurc", "mutualInformation", "seconds", "modelBytes"]) Assert.Equal(JsonValueKind.Number, found.GetProperty(key).ValueKind);
            Assert.Equal(1, found.GetProperty("ood").GetProperty("scores").GetProperty("mahalanobis").GetProperty("auroc").GetDouble());
            Assert.InRange(found.GetProperty("conformal").GetProperty("coverage").GetDouble(), 0.85, 1);
        }
        JsonElement laplace = CommandLine.Json([.. call, "--method", "laplace", "--beside", "deterministic"]);
        Assert.True(laplace.GetProperty("laplace").GetProperty("priorPrecision").GetDouble() > 0);
        Assert.InRange(laplace.GetProperty("comparison").GetProperty("nll").GetProperty("pValue").GetDouble(), 0, 1);
    }

    /// <summary>An ensemble that is trained by the verb is that of networks trained one by one with its seeds.</summary>
    [Fact]
    public void AnEnsembleTrainedHereIsThatOfItsMembers()
    {
        using ScratchFolder folder = new();
        string[] files = [folder["a.onnx"], folder["b.onnx"]];
        for (int i = 0; i < 2; i++) CommandLine.Json("train", "samples/spiral.csv", "--arch", "2-8-2", "--epochs", "2", "--rate", "0.01", "--seed", $"{5 + i}", "--out", files[i], "--quiet");
        JsonElement given = CommandLine.Json(["uncertainty", .. files, "--method", "ensemble", "--data", "samples/spiral.csv", "--quiet"]);
        JsonElement trained = CommandLine.Json(
            "uncertainty", "2-8-2", "--method", "ensemble:2", "--data", "samples/spiral.csv", "--training", "samples/spiral.csv", "--recipe", "epochs=2,rate=0.01", "--seed", "5", "--quiet");
        Assert.Equal(given.GetProperty("nll").GetDouble(), trained.GetProperty("nll").GetDouble());
        Assert.Equal(given.GetProperty("modelBytes").GetInt64(), trained.GetProperty("modelBytes").GetInt64());
        Assert.True(trained.GetProperty("trainingSeconds").GetDouble() > 0);
    }

    /// <summary>A matrix of 110 numbers learns 60 random labels by heart: sets whose thresholds came from the same rows would miss most of the others. Half of the rows
    /// is kept from the map, and the promise is kept.</summary>
    [Fact]
    public void SetsAreLearnedOnRowsThatTheMapHasNotSeen()
    {
        using ScratchFolder folder = new();
        const int Classes = 10;
        Orthant.Numerics.RandomStream random = new(3);
        string Row() => string.Join(',', Enumerable.Range(0, Classes).Select(_ => FormattableString.Invariant($"{random.NextDouble(-3, 3):R}"))) + $",{random.NextInt32(Classes)}\n";
        string Table(string name, int rows) => folder.Write(name, "a,b,c,d,e,f,g,h,i,j,class\n" + string.Concat(Enumerable.Range(0, rows).Select(_ => Row())));
        string learned = Table("v.csv", 60), test = Table("t.csv", 600);
        JsonElement sets = CommandLine.Json("uncertainty", test, "--outputs", "logits", "--validation", learned, "--method", "matrix", "--conformal", "lac", "--quiet").GetProperty("conformal");
        // Thirty rows: k = 28 of 31, so 0.903 ± 0.053 by the threshold's own scatter; three deviations of it.
        Assert.InRange(sets.GetProperty("coverage").GetDouble(), 0.74, 1);
        double[] z = [.. DataSource.Load(learned).Inputs()];
        int[] labels = Array.ConvertAll(DataSource.Load(learned).Targets.ToArray(), t => (int)t);
        Orthant.Uncertainty.ClassProbabilities p = Orthant.Uncertainty.ClassProbabilities.FromLogits(z, Classes);
        Orthant.Uncertainty.Recalibration map = Orthant.Uncertainty.Recalibration.Fit(Orthant.Uncertainty.RecalibrationMap.Matrix, p, labels);
        DataSource others = DataSource.Load(test);
        var naive = Orthant.Uncertainty.ConformalClassifier.Calibrate(map.Apply(p), labels).Predict(map.Apply(Orthant.Uncertainty.ClassProbabilities.FromLogits(others.Inputs(), Classes)));
        Assert.InRange(naive.Select((s, i) => s.Contains((int)others.Targets.Span[i]) ? 1.0 : 0).Average(), 0, 0.7);
    }

    [Fact]
    public void PicturesAndCorruptionsOfImages()
    {
        using ScratchFolder folder = new();
        byte[] Record(int i) => [(byte)(i % 2), .. Enumerable.Range(0, 3072).Select(p => (byte)((i % 2 * 90) + (p * (i + 7) % 100)))];
        string bin = folder["data.bin"];
        File.WriteAllBytes(bin, [.. Enumerable.Range(0, 30).SelectMany(Record)]);
        JsonElement found = CommandLine.Json(
            "uncertainty", "3072-8-10", "--training", bin, "--recipe", "epochs=3", "--data", bin, "--ood", bin, "--corrupt", "noise,shift", "--pictures", folder["pictures"], "--threads", "1", "--quiet");
        JsonElement robustness = found.GetProperty("robustness");
        Assert.Equal(10, robustness.GetProperty("figures").GetArrayLength());
        Assert.InRange(robustness.GetProperty("meanError").GetDouble(), 0, 1);
        string[] files = ["outliers.svg", "reliability.svg", "risk-coverage.svg", "robustness-accuracy.svg", "robustness-ece.svg"];
        Assert.Equal(files, Directory.GetFiles(folder["pictures"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (string file in files)
        {
            System.Xml.Linq.XElement picture = System.Xml.Linq.XDocument.Load(Path.Combine(folder["pictures"], file)).Root!;
            Assert.Equal("svg", picture.Name.LocalName);
            Assert.DoesNotContain("NaN", picture.ToString(), StringComparison.Ordinal);
        }
        Assert.Contains("perhaps blur", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", "samples/spiral.csv", "--corrupt", "blurr"), StringComparison.Ordinal);
        Assert.Contains("images to corrupt", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", "samples/spiral.csv", "--corrupt", "all"), StringComparison.Ordinal);
    }

    [Fact]
    public void IntervalsOfValuesKeepTheirPromise()
    {
        using ScratchFolder folder = new();
        string quantiles = folder.Write("q.csv", "low,high,y\n" + string.Concat(Enumerable.Range(0, 19).Select(i => $"0,1,{i}\n")));
        JsonElement table = CommandLine.Json("uncertainty", quantiles, "--outputs", "quantiles", "--validation", quantiles, "--conformal", "cqr", "--alpha", "0.2", "--quiet").GetProperty("conformal");
        // The ⌈20 · 0.8⌉ = 16th smallest of max(−y, y − 1): 14 of −1… (0 and 1 give 0).
        Assert.Equal(14, table.GetProperty("margin").GetDouble());
        Assert.Equal(16.0 / 19, table.GetProperty("coverage").GetDouble(), 1e-12);
        string net = folder.Write("n.json", """{"layers":[{"weights":[[1],[-1]],"bias":[0,0],"activation":"relu"},{"weights":[[1,1]],"bias":[0],"activation":"identity"}]}""");
        string data = folder.Write("d.csv", "x,y\n" + string.Concat(Enumerable.Range(1, 40).Select(i => FormattableString.Invariant($"{i / 10.0},{(i / 10.0) + ((i % 5) - 2)}\n"))));
        JsonElement network = CommandLine.Json("uncertainty", net, "--data", data, "--validation", data, "--method", "mc-rrelu:-0.3,0.3", "--noise", "0.1", "--conformal", "cqr", "--quiet").GetProperty("conformal");
        Assert.InRange(network.GetProperty("coverage").GetDouble(), 0.9, 1);
        Assert.Contains("cqr", CommandLine.Refused("uncertainty", net, "--data", data, "--validation", data, "--conformal", "lac"), StringComparison.Ordinal);
    }

    /// <summary>Folders of pictures that are none, classes without any, and labels that a network has no output for.</summary>
    [Fact]
    public void WrongImagesAreOneLine()
    {
        using ScratchFolder folder = new();
        Directory.CreateDirectory(folder["set/cat"]);
        File.WriteAllText(folder["set/cat/1.png"], "no picture");
        Assert.Contains("1.png: found a file that is no image", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", folder["set"]), StringComparison.Ordinal);
        Directory.CreateDirectory(folder["set/dog"]);
        Assert.Contains("a class without images", CommandLine.Refused("train", folder["set"], "--arch", "12-2", "--out", folder["n.onnx"]), StringComparison.Ordinal);
        string bin = folder["d.bin"];
        File.WriteAllBytes(bin, [11, .. new byte[3072]]);
        Assert.Contains("class 11, expected 0 to 9", CommandLine.Refused("train", bin, "--arch", "3072-4-10", "--out", folder["n.onnx"]), StringComparison.Ordinal);
        File.WriteAllBytes(bin, [9, .. new byte[3072]]);
        Assert.Contains("class 9", CommandLine.Refused("train", bin, "--arch", "3072-4-5", "--out", folder["n.onnx"]), StringComparison.Ordinal);
        Assert.Contains("3072 inputs a sample", CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", bin), StringComparison.Ordinal);
        File.WriteAllBytes(folder["x"], [0, 0, 8, 3, 0, 0, 0, 1]);
        File.WriteAllBytes(folder["y"], [0, 0, 8, 1, 0, 0, 0, 1, 3]);
        Assert.Contains(folder["x"], CommandLine.Refused("uncertainty", "samples/spiral.onnx", "--data", $"{folder["x"]},{folder["y"]}"), StringComparison.Ordinal);
        File.WriteAllBytes(folder["c"], [1, 2, 3]);
        Assert.Contains("checkpoint", CommandLine.Refused("train", "samples/spiral.csv", "--arch", "2-4-2", "--resume", folder["c"], "--out", folder["n.onnx"]), StringComparison.Ordinal);
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
