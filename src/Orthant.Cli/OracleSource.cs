using System.Security.Cryptography;
using Orthant.Extraction;
using Orthant.Formats;
using Orthant.Store;

namespace Orthant.Cli;

/// <summary>An oracle as it is named on the command line, opened, with its store of answers if there is one.</summary>
internal sealed class OracleSource : IDisposable
{
    private readonly IDisposable?[] owned;

    private OracleSource(IOracle oracle, params IDisposable?[] owned)
    {
        Oracle = oracle;
        this.owned = owned;
    }

    public IOracle Oracle { get; }

    /// <summary>Opens a model file, an http address or a command.</summary>
    /// <exception cref="OrthantInputException">It does not open, or the store belongs to another oracle.</exception>
    public static OracleSource Open(string source, int? inputs, HttpOracleOptions http, string? cache)
    {
        Func<int?, IOracle> open;
        string identity;
        if (source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            if (!Uri.TryCreate(source, UriKind.Absolute, out Uri? address)) throw new OrthantInputException("command line", "ORACLE", source, "an http address");
            int width = Needed(inputs);
            open = outputs => new HttpOracle(address, width, http, outputs);
            identity = $"{address.GetLeftPart(UriPartial.Path)} {http.InputKey} {http.OutputPath} query {Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(address.Query)))[..16]}";
        }
        else if (source.StartsWith("exec:", StringComparison.Ordinal))
        {
            int width = Needed(inputs);
            open = outputs => new ProcessOracle(source[5..], width, http.Patience, outputs);
            identity = source;
        }
        else
        {
            NetworkOracle model = new(ModelFile.Load(source).Network);
            open = _ => model;
            identity = $"model {Convert.ToHexString(SHA256.HashData(InputFile.ReadAllBytes(source)))[..32]}";
        }
        if (cache is null)
        {
            IOracle oracle = open(null);
            return new OracleSource(oracle, oracle as IDisposable);
        }
        IDisposable? first = null;
        try
        {
            OutputFolder.PrepareFor(cache);
            OutputFile.RefuseInput(cache, source);
            AnswerStore store = AnswerStore.Open(cache, identity, outputs =>
            {
                IOracle oracle = open(outputs);
                first = oracle as IDisposable;
                return oracle;
            });
            return new OracleSource(store, store, first);
        }
        catch
        {
            first?.Dispose();
            throw;
        }
    }

    /// <summary>An oracle's name as it may be shown: an address without its query, where keys may stand.</summary>
    public static string Shown(string source) =>
        source.StartsWith("http", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(source, UriKind.Absolute, out Uri? address) ? address.GetLeftPart(UriPartial.Path) : source;

    /// <summary>A header written NAME=VARIABLE, with the variable's value.</summary>
    /// <exception cref="OrthantInputException">It is written otherwise, or there is no such variable.</exception>
    public static (string Name, string Value) Header(string text)
    {
        if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } variable]) throw new OrthantInputException("command line", "--header", "no NAME=VARIABLE", "such as Authorization=API_TOKEN, which names an environment variable");
        string? value = Environment.GetEnvironmentVariable(variable);
        return value is null ? throw new OrthantInputException("command line", "--header", $"no environment variable {variable}", "the name of one that is set") : (name, value);
    }

    public void Dispose()
    {
        foreach (IDisposable? one in owned) one?.Dispose();
    }

    private static int Needed(int? inputs) => inputs switch
    {
        null => throw new OrthantInputException("command line", "--inputs", "nothing", "the number of inputs, which this oracle cannot tell"),
        < 1 or > 1_000_000 => throw new OrthantInputException("command line", "--inputs", $"{inputs}", "1 to 1000000"),
        int given => given,
    };
}
