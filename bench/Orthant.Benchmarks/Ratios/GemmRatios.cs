using System.Globalization;
using System.Numerics;
using System.Text;
using Orthant.Numerics;

namespace Orthant.Benchmarks.Ratios;

/// <summary>The matrix multiply beside OpenBLAS on one thread, by processor time, the two taking turns call by call.</summary>
internal static unsafe class GemmRatios
{
    private const int Rounds = 25;
    private const double SecondsPerTurn = 0.004;

    private static readonly Shape[] Shapes =
    [
        new("float32", "forward", "NN", 128, 128, 784),
        new("float32", "weight gradient", "TN", 784, 128, 128),
        new("float32", "evaluation", "NN", 500, 128, 784),
        new("float32", "hidden layer", "NN", 128, 128, 128),
        new("float32", "hidden layer", "TN", 128, 128, 128),
        new("float32", "hidden layer", "NT", 128, 128, 128),
        new("float32", "square", "NN", 1024, 1024, 1024),
        new("float32", "square", "NT", 1024, 1024, 1024),
        new("float32", "square", "TN", 1024, 1024, 1024),
        new("float32", "convolution 1", "NN", 1024, 16, 27),
        new("float32", "convolution 2", "NN", 256, 32, 144),
        new("float32", "convolution 3", "NN", 64, 64, 288),
        new("float32", "convolution 4", "NN", 64, 64, 576),
        new("float32", "convolution 4, weight gradient", "TN", 576, 64, 64),
        new("float32", "convolution 4, input gradient", "NT", 64, 576, 64),
        new("float32", "ten classes", "NN", 128, 10, 128),
        new("float64", "square", "NN", 512, 512, 512),
        new("float64", "square", "NT", 512, 512, 512),
        new("float64", "square", "TN", 512, 512, 512),
        new("float64", "forward", "NN", 128, 128, 784),
        new("float64", "hidden layer", "NN", 128, 128, 128),
        new("float32", "rank update", "A·Aᵀ", 512, 512, 512),
        new("float32", "rank update", "Aᵀ·A", 512, 512, 512),
        new("float64", "rank update", "A·Aᵀ", 512, 512, 512),
        new("float64", "rank update", "Aᵀ·A", 128, 128, 4096),
    ];

    /// <summary>Measures all shapes.</summary>
    /// <returns>The page, or null where there is no rival.</returns>
    public static string? Measure()
    {
        if (OpenBlas.Find() is not OpenBlas rival)
        {
            Console.Error.WriteLine("ratios gemm: libopenblas.so.0 is not installed (Debian: libopenblas0-pthread); nothing was measured");
            return null;
        }
        foreach (string variable in (string[])["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"])
        {
            if (Environment.GetEnvironmentVariable(variable) is not null) Console.Error.WriteLine($"ratios gemm: {variable} is set; it may slow OpenBLAS");
        }
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Matrix multiply beside OpenBLAS

            {Machine.Describe()}; {rival.Version}.

            One thread each. The two take turns of at least {SecondsPerTurn * 1000} ms, {Rounds} rounds after a warm-up; processor time of the thread;
            medians. A ratio above 1 means that Orthant is faster. N and T say whether an operand is transposed; a rank update computes one triangle
            (its GFLOP/s count that triangle). B is packed anew in each call.
            Repeat with `dotnet run -c Release --project bench/Orthant.Benchmarks -- ratios gemm`.

            | type | what | op | M × N × K | OpenBLAS GFLOP/s | 512-bit GFLOP/s | ratio | 256-bit GFLOP/s | ratio |
            |---|---|---|---|---|---|---|---|---|

            """);
        Dictionary<string, List<(double, double)>> ratios = [];
        Run(Shapes[0], rival);
        foreach (Shape shape in Shapes)
        {
            (double theirs, double wide, double narrow) = Run(shape, rival);
            string line = string.Create(
                CultureInfo.InvariantCulture,
                $"| {shape.Type} | {shape.What} | {shape.Op} | {shape.M} × {shape.N} × {shape.K} | {theirs:F1} | {wide:F1} | {wide / theirs:F2} | {narrow:F1} | {narrow / theirs:F2} |");
            Console.WriteLine(line);
            page.Append(line).Append('\n');
            string group = shape.IsRankUpdate ? "rank update" : shape.Type;
            if (!ratios.TryGetValue(group, out List<(double, double)>? list)) ratios[group] = list = [];
            list.Add((wide / theirs, narrow / theirs));
        }
        page.Append("\n| geometric mean, smallest | 512-bit | 256-bit |\n|---|---|---|\n");
        foreach ((string group, List<(double Wide, double Narrow)> list) in ratios)
        {
            string line = string.Create(
                CultureInfo.InvariantCulture,
                $"| {group} | {Mean(list.Select(r => r.Wide)):F2}, {list.Min(r => r.Wide):F2} | {Mean(list.Select(r => r.Narrow)):F2}, {list.Min(r => r.Narrow):F2} |");
            Console.WriteLine(line);
            page.Append(line).Append('\n');
        }
        return page.ToString();
    }

    private static double Mean(IEnumerable<double> ratios) => Math.Exp(ratios.Average(Math.Log));

    private static (double Theirs, double Wide, double Narrow) Run(Shape shape, OpenBlas rival)
    {
        if (shape.Type == "float64")
        {
            return Run<double>(
                shape,
                (a, b, c) => rival.Gemm(shape.TransposeA, shape.TransposeB, shape.M, shape.N, shape.K, a, shape.StrideA, b, shape.StrideB, c, shape.N),
                (a, c) => rival.Syrk(shape.TransposeA, shape.N, shape.K, a, shape.StrideA, c, shape.N));
        }
        return Run<float>(
            shape,
            (a, b, c) => rival.Gemm(shape.TransposeA, shape.TransposeB, shape.M, shape.N, shape.K, a, shape.StrideA, b, shape.StrideB, c, shape.N),
            (a, c) => rival.Syrk(shape.TransposeA, shape.N, shape.K, a, shape.StrideA, c, shape.N));
    }

    private static (double Theirs, double Wide, double Narrow) Run<T>(Shape shape, Product<T> gemm, RankUpdate<T> syrk)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        using AlignedBuffer<T> a = new(shape.M * shape.K), b = new(shape.K * shape.N), c = new(shape.M * shape.N);
        Random random = new(1);
        foreach (ref T value in a.Span) value = T.CreateTruncating(random.NextDouble() - 0.5);
        foreach (ref T value in b.Span) value = T.CreateTruncating(random.NextDouble() - 0.5);
        void Own(VectorPath path)
        {
            ReadOnlyMatrixSpan<T> left = shape.TransposeA
                ? new ReadOnlyMatrixSpan<T>(a.Span, shape.K, shape.M).Transposed()
                : new ReadOnlyMatrixSpan<T>(a.Span, shape.M, shape.K);
            MatrixSpan<T> result = new(c.Span, shape.M, shape.N);
            if (shape.IsRankUpdate)
            {
                SymmetricRankUpdate.RunLower(path, left, result, false);
                return;
            }
            ReadOnlyMatrixSpan<T> right = shape.TransposeB
                ? new ReadOnlyMatrixSpan<T>(b.Span, shape.N, shape.K).Transposed()
                : new ReadOnlyMatrixSpan<T>(b.Span, shape.K, shape.N);
            MatrixMultiply.Run(path, left, right, result, false);
        }
        Action[] contenders =
        [
            () =>
            {
                if (shape.IsRankUpdate) syrk(a.Pointer, c.Pointer);
                else gemm(a.Pointer, b.Pointer, c.Pointer);
            },
            () => Own(VectorPath.Vector512),
            () => Own(VectorPath.Vector256),
        ];
        double flops = (shape.IsRankUpdate ? 1.0 * shape.N * (shape.N + 1) : 2.0 * shape.M * shape.N) * shape.K;
        double[] rates = [.. Turns(contenders).Select(seconds => flops / seconds / 1e9)];
        return (rates[0], rates[1], rates[2]);
    }

    /// <summary>Median seconds a call of each contender.</summary>
    private static double[] Turns(Action[] contenders)
    {
        int[] calls = [.. contenders.Select(CallsPerTurn)];
        List<double>[] seconds = [.. contenders.Select(_ => new List<double>())];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                double start = ThreadClock.Seconds;
                for (int call = 0; call < calls[i]; call++) contenders[i]();
                seconds[i].Add((ThreadClock.Seconds - start) / calls[i]);
            }
        }
        return [.. seconds.Select(s => ThreadClock.Median(s))];
    }

    private static int CallsPerTurn(Action contender)
    {
        contender();
        int calls = 1;
        for (; ; calls *= 2)
        {
            double start = ThreadClock.Seconds;
            for (int call = 0; call < calls; call++) contender();
            if (ThreadClock.Seconds - start > SecondsPerTurn) return calls;
        }
    }

    private delegate void Product<T>(T* a, T* b, T* c)
        where T : unmanaged;

    private delegate void RankUpdate<T>(T* a, T* c)
        where T : unmanaged;

    private sealed record Shape(string Type, string What, string Op, int M, int N, int K)
    {
        public bool IsRankUpdate => Op.Contains('·', StringComparison.Ordinal);

        public bool TransposeA => Op is "TN" or "Aᵀ·A";

        public bool TransposeB => Op is "NT";

        public int StrideA => TransposeA ? M : K;

        public int StrideB => TransposeB ? K : N;
    }
}
