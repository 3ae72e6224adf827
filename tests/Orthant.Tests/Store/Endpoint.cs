using System.Net;
using System.Text;

namespace Orthant.Tests.Store;

/// <summary>A little server on the loopback interface.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly HttpListener listener = new();

    public Endpoint(Func<HttpListenerRequest, HttpListenerResponse, string> answer)
    {
        using (System.Net.Sockets.TcpListener probe = new(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/model/");
        }
        listener.Prefixes.Add(Address.AbsoluteUri);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                byte[] body = Encoding.UTF8.GetBytes(answer(context.Request, context.Response));
                context.Response.ContentLength64 = body.Length;
                try
                {
                    await context.Response.OutputStream.WriteAsync(body);
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
                {
                    // The client has hung up.
                }
            }
        });
    }

    public Uri Address { get; }

    public void Dispose() => listener.Close();
}
