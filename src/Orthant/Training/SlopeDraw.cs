using System.Numerics;
using System.Runtime.CompilerServices;

namespace Orthant.Training;

/// <summary>How a 16-bit field of random bits decides the slopes of a unit under an <see cref="ActivationLaw"/>.</summary>
/// <remarks>
/// <code>
///     law                fields, from 0 to 65,535                                          slope left      slope right
///     dropout            below the threshold: kept                                         0               65536/threshold
///                        others: dropped                                                   0               0
///     droprelu           below the threshold: the rectifier is kept                        0               1
///                        others: the identity                                              1               1
///     symdroprelu        below the threshold / at or above 65536 − threshold / others      1 / −1 / 0      1
///     rrelu, rrelu-xu    field f: the middle of the f-th of 65,536 parts of the interval   that (or 1/…)   1
/// </code>
/// </remarks>
internal readonly struct SlopeDraw
{
    /// <summary>The bits of a field.</summary>
    public const uint FieldMask = 0xFFFF;

    private const float FieldRange = 65536;

    private readonly ActivationLawKind kind;
    private readonly int threshold;
    private readonly float rightKept;
    private readonly float step;
    private readonly float start;

    /// <summary>Prepares for a law that is random.</summary>
    public SlopeDraw(ActivationLaw law)
    {
        kind = law.Kind;
        rightKept = 1;
        switch (kind)
        {
            case ActivationLawKind.RandomizedLeaky or ActivationLawKind.ReciprocalLeaky:
                double width = (law.Second - law.First) / FieldRange;
                step = (float)width;
                start = (float)(law.First + (width / 2));
                break;
            case ActivationLawKind.Dropout:
                threshold = Math.Max((int)Math.Round((1 - law.First) * FieldRange), 1);
                rightKept = FieldRange / threshold;
                break;
            case ActivationLawKind.SymmetricDrop:
                threshold = (int)Math.Round(law.First / 2 * FieldRange);
                break;
            default:
                threshold = (int)Math.Round(law.First * FieldRange);
                break;
        }
    }

    /// <summary>The factors of pre-activations.</summary>
    /// <param name="field">One field a lane.</param>
    /// <param name="positive">All bits set in the lanes of positive pre-activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Factors(Vector<int> field, Vector<int> positive)
    {
        Vector<float> one = Vector<float>.One, zero = Vector<float>.Zero;
        Vector<int> below = Vector.LessThan(field, new Vector<int>(threshold));
        switch (kind)
        {
            case ActivationLawKind.RandomizedLeaky:
                return Vector.ConditionalSelect(positive, one, Vector.FusedMultiplyAdd(Vector.ConvertToSingle(field), new Vector<float>(step), new Vector<float>(start)));
            case ActivationLawKind.ReciprocalLeaky:
                Vector<float> divisor = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(field), new Vector<float>(step), new Vector<float>(start));
                return Vector.ConditionalSelect(positive, one, one / divisor);
            case ActivationLawKind.Dropout:
                return Vector.ConditionalSelect(positive & below, new Vector<float>(rightKept), zero);
            case ActivationLawKind.SymmetricDrop:
                Vector<int> above = Vector.GreaterThanOrEqual(field, new Vector<int>((int)FieldRange - threshold));
                return Vector.ConditionalSelect(positive | below, one, Vector.ConditionalSelect(above, -one, zero));
            default:
                return Vector.ConditionalSelect(positive, one, Vector.ConditionalSelect(below, zero, one));
        }
    }

    /// <summary>The slopes left and right of zero that one field stands for.</summary>
    /// <param name="field">From 0 to 65,535.</param>
    public (float Left, float Right) Slopes(int field) => kind switch
    {
        ActivationLawKind.RandomizedLeaky => (MathF.FusedMultiplyAdd(field, step, start), 1),
        ActivationLawKind.ReciprocalLeaky => (1 / MathF.FusedMultiplyAdd(field, step, start), 1),
        ActivationLawKind.Dropout => (0, field < threshold ? rightKept : 0),
        ActivationLawKind.SymmetricDrop => (field < threshold ? 1 : field >= FieldRange - threshold ? -1 : 0, 1),
        _ => (field < threshold ? 0 : 1, 1),
    };
}
