"""What each intent answers: which query is run and how its rows are worded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kg.glossary import translate, words
from search_api import intents_figures as amounts
from search_api import intents_lists as lists
from search_api import intents_things as things
from search_api import renaming
from search_api.answers import Answering, grouped, order, years
from search_api.dates import when
from search_api.topics import says, topics_of
from search_api.understanding import asks_former, asks_who, editions_of_numbers


def implements(answer: Answering) -> None:
    """Which initiatives implement a measure, in every edition that the question is about."""
    for number in answer.question.numbers:
        found = answer.found_measures(number)
        for ref in found:
            label, when = answer.scope(ref)
            by_initiative = grouped(answer.fetch("initiatives-of-measure", measure=ref), "subject")
            if not by_initiative:
                answer.notes.append(answer.say("note", "no_initiative", number=number, years=when, label=label))
                continue
            for initiative, rows in by_initiative.items():
                answer.add("Initiative", initiative, rows, measure=ref)
            names = "; ".join(answer.label(initiative) for initiative in by_initiative)
            count = answer.count("initiatives", len(by_initiative))
            answer.sentences.append(answer.say("sentence", "implements", number=number, years=when, count=count, names=names))
            if len(found) > 1:
                answer.notes.append(answer.say("note", "other_edition", number=number, years=when, label=label))
        if found and not answer.rows and asks_who(answer.question.text):
            partners(answer)
        elif found and not answer.rows:
            answer.sentences += [
                answer.say("sentence", "implements_none", number=number, years=years(ref.split("/")[2])) for ref in found
            ]


def measure(answer: Answering) -> None:
    """What a measure says, in the words of its plan, or of the report that lists it."""
    for number in answer.question.numbers:
        for ref in answer.found_measures(number):
            evidence = answer.fetch("text-of-measure", measure=ref)
            label, when = answer.scope(ref)
            if not evidence:
                answer.sentences.append(answer.say("note", "only_cited", number=number, years=when))
                answer.notes = [note for note in answer.notes if note not in answer.sentences]
                continue
            texts = {row.get("text@", ""): row["text"] for row in evidence}
            own = texts.get(answer.lang) or next(iter(texts.values()), "")
            answer.add("Measure", ref, evidence, text=own)
            answer.sentences.append(answer.say("sentence", "measure", number=number, years=when, label=label))
            document = evidence[0]["document"] if evidence else ""
            if document and not document.endswith(ref.split("/")[2]):
                title = answer.label(document)
                answer.notes.append(answer.say("note", "listed_by", number=number, years=when, title=title))


def partners(answer: Answering) -> None:
    """Institutional partners of a measure."""
    for number in answer.question.numbers:
        for ref in answer.found_measures(number):
            _, when = answer.scope(ref)
            by_partner = grouped(answer.fetch("partners-of-measure", measure=ref), "subject")
            for partner, rows in by_partner.items():
                answer.add("Organisation", partner, rows, measure=ref)
            if by_partner:
                names = ", ".join(answer.label(partner) for partner in by_partner)
                answer.sentences.append(answer.say("sentence", "partners", number=number, years=when, names=names))
            else:
                answer.notes.append(answer.say("sentence", "partners_none", number=number, years=when))
        if not answer.rows:
            answer.sentences += [note for note in answer.notes if note not in answer.sentences]


def contributes(answer: Answering) -> None:
    """To which measures an initiative or organisation contributes."""
    _measures_of(answer, "measures-of-initiative", "contributes")


def partner_measures(answer: Answering) -> None:
    """Of which measures an organisation is a partner."""
    _measures_of(answer, "measures-of-partner", "partner_measures")


def _measures_of(answer: Answering, name: str, template: str) -> None:
    for entity in answer.question.entities:
        evidence = answer.fetch(name, actor=list(entity.refs))
        rows = [row for row in evidence if row["subject"].split("/")[2] in answer.question.plans]
        by_measure = grouped(rows, "subject")
        for ref in sorted(by_measure, key=order):
            answer.add("Measure", ref, by_measure[ref])
        if by_measure:
            named = [f"{ref.rsplit('/', 1)[-1]} ({years(ref.split('/')[2])})" for ref in sorted(by_measure, key=order)]
            count = answer.count("measures", len(by_measure))
            answer.sentences.append(answer.say("sentence", template, name=entity.name, count=count, names=", ".join(named)))
            return  # the longest name answers; further ones are parts of it
    if template == "contributes":
        _measures_of(answer, "measures-of-partner", "partner_measures")
    elif answer.question.entities:
        answer.sentences.append(answer.say("sentence", f"{template}_none", name=answer.question.entities[0].name))


def zone(answer: Answering) -> None:
    """Initiatives of police zones and communes; only the specific or only the daily ones when the question says so."""
    for entity in answer.question.entities:
        if entity.kind != "place":
            continue
        rows = answer.fetch("initiatives-of-zone", place=list(entity.refs))
        if not rows:
            rows = _of_zone_of(answer, entity.refs)
        wanted = "considered" if answer.question.considered else "existing" if answer.question.existing else ""
        chosen = [row for row in rows if row.get("status", "").rsplit("#", 1)[-1] in lists.STATUS.get(wanted, ())]
        rows = chosen if chosen or answer.question.planned else rows
        if answer.question.activity:
            rows = [row for row in rows if (row["kind"] == "ns/gvpp#daily") == (answer.question.activity == "daily")]
        before = len(answer.rows)
        lists.listed(answer, rows, "zone", name=answer.label(entity.refs[0]))
        if told := things.passages_of(answer, [ref for ref in entity.refs if _zone_rows(answer, ref)]):
            if len(answer.rows) == before and answer.sentences:  # that no initiative is stated is not all
                answer.sentences.pop()
            answer.rows += told
            answer.sentences.append(answer.say("sentence", "told_of", name=answer.label(entity.refs[0])))


def _zone_rows(answer: Answering, place: str) -> list[dict[str, str]]:
    """The police zone of a commune; nothing for what is no commune."""
    return [row for row in answer.corpus.run("zone-and-communes", place=place)[0] if "zone" in row]


def _of_zone_of(answer: Answering, communes: Sequence[str]) -> list[dict[str, str]]:
    """The initiatives of the police zones to which communes belong, with a note that says so."""
    rows = [row for ref in communes for row in _zone_rows(answer, ref)]
    if not rows:
        return []
    names = {"name": answer.label(rows[0]["place"]), "zone": answer.label(rows[0]["zone"])}
    answer.notes.append(answer.say("note", "of_zone", **names))
    return answer.fetch("initiatives-of-zone", place=[row["zone"] for row in rows])


def zones(answer: Answering) -> None:
    """The police zones in which an initiative exists."""
    for entity in answer.question.entities:
        if entity.kind != "initiative":
            continue
        by_zone = grouped(answer.fetch("zones-of-initiative", initiative=list(entity.refs)), "subject")
        for ref, rows in by_zone.items():
            answer.add("Organisation", ref, rows)
        if by_zone:
            names = "; ".join(answer.label(ref) for ref in by_zone)
            answer.sentences.append(answer.say("sentence", "zones", name=entity.name, names=names))
            return
    things.zones_about(answer)


def theme(answer: Answering) -> None:
    """Initiatives that belong to a theme, by edition; a year chooses the reports of that year."""
    for entity in answer.question.entities:
        if entity.kind != "theme":
            continue
        rows = answer.fetch("initiatives-of-theme", theme=list(entity.refs))
        if answer.question.years:
            rows = [row for row in rows if row.get("year") and int(row["year"]) in answer.question.years]
            answer.years |= set(answer.question.years)
        elif answer.question.chosen:
            rows = [row for row in rows if row["theme"].split("/")[2] in answer.question.plans]
        lists.listed(answer, rows, "theme", name=entity.name)
        return


def theme_measures(answer: Answering) -> None:
    """The measures of a theme, by edition."""
    for ref in _themes(answer):
        _, _, plan, number = ref.split("/")
        found = sorted((row["measure"] for row in answer.fetch("measures-of-theme", theme=ref)), key=order)
        for each in found:
            answer.add("Measure", each, answer.corpus.run("text-of-measure", measure=each)[0])
        if found:
            count = answer.count("measures", len(found))
            answer.sentences.append(answer.say("sentence", "theme_measures", name=number, years=years(plan), count=count))


def theme_number(answer: Answering) -> None:
    """The number of a theme in each edition: the same theme moved."""
    for ref in _themes(answer):
        _, _, plan, number = ref.split("/")
        answer.add("Theme", ref, ())
        answer.rows[-1] |= {"number": number, "plan": plan}
        answer.sentences.append(answer.say("sentence", "theme_number", years=years(plan), name=answer.label(ref), number=number))
    answer.notes.append(answer.say("note", "curated"))


def _themes(answer: Answering) -> list[str]:
    """Themes that the question names, in the editions that it is about, newest first."""
    refs = [ref for entity in answer.question.entities if entity.kind == "theme" for ref in entity.refs]
    wanted = answer.question.plans if answer.question.chosen else answer.corpus.plans
    return sorted((ref for ref in dict.fromkeys(refs) if ref.split("/")[2] in wanted), reverse=True)


def resolution(answer: Answering) -> None:
    """Initiatives that answer a part of the resolution; of police zones only when the question says so."""
    part = answer.question.part or _part_by_title(answer)
    rows = answer.fetch("initiatives-of-part", number=part)
    places = {ref for entity in answer.question.entities if entity.kind == "place" for ref in entity.refs}
    if places:
        rows = [row for row in rows if row.get("zone") in places]
    elif answer.question.of_zones:
        rows = [row for row in rows if row.get("zone")]
    lists.listed(answer, rows, "resolution", name=part)


def _part_by_title(answer: Answering) -> str:
    """The number of the part of a resolution whose title the question names, in either language; "" where none is."""
    rows = answer.corpus.run("list-resolutions")[0]
    parts = {row["thing"]: row["value"] for row in rows if row["field"] == "number" and "/part/" in row["thing"]}
    about = topics_of(answer)
    best, most = "", 0
    for ref, number in sorted(parts.items()):
        titles = [
            (row.get("value@", answer.lang), row["value"]) for row in rows if row["thing"] == ref and row["field"] == "label"
        ]
        named = sum(says(one, titles) for one in about)
        if named > most:
            best, most = number, named
    return best


def abbreviation(answer: Answering) -> None:
    """What an abbreviation means, in every document that explains it."""
    short = answer.question.abbreviation
    by_text = grouped(answer.fetch("abbreviation", short=short), "text")
    for text, rows in by_text.items():
        answer.add("Abbreviation", rows[0]["subject"], rows, text=text)
    if by_text:
        answer.sentences.append(answer.say("sentence", "abbreviation", name=short, text=" / ".join(by_text)))
        if len(by_text) > 1:
            answer.notes.append(answer.say("note", "several_meanings", name=short, n=len(by_text)))


def names(answer: Answering) -> None:
    """Names of an organisation then and now, of a zone or commune in both languages: curated facts, which say so."""
    bodies = [entity for entity in answer.question.entities if entity.kind in ("organisation", "place")]
    for entity in sorted(bodies, key=lambda entity: entity.common):  # "the police zone of Jette" asks after Jette
        for ref in entity.refs:
            known, sparql = renaming.history(answer.corpus, ref)
            answer.sparql.append(sparql)
            if asks_former(answer.question.text) and not (known.former or known.origins or known.into):
                answer.sentences.append(answer.say("sentence", "no_former", name=answer.label(ref)))
                answer.nearest.append(
                    {"iri": f"{answer.corpus.base}/{ref}", "kind": "Organisation", **answer.describe([ref])[ref]}
                )
                continue
            answer.sentences += renaming.told(answer, entity, known)
            answer.sentences += _places(answer, ref) if entity.kind == "place" else []
            present = renaming.today(answer.corpus, ref)
            answer.sentences += filter(None, [renaming.other_language(answer, present)])
            answer.add("Organisation", present, (), text=" ".join(known.changes.get(answer.lang, ())) or None)
        answer.notes.append(answer.say("note", "curated"))
        return
    unknown(answer)


def _places(answer: Answering, ref: str) -> list[str]:
    """The communes of a zone, or the zone of a commune."""
    rows = answer.fetch("zone-and-communes", place=ref)
    communes = [answer.label(row["commune"]) for row in rows if "commune" in row]
    if communes:
        return [answer.say("sentence", "zone_of", number=rows[0]["number"], names=", ".join(communes))]
    return [
        answer.say("sentence", "commune_of", name=answer.label(ref), zone=answer.label(row["zone"]))
        for row in rows
        if "zone" in row
    ]


def compare(answer: Answering) -> None:
    """What continues a measure in another edition, or precedes it: computed, and said to be so."""
    from search_api.compare import CLEAR
    from search_api.compare import compare as compared

    if len(answer.corpus.plans) < 2:
        measure(answer)
        return
    chosen = set(answer.question.plans)
    owner = editions_of_numbers(answer.question.text, answer.corpus.plans)
    answer.question = replace(answer.question, plans=answer.corpus.plans)  # the number may be of the edition that is not named
    for number in answer.question.numbers:
        for ref in answer.found_measures(number):
            plan = ref.split("/")[2]
            if plan != owner.get(number, plan):
                continue
            both = len(chosen) > 1
            others = [
                one for one in answer.corpus.plans if one != plan and ({plan, one} <= chosen if both else {plan, one} & chosen)
            ]
            if others:
                answer.scope(ref)
            for other in others:
                found = compared(answer.corpus, plan, other, number, answer.lang)
                answer.sparql.append(found["sparql"])
                rows = [row for row in (*found["measures"], *found["new"]) if row["plan"] == plan]
                near = [match for row in rows for match in row["counterparts"]]
                clear = [match for match in near if match["score"] >= CLEAR]
                template = ("continued" if plan < other else "preceded") if clear else "doubtful" if near else "dropped"
                names = ", ".join(f"{match['number']} ({_in(match['label'], answer.lang)})" for match in clear or near[:1])
                said = answer.say("sentence", template, number=number, years=years(plan), other=years(other), names=names)
                answer.sentences.append(said)
                for match in clear or near:
                    answer.rows.append(_counterpart(match))
                    if match["certainty"] == "suggested":
                        reason = match["reason"].get(answer.lang) or match["reason"].get("nl", "")
                        told = {
                            "number": match["number"],
                            "years": years(other),
                            "score": f"{match['score']:.2f}",
                            "reason": reason,
                        }
                        answer.notes.append(answer.say("note", "computed", **told))


def _counterpart(match: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: match[name] for name in ("iri", "label", "number", "plan", "text", "certainty", "citations")}
    return {"kind": "Measure", "role": None, "value": None, **kept}


def _in(labels: Mapping[str, str], lang: str) -> str:
    return next((labels[one] for one in (lang, "nl", "fr", "en") if one in labels), "")


def unknown(answer: Answering) -> None:
    """A question that is not understood, or that names nothing known."""
    asked = answer.question.entities or answer.question.numbers
    answer.sentences.append(answer.say("sentence", "not_understood" if asked or not answer.question.text else "no_name"))


def shortened(answer: Answering) -> None:
    """The abbreviation of what a question spells out: every word of its meaning stands in the question."""
    asked = set(words(answer.question.text)) | {
        word for term in translate(answer.question.text, answer.question.spoken) for word in words(term)
    }
    found = grouped(answer.fetch("expansions"), "subject")
    for ref, rows in found.items():
        meant = [word for word in words(rows[0]["text"]) if len(word) > 3]
        if meant and all(any(word[:6] == one[:6] for one in asked) for word in meant):
            answer.add("Abbreviation", ref, rows, text=f"{rows[0]['short']}: {rows[0]['text']}")
            answer.sentences.append(answer.say("sentence", "abbreviation", name=rows[0]["short"], text=rows[0]["text"]))


INTENTS: dict[str, Callable[[Answering], None]] = {
    "implements": implements,
    "measure": measure,
    "partners": partners,
    "compare": compare,
    "contributes": contributes,
    "partner_measures": partner_measures,
    "zone": zone,
    "zones": zones,
    "theme": theme,
    "theme_measures": theme_measures,
    "theme_number": theme_number,
    "resolution": resolution,
    "abbreviation": abbreviation,
    "shortened": shortened,
    "names": names,
    "figure": amounts.figure,
    "grant": amounts.grant,
    "carriers": things.partners,
    "target": things.target,
    "when": when,
    "measures": lists.measures,
    "pillar": lists.pillar,
    "themes": lists.themes,
    "year": lists.year,
    "status": lists.status,
    "group": lists.group,
    "initiative": things.initiative,
    "organisation": things.organisation,
    "recommendations": lists.recommendations,
    "findings": lists.findings,
}
