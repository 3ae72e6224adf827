using Orthant.Networks;

namespace Orthant.Reports;

/// <summary>How many points a part of a report looks at, so that a large network is still reported within seconds.</summary>
internal static class Budget
{
    /// <summary>Multiplications that one part may spend: about a second.</summary>
    private const double Multiplications = 1.5e10;

    /// <summary>Points to evaluate, at most a number.</summary>
    public static int Samples(ReluNetwork network, int most) => (int)Math.Clamp(Multiplications / Cost(network), 16, most);

    /// <summary>Points to take gradients at, at most a number; a gradient costs an evaluation an output.</summary>
    public static int Gradients(ReluNetwork network, int most) => (int)Math.Clamp(Multiplications / 10 / (Cost(network) * (network.Outputs + 1)), 2, most);

    /// <summary>Points along each side of a grid.</summary>
    public static int GridSize(ReluNetwork network) => (int)Math.Clamp(Math.Sqrt(Multiplications / Cost(network)), 33, 241);

    private static double Cost(ReluNetwork network) => Math.Max(1000, network.Multiplications + (10.0 * network.UnitCount));
}
