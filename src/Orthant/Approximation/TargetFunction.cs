using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A function of one variable that is to be approximated: evaluated in doubles for searching, and in intervals for proofs.</summary>
/// <remarks>Sources are an <see cref="Expression"/> and a .NET delegate (<see cref="Of"/>), which has no enclosures and therefore no
/// certificate. A table of values is fitted as it is, see fits of splines.</remarks>
public abstract class TargetFunction
{
    /// <summary>Whether <see cref="Enclose"/> and <see cref="Range"/> say more than nothing.</summary>
    public abstract bool HasEnclosures { get; }

    /// <summary>The value in double arithmetic: near the true one, without a bound.</summary>
    /// <param name="x">A finite number.</param>
    /// <returns>NaN or infinite where the function is not defined.</returns>
    public abstract double Value(double x);

    /// <summary>Encloses all values over an interval.</summary>
    /// <param name="x">A bounded interval.</param>
    /// <returns>Unbounded where the function has a pole or may not be defined.</returns>
    public abstract Interval Range(Interval x);

    /// <summary>Encloses values, slopes and curvatures over an interval.</summary>
    /// <param name="x">A bounded interval.</param>
    public abstract Jet Enclose(Interval x);

    /// <summary>Encloses f(t) - slope·(t - x.Lower) for all t of an interval.</summary>
    /// <param name="x">A bounded interval.</param>
    /// <param name="slope">The slope of a line.</param>
    internal virtual Interval RangeAlong(Interval x, Interval slope) => Range(x) - (slope * (x - x.Lower));

    /// <summary>A function given by a delegate. It is sampled in doubles, so what is found is not certified.</summary>
    /// <param name="function">Defined and finite where it is asked for.</param>
    public static TargetFunction Of(Func<double, double> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new DelegateFunction(function);
    }

    private sealed class DelegateFunction(Func<double, double> function) : TargetFunction
    {
        public override bool HasEnclosures => false;

        public override double Value(double x) => function(x);

        public override Interval Range(Interval x) => Interval.Entire;

        public override Jet Enclose(Interval x) => Jet.Unknown;
    }
}
