using BenchmarkDotNet.Attributes;
using Orthant.Numerics;

namespace Orthant.Benchmarks;

/// <summary>Products of square matrices on the machine's widest path, packed anew in each call and packed once.</summary>
public class MatrixMultiplyBenchmarks
{
    private float[] a = [];
    private float[] b = [];
    private float[] c = [];
    private PackedMatrix<float> packed = null!;

    [Params(16, 64, 256)]
    public int Size { get; set; }

    [Params(1, 128)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        a = new float[Rows * Size];
        b = new float[Size * Size];
        c = new float[Rows * Size];
        a.AsSpan().Fill(0.5f);
        b.AsSpan().Fill(0.25f);
        packed = new PackedMatrix<float>(new ReadOnlyMatrixSpan<float>(b, Size, Size));
    }

    [Benchmark(Baseline = true)]
    public void Multiply() => MatrixMultiply.Into(
        new ReadOnlyMatrixSpan<float>(a, Rows, Size), new ReadOnlyMatrixSpan<float>(b, Size, Size), new MatrixSpan<float>(c, Rows, Size));

    [Benchmark]
    public void MultiplyPacked() => MatrixMultiply.Into(new ReadOnlyMatrixSpan<float>(a, Rows, Size), packed, new MatrixSpan<float>(c, Rows, Size));
}
