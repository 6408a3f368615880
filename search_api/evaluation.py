"""Score answers and search on a file of questions (JSON lines): what is right, what was found, with confidence intervals.

A question has id, lang, kind, q, and what is expected: `must` and `must_not` (patterns, "a|b" is either), `numbers`,
`editions_noted`, `none` (nothing in the corpus answers it), `evidence` ([{doc, has}]: a passage of `doc` that holds `has`).
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import SourceError

Reply = Mapping[str, Any]
# Kinds whose answer may stand in a quote rather than in a label or value.
IN_QUOTES = frozenset(
    {
        "topic",
        "theme",
        "resolution",
        "fiche",
        "org",
        "abbr",
        "conflict",
        "measure",
        "initiatives",
        "contribution",
        "grant",
        "partner",
    }
)
NO_CITATION = frozenset({"org", "compare", "abbr"})
SAMPLES = 1000


@dataclass(slots=True)
class Judged:
    """One question with what is wrong with its answer, and the rank of the first relevant passage (0: not found)."""

    question: Mapping[str, Any]
    wrong: list[str] = field(default_factory=list)
    ranks: list[int] | None = None

    def told(self) -> str:
        """The question with what is wrong, "" where nothing is."""
        wrong = [*self.wrong, *(["not among the first five"] if self.ranks is not None and not self.hit(5) else [])]
        return f"{self.question['id']} | {self.question['q']} | {'; '.join(wrong)}" if wrong else ""

    def hit(self, limit: int) -> bool:
        return any(rank <= limit for rank in self.ranks or ())


def read_questions(path: Path) -> list[dict[str, Any]]:
    """The questions of a file; SourceError names a line that is no question."""
    questions = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot be read: {error}", where=str(path), remedy="name a file with a question per line") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                question = json.loads(line)
                questions.append({"kind": "", **question, "id": question["id"], "lang": question["lang"], "q": question["q"]})
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise SourceError(
                    f"no question: {error}", where=f"{path}, line {number}", remedy="see docs/evaluation.md"
                ) from error
    return questions


def judge(
    questions: Iterable[Mapping[str, Any]], ask: Callable[[str, str], Reply], search: Callable[[str, str], Reply] | None
) -> list[Judged]:
    """Ask every question, and search for those that name their evidence."""
    results = []
    for question in questions:
        judged = Judged(question)
        if set(question) & {"must", "numbers", "none", "editions_noted"}:
            judged.wrong = wrongs(question, ask(question["q"], question["lang"]))
        if question.get("evidence") and search is not None:
            hits = search(question["q"], question["lang"])["hits"][:10]
            judged.ranks = [rank for rank, hit in enumerate(hits, 1) if relevant(hit, question["evidence"])]
        results.append(judged)
    return results


def squash(text: object) -> str:
    """Letters and digits as they count when two texts are compared: what mending takes away does not."""
    return re.sub(r"[\s\-\u00ad\u2010\u2011*\u2022\u00b7\u203a|+_]+", "", str(text or "")).lower()


def relevant(hit: Mapping[str, Any], evidence: Iterable[Mapping[str, str]]) -> bool:
    """Whether a hit is a passage that the evidence names, or folds one into itself."""
    return any(hit["document"] == e["doc"] and squash(e["has"]) in squash(hit["quote"]) for e in evidence)


def texts(value: Any) -> Iterator[str]:
    """Every text and number inside a JSON value."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
    elif value is not None:
        yield str(value)


def wrongs(question: Mapping[str, Any], reply: Reply) -> list[str]:
    """What is wrong with a reply; empty when it is right."""
    answers, status = reply["answers"], reply["status"]
    if question.get("none"):
        return [] if status == "not_found" and not answers else [f"should be not_found, is {status}"]
    if not answers:
        return [f"nothing answered ({status})"]
    said = (
        " ¶ ".join(text for a in answers for text in texts([a["label"], a["value"], a["text"], a["number"]]))
        + " ¶ "
        + reply["text"]
    )
    quoted = " ¶ ".join(c["quote"] for a in answers[:3] for c in a["citations"][:2])
    named = " ¶ ".join(text for a in answers for text in texts([a["label"], a["number"]]))
    noted = " ".join(texts([reply["notes"], reply["scope"], reply["text"], [a["plan"] for a in answers]]))
    wide = f"{said} ¶ {quoted}" if question["kind"] in IN_QUOTES else said
    wrong = [] if quoted or question["kind"] in NO_CITATION else ["no citation"]
    wrong += [f"lacks {p}" for p in question.get("must", ()) if not _holds(p, wide)]
    wrong += [f"wrongly holds {p}" for p in question.get("must_not", ()) if _holds(p, named)]
    wrong += [f"lacks number {n}" for n in question.get("numbers", ()) if not _holds_number(n, f"{said} ¶ {quoted}")]
    return wrong + [f"does not name {e}" for e in question.get("editions_noted", ()) if e not in noted]


def _holds(pattern: str, text: str) -> bool:
    return any(squash(part) in squash(text) for part in pattern.split("|"))


def _holds_number(pattern: str, text: str) -> bool:
    for part in pattern.split("|"):
        digits = re.sub(r"\D", "", part)
        if not re.fullmatch(r"[\d .]+", part):
            if _holds(part, text):
                return True
        elif re.search(r"(?<!\d)" + r"[ .\u00a0\u202f]?".join(digits) + r"(?!\d)", text):
            return True
    return False


def summary(results: Sequence[Judged]) -> dict[str, Any]:
    """Shares right, hit@5, MRR@10 and nDCG@10 with 95 % intervals, in all and per language; right per kind."""
    figures: dict[str, Any] = {"questions": len(results)}
    for lang in ("", *sorted({r.question["lang"] for r in results})):
        mine = [r for r in results if not lang or r.question["lang"] == lang]
        asked = [r for r in mine if set(r.question) & {"must", "numbers", "none", "editions_noted"}]
        found = [r.ranks for r in mine if r.ranks is not None]
        tail = f"_{lang}" if lang else ""
        if asked:
            figures[f"right{tail}"] = _interval([float(not r.wrong) for r in asked])
            unanswerable = [r for r in asked if r.question.get("none")]
            if unanswerable:
                figures[f"false_answers{tail}"] = _interval([float(bool(r.wrong)) for r in unanswerable])
        if found:
            figures[f"hit5{tail}"] = _interval([float(any(rank <= 5 for rank in ranks)) for ranks in found])
            figures[f"mrr10{tail}"] = _interval([1 / ranks[0] if ranks else 0.0 for ranks in found])
            figures[f"ndcg10{tail}"] = _interval([_ndcg(ranks) for ranks in found])
    kinds: dict[str, list[bool]] = {}
    for result in results:
        if set(result.question) & {"must", "numbers", "none"}:
            kinds.setdefault(result.question["kind"], []).append(not result.wrong)
    figures["by_kind"] = {kind: f"{sum(rights)}/{len(rights)}" for kind, rights in sorted(kinds.items())}
    return figures


def _ndcg(ranks: Sequence[int]) -> float:
    ideal = sum(1 / math.log2(i + 1) for i in range(1, len(ranks) + 1))
    return sum(1 / math.log2(rank + 1) for rank in ranks) / ideal if ranks else 0.0


def _interval(values: Sequence[float]) -> dict[str, float]:
    """Mean with its 95 % bootstrap interval; the seed is fixed, so that two runs print the same."""
    mean = sum(values) / len(values)
    chooser = random.Random(7)
    means = sorted(sum(chooser.choices(values, k=len(values))) / len(values) for _ in range(SAMPLES))
    return {"value": round(mean, 4), "low": round(means[int(0.025 * SAMPLES)], 4), "high": round(means[int(0.975 * SAMPLES)], 4)}


def read_baseline(path: Path) -> dict[str, Any]:
    """Figures of an earlier run; SourceError where the file holds none."""
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(figures, dict) or "questions" not in figures:
            raise ValueError("it has no figures")
        return figures
    except (OSError, ValueError) as error:
        raise SourceError(
            f"no baseline: {error}", where=str(path), remedy="write one with `gvpp eval FILE --json > BASELINE`"
        ) from error


def fallen(figures: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """The figures that are lower than the interval of the earlier run (higher, where they count what is false)."""
    found = []
    for name, was in before.items():
        if isinstance(was, Mapping) and "low" in was:
            now = figures[name]["value"] if name in figures else None
            worse = now is None or (now > was["high"] if name.startswith("false") else now < was["low"])
            if worse:
                found.append(f"{name} is {now}, was {was['value']} [{was['low']} – {was['high']}]")
    return found


def compared(figures: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """The figures as lines of text, with what they were."""
    lines = []
    for name, value in figures.items():
        was = before.get(name)
        if isinstance(value, Mapping) and "low" in value:
            line = f"{name:18} {value['value']:.3f}  [{value['low']:.3f} – {value['high']:.3f}]"
            if isinstance(was, Mapping) and "value" in was:
                line += f"   was {was['value']:.3f}  ({value['value'] - was['value']:+.3f})"
        else:
            line = f"{name:18} {value}"
        lines.append(line)
    return lines + [f"WORSE: {told}" for told in fallen(figures, before)]
