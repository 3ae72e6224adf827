using System.Collections.Immutable;
using System.Globalization;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>The law of the inputs of a <see cref="SampleFamily"/>; each has mean 0 and covariance I.</summary>
public enum InputLaw
{
    /// <summary>Independent standard normal numbers.</summary>
    Normal,

    /// <summary>Independent uniform numbers on (−√3, √3): neither normal nor elliptical.</summary>
    Uniform,

    /// <summary>Student's t with 6 degrees of freedom, scaled: elliptical with heavy tails.</summary>
    StudentT,
}

/// <summary>A function of a few hidden directions of its inputs that is hard, or a trap, for a method that learns from samples.</summary>
/// <remarks>The function f acts on u = V x with V orthonormal, k × d, drawn with the samples. Targets are divided by f's standard
/// deviation. Sources: alternating plane, I. Diakonikolas, D. Kane, V. Kontonis and N. Zarifis, arXiv 2006.12476; parity, S. Goel, A.
/// Gollakota, Z. Jin, S. Karmalkar and A. Klivans, arXiv 2006.12011; the others are made for this toolkit.</remarks>
public sealed class SampleFamily
{
    private readonly Func<double[], double> function;
    private readonly Lazy<double> scale;

    private SampleFamily(string name, int dimension, string description, Func<double[], double> function, double noise = 0,
        InputLaw law = InputLaw.Normal)
    {
        Name = name;
        Dimension = dimension;
        Description = description;
        this.function = function;
        Noise = noise;
        Law = law;
        scale = new Lazy<double>(Deviation);
    }

    /// <summary>Its name on the command line.</summary>
    public string Name { get; }

    /// <summary>The number of hidden directions, k.</summary>
    public int Dimension { get; }

    /// <summary>What it is.</summary>
    public string Description { get; }

    /// <summary>The standard deviation of the noise on a target whose own one is 1.</summary>
    public double Noise { get; }

    /// <summary>The law of the inputs.</summary>
    public InputLaw Law { get; }

    /// <summary>f's standard deviation on normal inputs, from 200,000 of them; 1 for a constant.</summary>
    public double Scale => scale.Value;

    /// <summary>The names that <see cref="Parse"/> knows, and what they are.</summary>
    public static ImmutableArray<(string Name, string Description)> Names { get; } =
    [
        ("altplane4", "8 units of alternating sign in a hidden plane (altplane2, 4, 6, 8, …)"),
        ("parity4", "16 units in 4 hidden directions, one parity (parity2, 4, 6)"),
        ("multiscale", "an alternating plane and a second one, 20 times weaker"),
        ("gated", "a direction that acts only where another one is positive"),
        ("lattice", "max(min(u1,u2), min(u3, min(−u1, u4 + u2/2)))"),
        ("deep3", "3 hidden layers of 6 units on 3 hidden directions"),
        ("deep3bias", "the same with biases"),
        ("dependent", "5 pairs of nearly parallel units that nearly cancel"),
        ("generic4", "4 units on 4 hidden directions"),
        ("six", "12 units on 6 hidden directions"),
        ("bump", "a bump that is zero on most of the mass"),
        ("sawtooth", "a triangle wave that no efficient method learns"),
        ("null", "noise that does not depend on the inputs"),
    ];

    /// <summary>F_m = Σ (−1)ⁱ ReLU(⟨w_i, u⟩) over 2m directions of a plane at equal angles: all Hermite moments of degree below m
    /// vanish.</summary>
    /// <param name="m">Even, from 2 to 64.</param>
    /// <exception cref="ArgumentException">m is odd or out of range: the sum would be linear, or zero.</exception>
    public static SampleFamily AlternatingPlane(int m)
    {
        if (m is < 2 or > 64 || m % 2 != 0)
        {
            throw new ArgumentException($"An alternating plane has an even m from 2 to 64, not {m}.", nameof(m));
        }
        return new SampleFamily($"altplane{m}", 2, $"{2 * m} units of alternating sign in a hidden plane", u => Plane(u[0], u[1], m));
    }

    /// <summary>Σ over signs s ∈ {−1, 1}ᵏ of Π s_j · ReLU(⟨s, u⟩/√k): all Hermite moments of degree below k vanish.</summary>
    /// <param name="k">Even, from 2 to 12.</param>
    /// <exception cref="ArgumentException">k is odd or out of range: the sum would be linear, or zero.</exception>
    public static SampleFamily Parity(int k)
    {
        if (k is < 2 or > 12 || k % 2 != 0) throw new ArgumentException($"A parity has an even k from 2 to 12, not {k}.", nameof(k));
        return new SampleFamily($"parity{k}", k, $"{1 << k} units in {k} hidden directions, one parity", u =>
        {
            double sum = 0;
            for (int s = 0; s < 1 << k; s++)
            {
                double inner = 0;
                for (int j = 0; j < k; j++) inner += ((s >> j) & 1) != 0 ? u[j] : -u[j];
                // The product of the signs: one factor −1 for each bit that is not set.
                sum += ((k - int.PopCount(s)) % 2 == 0 ? 1 : -1) * Relu(inner / Math.Sqrt(k));
            }
            return sum;
        });
    }

    /// <summary>F₄(u₁, u₂) + F₂(u₃, u₄)/20: only the residual of a first round shows the second plane.</summary>
    public static SampleFamily MultiScale { get; } =
        new("multiscale", 4, "two hidden planes, the second 20 times weaker", u => Plane(u[0], u[1], 4) + (0.05 * Plane(u[2], u[3], 2)));

    /// <summary>ReLU(|u₁| − |u₂|) + min(ReLU(u₁ − |u₂|), |u₃|)/2.</summary>
    public static SampleFamily Gated { get; } = new("gated", 3, "a third direction that acts only in a cone", u =>
        Relu(Math.Abs(u[0]) - Math.Abs(u[1])) + (0.5 * Math.Min(Relu(u[0] - Math.Abs(u[1])), Math.Abs(u[2]))));

    /// <summary>max(min(u₁, u₂), min(u₃, −u₁, u₄ + u₂/2)).</summary>
    public static SampleFamily Lattice { get; } = new("lattice", 4, "a lattice polynomial of 5 pieces", u =>
        Math.Max(Math.Min(u[0], u[1]), Math.Min(u[2], Math.Min(-u[0], u[3] + (0.5 * u[1])))));

    /// <summary>ReLU(0.6 − max(|u₁ − 0.8|, |u₂|)).</summary>
    public static SampleFamily Bump { get; } = new(
        "bump", 2, "a bump that is zero on most of the mass", u => Relu(0.6 - Math.Max(Math.Abs(u[0] - 0.8), Math.Abs(u[1]))));

    /// <summary>|frac(1.5 u) − 1/2|: its signal in first and second moments is exponentially small.</summary>
    public static SampleFamily Sawtooth { get; } = new("sawtooth", 1, "a triangle wave of high frequency", u =>
        Math.Abs((1.5 * u[0]) - Math.Floor(1.5 * u[0]) - 0.5));

    /// <summary>Standard normal noise.</summary>
    public static SampleFamily Null { get; } = new("null", 0, "noise that does not depend on the inputs", _ => 0, noise: 1);

    /// <summary>Three hidden layers of six units on three hidden directions.</summary>
    /// <param name="hasBiases">Whether the first two layers have biases, and the function is not homogeneous.</param>
    /// <param name="seed">The seed of the weights.</param>
    public static SampleFamily Deep(bool hasBiases, ulong seed)
    {
        RandomStream random = new(seed, 0xDEE9);
        double[][] a = UnitColumns(random, 3, 6), b = Normals(random, 6, 6, Math.Sqrt(2.0 / 6)),
            c = Normals(random, 6, 6, Math.Sqrt(2.0 / 6));
        double[] last = [.. Normals(random, 1, 6, 2 / Math.Sqrt(6))[0]];
        double[] first = [.. Normals(random, 1, 6, hasBiases ? 0.7 : 0)[0]], second = [.. Normals(random, 1, 6, hasBiases ? 0.5 : 0)[0]];
        return Deep(hasBiases ? "deep3bias" : "deep3", a, first, b, second, c, last);
    }

    /// <summary>Σ ±5 ReLU(⟨w, u⟩) over five random directions of a plane and five that are turned from them by 0.08.</summary>
    /// <param name="seed">The seed of the directions.</param>
    public static SampleFamily Dependent(ulong seed)
    {
        RandomStream random = new(seed, 0xDE9);
        double[] angles = new double[10], signs = new double[10];
        for (int i = 0; i < 5; i++)
        {
            angles[i] = random.NextDouble(0, 2 * Math.PI);
            angles[i + 5] = angles[i] + 0.08;
            signs[i] = 5;
            signs[i + 5] = -5;
        }
        return Dependent(angles, signs);
    }

    /// <summary>Units with random directions of length 1 and signs ±1.</summary>
    /// <param name="dimension">The number of hidden directions.</param>
    /// <param name="units">The number of units.</param>
    /// <param name="seed">The seed of directions and signs.</param>
    public static SampleFamily Units(int dimension, int units, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units);
        RandomStream random = new(seed, 0x51C);
        double[][] a = UnitColumns(random, dimension, units);
        double[] signs = [.. Enumerable.Range(0, units)
            .Select(i => dimension == units ? (i % 2 == 0 ? 1.0 : -1) : random.NextInt32(2) == 0 ? 1.0 : -1)];
        return OneLayer(dimension == 6 ? "six" : $"generic{dimension}", a, signs);
    }

    /// <summary>The family with a name, or null where there is none.</summary>
    /// <param name="name">One of <see cref="Names"/>, or altplane and parity with another even number.</param>
    /// <param name="seed">The seed of its weights, where it has any.</param>
    public static SampleFamily? Parse(string name, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Number(name, "altplane") is int m) return m is >= 2 and <= 64 && m % 2 == 0 ? AlternatingPlane(m) : null;
        if (Number(name, "parity") is int k) return k is >= 2 and <= 12 && k % 2 == 0 ? Parity(k) : null;
        return name switch
        {
            "multiscale" => MultiScale,
            "gated" => Gated,
            "lattice" => Lattice,
            "bump" => Bump,
            "sawtooth" => Sawtooth,
            "null" => Null,
            "deep3" => Deep(false, seed),
            "deep3bias" => Deep(true, seed),
            "dependent" => Dependent(seed),
            "generic4" => Units(4, 4, seed),
            "six" => Units(6, 12, seed),
            _ => null,
        };
    }

    /// <summary>The family with noise on its targets.</summary>
    /// <param name="deviation">The noise's standard deviation, where the function's own is 1; 0 or more.</param>
    public SampleFamily WithNoise(double deviation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        return new SampleFamily(Name, Dimension, Description, function, deviation, Law);
    }

    /// <summary>The family with inputs of another law.</summary>
    /// <param name="law">The law.</param>
    public SampleFamily WithInputs(InputLaw law) => new(Name, Dimension, Description, function, Noise, law);

    /// <summary>The value at a point, divided by <see cref="Scale"/>, without noise.</summary>
    /// <param name="u">k coordinates.</param>
    public double Evaluate(ReadOnlySpan<double> u)
    {
        if (u.Length != Dimension)
        {
            throw new ArgumentException($"A point of {Name} has {Dimension} coordinates, not {u.Length}.", nameof(u));
        }
        return function(u.ToArray()) / Scale;
    }

    /// <summary>Draws hidden directions and samples.</summary>
    /// <param name="rows">The number of rows, at least 1.</param>
    /// <param name="inputs">d, at least k.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="basis">The hidden directions to use, k × d with orthonormal rows; null draws them.</param>
    /// <exception cref="ArgumentException">d is less than k, or the basis is of another size.</exception>
    public FamilySample Draw(int rows, int inputs, ulong seed, double[]? basis = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        if (inputs < Math.Max(1, Dimension))
        {
            throw new ArgumentException($"{Name} needs {Math.Max(1, Dimension)} inputs or more, not {inputs}.", nameof(inputs));
        }
        if (basis is null)
        {
            double[] start = new double[Dimension * inputs];
            new RandomStream(seed, 1).FillNormals(start);
            basis = Subspace.Span(inputs, start).Rows;
        }
        if (basis.Length != Dimension * inputs)
        {
            throw new ArgumentException($"A basis of {Dimension} × {inputs} numbers is needed, not {basis.Length}.", nameof(basis));
        }
        RandomStream random = new(seed, 2), noise = new(seed, 3);
        float[] x = new float[checked(rows * inputs)];
        double[] y = new double[rows], u = new double[Dimension];
        for (int r = 0; r < rows; r++)
        {
            Span<float> row = x.AsSpan(r * inputs, inputs);
            DrawRow(random, row);
            for (int j = 0; j < u.Length; j++)
            {
                double sum = 0;
                for (int i = 0; i < inputs; i++) sum += basis[(j * inputs) + i] * row[i];
                u[j] = sum;
            }
            y[r] = (function(u) / Scale) + (Noise > 0 ? Noise * noise.NextNormal() : 0);
        }
        return new FamilySample(new SampleArray(x, y, Name), [.. basis]);
    }

    internal static SampleFamily OneLayer(string name, double[][] columns, double[] outer) =>
        new(name, columns.Length, $"{outer.Length} units on {columns.Length} hidden directions", u =>
    {
        double sum = 0;
        for (int j = 0; j < outer.Length; j++) sum += outer[j] * Relu(Inner(u, columns, j));
        return sum;
    });

    internal static SampleFamily Dependent(double[] angles, double[] signs) =>
        new("dependent", 2, "nearly parallel units that nearly cancel", u =>
    {
        double sum = 0;
        for (int i = 0; i < angles.Length; i++) sum += signs[i] * Relu((Math.Cos(angles[i]) * u[0]) + (Math.Sin(angles[i]) * u[1]));
        return sum;
    });

    internal static SampleFamily Deep(
        string name, double[][] a, double[] first, double[][] b, double[] second, double[][] c, double[] last) =>
        new(name, a.Length, "3 hidden layers of 6 units on 3 hidden directions", u =>
        {
            double[] h = Layer(u, a, first);
            h = Layer(h, b, second);
            h = Layer(h, c, new double[c[0].Length]);
            double sum = 0;
            for (int i = 0; i < last.Length; i++) sum += last[i] * h[i];
            return sum;
        });

    private static double[] Layer(double[] x, double[][] columns, double[] bias)
    {
        double[] h = new double[bias.Length];
        for (int j = 0; j < h.Length; j++) h[j] = Relu(Inner(x, columns, j) + bias[j]);
        return h;
    }

    private static double Inner(double[] x, double[][] columns, int j)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += x[i] * columns[i][j];
        return sum;
    }

    private void DrawRow(RandomStream random, Span<float> row)
    {
        double scale = 1;
        if (Law == InputLaw.StudentT)
        {
            // χ² with 6 degrees of freedom as a sum of three exponential numbers: √((ν − 2)/χ²) gives covariance I.
            double chi = -2 * Math.Log(random.NextOpenDouble() * random.NextOpenDouble() * random.NextOpenDouble());
            scale = Math.Sqrt(4 / chi);
        }
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = Law == InputLaw.Uniform ? (float)random.NextDouble(-Math.Sqrt(3), Math.Sqrt(3)) : (float)(scale * random.NextNormal());
        }
    }

    private double Deviation()
    {
        if (Dimension == 0) return 1;
        const int samples = 200_000;
        RandomStream random = new(12345);
        double[] u = new double[Dimension], values = new double[samples];
        for (int s = 0; s < samples; s++)
        {
            random.FillNormals(u);
            values[s] = function(u);
        }
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        return deviation > 0 ? deviation : 1;
    }

    private static double Plane(double a, double b, int m)
    {
        double sum = 0;
        for (int i = 0; i < 2 * m; i++)
        {
            (double sin, double cos) = Math.SinCos(Math.PI * i / m);
            double value = Relu((cos * a) + (sin * b));
            sum += i % 2 == 0 ? value : -value;
        }
        return sum;
    }

    private static double Relu(double x) => Math.Max(0, x);

    private static double[][] UnitColumns(RandomStream random, int rows, int columns)
    {
        double[][] a = Normals(random, rows, columns, 1);
        for (int j = 0; j < columns; j++)
        {
            double norm = Math.Sqrt(a.Sum(row => row[j] * row[j]));
            foreach (double[] row in a) row[j] /= norm;
        }
        return a;
    }

    private static double[][] Normals(RandomStream random, int rows, int columns, double scale) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => scale * random.NextNormal()).ToArray())];

    private static int? Number(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : null;
}

/// <summary>Samples of a <see cref="SampleFamily"/> and the directions that are hidden in them.</summary>
/// <param name="Samples">Inputs and targets.</param>
/// <param name="Basis">The hidden directions, k × d, row-major.</param>
public sealed record FamilySample(SampleArray Samples, ImmutableArray<double> Basis);
