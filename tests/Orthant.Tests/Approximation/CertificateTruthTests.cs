using System.Globalization;
using Orthant.Approximation;
using Orthant.Certificates;

namespace Orthant.Tests.Approximation;

/// <summary>No certificate is false: random formulas, evaluated to 50 digits by other code, stay within the proved errors, and proved lower bounds
/// follow from their windows.</summary>
public sealed class CertificateTruthTests
{
    [Fact]
    public void TheOracleKnowsItsFunctions()
    {
        FixedPoint x = FixedPoint.Of(0.7);
        Assert.Equal("3.1415926535897932384626433832795028841971693993751", Decimals(FixedPoint.Pi));
        Assert.Equal("2.7182818284590452353602874713526624977572470936999", Decimals(FixedPoint.Exp(FixedPoint.Of(1))));
        Assert.Equal("1.4142135623730950488016887242096980785696718753769", Decimals(FixedPoint.Sqrt(FixedPoint.Of(2))));
        (FixedPoint s, FixedPoint c) = FixedPoint.SinCos(x);
        Assert.True(Gap((s * s) + (c * c), FixedPoint.Of(1)) < 1e-50);
        Assert.True(Gap(FixedPoint.Log(FixedPoint.Exp(x)), x) < 1e-50);
        Assert.True(Gap(FixedPoint.Atan(s / c), x) < 1e-50);
        Assert.Equal(Math.Sin(0.7), s.ToDouble(), 1e-15);
    }

    [Fact]
    public void CertificatesHoldAtFortyDigits() => Check(formulas: 60, points: 60, seed: 1);

    [Fact]
    [Trait("Category", "Long")]
    public void TwoThousandCertificatesHoldAtFortyDigits() => Check(formulas: 2000, points: 1000, seed: 2);

    [Fact]
    [Trait("Category", "Long")]
    public void TenCertificatesHoldAtAMillionPoints() => Check(formulas: 10, points: 1_000_000, seed: 3);

    private static void Check(int formulas, int points, int seed)
    {
        Random random = new(seed);
        int certified = 0, bounded = 0;
        for (int i = 0; i < formulas; i++)
        {
            (string text, Func<FixedPoint, FixedPoint> exact) = Formula(random, 3);
            double a = Math.Round(4 * random.NextDouble() - 2, 2), b = a + Math.Round(0.1 + (2 * random.NextDouble()), 2);
            Expression f = Expression.Parse(text);
            FittedSpline fit = SplineFit.WithPieces(f, a, b, 1 + random.Next(12));
            if (!fit.IsCertified) continue;
            certified++;
            LinearSpline s = fit.Spline;
            List<double> places = [.. s.Knots, .. fit.Windows.SelectMany(w => new[] { w.A, w.B, w.V })];
            // Interior extrema lie near the middle of the pieces and at contacts; both with their neighbours.
            for (int k = 0; k < s.Pieces; k++) places.Add(s.Knots[k] + (0.5 * (s.Knots[k + 1] - s.Knots[k])));
            places.AddRange([.. places.SelectMany(p => new[] { Math.BitIncrement(p), Math.BitDecrement(p) })]);
            while (places.Count < points) places.Add(a + ((b - a) * random.NextDouble()));
            foreach (double p in places.Where(p => p >= a && p <= b).Take(points + 200))
            {
                // Pieces at a root's end may be narrower than the oracle's unit.
                if (Line(s, p) is not FixedPoint line) continue;
                double gap = Gap(exact(FixedPoint.Of(p)), line);
                Assert.True(gap <= fit.Error * (1 + 1e-15), string.Create(CultureInfo.InvariantCulture, $"{text} on [{a:R}, {b:R}] at {p:R}: {gap:R} beyond {fit.Error:R}"));
            }
            if (fit.Windows.Length < fit.PiecesAsked || fit.LowerBound == 0) continue;
            bounded++;
            foreach (KinkWindow w in fit.Windows)
            {
                if (w.B - w.A < 1e-30) continue;
                FixedPoint t = (FixedPoint.Of(w.V) - FixedPoint.Of(w.A)) / (FixedPoint.Of(w.B) - FixedPoint.Of(w.A));
                FixedPoint turn = exact(FixedPoint.Of(w.V)) - ((FixedPoint.Of(1) - t) * exact(FixedPoint.Of(w.A))) - (t * exact(FixedPoint.Of(w.B)));
                double forced = w.Sign * (turn / (FixedPoint.Of(2) * t)).ToDouble();
                Assert.True(forced >= fit.LowerBound * (1 - 1e-14), $"{text}: a window forces {forced:R}, not {fit.LowerBound:R}");
            }
        }
        Assert.True(certified > 0.9 * formulas && bounded > 0.5 * formulas, $"{certified} and {bounded} of {formulas}");
    }

    [Theory]
    [InlineData("takagi(x)")]
    [InlineData("weierstrass(x)")]
    [InlineData("sqrt(x - x^2)")]
    [InlineData("log2(x + 2)")]
    public void CertificatesOfRarerFunctionsAreChecked(string formula)
    {
        Expression f = Expression.Parse(formula);
        ApproximationCertificate made = SplineFit.WithPieces(f, 0, 1, 8).ToCertificate(f)!;
        Assert.True(CertificateChecker.Check(made).Valid);
        Assert.False(CertificateChecker.Check((made with { Error = made.Error * 0.999 })).Valid);
        Assert.False(CertificateChecker.Check((made with { LowerBound = made.LowerBound * 1.001 })).Valid);
    }

    private static FixedPoint? Line(LinearSpline s, double x)
    {
        int i = 0;
        while (i + 1 < s.Pieces && x > s.Knots[i + 1]) i++;
        FixedPoint x0 = FixedPoint.Of(s.Knots[i]), y0 = FixedPoint.Of(s.Values[i]);
        FixedPoint width = FixedPoint.Of(s.Knots[i + 1]) - x0;
        return width.ToDouble() < 1e-30 ? null : y0 + ((FixedPoint.Of(s.Values[i + 1]) - y0) * (FixedPoint.Of(x) - x0) / width);
    }

    private static double Gap(FixedPoint a, FixedPoint b) => FixedPoint.Abs(a - b).ToDouble();

    private static string Decimals(FixedPoint value) =>
        (value.Units * System.Numerics.BigInteger.Pow(10, 49) >> 192).ToString(CultureInfo.InvariantCulture).Insert(1, ".");

    /// <summary>A random formula, finite everywhere, with its meaning.</summary>
    private static (string Text, Func<FixedPoint, FixedPoint> Meaning) Formula(Random random, int depth)
    {
        if (depth == 0 || random.Next(6) == 0)
        {
            if (random.Next(3) > 0) return ("x", x => x);
            // Binary fractions mean the same in decimals.
            double c = random.Next(-24, 25) / 8.0;
            return (string.Create(CultureInfo.InvariantCulture, $"({c})"), _ => FixedPoint.Of(c));
        }
        (string u, Func<FixedPoint, FixedPoint> f) = Formula(random, depth - 1);
        FixedPoint one = FixedPoint.Of(1);
        switch (random.Next(16))
        {
            case 0: return ($"exp(-abs({u}))", x => FixedPoint.Exp(-FixedPoint.Abs(f(x))));
            case 1: return ($"sin({u})", x => FixedPoint.SinCos(f(x)).Sine);
            case 2: return ($"cos(3*({u}))", x => FixedPoint.SinCos(FixedPoint.Of(3) * f(x)).Cosine);
            case 3: return ($"atan({u})", x => FixedPoint.Atan(f(x)));
            case 4: return ($"abs({u})", x => FixedPoint.Abs(f(x)));
            case 5: return ($"sqrt(abs({u}))", x => FixedPoint.Sqrt(FixedPoint.Abs(f(x))));
            case 6: return ($"log(1+({u})^2)", x => FixedPoint.Log(one + (f(x) * f(x))));
            case 7: return ($"sigmoid(sin({u}))", x => one / (one + FixedPoint.Exp(-FixedPoint.SinCos(f(x)).Sine)));
            case 8: return ($"tanh(atan({u}))", x => one - (FixedPoint.Of(2) / (FixedPoint.Exp(FixedPoint.Of(2) * FixedPoint.Atan(f(x))) + one)));
            case 9: return ($"runge({u})", x => one / (one + (FixedPoint.Of(25) * f(x) * f(x))));
            case 10: return ($"atan({u})^3", x => FixedPoint.Atan(f(x)) is var t ? t * t * t : default);
        }
        (string v, Func<FixedPoint, FixedPoint> g) = Formula(random, depth - 1);
        return random.Next(5) switch
        {
            0 => ($"({u} + {v})", x => f(x) + g(x)),
            1 => ($"({u} - {v})", x => f(x) - g(x)),
            2 => ($"({u})*({v})", x => f(x) * g(x)),
            3 => ($"max({u}, {v})", x => f(x) > g(x) ? f(x) : g(x)),
            _ => ($"({u})/(2 + sin({v}))", x => f(x) / (FixedPoint.Of(2) + FixedPoint.SinCos(g(x)).Sine)),
        };
    }
}
