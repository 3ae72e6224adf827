using System.Runtime.InteropServices;
using Orthant.Cli;

using CancellationTokenSource stop = new();
void Stop(PosixSignalContext context)
{
    // The first signal lets the verb write what it has; the second ends the process at once.
    if (stop.IsCancellationRequested) return;
    context.Cancel = true;
    stop.Cancel();
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return Application.Run(args, Surroundings.OfProcess(), stop.Token);
