using Orthant.Training;

namespace Orthant.Cli.Verbs;

/// <summary>What <c>--method</c> asks for.</summary>
/// <param name="Law">A law with its numbers; null for the one of the file's metadata.</param>
/// <param name="Family">The family whose strength is to be tuned, or null.</param>
/// <param name="IsEnsemble">Whether several models are averaged.</param>
internal sealed record UncertaintyMethod(ActivationLaw? Law, ActivationLawKind? Family = null, bool IsEnsemble = false)
{
    private static readonly string[] Names = ["deterministic", "mc-dropout", "mc-droprelu", "mc-rrelu", "mc-symdroprelu", "ensemble"];

    public bool IsTuned => Family is not null;

    /// <summary>Reads a method.</summary>
    /// <param name="text">Null for the file's own.</param>
    /// <param name="convention">What the numbers of mc-rrelu bound: slope or xu.</param>
    public static UncertaintyMethod Parse(string? text, string convention)
    {
        if (convention is not ("slope" or "xu")) throw new OrthantInputException("command line", "--rrelu-convention", $"'{convention}'", "slope or xu");
        switch (text)
        {
            case null: return new UncertaintyMethod((ActivationLaw?)null);
            case "deterministic": return new UncertaintyMethod(ActivationLaw.Relu);
            case "ensemble": return new UncertaintyMethod(null, null, IsEnsemble: true);
            case "mc-dropout": return new UncertaintyMethod(null, ActivationLawKind.Dropout);
            case "mc-droprelu": return new UncertaintyMethod(null, ActivationLawKind.DropRelu);
            case "mc-symdroprelu": return new UncertaintyMethod(null, ActivationLawKind.SymmetricDrop);
            case "mc-rrelu": return new UncertaintyMethod(null, ActivationLawKind.RandomizedLeaky);
        }
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        if (!Names.Contains(name) || colon < 0)
        {
            string near = Spelling.Nearest(name, Names) is string other ? $"perhaps {other}" : string.Join(", ", Names);
            throw new OrthantInputException("command line", "--method", $"'{text}'", near);
        }
        string law = name == "mc-rrelu" && convention == "xu" ? $"rrelu-xu{text[colon..]}" : text["mc-".Length..];
        if (name.StartsWith("mc-", StringComparison.Ordinal) && ActivationLaw.TryParse(law, out ActivationLaw? parsed)) return new UncertaintyMethod(parsed);
        string expected = name switch
        {
            "mc-dropout" => "mc-dropout:P with P in [0, 1)",
            "mc-droprelu" => "mc-droprelu:KEEP with KEEP in [0, 1]",
            "mc-rrelu" => convention == "xu" ? "mc-rrelu:L,U with 0 < L <= U" : "mc-rrelu:L,U with L <= U",
            "mc-symdroprelu" => "mc-symdroprelu:Q with Q in [0, 1]",
            _ => $"{name} without numbers",
        };
        throw new OrthantInputException("command line", "--method", $"'{text}'", expected);
    }
}
