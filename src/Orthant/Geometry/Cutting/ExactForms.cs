using System.Numerics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>The forms of the current path of a walk in integers: exact signs where doubles cannot decide.</summary>
/// <remarks>
/// <para>Weights are dyadic, so with one power of two a stage and the box's common denominator every form is a vector of integers times a
/// known positive number, and composing needs no fractions. A form is the list of its coefficients over the scaled free inputs, then its
/// constant.</para>
/// <para>Forms of a stage are kept until the walk enters that stage again with another cell.</para>
/// </remarks>
internal sealed unsafe class ExactForms
{
    private readonly StageTable table;
    private readonly IntegerStage?[] integers;
    private readonly BigInteger[]?[][] forms;
    private readonly long[] validFor;
    private readonly BigInteger[]?[] firstForms;
    private readonly Rational commonDenominator;
    private readonly int[] shifts;

    public ExactForms(StageTable table)
    {
        this.table = table;
        integers = new IntegerStage?[table.Stages.Length];
        forms = new BigInteger[]?[table.Stages.Length][];
        validFor = new long[table.Stages.Length];
        shifts = new int[table.Stages.Length];
        firstForms = new BigInteger[]?[table.Stages[0].Units];
        BigInteger common = 1;
        foreach (Rational r in table.Scale.ExactCentre.Concat(table.Scale.ExactHalfSide))
        {
            common = common / BigInteger.GreatestCommonDivisor(common, r.Denominator) * r.Denominator;
        }
        commonDenominator = new Rational(common);
    }

    /// <summary>The form of a unit's pre-activation in the current cell: a positive multiple, in integers.</summary>
    /// <param name="stage">A stage that the path has entered.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="path">The path: entry numbers and decisions of the stages before.</param>
    public BigInteger[] Form(int stage, int unit, PathState path)
    {
        if (stage == 0) return firstForms[unit] ??= First(unit);
        BigInteger[]?[] known = forms[stage] ??= new BigInteger[]?[table.Stages[stage].Units];
        if (validFor[stage] != path.EntryOf(stage))
        {
            Array.Clear(known);
            validFor[stage] = path.EntryOf(stage);
        }
        return known[unit] ??= Compose(stage, unit, path);
    }

    private BigInteger[] First(int unit)
    {
        IntegerStage stage = Integers(0);
        int d = table.Dimension;
        BigInteger[] form = new BigInteger[d + 1];
        foreach ((int column, BigInteger weight) in stage.Row(unit))
        {
            form[d] += weight * Scaled(table.Scale.ExactCentre[column]);
            int q = table.Domain.Free.IndexOf(column);
            if (q >= 0) form[q] += weight * Scaled(table.Scale.ExactHalfSide[q]);
        }
        form[d] += stage.Bias(unit) * commonDenominator.Numerator;
        return form;
    }

    private BigInteger[] Compose(int stage, int unit, PathState path)
    {
        IntegerStage now = Integers(stage), before = Integers(stage - 1);
        int d = table.Dimension;
        BigInteger[] form = new BigInteger[d + 1];
        foreach ((int column, BigInteger weight) in now.Row(unit))
        {
            BigInteger factor = weight * before.Slope(column, path.IsActive(stage - 1, column));
            if (factor.IsZero) continue;
            BigInteger[] inner = Form(stage - 1, column, path);
            for (int q = 0; q <= d; q++)
            {
                if (!inner[q].IsZero) form[q] += factor * inner[q];
            }
        }
        // The inner forms carry the scale of all stages before, slopes included; the bias is brought to it.
        form[d] += (now.Bias(unit) * commonDenominator.Numerator) << ShiftBefore(stage);
        return form;
    }

    /// <summary>The power of two that the post-activations of the stage before are scaled by.</summary>
    private int ShiftBefore(int stage)
    {
        if (shifts[stage] != 0) return shifts[stage] - 1;
        int shift = 0;
        for (int s = 0; s < stage; s++) shift = checked(shift + Integers(s).WeightShift + Integers(s).SlopeShift);
        shifts[stage] = shift + 1;
        return shift;
    }

    /// <summary>The form of an output in the current region. The last stage is not entered, so nothing is kept of it.</summary>
    public BigInteger[] Output(int output, PathState path) => table.Stages.Length == 1 ? First(output) : Compose(table.Stages.Length - 1, output, path);

    /// <summary>The number that the last stage's forms are multiples by: a form over it has the network's values.</summary>
    public BigInteger OutputScale
    {
        get
        {
            int last = table.Stages.Length - 1;
            return commonDenominator.Numerator << (ShiftBefore(last) + Integers(last).WeightShift);
        }
    }

    private IntegerStage Integers(int stage) => integers[stage] ??= new IntegerStage(table.Stages[stage].Source);

    private BigInteger Scaled(Rational value) => value.Numerator * (commonDenominator.Numerator / value.Denominator);

    /// <summary>The point where forms vanish, as integers over a positive last one; null when they do not determine a point.</summary>
    /// <param name="dimension">The number of free inputs.</param>
    /// <param name="rows">At least as many forms as dimensions, from which independent ones are chosen.</param>
    public static BigInteger[]? Intersect(int dimension, IReadOnlyList<BigInteger[]> rows)
    {
        // Fraction-free elimination (Bareiss): after step k, every row is divided exactly by the pivot before.
        List<BigInteger[]> left = [.. rows.Select(r => (BigInteger[])r.Clone())];
        List<BigInteger[]> pivots = [];
        BigInteger previous = 1;
        for (int q = 0; q < dimension; q++)
        {
            int at = left.FindIndex(r => !r[q].IsZero);
            if (at < 0) return null;
            BigInteger[] pivot = left[at];
            left.RemoveAt(at);
            foreach (BigInteger[] row in left.Concat(pivots))
            {
                BigInteger factor = row[q];
                for (int c = 0; c <= dimension; c++) row[c] = ((pivot[q] * row[c]) - (factor * pivot[c])) / previous;
            }
            previous = pivot[q];
            pivots.Add(pivot);
        }
        // Pivot rows are eliminated too (Jordan), so that row q now reads previous · t_q + constant = 0.
        BigInteger[] point = new BigInteger[dimension + 1];
        for (int q = 0; q < dimension; q++) point[q] = -pivots[q][dimension];
        point[dimension] = previous;
        if (previous.Sign < 0)
        {
            for (int c = 0; c <= dimension; c++) point[c] = -point[c];
        }
        return point;
    }

    /// <summary>The sign of a form at a point in integers.</summary>
    public static int Sign(BigInteger[] form, BigInteger[] point)
    {
        BigInteger sum = BigInteger.Zero;
        for (int c = 0; c < form.Length; c++) sum += form[c] * point[c];
        return sum.Sign;
    }
}

/// <summary>Where a walk stands: the entry number of each stage on the path, and which units are active.</summary>
internal abstract class PathState
{
    /// <summary>A number that changes whenever the stage is entered with another cell.</summary>
    public abstract long EntryOf(int stage);

    /// <summary>Whether a unit of a stage is active; only for stages that are decided.</summary>
    public abstract bool IsActive(int stage, int unit);
}
