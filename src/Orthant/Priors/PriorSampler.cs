using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>Draws exact samples of a quantity of a random network in O(depth) steps each, without any weight matrix.</summary>
/// <remarks>Each layer takes one binomial number of active units (from an alias table, A. J. Walker, 1977) and one chi-squared number
/// (G. Marsaglia and W. W. Tsang, 2000); the last step one normal or chi number. Not tied to a stream: the same sampler may serve several
/// threads, each with its own stream.</remarks>
public sealed class PriorSampler
{
    // Products of more layers than this are summed as logarithms, for they may leave the range of doubles.
    private const int LongestProduct = 40;

    private readonly Layer[] _layers;
    private readonly double _scale;
    private readonly int _components;
    private readonly bool _symmetric;
    private readonly bool _rectified;
    private readonly bool _atom;

    internal PriorSampler(PriorStack stack, double inputNorm, PriorQuantityKind kind)
    {
        _atom = inputNorm == 0 || stack.IsDead;
        _layers = _atom ? [] : [.. stack.Layers.Where(layer => layer.Kind != PriorLayerKind.OrthogonalLinear || layer.KeepProbability < 1)
            .Select(layer => new Layer(layer))];
        DoubleDouble logScale = DoubleDouble.Log(Math.Max(inputNorm, double.Epsilon)) + stack.LogWeightScale;
        _scale = Math.Exp(logScale.Hi);
        _components = stack.Components;
        _rectified = kind == PriorQuantityKind.PostActivation;
        _symmetric = kind is PriorQuantityKind.Output or PriorQuantityKind.PreActivation;
    }

    /// <summary>Fills a span with independent samples.</summary>
    /// <param name="random">The random numbers.</param>
    /// <param name="samples">Receives the samples.</param>
    public void Fill(RandomStream random, Span<double> samples)
    {
        ArgumentNullException.ThrowIfNull(random);
        for (int i = 0; i < samples.Length; i++) samples[i] = Next(random);
    }

    /// <summary>One sample.</summary>
    /// <param name="random">The random numbers.</param>
    public double Next(RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (_atom) return 0;
        double square = 1, log = 0;
        for (int l = 0; l < _layers.Length; l++)
        {
            square *= _layers[l].Next(random);
            if (square == 0) return 0;
            if (l % LongestProduct == LongestProduct - 1) (log, square) = (log + Math.Log(square), 1);
        }
        double norm = _scale * Math.Sqrt(square) * (log == 0 ? 1 : Math.Exp(0.5 * log));
        if (_components == 0) return norm;
        if (!_symmetric && !_rectified) return norm * Math.Sqrt(ChiSquared(random, _components));
        double value = norm * random.NextNormal();
        return _rectified ? Math.Max(0, value) : value;
    }

    /// <summary>A chi-squared number.</summary>
    private static double ChiSquared(RandomStream random, int degrees)
    {
        if (degrees == 0) return 0;
        if (degrees == 1)
        {
            double z = random.NextNormal();
            return z * z;
        }
        if (degrees == 2) return -2 * Math.Log(random.NextOpenDouble());
        // A gamma number of shape a >= 3/2 as d v with v = (1 + c x)^3, accepted by the squeeze in all but a few cases of a hundred.
        double d = 0.5 * degrees - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextNormal(), root = 1 + c * x;
            if (root <= 0) continue;
            double v = root * root * root, u = random.NextOpenDouble(), square = x * x;
            if (u < 1 - 0.0331 * square * square) return 2 * d * v;
            if (Math.Log(u) < 0.5 * square + d * (1 - v + Math.Log(v))) return 2 * d * v;
        }
    }

    /// <summary>One hidden layer: the squared norm it multiplies by.</summary>
    private sealed class Layer
    {
        private readonly PriorLayer _layer;
        private readonly int[] _alias = [];
        private readonly double[] _cut = [];
        private readonly int _first;
        private readonly bool _orthogonal;
        private readonly double _inactive;

        public Layer(PriorLayer layer)
        {
            _layer = layer;
            _orthogonal = layer.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear;
            _inactive = layer.Kind == PriorLayerKind.LeakyRelu ? layer.Slope * layer.Slope : 0;
            double p = layer.Kind == PriorLayerKind.LeakyRelu ? 0.5 : layer.ActivityProbability;
            if (p >= 1) return;
            // Binomial weights around the mode, as far as they can show in 2^53 draws.
            int d = layer.Width, mode = Math.Min(d, (int)((d + 1) * p));
            double odds = p / (1 - p);
            List<double> up = [1], down = [];
            for (int m = mode; m < d && up[^1] > 1e-18; m++) up.Add(up[^1] * (d - m) / (m + 1.0) * odds);
            double weight = 1;
            for (int m = mode; m > 0 && weight > 1e-18; m--) down.Add(weight *= m / (d - m + 1.0) / odds);
            _first = mode - down.Count;
            down.Reverse();
            (_cut, _alias) = Alias([.. down, .. up]);
        }

        public double Next(RandomStream random)
        {
            int d = _layer.Width;
            if (_cut.Length == 0) return ChiSquared(random, d);
            double u = random.NextDouble() * _cut.Length;
            int column = (int)u, active = _first + (u - column < _cut[column] ? column : _alias[column]);
            if (_inactive > 0) return ChiSquared(random, active) + _inactive * ChiSquared(random, d - active);
            if (!_orthogonal) return ChiSquared(random, active);
            // The share of the active coordinates in a uniformly random direction.
            if (active == 0) return 0;
            double on = ChiSquared(random, active);
            return active == d ? 1 : on / (on + ChiSquared(random, d - active));
        }

        /// <summary>Columns of equal probability, each shared by its own value (below the cut) and one alias (M. D. Vose's layout).</summary>
        private static (double[] Cut, int[] Alias) Alias(double[] weights)
        {
            int n = weights.Length;
            double total = weights.Sum();
            double[] cut = [.. weights.Select(w => w / total * n)];
            int[] alias = [.. Enumerable.Range(0, n)];
            Stack<int> small = new(Enumerable.Range(0, n).Where(i => cut[i] < 1)), large = new(Enumerable.Range(0, n).Where(i => cut[i] >= 1));
            while (small.Count > 0 && large.Count > 0)
            {
                int s = small.Pop(), l = large.Peek();
                alias[s] = l;
                cut[l] -= 1 - cut[s];
                if (cut[l] < 1) small.Push(large.Pop());
            }
            return (cut, alias);
        }
    }
}
