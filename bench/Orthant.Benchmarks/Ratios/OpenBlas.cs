using System.Runtime.InteropServices;

namespace Orthant.Benchmarks.Ratios;

/// <summary>The rival: OpenBLAS, found at run time (Debian's package libopenblas0-pthread), held to one thread.</summary>
internal sealed unsafe class OpenBlas
{
    private const int RowMajor = 101;
    private const int NoTranspose = 111;
    private const int Transpose = 112;
    private const int Lower = 122;

    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> sgemm;
    private readonly delegate* unmanaged<int, int, int, int, int, int, double, double*, int, double*, int, double, double*, int, void> dgemm;
    private readonly delegate* unmanaged<int, int, int, int, int, float, float*, int, float, float*, int, void> ssyrk;
    private readonly delegate* unmanaged<int, int, int, int, int, double, double*, int, double, double*, int, void> dsyrk;

    private OpenBlas(nint library)
    {
        sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_sgemm");
        dgemm = (delegate* unmanaged<int, int, int, int, int, int, double, double*, int, double*, int, double, double*, int, void>)
            NativeLibrary.GetExport(library, "cblas_dgemm");
        ssyrk = (delegate* unmanaged<int, int, int, int, int, float, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_ssyrk");
        dsyrk = (delegate* unmanaged<int, int, int, int, int, double, double*, int, double, double*, int, void>)
            NativeLibrary.GetExport(library, "cblas_dsyrk");
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads"))(1);
        byte* config = ((delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "openblas_get_config"))();
        byte* core = ((delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "openblas_get_corename"))();
        Version = $"{Marshal.PtrToStringUTF8((nint)config)}, running its {Marshal.PtrToStringUTF8((nint)core)} kernels";
    }

    /// <summary>What the library says of itself.</summary>
    public string Version { get; }

    /// <summary>The library, or null where it is not installed.</summary>
    public static OpenBlas? Find() => NativeLibrary.TryLoad("libopenblas.so.0", out nint library) ? new OpenBlas(library) : null;

    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float* a, int lda, float* b, int ldb, float* c, int ldc) =>
        sgemm(RowMajor, Op(transposeA), Op(transposeB), m, n, k, 1, a, lda, b, ldb, 0, c, ldc);

    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double* a, int lda, double* b, int ldb, double* c, int ldc) =>
        dgemm(RowMajor, Op(transposeA), Op(transposeB), m, n, k, 1, a, lda, b, ldb, 0, c, ldc);

    public void Syrk(bool transpose, int n, int k, float* a, int lda, float* c, int ldc) =>
        ssyrk(RowMajor, Lower, Op(transpose), n, k, 1, a, lda, 0, c, ldc);

    public void Syrk(bool transpose, int n, int k, double* a, int lda, double* c, int ldc) =>
        dsyrk(RowMajor, Lower, Op(transpose), n, k, 1, a, lda, 0, c, ldc);

    private static int Op(bool transpose) => transpose ? Transpose : NoTranspose;
}
