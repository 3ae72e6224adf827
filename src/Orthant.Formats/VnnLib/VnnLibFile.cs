using System.Collections.Immutable;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>Reads properties in the VNN-LIB format: variables X_i and Y_i, and assertions of &lt;= and &gt;= with nested and/or, whose solutions are
/// the counterexamples.</summary>
/// <remarks>Decimals mean the number as written. Formats of the competition of 2021 and later, with linear terms (+, -, * by a constant).</remarks>
public static class VnnLibFile
{
    /// <summary>The largest number of alternatives that the assertions may multiply out to.</summary>
    public const int MostAlternatives = 100_000;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, also .gz.</param>
    /// <exception cref="OrthantInputException">The file is not such a property, or leaves an input unbounded.</exception>
    public static VnnLibProperty Load(string path) => Parse(path, InputFile.ReadAllText(path));

    /// <summary>Reads a text.</summary>
    /// <param name="source">What errors call it.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="OrthantInputException">The text is not such a property, or leaves an input unbounded.</exception>
    public static VnnLibProperty Parse(string source, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        VnnLibReader reader = new(source, text);
        reader.Read();
        return new VnnLibCases(source, reader).Property();
    }

    /// <summary>Refuses a property that is not about a network's inputs and outputs.</summary>
    /// <param name="source">What errors call the property.</param>
    /// <param name="property">The property.</param>
    /// <param name="network">The network.</param>
    /// <exception cref="OrthantInputException">It names variables that the network lacks, or leaves some out.</exception>
    public static void CheckFits(string source, VnnLibProperty property, ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(property);
        ArgumentNullException.ThrowIfNull(network);
        if (property.Inputs != network.Inputs) throw Misfit("X", property.Inputs, network.Inputs, "inputs");
        if (property.Outputs != network.Outputs) throw Misfit("Y", property.Outputs, network.Outputs, "outputs");

        OrthantInputException Misfit(string name, int declared, int present, string what) => declared > present
            ? new OrthantInputException(source, $"{name}_{present}", $"a variable that the network lacks ({declared} {what} are declared)", $"{present} {what}, {name}_0 to {name}_{present - 1}")
            : new OrthantInputException(source, "", $"{declared} {what}", $"{present}, as the network has");
    }
}

/// <summary>A property as a VNN-LIB file states it.</summary>
/// <param name="Inputs">How many X_i are declared.</param>
/// <param name="Outputs">How many Y_i are declared.</param>
/// <param name="Property">The counterexamples.</param>
/// <param name="Notes">What a reader of the verdict should know: for example, that the assertions contradict each other.</param>
public sealed record VnnLibProperty(int Inputs, int Outputs, Property Property, ImmutableArray<string> Notes);

/// <summary>A linear condition Σ c·variable + Offset ≤ 0.</summary>
/// <param name="Inputs">Coefficients by number of the input.</param>
/// <param name="Outputs">Coefficients by number of the output.</param>
/// <param name="Offset">The offset.</param>
/// <param name="Line">Where it stands.</param>
internal sealed record VnnLibAtom(IReadOnlyDictionary<int, Rational> Inputs, IReadOnlyDictionary<int, Rational> Outputs, Rational Offset, int Line);

/// <summary>What a VNN-LIB file asserts: an atom, or a conjunction or disjunction.</summary>
/// <param name="Atom">The condition; null for a list.</param>
/// <param name="Parts">The members of a list.</param>
/// <param name="IsOr">Whether a list is a disjunction.</param>
internal sealed record VnnLibFormula(VnnLibAtom? Atom, ImmutableArray<VnnLibFormula> Parts, bool IsOr);
