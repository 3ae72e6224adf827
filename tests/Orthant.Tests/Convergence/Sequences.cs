using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;

namespace Orthant.Tests.Convergence;

/// <summary>Short ways to write sequences in tests.</summary>
internal static class Sequences
{
    public static Rational[][] Matrix(string rows) => [.. rows.Split(';').Select(Vector)];

    public static Rational[] Vector(string entries) => [.. entries.Split(',').Select(e => Rational.Parse(e))];

    public static AffineMap Map(string weights, string bias) => new(Matrix(weights), Vector(bias));

    public static LayerSequence Tied(string weights, string bias, params (string Lower, string Upper)[] box) => new(Box(box), SequenceActivation.Relu, new TiedTail(Map(weights, bias)));

    public static LayerSequence Steps(string direction, string bias, StepSizes sizes, params (string Lower, string Upper)[] box) =>
        new(Box(box), SequenceActivation.Relu, new StepTail(Map(direction, bias), sizes));

    public static IEnumerable<(Rational Lower, Rational Upper)> Box(params (string Lower, string Upper)[] sides) => sides.Select(s => (Rational.Parse(s.Lower), Rational.Parse(s.Upper)));

    public static (string Lower, string Upper)[] Point(params string[] x) => [.. x.Select(e => (e, e))];

    public static (string Lower, string Upper)[] Unit(int d) => [.. Enumerable.Repeat(("0", "1"), d)];

    /// <summary>Decides, and checks the certificate.</summary>
    public static DepthLimitResult Decide(LayerSequence s, DepthLimitOptions? options = null)
    {
        DepthLimitResult result = DepthLimit.Decide(s, options);
        if (result.Certificate is not null)
        {
            CheckResult check = CertificateChecker.Check(Certificate.Parse("test", result.Certificate.ToJson()));
            Assert.True(check.Valid, $"{result.Verdict}: {check.Claim}: {check.Reason}");
        }
        return result;
    }
}
