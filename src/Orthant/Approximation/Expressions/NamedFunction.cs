using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A function of one operand that expressions may name.</summary>
/// <param name="Value">In doubles.</param>
/// <param name="Range">Encloses the values over an interval; unbounded where some are not defined.</param>
/// <param name="Enclose">The chain rule for an operand with a bounded value.</param>
internal sealed record NamedFunction(Func<double, double> Value, Func<Interval, Interval> Range, Func<Jet, Jet> Enclose)
{
    /// <summary>Everything that may stand before a bracket and takes one operand, in alphabetical order.</summary>
    public static IReadOnlyDictionary<string, NamedFunction> All { get; } = new SortedDictionary<string, NamedFunction>(StringComparer.Ordinal)
    {
        ["abs"] = new(Math.Abs, Interval.Abs, Functions.Abs),
        ["acos"] = new(Math.Acos, u => (Interval.Pi * 0.5) - Functions.Asin(u), u => Jet.Constant(Interval.Pi * 0.5) - Functions.Asin(u)),
        ["asin"] = new(Math.Asin, Functions.Asin, Functions.Asin),
        ["atan"] = new(Math.Atan, Interval.Atan, Functions.Atan),
        ["cbrt"] = new(Math.Cbrt, Functions.Cbrt, Functions.Cbrt),
        ["cos"] = new(Math.Cos, Interval.Cos, Functions.Cos),
        ["cosh"] = new(Math.Cosh, Interval.Cosh, u => u.Through(Interval.Cosh(u.Value), Interval.Sinh(u.Value), Interval.Cosh(u.Value))),
        ["erf"] = new(MathNet.Numerics.SpecialFunctions.Erf, Interval.Erf, Functions.Erf),
        ["exp"] = new(Math.Exp, Interval.Exp, Functions.Exp),
        ["gelu"] = new(Functions.Gelu, Functions.Gelu, Functions.Gelu),
        ["ln"] = new(Math.Log, Functions.Log, Functions.Log),
        ["log"] = new(Math.Log, Functions.Log, Functions.Log),
        ["log10"] = new(Math.Log10, u => Functions.Log(u) / Functions.Log(10), u => Functions.Log(u) * Jet.Constant(1 / Functions.Log(10))),
        ["log2"] = new(Math.Log2, u => Functions.Log(u) / Functions.Log(2), u => Functions.Log(u) * Jet.Constant(1 / Functions.Log(2))),
        ["relu"] = new(u => Math.Max(u, 0), u => Interval.Max(u, 0), Functions.Relu),
        ["runge"] = new(u => 1 / (1 + (25 * u * u)), Functions.Runge, Functions.Runge),
        ["sigmoid"] = new(u => 1 / (1 + Math.Exp(-u)), Interval.Sigmoid, Functions.Sigmoid),
        ["silu"] = new(u => u / (1 + Math.Exp(-u)), Functions.Silu, Functions.Silu),
        ["sin"] = new(Math.Sin, Interval.Sin, Functions.Sin),
        ["sinh"] = new(Math.Sinh, Interval.Sinh, u => u.Through(Interval.Sinh(u.Value), Interval.Cosh(u.Value), Interval.Sinh(u.Value))),
        ["softplus"] = new(Functions.Softplus, Interval.Softplus, Functions.Softplus),
        ["sqrt"] = new(Math.Sqrt, Functions.Sqrt, Functions.Sqrt),
        ["takagi"] = new(FractalFunctions.Takagi, u => FractalFunctions.Takagi(u, 0), u => Jet.Rough(FractalFunctions.Takagi(u.Value, 0))),
        ["tan"] = new(Math.Tan, Interval.Tan, Functions.Tan),
        ["tanh"] = new(Math.Tanh, Interval.Tanh, Functions.Tanh),
    };
}
