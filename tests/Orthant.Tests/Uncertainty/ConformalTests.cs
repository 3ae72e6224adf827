using System.Text.Json;
using Orthant.Numerics;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.RecalibrationTests;
using static Orthant.Tests.Uncertainty.UncertaintyCases;

namespace Orthant.Tests.Uncertainty;

public class ConformalTests
{
    [Fact]
    public void Thresholds_and_sets_are_those_of_the_case()
    {
        JsonElement data = Read("03_classification_metrics.json"), expected = Read("07_conformal.json");
        ClassProbabilities p = ClassProbabilities.FromLogits(data.GetProperty("logits").Numbers(), 4);
        int[] labels = Array.ConvertAll(data.GetProperty("labels").Numbers(), l => (int)l);
        foreach ((string key, ConformalScore score) in new[] { ("lac", ConformalScore.LeastAmbiguous), ("aps", ConformalScore.Adaptive) })
        {
            double[] scores = ConformalClassifier.ScoresOf(p, new ConformalOptions { Score = score });
            Assert.All(expected.GetProperty($"{key}_scores").Numbers().Select((s, i) => (s, i)), x => Assert.Equal(x.s, scores[(x.i * 4) + labels[x.i]], 1e-10));
            foreach (JsonProperty level in expected.GetProperty(key).EnumerateObject())
            {
                ConformalOptions options = new() { Score = score, Alpha = double.Parse(level.Name, System.Globalization.CultureInfo.InvariantCulture) };
                ConformalClassifier classifier = ConformalClassifier.Calibrate(p, labels, options);
                Assert.All(classifier.Thresholds, q => Assert.Equal(level.Value.Number("q"), q, 1e-10));
                double[] Sizes(ConformalClassifier c) => [.. c.Predict(p).Select(s => (double)s.Length)];
                Assert.Equal(level.Value.GetProperty(key == "lac" ? "sizes" : "sizes_nonrandomised_exclusive").Numbers(), Sizes(classifier));
                if (key == "aps") Assert.Equal(level.Value.GetProperty("sizes_with_at_least_one").Numbers(), Sizes(ConformalClassifier.Calibrate(p, labels, options with { AtLeastOne = true })));
            }
        }
    }

    public static TheoryData<ConformalScore, bool> Scores => new()
    {
        { ConformalScore.LeastAmbiguous, false },
        { ConformalScore.Adaptive, true },
        { ConformalScore.RegularizedAdaptive, true },
    };

    [Theory]
    [MemberData(nameof(Scores))]
    public void Coverage_is_within_the_binomial_error_of_the_promise_on_200_random_splits(ConformalScore score, bool isRandomized)
    {
        const int Samples = 100, Splits = 200;
        double sum = 0, k = Math.Ceiling(0.9 * (Samples + 1)), expected = k / (Samples + 1);
        for (int split = 0; split < Splits; split++)
        {
            (double[] logits, int[] labels) = Drawn(2 * Samples, 5, (ulong)split);
            ClassProbabilities p = ClassProbabilities.FromLogits([.. logits.Select(z => 2 * z)], 5);
            ConformalOptions options = new() { Score = score, FreeRanks = 1, Randomization = isRandomized ? (ulong)split : null };
            ConformalClassifier c = ConformalClassifier.Calibrate(Part(p, 0, Samples), labels.AsSpan(0, Samples), options);
            var sets = c.Predict(Part(p, Samples, Samples));
            sum += (double)Enumerable.Range(0, Samples).Count(i => sets[i].Contains(labels[Samples + i])) / Samples;
        }
        // One split's coverage is beta-binomial of mean k/(n + 1): its variance is that of the beta law and of the count, mean·(1 − mean)·(1/(n + 2) + 1/n) at most.
        double error = Math.Sqrt(expected * (1 - expected) * ((1.0 / (Samples + 2)) + (1.0 / Samples)) / Splits);
        Assert.InRange(sum / Splits, expected - (4 * error), expected + (4 * error));
    }

    [Fact]
    public void A_promise_by_class_is_kept_for_each_class()
    {
        int[] covered = new int[3], all = new int[3];
        for (int split = 0; split < 200; split++)
        {
            (double[] logits, int[] labels) = Drawn(300, 3, (ulong)split);
            // The last class is foreseen badly.
            ClassProbabilities p = ClassProbabilities.FromLogits([.. logits.Select((z, i) => i % 3 == 2 ? z - 2 : z)], 3);
            ConformalClassifier c = ConformalClassifier.Calibrate(Part(p, 0, 150), labels.AsSpan(0, 150), new ConformalOptions { ByClass = true });
            var sets = c.Predict(Part(p, 150, 150));
            for (int i = 0; i < 150; i++)
            {
                all[labels[150 + i]]++;
                if (sets[i].Contains(labels[150 + i])) covered[labels[150 + i]]++;
            }
        }
        // About 50 rows a class: coverage k/(n + 1) lies in [0.9, 0.9 + 1/51]; the error is that of 200 thresholds and 10,000 counts.
        Assert.All(Enumerable.Range(0, 3), k => Assert.InRange((double)covered[k] / all[k], 0.9 - 0.016, 0.9 + 0.036));
    }

    [Fact]
    public void Intervals_hold_the_promised_part_of_targets()
    {
        double sum = 0;
        RandomStream random = new(7);
        for (int split = 0; split < 200; split++)
        {
            double[] y = new double[200], low = new double[200], high = new double[200];
            random.FillNormals(y);
            Array.Fill(low, -0.5);
            Array.Fill(high, 0.7);
            ConformalInterval c = ConformalInterval.Calibrate(low.AsSpan(0, 100), high.AsSpan(0, 100), y.AsSpan(0, 100), 0.1);
            (double from, double to) = c.Apply(-0.5, 0.7);
            sum += y.Skip(100).Count(v => v >= from && v <= to) / 100.0;
        }
        double expected = 91.0 / 101, error = Math.Sqrt(expected * (1 - expected) * ((1.0 / 102) + 0.01) / 200);
        Assert.InRange(sum / 200, expected - (4 * error), expected + (4 * error));
        ConformalInterval wide = ConformalInterval.Calibrate([-9, -9, -9], [9, 9, 9], [0, 1, -1], 0.3);
        Assert.Equal(-8, wide.Margin);
        Assert.Equal((0, 0), wide.Apply(-1, 1));
    }

    [Fact]
    public void Too_few_rows_give_every_class_and_bad_input_one_line()
    {
        ClassProbabilities p = ClassProbabilities.FromProbabilities([0.9, 0.1, 0.8, 0.2], 2);
        ConformalClassifier c = ConformalClassifier.Calibrate(p, [0, 0], new ConformalOptions { Alpha = 0.1 });
        Assert.All(c.Predict(p), set => Assert.Equal([0, 1], set));
        Assert.Contains("alpha", Refusal(() => ConformalClassifier.Calibrate(p, [0, 0], new ConformalOptions { Alpha = 1 })));
        Assert.Contains("as many as classes", Refusal(() => ConformalClassifier.Calibrate(ClassProbabilities.FromProbabilities([0.9, 0.1], 2), [0], new ConformalOptions { ByClass = true })));
        Assert.Contains("equally many", Refusal(() => ConformalInterval.Calibrate([1], [2, 3], [1, 2], 0.1)));
        // 10 · 0.7 is 7 in real arithmetic and a little more in binary.
        double[] nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.Equal(7, ConformalInterval.Calibrate(new double[9], new double[9], nine, 0.3).Margin);
    }

    internal static ClassProbabilities Part(ClassProbabilities p, int first, int count) =>
        ClassProbabilities.FromProbabilities(p.Values.Span.Slice(first * p.Classes, count * p.Classes), p.Classes);
}
