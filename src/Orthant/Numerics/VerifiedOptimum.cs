namespace Orthant.Numerics;

/// <summary>The proved end of a linear program: an exact optimum with its dual solution, or an exact proof that there is none.</summary>
/// <remarks>All numbers are those of the program in exact arithmetic, its data being the doubles that were given.</remarks>
/// <param name="Status">Optimal, infeasible or unbounded, proved.</param>
/// <param name="Objective">The exact optimal value; zero unless optimal.</param>
/// <param name="Point">An exact optimal vertex, one number a variable; empty unless optimal.</param>
/// <param name="RowDuals">y, one number a row: with the reduced costs d = c − Aᵀy, the smallest value of Σ yᵢrᵢ + Σ dⱼxⱼ over the bounds
/// of rows and variables is the objective, which proves that no point is better; empty unless optimal.</param>
/// <param name="FarkasRay">y, one number a row: Σ yᵢrᵢ − Σ (Aᵀy)ⱼxⱼ, which is 0 for every point, is positive (or negative) over all the
/// bounds, so that no point exists; empty unless infeasible.</param>
/// <param name="Ray">A direction that stays within rows and bounds and along which the objective decreases; empty unless unbounded.</param>
/// <param name="ExactPivots">Steps in rational arithmetic after the floating-point basis; 0 when that basis was exactly right.</param>
public sealed record VerifiedOptimum(
    SimplexStatus Status,
    Rational Objective,
    IReadOnlyList<Rational> Point,
    IReadOnlyList<Rational> RowDuals,
    IReadOnlyList<Rational> FarkasRay,
    IReadOnlyList<Rational> Ray,
    int ExactPivots);
