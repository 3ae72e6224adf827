using System.Globalization;
using System.Text.Json;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

/// <summary>Norms and outputs near 0 against near-zero.json, which near_zero.py works out from the definition with mpmath.</summary>
public sealed class PriorNearZeroTests
{
    [Fact]
    public void Laws_of_deep_stacks_are_right_near_0()
    {
        string path = Path.Combine(Repository.Root, "tests", "Orthant.Tests", "Priors", "near-zero.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        List<string> misses = [];
        int compared = 0;
        foreach (JsonElement item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            PriorLayerKind kind = item.GetProperty("kind").GetString() == "relu" ? PriorLayerKind.Relu : PriorLayerKind.Linear;
            int[] widths = [.. item.GetProperty("hidden").EnumerateArray().Select(w => w.GetInt32())];
            int outputs = item.GetProperty("outputs").GetInt32();
            // |f| itself is the norm of one output.
            PriorPredictive law = PriorPredictive.Of(new PriorNetwork(1, widths.Select(d => new PriorLayer(d, 1, kind)), outputs, 1), 1, PriorQuantity.OutputNorm);
            double rms = Math.Sqrt(law.SecondMoment);
            foreach (JsonElement point in item.GetProperty("points").EnumerateArray())
            {
                // The density per root mean square; the rounding of r moves both by a few units in the last place.
                double x = Number(point, "x"), r = x * rms;
                Compare(Number(point, "logPdf"), law.LogPdf(r) + Math.Log(rms), "density");
                Compare(Number(point, "logLower"), law.LogLowerMass(r), "lower mass");

                void Compare(double expected, double found, string what)
                {
                    compared++;
                    double error = Math.Abs(found - expected);
                    if (!(error <= 5e-13 + 1e-15 * Math.Abs(expected))) misses.Add($"{kind} {string.Join(',', widths)} norm of {outputs}, {what} at {x}: {expected:R}, found {found:R}, error {error:E1}");
                }
            }
        }
        Assert.Equal(376, compared);
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    private static double Number(JsonElement item, string name) => double.Parse(item.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
