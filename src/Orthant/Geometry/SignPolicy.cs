namespace Orthant.Geometry;

/// <summary>How the sign of a unit's pre-activation at a vertex is decided.</summary>
public enum SignPolicy
{
    /// <summary>In doubles where a running error bound excludes zero, else in exact rationals: counts are proved.</summary>
    Certified,

    /// <summary>In doubles, values below 10⁻¹¹ of their terms taken as zero: quick, and wrong where values are that small without being zero.</summary>
    Fast,

    /// <summary>Always in exact rationals: slow, for tests and small networks.</summary>
    Exact,
}
