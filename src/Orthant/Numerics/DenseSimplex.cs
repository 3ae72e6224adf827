using System.Numerics.Tensors;

namespace Orthant.Numerics;

/// <summary>A small dense linear program, min c·x with lᵢ ≤ aᵢ·x ≤ uᵢ and bounds on x, that is solved again quickly after a change.</summary>
/// <remarks>
/// <para>Made for the many little programs of polyhedral geometry (up to a few hundred rows and 800 variables): rows may be added and taken
/// off at the end, bounds and the objective changed; every solve starts at the last basis, by the dual simplex method where it is dual
/// feasible (after new rows or bounds), else by the primal one (after a new objective). Bounds may be infinite; a variable without bounds
/// is free. Ties are broken by R. G. Bland's rule once steps stall, so it does not cycle.</para>
/// <para>Floating-point answers hold to 10⁻⁹; <see cref="Verify"/> turns them into proved ones. Not safe for use by several threads at
/// once.</para>
/// <para>State: the dictionary x_B = T x_N over variables 0..n-1 and row activities n..n+m-1, begun at T = A. One pivot costs
/// O(rows · variables).</para>
/// </remarks>
public sealed partial class DenseSimplex
{
    private const double Tolerance = 1e-9;
    private const double PivotTolerance = 1e-9;

    // Row-major, one row of length _n a constraint: the coefficients, and the dictionary.
    private double[] _rows;
    private double[] _table;

    // One entry a variable or row activity.
    private double[] _lower;
    private double[] _upper;
    private double[] _value;
    private bool[] _atUpper;

    // Row of the dictionary, or ~column, of each variable or activity; and back.
    private int[] _place;
    private int[] _basic;
    private readonly int[] _nonbasic;

    private readonly double[] _cost;
    private readonly double[] _reduced;
    private readonly int _n;
    private int _m;
    private int _pivotsSinceRebuild;

    // The combination of dictionary rows that shows infeasibility: one weight a basic variable.
    private double[] _proof = [];

    /// <summary>Creates a program without rows and with the objective 0.</summary>
    /// <param name="lower">Lower bound of each variable; -∞ where there is none.</param>
    /// <param name="upper">Upper bound of each variable; +∞ where there is none.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a lower bound is above its upper bound or NaN.</exception>
    public DenseSimplex(ReadOnlySpan<double> lower, ReadOnlySpan<double> upper)
    {
        if (lower.Length != upper.Length) throw new ArgumentException("Each variable has two bounds.", nameof(upper));
        _n = lower.Length;
        int capacity = 16;
        _rows = new double[capacity * _n];
        _table = new double[capacity * _n];
        _lower = new double[_n + capacity];
        _upper = new double[_n + capacity];
        _value = new double[_n + capacity];
        _atUpper = new bool[_n + capacity];
        _place = new int[_n + capacity];
        _basic = new int[capacity];
        _nonbasic = new int[_n];
        _cost = new double[_n];
        _reduced = new double[_n];
        for (int j = 0; j < _n; j++)
        {
            CheckBounds(lower[j], upper[j]);
            (_lower[j], _upper[j], _nonbasic[j], _place[j]) = (lower[j], upper[j], j, ~j);
        }
    }

    /// <summary>Number of variables.</summary>
    public int VariableCount => _n;

    /// <summary>Number of rows.</summary>
    public int RowCount => _m;

    /// <summary>Pivots and bound flips of the last solve.</summary>
    public int Iterations { get; private set; }

    /// <summary>How the last solve ended.</summary>
    public SimplexStatus Status { get; private set; } = SimplexStatus.IterationLimit;

    /// <summary>c·x at the last point.</summary>
    public double Objective => TensorPrimitives.Dot<double>(_cost, _value.AsSpan(0, _n));

    /// <summary>The last point, one number a variable; valid until the next change.</summary>
    public ReadOnlySpan<double> Point => _value.AsSpan(0, _n);

    /// <summary>aᵢ·x of each row at the last point; valid until the next change.</summary>
    public ReadOnlySpan<double> RowActivities => _value.AsSpan(_n, _m);

    /// <summary>Adds lower ≤ coefficients·x ≤ upper as the last row.</summary>
    /// <param name="coefficients">One finite number a variable.</param>
    /// <param name="lower">Lower bound, or -∞.</param>
    /// <param name="upper">Upper bound, or +∞.</param>
    /// <returns>The row's index.</returns>
    /// <exception cref="ArgumentException">The length is wrong, a coefficient is not finite, or the bounds are crossed.</exception>
    public int AddRow(ReadOnlySpan<double> coefficients, double lower, double upper)
    {
        if (coefficients.Length != _n) throw new ArgumentException("A row has one coefficient a variable.", nameof(coefficients));
        foreach (double a in coefficients)
        {
            if (!double.IsFinite(a)) throw new ArgumentException("Coefficients are finite.", nameof(coefficients));
        }
        CheckBounds(lower, upper);
        if (_m == _basic.Length) Grow();
        int row = _m++, activity = _n + row;
        coefficients.CopyTo(_rows.AsSpan(row * _n));
        (_lower[activity], _upper[activity], _basic[row], _place[activity], _atUpper[activity]) = (lower, upper, activity, row, false);
        Expand(coefficients, TableRow(row));
        return row;
    }

    /// <summary>Takes off the rows from an index on.</summary>
    /// <param name="count">Number of rows to keep.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer rows.</exception>
    public void TruncateRows(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _m);
        while (_m > count)
        {
            int activity = _n + _m - 1;
            // A row can go once its activity is basic; the largest entry of its column makes it so with the least loss of digits.
            if (_place[activity] < 0) Pivot(LargestInColumn(~_place[activity]), ~_place[activity]);
            MoveRow(_m - 1, _place[activity]);
            _m--;
        }
    }

    /// <summary>Changes the bounds of a row.</summary>
    /// <param name="row">The row's index.</param>
    /// <param name="lower">Lower bound, or -∞.</param>
    /// <param name="upper">Upper bound, or +∞.</param>
    /// <exception cref="ArgumentException">The bounds are crossed or NaN.</exception>
    public void SetRowBounds(int row, double lower, double upper)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_m, nameof(row));
        CheckBounds(lower, upper);
        (_lower[_n + row], _upper[_n + row]) = (lower, upper);
    }

    /// <summary>Changes the bounds of a variable.</summary>
    /// <param name="variable">The variable's index.</param>
    /// <param name="lower">Lower bound, or -∞.</param>
    /// <param name="upper">Upper bound, or +∞.</param>
    /// <exception cref="ArgumentException">The bounds are crossed or NaN.</exception>
    public void SetBounds(int variable, double lower, double upper)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)variable, (uint)_n, nameof(variable));
        CheckBounds(lower, upper);
        (_lower[variable], _upper[variable]) = (lower, upper);
    }

    /// <summary>Changes the objective that is minimised.</summary>
    /// <param name="cost">One finite number a variable.</param>
    /// <exception cref="ArgumentException">The length is wrong or a number is not finite.</exception>
    public void SetObjective(ReadOnlySpan<double> cost)
    {
        if (cost.Length != _n) throw new ArgumentException("The objective has one coefficient a variable.", nameof(cost));
        foreach (double c in cost)
        {
            if (!double.IsFinite(c)) throw new ArgumentException("Coefficients are finite.", nameof(cost));
        }
        cost.CopyTo(_cost);
        Expand(_cost, _reduced);
    }

    /// <summary>The change of the optimum per unit of a row's binding bound; 0 where the row is slack.</summary>
    /// <param name="row">The row's index.</param>
    public double Dual(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_m, nameof(row));
        return ReducedOf(_n + row);
    }

    /// <summary>The change of the optimum per unit of a variable's binding bound; 0 where none binds.</summary>
    /// <param name="variable">The variable's index.</param>
    public double ReducedCost(int variable)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)variable, (uint)_n, nameof(variable));
        return ReducedOf(variable);
    }

    /// <summary>After an infeasible solve, y with Σ yᵢrᵢ − Σ (Aᵀy)ⱼxⱼ of one sign over all bounds (to rounding).</summary>
    /// <returns>One number a row.</returns>
    /// <exception cref="InvalidOperationException">The last solve did not end as infeasible.</exception>
    public double[] FarkasRay()
    {
        if (Status != SimplexStatus.Infeasible) throw new InvalidOperationException("The program was not found infeasible.");
        // Weighted dictionary rows: sum of w_i (x_B - T x_N) = 0; the ray is what multiplies the row activities.
        double[] ray = new double[_m];
        for (int i = 0; i < _m; i++)
        {
            if (_proof[i] == 0) continue;
            if (_basic[i] >= _n) ray[_basic[i] - _n] += _proof[i];
            Span<double> row = TableRow(i);
            for (int j = 0; j < _n; j++)
            {
                if (_nonbasic[j] >= _n) ray[_nonbasic[j] - _n] -= _proof[i] * row[j];
            }
        }
        return ray;
    }

    /// <summary>Solves from the last basis.</summary>
    /// <param name="maxIterations">Largest number of pivots and bound flips; negative for 100 · (rows + variables) + 1000.</param>
    /// <returns>How it ended; also <see cref="Status"/>.</returns>
    public SimplexStatus Solve(int maxIterations = -1)
    {
        _limit = maxIterations >= 0 ? maxIterations : 100 * (_m + _n) + 1000;
        Iterations = 0;
        for (int attempt = 0; ; attempt++)
        {
            Status = Iterate();
            // An answer far from the rows themselves, or one of no answer, is repeated on a fresh dictionary.
            bool fresh = _pivotsSinceRebuild == 0;
            if (Status == SimplexStatus.IterationLimit || fresh || attempt == 3) return Status;
            if (Status == SimplexStatus.Optimal && Drift() <= Tolerance) return Status;
            Rebuild();
        }
    }

    /// <summary>Proves the last answer in rational arithmetic, going on from there with exact pivots where it is not exactly right.</summary>
    /// <returns>The exact answer for the program as it stands; a solve that hit its limit is finished exactly.</returns>
    /// <remarks>When the floating-point basis is right this costs a rational solve or two of the size of the basis' share of the
    /// variables; exact pivots cost O(rows · variables) rational operations each.</remarks>
    public VerifiedOptimum Verify() => new ExactSimplex(this).Prove();

    private static void CheckBounds(double lower, double upper)
    {
        if (!(lower <= upper) || lower == double.PositiveInfinity || upper == double.NegativeInfinity)
        {
            throw new ArgumentException($"A lower bound of {lower:R} and an upper bound of {upper:R} leave nothing.", nameof(lower));
        }
    }

    private double ReducedOf(int variable) => _place[variable] < 0 ? _reduced[~_place[variable]] : 0;

    private Span<double> TableRow(int row) => _table.AsSpan(row * _n, _n);

    /// <summary>Writes a linear form of the variables as one of the nonbasic variables.</summary>
    private void Expand(ReadOnlySpan<double> form, Span<double> result)
    {
        result.Clear();
        for (int j = 0; j < _n; j++)
        {
            if (form[j] == 0) continue;
            if (_place[j] < 0) result[~_place[j]] += form[j];
            else TensorPrimitives.MultiplyAdd(TableRow(_place[j]), form[j], result, result);
        }
    }

    private void Grow()
    {
        int capacity = 2 * _basic.Length;
        Array.Resize(ref _rows, capacity * _n);
        Array.Resize(ref _table, capacity * _n);
        Array.Resize(ref _lower, _n + capacity);
        Array.Resize(ref _upper, _n + capacity);
        Array.Resize(ref _value, _n + capacity);
        Array.Resize(ref _atUpper, _n + capacity);
        Array.Resize(ref _place, _n + capacity);
        Array.Resize(ref _basic, capacity);
    }

    private void MoveRow(int from, int to)
    {
        if (from == to) return;
        TableRow(from).CopyTo(TableRow(to));
        _basic[to] = _basic[from];
        _place[_basic[to]] = to;
    }
}
