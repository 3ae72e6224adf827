using System.Runtime.Intrinsics;

namespace Orthant.Geometry.Cutting;

/// <summary>How a cell's map of one stage becomes that of the next.</summary>
internal abstract unsafe partial class CellCutter
{
    /// <summary>The next stage's map from the units that are settled: bias plus, unit by unit, its form times its column.</summary>
    private protected double* BaseMap(Stage now, Stage next, double* map, int* contributing, double* factors, int contributors)
    {
        int padded = next.Padded;
        double* result = arena.TakeDoubles(rows * padded);
        // coefficients: one row a row of the map, contributors side by side; the last row holds what errors they bring.
        double* coefficients = arena.TakeDoubles(rows * Math.Max(1, contributors));
        for (int t = 0; t < contributors; t++)
        {
            double size = 0, factor = factors[t];
            double* column = map + contributing[t];
            for (int q = 0; q <= d; q++)
            {
                double c = column[q * now.Padded];
                size += Math.Abs(c);
                coefficients[(q * contributors) + t] = factor * c;
            }
            coefficients[((d + 1) * contributors) + t] = TracksErrors ? Math.Abs(factor) * (column[(d + 1) * now.Padded] + (next.SumError * size)) : 0;
        }
        double** columns = stackalloc double*[Math.Min(contributors, 512)];
        double** all = contributors <= 512 ? columns : (double**)arena.TakeMasks(contributors);
        for (int t = 0; t < contributors; t++) all[t] = next.Columns + ((long)contributing[t] * padded);
        double* errors = TracksErrors ? coefficients + ((d + 1) * contributors) : null;
        int b = 0;
        for (; b + 16 <= padded; b += 16)
        {
            int row = 0;
            if (d >= 2)
            {
                ThreeRowsTwice(all, coefficients, contributors, b, result + b, padded, d == 2 ? next.Bias + b : null, errors, result + ((d + 1) * padded) + b, next);
                row = 3;
            }
            for (; row + 3 <= d + 1; row += 3) ThreeRowsTwice(all, coefficients + (row * contributors), contributors, b, result + (row * padded) + b, padded, row + 2 == d ? next.Bias + b : null, null, null, next);
            for (; row <= d; row++)
            {
                OneRow(all, coefficients + (row * contributors), contributors, b, result + (row * padded) + b, row == d ? next.Bias + b : null);
                OneRow(all, coefficients + (row * contributors), contributors, b + 8, result + (row * padded) + b + 8, row == d ? next.Bias + b + 8 : null);
            }
            if (d >= 2 || errors is null) continue;
            ErrorRow(all, errors, contributors, b, result + ((d + 1) * padded) + b, next);
            ErrorRow(all, errors, contributors, b + 8, result + ((d + 1) * padded) + b + 8, next);
        }
        if (b < padded)
        {
            int row = 0;
            for (; row + 3 <= d + 1; row += 3) ThreeRows(all, coefficients + (row * contributors), contributors, b, result + (row * padded) + b, padded, row + 2 == d ? next.Bias + b : null);
            for (; row <= d; row++) OneRow(all, coefficients + (row * contributors), contributors, b, result + (row * padded) + b, row == d ? next.Bias + b : null);
            if (errors is not null) ErrorRow(all, errors, contributors, b, result + ((d + 1) * padded) + b, next);
        }
        return result;
    }

    /// <summary>Three rows of sixteen units, and their errors where wanted: every column is loaded once, every coefficient serves two blocks.</summary>
    private static void ThreeRowsTwice(
        double** columns, double* coefficients, int count, int b, double* result, int padded, double* biasOfLast, double* errors, double* errorResult, Stage next)
    {
        Vector512<double> r0 = Vector512<double>.Zero, r1 = r0, r2 = r0, s0 = r0, s1 = r0, s2 = r0;
        if (biasOfLast is not null)
        {
            r2 = Vector512.Load(biasOfLast);
            s2 = Vector512.Load(biasOfLast + 8);
        }
        double* c1 = coefficients + count, c2 = c1 + count;
        Vector512<double> unit = Vector512.Create(next.SumError);
        Vector512<double> e = Vector512.Abs(Vector512.Load(next.Bias + b)) * unit, f = Vector512.Abs(Vector512.Load(next.Bias + b + 8)) * unit;
        for (int t = 0; t < count; t++)
        {
            Vector512<double> w = Vector512.Load(columns[t] + b), v = Vector512.Load(columns[t] + b + 8), c = Vector512.Create(coefficients[t]);
            r0 = Vector512.FusedMultiplyAdd(w, c, r0);
            s0 = Vector512.FusedMultiplyAdd(v, c, s0);
            c = Vector512.Create(c1[t]);
            r1 = Vector512.FusedMultiplyAdd(w, c, r1);
            s1 = Vector512.FusedMultiplyAdd(v, c, s1);
            c = Vector512.Create(c2[t]);
            r2 = Vector512.FusedMultiplyAdd(w, c, r2);
            s2 = Vector512.FusedMultiplyAdd(v, c, s2);
            if (errors is null) continue;
            c = Vector512.Create(errors[t]);
            e = Vector512.FusedMultiplyAdd(Vector512.Abs(w), c, e);
            f = Vector512.FusedMultiplyAdd(Vector512.Abs(v), c, f);
        }
        if (errors is not null)
        {
            e.Store(errorResult);
            f.Store(errorResult + 8);
        }
        r0.Store(result);
        s0.Store(result + 8);
        r1.Store(result + padded);
        s1.Store(result + padded + 8);
        r2.Store(result + padded + padded);
        s2.Store(result + padded + padded + 8);
    }

    private static void ThreeRows(double** columns, double* coefficients, int count, int b, double* result, int padded, double* biasOfLast)
    {
        Vector512<double> r0 = Vector512<double>.Zero, r1 = r0, r2 = biasOfLast is null ? r0 : Vector512.Load(biasOfLast);
        double* c1 = coefficients + count, c2 = c1 + count;
        for (int t = 0; t < count; t++)
        {
            Vector512<double> w = Vector512.Load(columns[t] + b);
            r0 = Vector512.FusedMultiplyAdd(w, Vector512.Create(coefficients[t]), r0);
            r1 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c1[t]), r1);
            r2 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c2[t]), r2);
        }
        r0.Store(result);
        r1.Store(result + padded);
        r2.Store(result + padded + padded);
    }

    private static void OneRow(double** columns, double* coefficients, int count, int b, double* result, double* bias)
    {
        Vector512<double> sum = bias is null ? Vector512<double>.Zero : Vector512.Load(bias);
        for (int t = 0; t < count; t++) sum = Vector512.FusedMultiplyAdd(Vector512.Load(columns[t] + b), Vector512.Create(coefficients[t]), sum);
        sum.Store(result);
    }

    private static void ErrorRow(double** columns, double* coefficients, int count, int b, double* result, Stage next)
    {
        Vector512<double> sum = Vector512.Abs(Vector512.Load(next.Bias + b)) * Vector512.Create(next.SumError);
        for (int t = 0; t < count; t++)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Abs(Vector512.Load(columns[t] + b)), Vector512.Create(coefficients[t]), sum);
        }
        sum.Store(result);
    }

    private protected double* CopyMap(Stage next, double* map)
    {
        int length = (TracksErrors ? rows : rows - 1) * next.Padded;
        double* copy = arena.TakeDoubles(rows * next.Padded);
        Buffer.MemoryCopy(map, copy, length * sizeof(double), length * sizeof(double));
        return copy;
    }

    /// <summary>Adds one decided unit: every row grows by the unit's coefficient times its column.</summary>
    private protected void AddColumn(Stage next, double* map, double* form, int unit, double factor)
    {
        int padded = next.Padded;
        double* column = next.Columns + ((long)unit * padded);
        for (int q = 0; q <= d; q++)
        {
            Vector512<double> c = Vector512.Create(factor * form[q]);
            double* row = map + (q * padded);
            for (int b = 0; b < padded; b += 8) Vector512.FusedMultiplyAdd(Vector512.Load(column + b), c, Vector512.Load(row + b)).Store(row + b);
        }
        if (!TracksErrors) return;
        // The form's own error is part of its tolerance.
        Vector512<double> e = Vector512.Create(Math.Abs(factor) * (form[layout.Tolerance] + (next.SumError * form[layout.Size])));
        double* errors = map + ((d + 1) * padded);
        for (int b = 0; b < padded; b += 8) Vector512.FusedMultiplyAdd(Vector512.Abs(Vector512.Load(column + b)), e, Vector512.Load(errors + b)).Store(errors + b);
    }

    /// <summary>The next stage's map by applying its operator to all decided forms at once: for stages too large to tabulate.</summary>
    private protected double* OperatorMap(int stage, double* map)
    {
        Stage now = table.Stages[stage], next = table.Stages[stage + 1];
        double[] forms = new double[(d + 1) * now.Units], sizes = new double[now.Units], image = new double[(d + 1) * next.Units], errors = new double[next.Units];
        for (int i = 0; i < now.Units; i++)
        {
            double factor = IsActive(stage, i) ? 1 : now.LeftSlope[i], size = 0;
            for (int q = 0; q <= d; q++)
            {
                double c = map[(q * now.Padded) + i];
                size += Math.Abs(c);
                forms[(q * now.Units) + i] = factor * c;
            }
            sizes[i] = Math.Abs(factor) * (map[((d + 1) * now.Padded) + i] + (next.SumError * size));
        }
        next.Source.Linear.Apply<double>(d + 1, forms, image);
        if (TracksErrors) next.Source.Linear.ApplyAbsolute(1, sizes, errors);
        double* result = arena.TakeDoubles(rows * next.Padded);
        new Span<double>(result, rows * next.Padded).Clear();
        for (int i = 0; i < next.Units; i++)
        {
            for (int q = 0; q <= d; q++) result[(q * next.Padded) + i] = image[(q * next.Units) + i];
            result[(d * next.Padded) + i] += next.Bias[i];
            result[((d + 1) * next.Padded) + i] = (errors[i] * (1 + next.SumError)) + (next.SumError * Math.Abs(next.Bias[i]));
        }
        return result;
    }
}
