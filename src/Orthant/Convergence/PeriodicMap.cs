using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Looks for a box of states on which a tied layer is affine, stays, and repeats: permutations, rotations of finite order.</summary>
internal static class PeriodicMap
{
    private const int MostHulls = 12, MostPowers = 48;

    public static DepthLimitResult? Decide(LayerSequence s, AffineMap layer, FixedPoints? points)
    {
        if (s.First is not null || !s.Prefix.IsEmpty || s.IsPoint || s.Width > 30) return null;
        int m = s.Width;
        (Rational Low, Rational High)[] region = [.. s.InputBox];
        for (int round = 0; round < MostHulls; round++)
        {
            (Rational Low, Rational High)[] z = Image(layer, region);
            if (z.Any(e => e.Low.Sign < 0 && e.High.Sign > 0)) return null;
            bool[] active = [.. z.Select(e => e.High.Sign > 0)];
            (Rational Low, Rational High)[] hull = [.. region.Select((r, k) => active[k]
                ? (Rational.Min(r.Low, z[k].Low), Rational.Max(r.High, z[k].High)) : (Rational.Min(r.Low, 0), Rational.Max(r.High, 0)))];
            if (!hull.SequenceEqual(region))
            {
                region = hull;
                continue;
            }
            if (Repeats(layer, active) is not (int transient, int period) || period == 1) return null;
            return new DepthLimitResult
            {
                Verdict = DepthVerdict.NoLimit,
                InputSet = "every input of the box but those that become a fixed point, a set without interior",
                Reason = $"the layers are one affine map whose powers repeat with period {period}",
                Certificate = new PeriodicMapCertificate(s.ToData(), [.. region.Select(r => new[] { r.Low, r.High })], active, transient, period),
                FixedPoints = points,
            };
        }
        return null;
    }

    private static (Rational Low, Rational High)[] Image(AffineMap layer, (Rational Low, Rational High)[] region) => [.. layer.Weights.Select((row, k) =>
    {
        Rational low = layer.Bias[k], high = low;
        for (int j = 0; j < row.Length; j++)
        {
            low += row[j] * (row[j].Sign >= 0 ? region[j].Low : region[j].High);
            high += row[j] * (row[j].Sign >= 0 ? region[j].High : region[j].Low);
        }
        return (low, high);
    })];

    private static (int Transient, int Period)? Repeats(AffineMap layer, bool[] active)
    {
        int m = active.Length;
        Rational[][] f = [.. Enumerable.Range(0, m).Select(k => active[k] ? layer.Weights[k].Append(layer.Bias[k]).ToArray() : new Rational[m + 1]), [.. new Rational[m], Rational.One]];
        Rational[][] power = [.. Enumerable.Range(0, m + 1).Select(i => Enumerable.Range(0, m + 1).Select(j => i == j ? Rational.One : 0).ToArray())];
        Dictionary<string, int> seen = [];
        for (int n = 0; n <= MostPowers; n++)
        {
            string key = string.Join(' ', power.SelectMany(r => r));
            if (seen.TryGetValue(key, out int before)) return (before, n - before);
            if (key.Length > 20_000) return null;
            seen[key] = n;
            power = TailBounds.Product(f, power);
        }
        return null;
    }
}
