using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Orthant.Networks;

namespace Orthant.Certificates;

/// <summary>Believes a certificate only after having verified every step of it, in rational arithmetic or in intervals rounded
/// outward.</summary>
/// <remarks>The checker uses the arithmetic of <c>Numerics</c> and the networks of <c>Networks</c> and shares no code with what
/// makes certificates.</remarks>
public static class CertificateChecker
{
    /// <summary>Checks a certificate.</summary>
    /// <param name="certificate">What is claimed and why.</param>
    /// <param name="model">The network that the certificate has to be about, if it is to be compared with one.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="OperationCanceledException">The check was stopped.</exception>
    public static CheckResult Check(Certificate certificate, ReluNetwork? model = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        Stopwatch watch = Stopwatch.StartNew();
        string arithmetic = certificate.IsRational ? "rational" : "interval";
        try
        {
            certificate.Verify(new Verification(model, cancellation));
            return new CheckResult(true, certificate.Claim, arithmetic, "", watch.Elapsed.TotalSeconds);
        }
        catch (RefusedException e)
        {
            return new CheckResult(false, certificate.Claim, arithmetic, e.Message, watch.Elapsed.TotalSeconds);
        }
        catch (Exception e) when (e is ArithmeticException or ArgumentException or IndexOutOfRangeException or NullReferenceException or OutOfMemoryException)
        {
            // Numbers that do not fit together: the evidence is no evidence.
            return new CheckResult(false, certificate.Claim, arithmetic, $"the parts do not fit together ({e.GetType().Name})", watch.Elapsed.TotalSeconds);
        }
    }
}

/// <summary>What a check found.</summary>
/// <param name="Valid">Whether the claim is proved by the certificate.</param>
/// <param name="Claim">The claim in a sentence.</param>
/// <param name="CheckedIn">"rational" or "interval".</param>
/// <param name="Reason">Why it is not valid; empty when it is.</param>
/// <param name="Seconds">How long the check took.</param>
public sealed record CheckResult(bool Valid, string Claim, string CheckedIn, string Reason, double Seconds);

/// <summary>A check that is under way.</summary>
internal sealed class Verification(ReluNetwork? model, CancellationToken cancellation)
{
    /// <summary>The network that the certificate has to be about, if any.</summary>
    public ReluNetwork? Model => model;

    /// <summary>Refuses the certificate unless a condition holds.</summary>
    public void Require([DoesNotReturnIf(false)] bool condition, string what)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!condition) throw new RefusedException($"not so: {what}");
    }
}

/// <summary>The evidence does not support the claim.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown and caught within the checker.")]
[SuppressMessage("Design", "CA1064", Justification = "Thrown and caught within the checker.")]
internal sealed class RefusedException(string message) : Exception(message);
