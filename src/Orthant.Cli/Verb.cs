using System.CommandLine;

namespace Orthant.Cli;

/// <summary>One verb of the command line: its options, two examples that work in a clone, and what it does.</summary>
internal abstract class Verb
{
    /// <summary>The word that follows <c>orthant</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What the verb does, in one line.</summary>
    public abstract string Summary { get; }

    /// <summary>Calls that work as they stand in the root of a clone.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>The verb's own arguments, in order.</summary>
    public virtual IReadOnlyList<Argument> Arguments => [];

    /// <summary>The verb's own options; those that every verb has are added.</summary>
    public virtual IReadOnlyList<Option> Options => [];

    /// <summary>Does the work.</summary>
    /// <exception cref="OrthantInputException">The input or the call is wrong.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped before there was anything to keep.</exception>
    public abstract Answer Run(VerbCall call);
}

/// <summary>What a verb found out.</summary>
/// <param name="Json">The document for <c>--json</c>: a record whose properties are the contract's keys.</param>
/// <param name="Show">Writes the same for a person.</param>
/// <param name="Complete">Whether everything asked for was answered; if not, the exit status is 3.</param>
internal sealed record Answer(object Json, Action<View> Show, bool Complete = true)
{
    /// <summary>Whether the verb has written all there is to read itself.</summary>
    public bool IsWritten { get; init; }
}

/// <summary>One call of a verb: the parsed options and what the verb may write to while it works.</summary>
internal sealed class VerbCall(ParseResult parsed, Surroundings surroundings, CommonOptions common, CancellationToken cancellation) : Verbs.IOptionValues
{
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>The seed of everything random.</summary>
    public ulong Seed { get; } = parsed.GetValue(common.Seed);

    /// <summary>The number of threads, at least 1.</summary>
    public int Threads { get; } = parsed.GetValue(common.Threads) is int threads and > 0 ? threads : Environment.ProcessorCount;

    public bool Quiet { get; } = parsed.GetValue(common.Quiet);

    /// <summary>Standard input, for verbs that answer line by line.</summary>
    public TextReader Input => surroundings.Input;

    /// <summary>Standard output, for the same verbs; all others return an <see cref="Answer"/>.</summary>
    public TextWriter Output => surroundings.Output;

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>Whether the option stands in the call.</summary>
    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Writes a note to standard error, unless the call is quiet.</summary>
    public void Note(string text)
    {
        if (!Quiet) surroundings.Error.WriteLine($"note: {View.Plain(text)}");
    }

    /// <summary>Where long work reports its progress; shown until disposed.</summary>
    public ProgressLine ShowProgress() => new(surroundings, Quiet);
}

/// <summary>The options that every verb has.</summary>
internal sealed class CommonOptions
{
    public Option<bool> Json { get; } = new("--json") { Description = "print one JSON document and nothing else" };

    public Option<bool> Quiet { get; } = new("--quiet") { Description = "no progress and no notes" };

    public Option<ulong> Seed { get; } = new("--seed") { Description = "seed of everything random", HelpName = "N", DefaultValueFactory = _ => 0 };

    public Option<int?> Threads { get; } = new("--threads") { Description = "threads to use (default: all cores)", HelpName = "N" };

    public IReadOnlyList<Option> All => [Json, Quiet, Seed, Threads];
}
