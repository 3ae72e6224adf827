using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orthant.Geometry.Cutting;

/// <summary>Memory that is taken in order and given back in one step: cells and maps of a depth-first walk live here, none on the heap.</summary>
/// <remarks>Pieces of 64-byte alignment from chunks that are kept for reuse. Not safe to share between threads.</remarks>
internal sealed unsafe class CellArena : IDisposable
{
    private const nuint SmallestChunk = 1 << 20;

    private readonly List<(nint Start, nuint Size)> chunks = [];
    private int chunk = -1;
    private byte* top;
    private byte* end;

    /// <summary>A point in the order of taking, to return to.</summary>
    public readonly struct Mark(int chunk, byte* top)
    {
        internal int Chunk { get; } = chunk;

        internal byte* Top { get; } = top;
    }

    /// <summary>Takes uninitialised memory for some doubles.</summary>
    /// <remarks>One method a type rather than a generic one: a generic method is compiled while the walk is already waiting for it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double* TakeDoubles(int count) => (double*)TakeBytes((nuint)count * sizeof(double));

    /// <summary>Takes uninitialised memory for some integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* TakeIntegers(int count) => (int*)TakeBytes((nuint)count * sizeof(int));

    /// <summary>Takes uninitialised memory for some masks of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* TakeMasks(int count) => (ulong*)TakeBytes((nuint)count * sizeof(ulong));

    /// <summary>Takes uninitialised memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void* TakeBytes(nuint count)
    {
        nuint bytes = (count + 63) & ~(nuint)63;
        if ((nuint)(end - top) < bytes) NextChunk(bytes);
        byte* taken = top;
        top += bytes;
        return taken;
    }

    public Mark Save() => new(chunk, top);

    /// <summary>Gives back everything taken since a mark.</summary>
    public void Restore(Mark mark)
    {
        if (mark.Chunk != chunk)
        {
            chunk = mark.Chunk;
            end = chunk < 0 ? null : (byte*)chunks[chunk].Start + chunks[chunk].Size;
        }
        top = mark.Top;
    }

    private void NextChunk(nuint bytes)
    {
        chunk++;
        if (chunk < chunks.Count && chunks[chunk].Size < bytes)
        {
            NativeMemory.AlignedFree((void*)chunks[chunk].Start);
            chunks[chunk] = New(bytes);
        }
        else if (chunk == chunks.Count)
        {
            chunks.Add(New(bytes));
        }
        top = (byte*)chunks[chunk].Start;
        end = top + chunks[chunk].Size;
    }

    private static (nint, nuint) New(nuint bytes)
    {
        nuint size = bytes > SmallestChunk ? bytes : SmallestChunk;
        return ((nint)NativeMemory.AlignedAlloc(size, 64), size);
    }

    public void Dispose()
    {
        foreach ((nint start, _) in chunks) NativeMemory.AlignedFree((void*)start);
        chunks.Clear();
        chunk = -1;
        top = end = null;
    }
}
