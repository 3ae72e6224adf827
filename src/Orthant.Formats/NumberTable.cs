using System.Collections.Immutable;

namespace Orthant.Formats;

/// <summary>Rows × columns of finite numbers, float32 or float64, with or without names of the columns: samples, points, outputs.</summary>
/// <remarks>Immutable and row-major. Numbers that came as float32 are held as such, at half the memory; every number reads as a double.
/// For pixels see <see cref="ImageSet"/>, for arrays of any rank <see cref="NpyArray"/>.</remarks>
public sealed class NumberTable
{
    private readonly float[]? singles;
    private readonly double[]? doubles;

    /// <summary>A table of float64 numbers.</summary>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, at least 1.</param>
    /// <param name="values">rows × columns finite numbers, row-major; not copied, so not to be changed hereafter.</param>
    /// <param name="columnNames">One name a column, or none at all.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a number is not finite.</exception>
    public NumberTable(int rows, int columns, double[] values, IEnumerable<string>? columnNames = null)
        : this(rows, columns, columnNames, values?.Length ?? 0)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!Array.TrueForAll(values, double.IsFinite)) throw new ArgumentException("A number of the table is not finite.", nameof(values));
        doubles = values;
    }

    /// <summary>A table of float32 numbers.</summary>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, at least 1.</param>
    /// <param name="values">rows × columns finite numbers, row-major; not copied, so not to be changed hereafter.</param>
    /// <param name="columnNames">One name a column, or none at all.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a number is not finite.</exception>
    public NumberTable(int rows, int columns, float[] values, IEnumerable<string>? columnNames = null)
        : this(rows, columns, columnNames, values?.Length ?? 0)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!Array.TrueForAll(values, float.IsFinite)) throw new ArgumentException("A number of the table is not finite.", nameof(values));
        singles = values;
    }

    private NumberTable(int rows, int columns, IEnumerable<string>? columnNames, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (count != (long)rows * columns) throw new ArgumentException($"A {rows}×{columns} table was given {count} numbers.");
        Rows = rows;
        Columns = columns;
        ColumnNames = columnNames is null ? [] : [.. columnNames];
        if (ColumnNames.Length != 0 && ColumnNames.Length != columns)
        {
            throw new ArgumentException($"A table of {columns} columns was given {ColumnNames.Length} names.", nameof(columnNames));
        }
    }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The number of columns.</summary>
    public int Columns { get; }

    /// <summary>The columns' names; empty when they have none.</summary>
    public ImmutableArray<string> ColumnNames { get; }

    /// <summary>Whether the numbers came, and are held, as float32.</summary>
    public bool IsSingle => singles is not null;

    /// <summary>One number.</summary>
    /// <param name="row">From 0 to <see cref="Rows"/> - 1.</param>
    /// <param name="column">From 0 to <see cref="Columns"/> - 1.</param>
    public double this[int row, int column]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns);
            int at = (row * Columns) + column;
            return singles is null ? doubles![at] : singles[at];
        }
    }

    /// <summary>All numbers as doubles, row-major: a copy.</summary>
    public double[] ToDoubles() => singles is null ? [.. doubles!] : Array.ConvertAll(singles, static s => (double)s);

    /// <summary>All numbers as floats, row-major: a copy, rounded where the table is float64.</summary>
    public float[] ToSingles() => singles is not null ? [.. singles] : Array.ConvertAll(doubles!, static d => (float)d);

    /// <summary>One column as doubles.</summary>
    /// <param name="column">From 0 to <see cref="Columns"/> - 1.</param>
    public double[] Column(int column)
    {
        double[] values = new double[Rows];
        for (int row = 0; row < values.Length; row++) values[row] = this[row, column];
        return values;
    }

    /// <summary>The place of the column with a name, or -1.</summary>
    public int IndexOf(string columnName) => ColumnNames.IndexOf(columnName);

    /// <summary>For example <c>100×3 float64</c>.</summary>
    public override string ToString() => $"{Rows}×{Columns} {(IsSingle ? "float32" : "float64")}";
}
