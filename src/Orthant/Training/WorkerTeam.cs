namespace Orthant.Training;

/// <summary>A fixed number of threads that run the same work together, each knowing its place; the caller is the first of them.</summary>
/// <remarks>The threads live as long as the team, because a training step is too short to start any. A team belongs to one caller.</remarks>
internal sealed class WorkerTeam : IDisposable
{
    private readonly Barrier start;
    private readonly Barrier end;
    private readonly Thread[] others;
    private Action<int>? work;
    private Exception? failure;

    /// <summary>Starts a team.</summary>
    /// <param name="size">The number of threads, the caller included; at least 1.</param>
    public WorkerTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        Size = size;
        start = new Barrier(size);
        end = new Barrier(size);
        others = new Thread[size - 1];
        for (int i = 0; i < others.Length; i++)
        {
            int place = i + 1;
            others[i] = new Thread(() => Serve(place)) { IsBackground = true, Name = $"training {place}" };
            others[i].Start();
        }
    }

    /// <summary>The number of threads.</summary>
    public int Size { get; }

    /// <summary>Runs work on every thread and waits for all of them.</summary>
    /// <param name="action">Called once with each of 0, …, <see cref="Size"/> − 1.</param>
    public void Run(Action<int> action)
    {
        if (Size == 1)
        {
            action(0);
            return;
        }
        work = action;
        start.SignalAndWait();
        Try(action, 0);
        end.SignalAndWait();
        if (failure is not Exception e) return;
        failure = null;
        throw new InvalidOperationException("A worker failed.", e);
    }

    /// <summary>The part of a range that falls to one place: whole units of eight, as equal as they can be.</summary>
    /// <param name="count">The length of the range.</param>
    /// <param name="place">From 0 to <see cref="Size"/> − 1.</param>
    public (int First, int End) Part(int count, int place)
    {
        const int Unit = 8;
        int units = (count + Unit - 1) / Unit;
        return (Math.Min(count, (int)((long)units * place / Size) * Unit), Math.Min(count, (int)((long)units * (place + 1) / Size) * Unit));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Size > 1)
        {
            work = null;
            start.SignalAndWait();
            foreach (Thread thread in others) thread.Join();
        }
        start.Dispose();
        end.Dispose();
    }

    private void Serve(int place)
    {
        while (true)
        {
            start.SignalAndWait();
            if (work is not Action<int> action) return;
            Try(action, place);
            end.SignalAndWait();
        }
    }

    private void Try(Action<int> action, int place)
    {
        try
        {
            action(place);
        }
#pragma warning disable CA1031 // Whatever it is, it is thrown again on the caller's thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
        }
    }
}
