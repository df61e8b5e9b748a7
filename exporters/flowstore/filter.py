"""The language in which people choose flows, as nfdump and tcpdump have taught it: text in, an expression out. Pure.

    any     = all {("or" | "||") all}
    all     = one {["and" | "&&"] one}
    one     = ("not" | "!") one | "(" any ")" | term

docs/flows.md lists the terms; `terms.py` has them. A recursive descent: each method takes what it knows and leaves the
rest. Everything wrong raises FilterError, which knows the column and what would be right.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Final, NamedTuple

import polars as pl

MAX_LENGTH: Final = 4_096
"""Characters of a filter: 150 addresses. A list of thousands belongs in a file of indicators."""
MAX_DEPTH: Final = 32
"""Brackets and negations inside each other: people write three."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(&&|\|\||<=|>=|!=|==|[()\[\],<>=!])|"([^"]*)"|'([^']*)'|((?!')[^\s()\[\],<>=!&|"]+))"""
)
"""A sign; what is quoted; a word, which may have an apostrophe, but not begin with one."""
_BLANK: Final = re.compile(r"\s*")


class FilterError(ValueError):
    """What is wrong with a filter: `problem` is a key, `at` the column from 1, `found` the text there."""

    def __init__(self, problem: str, at: int, found: str = "", right: Sequence[str] = ()) -> None:
        self.problem = problem  # length, depth, character, word, value, end
        self.at = at
        self.found = found
        self.right = tuple(right)  # what could stand there
        super().__init__(f"column {at}: {problem} {found!r}; {' | '.join(right)}")


class Token(NamedTuple):
    """A word, a sign, or the end (empty). `at`: its column, from 1."""

    text: str
    at: int
    quoted: bool = False

    @property
    def word(self) -> str:
        """Return it in lower case as a word of the language; what is quoted is none."""
        return "" if self.quoted else self.text.lower()


def tokens(text: str) -> list[Token]:
    """Cut a filter into words and signs; the last token is the end."""
    if len(text) > MAX_LENGTH:
        raise FilterError("length", MAX_LENGTH + 1, right=[str(MAX_LENGTH)])
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            begin = _BLANK.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere
            raise FilterError("character", begin + 1, text[begin])
        group = match.lastindex or 1
        quoted = group in {2, 3}
        found.append(Token(match[group], match.start(group) + 1 - quoted, quoted))
        at = match.end()
    return [*found, Token("", end + 1)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a filter lets through, as expressions over SCHEMA's columns: of a flow the way `there`, and the way `back`.

    `sided`: it may let through one of them and not the other.
    """

    there: pl.Expr
    back: pl.Expr
    sided: bool


class Reader:
    """A place in the tokens of a filter. `back`: it is read for the way back, whose source is the flow's destination.

    `sided` is set by whoever reads a term that differs between the two.
    """

    def __init__(self, text: str, *, back: bool = False) -> None:
        self._tokens = tokens(text)
        self._place = 0
        self.back = back
        self.sided = False

    @property
    def here(self) -> Token:
        """Return the token that is next."""
        return self._tokens[self._place]

    def take(self) -> Token:
        """Take the next token; the end can be taken again and again."""
        token = self.here
        if token.text or token.quoted:
            self._place += 1
        return token

    def took(self, *words: str) -> bool:
        """Take the next token if it is one of these words or signs."""
        if self.here.word not in words or not self.here.word:
            return False
        self._place += 1
        return True

    def fail(self, problem: str, *right: str, token: Token | None = None) -> FilterError:
        """Return what to raise about a token, by default the next."""
        token = token or self.here
        return FilterError(problem if token.text or token.quoted else "end", token.at, token.text, right)


def parse(text: str, term: Callable[[Reader], pl.Expr]) -> Chosen | None:
    """Return what a filter lets through; None for one that lets everything through.

    `term` reads one term. Raises FilterError.
    """
    there, back = Reader(text), Reader(text, back=True)
    if not there.here.text:
        return None
    return Chosen(_whole(there, term), _whole(back, term), there.sided)


def _whole(reader: Reader, term: Callable[[Reader], pl.Expr]) -> pl.Expr:
    found = _any(reader, term, 0)
    if reader.here.text or reader.here.quoted:
        raise reader.fail("word", "and", "or")
    return found


def _any(reader: Reader, term: Callable[[Reader], pl.Expr], depth: int) -> pl.Expr:
    several = [_all(reader, term, depth)]
    while reader.took("or", "||"):
        several.append(_all(reader, term, depth))
    return balanced(or_, several)


def _all(reader: Reader, term: Callable[[Reader], pl.Expr], depth: int) -> pl.Expr:
    several = [_one(reader, term, depth)]
    while True:
        if not reader.took("and", "&&") and (reader.here.word in {"or", "||", ")", ""} and not reader.here.quoted):
            return balanced(and_, several)
        several.append(_one(reader, term, depth))


def _one(reader: Reader, term: Callable[[Reader], pl.Expr], depth: int) -> pl.Expr:
    if depth > MAX_DEPTH:
        raise reader.fail("depth", str(MAX_DEPTH))
    if reader.took("not", "!"):
        return ~_one(reader, term, depth + 1)
    if not reader.took("("):
        return term(reader)
    inner = _any(reader, term, depth + 1)
    if not reader.took(")"):
        raise reader.fail("word", ")", "and", "or")
    return inner


def balanced(join: Callable[[pl.Expr, pl.Expr], pl.Expr], several: Sequence[pl.Expr]) -> pl.Expr:
    """Join expressions as a tree of little depth: polars walks them by recursion."""
    if len(several) <= 2:
        return reduce(join, several)
    half = len(several) // 2
    return join(balanced(join, several[:half]), balanced(join, several[half:]))
