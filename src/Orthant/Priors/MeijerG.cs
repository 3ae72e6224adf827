using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>Meijer's function G^{m,0}_{0,m}(z | −; b₁, …, b_m) of positive z: the density of a product of independent gamma variables.</summary>
/// <remarks>G = (1/2πi) ∫ ∏ Γ(bⱼ + s) z^(−s) ds, a trapezoid sum on the vertical line through the saddle point, where nothing cancels. One
/// activity pattern m₁, …, m_{L−1} of a ReLU network has the density (2^L π τ²)^(−1/2) ∏ 1/Γ(mₗ/2) · G(f²/(2^L τ²) | 0, (m₁−1)/2, …)
/// (J. Zavatone-Veth and C. Pehlevan, 2021; L. Noci et al., 2021). Relative error about 10⁻¹³.</remarks>
public static class MeijerG
{
    /// <summary>G(z | b).</summary>
    /// <param name="b">Parameters b₁, …, b_m, finite; at least one.</param>
    /// <param name="z">A positive finite number.</param>
    /// <exception cref="OrthantInputException">A parameter or the argument is out of range.</exception>
    public static double Of(ReadOnlySpan<double> b, double z) => Math.Exp(Log(b, z));

    /// <summary>log G(z | b).</summary>
    /// <param name="b">Parameters b₁, …, b_m, finite; at least one.</param>
    /// <param name="z">A positive finite number.</param>
    /// <exception cref="OrthantInputException">A parameter or the argument is out of range.</exception>
    public static double Log(ReadOnlySpan<double> b, double z)
    {
        if (b.IsEmpty) throw new OrthantInputException("Meijer G", "parameters", "none", "at least one");
        double pole = double.NegativeInfinity;
        foreach (double parameter in b)
        {
            if (!double.IsFinite(parameter)) throw new OrthantInputException("Meijer G", "parameter", $"{parameter}", "a finite number");
            pole = Math.Max(pole, -parameter);
        }
        if (!(z > 0 && double.IsFinite(z))) throw new OrthantInputException("Meijer G", "argument", $"{z}", "a positive finite number");
        double logZ = Math.Log(z), c = Saddle(b, logZ, pole);
        double front = LogGammas(b, c).Real - c * logZ, curvature = 0;
        foreach (double parameter in b) curvature += ComplexGamma.Polygamma(1, parameter + c);
        // Each halving of the step about squares the aliasing error: a change of 1e-8 leaves one of 1e-16.
        double step = 1.2 / Math.Sqrt(curvature), sum = Half(b, c, logZ, front, step, step) + 0.5, before;
        do
        {
            before = sum * step;
            step *= 0.5;
            sum += Half(b, c, logZ, front, step, 2 * step);
        }
        while (Math.Abs(sum * step - before) > 1e-8 * Math.Abs(before));
        return front + Math.Log(sum * step / Math.PI);
    }

    /// <summary>The point right of all poles where Σ ψ(bⱼ + c) = log z.</summary>
    private static double Saddle(ReadOnlySpan<double> b, double logZ, double pole)
    {
        double low = 0, high = 1;
        while (Slope(b, pole + high) < logZ) (low, high) = (high, 2 * high);
        for (int i = 0; i < 60 && high - low > 1e-4 * high; i++)
        {
            double middle = 0.5 * (low + high);
            if (Slope(b, pole + middle) < logZ) low = middle;
            else high = middle;
        }
        return pole + 0.5 * (low + high);
    }

    private static double Slope(ReadOnlySpan<double> b, double c)
    {
        double sum = 0;
        foreach (double parameter in b) sum += ComplexGamma.Digamma(parameter + c);
        return sum;
    }

    private static Complex LogGammas(ReadOnlySpan<double> b, Complex s)
    {
        Complex sum = Complex.Zero;
        foreach (double parameter in b) sum += ComplexGamma.Log(parameter + s);
        return sum;
    }

    /// <summary>Σ Re of the integrand over t = first, first + spacing, …, divided by its value at t = 0.</summary>
    private static double Half(ReadOnlySpan<double> b, double c, double logZ, double front, double first, double spacing)
    {
        double sum = 0;
        int small = 0;
        for (double t = first; small < 3; t += spacing)
        {
            Complex log = LogGammas(b, new Complex(c, t)) - new Complex(c, t) * logZ - front;
            sum += Math.Exp(log.Real) * Math.Cos(log.Imaginary);
            small = log.Real < -41 ? small + 1 : 0;
        }
        return sum;
    }
}
