using BenchmarkDotNet.Running;
using Orthant.Benchmarks.Ratios;

// "ratios NAME" measures one headline figure beside its rival and writes bench/results/NAME.md; anything else goes to BenchmarkDotNet.
if (args is ["ratios", .. string[] names])
{
    return RatioBook.Run(names);
}
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
