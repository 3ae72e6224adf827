using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Orthant.Approximation;

namespace Orthant.Tests.Approximation;

public sealed partial class SplineTests
{
    [Fact]
    public void FewestLinksAreThoseOfTheCases()
    {
        string folder = Repository.Need(Repository.Cases("approximation"), "the approximation cases");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "pieces_for_eps.json")));
        int compared = 0;
        foreach (JsonProperty function in cases.RootElement.EnumerateObject())
        {
            if (Name().Match(function.Name) is not { Success: true } m) continue;
            Expression f;
            try
            {
                f = Expression.Parse($"{m.Groups[1].Value}(x)");
            }
            catch (OrthantInputException)
            {
                continue;
            }
            double a = double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), b = double.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture);
            const int samples = 200_001;
            double[] x = [.. Enumerable.Range(0, samples).Select(i => a + ((b - a) * i / (samples - 1)))], y = Array.ConvertAll(x, f.Value);
            foreach (JsonProperty epsilon in function.Value.EnumerateObject())
            {
                if (double.Parse(epsilon.Name, CultureInfo.InvariantCulture) is not (>= 1e-3 and double e)) continue;
                Assert.Equal(epsilon.Value.GetProperty("continuous").GetInt32(), MinimumLink.Count(x, y, e, 10_000, true));
                Assert.Equal(epsilon.Value.GetProperty("discontinuous").GetInt32(), MinimumLink.Count(x, y, e, 10_000, false));
                compared++;
            }
        }
        Assert.True(compared >= 4, $"{compared} comparisons");
    }

    [Fact]
    public void NoFewerLinksServeThanTheCountOfBruteForce() =>
        Gen.Select(Gen.Int[-4, 4].Array[2, 9], Gen.Int[0, 3]).Sample((values, e) =>
        {
            double[] x = [.. Enumerable.Range(0, values.Length).Select(i => (double)i)], y = Array.ConvertAll(values, v => (double)v);
            double epsilon = e / 2.0;
            // Without continuity, greedy runs that one line can serve are optimal, and a line exists when all pairs of opposite ends leave a slope.
            Assert.Equal(Greedy(x, y, epsilon), MinimumLink.Count(x, y, epsilon, 100, false));
            Assert.True(MinimumLink.Count(x, y, epsilon, 100, true) >= Greedy(x, y, epsilon));
        }, iter: 3000);

    [Fact]
    public void ErrorBoundsHoldAndAreNearlyAttained() =>
        Gen.Select(Gen.Int[0, 3], Gen.Double[-1, 1].Array[4, 7]).Sample((which, values) =>
        {
            Expression f = Expression.Parse(new[] { "exp(x)", "sin(5*x)", "1/(1+x^2)", "abs(x) + x^3" }[which]);
            double[] knots = [.. Enumerable.Range(0, values.Length).Select(i => -1 + (2.0 * i / (values.Length - 1)))];
            LinearSpline spline = new(knots, values);
            (double bound, double attained) = new ErrorBound(f, 1e-6, 100_000).Of(spline);
            double seen = Enumerable.Range(0, 2001).Max(i => Math.Abs(f.Value(-1 + (i / 1000.0)) - spline.Evaluate(-1 + (i / 1000.0))));
            Assert.True(bound >= seen - 1e-12, $"{bound} < {seen}");
            Assert.True(bound <= attained * (1 + 2e-6), $"{bound} > {attained}");
        }, iter: 200);

    private static int Greedy(double[] x, double[] y, double epsilon)
    {
        int links = 0;
        for (int from = 0; from < x.Length;)
        {
            int to = from;
            while (to < x.Length && Served(x, y, epsilon, from, to)) to++;
            links++;
            from = to;
        }
        return links;
    }

    /// <summary>Whether one line passes samples from … to within ε: a line of slope s does when every lower end lies below every upper end
    /// along it, and each pair of samples bounds s from both sides.</summary>
    private static bool Served(double[] x, double[] y, double epsilon, int from, int to)
    {
        double least = double.NegativeInfinity, most = double.PositiveInfinity;
        for (int i = from; i <= to; i++)
        {
            for (int j = i + 1; j <= to; j++)
            {
                least = Math.Max(least, (y[j] - epsilon - (y[i] + epsilon)) / (x[j] - x[i]));
                most = Math.Min(most, (y[j] + epsilon - (y[i] - epsilon)) / (x[j] - x[i]));
            }
        }
        return least <= most;
    }

    [GeneratedRegex(@"^([a-z0-9]+)\[(-?[\d.]+),(-?[\d.]+)\]$")]
    private static partial Regex Name();
}
