using System.Globalization;
using Orthant.Networks;

namespace Orthant.Approximation;

/// <summary>Writes splines as ReLU networks that are equal to them on their domain, after the constructions of Daubechies, DeVore, Foucart,
/// Hanin and Petrova (Nonlinear approximation and (deep) ReLU networks) and better ones.</summary>
public static class FunctionCompiler
{
    /// <summary>The parameters of a dense network of one input, one output and L hidden layers of W neurons: W(W+1)L - (W-1)² + 2.</summary>
    /// <param name="width">W, at least 1.</param>
    /// <param name="depth">L, at least 1.</param>
    public static long DenseParameters(int width, int depth) => ((long)width * (width + 1) * depth) - ((long)(width - 1) * (width - 1)) + 2;

    /// <summary>Compiles a spline.</summary>
    /// <param name="spline">The spline; on its domain the network equals it.</param>
    /// <param name="form">How; <see cref="NetworkForm.Auto"/> chooses.</param>
    /// <param name="width">The width of forms that have one; 0 for none.</param>
    /// <param name="type">The type that the weights are rounded to.</param>
    /// <param name="tolerance">An error that rounding should stay well below, for the choice; 0 when there is none.</param>
    /// <exception cref="OrthantInputException">The width is too small for the form, or the form has none.</exception>
    public static CompiledSpline Compile(
        LinearSpline spline, NetworkForm form = NetworkForm.Auto, int width = 0, ElementType type = ElementType.Float64, double tolerance = 0)
    {
        ArgumentNullException.ThrowIfNull(spline);
        string why = "as asked for";
        if (form == NetworkForm.Auto) (form, why) = Choose(spline, width, type, tolerance);
        int least = form switch { NetworkForm.Chain or NetworkForm.Hat3 or NetworkForm.Zigzag => 3, NetworkForm.Paper => 8, _ => 0 };
        if (least > 0 && width == 0) width = Math.Max(least, 8);
        if (width < least) throw new OrthantInputException("command line", "--width", $"{width}", $"at least {least} for the form {Name(form)}");
        if (least == 0 && width > 0) throw new OrthantInputException("command line", "--width", $"{width} with the form {Name(form)}, whose widths follow from the knots", "a form of fixed width: chain, paper, hat3 or zigzag");
        if (width > 100_000) throw new OrthantInputException("command line", "--width", $"{width}", "at most 100000");
        string name = $"{spline.Pieces} pieces, {Name(form)}";
        ReluNetwork network = form switch
        {
            NetworkForm.Shallow => ShallowForm.Compile(spline, type, name),
            NetworkForm.Chain => ChainForm.Compile(spline, width, type, name),
            NetworkForm.TwoLayer => BlockForm.CompileTwoLayer(spline, type, name),
            NetworkForm.LocalHats => LocalHatsForm.Compile(spline, type, name),
            _ => BlockForm.Compile(spline, form, width, type, name),
        };
        return new CompiledSpline(network, spline, form, why);
    }

    /// <summary>A form's name as it is written.</summary>
    internal static string Name(NetworkForm form) => char.ToLowerInvariant(form.ToString()[0]) + form.ToString()[1..];

    /// <summary>The form with the fewest parameters whose predicted rounding is well below the error that there is anyway.</summary>
    private static (NetworkForm Form, string Why) Choose(LinearSpline spline, int width, ElementType type, double tolerance)
    {
        int n = spline.InnerKnots;
        if (width > 0)
        {
            (NetworkForm Form, int Depth)[] fitting = [.. new[] { NetworkForm.Chain, NetworkForm.Zigzag, NetworkForm.Hat3 }
                .Where(_ => width >= 3).Select(f => (f, f == NetworkForm.Chain ? ChainForm.Depth(n, width) : BlockForm.Depth(f, n, width)))];
            if (fitting.Length == 0) return (NetworkForm.Chain, "");
            NetworkForm best = fitting.MinBy(f => f.Depth).Form;
            return (best, $"the least depth at width {width}");
        }
        double unit = type == ElementType.Float32 ? 6e-8 : 1.2e-16, span = spline.Knots[^1] - spline.Knots[0];
        double rounding = unit * spline.LargestSlope * span, scale = Math.Max(tolerance, 8 * unit * spline.LargestValue);
        return tolerance > 0 && rounding > 0.25 * scale || rounding > 1000 * unit * Math.Max(spline.LargestValue, double.Epsilon)
            ? (NetworkForm.LocalHats, string.Create(CultureInfo.InvariantCulture, $"slopes up to {spline.LargestSlope:G3} would cost {rounding:G2} in rounding; hats do not care for slopes"))
            : (NetworkForm.Shallow, string.Create(CultureInfo.InvariantCulture, $"fewest parameters, predicted rounding {rounding:G2}"));
    }
}

/// <summary>A network and the spline that it stands for.</summary>
/// <param name="Network">One input, one output.</param>
/// <param name="Spline">Equal to it on the spline's domain, but for the rounding of weights.</param>
/// <param name="Form">The form that was taken.</param>
/// <param name="Why">Why this form.</param>
public sealed record CompiledSpline(ReluNetwork Network, LinearSpline Spline, NetworkForm Form, string Why)
{
    /// <summary>The largest number of neurons in a hidden layer.</summary>
    public int Width => Network.HiddenWidths.DefaultIfEmpty(0).Max();

    /// <summary>The number of hidden layers.</summary>
    public int Depth => Network.HiddenWidths.Length;

    /// <summary>Weights and biases, zeros counted: what a dense file holds.</summary>
    public long Parameters
    {
        get
        {
            long total = 0;
            foreach (Layer layer in Network.Layers) total += ((long)layer.Inputs + 1) * layer.Outputs;
            return total;
        }
    }
}
