using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orthant.Numerics;

/// <summary>The instructions that a kernel is written for. Every kernel gives the same bits on every path.</summary>
internal enum VectorPath
{
    /// <summary>One element at a time; runs everywhere.</summary>
    Scalar,

    /// <summary>32-byte vectors and a fused multiply-add.</summary>
    Vector256,

    /// <summary>64-byte vectors.</summary>
    Vector512,
}

/// <summary>Which paths this machine has.</summary>
internal static class VectorPaths
{
    /// <summary>The widest path that the hardware runs natively, the one that every public entry takes.</summary>
    public static VectorPath Best { get; } =
        IsSupported(VectorPath.Vector512) ? VectorPath.Vector512
        : IsSupported(VectorPath.Vector256) ? VectorPath.Vector256
        : VectorPath.Scalar;

    /// <summary>Whether the hardware runs a path natively.</summary>
    public static bool IsSupported(VectorPath path) => path switch
    {
        VectorPath.Vector512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported,
        VectorPath.Vector256 => Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };

    /// <summary>The paths that this machine runs natively, narrowest first.</summary>
    public static IEnumerable<VectorPath> Supported => Enum.GetValues<VectorPath>().Where(IsSupported);
}
