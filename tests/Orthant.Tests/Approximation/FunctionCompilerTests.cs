using System.Globalization;
using System.Text.Json;
using CsCheck;
using Orthant.Approximation;
using Orthant.Networks;

namespace Orthant.Tests.Approximation;

public sealed class FunctionCompilerTests
{
    private static readonly NetworkForm[] Forms =
        [NetworkForm.Shallow, NetworkForm.Chain, NetworkForm.Paper, NetworkForm.Hat3, NetworkForm.Zigzag, NetworkForm.TwoLayer, NetworkForm.LocalHats];

    [Fact]
    public void EveryFormEqualsItsSpline() =>
        Gen.Select(Gen.Int[0, Forms.Length - 1], Gen.Int[3, 22], Gen.Double[-1, 1].Array[2, 60], Gen.Double[0.01, 1].Array[60], Gen.Double[-3, 3]).Sample((which, width, values, gaps, start) =>
        {
            NetworkForm form = Forms[which];
            double[] knots = new double[values.Length];
            for (int i = 0; i < knots.Length; i++) knots[i] = i == 0 ? start : knots[i - 1] + gaps[i];
            LinearSpline spline = new(knots, values);
            if (form == NetworkForm.Paper) width = Math.Max(8, width);
            bool free = form is NetworkForm.Shallow or NetworkForm.TwoLayer or NetworkForm.LocalHats;
            CompiledSpline compiled = FunctionCompiler.Compile(spline, form, free ? 0 : width);
            if (!free) Assert.All(compiled.Network.HiddenWidths, w => Assert.Equal(width, w));
            double tolerance = 1e-12 * (1 + (values.Length * spline.LargestSlope * (knots[^1] - knots[0])));
            for (int i = 0; i <= 400; i++)
            {
                double x = Math.Min(knots[^1], knots[0] + ((knots[^1] - knots[0]) * i / 400));
                Assert.Equal(spline.Evaluate(x), compiled.Network.Evaluate([x])[0], tolerance);
            }
            NetworkErrors errors = NetworkErrors.Of(compiled);
            Assert.True(errors.Total <= tolerance, $"{form} {errors}");
            foreach (double x in knots)
            {
                double seen = Math.Abs(compiled.Network.Evaluate([x])[0] - spline.Evaluate(x));
                Assert.True(seen <= errors.Total, $"{form}: {seen} > {errors}");
            }
        }, iter: 300);

    [Fact]
    public void SinglesStayWithinTheirBound() =>
        Gen.Select(Gen.Int[0, Forms.Length - 1], Gen.Double[-1, 1].Array[3, 30]).Sample((which, values) =>
        {
            double[] knots = [.. Enumerable.Range(0, values.Length).Select(i => (double)(float)(-1 + (2.0 * i / (values.Length - 1))))];
            LinearSpline spline = new(knots, values);
            CompiledSpline compiled = FunctionCompiler.Compile(spline, Forms[which], Forms[which] is NetworkForm.Chain or NetworkForm.Zigzag or NetworkForm.Hat3 or NetworkForm.Paper ? 9 : 0, ElementType.Float32);
            NetworkErrors errors = NetworkErrors.Of(compiled);
            float[] x = [.. Enumerable.Range(0, 801).Select(i => Math.Clamp(-1 + (i / 400f), -1f, 1f))], y = new float[x.Length];
            compiled.Network.Evaluate<float>(x.Length, x, y);
            for (int i = 0; i < x.Length; i++)
            {
                double seen = Math.Abs(y[i] - spline.Evaluate(x[i]));
                Assert.True(seen <= errors.Total + 1e-15, $"{Forms[which]}: {seen} > {errors}");
            }
            Assert.True(errors.Total < 1e-2, $"{errors}");
        }, iter: 200);

    [Fact]
    public void DyadicSplinesAreExact() =>
        Gen.Select(Gen.Int[1, 255].Array[1, 20], Gen.Int[-8, 8].Array[22], Gen.Int[3, 9]).Sample((places, slopes, width) =>
        {
            double[] knots = [0, .. places.Distinct().Order().Select(k => k / 256.0), 1];
            double[] values = new double[knots.Length];
            for (int i = 1; i < knots.Length; i++) values[i] = values[i - 1] + (slopes[i - 1] * (knots[i] - knots[i - 1]));
            LinearSpline spline = new(knots, values);
            foreach (CompiledSpline c in new[] { FunctionCompiler.Compile(spline, NetworkForm.Shallow), FunctionCompiler.Compile(spline, NetworkForm.Chain, width, ElementType.Float32) })
            {
                Assert.Equal(0, NetworkErrors.Of(c).Representation);
                foreach (double x in Enumerable.Range(0, 257).Select(i => i / 256.0)) Assert.Equal(spline.Evaluate(x), c.Network.Evaluate([x])[0]);
            }
        }, iter: 200);

    [Fact]
    public void SizesAreThoseOfTheTable()
    {
        string folder = Repository.Need(Repository.Cases("approximation"), "the approximation cases");
        string[][] rows = [.. File.ReadAllLines(Path.Combine(folder, "size_table.csv")).Select(l => l.Split(','))];
        int compared = 0;
        foreach (string[] row in rows.Skip(1))
        {
            int w = int.Parse(row[0], CultureInfo.InvariantCulture), n = int.Parse(row[1], CultureInfo.InvariantCulture);
            LinearSpline spline = new([.. Enumerable.Range(0, n + 2).Select(i => (double)i)], [.. Enumerable.Range(0, n + 2).Select(i => (double)(i % 2))]);
            foreach ((NetworkForm form, int at) in new[] { (NetworkForm.Paper, 2), (NetworkForm.Chain, 4), (NetworkForm.Hat3, 6), (NetworkForm.Zigzag, 8), (NetworkForm.Shallow, 10) })
            {
                if (row[at].Length == 0) continue;
                int depth = form switch { NetworkForm.Shallow => 1, NetworkForm.Chain => ChainForm.Depth(n, w), _ => BlockForm.Depth(form, n, w) };
                long parameters = form == NetworkForm.Shallow ? (3 * n) + 4 : FunctionCompiler.DenseParameters(w, depth);
                if (form != NetworkForm.Shallow) Assert.Equal(int.Parse(row[at], CultureInfo.InvariantCulture), depth);
                Assert.Equal(long.Parse(row[at + 1], CultureInfo.InvariantCulture), parameters);
                compared++;
                if (n > 200) continue;
                CompiledSpline compiled = FunctionCompiler.Compile(spline, form, form == NetworkForm.Shallow ? 0 : w);
                Assert.Equal(depth, compiled.Depth);
                Assert.Equal(parameters, compiled.Parameters);
            }
        }
        Assert.True(compared > 20);
    }

    [Theory]
    [InlineData("exactness_float.csv")]
    [InlineData("exactness_dyadic.csv")]
    public void ErrorsAreThoseOfTheTablesRowByRow(string file)
    {
        string folder = Repository.Need(Repository.Cases("approximation"), "the approximation cases");
        string[] lines = File.ReadAllLines(Path.Combine(folder, file));
        string[] names = lines[0].Split(',');
        int compared = 0;
        foreach (string[] row in lines.Skip(1).Select(l => l.Split(',')))
        {
            string Cell(string name) => row[Array.IndexOf(names, name)];
            double Number(string name) => double.Parse(Cell(name), System.Globalization.CultureInfo.InvariantCulture);
            int n = (int)Number("N"), width = (int)Number("width");
            string construction = Cell("construction").TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '_');
            NetworkForm form = Cell("construction").StartsWith("hat3", StringComparison.Ordinal) ? NetworkForm.Hat3 : construction switch
            {
                "shallow" => NetworkForm.Shallow,
                "chain" => NetworkForm.Chain,
                "paper" => NetworkForm.Paper,
                "two_layer" => NetworkForm.TwoLayer,
                _ => NetworkForm.Zigzag,
            };
            // The larger ones are of the same kinds; their exact networks take minutes.
            if (n > 200) continue;
            bool isDyadic = file.Contains("dyadic", StringComparison.Ordinal);
            LinearSpline spline = isDyadic ? Dyadic(n) : OfKind(Cell("knots"), Cell("values"), n);
            bool hasWidth = form is not (NetworkForm.Shallow or NetworkForm.TwoLayer);
            CompiledSpline made = FunctionCompiler.Compile(spline, form, hasWidth ? width : 0);
            if (form != NetworkForm.TwoLayer) Assert.Equal(((int)Number("width"), (int)Number("depth"), (long)Number("params")), (made.Width, made.Depth, made.Parameters));
            double worst = 0, scale = isDyadic ? 1 : spline.LargestValue;
            for (int i = 0; i <= 512; i++) worst = Math.Max(worst, Math.Abs(made.Network.Evaluate([i / 512.0])[0] - spline.Evaluate(i / 512.0)));
            // The tables were made with other random splines; slopes of this one may be steeper, and rounding grows with them.
            double slope = isDyadic ? 1 : Math.Max(1, spline.LargestSlope / Number("max_slope")), tabled = Number(isDyadic ? "abs_err_f64" : "rel_err_f64");
            Assert.True(worst / scale <= (20 * slope * tabled) + (isDyadic && tabled == 0 ? 0 : 4e-15), $"{file}: {string.Join(',', row)}: {worst / scale:G3}");
            compared++;
        }
        Assert.True(compared > (file.Contains("dyadic", StringComparison.Ordinal) ? 15 : 400), $"{compared}");
    }

    /// <summary>Knots k/2^14 and whole slopes up to 8.</summary>
    private static LinearSpline Dyadic(int n)
    {
        Random random = new(n);
        int[] knots = [0, .. Enumerable.Range(1, (1 << 14) - 1).OrderBy(_ => random.Next()).Take(n).Order(), 1 << 14];
        double[] y = new double[knots.Length];
        for (int i = 1; i < y.Length; i++) y[i] = y[i - 1] + (random.Next(-8, 9) * (knots[i] - knots[i - 1]) / 16384.0);
        return new LinearSpline([.. knots.Select(k => k / 16384.0)], y);
    }

    private static LinearSpline OfKind(string knots, string values, int n)
    {
        Random random = new(n);
        double[] x = [0, .. Enumerable.Range(0, n).Select(_ => knots == "uniform" ? random.NextDouble() : Math.Pow(random.NextDouble(), 4)).Where(t => t > 0).Distinct().Order(), 1];
        return new LinearSpline(x, [.. x.Select(t => values == "smooth" ? Math.Sin(7 * t) + (0.5 * t) : (random.NextDouble() * 2) - 1)]);
    }

    [Fact]
    public void NetworksAreThoseOfTheVectors()
    {
        string folder = Repository.Need(Repository.Cases("approximation"), "the approximation cases");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "vectors.json")));
        JsonElement given = cases.RootElement.GetProperty("spline");
        double[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(v => v.GetDouble())];
        double[] x = Numbers(cases.RootElement.GetProperty("x")), y = Numbers(cases.RootElement.GetProperty("y"));
        LinearSpline spline = new([0, .. Numbers(given.GetProperty("knots")), 1], [y[0], .. Numbers(given.GetProperty("values")), y[^1]]);
        foreach ((NetworkForm form, int width) in new[] { (NetworkForm.Shallow, 0), (NetworkForm.Chain, 4), (NetworkForm.Chain, 5), (NetworkForm.Zigzag, 8), (NetworkForm.Hat3, 8), (NetworkForm.TwoLayer, 0), (NetworkForm.LocalHats, 0) })
        {
            CompiledSpline compiled = FunctionCompiler.Compile(spline, form, width);
            for (int i = 0; i < x.Length; i++) Assert.Equal(y[i], compiled.Network.Evaluate([x[i]])[0], 1e-14);
            if (width > 0 && form == NetworkForm.Chain)
            {
                // Hidden widths and signs are the vectors' own; the shift of the collation channel is ours.
                JsonElement layers = cases.RootElement.GetProperty("nets").GetProperty($"chain_W{width}");
                Assert.Equal(layers.GetArrayLength() - 1, compiled.Depth);
            }
        }
    }

    [Fact]
    public void SmallWidthsAreRefused()
    {
        LinearSpline spline = new([0, 1, 2], [0, 1, 0]);
        Assert.Throws<OrthantInputException>(() => FunctionCompiler.Compile(spline, NetworkForm.Paper, 7));
        Assert.Throws<OrthantInputException>(() => FunctionCompiler.Compile(spline, NetworkForm.Chain, 2));
        Assert.Throws<OrthantInputException>(() => FunctionCompiler.Compile(spline, NetworkForm.Shallow, 5));
    }
}
