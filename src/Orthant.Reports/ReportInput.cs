using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Uncertainty;

namespace Orthant.Reports;

/// <summary>What a report is about.</summary>
public sealed record ReportInput
{
    /// <summary>The network.</summary>
    public required ReluNetwork Network { get; init; }

    /// <summary>The name of the file that it came from, as it is shown.</summary>
    public required string FileName { get; init; }

    /// <summary>What the reader of the file had to say, such as a softmax that was left out.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The lower corner of the box that is looked at, one number an input.</summary>
    public required ImmutableArray<double> Lower { get; init; }

    /// <summary>The upper corner of the box.</summary>
    public required ImmutableArray<double> Upper { get; init; }

    /// <summary>Where the box comes from: given, the usual one, or the data's ranges.</summary>
    public required string BoxSource { get; init; }

    /// <summary>Inputs from the user's data, row-major; empty without data.</summary>
    public ReadOnlyMemory<double> Data { get; init; }

    /// <summary>The class or value of each row of the data; empty when unknown.</summary>
    public ReadOnlyMemory<double> Targets { get; init; }

    /// <summary>Whether <see cref="Targets"/> are class numbers.</summary>
    public bool TargetsAreClasses { get; init; }

    /// <summary>Whether the network is also recovered from its own answers, plainly and behind defences, which takes seconds to minutes.</summary>
    public bool Audit { get; init; }

    /// <summary>The cells of a comparison of methods (<c>uncertainty --grid</c>) that is shown as a part; empty for none.</summary>
    public ImmutableArray<GridCell> Comparison { get; init; } = [];

    /// <summary>The seed of samples.</summary>
    public ulong Seed { get; init; }

    /// <summary>The command that repeats the report.</summary>
    public string Command { get; init; } = "";
}

/// <summary>One part of a report: a title, what it shows, and the same as data.</summary>
/// <param name="Key">The part's key in report.json, camelCase.</param>
/// <param name="Title">The heading.</param>
/// <param name="Html">The content, already escaped.</param>
/// <param name="Json">The numbers behind it.</param>
public sealed record ReportSection(string Key, string Title, string Html, object Json);

/// <summary>A finished report.</summary>
/// <param name="Html">A page that needs nothing else.</param>
/// <param name="Json">The same numbers, indented JSON.</param>
/// <param name="Sections">The titles of its parts.</param>
public sealed record ReportDocument(string Html, string Json, ImmutableArray<string> Sections);
