using System.Collections.Immutable;
using Orthant.Geometry;
using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>Multiplies the assertions of a VNN-LIB file out into boxes of inputs and alternatives of conditions on outputs.</summary>
internal sealed class VnnLibCases(string source, VnnLibReader reader)
{
    /// <summary>The property.</summary>
    public VnnLibProperty Property()
    {
        List<VnnLibAtom> common = [];
        List<List<List<VnnLibAtom>>> choices = [];
        foreach (VnnLibFormula f in reader.Assertions) Collect(f, common, choices);
        List<List<VnnLibAtom>> products = [[]];
        foreach (List<List<VnnLibAtom>> choice in choices) products = Multiply(products, choice);
        Bounds shared = new(reader.Inputs);
        foreach (VnnLibAtom a in common.Where(a => a.Outputs.Count == 0)) shared.Add(a);
        ImmutableArray<LinearCondition> always = [.. common.Where(a => a.Outputs.Count > 0).Select(Condition)];
        List<(string Key, InputDomain Domain, List<ImmutableArray<LinearCondition>> Alternatives)> cases = [];
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        int empty = 0;
        foreach (List<VnnLibAtom> product in products)
        {
            List<VnnLibAtom> onInputs = [.. product.Where(a => a.Outputs.Count == 0)];
            string key = string.Join('|', onInputs.Select(Text));
            if (!places.TryGetValue(key, out int place))
            {
                Bounds own = shared.Copy();
                foreach (VnnLibAtom a in onInputs) own.Add(a);
                if (own.IsEmpty)
                {
                    empty++;
                    places.Add(key, -1);
                    continue;
                }
                places.Add(key, place = cases.Count);
                cases.Add((key, own.Domain(source), []));
            }
            if (place < 0) empty++;
            else cases[place].Alternatives.Add([.. always, .. product.Where(a => a.Outputs.Count > 0).Select(Condition)]);
        }
        string[] notes = cases.Count == 0 ? ["the assertions contradict each other: no input satisfies them, so no network has a counterexample"]
            : empty > 0 ? [$"{empty} of {products.Count} alternatives contradict themselves on the inputs and drop out"] : [];
        return new VnnLibProperty(reader.Inputs, reader.Outputs,
            new Property([.. cases.Select(c => new PropertyCase(c.Domain, [.. c.Alternatives]))]), [.. notes]);
    }

    private void Collect(VnnLibFormula f, List<VnnLibAtom> common, List<List<List<VnnLibAtom>>> choices)
    {
        if (f.Atom is not null) common.Add(f.Atom);
        else if (f.IsOr) choices.Add(Alternatives(f));
        else foreach (VnnLibFormula part in f.Parts) Collect(part, common, choices);
    }

    private List<List<VnnLibAtom>> Alternatives(VnnLibFormula f)
    {
        if (f.Atom is not null) return [[f.Atom]];
        if (f.IsOr)
        {
            List<List<VnnLibAtom>> all = [];
            foreach (VnnLibFormula part in f.Parts)
            {
                all.AddRange(Alternatives(part));
                CheckCount(all.Count);
            }
            return all;
        }
        List<List<VnnLibAtom>> products = [[]];
        foreach (VnnLibFormula part in f.Parts) products = Multiply(products, Alternatives(part));
        return products;
    }

    private List<List<VnnLibAtom>> Multiply(List<List<VnnLibAtom>> first, List<List<VnnLibAtom>> second)
    {
        CheckCount((long)first.Count * second.Count);
        if (first.Count == 1 && second.Count == 1)
        {
            first[0].AddRange(second[0]);
            return first;
        }
        return [.. first.SelectMany(a => second.Select(b => a.Concat(b).ToList()))];
    }

    private void CheckCount(long count)
    {
        if (count > VnnLibFile.MostAlternatives) throw new OrthantInputException(source, "", $"assertions that multiply out to {count} alternatives or more", $"at most {VnnLibFile.MostAlternatives}");
    }

    private LinearCondition Condition(VnnLibAtom atom)
    {
        Rational[] inputs = atom.Inputs.Count == 0 ? [] : new Rational[reader.Inputs], outputs = new Rational[reader.Outputs];
        foreach ((int i, Rational c) in atom.Inputs) inputs[i] = c;
        foreach ((int i, Rational c) in atom.Outputs) outputs[i] = c;
        return new LinearCondition([.. inputs], [.. outputs], atom.Offset);
    }

    private static string Text(VnnLibAtom a) => string.Join(',', a.Inputs.OrderBy(p => p.Key).Select(p => $"{p.Key}:{p.Value}")) + $";{a.Offset}";

    /// <summary>What conditions say of the inputs: bounds of one input each, and half-spaces.</summary>
    private sealed class Bounds(int inputs)
    {
        private readonly Rational?[] lower = new Rational?[inputs];
        private readonly Rational?[] upper = new Rational?[inputs];
        private readonly List<HalfSpace> halfSpaces = [];

        public bool IsEmpty { get; private set; }

        public Bounds Copy()
        {
            Bounds copy = new(inputs) { IsEmpty = IsEmpty };
            lower.CopyTo(copy.lower, 0);
            upper.CopyTo(copy.upper, 0);
            copy.halfSpaces.AddRange(halfSpaces);
            return copy;
        }

        public void Add(VnnLibAtom atom)
        {
            if (atom.Inputs.Count == 0)
            {
                IsEmpty |= atom.Offset.Sign > 0;
            }
            else if (atom.Inputs.Count == 1)
            {
                (int i, Rational c) = atom.Inputs.First();
                Rational bound = -atom.Offset / c;
                if (c.Sign > 0) upper[i] = upper[i] is Rational u && u < bound ? u : bound;
                else lower[i] = lower[i] is Rational l && l > bound ? l : bound;
                IsEmpty |= lower[i] is Rational lo && upper[i] is Rational hi && lo > hi;
            }
            else
            {
                Rational[] normal = new Rational[inputs];
                foreach ((int i, Rational c) in atom.Inputs) normal[i] = -c;
                halfSpaces.Add(new HalfSpace([.. normal], -atom.Offset));
            }
        }

        public InputDomain Domain(string source)
        {
            for (int i = 0; i < inputs; i++)
            {
                if (lower[i] is null || upper[i] is null) throw new OrthantInputException(source, $"X_{i}", $"no {(lower[i] is null ? "lower" : "upper")} bound", "bounds of every input, such as (assert (<= X_0 1.0))");
            }
            return InputDomain.ExactBox(lower.Select(l => l!.Value), upper.Select(u => u!.Value)).CutBy(halfSpaces);
        }
    }
}
