using System.Numerics.Tensors;

namespace Orthant.Numerics;

public sealed partial class DenseSimplex
{
    private int _limit;

    /// <summary>Whether steps have stalled for so long that ties are broken by the smallest index.</summary>
    private bool Stalled => _idle > 20 + _m + _n;

    private int _idle;

    private SimplexStatus Iterate()
    {
        _idle = 0;
        PlaceNonbasic();
        ComputeBasic();
        if (!IsFeasible())
        {
            SimplexStatus first = MakeDualFeasible() ? Dual() : Primal(true);
            if (first != SimplexStatus.Optimal) return first;
            _idle = 0;
        }
        return Primal(false);
    }

    /// <summary>Puts every nonbasic variable on one of its bounds, a free one at 0.</summary>
    private void PlaceNonbasic()
    {
        foreach (int variable in _nonbasic) Place(variable, _atUpper[variable]);
    }

    private void Place(int variable, bool atUpper)
    {
        bool hasLower = !double.IsInfinity(_lower[variable]), hasUpper = !double.IsInfinity(_upper[variable]);
        _atUpper[variable] = hasUpper && (atUpper || !hasLower);
        _value[variable] = _atUpper[variable] ? _upper[variable] : hasLower ? _lower[variable] : 0;
    }

    private void ComputeBasic()
    {
        double[] point = new double[_n];
        for (int j = 0; j < _n; j++) point[j] = _value[_nonbasic[j]];
        for (int i = 0; i < _m; i++) _value[_basic[i]] = TensorPrimitives.Dot<double>(TableRow(i), point);
    }

    /// <summary>How far a variable is above its upper (positive) or below its lower bound (negative), beyond the tolerance.</summary>
    private double Violation(int variable)
    {
        double x = _value[variable];
        if (x > _upper[variable] + Tolerance * Math.Max(1, Math.Abs(_upper[variable]))) return x - _upper[variable];
        if (x < _lower[variable] - Tolerance * Math.Max(1, Math.Abs(_lower[variable]))) return x - _lower[variable];
        return 0;
    }

    private bool IsFeasible()
    {
        for (int i = 0; i < _m; i++)
        {
            if (Violation(_basic[i]) != 0) return false;
        }
        return true;
    }

    /// <summary>Moves nonbasic variables to the bound that their reduced cost asks for, if every one has it.</summary>
    private bool MakeDualFeasible()
    {
        for (int j = 0; j < _n; j++)
        {
            int variable = _nonbasic[j];
            if (_reduced[j] > Tolerance && double.IsInfinity(_lower[variable])) return false;
            if (_reduced[j] < -Tolerance && double.IsInfinity(_upper[variable])) return false;
        }
        for (int j = 0; j < _n; j++)
        {
            if (Math.Abs(_reduced[j]) > Tolerance) Place(_nonbasic[j], _reduced[j] < 0);
        }
        ComputeBasic();
        return true;
    }

    /// <summary>The dual simplex method: drives out violated basic variables while reduced costs keep their signs.</summary>
    private SimplexStatus Dual()
    {
        while (true)
        {
            int leaving = -1;
            double worst = 0;
            for (int i = 0; i < _m; i++)
            {
                double violation = Violation(_basic[i]);
                if (violation == 0) continue;
                bool better = Stalled
                    ? leaving < 0 || _basic[i] < _basic[leaving]
                    : Math.Abs(violation) > Math.Abs(worst);
                if (better) (leaving, worst) = (i, violation);
            }
            if (leaving < 0) return SimplexStatus.Optimal;
            if (Iterations >= _limit) return SimplexStatus.IterationLimit;
            int entering = DualRatio(leaving, worst > 0 ? -1 : 1);
            if (entering < 0)
            {
                _proof = new double[_m];
                _proof[leaving] = 1;
                return SimplexStatus.Infeasible;
            }
            int variable = _basic[leaving];
            _idle = Math.Abs(_reduced[entering]) > Tolerance ? 0 : _idle + 1;
            double target = worst > 0 ? _upper[variable] : _lower[variable];
            Step(entering, (target - _value[variable]) / TableRow(leaving)[entering]);
            Pivot(leaving, entering);
            Place(variable, worst > 0);
        }
    }

    /// <summary>The column that can move a basic variable in a direction and whose reduced cost reaches 0 first; -1 if none can.</summary>
    private int DualRatio(int leaving, int direction)
    {
        Span<double> row = TableRow(leaving);
        double bound = double.PositiveInfinity;
        for (int j = 0; j < _n; j++)
        {
            if (CanMove(j, row[j] * direction)) bound = Math.Min(bound, (Math.Abs(_reduced[j]) + Tolerance) / Math.Abs(row[j]));
        }
        int chosen = -1;
        double ratio = double.PositiveInfinity;
        if (Stalled) bound = MinimumDualRatio(row, direction);
        for (int j = 0; j < _n; j++)
        {
            if (!CanMove(j, row[j] * direction)) continue;
            ratio = Math.Abs(_reduced[j]) / Math.Abs(row[j]);
            if (ratio > bound) continue;
            bool better = chosen < 0
                || (Stalled ? _nonbasic[j] < _nonbasic[chosen] : Math.Abs(row[j]) > Math.Abs(row[chosen]));
            if (better) chosen = j;
        }
        return chosen;
    }

    private double MinimumDualRatio(Span<double> row, int direction)
    {
        double bound = double.PositiveInfinity;
        for (int j = 0; j < _n; j++)
        {
            if (CanMove(j, row[j] * direction)) bound = Math.Min(bound, Math.Abs(_reduced[j]) / Math.Abs(row[j]));
        }
        return bound * (1 + 1e-12);
    }

    /// <summary>Whether a nonbasic variable may move so that slope times its move is positive.</summary>
    private bool CanMove(int column, double slope)
    {
        if (Math.Abs(slope) <= PivotTolerance) return false;
        int variable = _nonbasic[column];
        if (_lower[variable] == _upper[variable]) return false;
        bool free = double.IsInfinity(_lower[variable]) && double.IsInfinity(_upper[variable]);
        return free || (_atUpper[variable] ? slope < 0 : slope > 0);
    }

    /// <summary>The primal simplex method; in the first phase the objective is the sum of the violations.</summary>
    private SimplexStatus Primal(bool firstPhase)
    {
        double[] slopes = _reduced;
        while (true)
        {
            if (firstPhase)
            {
                slopes = ViolationSlopes(out bool feasible);
                if (feasible) return SimplexStatus.Optimal;
            }
            int entering = PrimalColumn(slopes);
            if (entering < 0) return firstPhase ? SimplexStatus.Infeasible : SimplexStatus.Optimal;
            if (Iterations >= _limit) return SimplexStatus.IterationLimit;
            int direction = slopes[entering] < 0 ? 1 : -1;
            int leaving = PrimalRatio(entering, direction, firstPhase, out double step, out bool toUpper);
            int variable = _nonbasic[entering];
            double range = _upper[variable] - _lower[variable];
            _idle = Math.Min(step, range) > 1e-12 ? 0 : _idle + 1;
            if (range <= step && !double.IsInfinity(range))
            {
                // Its own opposite bound comes first.
                Iterations++;
                Step(entering, direction * range);
                Place(variable, direction > 0);
                continue;
            }
            if (leaving < 0) return firstPhase ? SimplexStatus.Infeasible : SimplexStatus.Unbounded;
            int left = _basic[leaving];
            Step(entering, direction * step);
            Pivot(leaving, entering);
            Place(left, toUpper);
        }
    }

    /// <summary>The slope of the sum of violations in each nonbasic variable; keeps its weights as the proof of infeasibility.</summary>
    private double[] ViolationSlopes(out bool feasible)
    {
        double[] slopes = new double[_n];
        if (_proof.Length != _m) _proof = new double[_m];
        feasible = true;
        for (int i = 0; i < _m; i++)
        {
            _proof[i] = Math.Sign(Violation(_basic[i]));
            if (_proof[i] == 0) continue;
            feasible = false;
            TensorPrimitives.MultiplyAdd(TableRow(i), _proof[i], slopes, slopes);
        }
        return slopes;
    }

    private int PrimalColumn(double[] slopes)
    {
        int chosen = -1;
        for (int j = 0; j < _n; j++)
        {
            if (Math.Abs(slopes[j]) <= Tolerance || !CanMove(j, -slopes[j])) continue;
            bool better = chosen < 0
                || (Stalled ? _nonbasic[j] < _nonbasic[chosen] : Math.Abs(slopes[j]) > Math.Abs(slopes[chosen]));
            if (better) chosen = j;
        }
        return chosen;
    }

    /// <summary>The basic variable that meets a bound first as a column moves; two passes prefer large pivots among near ties (P. Harris).
    /// </summary>
    private int PrimalRatio(int entering, int direction, bool firstPhase, out double step, out bool toUpper)
    {
        double limit = double.PositiveInfinity;
        for (int i = 0; i < _m; i++)
        {
            double room = Room(i, entering, direction, firstPhase, out double speed, out _);
            double slack = Stalled ? 0 : Tolerance;
            limit = Math.Min(limit, (room + slack) / speed);
        }
        (step, toUpper) = (double.PositiveInfinity, false);
        int leaving = -1;
        if (double.IsPositiveInfinity(limit)) return leaving;
        double largest = 0;
        for (int i = 0; i < _m; i++)
        {
            double room = Room(i, entering, direction, firstPhase, out double speed, out bool up);
            if (double.IsPositiveInfinity(room) || room / speed > limit * (1 + 1e-12)) continue;
            bool better = leaving < 0 || (Stalled ? _basic[i] < _basic[leaving] : speed > largest);
            if (better) (leaving, largest, step, toUpper) = (i, speed, room / speed, up);
        }
        return leaving;
    }

    /// <summary>How far a basic variable may still go, at which speed, and to which bound; infinitely far where nothing stops it.</summary>
    private double Room(int row, int entering, int direction, bool firstPhase, out double speed, out bool toUpper)
    {
        double slope = _table[row * _n + entering] * direction;
        int variable = _basic[row];
        speed = Math.Abs(slope);
        toUpper = slope > 0;
        if (speed <= PivotTolerance)
        {
            speed = 1;
            return double.PositiveInfinity;
        }
        double x = _value[variable];
        double violation = firstPhase ? Violation(variable) : 0;
        if (violation != 0)
        {
            // A violated variable is stopped by the bound that it regains, and by none as it moves away.
            if (violation > 0 == slope > 0) return double.PositiveInfinity;
            toUpper = violation > 0;
            return Math.Abs(violation);
        }
        return Math.Max(0, slope > 0 ? _upper[variable] - x : x - _lower[variable]);
    }

    /// <summary>Moves one nonbasic variable and all basic ones with it.</summary>
    private void Step(int column, double step)
    {
        if (step == 0) return;
        _value[_nonbasic[column]] += step;
        for (int i = 0; i < _m; i++) _value[_basic[i]] += step * _table[i * _n + column];
    }

    /// <summary>Exchanges a basic and a nonbasic variable.</summary>
    private void Pivot(int row, int column)
    {
        Iterations++;
        _pivotsSinceRebuild++;
        Exchange(row, column);
    }

    private void Exchange(int row, int column)
    {
        // x_r = sum of T_rj x_j becomes x_c = x_r / T_rc - sum of (T_rj / T_rc) x_j; every other row takes in T_ic times that.
        Span<double> pivotRow = TableRow(row);
        double inverse = 1 / pivotRow[column];
        TensorPrimitives.Multiply(pivotRow, -inverse, pivotRow);
        pivotRow[column] = inverse;
        for (int i = 0; i < _m; i++)
        {
            if (i != row) Substitute(TableRow(i), pivotRow, column);
        }
        Substitute(_reduced, pivotRow, column);
        int left = _basic[row], entered = _nonbasic[column];
        (_basic[row], _nonbasic[column]) = (entered, left);
        (_place[entered], _place[left]) = (row, ~column);
    }

    private static void Substitute(Span<double> target, ReadOnlySpan<double> pivotRow, int column)
    {
        double factor = target[column];
        if (factor == 0) return;
        target[column] = 0;
        TensorPrimitives.MultiplyAdd(pivotRow, factor, target, target);
    }

    private int LargestInColumn(int column)
    {
        int best = 0;
        for (int i = 1; i < _m; i++)
        {
            if (Math.Abs(_table[i * _n + column]) > Math.Abs(_table[best * _n + column])) best = i;
        }
        return best;
    }

    /// <summary>Largest relative distance of the stored row activities from the rows' own values at the point.</summary>
    private double Drift()
    {
        double worst = 0;
        for (int i = 0; i < _m; i++)
        {
            double activity = TensorPrimitives.Dot<double>(_rows.AsSpan(i * _n, _n), _value.AsSpan(0, _n));
            worst = Math.Max(worst, Math.Abs(activity - _value[_n + i]) / Math.Max(1, Math.Abs(activity)));
        }
        return worst;
    }

    /// <summary>Computes the dictionary of the present basis afresh from the rows.</summary>
    private void Rebuild()
    {
        bool[] wanted = new bool[_n + _m];
        for (int i = 0; i < _m; i++) wanted[_basic[i]] = true;
        _rows.AsSpan(0, _m * _n).CopyTo(_table);
        for (int j = 0; j < _n; j++) (_nonbasic[j], _place[j]) = (j, ~j);
        for (int i = 0; i < _m; i++) (_basic[i], _place[_n + i]) = (_n + i, i);
        _cost.CopyTo(_reduced, 0);
        while (true)
        {
            // The largest pivot among rows that leave and columns that enter; a pair without one keeps the old basis in that place.
            (int row, int column, double largest) = (-1, -1, PivotTolerance);
            for (int i = 0; i < _m; i++)
            {
                if (wanted[_basic[i]]) continue;
                Span<double> entries = TableRow(i);
                for (int j = 0; j < _n; j++)
                {
                    if (wanted[_nonbasic[j]] && Math.Abs(entries[j]) > largest) (row, column, largest) = (i, j, Math.Abs(entries[j]));
                }
            }
            if (row < 0) break;
            Exchange(row, column);
        }
        _pivotsSinceRebuild = 0;
    }
}
