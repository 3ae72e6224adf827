namespace Orthant.Numerics;

/// <summary>The primal simplex method in rational numbers with R. G. Bland's rule: exact, never cycling, and slow.</summary>
/// <remarks>Variables 0..n-1 and row activities n..n+m-1, the basic ones written as linear forms of the others. Null bounds are infinite.
/// </remarks>
internal sealed class RationalDictionary
{
    private readonly int _n;
    private readonly int _m;
    private readonly Rational[][] _table;
    private readonly Rational[] _reduced;
    private readonly Rational?[] _lower;
    private readonly Rational?[] _upper;
    private readonly Rational[] _value;
    private readonly int[] _basic;
    private readonly int[] _nonbasic;
    private int _rayColumn;
    private int _rayDirection;

    public RationalDictionary(Rational[][] rows, Rational[] cost, Rational?[] lower, Rational?[] upper)
    {
        (_n, _m, _lower, _upper) = (cost.Length, rows.Length, lower, upper);
        _table = [.. rows.Select(row => (Rational[])row.Clone())];
        _reduced = (Rational[])cost.Clone();
        _value = new Rational[_n + _m];
        _basic = [.. Enumerable.Range(_n, _m)];
        _nonbasic = [.. Enumerable.Range(0, _n)];
        for (int v = 0; v < _n + _m; v++) Prefer(v, false);
    }

    /// <summary>Pivots made by <see cref="Run"/>.</summary>
    public int Pivots { get; private set; }

    /// <summary>Brings variables into the basis in exchange for row activities, as far as they are independent.</summary>
    public void Enter(int[] variables, int[] rows)
    {
        HashSet<int> leaving = [.. rows.Select(r => _n + r)];
        foreach (int variable in variables)
        {
            int column = Array.IndexOf(_nonbasic, variable);
            int row = Array.FindIndex(_basic, b => leaving.Contains(b) && !_table[Array.IndexOf(_basic, b)][column].IsZero);
            if (row >= 0) Exchange(row, column);
        }
    }

    /// <summary>Puts a nonbasic variable on one of its bounds.</summary>
    public void Prefer(int variable, bool upper) => _value[variable] =
        (upper ? _upper[variable] ?? _lower[variable] : _lower[variable] ?? _upper[variable]) ?? Rational.Zero;

    /// <summary>Optimal, infeasible or unbounded.</summary>
    public SimplexStatus Run()
    {
        for (int i = 0; i < _m; i++)
        {
            Rational sum = Rational.Zero;
            for (int j = 0; j < _n; j++) sum += _table[i][j] * _value[_nonbasic[j]];
            _value[_basic[i]] = sum;
        }
        for (bool first = true; ; Pivots++)
        {
            bool violated = false;
            Rational[] slopes = first ? ViolationSlopes(out violated) : _reduced;
            if (!violated) (first, slopes) = (false, _reduced);
            int column = Entering(slopes);
            if (column < 0) return first ? SimplexStatus.Infeasible : SimplexStatus.Optimal;
            int direction = -slopes[column].Sign;
            if (!Advance(column, direction))
            {
                (_rayColumn, _rayDirection) = (column, direction);
                return SimplexStatus.Unbounded;
            }
        }
    }

    public Rational[] Point() => _value[.._n];

    public Rational[] Duals() => Activities(v => Array.IndexOf(_nonbasic, v) is int j and >= 0 ? _reduced[j] : Rational.Zero);

    /// <summary>The row multipliers of the identity Σ wᵢ(x_B − T x_N) = 0, w being the signs of the violations.</summary>
    public Rational[] Farkas()
    {
        Rational[] slopes = ViolationSlopes(out _);
        return Activities(v => Array.IndexOf(_basic, v) >= 0 ? Violation(v) : -slopes[Array.IndexOf(_nonbasic, v)]);
    }

    /// <summary>The direction of descent that met no bound.</summary>
    public Rational[] Ray()
    {
        Rational[] ray = new Rational[_n];
        if (_nonbasic[_rayColumn] < _n) ray[_nonbasic[_rayColumn]] = _rayDirection;
        for (int i = 0; i < _m; i++)
        {
            if (_basic[i] < _n) ray[_basic[i]] = _rayDirection * _table[i][_rayColumn];
        }
        return ray;
    }

    private Rational[] Activities(Func<int, Rational> of) => [.. Enumerable.Range(_n, _m).Select(of)];

    private int Violation(int variable) => _value[variable] > _upper[variable] ? 1 : _value[variable] < _lower[variable] ? -1 : 0;

    private Rational[] ViolationSlopes(out bool violated)
    {
        Rational[] slopes = new Rational[_n];
        violated = false;
        for (int i = 0; i < _m; i++)
        {
            int sign = Violation(_basic[i]);
            if (sign == 0) continue;
            violated = true;
            for (int j = 0; j < _n; j++) slopes[j] += sign * _table[i][j];
        }
        return slopes;
    }

    private int Entering(Rational[] slopes)
    {
        int chosen = -1;
        for (int j = 0; j < _n; j++)
        {
            int variable = _nonbasic[j], sign = slopes[j].Sign;
            bool improves = sign < 0 ? !(_value[variable] >= _upper[variable]) : sign > 0 && !(_value[variable] <= _lower[variable]);
            if (improves && (chosen < 0 || variable < _nonbasic[chosen])) chosen = j;
        }
        return chosen;
    }

    /// <summary>Moves a column as far as bounds allow and pivots; false when nothing stops it.</summary>
    private bool Advance(int column, int direction)
    {
        int entering = _nonbasic[column], leaving = -1;
        Rational? step = direction > 0 ? _upper[entering] - _value[entering] : _value[entering] - _lower[entering];
        for (int i = 0; i < _m; i++)
        {
            Rational speed = direction * _table[i][column];
            if (speed.IsZero) continue;
            int variable = _basic[i], violation = Violation(variable);
            Rational? bound = violation == 0 ? (speed.Sign > 0 ? _upper[variable] : _lower[variable])
                : violation == speed.Sign ? null : violation > 0 ? _upper[variable] : _lower[variable];
            if (bound is not { } end) continue;
            Rational time = (end - _value[variable]) / speed;
            if (step is null || time < step || (time == step && (leaving < 0 ? variable < entering : variable < _basic[leaving])))
            {
                (step, leaving) = (time, i);
            }
        }
        if (step is not { } length) return false;
        if (!length.IsZero)
        {
            _value[entering] += direction * length;
            for (int i = 0; i < _m; i++) _value[_basic[i]] += direction * length * _table[i][column];
        }
        if (leaving >= 0) Exchange(leaving, column);
        return true;
    }

    private void Exchange(int row, int column)
    {
        Rational inverse = _table[row][column].Reciprocal();
        Rational[] pivotRow = _table[row];
        for (int j = 0; j < _n; j++) pivotRow[j] = j == column ? inverse : -pivotRow[j] * inverse;
        for (int i = 0; i < _m; i++)
        {
            if (i != row) Substitute(_table[i], pivotRow, column);
        }
        Substitute(_reduced, pivotRow, column);
        (_basic[row], _nonbasic[column]) = (_nonbasic[column], _basic[row]);
    }

    private static void Substitute(Rational[] target, Rational[] pivotRow, int column)
    {
        Rational factor = target[column];
        if (factor.IsZero) return;
        target[column] = Rational.Zero;
        for (int j = 0; j < target.Length; j++)
        {
            if (!pivotRow[j].IsZero) target[j] += factor * pivotRow[j];
        }
    }
}
