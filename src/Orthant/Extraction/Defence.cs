using System.Globalization;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>How a model's owner may answer less exactly, so that less is given away.</summary>
public enum DefenceKind
{
    /// <summary>Nothing is done.</summary>
    None,

    /// <summary>Answers are rounded to some decimals.</summary>
    Round,

    /// <summary>Normal noise is added, new for every answer.</summary>
    Noise,

    /// <summary>Answers are rounded to 11 significant bits.</summary>
    Float16,

    /// <summary>Only some of the largest outputs are given, the others are 0.</summary>
    TopN,
}

/// <summary>One defence.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Amount">Decimals, standard deviation or number of outputs; 0 for the others.</param>
public sealed record Defence(DefenceKind Kind, double Amount = 0)
{
    /// <summary>The defence as it is written: none, round:K, noise:S, float16 or topk:N.</summary>
    public override string ToString() => Kind switch
    {
        DefenceKind.Round => string.Create(CultureInfo.InvariantCulture, $"round:{Amount}"),
        DefenceKind.Noise => string.Create(CultureInfo.InvariantCulture, $"noise:{Amount}"),
        DefenceKind.TopN => string.Create(CultureInfo.InvariantCulture, $"topk:{Amount}"),
        DefenceKind.Float16 => "float16",
        _ => "none",
    };

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="OrthantInputException">It is none of these, or the number is out of range.</exception>
    public static Defence Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        bool hasNumber = double.TryParse(parts.Length == 2 ? parts[1] : "", NumberStyles.Float, CultureInfo.InvariantCulture, out double amount) && double.IsFinite(amount);
        return (parts[0], hasNumber) switch
        {
            ("none", _) when parts.Length == 1 => new Defence(DefenceKind.None),
            ("float16", _) when parts.Length == 1 => new Defence(DefenceKind.Float16),
            ("round", true) when amount is >= 0 and <= 15 && amount == Math.Floor(amount) => new Defence(DefenceKind.Round, amount),
            ("noise", true) when amount > 0 => new Defence(DefenceKind.Noise, amount),
            ("topk", true) when amount is >= 1 and <= 1e6 && amount == Math.Floor(amount) => new Defence(DefenceKind.TopN, amount),
            _ => throw new OrthantInputException("command line", "--defence", text, "round:K (0 to 15 decimals), noise:S (above 0), float16 or topk:N (at least 1)"),
        };
    }

    /// <summary>Puts the defence before an oracle.</summary>
    /// <param name="oracle">The oracle.</param>
    /// <param name="seed">The seed of noise.</param>
    public IOracle Guard(IOracle oracle, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(oracle);
        return new Guarded(oracle, this, new RandomStream(seed, 83));
    }

    private void Apply(Span<double> answer, RandomStream random)
    {
        if (Kind == DefenceKind.TopN && Amount < answer.Length)
        {
            double[] sorted = answer.ToArray();
            Array.Sort(sorted);
            double least = sorted[^(int)Amount];
            for (int k = 0; k < answer.Length; k++)
            {
                if (answer[k] < least) answer[k] = 0;
            }
            return;
        }
        for (int k = 0; k < answer.Length; k++)
        {
            answer[k] = Kind switch
            {
                DefenceKind.Round => Math.Round(answer[k], (int)Amount),
                DefenceKind.Noise => answer[k] + (Amount * random.NextNormal()),
                DefenceKind.Float16 => (double)(Half)answer[k],
                _ => answer[k],
            };
        }
    }

    private sealed class Guarded(IOracle oracle, Defence defence, RandomStream random) : IOracle
    {
        public int Inputs => oracle.Inputs;

        public int Outputs => oracle.Outputs;

        public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
        {
            oracle.Query(rows, x, y, cancellation);
            for (int r = 0; r < rows; r++) defence.Apply(y.Slice(r * Outputs, Outputs), random);
        }
    }
}
