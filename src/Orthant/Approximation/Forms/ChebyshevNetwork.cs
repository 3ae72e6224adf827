using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>An analytic function as a deep network of products: Chebyshev interpolation, then Clenshaw's rule; the error falls like exp(-c√depth).</summary>
/// <param name="Network">One input, one output.</param>
/// <param name="Degree">The polynomial's degree.</param>
/// <param name="ProductDepth">The depth of one product.</param>
/// <param name="Error">A certified bound of |network - function| in real arithmetic, the rounding of the input map apart.</param>
public sealed record ChebyshevNetwork(ReluNetwork Network, int Degree, int ProductDepth, double Error)
{
    private const int MostDegree = 60;

    /// <summary>The smallest network found that reaches an error, or the best of a depth.</summary>
    /// <param name="function">With enclosures, finite on the interval.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end.</param>
    /// <param name="error">The error to reach; 0 for the best of the depth.</param>
    /// <param name="depth">The most hidden layers.</param>
    /// <exception cref="OrthantInputException">No polynomial of degree 60 or less reaches the error.</exception>
    public static ChebyshevNetwork Of(TargetFunction function, double a, double b, double error, int depth)
    {
        ArgumentNullException.ThrowIfNull(function);
        ChebyshevNetwork? best = null;
        for (int degree = 1; degree <= MostDegree && degree <= depth; degree++)
        {
            double[] c = Interpolate(function, a, b, degree);
            if (c.Any(v => !double.IsFinite(v))) throw new OrthantInputException(function.ToString() ?? "function", "", "a pole or no value in the interval", "a function that is finite on the whole interval");
            // Samples tell which degrees are worth a proof.
            double seen = Enumerable.Range(0, 301).Max(i => Math.Abs(new Difference(function, c, a, b).Value(a + ((b - a) * (i / 300.0)))));
            if (error > 0 ? seen > 0.9 * error : seen > 0.8 * (best?.Error ?? double.PositiveInfinity)) continue;
            double rest = new ErrorBound(new Difference(function, c, a, b), 1e-2, 40_000).Of(new LinearSpline([a, b], [0, 0])).Bound;
            if (rest >= (best?.Error ?? double.PositiveInfinity)) continue;
            for (int m = 2; m <= 40 && degree * m <= depth; m++)
            {
                (ReluNetwork network, double products) = SpecialNetworks.Chebyshev(c, m, a, b);
                double total = ((Interval)rest + products).Upper;
                if (best is null || total < best.Error) best = new ChebyshevNetwork(network, degree, m, total);
                if (error > 0 && total <= error) return best;
                if (products < 0.01 * rest) break;
            }
        }
        if (best is null || (error > 0 && best.Error > error))
        {
            throw new OrthantInputException("command line", "--error", FormattableString.Invariant($"{error}"), FormattableString.Invariant($"at least {best?.Error ?? double.PositiveInfinity:G3} with products at this depth"));
        }
        return best;
    }

    private static double[] Interpolate(TargetFunction function, double a, double b, int degree)
    {
        int n = degree + 1;
        double[] f = [.. Enumerable.Range(0, n).Select(i => function.Value((0.5 * (a + b)) + (0.5 * (b - a) * Math.Cos(Math.PI * (i + 0.5) / n))))], c = new double[n];
        for (int k = 0; k < n; k++)
        {
            for (int i = 0; i < n; i++) c[k] += (k == 0 ? 1.0 : 2.0) / n * f[i] * Math.Cos(Math.PI * k * (i + 0.5) / n);
        }
        return c;
    }

    /// <summary>The function less the polynomial.</summary>
    private sealed class Difference(TargetFunction function, double[] c, double a, double b) : TargetFunction
    {
        public override bool HasEnclosures => true;

        public override double Value(double x) => Range(x).Midpoint;

        public override Interval Range(Interval x) => function.Range(x) - Polynomial(Jet.Variable(x)).Value;

        public override Jet Enclose(Interval x) => function.Enclose(x) - Polynomial(Jet.Variable(x));

        private Jet Polynomial(Jet x)
        {
            Interval width = (Interval)b - a;
            Jet t = ((x - Jet.Constant(a)) * Jet.Constant(2 / width)) - Jet.Constant(1), first = Jet.Constant(0), second = first;
            for (int k = c.Length - 1; k >= 1; k--) (first, second) = (Jet.Constant(c[k]) + (Jet.Constant(2) * t * first) - second, first);
            return Jet.Constant(c[0]) + (t * first) - second;
        }
    }
}
