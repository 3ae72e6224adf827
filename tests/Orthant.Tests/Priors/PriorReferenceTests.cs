using System.Globalization;
using System.Text.Json;
using Orthant.Numerics;
using Orthant.Priors;

namespace Orthant.Tests.Priors;

public sealed class PriorReferenceTests
{
    [Fact]
    public void Every_reference_value_is_met()
    {
        string folder = Repository.Need(Repository.Cases("prior"), "the prior's reference values");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")));
        List<string> misses = [];
        int compared = 0;
        foreach (JsonElement item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = Text(item, "name")!;
            PriorPredictive law = LawOf(item);
            foreach (JsonElement point in item.GetProperty("points").EnumerateArray())
            {
                double x = double.Parse(Text(point, "x")!, CultureInfo.InvariantCulture);
                // Thirty layers near the origin: the value moves by the order of the pole times the relative error of log x.
                double bound = x < 1e-200 && law.Network.Depth > 6 ? 1e-11 : 1e-12;
                Compare(name, x, "pdf", Text(point, "pdf"), law.Pdf(x), law.LogPdf(x), bound);
                CompareLog(name, x, Text(point, "logpdf"), law.LogPdf(x), bound);
                Compare(name, x, "survival", Text(point, "surv_abs"), law.Survival(x), law.LogSurvival(x), bound);
                Compare(name, x, "lower", Text(point, "low_abs"), law.LowerMass(x), law.LogLowerMass(x), bound);
                Compare(name, x, "cdf", Text(point, "cdf"), law.Cdf(x), Math.Log(law.Cdf(x)), bound);
            }
            if (item.TryGetProperty("quantiles_abs", out JsonElement quantiles))
            {
                foreach (JsonElement q in quantiles.EnumerateArray())
                {
                    double p = double.Parse(Text(q, "p")!, CultureInfo.InvariantCulture), found = law.Quantile(p);
                    // The level itself is rounded to double: it moves the quantile by its error over p-density.
                    double hazard = p == 1 - 1e-6 || p > 0.99999 ? 2e-10 : 1e-12;
                    Compare(name, p, "quantile", Text(q, "x"), found, Math.Log(found), hazard);
                }
            }
            if (item.TryGetProperty("moments_abs", out JsonElement moments))
            {
                foreach (JsonProperty moment in moments.EnumerateObject())
                {
                    double s = double.Parse(moment.Name, CultureInfo.InvariantCulture);
                    Compare(name, s, "moment", moment.Value.ToString(), law.AbsoluteMoment(s), law.LogAbsoluteMoment(s), 1e-12);
                }
            }
            Compare(name, 0, "kurtosis", Text(item, "kurtosis"), law.Kurtosis, Math.Log(law.Kurtosis), 1e-12);
            Compare(name, 0, "atom", Text(item, "atom_zero"), law.AtomAtZero, law.LogAtomAtZero, 1e-12);
            CompareLog(name, 0, Text(item, "log_atom_zero"), law.LogAtomAtZero, 1e-12);
            Compare(name, 0, "alive", Text(item, "alive"), Math.Exp(law.LogAlive), law.LogAlive, 1e-12);
            CompareLog(name, 1, Text(item, "mean_log_abs_given_alive"), law.LogMean, 1e-13);
            Compare(name, 1, "variance of log", Text(item, "var_log_abs_given_alive"), law.LogVariance, 0, 1e-12);
        }
        Assert.True(compared > 600, $"only {compared} values were compared");
        Assert.True(misses.Count == 0, $"{misses.Count} of {compared}:\n{string.Join('\n', misses.Take(60))}");

        void Compare(string name, double x, string what, string? expected, double found, double logFound, double bound)
        {
            if (expected is null) return;
            compared++;
            Rational truth = Rational.Parse(expected);
            double value = truth.ToDouble();
            if (value == 0 || Math.Abs(value) < 1e-300)
            {
                // Below the range of doubles the logarithm is compared.
                if (truth.IsZero) return;
                double log = DoubleDouble.Log(DoubleDouble.FromRational(truth * Rational.Pow(10, 900))).Hi - 900 * Math.Log(10);
                if (value == 0 && !(Math.Abs(log - logFound) <= 1e-12 * Math.Max(1, Math.Abs(log))))
                {
                    misses.Add($"{name} x={x} log {what}: expected {log:R}, found {logFound:R}");
                }
                return;
            }
            double error = Math.Abs(found - value) / Math.Abs(value);
            if (!(error <= bound)) misses.Add($"{name} x={x} {what}: expected {value:R}, found {found:R}, error {error:E2}");
        }

        void CompareLog(string name, double x, string? expected, double found, double bound)
        {
            if (expected is null) return;
            compared++;
            double value = double.Parse(expected, CultureInfo.InvariantCulture);
            if (!(Math.Abs(found - value) <= Math.Max(bound, 4e-16 * Math.Abs(value))))
            {
                misses.Add($"{name} x={x} log: expected {value:R}, found {found:R}, error {found - value:E2}");
            }
        }
    }

    [Theory]
    [InlineData("lin_2", 1.34657359027997265)]
    [InlineData("lin_1", 1.204098431275)]
    [InlineData("relu_2", 1.26069180594647)]
    [InlineData("relu_10x3", 1.2596607470164)]
    public void Entropies_agree(string name, double expected)
    {
        PriorLayerKind kind = name.StartsWith("lin", StringComparison.Ordinal) ? PriorLayerKind.Linear : PriorLayerKind.Relu;
        int[] widths = name switch { "lin_2" => [2], "lin_1" => [1], "relu_2" => [2], _ => [10, 10, 10] };
        PriorNetwork network = new(1, widths.Select(d => new PriorLayer(d, Math.Sqrt((kind == PriorLayerKind.Linear ? 1.0 : 2.0) / d), kind)), 1, 1);
        Assert.Equal(expected, PriorPredictive.Of(network, 1).Entropy(), 1e-11);
    }

    private static PriorPredictive LawOf(JsonElement item)
    {
        int[] widths = [.. item.GetProperty("hidden_widths").EnumerateArray().Select(w => w.GetInt32())];
        PriorLayerKind kind = Text(item, "kind") == "linear" ? PriorLayerKind.Linear : PriorLayerKind.Relu;
        int outputs = item.GetProperty("outputs_in_norm").GetInt32();
        // tau alone scales the law; given as 18 digits it is rounded once.
        double tau = double.Parse(Text(item, "tau")!, CultureInfo.InvariantCulture);
        PriorNetwork network = new(1, widths.Select(d => new PriorLayer(d, 1, kind)), outputs, 1);
        return PriorPredictive.Of(network, tau, outputs == 1 ? PriorQuantity.Output : PriorQuantity.OutputNorm);
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
