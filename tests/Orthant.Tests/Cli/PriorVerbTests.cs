using System.Globalization;
using System.Text.Json;

namespace Orthant.Tests.Cli;

[Collection("command line")]
public sealed class PriorVerbTests
{
    [Fact]
    public void PointsAreThoseOfTheReferenceCases()
    {
        string folder = Repository.Need(Repository.Cases("prior"), "the prior cases");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")));
        int compared = 0;
        foreach (JsonElement c in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            double tau = Number(c.GetProperty("tau"));
            if (!(tau > 0) || !double.IsFinite(tau)) continue;
            JsonElement[] points = [.. c.GetProperty("points").EnumerateArray().Where(p => Number(p.GetProperty("x")) > 1e-200 && Number(p.GetProperty("pdf")) > 1e-200)];
            if (points.Length == 0) continue;
            string widths = string.Join(',', c.GetProperty("hidden_widths").EnumerateArray().Select(w => w.GetInt32()));
            string at = string.Join(',', points.Select(p => p.GetProperty("x").GetString()));
            string outputs = c.GetProperty("outputs_in_norm").GetInt32().ToString(CultureInfo.InvariantCulture);
            JsonElement found = CommandLine.Json(
                "prior", "--hidden", widths, "--kind", c.GetProperty("kind").GetString()!, "--tau", tau.ToString("R", CultureInfo.InvariantCulture), "--outputs", outputs, "--at", at, "--quiet");
            Near(Number(c.GetProperty("atom_zero")), found.GetProperty("atomAtZero"), 1e-12);
            for (int i = 0; i < points.Length; i++)
            {
                JsonElement p = found.GetProperty("points")[i];
                Near(Number(points[i].GetProperty("pdf")), p.GetProperty("pdf"), 1e-11);
                Near(Number(points[i].GetProperty("surv_abs")), p.GetProperty("survival"), 1e-11);
                Near(Number(points[i].GetProperty("cdf")), p.GetProperty("cdf"), 1e-11);
                compared++;
            }
        }
        Assert.True(compared > 50, $"{compared} points");
    }

    [Theory]
    [InlineData("prior", "one of --widths, --hidden, --layers and --from")]
    [InlineData("prior --hidden 3,0 --tau 1", "the law is the single point 0")]
    [InlineData("prior --hidden 3 --tau -1", "--tau")]
    [InlineData("prior --hidden 3", "--tau")]
    [InlineData("prior --hidden 3 --tau 1 --quantiles 1", "between 0 and 1")]
    [InlineData("prior --hidden 3 --tau 1 --at NaN", "'NaN'")]
    [InlineData("prior --widths 3,4,1 --init hee", "perhaps he")]
    [InlineData("prior --widths 3,4,1 --input-norm 0", "every output is 0")]
    [InlineData("prior tset x.csv --hidden 3 --tau 1", "perhaps test")]
    [InlineData("prior --hidden 3 --widths 3,1 --tau 1", "one of --widths, --hidden, --layers and --from")]
    [InlineData("prior --widths 3,4,1 --tau 2", "only with --hidden")]
    [InlineData("prior --hidden 3 --tau 1 --init lecun", "only with --widths")]
    [InlineData("prior --hidden 3 --tau 1 --quantiles 0", "between 0 and 1")]
    [InlineData("prior --hidden 3 --tau 1 --quantiles -0.5", "between 0 and 1")]
    [InlineData("prior --hidden 3 --tau 1 --at inf", "'inf'")]
    [InlineData("prior --hidden 3.5 --tau 1", "a whole number")]
    [InlineData("prior --hidden -3 --tau 1", "a whole number")]
    [InlineData("prior --hidden 3 --tau Infinity", "a positive number")]
    [InlineData("prior --hidden 3 --tau NaN", "a positive number")]
    [InlineData("prior --widths 0,4,1", "the law is the single point 0")]
    [InlineData("prior --widths 3", "inputs, hidden widths and outputs")]
    [InlineData("prior --widths 3,4,1 --input-norm -1", "a positive number")]
    [InlineData("prior --widths 3,4,1 --init normal:-1", "one of he")]
    [InlineData("prior --widths 3,4,1 --init heUniform", "of others the law is not known")]
    [InlineData("prior --widths 3,4,1 --bias-std -1", "not negative")]
    [InlineData("prior --widths 3,4,1 --noise -1", "not negative")]
    [InlineData("prior --widths 3,4,1 --noise 1 --of norm", "one output")]
    [InlineData("prior --widths 3,4,1 --bias-std 1 --of post-norm:1", "a layer before its activation")]
    [InlineData("prior --widths 3,4,1 --bias-std 1 --svg x.svg", "without them")]
    [InlineData("prior --widths 3,4,1 --of pre:2", "from 1 to 1")]
    [InlineData("prior --widths 3,4,1 --of pre-nrom:1", "perhaps pre-norm:")]
    [InlineData("prior --widths 3,4,1 --moments -1", "above -1")]
    [InlineData("prior --widths 3,4,1 --kind rleu", "perhaps relu")]
    [InlineData("prior --widths 3,4,1 --outputs 0", "at least 1")]
    [InlineData("prior --widths 3,4,1 --std 1", "only with design")]
    [InlineData("prior --widths 3,4,1 --draws 3", "only with test")]
    [InlineData("prior design --widths 3,4,1 --at 1", "only for the law itself")]
    [InlineData("prior design --widths 3,4,1 --std -1", "a positive number")]
    [InlineData("prior design --widths 3,4,1 --std 1 --moment 2", "one of --target, --std and --moment")]
    [InlineData("prior design --widths 3,4,1 --target P(|f|<=3)=1.2", "between 0 and 1")]
    [InlineData("prior design --widths 3,4,1 --target P(|f|<=-3)=0.5", "positive bound")]
    [InlineData("prior design --widths 3,1,1 --target P(|f|<=3)=0.25", "networks that are dead")]
    [InlineData("prior design --widths 3,4,1 --max-kurtosis 3", "more than 3")]
    [InlineData("prior design --widths 3,4,1 --max-dead 0", "between 0 and 1")]
    [InlineData("prior design --widths 3,4,1 --max-distance 1", "between 1e-6 and 1/2")]
    [InlineData("prior design --widths 3,1 --max-kurtosis 4", "hidden layers to widen")]
    [InlineData("prior design --widths 3,4,1 --kind linear --max-kurtosis 4", "plain ReLU layers")]
    [InlineData("prior design --widths 3,4,1 --bias-std 1", "without biases")]
    [InlineData("prior test samples/digits.onnx --widths 3,1", "the model has its widths")]
    [InlineData("prior test samples/digits.onnx --init ntk", "for the weights of a model")]
    [InlineData("prior test samples/spiral.csv --widths 2,4,1 --draws 5", "an initialiser to test")]
    [InlineData("prior test he --layers samples/prior.json", "layers of one kind")]
    [InlineData("prior test none.csv --widths 2,4,1", "no such file")]
    public void WrongCallsAreToldInOneLine(string call, string part) =>
        Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "inputs")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 0, \"std\": 1}], \"readOut\": {\"std\": 1}}", "the law is the single point 0")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 2, \"std\": -1}], \"readOut\": {\"std\": 1}}", "a positive number")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 2, \"std\": 1, \"kind\": \"orthogonl\"}], \"readOut\": {\"std\": 1}}", "did you mean 'orthogonal'")]
    [InlineData("{\"inputs\": 3, \"layers\": [{\"width\": 2, \"std\": 1, \"kind\": \"orthogonal\"}], \"readOut\": {\"std\": 1}}", "as many units as inputs")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 2, \"std\": 1, \"kind\": \"leaky:0\"}], \"readOut\": {\"std\": 1}}", "a slope")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 2, \"std\": 1, \"kind\": \"leaky:0.1\", \"keep\": 0.5}], \"readOut\": {\"std\": 1}}", "no dropout in a leaky layer")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 2, \"std\": 1, \"keep\": 0}], \"readOut\": {\"std\": 1}}", "above 0 and at most 1")]
    [InlineData("{\"inputs\": 2, \"layers\": [{\"width\": 2, \"std\": 1, \"biasStd\": -1}], \"readOut\": {\"std\": 1}}", "not negative")]
    [InlineData("{\"inputs\": 2, \"layers\": [], \"readOut\": {\"std\": 1}, \"noise\": 1}", "noiseStd")]
    [InlineData("{\"inputs\": 2, \"layers\": [], \"readOut\": {\"std\": 1e999}}", "readOut")]
    public void WrongStacksAreToldInOneLine(string text, string part)
    {
        using ScratchFolder folder = new();
        Assert.Contains(part, CommandLine.Refused("prior", "--layers", folder.Write("stack.json", text)), StringComparison.Ordinal);
    }

    [Fact]
    public void StacksHaveTheLawOfTheLibrary()
    {
        JsonElement found = CommandLine.Json("prior", "--layers", "samples/prior.json", "--at", "1", "--moments", "3", "--quiet");
        Orthant.Priors.PriorNetwork mixed = new(64,
            [
                new(64, Math.Sqrt(2), Orthant.Priors.PriorLayerKind.OrthogonalRelu), new(100, Math.Sqrt(2) / 8) { KeepProbability = 0.9 },
                new(50, 0.14, Orthant.Priors.PriorLayerKind.LeakyRelu) { Slope = 0.1 },
            ],
            3, 0.2);
        Orthant.Priors.PriorPredictive law = Orthant.Priors.PriorPredictive.Of(mixed, 8);
        Near(law.Pdf(1), found.GetProperty("points")[0].GetProperty("pdf"), 1e-12);
        Near(law.LowerMass(1), found.GetProperty("points")[0].GetProperty("lowerMass"), 1e-12);
        Near(law.AbsoluteMoment(3), found.GetProperty("moments")[0].GetProperty("value"), 1e-12);
        Near(law.KolmogorovDistanceToMixture(), found.GetProperty("ksToMixture"), 1e-9);
        Near(law.KullbackLeiblerToNormal(), found.GetProperty("klToNngp"), 1e-9);
        Assert.Equal(3, found.GetProperty("layers").GetArrayLength());
        // Noise in the file, or on the command line, is a convolution; biases go through the chain.
        using ScratchFolder folder = new();
        string file = folder.Write("noisy.json", File.ReadAllText(Path.Combine(Repository.Root, "samples", "prior.json")).Replace("\"outputs\"", "\"noiseStd\": 0.5, \"outputs\"", StringComparison.Ordinal));
        JsonElement noisy = CommandLine.Json("prior", "--layers", file, "--at", "1");
        JsonElement same = CommandLine.Json("prior", "--layers", "samples/prior.json", "--at", "1", "--noise", "0.5");
        Near(law.WithNoise(0.5).Pdf(1), noisy.GetProperty("points")[0].GetProperty("pdf"), 1e-12);
        Near(law.WithNoise(0.5).Pdf(1), same.GetProperty("points")[0].GetProperty("pdf"), 1e-12);
        JsonElement biased = CommandLine.Json("prior", "--widths", "3,4,1", "--bias-std", "0.5", "--at", "1", "--quantiles", "0.9");
        Near(0.25 + 0.5 * 4 / 2 * (0.25 + 2.0 / 3), biased.GetProperty("variance"), 1e-10);
        JsonElement unit = CommandLine.Json("prior", "--widths", "3,4,1", "--bias-std", "0.5", "--of", "pre:1");
        Near(0.25 + 2.0 / 3, unit.GetProperty("variance"), 1e-12);
        Near(3, unit.GetProperty("kurtosis"), 1e-12);
    }

    [Fact]
    public void DesignsMeetTheirGoals()
    {
        JsonElement design = CommandLine.Json("prior", "design", "--widths", "10,64,2,1", "--target", "P(|f| ≤ 3) = 0.95", "--max-kurtosis", "4", "--max-dead", "1e-9", "--max-distance", "0.02");
        Near(0.95, design.GetProperty("probability").GetProperty("p"), 1e-12);
        Near(3.5, design.GetProperty("layers")[1].GetProperty("kurtosisFactor"), 1e-12);
        int[] widths = [.. design.GetProperty("widths").EnumerateArray().Select(w => w.GetProperty("width").GetInt32())];
        Assert.Equal([Orthant.Priors.PriorDesign.WidthForKurtosis(2, 4), 31, Orthant.Priors.PriorDesign.WidthForNormality(2, 0.02)], widths);
        JsonElement designed = design.GetProperty("designed");
        Assert.Equal(widths.Max(), designed.GetProperty("width").GetInt32());
        Near(0.95, designed.GetProperty("probability"), 1e-12);
        Assert.True(designed.GetProperty("kurtosis").GetDouble() <= 4 && designed.GetProperty("atomAtZero").GetDouble() <= 1e-9);
        // Scales that hold the second moment are He's but for dead layers.
        JsonElement held = CommandLine.Json("prior", "design", "--widths", "10,64,64,1", "--moment", "2");
        Near(Math.Sqrt(2 / 64.0), held.GetProperty("layers")[1].GetProperty("weightStd"), 1e-12);
        JsonElement scaled = CommandLine.Json("prior", "design", "--hidden", "5,6", "--tau", "2", "--std", "7");
        Near(49, scaled.GetProperty("variance"), 1e-12);
        Assert.Equal(["he", "lecun", "xavier", "ntk"], scaled.GetProperty("initialisations").EnumerateArray().Select(i => i.GetProperty("name").GetString()!));
    }

    [Fact]
    public void ModelsAreMatchedAndTheirWeightsTested()
    {
        using ScratchFolder folder = new();
        Assert.Equal(0, CommandLine.Run("sample", "he:20-50-40-1", "--seed", "4", "--out", folder["he.onnx"]).Status);
        JsonElement weights = CommandLine.Json("prior", "test", folder["he.onnx"]);
        foreach (JsonElement layer in weights.GetProperty("layers").EnumerateArray())
        {
            Assert.True(layer.GetProperty("scalePValue").GetDouble() > 1e-4 && layer.GetProperty("kolmogorovPValue").GetDouble() > 1e-4);
        }
        Assert.True(CommandLine.Json("prior", "test", folder["he.onnx"], "--init", "lecun").GetProperty("layers")[0].GetProperty("scalePValue").GetDouble() < 1e-9);
        JsonElement law = CommandLine.Json("prior", "--from", folder["he.onnx"], "--quiet");
        Assert.Equal("normal", law.GetProperty("measured")[0].GetProperty("weights").GetString());
        Near(3 * (1 + 5 / 50.0) * (1 + 5 / 40.0), law.GetProperty("kurtosis"), 1e-12);
        JsonElement trained = CommandLine.Json("prior", "--from", "samples/digits.onnx", "--quiet");
        string notes = trained.GetProperty("notes").ToString();
        Assert.Contains("biases", notes, StringComparison.Ordinal);
        Assert.Contains("neither normal nor uniform", notes, StringComparison.Ordinal);
    }

    [Fact]
    public void InitialisersAreHeldAgainstTheLaw()
    {
        Assert.True(CommandLine.Json("prior", "test", "he", "--widths", "4,6,6,1", "--draws", "4000").GetProperty("andersonDarlingPValue").GetDouble() > 1e-4);
        // Uniform weights of the same variance are told from normal ones in a narrow network.
        Assert.True(CommandLine.Json("prior", "test", "heUniform", "--widths", "2,3,3,1", "--draws", "20000").GetProperty("andersonDarlingPValue").GetDouble() < 1e-6);
    }

    [Fact]
    public void PicturesAreWritten()
    {
        using ScratchFolder folder = new();
        CommandLine.Json("prior", "--hidden", "3,2,7", "--tau", "1", "--svg", folder["a.svg"]);
        string text = File.ReadAllText(folder["a.svg"]);
        Assert.Contains("P(f = 0) = 0.349", text, StringComparison.Ordinal);
        Assert.Contains("median of the Gaussian limit", text, StringComparison.Ordinal);
    }

    [Fact]
    public void SamplesAreHeldAgainstTheLaw()
    {
        using ScratchFolder folder = new();
        Orthant.Priors.PriorPredictive law = Orthant.Priors.PriorPredictive.Of(Orthant.Priors.PriorNetwork.He([5, 8, 8, 1]), 2);
        double[] samples = new double[4000];
        law.Sampler().Fill(new Orthant.Numerics.RandomStream(3), samples);
        string file = folder.Write("f.csv", "f\n" + string.Join('\n', samples.Select(s => s.ToString("R", CultureInfo.InvariantCulture))) + "\n");
        Assert.True(CommandLine.Json("prior", "test", file, "--widths", "5,8,8,1", "--input-norm", "2").GetProperty("kolmogorovPValue").GetDouble() > 1e-3);
        Assert.True(CommandLine.Json("prior", "test", file, "--widths", "5,8,8,1", "--input-norm", "2.5").GetProperty("kolmogorovPValue").GetDouble() < 1e-6);
    }

    private static double Number(JsonElement e) => e.ValueKind == JsonValueKind.String ? double.Parse(e.GetString()!, CultureInfo.InvariantCulture) : e.GetDouble();

    private static void Near(double expected, JsonElement actual, double relative) => Assert.Equal(expected, Number(actual), relative * Math.Abs(expected) + double.Epsilon);
}
