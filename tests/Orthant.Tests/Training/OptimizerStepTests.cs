using CsCheck;
using Orthant.Numerics;
using Orthant.Training;

namespace Orthant.Tests.Training;

public class OptimizerStepTests
{
    [Fact]
    public unsafe void Adam_follows_its_definition() =>
        Gen.Select(Gen.Double[0.5, 0.99], Gen.Double[0.8, 0.9999], Gen.Double[0, 0.1], Gen.Bool, Gen.Int).Sample(
            (beta1, beta2, decay, decays, seed) =>
            {
                const int Count = 48, Steps = 12;
                const double Rate = 0.01;
                Adam adam = new(beta1, beta2, 1e-8, decay);
                Random random = new(seed);
                using AlignedBuffer<float> w = new(Count), g = new(Count), m = new(Count), v = new(Count);
                double[] x = new double[Count], first = new double[Count], second = new double[Count];
                for (int i = 0; i < Count; i++) x[i] = w.Pointer[i] = (float)random.NextDouble();
                for (int t = 1; t <= Steps; t++)
                {
                    for (int i = 0; i < Count; i++)
                    {
                        g.Pointer[i] = (float)(random.NextDouble() - 0.5);
                        double gradient = g.Pointer[i];
                        first[i] = (beta1 * first[i]) + ((1 - beta1) * gradient);
                        second[i] = (beta2 * second[i]) + ((1 - beta2) * gradient * gradient);
                        x[i] -= (Rate * (decays ? decay : 0) * x[i])
                            + (Rate * (first[i] / (1 - Math.Pow(beta1, t))) / (Math.Sqrt(second[i] / (1 - Math.Pow(beta2, t))) + 1e-8));
                    }
                    OptimizerStep.Run(adam, Rate, t, decays, Count, w.Pointer, g.Pointer, m.Pointer, v.Pointer);
                }
                // A step moves a weight by about Rate·|m|/√v and errs by a few roundings of m and of the weight.
                for (int i = 0; i < Count; i++) Assert.Equal(x[i], w.Pointer[i], 2e-5 * Steps * Rate + (Steps * 1.2e-7));
            },
            iter: 100);

    [Fact]
    public unsafe void Momentum_follows_its_definition() =>
        Gen.Select(Gen.Double[0, 0.95], Gen.Bool, Gen.Double[0, 0.01], Gen.Bool, Gen.Int).Sample(
            (momentum, nesterov, decay, decays, seed) =>
            {
                const int Count = 32, Steps = 10;
                const double Rate = 0.05;
                Random random = new(seed);
                using AlignedBuffer<float> w = new(Count), g = new(Count), v = new(Count);
                double[] x = new double[Count], velocity = new double[Count];
                for (int i = 0; i < Count; i++) x[i] = w.Pointer[i] = (float)random.NextDouble();
                for (int t = 1; t <= Steps; t++)
                {
                    for (int i = 0; i < Count; i++)
                    {
                        g.Pointer[i] = (float)(random.NextDouble() - 0.5);
                        double gradient = g.Pointer[i] + ((decays ? decay : 0) * x[i]);
                        velocity[i] = (momentum * velocity[i]) + gradient;
                        x[i] -= Rate * (nesterov ? gradient + (momentum * velocity[i]) : velocity[i]);
                    }
                    OptimizerStep.Run(new MomentumDescent(momentum, nesterov, decay), Rate, t, decays, Count, w.Pointer, g.Pointer, v.Pointer, null);
                }
                for (int i = 0; i < Count; i++) Assert.Equal(x[i], w.Pointer[i], 5e-6);
            },
            iter: 100);

    [Fact]
    public unsafe void Moments_of_dead_weights_become_zero_and_never_subnormal()
    {
        using AlignedBuffer<float> w = new(16), g = new(16), m = new(16), v = new(16);
        g.Span.Fill(1e-3f);
        OptimizerStep.Run(new Adam(Beta2: 0.9), 1e-3, 1, true, 16, w.Pointer, g.Pointer, m.Pointer, v.Pointer);
        g.Span.Clear();
        for (int t = 2; t < 1500; t++)
        {
            OptimizerStep.Run(new Adam(Beta2: 0.9), 1e-3, t, true, 16, w.Pointer, g.Pointer, m.Pointer, v.Pointer);
            Assert.False(float.IsSubnormal(m.Pointer[3]) || float.IsSubnormal(v.Pointer[3]));
        }
        Assert.Equal((0f, 0f), (m.Pointer[3], v.Pointer[3]));
    }

    [Fact]
    public void Schedules_have_their_shapes()
    {
        const int Steps = 1000;
        double[] Rates(LearningRateSchedule schedule) => [.. Enumerable.Range(0, Steps).Select(i => schedule.RateAt(i, Steps))];
        Assert.All(Rates(LearningRateSchedule.Constant(0.1)), r => Assert.Equal(0.1, r));
        foreach (LearningRateSchedule schedule in (LearningRateSchedule[])[LearningRateSchedule.WarmUpLinear(2, 0.2), LearningRateSchedule.WarmUpCosine(2, 0.2)])
        {
            double[] rates = Rates(schedule);
            Assert.All(rates, r => Assert.InRange(r, 1e-7, 2));
            Assert.Equal(1, rates[100], 0.011);
            Assert.InRange(rates.Max(), 1.99, 2);
            Assert.Equal(rates.Take(200).Order(), rates.Take(200));
            Assert.Equal(rates.Skip(200).OrderDescending(), rates.Skip(200));
            Assert.InRange(rates[^1], 0, 2e-3);
        }
        Assert.Equal(1, LearningRateSchedule.WarmUpCosine(2, 0.2).RateAt(600, Steps), 2e-3);
        Assert.Equal(2 * (0.5 + (0.5 * Math.Cos(Math.PI * 0.25))), LearningRateSchedule.WarmUpCosine(2, 0.2).RateAt(400, Steps), 4e-3);
        Assert.Equal([1, 0.5, 0.25], Rates(LearningRateSchedule.Steps(1, 0.5, 3)).Distinct());
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Constant(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.WarmUpLinear(1, 1.5));
    }
}
