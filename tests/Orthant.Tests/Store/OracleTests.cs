using System.Globalization;
using System.Net;
using System.Text.Json;
using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Store;
using Orthant.Tests.Cli;
using Orthant.Tests.Extraction;

namespace Orthant.Tests.Store;

/// <summary>Oracles outside this process, and answers kept in a file: the same network for the same queries, and errors in one line.</summary>
public sealed class OracleTests
{
    private static readonly ReluNetwork Truth = TestNetworks.Build([4, 6, 5, 1], 3);

    [Fact]
    public void AKilledRunGoesOnWithoutAskingTwice()
    {
        using ScratchFolder folder = new();
        RecoveredNetwork whole = TestNetworks.Extract(Truth);
        long asked = 0;
        DelegateOracle model = new(4, 1, x =>
        {
            // The second life begins after 1,000 rows.
            if (++asked == 1000) throw new InvalidOperationException("killed");
            return Truth.Evaluate(x);
        });
        using (AnswerStore first = new(folder["a.db"], "model", model)) Assert.Throws<InvalidOperationException>(() => NetworkExtraction.Run(first, new ExtractionOptions { Threads = 2 }));
        using (AnswerStore second = new(folder["a.db"], "model", model))
        {
            RecoveredNetwork found = NetworkExtraction.Run(second, new ExtractionOptions { Threads = 2 });
            Assert.Equal(whole.Network, found.Network);
            Assert.Equal(whole.Queries, found.Queries);
            Assert.Equal(whole.Queries, second.Asked + second.Replayed);
            // Rows that come twice in one run are asked once.
            Assert.InRange(asked, whole.Queries - 100, whole.Queries + 10);
        }
        using AnswerStore offline = new(folder["a.db"], "model", null);
        Assert.Equal(whole.Network, NetworkExtraction.Run(offline, new ExtractionOptions { Threads = 2 }).Network);
        Assert.Contains("never asked", Assert.Throws<OrthantInputException>(() => offline.Query(1, [1, 2, 3, 4], new double[1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStoreServesOneOracle()
    {
        using ScratchFolder folder = new();
        new AnswerStore(folder["a.db"], "one", new NetworkOracle(Truth)).Dispose();
        Assert.Contains("'one'", Assert.Throws<OrthantInputException>(() => new AnswerStore(folder["a.db"], "two", new NetworkOracle(Truth))).Message, StringComparison.Ordinal);
        Assert.Throws<OrthantInputException>(() => new AnswerStore(folder["empty.db"], "one", null));
        Assert.Throws<OrthantInputException>(() => new AnswerStore(folder.Write("b.db", "this is no database, and long enough to be one if it were"), "one", new NetworkOracle(Truth)));
    }

    [Fact]
    public void AnEndpointGivesTheSameNetworkForTheSameQueries()
    {
        int failures = 0;
        using Endpoint server = new((request, response) =>
        {
            // Every seventh request is put off.
            if (++failures % 7 == 0)
            {
                response.StatusCode = failures % 14 == 0 ? 503 : 429;
                response.Headers["Retry-After"] = "0";
                return "later";
            }
            return request.Headers["X-Key"] == "secret" ? Answers(request) : "{}";
        });
        using HttpOracle oracle = new(server.Address, 4, new HttpOracleOptions { Headers = [("X-Key", "secret")], RowsPerRequest = 100, OutputPath = "result.rows", InputKey = "x" });
        RecoveredNetwork found = NetworkExtraction.Run(oracle, new ExtractionOptions { Threads = 2 }), direct = TestNetworks.Extract(Truth);
        Assert.Equal(direct.Queries, found.Queries);
        Assert.Equal(direct.Network, found.Network);
    }

    [Theory]
    [InlineData("<html>login</html>", 200, "not JSON")]
    [InlineData("{\"result\": {\"rows\": []}}", 200, "0 rows")]
    [InlineData("{\"result\": {\"rows\": [[\"a\"]]}}", 200, "String")]
    [InlineData("{}", 200, "result")]
    [InlineData("no", 403, "403")]
    [InlineData("", 302, "another host")]
    public void WhatIsNoAnswerIsToldInOneLine(string body, int status, string told)
    {
        using Endpoint server = new((_, response) =>
        {
            response.StatusCode = status;
            if (status == 302) response.Headers["Location"] = "http://elsewhere.invalid/";
            return body;
        });
        OrthantInputException error = Assert.Throws<OrthantInputException>(() => new HttpOracle(server.Address, 4, new HttpOracleOptions { Headers = [("X-Key", "secret")], OutputPath = "result.rows" }));
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEndpointThatDoesNotAnswerIsGivenUp()
    {
        using ManualResetEventSlim ended = new();
        using Endpoint server = new((_, _) =>
        {
            ended.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            return "{}";
        });
        OrthantInputException error = Assert.Throws<OrthantInputException>(() => new HttpOracle(server.Address, 4, new HttpOracleOptions { Patience = TimeSpan.FromSeconds(0.2), Retries = 1 }));
        Assert.Contains("no answer within 0.2 s, 2 times", error.Message, StringComparison.Ordinal);
        ended.Set();
    }

    [Fact]
    public void AnAnswerOfSixteenMegabytesIsRefused()
    {
        using Endpoint server = new((_, _) => new string(' ', 16_500_000));
        Assert.Contains("16 MB", Assert.Throws<OrthantInputException>(() => new HttpOracle(server.Address, 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACommandIsAskedByLines()
    {
        Assert.SkipUnless(File.Exists("/bin/cat"), "there is no cat here");
        using ProcessOracle oracle = new("/bin/cat", 2, TimeSpan.FromSeconds(20));
        double[] y = new double[20_000];
        double[] x = [.. Enumerable.Range(0, 20_000).Select(i => Math.Sin(i) * Math.Pow(10, i % 300))];
        oracle.Query(10_000, x, y);
        Assert.Equal(x, y);
        Assert.Equal(2, oracle.Outputs);
    }

    [Fact]
    public void ACommandThatFailsIsToldInOneLine()
    {
        Assert.SkipUnless(File.Exists("/bin/cat"), "there is no cat here");
        Assert.Contains("does not start", Assert.Throws<OrthantInputException>(() => new ProcessOracle("/no/such/program", 2, TimeSpan.FromSeconds(5))).Message, StringComparison.Ordinal);
        Assert.Contains("ended", Assert.Throws<OrthantInputException>(() => new ProcessOracle("/bin/true", 2, TimeSpan.FromSeconds(5))).Message, StringComparison.Ordinal);
        Assert.Contains("numbers", Assert.Throws<OrthantInputException>(() => new ProcessOracle("/bin/echo hello", 2, TimeSpan.FromSeconds(5))).Message, StringComparison.Ordinal);
        Assert.Contains("no answer within", Assert.Throws<OrthantInputException>(() => new ProcessOracle("/bin/sleep 30", 2, TimeSpan.FromSeconds(0.2))).Message, StringComparison.Ordinal);
    }

    private static string Answers(HttpListenerRequest request)
    {
        using JsonDocument document = JsonDocument.Parse(request.InputStream);
        IEnumerable<string> rows = document.RootElement.GetProperty("x").EnumerateArray()
            .Select(row => Truth.Evaluate([.. row.EnumerateArray().Select(e => e.GetDouble())])[0].ToString("R", CultureInfo.InvariantCulture));
        return "{\"result\": {\"rows\": [" + string.Join(',', rows.Select(r => $"[{r}]")) + "]}}";
    }
}
