using System.Runtime.InteropServices;

namespace Orthant.Numerics;

/// <summary>Zero-filled native memory on a 64-byte boundary, with 64 elements of zeros behind its end for vector loads that run over it.</summary>
/// <remarks>Outside the garbage collector's heap, so that a pointer into it may be kept. It is freed by <see cref="Dispose"/> or the finaliser;
/// whoever keeps a pointer has to keep the buffer.</remarks>
internal sealed unsafe class AlignedBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;
    private const int Slack = 64;

    /// <summary>Allocates a buffer.</summary>
    /// <param name="length">The number of elements, 0 or more.</param>
    public AlignedBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        nuint bytes = ((nuint)length + Slack) * (nuint)sizeof(T);
        Length = length;
        Pointer = (T*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(Pointer, bytes);
    }

    /// <summary>Frees the memory of a buffer that nobody disposed.</summary>
    ~AlignedBuffer() => NativeMemory.AlignedFree(Pointer);

    /// <summary>The first element; null once disposed.</summary>
    public T* Pointer { get; private set; }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>The elements.</summary>
    public Span<T> Span => new(Pointer, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.SuppressFinalize(this);
    }
}
