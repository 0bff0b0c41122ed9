"""How much papers are to a reader's taste, by what they like: TF-IDF, and from ten likes on a linear model too.

The words and their weights are those of the newest stored papers, made once for all readers; a reader costs a
millisecond, and from ten likes on some fifteen. scikit-learn is imported where it is needed only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BACKGROUND = 2_000
"""Stored papers that say which words are common, and what a linear model tells likes from."""

LINEAR_FROM = 10
"""Likes from which a linear model has half a say; alone, it finds fewer of an author's later papers."""

NEAREST = 0.3
"""What the likest paper counts beside the mean of all."""

FULL = 0.25
"""The likeness from which a paper is wholly to a reader's taste. Of papers by an author of what is liked the median is
0.09 and one of ten has more than this; of others of the same archive the median is 0.03."""

MOST_WORDS = 50_000

SOMETHING = "papers"
"""A text beside those that are stored: of texts without a word, as of a first day with few, nothing can be learned."""

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Background:
    """The words of some papers with their weights, and these papers as rows."""

    words: Any
    papers: Any

    def weighed(self, texts: Sequence[str]) -> Any:
        """Texts as rows of the same words."""
        from scipy.sparse import csr_matrix

        return self.words.transform(texts) if texts else csr_matrix((0, self.papers.shape[1]), dtype=np.float32)


def background(texts: Sequence[str]) -> Background:
    """Of the texts of stored papers."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(
        max_features=MOST_WORDS, sublinear_tf=True, stop_words="english", dtype=np.float32, lowercase=True
    )
    return Background(words, words.fit_transform([*texts, SOMETHING]))


def taste(known: Background, likes: Any, asked: Any) -> Shares:
    """How much each of some papers is to the taste of who likes `likes`, the newest first: from 0 to 1.

    Both are rows that `known` weighed. Likes without a known word say nothing, and nothing is said of such papers.
    """
    likes = likes[likes.getnnz(axis=1) > 0]
    if not (likes.shape[0] and asked.shape[0]):
        return np.zeros(asked.shape[0])
    alike = np.minimum(likeness(likes, asked) / FULL, 1.0)
    if likes.shape[0] < LINEAR_FROM:
        return alike
    said: Shares = (alike + _by_model(known, likes, asked)) / 2 * (asked.getnnz(axis=1) > 0)
    return said


def likeness(likes: Any, asked: Any) -> Shares:
    """The mean likeness to the likes, the newer counting more, and some of the nearest's.

    The weights by recency are those of zotero-arxiv-daily: 1 / (1 + log10(place)).
    """
    each = (asked @ likes.T).toarray()
    weights = 1 / (1 + np.log10(np.arange(1, each.shape[1] + 1)))
    found: Shares = each @ (weights / weights.sum()) + NEAREST * each.max(axis=1)
    return found


def _by_model(known: Background, likes: Any, asked: Any) -> Shares:
    """As arxiv-sanity-lite does: a support vector machine that tells the likes from other papers."""
    from scipy.sparse import vstack
    from sklearn.svm import LinearSVC

    both = vstack([likes, known.papers])
    right = np.arange(both.shape[0]) < likes.shape[0]
    model = LinearSVC(C=0.1, class_weight="balanced", random_state=0).fit(both, right)
    found: Shares = 1 / (1 + np.exp(-4 * model.decision_function(asked)))
    return found
