using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>Signs that the values in doubles leave open.</summary>
/// <remarks>In this order: the vertex is solved anew in doubles from its facets, with a proved radius; then the forms and the vertex in pairs of
/// doubles; then both in integers. Only the last step can find a zero.</remarks>
internal abstract unsafe partial class CellCutter
{
    private protected long exactSigns;
    private protected long exactVertices;

    /// <summary>The sign of a unit on a whole cell when the least and the largest value in doubles leave it open.</summary>
    /// <returns>1 on, -1 off, 0 crossing.</returns>
    private protected int DecideUnit(int stage, int unit, in Cell cell, double* map)
    {
        CellArena.Mark mark = arena.Save();
        double* form = GatherForm(map, table.Stages[stage].Padded, unit);
        double* value = arena.TakeDoubles(cell.Stride);
        bool anyUp = false, anyDown = false;
        int open = 0;
        for (int k = 0; k < cell.Count; k++)
        {
            int side = policy == SignPolicy.Exact ? 0 : DoubleSign(cell, k, form, value);
            anyUp |= side > 0;
            anyDown |= side < 0;
            if (side == 0) open++;
        }
        if (policy != SignPolicy.Fast && open > 0 && !(anyUp && anyDown))
        {
            FacetSlot facet = new() { Stage = stage, Unit = unit, Form = form };
            if (open == cell.Count && RefinedSign(facet, cell, 0, value) == 0 && VanishesIdentically(stage, unit))
            {
                arena.Restore(mark);
                return -1;
            }
            for (int k = 0; k < cell.Count && !(anyUp && anyDown); k++)
            {
                int side = policy == SignPolicy.Exact ? 0 : DoubleSign(cell, k, form, value);
                if (side == 0) side = DecideVertex(facet, cell, k, value);
                anyUp |= side > 0;
                anyDown |= side < 0;
            }
        }
        arena.Restore(mark);
        return anyUp ? anyDown ? 0 : 1 : -1;
    }

    private protected bool VanishesIdentically(int stage, int unit)
    {
        exactSigns++;
        return Array.TrueForAll(exact.Form(stage, unit, this), c => c.IsZero);
    }

    /// <summary>The sign of a form at a vertex as far as doubles tell; 0 for open.</summary>
    private protected int DoubleSign(in Cell cell, int k, double* form, double* value)
    {
        double v = form[layout.Constant];
        for (int q = 0; q < d; q++) v = Math.FusedMultiplyAdd(form[q], cell.X[(q * cell.Stride) + k], v);
        value[k] = v;
        double tolerance = form[layout.Tolerance] + (TracksErrors ? cell.Radius[k] * form[layout.Size] * (1 + 1e-9) : 0);
        return v > tolerance ? 1 : v < -tolerance ? -1 : 0;
    }

    /// <summary>The exact sign of a form at a vertex that doubles leave open.</summary>
    private protected int DecideVertex(in FacetSlot facet, in Cell cell, int k, double* value)
    {
        double* form = facet.Form;
        if (policy == SignPolicy.Fast) return 0;
        double* x = stackalloc double[d];
        if (policy == SignPolicy.Certified)
        {
            if (cell.Radius[k] > 4 * Rounding.Unit && SolveInDoubles(cell.Facets[k], x, out double radius) && radius < cell.Radius[k])
            {
                Replace(cell, k, x, radius);
                int side = DoubleSign(cell, k, form, value);
                if (side != 0) return side;
            }
            int refined = RefinedSign(facet, cell, k, value);
            if (refined != 0) return refined;
        }
        exactSigns++;
        BigInteger[] point = ExactVertex(cell.Facets[k]) ?? throw new InvalidOperationException("The facets of a vertex do not meet in a point.");
        Round(point, x, out double rounded);
        Replace(cell, k, x, rounded);
        int sign = ExactForms.Sign(ExactFormOf(facet), point);
        _ = DoubleSign(cell, k, form, value);
        return sign;
    }

    /// <summary>The sign of a form at a vertex in pairs of doubles; 0 for open.</summary>
    private int RefinedSign(in FacetSlot facet, in Cell cell, int k, double* value)
    {
        if (policy != SignPolicy.Certified) return 0;
        DoubleDouble* form = stackalloc DoubleDouble[d + 1], x = stackalloc DoubleDouble[d];
        double formError = RefinedFormOf(facet, form);
        if (!double.IsFinite(formError) || !RefinedVertex(cell.Facets[k], x, out double radius)) return 0;
        DoubleDouble v = refined.Value(form, formError, x, out double error);
        double slope = 0, largest = 0;
        for (int q = 0; q < d; q++)
        {
            slope += Math.Abs(form[q].Hi);
            largest = Math.Max(largest, Math.Abs(x[q].Hi));
        }
        if (!(Math.Abs(v.Hi) > (error + (radius * slope)) * (1 + 1e-9))) return 0;
        double rounded = (radius + (Rounding.Unit * largest)) * (1 + 1e-9);
        if (rounded < cell.Radius[k])
        {
            double* high = stackalloc double[d];
            for (int q = 0; q < d; q++) high[q] = x[q].Hi;
            Replace(cell, k, high, rounded);
        }
        value[k] = v.Hi;
        return v.Sign;
    }

    /// <summary>A vertex whose radius is at most this is sharp enough to read an extremum from.</summary>
    private protected const double Sharp = 1e-12;

    /// <summary>Brings a vertex within <see cref="Sharp"/> of the true one, or as close as can be.</summary>
    private protected void Sharpen(in Cell cell, int k)
    {
        double* x = stackalloc double[d];
        if (cell.Radius[k] > Sharp && SolveInDoubles(cell.Facets[k], x, out double radius) && radius < cell.Radius[k]) Replace(cell, k, x, radius);
        if (!(cell.Radius[k] > Sharp)) return;
        DoubleDouble* pairs = stackalloc DoubleDouble[d];
        double largest = 0;
        if (RefinedVertex(cell.Facets[k], pairs, out radius))
        {
            for (int q = 0; q < d; q++)
            {
                x[q] = pairs[q].Hi;
                largest = Math.Max(largest, Math.Abs(x[q]));
            }
            radius = (radius + (Rounding.Unit * largest)) * (1 + 1e-9);
        }
        else if (!SolveExactly(cell.Facets[k], x, out radius))
        {
            return;
        }
        if (radius < cell.Radius[k]) Replace(cell, k, x, radius);
    }

    private double RefinedFormOf(in FacetSlot facet, DoubleDouble* form)
    {
        if (facet.Stage >= 0)
        {
            double error = refined.Form(facet.Stage, facet.Unit, this, form);
            for (int q = 0; facet.Negated && q <= d; q++) form[q] = -form[q];
            return error;
        }
        double bound = 0;
        Rational[]? halfSpace = facet.Stage == FacetSlot.HalfSpace ? HalfSpaceInBox(table.Domain.HalfSpaces[facet.Unit]) : null;
        for (int q = 0; q <= d; q++)
        {
            form[q] = halfSpace is null ? facet.Form[q] : DoubleDouble.FromRational(halfSpace[q]);
            if (halfSpace is not null) bound += 2 * Rounding.Unit * Rounding.Unit * Math.Abs(form[q].Hi);
        }
        return bound;
    }

    /// <summary>Solves a vertex from its facets in pairs of doubles: Newton steps with the approximate inverse of doubles, and the bound of
    /// <see cref="SolveInDoubles"/> with residuals in pairs.</summary>
    private bool RefinedVertex(ulong facets, DoubleDouble* x, out double radius)
    {
        radius = double.PositiveInfinity;
        int count = BitOperations.PopCount(facets), stride = 2 * d;
        double** doubles = stackalloc double*[count];
        int* chosen = stackalloc int[d];
        double* inverse = stackalloc double[d * stride];
        if (!ChooseAndInvert(facets, doubles, chosen, inverse, stride)) return false;
        double defect = Defect(doubles, chosen, inverse, stride);
        if (!(defect < 0.5)) return false;
        DoubleDouble* forms = stackalloc DoubleDouble[d * (d + 1)];
        double* errors = stackalloc double[d], residual = stackalloc double[d];
        for (int i = 0, slot = 0; slot < 64; slot++)
        {
            if (((facets >> slot) & 1) == 0) continue;
            for (int k = 0; k < d; k++)
            {
                if (chosen[k] != i) continue;
                errors[k] = RefinedFormOf(slots[slot], forms + (k * (d + 1)));
                if (!double.IsFinite(errors[k])) return false;
            }
            i++;
        }
        for (int q = 0; q < d; q++)
        {
            double sum = 0;
            for (int k = 0; k < d; k++) sum -= inverse[(q * stride) + d + k] * forms[(k * (d + 1)) + d].Hi;
            x[q] = sum;
        }
        // The first three rounds move the point, the last one bounds its distance.
        for (int round = 0; round < 4; round++)
        {
            for (int k = 0; k < d; k++)
            {
                DoubleDouble r = refined.Value(forms + (k * (d + 1)), errors[k], x, out double error);
                residual[k] = round < 3 ? r.Hi : (Math.Abs(r.Hi) * (1 + 1e-9)) + error;
            }
            for (int q = 0; q < d && round < 3; q++)
            {
                double step = 0;
                for (int k = 0; k < d; k++) step += inverse[(q * stride) + d + k] * residual[k];
                x[q] -= step;
            }
        }
        double largest = 0;
        for (int q = 0; q < d; q++)
        {
            if (!(Math.Abs(x[q].Hi) < 1.5)) return false;
            double sum = 0;
            for (int k = 0; k < d; k++) sum += Math.Abs(inverse[(q * stride) + d + k]) * residual[k];
            largest = Math.Max(largest, sum);
        }
        radius = largest / (1 - defect) * (1 + 1e-9);
        return double.IsFinite(radius);
    }

    private protected void Replace(in Cell cell, int k, double* x, double radius)
    {
        Put(cell, k, x, radius);
        // The padding stays a copy of the first vertex.
        for (int copy = cell.Count; k == 0 && copy < cell.Stride; copy++) Put(cell, copy, x, radius);
    }

    private void Put(in Cell cell, int k, double* x, double radius)
    {
        for (int q = 0; q < d; q++) cell.X[(q * cell.Stride) + k] = x[q];
        cell.Radius[k] = radius;
    }

    private protected bool SolveExactly(ulong facets, double* x, out double radius)
    {
        radius = 0;
        if (ExactVertex(facets) is not { } point) return false;
        Round(point, x, out radius);
        return true;
    }

    private protected void Round(BigInteger[] point, double* x, out double radius)
    {
        double largest = 0;
        for (int q = 0; q < d; q++)
        {
            x[q] = new Rational(point[q], point[d]).ToDouble();
            largest = Math.Max(largest, Math.Abs(x[q]));
        }
        radius = (Rounding.Unit * largest) + double.Epsilon;
    }

    private protected BigInteger[]? ExactVertex(ulong facets)
    {
        exactVertices++;
        List<BigInteger[]> forms = [];
        for (ulong left = facets; left != 0; left &= left - 1)
        {
            forms.Add(ExactFormOf(slots[BitOperations.TrailingZeroCount(left)]));
        }
        return ExactForms.Intersect(d, forms);
    }

    private protected BigInteger[] ExactFormOf(in FacetSlot facet) => facet.Stage switch
    {
        FacetSlot.Box => BoxForm(facet.Unit),
        FacetSlot.HalfSpace => HalfSpaceFormExactly(table.Domain.HalfSpaces[facet.Unit]),
        FacetSlot.Given => InIntegers(Array.ConvertAll(new ReadOnlySpan<double>(facet.Form, d + 1).ToArray(), Rational.FromDouble)),
        _ when facet.Negated => Array.ConvertAll(exact.Form(facet.Stage, facet.Unit, this), BigInteger.Negate),
        _ => exact.Form(facet.Stage, facet.Unit, this),
    };

    private protected BigInteger[] BoxForm(int side)
    {
        BigInteger[] form = new BigInteger[d + 1];
        form[side / 2] = 1;
        form[d] = side % 2 == 1 ? -1 : 1;
        return form;
    }

    private protected BigInteger[] HalfSpaceFormExactly(HalfSpace h) => InIntegers(HalfSpaceInBox(h));

    /// <summary>A half-space's form over the scaled free inputs.</summary>
    private Rational[] HalfSpaceInBox(HalfSpace h)
    {
        Rational[] form = new Rational[d + 1];
        form[d] = h.Offset;
        for (int j = 0; j < h.Normal.Length; j++) form[d] += h.Normal[j] * table.Scale.ExactCentre[j];
        for (int q = 0; q < d; q++) form[q] = h.Normal[table.Domain.Free[q]] * table.Scale.ExactHalfSide[q];
        return form;
    }

    /// <summary>A positive multiple of a form without fractions.</summary>
    private static BigInteger[] InIntegers(Rational[] form)
    {
        BigInteger common = 1;
        foreach (Rational r in form) common = common / BigInteger.GreatestCommonDivisor(common, r.Denominator) * r.Denominator;
        return Array.ConvertAll(form, r => r.Numerator * (common / r.Denominator));
    }

    /// <summary>Solves a vertex from the forms of its facets in doubles, with a proved radius.</summary>
    /// <remarks>
    /// With an approximate inverse B of the chosen d × d system A t + c = 0 and its approximate solution t', the true solution is within
    /// |B|·(|A t' + c| + form errors) / (1 - ‖I - B A‖) of t' (Krawczyk; S. Rump, "Verification methods", 2010), where the errors of the
    /// forms' coefficients are added to both.
    /// </remarks>
    private protected bool SolveInDoubles(ulong facets, double* x, out double radius)
    {
        radius = double.PositiveInfinity;
        int count = BitOperations.PopCount(facets), stride = 2 * d;
        double** forms = stackalloc double*[count];
        int* chosen = stackalloc int[d];
        double* inverse = stackalloc double[d * stride];
        return ChooseAndInvert(facets, forms, chosen, inverse, stride) && Verify(forms, chosen, inverse, stride, x, out radius);
    }

    /// <summary>Finds d independent forms among those of some facets, and the approximate inverse of their matrix.</summary>
    /// <param name="facets">The facets.</param>
    /// <param name="forms">Overwritten: all their forms, in the order of the slots.</param>
    /// <param name="chosen">Overwritten: which d of them.</param>
    /// <param name="inverse">Overwritten: [chosen forms reduced | inverse], d rows.</param>
    /// <param name="stride">2d.</param>
    private bool ChooseAndInvert(ulong facets, double** forms, int* chosen, double* inverse, int stride)
    {
        int count = BitOperations.PopCount(facets);
        ulong left = facets;
        for (int i = 0; i < count; i++, left &= left - 1) forms[i] = slots[BitOperations.TrailingZeroCount(left)].Form;
        // [A | I], reduced row by row; rows are chosen by their largest remaining coefficient relative to their size.
        double* a = stackalloc double[count * d];
        for (int i = 0; i < count; i++)
        {
            for (int q = 0; q < d; q++) a[(i * d) + q] = forms[i][q] / forms[i][layout.Size];
        }
        for (int q = 0; q < d; q++)
        {
            int best = -1;
            double largest = 1e-12;
            for (int i = 0; i < count; i++)
            {
                bool taken = false;
                for (int p = 0; p < q; p++) taken |= chosen[p] == i;
                if (taken || !(Math.Abs(a[(i * d) + q]) > largest)) continue;
                largest = Math.Abs(a[(i * d) + q]);
                best = i;
            }
            if (best < 0) return false;
            chosen[q] = best;
            for (int i = 0; i < count; i++)
            {
                if (i == best) continue;
                double factor = a[(i * d) + q] / a[(best * d) + q];
                if (factor == 0) continue;
                for (int p = q; p < d; p++) a[(i * d) + p] -= factor * a[(best * d) + p];
            }
        }
        return Invert(forms, chosen, inverse, stride);
    }

    /// <summary>Gauss-Jordan on [A | I] with row pivoting; the right half becomes the approximate inverse.</summary>
    private protected bool Invert(double** forms, int* chosen, double* m, int stride)
    {
        for (int i = 0; i < d; i++)
        {
            for (int q = 0; q < d; q++)
            {
                m[(i * stride) + q] = forms[chosen[i]][q];
                m[(i * stride) + d + q] = i == q ? 1 : 0;
            }
        }
        for (int q = 0; q < d; q++)
        {
            int pivot = q;
            for (int i = q + 1; i < d; i++)
            {
                if (Math.Abs(m[(i * stride) + q]) > Math.Abs(m[(pivot * stride) + q])) pivot = i;
            }
            double p = m[(pivot * stride) + q];
            if (p == 0 || !double.IsFinite(p)) return false;
            for (int c = 0; c < stride; c++)
            {
                (m[(q * stride) + c], m[(pivot * stride) + c]) = (m[(pivot * stride) + c], m[(q * stride) + c]);
                m[(q * stride) + c] /= p;
            }
            for (int i = 0; i < d; i++)
            {
                double factor = m[(i * stride) + q];
                if (i == q || factor == 0) continue;
                for (int c = 0; c < stride; c++) m[(i * stride) + c] -= factor * m[(q * stride) + c];
            }
        }
        return true;
    }

    /// <summary>A bound on ‖I - B A‖ for the true matrix A of the chosen forms.</summary>
    private double Defect(double** forms, int* chosen, double* inverse, int stride)
    {
        double defect = 0;
        for (int i = 0; i < d; i++)
        {
            double row = 0;
            for (int q = 0; q < d; q++)
            {
                double sum = i == q ? -1 : 0, size = Math.Abs(sum);
                for (int k = 0; k < d; k++)
                {
                    double b = inverse[(i * stride) + d + k], a = forms[chosen[k]][q];
                    sum += b * a;
                    size += Math.Abs(b) * (Math.Abs(a) + (forms[chosen[k]][layout.Tolerance] / Rounding.Unit / (d + 3)));
                }
                row += Math.Abs(sum) + ((d + 3) * Rounding.Unit * size);
            }
            defect = Math.Max(defect, row);
        }
        return defect;
    }

    private bool Verify(double** forms, int* chosen, double* inverse, int stride, double* x, out double radius)
    {
        radius = double.PositiveInfinity;
        double defect = Defect(forms, chosen, inverse, stride);
        if (!(defect < 0.5)) return false;
        double* residual = stackalloc double[d];
        for (int q = 0; q < d; q++)
        {
            double sum = 0;
            for (int k = 0; k < d; k++) sum -= inverse[(q * stride) + d + k] * forms[chosen[k]][layout.Constant];
            x[q] = sum;
        }
        for (int k = 0; k < d; k++)
        {
            double* f = forms[chosen[k]];
            double sum = f[layout.Constant];
            for (int q = 0; q < d; q++) sum = Math.FusedMultiplyAdd(f[q], x[q], sum);
            // |t'| may exceed 1 slightly; the tolerance bounds the form's error and its evaluation inside the box.
            residual[k] = Math.Abs(sum) + (2 * f[layout.Tolerance]) + ((d + 4) * Rounding.Unit * f[layout.Size]);
        }
        double largest = 0;
        for (int q = 0; q < d; q++)
        {
            if (!(Math.Abs(x[q]) < 1.5)) return false;
            double sum = 0;
            for (int k = 0; k < d; k++) sum += Math.Abs(inverse[(q * stride) + d + k]) * residual[k];
            largest = Math.Max(largest, sum);
        }
        radius = largest / (1 - defect) * (1 + 1e-9);
        return double.IsFinite(radius);
    }
}
