using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>The checker's own forward pass through a sequence: in rationals where the law allows it, in intervals always.</summary>
internal sealed class SequenceMath
{
    private readonly SequenceData data;
    private readonly ActivationMath activation;
    private readonly ActivationMath[] branch;

    public SequenceMath(SequenceData data, Verification v)
    {
        this.data = data;
        activation = new ActivationMath(data.Activation, v);
        branch = [.. (data.Tail.Branch ?? []).Select(l => new ActivationMath(l.Activation, v))];
        v.Require(data.InputBox.Length > 0 && data.InputBox.All(s => s.Length == 2 && s[0] <= s[1]), "the input box has ordered sides");
        int width = data.First?.Outputs ?? data.InputBox.Length;
        foreach (AffineMap map in data.Prefix.Append(data.First!).Append(data.Tail.Layer!).Append(data.Tail.Direction!).Where(m => m is not null))
        {
            v.Require(map.Bias.Length == map.Outputs && map.Weights.All(r => r.Length == map.Inputs), "weights are rectangular, with a bias a row");
        }
        v.Require(data.First is null || data.First.Inputs == data.InputBox.Length, "the first layer reads the inputs");
        foreach (AffineMap map in data.Prefix)
        {
            v.Require(map.Inputs == width, "the prefix is a chain");
            width = map.Outputs;
        }
        foreach (AffineMap? map in new[] { data.Tail.Layer, data.Tail.Direction })
        {
            v.Require(map is null || (map.Inputs == width && map.Outputs == width), "the tail is square and as wide as what it reads");
        }
        v.Require(data.Tail.Kind is not ("power" or "logPower" or "residual") || data.Tail.Exponent is { Sign: > 0 }, "the exponent is positive");
        v.Require(data.Tail.Ratio is null || (Rational.Abs(data.Tail.Ratio.Value) < 1 && !data.Tail.Ratio.Value.IsZero), "the ratio lies inside (-1, 1)");
        Width = width;
    }

    /// <summary>The width at the start of the tail.</summary>
    public int Width { get; }

    public ActivationMath Activation => activation;

    public bool IsPoint => data.InputBox.All(s => s[0] == s[1]);

    /// <summary>The exact state after the prefix, for a box that is a point.</summary>
    public Rational[] ExactStart()
    {
        Rational[] x = [.. data.InputBox.Select(s => s[0])];
        if (data.First is not null) x = Exact(data.First, x);
        foreach (AffineMap map in data.Prefix) x = Exact(map, x);
        return x;
    }

    /// <summary>An enclosure of the states after the prefix.</summary>
    public Interval[] Start()
    {
        Interval[] x = [.. data.InputBox.Select(s => Interval.Hull(Interval.FromRational(s[0]), Interval.FromRational(s[1])))];
        if (data.First is not null) x = Enclose(data.First, x);
        foreach (AffineMap map in data.Prefix) x = Enclose(map, x);
        return x;
    }

    /// <summary>The exact state after layer n of the tail, or null where the layer has irrational entries.</summary>
    public Rational[]? ExactStep(int n, Rational[] x)
    {
        if (data.Tail.Kind == "tied") return Exact(data.Tail.Layer!, x);
        if (data.Tail.Kind is not ("power" or "geometric") || ExactSize(n) is not Rational h) return null;
        Rational[] d = Apply(data.Tail.Direction!, x);
        return [.. x.Select((xi, i) => activation.Exact(xi + h * d[i]))];
    }

    /// <summary>An enclosure of the state after layer n of the tail.</summary>
    public Interval[] Step(int n, Interval[] x)
    {
        TailData tail = data.Tail;
        switch (tail.Kind)
        {
            case "tied":
                return Enclose(tail.Layer!, x);
            case "power" or "geometric" or "logPower":
                Interval h = Size(n);
                Interval[] d = Apply(tail.Direction!, x);
                return [.. x.Select((xi, i) => activation.Enclose(xi + h * d[i]))];
            case "residual":
                Interval[] y = x;
                for (int l = 0; l < branch.Length; l++) y = [.. Apply(tail.Branch![l].Map, y).Select(branch[l].Enclose)];
                Interval step = Size(n);
                return [.. x.Select((xi, i) => activation.Enclose(xi + step * y[i]))];
            case "convolution":
                Interval q = Size(n);
                Interval[] wide = new Interval[x.Length + tail.Mask!.Length - 1];
                for (int i = 0; i < wide.Length; i++)
                {
                    Interval sum = i < x.Length ? x[i] : 0;
                    for (int j = 0; j < tail.Mask.Length; j++)
                    {
                        if (i - j >= 0 && i - j < x.Length) sum += q * Interval.FromRational(tail.Mask[j]) * x[i - j];
                    }
                    wide[i] = activation.Enclose(i == 0 ? sum + q * Interval.FromRational(tail.FirstBias ?? 0) : sum);
                }
                return wide;
            default:
                throw new RefusedException($"not so: a tail of kind {tail.Kind} can be followed");
        }
    }

    /// <summary>h_n, with its sign.</summary>
    public Interval Size(int n)
    {
        if (ExactSize(n) is Rational exact) return Interval.FromRational(exact);
        Interval e = Interval.FromRational(data.Tail.Exponent!.Value);
        if (data.Tail.Kind == "logPower")
        {
            Interval log = Interval.Log(n + 1.0);
            return (Interval)1 / ((n + 1.0) * Interval.Exp(e * Interval.Log(log)));
        }
        Interval size = Interval.Exp(-e * Interval.Log(Interval.FromRational(n + (data.Tail.Shift ?? 0))));
        return data.Tail.Alternating && n % 2 == 0 ? -size : size;
    }

    /// <summary>An upper bound of Σ |h_i| over i &gt; n: a hundred terms, then the integral from the midpoint, which is larger because
    /// |h| is convex; infinite where the law does not make it finite.</summary>
    public double SumBeyond(int n)
    {
        if (data.Tail.Ratio is Rational q)
        {
            Rational a = Rational.Abs(q);
            return Interval.FromRational(Rational.Pow(a, n + 1) / (1 - a)).Upper;
        }
        Rational p = data.Tail.Exponent!.Value;
        if (p <= 1) return double.PositiveInfinity;
        Interval sum = 0;
        const int terms = 100;
        for (int i = n + 1; i <= n + terms; i++) sum += Interval.Abs(Size(i));
        Interval from = Interval.FromRational(n + terms + Rational.Half + (data.Tail.Kind == "logPower" ? 1 : data.Tail.Shift ?? 0));
        Interval less = Interval.FromRational(1 - p);
        Interval argument = data.Tail.Kind == "logPower" ? Interval.Log(from) : from;
        return (sum + Interval.Exp(less * Interval.Log(argument)) / Interval.FromRational(p - 1)).Upper;
    }

    private Rational? ExactSize(int n)
    {
        TailData tail = data.Tail;
        if (tail.Ratio is Rational q) return Rational.Pow(q, n);
        if (tail.Kind == "logPower" || tail.Exponent is not { IsInteger: true } p || p > 64) return null;
        Rational size = Rational.Pow(n + (tail.Shift ?? 0), -(int)p.Numerator);
        return tail.Alternating && n % 2 == 0 ? -size : size;
    }

    private Rational[] Exact(AffineMap map, Rational[] x) => [.. Apply(map, x).Select(activation.Exact)];

    private Interval[] Enclose(AffineMap map, Interval[] x) => [.. Apply(map, x).Select(activation.Enclose)];

    public static Rational[] Apply(AffineMap map, Rational[] x) => [.. map.Weights.Select((row, i) => ExactMatrices.Dot(row, x) + map.Bias[i])];

    private static Interval[] Apply(AffineMap map, Interval[] x)
    {
        Interval[] y = new Interval[map.Outputs];
        for (int i = 0; i < y.Length; i++)
        {
            Interval sum = Interval.FromRational(map.Bias[i]);
            for (int j = 0; j < x.Length; j++) sum += Interval.FromRational(map.Weights[i][j]) * x[j];
            y[i] = sum;
        }
        return y;
    }
}

/// <summary>An activation as the checker understands it.</summary>
internal sealed class ActivationMath
{
    private readonly string kind;
    private readonly Rational low;
    private readonly Rational high;

    public ActivationMath(string name, Verification v)
    {
        string[] parts = name.Split(':');
        kind = parts[0];
        string[] numbers = parts.Length > 1 ? parts[1].Split(',') : [];
        v.Require(kind switch
        {
            "relu" or "identity" or "sigmoid" or "tanh" => true,
            "leaky" => numbers.Length == 1 && Rational.TryParse(numbers[0], out low),
            "clip" => numbers.Length == 2 && Rational.TryParse(numbers[0], out low) && Rational.TryParse(numbers[1], out high) && low < high,
            _ => false,
        }, $"{name} is an activation");
    }

    public bool IsRelu => kind == "relu";

    /// <summary>Whether σ(σ(t)) = σ(t), |σ(u) − σ(v)| ≤ |u − v| and σ(0) = 0.</summary>
    public bool IsRetraction => kind is "relu" or "identity" || (kind == "clip" && low.Sign <= 0 && high.Sign >= 0);

    /// <summary>The slope left of zero of a leaky unit with 0 ≤ slope &lt; 1, else null.</summary>
    public Rational? LeakySlope => kind == "leaky" && low.Sign >= 0 && low < 1 ? low : null;

    /// <summary>Whether σ(u) − σ(v) = d (u − v) with some d in [0, 1].</summary>
    public bool SlopesLieInUnitInterval => IsRetraction || LeakySlope is not null || kind is "sigmoid" or "tanh";

    public Rational Lipschitz => kind switch { "sigmoid" => new Rational(1, 4), "leaky" => Rational.Max(1, Rational.Abs(low)), _ => 1 };

    public Rational Exact(Rational t) => kind switch
    {
        "relu" => Rational.Max(t, 0),
        "identity" => t,
        "leaky" => t.Sign > 0 ? t : low * t,
        "clip" => Rational.Min(Rational.Max(t, low), high),
        _ => throw new RefusedException($"not so: {kind} has rational values"),
    };

    public Interval Enclose(Interval t) => kind switch
    {
        "relu" => Interval.Max(t, 0),
        "identity" => t,
        "leaky" => t.Lower >= 0 ? t : t.Upper <= 0 ? Interval.FromRational(low) * t
            : Interval.Hull(Interval.FromRational(low) * new Interval(t.Lower, 0), new Interval(0, t.Upper)),
        "clip" => Interval.Min(Interval.Max(t, Interval.FromRational(low)), Interval.FromRational(high)),
        "sigmoid" => Interval.Sigmoid(t),
        _ => Interval.Tanh(t),
    };
}
