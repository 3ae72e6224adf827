using System.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>What identifies vertices, facets, planes and maps across regions: residues.</summary>
internal sealed unsafe partial class CellWalk
{
    private ResidueForms? residues;

    /// <summary>The residues of the current path's forms.</summary>
    private ResidueForms Residues => residues ??= new ResidueForms(table);

    /// <summary>A key of the outputs' affine maps on the current region.</summary>
    public UInt128 MapKey()
    {
        ReadOnlySpan<ulong> maps = Residues.Stage(table.Stages.Length - 1, this);
        UInt128 key = 0;
        for (int i = 0; i < maps.Length; i++) key = Mix(key, maps[i]);
        return key;
    }

    /// <summary>A key of a point of the current cell, from facets that meet there.</summary>
    public UInt128 VertexKey(ulong facets)
    {
        int count = BitOperations.PopCount(facets);
        ulong[][] rows = new ulong[count][];
        ulong left = facets;
        for (int i = 0; i < count; i++, left &= left - 1) rows[i] = FacetForm(BitOperations.TrailingZeroCount(left)).ToArray();
        UInt128 key = 1;
        // Gauss-Jordan modulo p; dependent rows are passed over.
        for (int q = 0; q < d; q++)
        {
            int pivot = q;
            while (pivot < count && rows[pivot][q] == 0) pivot++;
            if (pivot == count) throw new InvalidOperationException("The facets of a vertex do not meet in a point.");
            (rows[q], rows[pivot]) = (rows[pivot], rows[q]);
            ulong inverse = Residue.Inverse(rows[q][q]);
            for (int c = q; c <= d; c++) rows[q][c] = Residue.Multiply(rows[q][c], inverse);
            for (int i = 0; i < count; i++)
            {
                ulong factor = rows[i][q];
                if (i == q || factor == 0) continue;
                for (int c = q; c <= d; c++) rows[i][c] = Residue.Subtract(rows[i][c], Residue.Multiply(factor, rows[q][c]));
            }
        }
        for (int q = 0; q < d; q++) key = Mix(key, rows[q][d]);
        return key;
    }

    /// <summary>A key of the hyperplane of a facet: its form up to a factor.</summary>
    public UInt128 PlaneKey(int slot)
    {
        ReadOnlySpan<ulong> form = FacetForm(slot);
        int lead = 0;
        while (lead < d && form[lead] == 0) lead++;
        ulong inverse = lead < d ? Residue.Inverse(form[lead]) : 1;
        UInt128 key = 2;
        foreach (ulong c in form) key = Mix(key, Residue.Multiply(c, inverse));
        return key;
    }

    private ReadOnlySpan<ulong> FacetForm(int slot)
    {
        FacetSlot facet = slots[slot];
        if (facet.Stage >= 0) return Residues.Form(facet.Stage, facet.Unit, this);
        return Array.ConvertAll(ExactFormOf(facet), c =>
        {
            ulong size = (ulong)BigInteger.Remainder(BigInteger.Abs(c), Residue.Prime);
            return c.Sign < 0 ? Residue.Negate(size) : size;
        });
    }

    /// <summary>Two rounds of multiplication by odd constants, each half of the key on its own.</summary>
    private static UInt128 Mix(UInt128 key, ulong value)
    {
        ulong high = (ulong)(key >> 64), low = (ulong)key;
        high = (BitOperations.RotateLeft(high, 29) ^ value) * 0x9E3779B97F4A7C15UL;
        high ^= high >> 32;
        low = (BitOperations.RotateLeft(low, 17) + value + 1) * 0xC2B2AE3D27D4EB4FUL;
        low ^= low >> 29;
        return ((UInt128)high << 64) | low;
    }
}
