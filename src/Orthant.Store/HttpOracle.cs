using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orthant.Extraction;

namespace Orthant.Store;

/// <summary>How an HTTP endpoint is asked.</summary>
public sealed record HttpOracleOptions
{
    /// <summary>The key under which the request holds its rows.</summary>
    public string InputKey { get; init; } = "inputs";

    /// <summary>Where the answer holds its rows: keys separated by dots; empty when the answer itself is the list.</summary>
    public string OutputPath { get; init; } = "outputs";

    /// <summary>Headers to send. Their values appear nowhere else.</summary>
    public ImmutableArray<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Rows of one request at most, at least 1.</summary>
    public int RowsPerRequest { get; init; } = 256;

    /// <summary>Requests at one time at most, at least 1.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>Requests a second at most.</summary>
    public double RequestsPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>How long one request may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request that failed is made again: after 408, 425, 429, 5xx or a broken connection.</summary>
    public int Retries { get; init; } = 5;
}

/// <summary>A model behind an HTTP endpoint as an oracle: POST {"inputs": [[…], …]}, answered by {"outputs": [[…], …]} or as configured.</summary>
/// <remarks>Retries wait 0.1 s, doubled each time, or what Retry-After says (at most a minute). A redirect to another host is refused, and so is an answer of more than 16 MB.</remarks>
public sealed class HttpOracle : IOracle, IDisposable
{
    private const int MostBytes = 16_000_000, MostRedirects = 3;

    private readonly HttpClient client;
    private readonly Uri address;
    private readonly HttpOracleOptions options;
    private readonly Lock pace = new();
    private DateTime nextStart = DateTime.MinValue;
    private double[]? zeros;

    /// <summary>Opens an endpoint, and asks for a row of zeros to learn the number of outputs.</summary>
    /// <param name="address">http or https.</param>
    /// <param name="inputs">The number of inputs.</param>
    /// <param name="options">How to ask.</param>
    /// <param name="outputs">The number of outputs, where an earlier run has learned it: nothing is asked then.</param>
    /// <exception cref="OrthantInputException">The endpoint does not answer as it should.</exception>
    public HttpOracle(Uri address, int inputs, HttpOracleOptions? options = null, int? outputs = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        this.address = address;
        this.options = options ?? new HttpOracleOptions();
        Inputs = inputs;
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = this.options.Patience, MaxResponseContentBufferSize = MostBytes };
        try
        {
            foreach ((string name, string value) in this.options.Headers)
            {
                if (!client.DefaultRequestHeaders.TryAddWithoutValidation(name, value)) throw Error($"a header '{name}' that cannot be sent", "a header's name and value");
            }
            if (outputs is null) zeros = Ask(1, new double[inputs], default).GetAwaiter().GetResult()[0];
            Outputs = outputs ?? zeros!.Length;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
    {
        if (rows == 1 && zeros is double[] known && !x.ContainsAnyExcept(0.0))
        {
            // The row that told the number of outputs is not asked twice.
            known.CopyTo(y);
            zeros = null;
            return;
        }
        int size = options.RowsPerRequest, requests = (rows + size - 1) / size;
        double[] questions = x.ToArray();
        double[][][] answers = new double[requests][][];
        Parallel.ForAsync(0, requests, new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellation }, async (i, token) =>
        {
            int count = Math.Min(size, rows - (i * size));
            answers[i] = await Ask(count, questions.AsMemory(i * size * Inputs, count * Inputs), token).ConfigureAwait(false);
        }).GetAwaiter().GetResult();
        int row = 0;
        foreach (double[] answer in answers.SelectMany(a => a))
        {
            if (answer.Length != Outputs) throw Error($"{answer.Length} numbers in row {row}", $"{Outputs}, as in the first answer");
            answer.CopyTo(y.Slice(row++ * Outputs, Outputs));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<double[][]> Ask(int rows, ReadOnlyMemory<double> x, CancellationToken cancellation)
    {
        string body = Body(rows, x.Span);
        Uri target = address;
        int redirects = 0;
        for (int attempt = 0; ; attempt++)
        {
            await Pace(cancellation).ConfigureAwait(false);
            string failure;
            TimeSpan wait = TimeSpan.FromSeconds(Math.Min(60, 0.1 * Math.Pow(2, attempt)));
            try
            {
                using StringContent content = new(body, Encoding.UTF8, "application/json");
                using HttpResponseMessage response = await client.PostAsync(target, content, cancellation).ConfigureAwait(false);
                if (response.IsSuccessStatusCode) return Parse(rows, await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
                int status = (int)response.StatusCode;
                if (status is >= 300 and < 400 && response.Headers.Location is Uri location)
                {
                    Uri next = new(target, location);
                    if (next.Host != address.Host || next.Port != address.Port || next.Scheme != address.Scheme) throw Error($"a redirect to another host, {next.Host}", "an answer from the host that was named");
                    if (++redirects > MostRedirects) throw Error("one redirect after another", "an answer");
                    target = next;
                    continue;
                }
                failure = $"status {status}";
                if (status is not (408 or 425 or 429 or >= 500)) throw Error(failure, "an answer");
                if (response.Headers.RetryAfter is { } after) wait = Later(after.Delta ?? (after.Date - DateTimeOffset.UtcNow) ?? wait);
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
            {
                throw Error("an answer of more than 16 MB", "rows of numbers", e);
            }
            catch (HttpRequestException e)
            {
                failure = $"no connection ({e.HttpRequestError})";
            }
            catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
            {
                failure = $"no answer within {options.Patience.TotalSeconds:0.#} s";
            }
            if (attempt >= options.Retries) throw Error($"{failure}, {attempt + 1} times", "an answer");
            await Task.Delay(wait, cancellation).ConfigureAwait(false);
        }
    }

    private static TimeSpan Later(TimeSpan asked) => asked < TimeSpan.Zero ? TimeSpan.Zero : asked > TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : asked;

    /// <summary>Waits until the next request may start.</summary>
    private async Task Pace(CancellationToken cancellation)
    {
        if (double.IsPositiveInfinity(options.RequestsPerSecond)) return;
        TimeSpan wait;
        lock (pace)
        {
            DateTime now = DateTime.UtcNow, start = nextStart > now ? nextStart : now;
            nextStart = start + TimeSpan.FromSeconds(1 / options.RequestsPerSecond);
            wait = start - now;
        }
        if (wait > TimeSpan.Zero) await Task.Delay(wait, cancellation).ConfigureAwait(false);
    }

    private string Body(int rows, ReadOnlySpan<double> x)
    {
        StringBuilder text = new();
        text.Append('{').Append(JsonSerializer.Serialize(options.InputKey)).Append(":[");
        for (int r = 0; r < rows; r++)
        {
            text.Append(r == 0 ? "[" : ",[");
            for (int j = 0; j < Inputs; j++) text.Append(j == 0 ? "" : ",").Append(x[(r * Inputs) + j].ToString("R", CultureInfo.InvariantCulture));
            text.Append(']');
        }
        return text.Append("]}").ToString();
    }

    private double[][] Parse(int rows, byte[] answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer);
            JsonElement element = document.RootElement;
            foreach (string key in options.OutputPath.Split('.', StringSplitOptions.RemoveEmptyEntries))
            {
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(key, out element)) throw Error($"an answer without '{key}'", $"JSON with rows under '{options.OutputPath}'");
            }
            if (element.ValueKind != JsonValueKind.Array) throw Error($"{element.ValueKind} where rows should be", "a list of rows");
            double[][] result = [.. element.EnumerateArray().Select(row => row.ValueKind switch
            {
                JsonValueKind.Array => row.EnumerateArray().Select(Number).ToArray(),
                _ => [Number(row)],
            })];
            return result.Length == rows && result.All(r => r.Length > 0) ? result : throw Error($"{result.Length} rows", $"{rows}, as many as were asked");
        }
        catch (JsonException e)
        {
            throw Error("an answer that is not JSON", "rows of numbers", e);
        }
    }

    private double Number(JsonElement element) => element.ValueKind == JsonValueKind.Number ? element.GetDouble() : throw Error($"{element.ValueKind} where a number should be", "rows of numbers");

    /// <summary>An error that names the endpoint without its query, where keys may stand.</summary>
    private OrthantInputException Error(string found, string expected, Exception? cause = null) => new(address.GetLeftPart(UriPartial.Path), "", found, expected, cause);
}
