namespace Orthant.Certificates;

/// <summary>Several certificates, such as one for each part of a box of inputs; all have to hold.</summary>
/// <param name="Parts">The parts.</param>
public sealed record PartitionCertificate(Certificate[] Parts) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => string.Join("; ", Parts.Select(p => p.Claim));

    internal override bool IsRational => Parts.All(p => p.IsRational);

    internal override void Verify(Verification verification)
    {
        verification.Require(Parts.Length > 0, "there are parts");
        foreach (Certificate part in Parts) part.Verify(verification);
    }
}
