using Orthant.Certificates;
using Orthant.Geometry.Cutting;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Verification;

/// <summary>One case of a property: first a look for counterexamples, then a search by cells or by bounds.</summary>
internal sealed class CaseSearch
{
    private readonly PropertyCase sought;
    private readonly VerifierOptions options;
    private readonly CancellationToken cancellation;
    private readonly List<LinearCondition> conditions = [];
    private readonly int[][] alternatives;
    private readonly ReluNetwork network;
    private readonly ReluNetwork? withConditions;

    public CaseSearch(ReluNetwork network, PropertyCase sought, VerifierOptions options, CancellationToken cancellation)
    {
        this.network = network;
        this.sought = sought;
        this.options = options;
        this.cancellation = cancellation;
        Dictionary<string, int> known = new(StringComparer.Ordinal);
        alternatives = [.. sought.Alternatives.Select(all => all.Select(Number).Distinct().ToArray())];
        Test = new CounterexampleTest(network, sought, alternatives);
        if (conditions.Count > 0) withConditions = PropertyNetwork.Of(network, conditions);

        // A condition that several alternatives share is bounded once.
        int Number(LinearCondition c)
        {
            string key = string.Join(' ', c.Inputs.Concat(c.Outputs).Append(c.Offset));
            if (known.TryGetValue(key, out int number)) return number;
            known.Add(key, conditions.Count);
            conditions.Add(c);
            return conditions.Count - 1;
        }
    }

    /// <summary>Holds the counterexample when one is found.</summary>
    public CounterexampleTest Test { get; }

    /// <summary>How many cells were looked at.</summary>
    public long Cells { get; private set; }

    /// <summary>Why there is no counterexample, when that was proved by cells and was asked for.</summary>
    public PropertyCaseData? Refutation { get; private set; }

    private PropertyCaseData Evidence(int[] splits) => new(
        [.. sought.Domain.Lower], [.. sought.Domain.Upper],
        [.. sought.Domain.HalfSpaces.Select(h => h.Normal.Append(h.Offset).ToArray())],
        [.. alternatives.Select(all => all.Select(c => new ConditionData([.. conditions[c].Outputs], conditions[c].Offset)).ToArray())], splits);

    /// <summary>Looks for a counterexample.</summary>
    /// <returns>Whether there is one; null when that stays open.</returns>
    public bool? Run(Action progress)
    {
        if (alternatives.Length == 0) return false;
        if (sought.Domain.Dimension == 0 || Array.Exists(alternatives, a => a.Length == 0)) return AnyPoint();
        if (options.BoundsOnly || sought.Domain.Dimension > Verifier.MostInputsForCells) return RunByBounds(progress);
        using StageTable table = new(withConditions!.NormalForm, sought.Domain);
        // Stages too large to be tabulated cannot be followed cell by cell.
        if (Array.Exists(table.Stages[1..], s => IsUntabulated(s))) return RunByBounds(progress);
        using DenseStages stages = new(table);
        if (Test.Attack(new ForwardPass(stages), new RandomStream(options.Seed))) return true;
        using CellSearch search = new(stages, alternatives, Test, options.KeepProof && !conditions.Exists(c => c.Inputs.Any(v => !v.IsZero)), cancellation);
        try
        {
            bool found = search.Run(() =>
            {
                Cells = search.Cells;
                progress();
            });
            if (search.Proof is ProofNode proof && !found) Refutation = Evidence(proof.InPreorder(network.NormalForm.StageStarts.AsSpan()));
            return found;
        }
        catch (TooManyFacetsException)
        {
            return RunByBounds(progress);
        }
        catch (FlatDomainException)
        {
            return RunByBounds(progress);
        }
        finally
        {
            Cells = Math.Max(Cells, search.Cells);
        }
    }

    private static unsafe bool IsUntabulated(Stage stage) => stage.Columns is null;

    /// <summary>The search for domains of many inputs, and for those that cells cannot tell about.</summary>
    private bool? RunByBounds(Action progress)
    {
        BoundSearch search = new(withConditions!.NormalForm, sought.Domain, alternatives, Test, new RandomStream(options.Seed), cancellation);
        try
        {
            return search.Run(() =>
            {
                Cells = search.Nodes;
                progress();
            });
        }
        finally
        {
            Cells = search.Nodes;
        }
    }

    /// <summary>A single point, or alternatives without conditions: any point of the domain tells.</summary>
    private bool? AnyPoint()
    {
        if (Test.Confirm(new double[sought.Domain.Dimension])) return true;
        return sought.Domain.Dimension == 0 ? false : null;
    }
}
