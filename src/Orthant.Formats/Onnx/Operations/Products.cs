using Orthant.Networks;

namespace Orthant.Formats.Onnx.Operations;

/// <summary>MatMul and Gemm: matrix products with a constant on one side.</summary>
internal static class Products
{
    public static GraphValue MatMul(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(2, 2);
        return Product(node, node.Input(0), node.Input(1));
    }

    /// <summary>alpha·A'·B' + beta·C, where A' and B' may be transposed and C is broadcast.</summary>
    public static GraphValue Gemm(NodeContext node)
    {
        node.RequireAttributes("alpha", "beta", "transA", "transB");
        node.RequireInputs(2, 3);
        GraphValue a = node.Input(0), b = node.Input(1);
        if (a.Shape.Length != 2 || b.Shape.Length != 2)
        {
            throw node.Error($"tensors of {a.Shape.Length} and {b.Shape.Length} dimensions", "two matrices");
        }
        float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
        SignalValue product = Product(node, node.Flag("transA") ? Transposed(node, a) : a, node.Flag("transB") ? Transposed(node, b) : b);
        if (alpha != 1) product = Elementwise.Scaled(node, product, ConstantValue.OfNumbers([], [alpha]));
        if (!node.Has(2) || beta == 0) return product;
        GraphValue c = beta == 1 ? node.Input(2) : Times(node, node.Input(2), beta);
        GraphValue sum = Elementwise.Sum(node, (product, c), 1);
        if (!sum.Shape.AsSpan().SequenceEqual(product.Shape))
        {
            throw node.Error($"C of shape ({string.Join(", ", c.Shape)})", "one that the product's shape holds");
        }
        return sum;
    }

    private static GraphValue Times(NodeContext node, GraphValue x, float factor)
    {
        ConstantValue constant = ConstantValue.OfNumbers([], [factor]);
        return x is ConstantValue c ? ConstantArithmetic.Multiply(node, c, constant) : Elementwise.Scaled(node, (SignalValue)x, constant);
    }

    private static GraphValue Transposed(NodeContext node, GraphValue x)
    {
        int[] shape = [x.Shape[1], x.Shape[0]];
        return x is ConstantValue
            ? node.Graph.Once(x, "transpose", () => SignalAlgebra.Select(node, x, shape, SignalAlgebra.Places(shape, [1, shape[0]])))
            : SignalAlgebra.Select(node, x, shape, SignalAlgebra.Places(shape, [1, shape[0]]));
    }

    private static SignalValue Product(NodeContext node, GraphValue a, GraphValue b)
    {
        if (a.Shape.Length == 0 || b.Shape.Length == 0) throw node.Error("a single number", "vectors or matrices");
        int inner = a.Shape[^1], otherInner = b.Shape.Length == 1 ? b.Shape[0] : b.Shape[^2];
        if (inner != otherInner)
        {
            throw node.Error(
                $"shapes ({string.Join(", ", a.Shape)}) and ({string.Join(", ", b.Shape)})",
                "as many columns on the left as rows on the right");
        }
        if (a is SignalValue && b is SignalValue)
        {
            throw node.Error("a product of two tensors that depend on the input", "one constant factor");
        }
        if (a is ConstantValue && b is ConstantValue)
        {
            throw node.Error("a product of two constants", "one factor that depends on the input");
        }
        return a is SignalValue x ? FromTheRight(node, x, (ConstantValue)b) : FromTheLeft(node, (ConstantValue)a, (SignalValue)b);
    }

    /// <summary>X·W: every row of X is mapped by the transpose of W.</summary>
    private static SignalValue FromTheRight(NodeContext node, SignalValue x, ConstantValue w)
    {
        int inner = x.Shape[^1], columns = w.Shape.Length == 1 ? 1 : w.Shape[^1];
        RequireOneMatrix(node, w, inner, columns);
        int[] shape = w.Shape.Length == 1
            ? x.Shape[..^1]
            : [.. Padded(x.Shape[..^1], w.Shape.Length - (x.Shape.Length == 1 ? 2 : 1)), columns];
        SignalAlgebra.Checked(node, shape);
        DenseOperator one = node.Graph.Once(w, "right factor", () =>
        {
            double[] numbers = SignalAlgebra.Finite(node, w), turned = new double[numbers.Length];
            for (int i = 0; i < inner; i++)
            {
                for (int j = 0; j < columns; j++) turned[(j * inner) + i] = numbers[(i * columns) + j];
            }
            return new DenseOperator(columns, inner, turned);
        });
        int rows = x.Count / inner;
        LinearOperator all = rows == 1 ? one : new BlockDiagonalOperator(Enumerable.Repeat(one, rows));
        return SignalAlgebra.Affine(node, x, shape, all, null, new ConstantRounding(w.RelativeError, 0, 0));
    }

    /// <summary>W·X: every column of X is mapped by W.</summary>
    private static SignalValue FromTheLeft(NodeContext node, ConstantValue w, SignalValue x)
    {
        int inner = w.Shape[^1], rows = w.Shape.Length == 1 ? 1 : w.Shape[^2];
        RequireOneMatrix(node, w, rows, inner);
        int columns = x.Shape.Length == 1 ? 1 : x.Shape[^1];
        int batch = x.Count / (inner * columns);
        int[] tail = [.. w.Shape.Length == 1 ? Array.Empty<int>() : [rows], .. x.Shape.Length == 1 ? Array.Empty<int>() : [columns]];
        int[] lead = x.Shape.Length <= 2 ? [] : x.Shape[..^2];
        int[] shape = SignalAlgebra.Checked(node, [.. Padded(lead, w.Shape.Length - 2), .. tail]);
        DenseOperator one = node.Graph.Once(w, "left factor", () => new DenseOperator(rows, inner, SignalAlgebra.Finite(node, w)));
        ConstantRounding rounding = new(w.RelativeError, 0, 0);
        if (batch * columns == 1) return SignalAlgebra.Affine(node, x, shape, one, null, rounding);
        int[] byColumn = SignalAlgebra.Places([batch, columns, inner], [inner * columns, 1, columns]);
        SignalValue turned = (SignalValue)SignalAlgebra.Select(node, x, [batch, columns, inner], byColumn);
        int[] middle = SignalAlgebra.Checked(node, [batch, columns, rows]);
        SignalValue mapped = SignalAlgebra.Affine(
            node, turned, middle, new BlockDiagonalOperator(Enumerable.Repeat(one, batch * columns)), null, rounding);
        return (SignalValue)SignalAlgebra.Select(
            node, mapped, shape, SignalAlgebra.Places([batch, rows, columns], [rows * columns, 1, rows]));
    }

    private static void RequireOneMatrix(NodeContext node, ConstantValue w, int rows, int columns)
    {
        if (w.Count != (long)rows * columns || w.Count == 0)
        {
            throw node.Error($"constant factors of shape ({string.Join(", ", w.Shape)})", "one matrix");
        }
    }

    /// <summary>Leading lengths of 1 until there are as many as the other factor has.</summary>
    private static int[] Padded(int[] lead, int rank) =>
        lead.Length >= rank ? lead : [.. Enumerable.Repeat(1, rank - lead.Length), .. lead];
}
