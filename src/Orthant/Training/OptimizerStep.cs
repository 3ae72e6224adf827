using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>One optimiser step over a stretch of parameters, in one pass over weights, gradients and moments.</summary>
/// <remarks>Stretches begin on a vector's boundary and may be updated in any order and on any thread: every element is treated alike.</remarks>
internal static unsafe class OptimizerStep
{
    /// <summary>First moments below it are set to zero: their effect is far below a weight's last place, and their decay would reach subnormal numbers.</summary>
    private const float SmallestFirstMoment = 1e-30f;

    /// <summary>Second moments below it are set to zero; a root of this size is far below any epsilon.</summary>
    private const float SmallestSecondMoment = 1e-37f;

    /// <summary>Updates <paramref name="count"/> parameters.</summary>
    /// <param name="optimizer">The rule.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The number of this step, from 1.</param>
    /// <param name="decays">Whether weight decay applies.</param>
    /// <param name="count">A multiple of <see cref="RandomizedActivation.WidthUnit"/>.</param>
    /// <param name="weights">The parameters.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="first">The first moment, or the velocity.</param>
    /// <param name="second">The second moment; null for <see cref="MomentumDescent"/>.</param>
    public static void Run(
        Optimizer optimizer, double rate, long step, bool decays, nint count, float* weights, float* gradients, float* first, float* second)
    {
        switch (optimizer)
        {
            case Adam adam: RunAdam(adam, rate, step, decays, count, weights, gradients, first, second); break;
            case MomentumDescent descent: RunDescent(descent, rate, decays, count, weights, gradients, first); break;
            default: throw new ArgumentException($"{optimizer} is not an optimiser that is known here.", nameof(optimizer));
        }
    }

    private static void RunAdam(Adam adam, double rate, long step, bool decays, nint count, float* weights, float* gradients, float* first, float* second)
    {
        float rise1 = (float)(1 - adam.Beta1), rise2 = (float)(1 - adam.Beta2);
        double correction1 = 1 - ReproducibleFunctions.Power(adam.Beta1, step), correction2 = 1 - ReproducibleFunctions.Power(adam.Beta2, step);
        Vector<float> beta1 = new((float)adam.Beta1), beta2 = new((float)adam.Beta2), r1 = new(rise1), r2 = new(rise2);
        Vector<float> rootScale = new((float)(1 / Math.Sqrt(correction2))), epsilon = new((float)adam.Epsilon);
        Vector<float> stride = new((float)(-rate / correction1)), keep = new(decays ? (float)(1 - (rate * adam.WeightDecay)) : 1);
        Vector<float> small1 = new(SmallestFirstMoment), small2 = new(SmallestSecondMoment);
        for (nint i = 0; i < count; i += Vector<float>.Count)
        {
            Vector<float> g = Vector.Load(gradients + i);
            Vector<float> m = Vector.FusedMultiplyAdd(beta1, Vector.Load(first + i), r1 * g);
            Vector<float> v = Vector.FusedMultiplyAdd(beta2, Vector.Load(second + i), r2 * g * g);
            m = Vector.ConditionalSelect(Vector.LessThan(Vector.Abs(m), small1), Vector<float>.Zero, m);
            v = Vector.ConditionalSelect(Vector.LessThan(v, small2), Vector<float>.Zero, v);
            m.Store(first + i);
            v.Store(second + i);
            Vector<float> root = Vector.FusedMultiplyAdd(Vector.SquareRoot(v), rootScale, epsilon);
            Vector.FusedMultiplyAdd(stride, m / root, keep * Vector.Load(weights + i)).Store(weights + i);
        }
    }

    private static void RunDescent(MomentumDescent descent, double rate, bool decays, nint count, float* weights, float* gradients, float* velocity)
    {
        Vector<float> momentum = new((float)descent.Momentum), decay = new(decays ? (float)descent.WeightDecay : 0), stride = new((float)-rate);
        Vector<float> small = new(SmallestFirstMoment);
        for (nint i = 0; i < count; i += Vector<float>.Count)
        {
            Vector<float> w = Vector.Load(weights + i);
            Vector<float> g = Vector.FusedMultiplyAdd(decay, w, Vector.Load(gradients + i));
            Vector<float> v = Vector.FusedMultiplyAdd(momentum, Vector.Load(velocity + i), g);
            v = Vector.ConditionalSelect(Vector.LessThan(Vector.Abs(v), small), Vector<float>.Zero, v);
            v.Store(velocity + i);
            Vector<float> direction = descent.Nesterov ? Vector.FusedMultiplyAdd(momentum, v, g) : v;
            Vector.FusedMultiplyAdd(stride, direction, w).Store(weights + i);
        }
    }
}
