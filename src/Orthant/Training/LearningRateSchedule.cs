using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>The learning rate as a function of the step.</summary>
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule()
    {
    }

    /// <summary>The rate of one step.</summary>
    /// <param name="step">From 0 to <paramref name="steps"/> − 1.</param>
    /// <param name="steps">The number of steps of the whole run.</param>
    public abstract double RateAt(long step, long steps);

    /// <summary>The same rate at every step.</summary>
    /// <param name="rate">Positive.</param>
    public static LearningRateSchedule Constant(double rate) => new ConstantRate(Positive(rate));

    /// <summary>A linear rise from near 0 to the peak, then a linear fall to 0.</summary>
    /// <param name="peak">Positive.</param>
    /// <param name="warmUp">The part of the run that the rise takes, in [0, 1].</param>
    public static LearningRateSchedule WarmUpLinear(double peak, double warmUp) => new WarmUpRate(Positive(peak), Fraction(warmUp), Cosine: false);

    /// <summary>A linear rise from near 0 to the peak, then half a cosine down to 0.</summary>
    /// <param name="peak">Positive.</param>
    /// <param name="warmUp">The part of the run that the rise takes, in [0, 1].</param>
    public static LearningRateSchedule WarmUpCosine(double peak, double warmUp) => new WarmUpRate(Positive(peak), Fraction(warmUp), Cosine: true);

    /// <summary>A rate that is multiplied by a factor at equal distances.</summary>
    /// <param name="rate">The first rate, positive.</param>
    /// <param name="factor">Positive.</param>
    /// <param name="stages">The number of equal parts of the run, each of one rate; at least 1.</param>
    public static LearningRateSchedule Steps(double rate, double factor, int stages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stages);
        return new StepRate(Positive(rate), Positive(factor), stages);
    }

    private static double Positive(double value) => value > 0 && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "Expected a positive number.");

    private static double Fraction(double value) => value is >= 0 and <= 1
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "Expected a number in [0, 1].");

    private sealed record ConstantRate(double Rate) : LearningRateSchedule
    {
        public override double RateAt(long step, long steps) => Rate;
    }

    private sealed record WarmUpRate(double Peak, double WarmUp, bool Cosine) : LearningRateSchedule
    {
        public override double RateAt(long step, long steps)
        {
            // The middle of the step, so that neither the first nor the last has the rate 0.
            double t = (step + 0.5) / steps;
            if (t < WarmUp) return Peak * (t / WarmUp);
            double left = WarmUp == 1 ? 1 : (1 - t) / (1 - WarmUp);
            return Peak * (Cosine ? (1 + ReproducibleFunctions.CosPi(1 - left)) / 2 : left);
        }
    }

    private sealed record StepRate(double Rate, double Factor, int Stages) : LearningRateSchedule
    {
        public override double RateAt(long step, long steps) => Rate * ReproducibleFunctions.Power(Factor, step * Stages / steps);
    }
}
