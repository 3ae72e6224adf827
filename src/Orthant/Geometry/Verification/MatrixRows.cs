using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Orthant.Geometry.Verification;

/// <summary>Products of a few rows with chosen columns of a stage's matrix.</summary>
internal static unsafe class MatrixRows
{
    /// <summary>result = coefficients · columns, rows × padded.</summary>
    /// <param name="coefficients">rows × count.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">count arrays of padded numbers.</param>
    /// <param name="count">How many columns take part.</param>
    /// <param name="padded">The length of a column, a multiple of eight.</param>
    /// <param name="result">rows × padded, overwritten.</param>
    /// <param name="bias">Added to one row, or null.</param>
    /// <param name="biasRow">The row that it is added to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Product(double* coefficients, int rows, double** columns, int count, int padded, double* result, double* bias, int biasRow)
    {
        long m = Math.Max(1, count);
        for (int b = 0; b < padded; b += 8)
        {
            int row = 0;
            for (; row + 6 <= rows; row += 6)
            {
                Vector512<double> r0 = Vector512<double>.Zero, r1 = r0, r2 = r0, r3 = r0, r4 = r0, r5 = r0;
                double* c0 = coefficients + (row * m), c1 = c0 + m, c2 = c1 + m, c3 = c2 + m, c4 = c3 + m, c5 = c4 + m;
                for (int t = 0; t < count; t++)
                {
                    Vector512<double> w = Vector512.Load(columns[t] + b);
                    r0 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c0[t]), r0);
                    r1 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c1[t]), r1);
                    r2 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c2[t]), r2);
                    r3 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c3[t]), r3);
                    r4 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c4[t]), r4);
                    r5 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c5[t]), r5);
                }
                double* at = result + ((long)row * padded) + b;
                r0.Store(at);
                r1.Store(at + padded);
                r2.Store(at + (2L * padded));
                r3.Store(at + (3L * padded));
                r4.Store(at + (4L * padded));
                r5.Store(at + (5L * padded));
            }
            for (; row + 2 <= rows; row += 2)
            {
                Vector512<double> r0 = Vector512<double>.Zero, r1 = r0;
                double* c0 = coefficients + (row * m), c1 = c0 + m;
                for (int t = 0; t < count; t++)
                {
                    Vector512<double> w = Vector512.Load(columns[t] + b);
                    r0 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c0[t]), r0);
                    r1 = Vector512.FusedMultiplyAdd(w, Vector512.Create(c1[t]), r1);
                }
                double* at = result + ((long)row * padded) + b;
                r0.Store(at);
                r1.Store(at + padded);
            }
            for (; row < rows; row++)
            {
                Vector512<double> r0 = Vector512<double>.Zero;
                double* c0 = coefficients + (row * m);
                for (int t = 0; t < count; t++) r0 = Vector512.FusedMultiplyAdd(Vector512.Load(columns[t] + b), Vector512.Create(c0[t]), r0);
                r0.Store(result + ((long)row * padded) + b);
            }
            if (bias is not null)
            {
                double* at = result + ((long)biasRow * padded) + b;
                (Vector512.Load(at) + Vector512.Load(bias + b)).Store(at);
            }
        }
    }
}
