"""Ranges of activations from samples: what a scale is chosen from."""

import numpy as np

BINS = 2048
LEVELS = 128  # magnitudes of an 8-bit integer


class Histogram:
    """Magnitudes seen so far, in bins that double in width when a larger one comes."""

    def __init__(self):
        self.counts = np.zeros(BINS, np.int64)
        self.limit = 0.0  # where the last bin ends
        self.largest = 0.0

    def add(self, values):
        magnitudes = np.abs(np.asarray(values, np.float32).ravel())
        magnitudes = magnitudes[np.isfinite(magnitudes)]
        if magnitudes.size == 0:
            return
        largest = float(magnitudes.max())
        self.largest = max(self.largest, largest)
        if self.limit == 0:
            self.limit = largest
        while self.limit < largest:
            merged = self.counts.reshape(BINS // 2, 2).sum(axis=1)
            self.counts = np.concatenate([merged, np.zeros(BINS // 2, np.int64)])
            self.limit *= 2
        if self.limit > 0:
            self.counts += np.histogram(magnitudes, BINS, (0, self.limit))[0]


def minmax(histogram):
    """The largest magnitude seen."""
    return histogram.largest


def entropy(histogram):
    """The range for which 8-bit magnitudes keep most of the distribution: the least Kullback-Leibler
    divergence between what was seen, clipped to the range, and its rounding to LEVELS levels."""
    counts = histogram.counts.astype(np.float64)
    counts[0] = 0  # zeros are exact in any range, and would outweigh all else
    if counts.sum() == 0:
        return histogram.largest
    best, best_divergence = BINS, np.inf
    for bins in range(LEVELS, BINS + 1, 8):
        clipped = counts[:bins].copy()
        clipped[-1] += counts[bins:].sum()
        # Each level holds the bins around it; the bins that are empty stay so.
        level = np.arange(bins) * LEVELS // bins
        filled = counts[:bins] > 0
        sums = np.bincount(level, counts[:bins], LEVELS)
        members = np.bincount(level, filled, LEVELS)
        rounded = np.where(filled, (sums / np.maximum(members, 1))[level], 0)
        total = rounded.sum()
        if total == 0:
            continue
        seen = clipped > 0
        p = clipped[seen] / clipped.sum()
        q = np.maximum(rounded[seen] / total, 1e-12)
        divergence = float(np.sum(p * np.log(p / q)))
        if divergence < best_divergence:
            best, best_divergence = bins, divergence
    return min(histogram.largest, histogram.limit * best / BINS)


METHODS = {"entropy": entropy, "minmax": minmax}
