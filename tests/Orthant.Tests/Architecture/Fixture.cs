#pragma warning disable CA1812, CA1822, CA1823, CS0169, IDE0044, IDE0051, IDE0060, CA1051, CA1801
#pragma warning disable IDE0130

namespace Orthant.Tests.Architecture.Fixture.Networks
{
    internal sealed class Upper
    {
        public static int Count => 1;
    }
}

namespace Orthant.Tests.Architecture.Fixture.Numerics
{
    /// <summary>Names a type of a higher floor only inside a method.</summary>
    internal sealed class ByBody
    {
        public int Value() => Networks.Upper.Count;
    }

    internal sealed class ByField
    {
        private Networks.Upper? upper;
    }

    internal sealed class ByGenericArgument
    {
        public IReadOnlyList<Networks.Upper> Values() => [];
    }

    /// <summary>Breaks no rule.</summary>
    internal sealed class Honest
    {
        public int Value() => new[] { 1, 2 }.Length;
    }
}

namespace Orthant.Tests.Architecture.Fixture.Extraction
{
    internal sealed class Neighbour;
}

namespace Orthant.Tests.Architecture.Fixture.Priors
{
    internal sealed class Sideways(Extraction.Neighbour? neighbour)
    {
        public bool HasNeighbour => neighbour is not null;
    }
}
