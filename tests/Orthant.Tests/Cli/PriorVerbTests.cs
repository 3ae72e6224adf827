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
    [InlineData("prior tset x.csv --hidden 3 --tau 1", "test SAMPLES")]
    public void WrongCallsAreToldInOneLine(string call, string part) =>
        Assert.Contains(part, CommandLine.Refused(call.Split(' ')), StringComparison.Ordinal);

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
