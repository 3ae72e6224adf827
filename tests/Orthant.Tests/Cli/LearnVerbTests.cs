using System.Text.Json;
using Orthant.Formats;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class LearnVerbTests
{
    [Fact]
    public void SamplesAreLearnedFromFileToFile()
    {
        using ScratchFolder folder = new();
        (int status, _, _) = CommandLine.Run(
            "sample", "altplane4", "--rows", "6000", "--inputs", "10", "--seed", "3", "--out", folder["s.npy"], "--truth", folder["v.csv"]);
        Assert.Equal(0, status);
        JsonElement json = CommandLine.Json("learn", folder["s.npy"], "--out", folder["net.onnx"]);
        Assert.Equal(2, json.GetProperty("dimension").GetInt32());
        Assert.InRange(json.GetProperty("nrmse").GetDouble(), 0, 1e-3);
        JsonElement first = json.GetProperty("rounds")[0];
        Assert.True(first.GetProperty("eigenvalue").GetDouble() > first.GetProperty("nullQuantile").GetDouble());
        Assert.True(first.GetProperty("z").GetDouble() > 5);
        // The written basis spans the written truth.
        double[][] basis = [.. json.GetProperty("basis").EnumerateArray()
            .Select(r => r.EnumerateArray().Select(e => e.GetDouble()).ToArray())];
        NumberTable truth = TableFile.Read(folder["v.csv"]);
        for (int j = 0; j < 2; j++)
        {
            double inside = basis.Sum(b => Math.Pow(b.Select((x, i) => x * truth[j, i]).Sum(), 2));
            Assert.Equal(1, inside, 1e-5);
        }
        // The network in the file predicts the samples it never saw.
        CommandLine.Run("sample", "altplane4", "--rows", "50", "--inputs", "10", "--seed", "3", "--out", folder["t.csv"]);
        NumberTable test = TableFile.Read(folder["t.csv"]);
        Orthant.Networks.ReluNetwork network = ModelFile.Load(folder["net.onnx"]).Network;
        for (int r = 0; r < 50; r++)
        {
            Assert.Equal(test[r, 10], network.Evaluate([.. Enumerable.Range(0, 10).Select(c => test[r, c])])[0], 0.01);
        }
    }

    [Fact]
    public void CsvAndNpyAndAnyTargetColumnGiveTheSame()
    {
        using ScratchFolder folder = new();
        CommandLine.Run("sample", "altplane2", "--rows", "2000", "--inputs", "5", "--out", folder["a.npy"]);
        NumberTable table = TableFile.Read(folder["a.npy"]);
        double[] moved = new double[2000 * 6];
        for (int r = 0; r < 2000; r++)
        {
            moved[r * 6] = table[r, 5];
            for (int c = 0; c < 5; c++) moved[(r * 6) + 1 + c] = table[r, c];
        }
        TableFile.Write(folder["b.csv"], new NumberTable(2000, 6, moved, ["y", "a", "b", "c", "d", "e"]));
        JsonElement one = CommandLine.Json("learn", folder["a.npy"]), two = CommandLine.Json("learn", folder["b.csv"], "--target", "y");
        Assert.Equal(one.GetProperty("basis").GetRawText(), two.GetProperty("basis").GetRawText());
    }

    [Theory]
    [InlineData("a,b,y\n1,2,3\n1,,4\n", "an empty field")]
    [InlineData("a,b,y\n1,2,3\nred,2,4\n", "'red'")]
    [InlineData("a,b,y\n1,2,3\n1,nan,4\n", "'nan'")]
    [InlineData("a,b,y\n1,2,3\n4,5,6\n", "more rows than inputs")]
    [InlineData("a,b,y\n1,2,3\n4,5,3\n2,7,3\n9,1,3\n", "a target that varies")]
    [InlineData("a,b,y\n1,2,3\n4,8,4\n2,4,5\n9,18,6\n", "the same as column 1 (a)")]
    [InlineData("y\n1\n2\n", "at least one input")]
    [InlineData("a,b,y\n1,2,3\n1,inf,4\n", "'inf'")]
    [InlineData("a,b,y\n1,2,3\n1,1e39,4\n2,3,5\n4,1,9\n", "row 2, column 2")]
    [InlineData("a,b,y\n1,2,3\n1,?,4\n", "'?'")]
    [InlineData("a,b,y\n1,7,3\n2,7,4\n3,7,5\n9,7,6\n", "column 2 (b): found one number in all rows")]
    [InlineData("a,b,y\n1,1,3\n2,2,4\n5,5,5\n9,9,6\n", "column 2 (b): found the same as column 1 (a)")]
    [InlineData("a,b,c,y\n1,2,3,3\n2,5,7,4\n5,1,6,5\n9,2,11,6\n8,3,11,2\n", "column 3 (c): found a combination of the columns before it")]
    [InlineData("a,b,y\n1,2,3\n1,2\n", "2 fields")]
    [InlineData("", "an empty file")]
    public void BadInputIsOneLine(string text, string part)
    {
        using ScratchFolder folder = new();
        (int status, _, string error) = CommandLine.Run("learn", folder.Write("bad.csv", text));
        Assert.Equal(2, status);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void BadArraysAreOneLine()
    {
        using ScratchFolder folder = new();
        void Refused(string part, params string[] arguments)
        {
            (int status, _, string error) = CommandLine.Run(["learn", .. arguments]);
            Assert.Equal(2, status);
            Assert.Contains(part, error, StringComparison.Ordinal);
            Assert.Single(error.TrimEnd().Split('\n'));
        }

        double[] values = [.. Enumerable.Range(0, 60).Select(i => Math.Sin(i * i))];
        TableFile.Write(folder["good.npy"], new NumberTable(20, 3, values, []));
        byte[] whole = File.ReadAllBytes(folder["good.npy"]), broken = [.. whole];
        BitConverter.GetBytes(double.NaN).CopyTo(broken, whole.Length - (29 * sizeof(double)));
        File.WriteAllBytes(folder["nan.npy"], broken);
        Refused("row 11, column 2: found NaN", folder["nan.npy"]);
        File.WriteAllBytes(folder["short.npy"], whole[..^16]);
        Refused("short.npy", folder["short.npy"]);
        Refused("missing.npy", folder["missing.npy"]);
        Refused("target: found '7'", folder["good.npy"], "--target", "7");
        Refused("the covariance of 2 inputs", folder["good.npy"], "--whiten", folder["good.npy"]);
        Refused("positive definite", folder["good.npy"], "--whiten", folder.Write("singular.csv", "1,2\n2,4\n"));
        Refused("--directions", folder["good.npy"], "--directions", "0");
    }

    [Fact]
    public void ThePageAndTheLatticeFormAreWritten()
    {
        using ScratchFolder folder = new();
        CommandLine.Run("sample", "altplane2", "--rows", "2000", "--inputs", "5", "--out", folder["a.npy"]);
        JsonElement json = CommandLine.Json("learn", folder["a.npy"], "--lattice", "--html", folder["a.html"]);
        Assert.True(json.GetProperty("lattice").GetProperty("pieces").GetArrayLength() >= 4);
        string page = File.ReadAllText(folder["a.html"]);
        Assert.Contains("what chance reaches", page, StringComparison.Ordinal);
        Assert.Contains("The learned function on directions 1 and 2", page, StringComparison.Ordinal);
        JsonElement paper = CommandLine.Json("learn", folder["a.npy"], "--method", "paper");
        Assert.Equal(2, paper.GetProperty("basis").GetArrayLength());
        (int status, _, string error) = CommandLine.Run("learn", folder["a.npy"], "--method", "magic");
        Assert.Equal(2, status);
        Assert.Contains("fpca, paper or lattice", error, StringComparison.Ordinal);
    }

    [Fact]
    public void AMisspeltTargetIsGuessed()
    {
        using ScratchFolder folder = new();
        (int status, _, string error) = CommandLine.Run(
            "learn", folder.Write("a.csv", "length,width,price\n1,2,3\n2,3,5\n"), "--target", "prise");
        Assert.Equal(2, status);
        Assert.Contains("perhaps price", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ALargeTableIsReadInBlocks()
    {
        using ScratchFolder folder = new();
        // 18 MB: more than a block; the error in its last line is told with its number.
        System.Text.StringBuilder text = new("a,b\n");
        for (int i = 0; i < 600_000; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{i}.123456789012,{i}.98765432109\n");
        }
        string file = folder.Write("large.csv", text.ToString());
        NumberTable[] blocks = [.. Csv.ReadBlocks(file).Select(b => b.Block)];
        Assert.True(blocks.Length > 1);
        Assert.Equal(600_000, blocks.Sum(b => b.Rows));
        Assert.Equal(["a", "b"], blocks[0].ColumnNames);
        Assert.Equal(599_999.123456789012, blocks[^1][blocks[^1].Rows - 1, 0]);
        OrthantInputException error = Assert.Throws<OrthantInputException>(
            () => Csv.ReadBlocks(folder.Write("bad.csv", text + "1,x\n")).Count());
        Assert.Contains("line 600002", error.Message, StringComparison.Ordinal);
    }
}
