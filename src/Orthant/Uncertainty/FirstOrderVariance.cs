using System.Numerics;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>The first-order variance of the outputs at one sample after another: a forward pass at the mean slopes, and a backward pass of all outputs.</summary>
/// <remarks>Safe to share between threads.</remarks>
internal sealed class FirstOrderVariance(UncertainNetwork network, InputRows inputs)
{
    private readonly RandomSites sites = new(network.Network);

    /// <summary>One sample.</summary>
    public SampleBudget Of(int sample)
    {
        ReluNetwork net = network.Network;
        float[] row = new float[inputs.Width];
        inputs.Gather([sample], row);
        double[] x = Array.ConvertAll(row, v => (double)v);
        MeanSlopeRule forward = new(network, sites);
        net.Evaluate<double>(1, x, new double[net.Outputs], forward);
        double[] identity = new double[net.Outputs * net.Outputs];
        for (int k = 0; k < net.Outputs; k++) identity[(k * net.Outputs) + k] = 1;
        SampleBudget budget = new(network.Sites.Length, net.Outputs);
        JacobianPass backward = new(network, sites, forward, budget);
        LayerChain.Backward(net.Layers, backward, net.Outputs, identity, new double[net.Outputs * net.Inputs]);
        return budget;
    }

    /// <summary>Random sites at their mean slopes, others as they are; keeps pre-activations and the winners of poolings.</summary>
    private sealed class MeanSlopeRule(UncertainNetwork network, RandomSites sites) : ActivationRule
    {
        public double[][] Preactivations { get; } = new double[network.Network.Sites.Length][];

        public ushort[][] Winners { get; } = new ushort[network.Network.Sites.Length][];

        public override void Apply<T>(ActivationSite site, int firstRow, int rows, Span<T> values)
        {
            double[] h = new double[values.Length];
            for (int i = 0; i < h.Length; i++)
            {
                h[i] = double.CreateTruncating(values[i]);
                double slope = Slope(site, i, h[i]);
                if (sites.IsRandom[site.Index] && site.Activations![i].Equals(sites.Replaced)) values[i] = T.CreateTruncating(slope * h[i]);
                else values[i] = site.Activations![i].Evaluate(values[i]);
            }
            Preactivations[site.Index] = h;
        }

        public override void Choose(ActivationSite site, int firstRow, int rows, Span<ushort> winners) => Winners[site.Index] = winners.ToArray();

        public double Slope(ActivationSite site, int unit, double h)
        {
            ActivationFunction own = site.Activations![unit];
            if (sites.IsRandom[site.Index] && own.Equals(sites.Replaced)) return h > 0 ? 1 : network.Law.MeanSlope;
            return own.Slope(own.PieceAt(h));
        }
    }

    /// <summary>At every site the rows that come back are the Jacobian from the site's activations to the outputs: outputs × units.</summary>
    private sealed class JacobianPass(UncertainNetwork network, RandomSites sites, MeanSlopeRule forward, SampleBudget budget)
        : BackwardPass(network.Network.Sites, new ActivationPattern(forward.Winners.SelectMany((w, s) => w ?? new ushort[network.Network.Sites[s].Units]).ToArray()))
    {
        public override void Scale<T>(UnitActivations activations, int rows, Span<T> dy)
        {
            if (activations.IsIdentity) return;
            ActivationSite site = NextSite();
            double[] h = forward.Preactivations[site.Index];
            if (sites.IsRandom[site.Index]) Observe(site, h, rows, dy);
            for (int i = 0; i < dy.Length; i++) dy[i] *= T.CreateTruncating(forward.Slope(site, i % h.Length, h[i % h.Length]));
        }

        private void Observe<T>(ActivationSite site, double[] h, int rows, Span<T> jacobian)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            int at = network.Sites.IndexOf(site), run = network.Granularity switch
            {
                RandomGranularity.Channel => sites.Pixels[site.Index],
                RandomGranularity.Layer => h.Length,
                _ => 1,
            };
            for (int j = 0; j < h.Length; j++)
            {
                if (h[j] > 0)
                {
                    budget.ActivePart[at] += 1.0 / h.Length;
                    budget.ActiveSquare[at] += h[j] * h[j] / h.Length;
                }
                else
                {
                    budget.InactiveSquare[at] += h[j] * h[j] / h.Length;
                }
            }
            for (int k = 0; k < rows; k++)
            {
                for (int first = 0; first < h.Length; first += run)
                {
                    double active = 0, inactive = 0;
                    for (int j = first; j < first + run; j++)
                    {
                        if (!site.Activations![j].Equals(sites.Replaced)) continue;
                        double share = double.CreateTruncating(jacobian[(k * h.Length) + j]) * h[j];
                        if (h[j] > 0) active += share;
                        else inactive += share;
                    }
                    budget.ActiveOutput[at] += active * active;
                    budget.InactiveOutput[at] += inactive * inactive;
                    budget.OutputVariance[k] += (network.Law.RightVariance * active * active) + (network.Law.SlopeVariance * inactive * inactive);
                }
            }
        }
    }
}

/// <summary>The sums of one sample, one number a random site, and the variance of each output.</summary>
internal sealed class SampleBudget(int sites, int outputs)
{
    public double[] ActivePart { get; } = new double[sites];

    public double[] ActiveSquare { get; } = new double[sites];

    public double[] InactiveSquare { get; } = new double[sites];

    public double[] ActiveOutput { get; } = new double[sites];

    public double[] InactiveOutput { get; } = new double[sites];

    public double[] OutputVariance { get; } = new double[outputs];
}
