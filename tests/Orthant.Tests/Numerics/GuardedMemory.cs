using System.Runtime.InteropServices;

namespace Orthant.Tests.Numerics;

/// <summary>Zeroed floats in memory that ends at a page that may not be read: on Linux a read or a write behind it ends the process. Plain memory elsewhere.</summary>
internal sealed unsafe class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly nint start;
    private readonly nuint mapped;
    private readonly float* first;
    private readonly int length;

    public GuardedMemory(int length)
    {
        this.length = length;
        nuint bytes = (nuint)length * sizeof(float), page = (nuint)Environment.SystemPageSize, pages = (bytes + page - 1) / page * page;
        if (!OperatingSystem.IsLinux())
        {
            start = (nint)NativeMemory.AllocZeroed(bytes);
            first = (float*)start;
            return;
        }
        mapped = pages + page;
        start = Map(0, mapped, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, start);
        Assert.Equal(0, Protect(start + (nint)pages, page, 0));
        first = (float*)(start + (nint)(pages - bytes));
    }

    public Span<float> Span => new(first, length);

    public void Dispose()
    {
        if (mapped == 0) NativeMemory.Free((void*)start);
        else _ = Unmap(start, mapped);
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(nint address, nuint length);
}
