using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Orthant.Networks;
using Orthant.Reports;

namespace Orthant.Tests.Reports;

public sealed partial class ReportTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    [InlineData(5, 2)]
    public void AReportIsOneWellFormedPageWithEveryPart(int inputs, int outputs)
    {
        ReportDocument report = Report.Build(Input(RandomNetwork.Create([inputs, 8, 8, outputs], WeightInitializer.He, 0.5, 1)));
        XDocument page = XDocument.Parse(XmlOf(report.Html));
        string[] parts = [.. page.Descendants("section").Select(s => s.Attribute("id")!.Value)];
        Assert.Equal(parts.Distinct(), parts);
        string[] expected = ["network", "weights", "activations", "bounds", "convergence", "approximation", "slice", .. inputs == 1 ? Array.Empty<string>() : ["geometry"]];
        Assert.Empty(expected.Except(parts));
        foreach (XElement picture in page.Descendants("svg"))
        {
            Assert.NotEmpty(picture.Element("title")!.Value);
            Assert.NotEmpty(picture.Element("desc")!.Value);
        }
        Assert.DoesNotMatch(@"(?:src|href)=""(?!#|data:)", report.Html);
        Assert.DoesNotContain("NaN", report.Html, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(report.Json);
        Assert.Equal(outputs, json.RootElement.GetProperty("bounds").GetProperty("outputs").GetArrayLength());
    }

    [Fact]
    public void AnAuditIsMeasured()
    {
        ReluNetwork network = RandomNetwork.Create([3, 5, 1], WeightInitializer.He, 0.5, 1);
        ReportDocument estimated = Report.Build(Input(network)), measured = Report.Build(Input(network) with { Audit = true });
        Assert.Contains("What this model gives away", estimated.Sections);
        using JsonDocument before = JsonDocument.Parse(estimated.Json), after = JsonDocument.Parse(measured.Json);
        Assert.True(before.RootElement.GetProperty("extraction").GetProperty("estimatedQueries").GetInt64() > 100);
        JsonElement audit = after.RootElement.GetProperty("extraction");
        Assert.True(audit.GetProperty("complete").GetBoolean());
        // The network answers in float32.
        Assert.InRange(audit.GetProperty("formalBound").GetDouble(), 0, 1e-5);
        Assert.Equal(["none", "round:6", "round:4", "noise:0.0001", "float16"], audit.GetProperty("defences").EnumerateArray().Select(d => d.GetProperty("defence").GetString()));
        _ = XDocument.Parse(XmlOf(measured.Html));
        Assert.DoesNotContain("NaN", measured.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesThatAreMarkupStayNames()
    {
        const string name = "<script>alert(1)</script>[red]\u001b[31m\u202Eevil\"'&";
        ReluNetwork network = RandomNetwork.Create([2, 4, 1], WeightInitializer.He, 0.5, 1).With(name: name, metadata: [new(name, name)]);
        ReportDocument report = Report.Build(Input(network) with { FileName = name, Notes = [name], Command = name });
        Assert.DoesNotContain("<script", report.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", report.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", report.Html, StringComparison.Ordinal);
        _ = XDocument.Parse(XmlOf(report.Html));
        using JsonDocument json = JsonDocument.Parse(report.Json);
        Assert.Equal(name, json.RootElement.GetProperty("file").GetString());
    }

    [Fact]
    public void AffineNetworksAndPointBoxesAreReportedToo()
    {
        ReluNetwork affine = new([AffineLayer.Dense(new double[,] { { 1, 2 } }, [1])]);
        Assert.Contains("What the file is", Report.Build(Input(affine)).Sections);
        ReluNetwork network = RandomNetwork.Create([3, 4, 2], WeightInitializer.He, 0.5, 1);
        ReportDocument point = Report.Build(Input(network) with { Lower = [0, 0, 0], Upper = [0, 0, 0] });
        Assert.DoesNotContain("NaN", point.Html, StringComparison.Ordinal);
        _ = XDocument.Parse(XmlOf(point.Html));
    }

    [Fact]
    public void DataAreMeasured()
    {
        ReluNetwork classes = new([AffineLayer.Dense(new double[,] { { 1 }, { -1 } })]);
        ReportInput input = Input(classes) with { Data = new double[] { 1, 2, -1, 3 }, Targets = new double[] { 0, 0, 1, 1 }, TargetsAreClasses = true };
        using JsonDocument json = JsonDocument.Parse(Report.Build(input).Json);
        JsonElement data = json.RootElement.GetProperty("data");
        Assert.Equal(0.75, data.GetProperty("accuracy").GetDouble());
        double[] margins = [2, 4, 2, -6];
        Assert.Equal(margins.Average(m => Math.Log(1 + Math.Exp(-m))), data.GetProperty("nll").GetDouble(), 1e-12);
        ReluNetwork value = new([AffineLayer.Dense(new double[,] { { 2 } })]);
        using JsonDocument other = JsonDocument.Parse(Report.Build(Input(value) with { Data = new double[] { 1, 2 }, Targets = new double[] { 2, 7 } }).Json);
        Assert.Equal(Math.Sqrt(4.5), other.RootElement.GetProperty("data").GetProperty("rmse").GetDouble(), 1e-12);
        Assert.Equal(3, other.RootElement.GetProperty("data").GetProperty("largestError").GetDouble());
    }

    [Fact]
    public void ContourLinesAreExactOnLinearFunctions()
    {
        double[,] values = new double[4, 5];
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 5; j++) values[i, j] = (2.0 * j) - i;
        }
        var pieces = ContourLines.At(values, 1.5).ToArray();
        Assert.NotEmpty(pieces);
        Assert.All(pieces, p => Assert.Equal(1.5, (2 * p.X1) - p.Y1, 1e-12));
        Assert.All(pieces, p => Assert.Equal(1.5, (2 * p.X2) - p.Y2, 1e-12));
    }

    [Fact]
    public void PixelsSurviveAsPng()
    {
        PixelImage image = new(7, 5);
        for (int y = 0; y < 5; y++)
        {
            for (int x = 0; x < 7; x++) image.Set(x, y, ((byte)(x * 30), (byte)(y * 50), (byte)(x ^ y)));
        }
        byte[] png = image.ToPng();
        // The last row of a filtered stream is undone by hand: first the zlib stream of the one IDAT chunk, then sums along each row.
        int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33));
        using System.IO.Compression.ZLibStream zlib = new(new MemoryStream(png, 41, length), System.IO.Compression.CompressionMode.Decompress);
        byte[] rows = new byte[5 * 22];
        zlib.ReadExactly(rows);
        for (int y = 0; y < 5; y++)
        {
            Assert.Equal(1, rows[y * 22]);
            byte[] left = new byte[3];
            for (int x = 0; x < 7; x++)
            {
                for (int c = 0; c < 3; c++) left[c] += rows[(y * 22) + 1 + (3 * x) + c];
                Assert.Equal([(byte)(x * 30), (byte)(y * 50), (byte)(x ^ y)], left);
            }
        }
    }

    [Fact]
    public void ColoursRunFromDarkToLight()
    {
        static double Luminance((byte R, byte G, byte B) c) => (0.2126 * c.R) + (0.7152 * c.G) + (0.0722 * c.B);
        double[] steps = Enumerable.Range(0, 41).Select(i => Luminance(ColourMap.At(i / 40.0))).ToArray();
        for (int i = 1; i < steps.Length; i++) Assert.True(steps[i] > steps[i - 1]);
        Assert.Equal("#1b2a49", ColourMap.TextAt(-1));
        Assert.Equal("#fbe983", ColourMap.TextAt(2));
    }

    private static ReportInput Input(ReluNetwork network) => new()
    {
        Network = network,
        FileName = "model.onnx",
        Lower = [.. Enumerable.Repeat(-1.0, network.Inputs)],
        Upper = [.. Enumerable.Repeat(1.0, network.Inputs)],
        BoxSource = "the usual one",
    };

    /// <summary>HTML's void elements closed, so that an XML parser checks everything else.</summary>
    private static string XmlOf(string html) => VoidElements().Replace(html.Replace("<!doctype html>", "", StringComparison.Ordinal), "<$1$2/>");

    [GeneratedRegex("<(meta)([^>]*)>")]
    private static partial Regex VoidElements();
}
