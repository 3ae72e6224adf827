using Orthant.Geometry.Cutting;
using Orthant.Networks;

namespace Orthant.Geometry.Facets;

/// <summary>A condition on the scaled free inputs: Normal·t + Offset ≥ 0, Normal of length 1.</summary>
/// <param name="Unit">The unit, or -1 for a side of the box.</param>
/// <param name="Normal">One number a free input.</param>
/// <param name="Offset">The offset.</param>
internal sealed record Condition(int Unit, double[] Normal, double Offset);

/// <summary>The pre-activations of all units on an activation domain, as affine forms of the free inputs scaled to [-1, 1].</summary>
internal sealed class DomainForms
{
    private readonly InputDomain domain;
    private readonly BoxScale scale;

    public DomainForms(ReluNetwork network, InputDomain domain)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(domain);
        if (domain.Inputs != network.Inputs) throw new ArgumentException($"The domain has {domain.Inputs} inputs, the network {network.Inputs}.");
        if (!domain.HalfSpaces.IsEmpty) throw new ArgumentException("The domain is a box without half-spaces.");
        if (domain.Dimension == 0) throw new ArgumentException("Some side of the box has a length.");
        Network = network;
        this.domain = domain;
        scale = new BoxScale(domain);
        Lower = Filled(-1);
        Upper = Filled(1);
    }

    public ReluNetwork Network { get; }

    public int Dimension => domain.Dimension;

    public IReadOnlyList<int> Free => domain.Free;

    public double[] Lower { get; }

    public double[] Upper { get; }

    private double[] Filled(double value)
    {
        double[] all = new double[Dimension];
        Array.Fill(all, value);
        return all;
    }

    public bool[] ActiveAt(ReadOnlySpan<double> x)
    {
        NormalForm form = Network.NormalForm;
        bool[] active = new bool[form.StageStarts[^1] + form.Stages[^1].Units];
        form.Evaluate(x, active);
        return active;
    }

    public double[] ToInputPoint(ReadOnlySpan<double> t)
    {
        double[] x = (double[])scale.Centre.Clone();
        for (int q = 0; q < t.Length; q++)
        {
            int j = domain.Free[q];
            x[j] = Math.Clamp(x[j] + (scale.HalfSide[q] * t[q]), domain.Lower[j].ToDouble(), domain.Upper[j].ToDouble());
        }
        return x;
    }

    /// <summary>A condition on scaled free inputs as one on inputs.</summary>
    public DomainFacet ToFacet(Condition c)
    {
        double[] normal = new double[domain.Inputs];
        double offset = c.Offset;
        for (int q = 0; q < c.Normal.Length; q++)
        {
            int j = domain.Free[q];
            normal[j] = c.Normal[q] / scale.HalfSide[q];
            offset -= normal[j] * scale.Centre[j];
        }
        return new DomainFacet(c.Unit, [.. normal], offset);
    }

    /// <summary>The conditions of a pattern: one a unit with a kink whose form is not constant, or is constant and of the wrong sign.</summary>
    /// <param name="active">Which units are active.</param>
    public List<Condition> Of(bool[] active)
    {
        int d = Dimension;
        List<Condition> conditions = [];
        NormalForm form = Network.NormalForm;
        double[] maps = new double[(d + 1) * form.Inputs];
        for (int q = 0; q < d; q++) maps[(q * form.Inputs) + domain.Free[q]] = scale.HalfSide[q];
        scale.Centre.CopyTo(maps, d * form.Inputs);
        for (int s = 0; s < form.Stages.Length; s++)
        {
            NormalStage stage = form.Stages[s];
            double[] next = new double[(d + 1) * stage.Units];
            stage.Linear.Apply<double>(d + 1, maps, next);
            for (int i = 0; i < stage.Units; i++)
            {
                next[(d * stage.Units) + i] += stage.Bias[i];
                if (stage.Activations[i].IsIdentity) continue;
                bool on = active[form.StageStarts[s] + i];
                Add(conditions, form.StageStarts[s] + i, next, i, stage.Units, on ? 1 : -1);
                if (on) continue;
                double slope = stage.Activations[i].LeftSlope;
                for (int q = 0; q <= d; q++) next[(q * stage.Units) + i] *= slope;
            }
            maps = next;
        }
        return conditions;
    }

    /// <summary>The affine maps of the outputs over the scaled free inputs: output o at [o], constants last.</summary>
    public double[][] OutputsOn(AffinePiece piece)
    {
        double[][] maps = new double[Network.Outputs][];
        for (int o = 0; o < maps.Length; o++)
        {
            maps[o] = new double[Dimension + 1];
            double constant = piece.Offset[o];
            for (int j = 0; j < domain.Inputs; j++) constant += piece.Gradient[o, j] * scale.Centre[j];
            for (int q = 0; q < Dimension; q++) maps[o][q] = piece.Gradient[o, domain.Free[q]] * scale.HalfSide[q];
            maps[o][Dimension] = constant;
        }
        return maps;
    }

    private void Add(List<Condition> conditions, int unit, double[] map, int i, int units, int sign)
    {
        double[] normal = new double[Dimension];
        double norm = 0, size = Math.Abs(map[(Dimension * units) + i]);
        for (int q = 0; q < Dimension; q++)
        {
            normal[q] = sign * map[(q * units) + i];
            norm += normal[q] * normal[q];
        }
        norm = Math.Sqrt(norm);
        double offset = sign * map[(Dimension * units) + i];
        if (norm <= 1e-14 * size || norm == 0)
        {
            // Constant here: of the right sign it says nothing; of the wrong one the pattern has no point.
            if (offset < 0) conditions.Add(new Condition(unit, normal, -1));
            return;
        }
        for (int q = 0; q < Dimension; q++) normal[q] /= norm;
        conditions.Add(new Condition(unit, normal, offset / norm));
    }
}
