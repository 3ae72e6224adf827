namespace Orthant.Extraction;

/// <summary>Recovers a deep ReLU network, its widths, weights, signs and biases, from answers of an oracle.</summary>
/// <remarks>For models that one owns or is entitled to test. After D. Rolnick and K. Kording, "Reverse-engineering deep ReLU networks" (ICML 2020) and N. Carlini, M. Jagielski and
/// I. Mironov, "Cryptanalytic extraction of neural network models" (CRYPTO 2020): boundaries of units are where the function has kinks, first-layer boundaries are planes, and deeper ones bend
/// exactly where they meet those below.</remarks>
public static class NetworkExtraction
{
    /// <summary>Recovers a network.</summary>
    /// <param name="oracle">The model's answers.</param>
    /// <param name="options">Domain, budget, seed.</param>
    /// <param name="cancellation">Stops between questions; what has been found is then returned, incomplete.</param>
    /// <returns>The network; incomplete when the budget ended, or when something in the model could not be explained.</returns>
    /// <exception cref="OrthantInputException">The oracle failed, or does not behave like one function.</exception>
    public static RecoveredNetwork Run(IOracle oracle, ExtractionOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(oracle);
        options ??= new ExtractionOptions();
        return options.Method == ExtractionMethod.RolnickKording ? new RolnickKording(oracle, options, cancellation).Run() : new ExtractionRun(oracle, options, cancellation).Run();
    }
}
