namespace Orthant.Uncertainty;

/// <summary>Which units of a pass share one random draw.</summary>
public enum RandomGranularity
{
    /// <summary>None: every unit of every sample is drawn for itself.</summary>
    Element,

    /// <summary>The pixels of a channel of one sample; the same as <see cref="Element"/> for layers that are no images.</summary>
    Channel,

    /// <summary>All units of a layer, for one sample.</summary>
    Layer,

    /// <summary>All samples, unit by unit: a pass is one fixed network.</summary>
    Batch,
}
