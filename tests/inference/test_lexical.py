"""The hashed words are those that scikit-learn makes."""

from __future__ import annotations

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from inference.lexical import BUCKETS, inverse_frequency, lexical, masked

SAID = ["Where is my order 10023, please?", "a", "", "🎁🎁 x Ü İ", "the the the parcel\n\tis not here ", "שלום it's"]


def test_they_are_scikit_learn_s() -> None:
    shared = {"n_features": BUCKETS, "norm": None, "alternate_sign": False, "dtype": np.float32}
    pieces = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **shared)
    pairs = HashingVectorizer(ngram_range=(1, 2), token_pattern=r"\b\w+\b", **shared)
    found, rare = [], []
    for vectorizer in (pieces, pairs):
        counts = vectorizer.transform(map(masked, SAID))
        weighted = TfidfTransformer(sublinear_tf=True).fit(counts)
        found.append(weighted.transform(counts))
        rare.append(weighted.idf_)
    np.testing.assert_allclose(inverse_frequency(SAID), rare, rtol=1e-6)
    np.testing.assert_allclose(lexical(SAID, inverse_frequency(SAID)).toarray(), hstack(found).toarray(), atol=1e-6)


def test_what_is_no_text_in_utf_8_still_has_words() -> None:
    assert lexical(["a\ud800"], inverse_frequency(SAID)).nnz > 0
