using System.CommandLine;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>The model, box and slice that the verbs of geometry share.</summary>
internal sealed class DomainOptions
{
    public Argument<string> Model { get; } = new("MODEL") { Description = "an .onnx or .json network, also .gz" };

    public Option<string?> Box { get; } = new("--box") { Description = "LO,HI for every input, or lo,hi;lo,hi;… for each; of s and t with --slice", HelpName = "BOX" };

    public Option<string?> Slice { get; } = new("--slice") { Description = "a plane of inputs: JSON with origin, u, v and perhaps box; x = origin + s u + t v", HelpName = "FILE" };

    public Option<string[]> Where { get; } = new("--where") { Description = "a half-space that cuts the box, such as \"x0 + 2*x1 <= 1/2\"; may be repeated (x0, x1 are s, t with --slice)", HelpName = "INEQUALITY" };

    /// <summary>Reads the network, restricted to the slice if there is one, and the domain.</summary>
    /// <exception cref="OrthantInputException">A file, the box or a half-space is wrong, or there is nothing to enumerate.</exception>
    public (ReluNetwork Network, InputDomain Domain) Read(VerbCall call, int mostFree = RegionEnumerator.MostDimensions)
    {
        ReluNetwork network = ModelFile.Load(call.Get(Model)).Network;
        string? boxText = call.Get(Box);
        if (call.Get(Slice) is string file)
        {
            (InputSlice plane, string? planeBox) = SliceFile.Load(file);
            if (plane.Inputs != network.Inputs) throw new OrthantInputException(file, "origin", $"{plane.Inputs} numbers", $"{network.Inputs}, one an input of the network");
            network = plane.Restrict(network);
            boxText ??= planeBox;
        }
        if (network.UnitCount == 0) throw new OrthantInputException(call.Get(Model), "", "a network without a ReLU, which is one region", "a network with activations");
        InputDomain domain = ArgumentText.ExactBox(boxText ?? throw new OrthantInputException("command line", "--box", "nothing", "a box such as -1,1"), network.Inputs);
        if (domain.Dimension > mostFree)
        {
            throw new OrthantInputException("command line", "--box", $"{domain.Dimension} inputs that are free", $"at most {mostFree}; fix some (lo = hi), or use --slice");
        }
        foreach (string text in call.Get(Where) ?? []) domain = domain.CutBy(HalfSpaceText.Parse(text, network.Inputs, "command line", "--where"));
        if (domain.Dimension > RegionEnumerator.MostDimensions && !domain.HalfSpaces.IsEmpty)
        {
            throw new OrthantInputException("command line", "--where", $"{domain.Dimension} inputs that are free", $"at most {RegionEnumerator.MostDimensions} when half-spaces cut the box");
        }
        return (network, domain);
    }

    /// <summary>What is said when nothing was found: the half-spaces leave no interior.</summary>
    public static OrthantInputException Flat() =>
        new("command line", "--where", "a set without an interior", "half-spaces that leave a part of the box with an interior (inputs are fixed by lo = hi in --box)");
}
