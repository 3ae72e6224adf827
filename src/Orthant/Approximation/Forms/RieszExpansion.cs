using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Approximation;

/// <summary>A term γ·C(kx) or γ·S(kx) of the Riesz basis of hats.</summary>
/// <param name="IsSine">Whether it is S.</param>
/// <param name="Frequency">k, at least 1.</param>
/// <param name="Coefficient">γ.</param>
public readonly record struct RieszTerm(bool IsSine, int Frequency, double Coefficient);

/// <summary>Expansions in 1, C(kx), S(kx) on [0, 1], the piecewise-linear counterpart of Fourier series.</summary>
/// <remarks>cos(2πkx) = (π²/8) Σ μ(m) m⁻² C(mkx) over odd m, and with the character χ₄(m) for sines: Möbius inversion of the hats' own Fourier
/// series. √3·C_k and √3·S_k with 1 are a Riesz basis of L₂[0, 1] with bounds 2/3 and 3/2, so the largest coefficients are near the best terms.</remarks>
public sealed class RieszExpansion
{
    private const int Samples = 8192, Frequencies = 512;

    private RieszExpansion(double constant, ImmutableArray<RieszTerm> terms) => (Constant, Terms) = (constant, terms);

    /// <summary>The mean.</summary>
    public double Constant { get; }

    /// <summary>The terms, the largest first.</summary>
    public ImmutableArray<RieszTerm> Terms { get; }

    /// <summary>Expands a function, from 8192 samples, to frequency 512, and keeps the largest terms.</summary>
    /// <param name="function">Defined on [0, 1].</param>
    /// <param name="terms">How many, at least 1.</param>
    public static RieszExpansion Of(TargetFunction function, int terms)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(terms);
        double[] f = [.. Enumerable.Range(0, Samples).Select(i => function.Value((i + 0.5) / Samples))];
        double[] cosine = new double[Frequencies + 1], sine = new double[Frequencies + 1];
        for (int k = 1; k <= Frequencies; k++)
        {
            for (int i = 0; i < Samples; i++)
            {
                // The phase is reduced in whole numbers, so that high frequencies lose nothing.
                (double s, double c) = Math.SinCos(Math.PI * ((long)k * ((2 * i) + 1) % (2L * Samples)) / Samples);
                cosine[k] += 2 * f[i] * c / Samples;
                sine[k] += 2 * f[i] * s / Samples;
            }
        }
        List<RieszTerm> all = [];
        for (int n = 1; n <= Frequencies; n++)
        {
            double c = 0, s = 0;
            for (int m = 1; m <= n; m += 2)
            {
                if (n % m != 0 || Moebius(m) is not (int mu and not 0)) continue;
                double weight = Math.PI * Math.PI / 8 * mu / ((double)m * m);
                c += weight * cosine[n / m];
                s += weight * (m % 4 == 1 ? 1 : -1) * sine[n / m];
            }
            all.Add(new RieszTerm(false, n, c));
            all.Add(new RieszTerm(true, n, s));
        }
        return new RieszExpansion(f.Average(), [.. all.OrderByDescending(t => Math.Abs(t.Coefficient)).Take(terms)]);
    }

    /// <summary>The mean with the first terms alone.</summary>
    /// <param name="terms">How many, at least 1.</param>
    public RieszExpansion Largest(int terms)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(terms);
        return new RieszExpansion(Constant, [.. Terms.Take(terms)]);
    }

    /// <summary>The hidden layers of the expansion's network: Σ(⌈log₂ k⌉ + 1), with k + 3/4 for S(kx).</summary>
    public int Depth => Terms.Sum(t => (int)Math.Ceiling(Math.Log2(t.Frequency + (t.IsSine ? 0.75 : 0))) + 1);

    /// <summary>The sum of the terms.</summary>
    /// <param name="x">In [0, 1].</param>
    public double Evaluate(double x)
    {
        double sum = Constant;
        foreach (RieszTerm term in Terms)
        {
            double turn = (term.Frequency * x) + (term.IsSine ? 0.75 : 0);
            sum += term.Coefficient * ((4 * Math.Abs(turn - Math.Floor(turn) - 0.5)) - 1);
        }
        return sum;
    }

    /// <summary>The expansion as one network: width 4 (source, collation, two for the hats), depth Σ(⌈log₂ k⌉ + 1).</summary>
    public ReluNetwork ToNetwork()
    {
        LayerStack stack = new(ElementType.Float64);
        // All that is collected stays above minus the sum of what is to come and what has been.
        double shift = Terms.Sum(t => Math.Abs(t.Coefficient)) + Math.Abs(Constant);
        List<(int, double)> collated = [];
        double collatedBias = Constant + shift;
        int source = 0;
        foreach (RieszTerm term in Terms)
        {
            double phase = term.IsSine ? 0.75 : 0;
            int doublings = (int)Math.Ceiling(Math.Log2(term.Frequency + phase));
            double s = Math.ScaleB(term.Frequency, -doublings), t = Math.ScaleB(phase, -doublings);
            for (int k = 0; k <= doublings; k++)
            {
                stack.Neuron(0, (source, 1));
                stack.Neuron(k == 0 ? collatedBias : 0, k == 0 ? [.. collated] : [(1, 1)]);
                if (k == 0)
                {
                    stack.Neuron(t, (source, s));
                    stack.Neuron(t - 0.5, (source, s));
                }
                else
                {
                    stack.Neuron(0, (2, 2), (3, -4));
                    stack.Neuron(-0.5, (2, 2), (3, -4));
                }
                stack.EndLayer();
                source = 0;
            }
            // γ·(1 - 2H).
            collated = [(1, 1), (2, -4 * term.Coefficient), (3, 8 * term.Coefficient)];
            collatedBias = term.Coefficient;
        }
        stack.Neuron(collatedBias - shift, [.. collated]);
        return stack.ToNetwork($"{Terms.Length} terms of the Riesz basis");
    }

    private static int Moebius(int n)
    {
        int sign = 1;
        for (int p = 2; p * p <= n; p++)
        {
            if (n % p != 0) continue;
            n /= p;
            if (n % p == 0) return 0;
            sign = -sign;
        }
        return n > 1 ? -sign : sign;
    }
}
