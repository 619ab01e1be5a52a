"""How alike two names are, whatever script each is written in. Leaves what it means to `likeness`.

A name is brought to Latin letters, then to a fold (one spelling for ae/ä/a, ph/f, th/t …) and to a skeleton
(consonants only), because Arabic writes few vowels and each transliteration puts in its own.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

__all__ = ["NameAgreement", "compare_names", "fold", "skeleton"]

CLOSE_FROM: Final = 0.91
"""Jaro-Winkler similarity from which two spellings are close; measured on the population of tests/persons."""

# One spelling for what transliterations and old spellings write in several ways. Longer groups first.
_SPELLINGS: Final = (
    ("shch", "s"), ("tsch", "c"), ("sch", "s"), ("dsch", "j"), ("cz", "c"), ("sz", "s"), ("rz", "z"),
    ("ch", "c"), ("sh", "s"), ("zh", "z"), ("kh", "h"), ("th", "t"), ("dh", "d"), ("gh", "g"), ("ph", "f"),
    ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ou", "u"), ("oy", "u"), ("ee", "i"), ("ii", "i"), ("iy", "i"),
    ("ij", "i"), ("yi", "i"), ("dj", "j"), ("dzh", "j"), ("ck", "k"), ("cq", "k"), ("qu", "k"), ("ks", "x"),
    ("y", "i"), ("w", "v"), ("q", "k"), ("j", "i"),
)  # fmt: skip
_ALIKE: Final = str.maketrans({"c": "k", "g": "k", "z": "s", "x": "s", "d": "t", "b": "p", "v": "f", "l": "r"})
_PARTICLES: Final = frozenset(
    "abu al bin bint da das de del della den der di dos e el i ibn la le of van von y zu".split()  # noqa: SIM905 (a sentence of particles reads better than a list)
)

_ARTICLE: Final = re.compile(r"\bال(?=\w{2})")
"""The Arabic article, written as one word with its name: El Alaoui, Alaoui and العلوي are one name."""

_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_AS_VOWELS: Final = str.maketrans({"`": "a", "w": "u", "y": "i"})


class NameAgreement(StrEnum):
    """From the strongest to the weakest; UNKNOWN where one side says nothing."""

    SAME = "same"  # one spelling, in whatever script
    CLOSE = "close"  # a slip of the pen, or another transliteration
    PART = "part"  # one of several names is there
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Folded:
    words: tuple[str, ...]
    skeletons: tuple[str, ...]


def compare_names(one: str, other: str) -> NameAgreement:
    """Compare two family names, or two given names, of one or several words each."""
    first, second = _folded(one), _folded(other)
    if not first.words or not second.words:
        return NameAgreement.UNKNOWN
    if sorted(first.words) == sorted(second.words):
        return NameAgreement.SAME
    if _close("".join(first.words), "".join(second.words)) or sorted(first.skeletons) == sorted(second.skeletons):
        return NameAgreement.CLOSE
    if any(a == b or _close(a, b) for a in first.words for b in second.words if len(a) > 1 and len(b) > 1):
        return NameAgreement.PART
    return NameAgreement.DIFFERENT


def fold(name: str) -> str:
    """The words of a name in one Latin spelling, in alphabetical order, without particles."""
    return " ".join(sorted(_folded(name).words))


def skeleton(name: str) -> str:
    """The consonants of a name, alike ones as one, in the order of its words sorted: short, and blind to vowels."""
    return " ".join(sorted(_folded(name).skeletons))


@lru_cache(maxsize=65_536)
def _folded(name: str) -> _Folded:
    written = unicodedata.normalize("NFKC", name)
    latin = anyascii(_ARTICLE.sub("", written)).lower()
    if _ARABIC.search(written):
        # Ayn, waw and ya are written where others hear a vowel.
        latin = latin.translate(_AS_VOWELS)
    words = re.findall(r"[a-z]+", re.sub(r"['`’.]", "", latin))
    spelled = [_spelled(word) for word in words]
    kept = [word for word, plain in zip(spelled, words, strict=True) if plain not in _PARTICLES] or spelled
    return _Folded(tuple(kept), tuple(_skeleton(word) for word in kept))


def _spelled(word: str) -> str:
    for written, as_one in _SPELLINGS:
        word = word.replace(written, as_one)
    return _without_doubles(word)


def _skeleton(word: str) -> str:
    bare = word[:1] + re.sub(r"[aeiouhy]", "", word[1:])
    # A vowel at the start stands for any vowel: Arabic writes them alike.
    start = "a" if bare[:1] in "aeiou" else bare[:1]
    return _without_doubles((start + bare[1:]).translate(_ALIKE))


def _without_doubles(word: str) -> str:
    return word[:1] + "".join(after for before, after in pairwise(word) if before != after)


def _close(one: str, other: str) -> bool:
    return JaroWinkler.similarity(one, other, score_cutoff=CLOSE_FROM) >= CLOSE_FROM
