"""What a question asks: its language, intent, measure numbers, plan editions and the names in it."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kg.names import fold
from search_api.naming import Entity, Names, passing, split, undotted
from search_api.wording import wording

BESIDE = 40  # characters after a number within which its edition is named
AROUND = 80  # characters between a year and the word that says that something began
LIMIT = 4000  # characters of a question that are read
# A number of two parts, however it is written: "2.3", "M2.3", "maatregel 2,3", "mesure 2 .3", "2.03".
NUMBER = re.compile(
    r"(?<![\d.,/])(?:m\s?\.?\s?)?(\d{1,2})\s?[.,]\s?0?(\d{1,2})(?![\d%]|[.,/]\d|\s?(?:euro|miljoen|million|procent|kg|km))", re.I
)
YEARS = re.compile(r"(?<!\d)(20\d\d)\s?[-–/]\s?(20\d\d|\d\d)(?!\d)")
YEAR = re.compile(r"(?<![\d-])(20\d\d)(?![\d-])")
PART = re.compile(r"\b(?:luik|deel|volet|partie|part)\s+(\d{1,2})\b")
THEME = re.compile(r"\b(?:thema|theme)\s+(\d{1,2})\b(?!\s?[.,]\d)")
SHORT = re.compile(r"\b(?!GVPP|PGSP|GPVP)[A-Z]{2}[\w-]*\b")  # an abbreviation, as it is written
ZONE = re.compile(r"(?<!\d)(53\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Question:
    """An understood question. `plans` are the editions it chooses, all of them when it chooses none."""

    text: str
    lang: str  # of the answer
    intent: str  # a key of search_api.intents.INTENTS, or "unknown"
    numbers: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    chosen: bool = False
    entities: tuple[Entity, ...] = field(default=())
    years: tuple[int, ...] = ()
    part: str = ""  # number of a part of the resolution
    of_zones: bool = False
    considered: bool = False
    activity: str = ""  # "daily" or "specific" where the question asks for one of them
    abbreviation: str = ""
    spoken: str = "nl"  # the language that the question is in
    existing: bool = False
    planned: bool = False  # it asks for nothing but what is planned or considered
    pillars: tuple[str, ...] = ()  # prevention, reaction, followup
    reporting: bool = False  # the bodies that it names are those that report
    span: tuple[int, ...] = ()  # years of a period that it names, such as a school year


@functools.cache
def _pattern(group: str, name: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(wording()[group][name]) + r")(?!\w)")


def clean(text: str) -> str:
    """A question without control characters and surrogates, with single spaces, cut at the limit."""
    kept = "".join(c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF else " " for c in text[:LIMIT])
    return " ".join(kept.split())


def language(text: str, default: str = "nl") -> str:
    """Language of a question by its function words; where these do not decide, by the terms of the field that it has."""
    found = re.findall(r"[^\W\d_]+", text.casefold())
    known = wording()["language"]
    scores = {lang: float(sum(word in words for word in found)) for lang, words in known.items()}
    best = [lang for lang, score in scores.items() if score == max(scores.values())]
    if len(best) > 1:
        from kg.glossary import by_stems
        from kg.lexical import words

        terms = {lang: sum((word.stem,) in by_stems(lang) for word in words(text, lang)) for lang in best}
        terms["fr"] = terms.get("fr", 0) + (len(re.findall(r"[àâçéèêëîïôûùœ]", text.casefold())) if "fr" in best else 0)
        most = [lang for lang in best if terms[lang] == max(terms[lang] for lang in best)]
        return default if default in most else str(most[0])
    return str(best[0])


def understand(text: str, lang: str | None, plans: Sequence[str], names: Names) -> Question:
    """Read a question. plans: ids of the editions with measures, newest first."""
    text = clean(text)
    spoken = language(text, lang or "nl")
    lang = lang or spoken
    folded = _spelled(fold(text))
    without_years = YEARS.sub(" ", text)
    numbers = tuple(dict.fromkeys(f"{int(a)}.{int(b)}" for a, b in NUMBER.findall(without_years)))
    chosen = _editions(text, folded, plans)
    plan_names = set(wording()["pass"]["plan"])
    region = set(wording()["pass"]["region"]) if not _says(folded, "city") else set()
    named = [
        one
        for one in names.find(NUMBER.sub(" ", without_years))
        if fold(one.name) not in plan_names | region and not (one.common and _goes_on(text, one.name))
    ]
    entities = [*named, *_numbered_themes(folded, plans)]
    if _says(folded, "theme") and not any(one.kind == "theme" for one in entities):
        entities += names.themes(text)
    part = PART.search(folded)
    question = Question(
        text=text,
        lang=lang,
        intent="",
        numbers=numbers,
        plans=chosen or tuple(plans),
        chosen=bool(chosen),
        entities=tuple(entities),
        years=tuple(int(year) for year in YEAR.findall(without_years)),
        part=part.group(1) if part else "",
        of_zones=_says(folded, "zones"),
        considered=_says(folded, "considered"),
        activity="daily" if _says(folded, "daily") else "specific" if _says(folded, "specific") else "",
        abbreviation=names.abbreviation(text),
        reporting={ref for one in entities if one.kind == "organisation" and not one.common for ref in one.refs}
        <= names.publishers,
        span=tuple(year for a, b in YEARS.findall(text) for year in range(int(a), int(b if len(b) == 4 else a[:2] + b) + 1)),
        spoken=spoken,
        existing=_says(folded, "existing"),
        planned=_says(folded, "planned"),
        pillars=tuple(name for name in wording()["pillar"] if _pattern("pillar", name).search(folded)),
    )
    return replace(question, intent=_intent(folded, question))


def editions_of_numbers(text: str, plans: Sequence[str]) -> dict[str, str]:
    """The edition that a question gives a measure number by saying it right after: "M8.14 van 2017-2020"."""
    found = {}
    for match in NUMBER.finditer(text):
        years = YEARS.search(text, match.end(), match.end() + BESIDE)
        if years and not NUMBER.search(YEARS.sub(" ", text[match.end() : years.start()])):
            last = years[2] if len(years[2]) == 4 else years[1][:2] + years[2]
            plan = f"gvpp-{years[1]}-{last}"
            if plan in plans:
                found[f"{int(match[1])}.{int(match[2])}"] = plan
    return found


def topic(text: str) -> str:
    """A question without the years of the editions that it chooses: the passages of a plan do not repeat them."""
    return YEARS.sub(" ", text)


def _flat(text: str) -> str:
    """A text in small letters without accents, of the same length."""
    return "".join(unicodedata.normalize("NFKD", letter)[0].lower() for letter in text)


ASKED = {"asks_measure": "id/measure/", "asks_initiative": "id/initiative/"}


def asks_for(text: str) -> tuple[str, ...]:
    """How the references of what a question asks for begin; nothing where it names no kind of thing."""
    folded = fold(text)
    return tuple(start for word, start in ASKED.items() if _says(folded, word))


def asks_number(text: str) -> bool:
    """Whether a question asks how many or how much."""
    return _says(fold(text), "how_many")


def clauses(question: Question) -> list[Question]:
    """A question that asks two numbers at once ("how many, and how many of them"), in its parts; each keeps the names, and
    the years where it has none of its own."""
    edges = [match.start() for match in _pattern("join", "number").finditer(_flat(question.text))]
    starts = [0, *(edge for edge in edges if asks_number(question.text[:edge]))]
    texts = [question.text[start:end] for start, end in zip(starts, [*starts[1:], len(question.text)], strict=True)]
    return [_part(question, text) for text in texts] if len(texts) > 1 else [question]


def _part(question: Question, text: str) -> Question:
    own = tuple(int(year) for year in YEAR.findall(YEARS.sub(" ", text)))
    named = tuple(entity for entity in question.entities if entity.name in text)
    return replace(question, text=text, years=own or question.years, entities=named)


def asks_begin(text: str) -> bool:
    """Whether a question asks for a beginning, and not when something took place."""
    return _says(fold(text), "begin")


def undated(text: str) -> str:
    """A question without the words that ask when something was or began."""
    for name in ("when", "begin"):
        for match in _pattern("word", name).finditer(_flat(text)):
            said = re.sub(r"^\S+|\S+$", lambda word: " " * len(word[0]), text[match.start() : match.end()])
            text = text[: match.start()] + said + text[match.end() :]  # between "ging" and "open" stands what is asked about
    return text


def begins(text: str, heading: str) -> bool:
    """Whether a sentence tells when something began: a word of beginning with a year beside it, or in its heading."""
    if _says(fold(heading), "beginning"):
        return True
    folded = _pattern("word", "ever_since").sub(" ", fold(text))
    places = [match.start() for match in _pattern("word", "begin").finditer(folded)]
    return any(abs(match.start() - place) < AROUND for match in YEAR.finditer(folded) for place in places)


def asks_money(text: str) -> bool:
    """Whether a question asks for a sum of money, and not for a number of something else."""
    folded = fold(text)
    return _says(folded, "money") and not _says(folded, "counted")


def asks_count(text: str) -> bool:
    """Whether a question names what it counts, right after "how many"."""
    return _says(fold(text), "counted")


def asks_often(text: str) -> bool:
    """Whether a question asks how many times something was done."""
    return _says(fold(text), "often")


def asks_partners(text: str) -> bool:
    """Whether a question asks with whom something is done, and not also by whom."""
    folded = fold(text)
    return _says(folded, "partner") and not _says(folded, "carries")


def asks_former(text: str) -> bool:
    """Whether a question asks for a name of before."""
    return _says(fold(text), "former")


def asks_share(text: str) -> bool:
    """Whether a question asks for a percentage."""
    return _says(fold(text), "share")


def asks_sum(text: str) -> bool:
    """Whether a question asks for a sum over several years, editions or places."""
    return _says(fold(text), "summed")


def tells_period(text: str) -> bool:
    """Whether a sentence speaks of several years, editions or places at once."""
    folded = fold(text)
    return _says(folded, "summed") or _says(folded, "over_time")


def asks_person(text: str) -> bool:
    """Whether a question asks who somebody is, how to reach somebody, or for something to be made: documents seldom tell."""
    folded = fold(text)
    return _says(folded, "fact") or _says(folded, "role")


def asks_told(text: str) -> bool:
    """Whether a question asks for one number or date, which a sentence has or has not."""
    folded = fold(text)
    return _says(folded, "how_many") or _says(folded, "when") or _says(folded, "money")


def asks_who(text: str) -> bool:
    """Whether a question asks for people, bodies or services."""
    return _says(fold(text), "who")


def is_question(text: str) -> bool:
    """Whether a text asks something in a sentence; otherwise it is words to search for."""
    return "?" in text or _says(fold(text), "asks")


def asks_explanation(text: str) -> bool:
    """Whether a question asks what something does, and not only which things there are."""
    return _says(fold(text), "explains")


def asks_meaning(text: str) -> bool:
    """Whether a question asks what a word stands for."""
    return _says(fold(text), "meaning")


def _numbered_themes(folded: str, plans: Sequence[str]) -> list[Entity]:
    """Themes named by number: another one in each edition, so all of them."""
    found = THEME.search(folded)
    return [Entity(tuple(f"auth/theme/{plan}/{int(found.group(1))}" for plan in plans), "theme", found.group(1))] if found else []


def _says(folded: str, word: str) -> bool:
    return _pattern("word", word).search(folded) is not None


def _goes_on(text: str, name: str) -> bool:
    """Whether a common noun is part of a name: "vzw Kantelpunt" is no association at large."""
    return re.search(rf"(?<!\w){re.escape(name)}\s+[A-ZÀ-Ý]", text) is not None


def _spelled(folded: str) -> str:
    """A question whose words of asking are spelled right: "initatieven", "recomandations"."""
    from search_api.naming import one_error

    right = wording()["pass"]["spelling"]
    words = folded.split(" ")
    for place, word in enumerate(words):
        bare = word.strip("?!.,;:()")
        if len(bare) > 5 and bare not in right:
            near = next((known for known in right if abs(len(known) - len(bare)) < 2 and one_error(bare, known)), "")
            words[place] = word.replace(bare, near) if near else word
    return " ".join(words)


def _editions(text: str, folded: str, plans: Sequence[str]) -> tuple[str, ...]:
    named = [f"gvpp-{a}-{b if len(b) == 4 else a[:2] + b}" for a, b in YEARS.findall(text)]
    if not NUMBER.search(YEARS.sub(" ", text)) and not _says(folded, "plan"):
        named = [plan for plan in named if plan in plans]  # another period is no edition
    if named:
        return tuple(named)
    if _pattern("edition", "current").search(folded) and plans:
        return (plans[0],)
    if _pattern("edition", "previous").search(folded) and len(plans) > 1:
        return (plans[1],)
    years = [int(year) for year in YEAR.findall(text)]
    spans = {plan: [int(y) for y in re.findall(r"\d{4}", plan)] for plan in plans}
    return tuple(plan for plan in plans if any(spans[plan][0] <= year <= spans[plan][-1] for year in years))


def _intent(folded: str, question: Question) -> str:
    """The first rule that holds: what a question gives (numbers, names) weighs more than how it is worded."""
    if question.numbers:
        return _intent_of_number(folded)
    kinds = {entity.kind for entity in question.entities}
    known = {entity.kind for entity in question.entities if not entity.common}
    passive = {"organisation"} if question.reporting else set()
    body = "organisation" in kinds or ("place" in kinds and not _says(folded, "measure"))
    lists = _says(folded, "initiative") and not _says(folded, "fact")
    rules = (
        ("abbreviation", question.abbreviation and (_says(folded, "meaning") or _is_short(question))),
        ("shortened", _says(folded, "shortened") and not SHORT.search(question.text)),
        ("findings", _says(folded, "finding")),
        ("resolution", question.part and _says(folded, "resolution") and _says(folded, "asks_initiative")),
        ("recommendations", _says(folded, "recommendation")),
        ("resolution", (question.part or lists) and _says(folded, "resolution")),
        ("pillar", question.pillars and _says(folded, "pillar")),
        ("when", _says(folded, "when") and not _says(folded, "how_many")),
        ("theme_number", "theme" in kinds and _says(folded, "number")),
        ("theme_measures", "theme" in kinds and _says(folded, "measure") and not lists),
        ("theme_number", THEME.search(folded) and not lists),
        ("grant", "organisation" in kinds and asks_money(question.text) and _says(folded, "asks_amount")),
        ("figure", _says(folded, "how_many") or _says(folded, "amount_named")),
        (
            "names",
            body
            and not _says(folded, "role")
            and not _says(folded, "asks_initiative")
            and (_says(folded, "name") or _says(folded, "meaning")),
        ),
        (
            "partner_measures" if _says(folded, "partner") else "contributes",
            _says(folded, "measure") and kinds & {"organisation", "initiative"},
        ),
        ("partner_measures", "organisation" in known and _says(folded, "partner") and question.chosen and not lists),
        ("target", kinds & {"initiative", "place"} and _says(folded, "target")),
        ("names", "place" in known and _says(folded, "belongs") and not _says(folded, "asks_initiative")),
        ("zones", _says(folded, "which_zone") and not known & {"place", "organisation"}),
        ("carriers", "place" in known and _says(folded, "partner")),
        ("carriers", "initiative" in kinds and (_says(folded, "partner") or _says(folded, "carries"))),
        ("zone", "place" in kinds and (lists or bool(question.activity) or _says(folded, "goes_on"))),
        ("theme", "theme" in kinds and (lists or _says(folded, "theme"))),
        ("themes", not known and _says(folded, "themes")),
        ("status", not known and lists and question.considered and _says(folded, "planned")),
        ("year", not known - passive and question.years and _says(folded, "asks_initiative")),
        ("group", not known and lists and _says(folded, "meant_for") and has_group(question)),
        ("measures", not known and not lists and _says(folded, "asks_measure")),
        ("initiative", "initiative" in kinds and _says(folded, "what_is")),
        ("organisation", "organisation" in known and (_says(folded, "does") or _says(folded, "asks_initiative"))),
        ("names", body and _is_bare(question)),
    )
    return next((intent for intent, holds in rules if holds), "unknown")


def _intent_of_number(folded: str) -> str:
    """What is asked of a measure by its number."""
    lists = _says(folded, "initiative")
    funded = _says(folded, "funded") and not _says(folded, "asks_amount")
    rules = (
        ("pillar", _says(folded, "pillar")),
        ("partners", _says(folded, "partner")),
        ("compare", _says(folded, "continue") and not _says(folded, "asks_initiative")),
        ("measure", _says(folded, "text") and not _says(folded, "implement")),
        ("implements", lists or funded or _says(folded, "implement")),
    )
    return next((intent for intent, holds in rules if holds), "measure")


def has_group(question: Question) -> bool:
    """Whether a question names a group of people, by the glossary."""
    from kg.glossary import groups
    from kg.lexical import words

    found = [word.stem for word in words(question.text, question.spoken)]
    return groups(found, question.spoken)


def speaks_of_frame(text: str) -> bool:
    """Whether words only say what kind of list is wanted, and nothing of its topic."""
    folded = fold(text)
    names = [name for name in wording()["word"] if name not in ("fact", "role", "finding")]
    return (
        folded in wording()["pass"]["list"]
        or any(_pattern("word", name).fullmatch(folded) for name in names)
        or any(_pattern("edition", name).fullmatch(folded) for name in wording()["edition"])
    )


def _is_short(question: Question) -> bool:
    """Whether a question is an abbreviation and nothing else: "TECOV = ?"."""
    return re.fullmatch(r"\W*" + re.escape(question.abbreviation) + r"\W*", question.text, re.I) is not None


def _is_bare(question: Question) -> bool:
    """Whether a question is the name of one body and nothing else, but for words such as "wie is" and "c'est quoi"."""
    bodies = {entity.name for entity in question.entities if not entity.common}
    words = split(undotted(question.text))
    name = split(bodies.pop()) if len(bodies) == 1 else []
    rest = {word for word in words if word not in name}
    return bool(name) and rest <= passing() | set(wording()["pass"]["bare"])
