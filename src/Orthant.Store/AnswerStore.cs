using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Orthant.Extraction;

namespace Orthant.Store;

/// <summary>An oracle whose answers are kept in a SQLite file: a run that was killed goes on without asking anything twice, and a finished one can be replayed offline.</summary>
/// <remarks>Of a row only a hash is kept (the first 128 bits of SHA-256 over its doubles) beside the answer: rows come again from seed and plan. Every batch is one transaction, committed before
/// the answers are used. A file belongs to one oracle and is refused, by name, with any other.</remarks>
public sealed class AnswerStore : IOracle, IDisposable
{
    private const int HashBytes = 16;

    private readonly SqliteConnection connection;
    private readonly IOracle? oracle;
    private readonly string path;

    // The first rows that this run has asked itself. Asked again, they go to the oracle again: whether it has changed its mind is what the self-test wants to know.
    private readonly HashSet<string> beginning = [];

    /// <summary>Opens a file, or creates it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">What tells this oracle, and the options its answers depend on, from every other; it must hold no secret.</param>
    /// <param name="oracle">Whom to ask what is not in the file; null to replay offline.</param>
    /// <exception cref="OrthantInputException">The file cannot be opened, is no such store, belongs to another oracle, or is empty while there is no oracle.</exception>
    public AnswerStore(string path, string identity, IOracle? oracle)
        : this(oracle is null ? null : _ => oracle, path, identity)
    {
    }

    /// <summary>Opens a file, or creates it, and then the oracle: one that is not the file's is never asked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">What tells this oracle from every other; it must hold no secret.</param>
    /// <param name="open">Opens the oracle, told the number of its outputs where the file knows it. The caller disposes of it.</param>
    /// <exception cref="OrthantInputException">The file cannot be opened, is no such store, or belongs to another oracle; or the oracle does not open.</exception>
    public static AnswerStore Open(string path, string identity, Func<int?, IOracle> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        return new AnswerStore(open, path, identity);
    }

    private AnswerStore(Func<int?, IOracle>? open, string path, string identity)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(identity);
        this.path = path;
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            Execute("CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; CREATE TABLE IF NOT EXISTS answers (row BLOB PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID;");
            Agree("format", "orthant answers 1");
            Agree("oracle", identity);
            oracle = open?.Invoke(int.TryParse(Known("outputs"), NumberStyles.None, CultureInfo.InvariantCulture, out int known) ? known : null);
            Inputs = int.Parse(Agree("inputs", oracle?.Inputs.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
            Outputs = int.Parse(Agree("outputs", oracle?.Outputs.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new OrthantInputException(path, "", $"a file that is no store of answers, or cannot be opened ({e.SqliteErrorCode})", "a path for a store of answers", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <summary>Rows answered from the file.</summary>
    public long Replayed { get; private set; }

    /// <summary>Rows for which the oracle was asked.</summary>
    public long Asked { get; private set; }

    /// <inheritdoc/>
    public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
    {
        List<int> missing = [];
        byte[][] keys = new byte[rows][];
        using (SqliteCommand find = connection.CreateCommand())
        {
            find.CommandText = "SELECT answer FROM answers WHERE row = $row";
            SqliteParameter key = find.Parameters.Add("$row", SqliteType.Blob);
            for (int r = 0; r < rows; r++)
            {
                keys[r] = SHA256.HashData(MemoryMarshal.AsBytes(x.Slice(r * Inputs, Inputs)))[..HashBytes];
                key.Value = keys[r];
                if (oracle is not null && beginning.Contains(Convert.ToHexString(keys[r]))) missing.Add(r);
                else if (find.ExecuteScalar() is not byte[] answer) missing.Add(r);
                else if (answer.Length != Outputs * sizeof(double)) throw new OrthantInputException(path, "an answer", $"{answer.Length} bytes", $"{Outputs * sizeof(double)}");
                else MemoryMarshal.Cast<byte, double>(answer).CopyTo(y.Slice(r * Outputs, Outputs));
            }
        }
        Replayed += rows - missing.Count;
        if (missing.Count == 0) return;
        if (oracle is null) throw new OrthantInputException(path, "", "a row that was never asked", "the same seed and options as in the run that filled it, or an oracle to ask");
        double[] questions = new double[missing.Count * Inputs], answers = new double[missing.Count * Outputs];
        for (int i = 0; i < missing.Count; i++) x.Slice(missing[i] * Inputs, Inputs).CopyTo(questions.AsSpan(i * Inputs));
        oracle.Query(missing.Count, questions, answers, cancellation);
        Asked += missing.Count;
        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT OR REPLACE INTO answers VALUES ($row, $answer)";
        SqliteParameter row = insert.Parameters.Add("$row", SqliteType.Blob), value = insert.Parameters.Add("$answer", SqliteType.Blob);
        for (int i = 0; i < missing.Count; i++)
        {
            ReadOnlySpan<double> answer = answers.AsSpan(i * Outputs, Outputs);
            answer.CopyTo(y.Slice(missing[i] * Outputs, Outputs));
            if (beginning.Count < 8) beginning.Add(Convert.ToHexString(keys[missing[i]]));
            row.Value = keys[missing[i]];
            value.Value = MemoryMarshal.AsBytes(answer).ToArray();
            insert.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();

    /// <summary>Notes a fact in a new file; in an old one it has to be the same.</summary>
    private string Agree(string name, string? value)
    {
        if (Known(name) is string known)
        {
            return value is null || known == value ? known : throw new OrthantInputException(path, name, $"'{known}'", $"'{value}': a store of answers serves one oracle only");
        }
        if (value is null) throw new OrthantInputException(path, "", "an empty store of answers", "one that an earlier run has filled, or an oracle to ask");
        using SqliteCommand write = connection.CreateCommand();
        write.CommandText = "INSERT INTO about VALUES ($name, $value)";
        write.Parameters.AddWithValue("$name", name);
        write.Parameters.AddWithValue("$value", value);
        write.ExecuteNonQuery();
        return value;
    }

    private string? Known(string name)
    {
        using SqliteCommand read = connection.CreateCommand();
        read.CommandText = "SELECT value FROM about WHERE name = $name";
        read.Parameters.AddWithValue("$name", name);
        return read.ExecuteScalar() as string;
    }

    private void Execute(string text)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Constant text.
        command.CommandText = text;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
