using System.Runtime.InteropServices;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>A network's normal form laid out for cutting, on one input domain: the stages as columns, and the first stage's forms on the
/// box scaled to [-1, 1].</summary>
/// <remarks>Shared by all walks of an enumeration; read only after construction.</remarks>
internal sealed unsafe class StageTable : IDisposable
{
    /// <summary>Stages with more entries than this are applied as operators, once a cell, instead of being tabulated.</summary>
    private const long MostTabulated = 1L << 22;

    private readonly List<nint> owned = [];

    public StageTable(NormalForm form, InputDomain domain)
    {
        Form = form;
        Domain = domain;
        Dimension = domain.Dimension;
        Scale = new BoxScale(domain);
        bool endsWithKinks = !form.Stages[^1].Activations.IsIdentity;
        int count = form.Stages.Length + (endsWithKinks ? 1 : 0);
        Stages = new Stage[count];
        for (int s = 0; s < count; s++)
        {
            NormalStage stage = s < form.Stages.Length
                ? form.Stages[s]
                : new NormalStage(new IdentityOperator(form.Outputs), [.. new double[form.Outputs]], UnitActivations.Uniform(ActivationFunction.Identity, form.Outputs), default);
            Stages[s] = NewStage(stage, tabulate: s > 0);
        }
        FirstMap = NewFirstMap();
    }

    public NormalForm Form { get; }

    public InputDomain Domain { get; }

    /// <summary>The number of free inputs.</summary>
    public int Dimension { get; }

    /// <summary>How the free inputs are scaled.</summary>
    public BoxScale Scale { get; }

    /// <summary>The stages; the last one has no kinks.</summary>
    public Stage[] Stages { get; }

    /// <summary>Rows of a map: one a dimension, one for constants, one for error bounds.</summary>
    public int Rows => Dimension + 2;

    /// <summary>The forms of the first stage, Rows × padded units.</summary>
    public double* FirstMap { get; }

    private Stage NewStage(NormalStage stage, bool tabulate)
    {
        int units = stage.Units, padded = (units + 7) & ~7, inputs = stage.Linear.Inputs;
        double* columns = null;
        if (tabulate && (long)inputs * padded <= MostTabulated)
        {
            columns = Allocate((long)inputs * padded);
            for (int i = 0; i < units; i++)
            {
                SparseRow row = stage.Linear.Row(i);
                for (int k = 0; k < row.Count; k++) columns[((long)row.Columns[k] * padded) + i] = row.Values[k];
            }
        }
        double* bias = Allocate(padded), left = Allocate(padded);
        byte* kinks = (byte*)Allocate((padded / 8 / 8) + 1), leaky = (byte*)Allocate((padded / 8 / 8) + 1);
        for (int i = 0; i < units; i++)
        {
            bias[i] = stage.Bias[i];
            left[i] = stage.Activations[i].LeftSlope;
            if (!stage.Activations[i].IsIdentity) kinks[i / 8] |= (byte)(1 << (i % 8));
            if (left[i] != 0) leaky[i / 8] |= (byte)(1 << (i % 8));
        }
        return new Stage(stage, units, padded, columns, bias, left, kinks, leaky);
    }

    /// <summary>Row q: weights times the half side of free input q. Constants: the value at the centre. Errors: what rounding can do to both.</summary>
    private double* NewFirstMap()
    {
        NormalStage first = Form.Stages[0];
        int padded = Stages[0].Padded, n = first.Linear.Inputs, m = first.Units, d = Dimension;
        double[] directions = new double[(d + 1) * n], image = new double[(d + 1) * m], size = new double[n], magnitude = new double[m];
        for (int q = 0; q < d; q++) directions[(q * n) + Domain.Free[q]] = Scale.HalfSide[q];
        for (int j = 0; j < n; j++)
        {
            directions[(d * n) + j] = Scale.Centre[j];
            size[j] = Math.Abs(Scale.Centre[j]);
        }
        for (int q = 0; q < d; q++) size[Domain.Free[q]] += Scale.HalfSide[q];
        first.Linear.Apply<double>(d + 1, directions, image);
        first.Linear.ApplyAbsolute(1, size, magnitude);
        double* map = Allocate((long)Rows * padded);
        // Centre and half side are correctly rounded; each sum has at most the longest row's terms.
        double unit = (first.Linear.LongestRow + 8) * Rounding.Unit;
        for (int i = 0; i < m; i++)
        {
            for (int q = 0; q <= d; q++) map[(q * padded) + i] = image[(q * m) + i];
            map[(d * padded) + i] += first.Bias[i];
            map[((d + 1) * padded) + i] = (unit * (magnitude[i] + Math.Abs(first.Bias[i]))) + ((first.Linear.LongestRow + 2) * double.Epsilon);
        }
        return map;
    }

    private double* Allocate(long count)
    {
        nuint bytes = (nuint)(count * sizeof(double));
        void* memory = NativeMemory.AlignedAlloc(Math.Max(bytes, 64), 64);
        NativeMemory.Clear(memory, Math.Max(bytes, 64));
        owned.Add((nint)memory);
        return (double*)memory;
    }

    public void Dispose()
    {
        foreach (nint memory in owned) NativeMemory.AlignedFree((void*)memory);
        owned.Clear();
    }
}

/// <summary>One stage of the normal form as the walk reads it.</summary>
internal sealed unsafe class Stage(NormalStage source, int units, int padded, double* columns, double* bias, double* leftSlope, byte* kinks, byte* leaky)
{
    public NormalStage Source { get; } = source;

    public int Units { get; } = units;

    /// <summary>Units rounded up to a multiple of eight; the extra ones are zero and have no kink.</summary>
    public int Padded { get; } = padded;

    /// <summary>Column j of the matrix at j · Padded; null when the stage is applied as an operator.</summary>
    public double* Columns { get; } = columns;

    public double* Bias { get; } = bias;

    /// <summary>The slope of each unit where its pre-activation is not positive.</summary>
    public double* LeftSlope { get; } = leftSlope;

    /// <summary>One bit a unit: whether it has a kink.</summary>
    public byte* Kinks { get; } = kinks;

    /// <summary>One bit a unit: whether it passes anything on where its pre-activation is not positive.</summary>
    public byte* Leaky { get; } = leaky;

    /// <summary>Bounds the roundings of one sum over all inputs of the stage, in units of its absolute terms.</summary>
    public double SumError { get; } = (source.Linear.LongestRow + 8) * Rounding.Unit;
}

/// <summary>Constants of double arithmetic.</summary>
internal static class Rounding
{
    /// <summary>2⁻⁵³, the largest relative error of one operation.</summary>
    public const double Unit = 1.1102230246251565E-16;
}

/// <summary>The map between the free inputs and the box [-1, 1]: x = centre + half side · t.</summary>
internal sealed class BoxScale
{
    public BoxScale(InputDomain domain)
    {
        Rational half = Rational.Half;
        ExactCentre = domain.Lower.Zip(domain.Upper, (l, u) => (l + u) * half).ToArray();
        ExactHalfSide = domain.Free.Select(j => (domain.Upper[j] - domain.Lower[j]) * half).ToArray();
        Centre = Array.ConvertAll(ExactCentre, r => r.ToDouble());
        HalfSide = Array.ConvertAll(ExactHalfSide, r => r.ToDouble());
    }

    /// <summary>The centre of the box, one number an input.</summary>
    public double[] Centre { get; }

    /// <summary>Half the side of each free input.</summary>
    public double[] HalfSide { get; }

    public Rational[] ExactCentre { get; }

    public Rational[] ExactHalfSide { get; }
}
