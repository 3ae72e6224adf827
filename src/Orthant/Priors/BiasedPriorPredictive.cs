namespace Orthant.Priors;

/// <summary>Laws of outputs and hidden units of a random network with normal biases, at one input.</summary>
/// <remarks>Biases break the product, but not the chain: given its variance V every unit is normal, and V' = b² + s² V Q with an independent
/// Q a layer. The law of V is carried through the layers as weights on a grid of log(V − b²), where it is smooth, plus one atom for a dead
/// layer, after which V is b² alone. Masses on both sides agreed to 2·10⁻¹² of themselves with nested sums for two hidden layers of up to nine
/// units (a test of the suite), and to 10⁻¹² with the product where there are no biases; without biases use <see cref="PriorPredictive"/>,
/// which is faster and sharper.</remarks>
public static class BiasedPriorPredictive
{
    private const int MostNodes = 20_000;

    /// <summary>The law of one output.</summary>
    /// <param name="network">The random network; layers of independent weights.</param>
    /// <param name="inputNorm">Euclidean norm of the input, finite and not negative.</param>
    /// <exception cref="OrthantInputException">The norm is out of range, or a layer is orthogonal.</exception>
    public static NormalVarianceMixture Of(PriorNetwork network, double inputNorm) => Of(network, inputNorm, PriorQuantity.Output);

    /// <summary>The law of a quantity of the network: given the variance that reaches its layer, the units there are independent normal
    /// numbers.</summary>
    /// <param name="network">The random network; layers of independent weights up to the quantity.</param>
    /// <param name="inputNorm">Euclidean norm of the input, finite and not negative.</param>
    /// <param name="quantity">One output or the norm of all; a hidden unit or the norm of its layer before the activation; a unit of a ReLU or
    /// linear layer after it.</param>
    /// <exception cref="OrthantInputException">The norm is out of range, a layer is orthogonal, or the quantity is another one.</exception>
    public static NormalVarianceMixture Of(PriorNetwork network, double inputNorm, PriorQuantity quantity)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (!double.IsFinite(inputNorm) || inputNorm < 0)
        {
            throw new OrthantInputException("prior", "input norm", FormattableString.Invariant($"{inputNorm}"), "a finite number, at least 0");
        }
        bool isOutput = quantity.Kind is PriorQuantityKind.Output or PriorQuantityKind.OutputNorm;
        if (!isOutput && (quantity.Layer < 1 || quantity.Layer > network.Hidden.Count))
        {
            throw new OrthantInputException("prior", "hidden layer", $"{quantity.Layer}", $"1 to {network.Hidden.Count}");
        }
        PriorLayer? last = isOutput ? null : network.Hidden[quantity.Layer - 1];
        bool isAfter = quantity.Kind == PriorQuantityKind.PostActivation, isWhole = last is { KeepProbability: 1, Kind: PriorLayerKind.Relu or PriorLayerKind.Linear };
        if (quantity.Kind == PriorQuantityKind.PostActivationNorm || (isAfter && !isWhole))
        {
            throw new OrthantInputException("prior", "quantity", isAfter ? $"a unit after a {last!.Kind} layer" : $"{quantity.Kind}",
                "with biases, outputs, their norm, a layer before its activation, or a unit after ReLU without dropout");
        }
        List<(double Weight, double Norm)> law = [(1, inputNorm * inputNorm)];
        for (int l = 0; l < (isOutput ? network.Hidden.Count : quantity.Layer - 1); l++)
        {
            PriorLayer layer = Independent(network, l);
            // The variance of the layer's units, then the squared norm they pass on.
            law = PassOn(Shifted(law, layer.WeightStd, layer.BiasStd), layer);
        }
        if (last is not null) last = Independent(network, quantity.Layer - 1);
        int components = quantity.Kind switch
        {
            PriorQuantityKind.OutputNorm => network.Outputs,
            PriorQuantityKind.PreActivationNorm => last!.Width,
            _ => 1,
        };
        return new NormalVarianceMixture(Shifted(law, last?.WeightStd ?? network.ReadOutStd, last?.BiasStd ?? network.ReadOutBiasStd), components,
            isAfter && last!.Kind == PriorLayerKind.Relu);
    }

    private static PriorLayer Independent(PriorNetwork network, int index)
    {
        PriorLayer layer = network.Hidden[index];
        return layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear
            ? throw new OrthantInputException("prior", $"hidden layer {index + 1}", $"{layer.Kind}", "independent weights where there are biases")
            : layer;
    }

    private static List<(double Weight, double Variance)> Shifted(List<(double Weight, double Norm)> law, double weightStd, double biasStd) =>
        [.. law.Select(part => (part.Weight, biasStd * biasStd + weightStd * weightStd * part.Norm))];

    /// <summary>The law of the squared norm V Q after a layer whose units have the variance V.</summary>
    private static List<(double Weight, double Norm)> PassOn(List<(double Weight, double Variance)> variances, PriorLayer layer)
    {
        double dead = variances.Where(part => part.Variance == 0).Sum(part => part.Weight);
        (double Weight, double Log)[] living = [.. variances.Where(part => part.Variance > 0).Select(part => (part.Weight, Math.Log(part.Variance)))];
        PriorStack stack = PriorStack.Of(new PriorNetwork(1, [layer with { WeightStd = 1, BiasStd = 0 }], 1, 1), PriorQuantity.PostActivationNorm(1));
        if (stack.IsDead || living.Length == 0) return [(1, 0)];
        MellinLaw law = new(stack.Factors);
        double scale = 2 * stack.LogScale.Hi;
        List<(double Weight, double Norm)> result = [(dead + (1 - dead) * (1 - Math.Exp(law.LogAlive)), 0)];
        // log Q = scale + 2 log R; its density is half that of log R. The step resolves the layer's own spread, which bounds the
        // smoothness of the sum of logarithms.
        double step = Math.Min(0.2, 2 * Math.Sqrt(law.LogVariance) / 3.5);
        (double first, double last) = Support(law, step);
        double from = living.Min(part => part.Log) + scale + first, to = living.Max(part => part.Log) + scale + last;
        int nodes = (int)Math.Ceiling((to - from) / step) + 1;
        if (nodes > MostNodes)
        {
            throw new OrthantInputException("prior", "layers", $"{nodes} nodes in the chain", $"widths and biases that need at most {MostNodes}");
        }
        LogDensityTable density = new(law, first, last);
        Array.Sort(living, (a, b) => a.Log.CompareTo(b.Log));
        int near = 0;
        for (int i = 0; i <= nodes; i++)
        {
            double w = from + i * step, sum = 0;
            // Only variances from which the layer's spread leads here.
            while (near < living.Length && w - living[near].Log - scale > last) near++;
            for (int n = near; n < living.Length && w - living[n].Log - scale >= first; n++)
            {
                sum += living[n].Weight * Math.Exp(density.At(w - living[n].Log - scale));
            }
            if (sum > 0) result.Add((0.5 * step * sum, Math.Exp(w)));
        }
        return result;
    }

    /// <summary>The range of log Q that holds all of its mass to 10⁻¹⁸, and its upper tail as far as doubles go.</summary>
    private static (double First, double Last) Support(MellinLaw law, double step)
    {
        double centre = 2 * law.LogMean, first = centre, last = centre;
        while (law.LogDensity(0.5 * first).Hi - law.LogAlive > -43) first -= step;
        while (law.LogDensity(0.5 * last).Hi - law.LogAlive > -300) last += step;
        return (first, last);
    }
}

/// <summary>The log-density of log R at q/2 for many q, by Chebyshev polynomials on panels narrower than the spread of log Q.</summary>
internal sealed class LogDensityTable
{
    private const int Degree = 17;

    private readonly double _first;
    private readonly double _width;
    private readonly double[] _coefficients;

    public LogDensityTable(MellinLaw law, double first, double last)
    {
        _first = first;
        int panels = Math.Max(1, (int)Math.Ceiling((last - first) / Math.Min(1, 1.4 * Math.Sqrt(law.LogVariance))));
        _width = (last - first) / panels;
        _coefficients = new double[panels * (Degree + 1)];
        double[] values = new double[Degree + 1];
        for (int p = 0; p < panels; p++)
        {
            for (int k = 0; k <= Degree; k++)
            {
                double x = Math.Cos(Math.PI * (k + 0.5) / (Degree + 1));
                values[k] = law.LogDensity(0.5 * (first + (p + 0.5 * (1 + x)) * _width)).Hi;
            }
            for (int n = 0; n <= Degree; n++)
            {
                double sum = 0;
                for (int k = 0; k <= Degree; k++) sum += values[k] * Math.Cos(Math.PI * n * (k + 0.5) / (Degree + 1));
                _coefficients[p * (Degree + 1) + n] = (n == 0 ? 1 : 2) * sum / (Degree + 1);
            }
        }
    }

    /// <summary>The log-density at q/2, q inside the table's range.</summary>
    public double At(double q)
    {
        double place = (q - _first) / _width;
        int panel = Math.Clamp((int)place, 0, _coefficients.Length / (Degree + 1) - 1);
        ReadOnlySpan<double> c = _coefficients.AsSpan(panel * (Degree + 1), Degree + 1);
        double twice = 2 * (2 * (place - panel) - 1), next = 0, here = 0;
        // Clenshaw's recurrence.
        for (int n = Degree; n > 0; n--) (here, next) = (c[n] + twice * here - next, here);
        return c[0] + 0.5 * twice * here - next;
    }
}
