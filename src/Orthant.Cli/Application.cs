using System.CommandLine;
using System.CommandLine.Parsing;
using Orthant.Cli.Verbs;

namespace Orthant.Cli;

/// <summary>The command line as a function: from arguments to an exit status.</summary>
/// <remarks>0 answered; 1 a defect of ours; 2 the input or the call is wrong, told in one line; 3 answered in part.</remarks>
internal static class Application
{
    public const int Answered = 0, Defect = 1, WrongInput = 2, AnsweredInPart = 3;

    /// <summary>All verbs, in the order of the help page.</summary>
    public static IReadOnlyList<Verb> Verbs { get; } =
    [
        new InspectVerb(),
        new EvaluateVerb(),
        new RegionsVerb(),
        new NeuronsVerb(),
        new VerifyVerb(),
        new ConvergeVerb(),
        new JsrVerb(),
        new PriorVerb(),
        new ExtractVerb(),
        new ApproximateVerb(),
        new LearnVerb(),
        new TrainVerb(),
        new UncertaintyVerb(),
        new CheckVerb(),
        new ReportVerb(),
        new SampleVerb(),
    ];

    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>One line; on a terminal the text with its caret beneath follows, elsewhere the caret stands in the line.</summary>
    private static void WriteError(OrthantInputException e, Surroundings surroundings)
    {
        string[] excerpt = e.Excerpt.Split('\n');
        bool hasCaret = excerpt.Length == 2;
        string inline = hasCaret && !surroundings.ErrorIsTerminal ? $" (at the ^ in: {excerpt[0].Insert(Math.Min(excerpt[1].Length - 1, excerpt[0].Length), "^")})" : "";
        surroundings.Error.WriteLine($"orthant: {View.Plain(e.Message + inline)}");
        if (!hasCaret || !surroundings.ErrorIsTerminal) return;
        foreach (string line in excerpt) surroundings.Error.WriteLine($"  {View.Plain(line)}");
    }

    /// <summary>Runs one call.</summary>
    public static int Run(string[] args, Surroundings surroundings, CancellationToken cancellation)
    {
        try
        {
            return Dispatch(args, surroundings, cancellation);
        }
        catch (OrthantInputException e)
        {
            WriteError(e, surroundings);
            return WrongInput;
        }
        catch (OperationCanceledException)
        {
            surroundings.Error.WriteLine("orthant: stopped; nothing was written");
            return AnsweredInPart;
        }
        catch (IOException e) when (e.HResult is BrokenPipe or BrokenPipeOnWindows)
        {
            // Whoever read the output has seen enough.
            return Answered;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("ORTHANT_TRACE") is null)
        {
            surroundings.Error.WriteLine($"orthant: a defect of orthant, please report it: {e.GetType().Name}: {View.Plain(e.Message)} (ORTHANT_TRACE=1 shows where)");
            return Defect;
        }
    }

    private const int BrokenPipe = 32, BrokenPipeOnWindows = unchecked((int)0x8007006D);

    private static int Dispatch(string[] args, Surroundings surroundings, CancellationToken cancellation)
    {
        if (args is [] or ["--help" or "-h" or "-?" or "help"])
        {
            HelpPage.WriteOverview(surroundings.Output);
            surroundings.Output.Flush();
            return Answered;
        }
        if (args is ["--version"])
        {
            surroundings.Output.WriteLine($"orthant {typeof(Application).Assembly.GetName().Version?.ToString(3)}");
            surroundings.Output.Flush();
            return Answered;
        }
        Verb verb = Verbs.FirstOrDefault(v => v.Name == args[0]) ?? throw UnknownVerb(args[0]);
        if (args.AsSpan(1).ContainsAny("--help", "-h", "-?"))
        {
            HelpPage.WriteVerb(verb, surroundings.Output);
            surroundings.Output.Flush();
            return Answered;
        }
        CommonOptions common = new();
        ParseResult parsed = Parse(verb, common, args);
        if (parsed.GetValue(common.Threads) is < 1)
        {
            throw new OrthantInputException("command line", "--threads", $"{parsed.GetValue(common.Threads)}", "at least 1");
        }
        VerbCall call = new(parsed, surroundings, common, cancellation);
        Answer answer = verb.Run(call);
        if (answer.IsWritten) return Answered;
        if (parsed.GetValue(common.Json)) surroundings.Output.WriteLine(OrthantJson.Serialize(answer.Json));
        else answer.Show(new View(surroundings));
        surroundings.Output.Flush();
        return answer.Complete ? Answered : AnsweredInPart;
    }

    private static ParseResult Parse(Verb verb, CommonOptions common, string[] args)
    {
        // The parser drops a first word that ends like its command, as if it were the program: no file is called this.
        Command command = new($"orthant-{verb.Name}", verb.Summary);
        foreach (Argument argument in verb.Arguments) command.Arguments.Add(argument);
        foreach (Option option in verb.Options) command.Options.Add(option);
        foreach (Option option in common.All) command.Options.Add(option);
        ParseResult parsed = command.Parse(args[1..], Parsing);
        if (parsed.UnmatchedTokens is [string unmatched, ..])
        {
            IEnumerable<string> names = command.Options.Select(o => o.Name);
            bool isOption = unmatched.StartsWith("--", StringComparison.Ordinal);
            throw new OrthantInputException("command line", verb.Name, isOption ? $"unknown option {unmatched}" : $"one word too many, {unmatched}",
                isOption ? Expected(unmatched, names, $"one of the options of orthant {verb.Name} --help") : $"what orthant {verb.Name} --help shows");
        }
        if (parsed.Errors is [ParseError error, ..])
        {
            string message = error.Message.Replace('\n', ' ').TrimEnd('.');
            throw new OrthantInputException("command line", verb.Name, $"a call that does not parse ({message})", $"what orthant {verb.Name} --help shows");
        }
        return parsed;
    }

    private static OrthantInputException UnknownVerb(string found) =>
        new("command line", "verb", found, Expected(found, Verbs.Select(v => v.Name), $"one of {string.Join(", ", Verbs.Select(v => v.Name))}"));

    private static string Expected(string found, IEnumerable<string> names, string otherwise) =>
        Spelling.Nearest(found, names) is string near ? $"perhaps {near}" : otherwise;
}
