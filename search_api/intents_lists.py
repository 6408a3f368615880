"""Intents that list: initiatives of a year, group or status; measures on a topic; pillars, themes, recommendations, findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from search_api.answers import NEAREST, Answering, grouped, order, years
from search_api.topics import is_group, narrowed, says, topics_of

NAMED = 8  # initiatives that a sentence names
STATUS = {"existing": ("existing",), "considered": ("considered", "planned")}
Row = Mapping[str, str]


def listed(answer: Answering, rows: Sequence[Row], template: str, *, dropped: Sequence[str] = (), **values: str) -> None:
    """A row per initiative, of those that are about the topics of the question; what no initiative is about is said.

    Where none is about any of the topics nothing is answered: a list of something else would be wrong.
    """
    about = topics_of(answer, dropped)
    kept, said, unsaid = narrowed(answer, rows, about)
    if rows and not kept:
        missed = ", ".join(one.text for one in about if one.text not in (*said, *unsaid))
        answer.sentences.append(answer.say("sentence", "nothing_about", topic=missed))
        for ref in list(grouped(rows, "subject"))[:NEAREST]:
            answer.nearest.append({"iri": f"{answer.corpus.base}/{ref}", "kind": "Initiative", **answer.describe([ref])[ref]})
        return
    by_initiative = grouped(kept, "subject")
    for ref, evidence in by_initiative.items():
        answer.add("Initiative", ref, evidence)
    if by_initiative:
        count = answer.count("initiatives", len(by_initiative))
        names = "; ".join(answer.label(ref) for ref in list(by_initiative)[:NAMED])
        more = " …" if len(by_initiative) > NAMED else ""  # the rows have them all
        answer.sentences.append(answer.say("sentence", template, count=count, names=names + more, **values))
        for name, topics in (("said_first", said), ("not_narrowed", unsaid)):
            if topics:
                answer.notes.append(answer.say("note", name, topic=", ".join(topics)))
    else:
        answer.sentences.append(answer.say("sentence", f"{template}_none", **values))


def year(answer: Answering) -> None:
    """Initiatives that the documents of a year report on."""
    for one in answer.question.years:
        rows = answer.fetch("initiatives-of-year", year=one)
        listed(answer, rows, "year", year=str(one))
        if answer.rows:
            answer.years.add(one)
    if not answer.rows:
        answer.notes.append(answer.say("note", "years_covered", years=", ".join(map(str, answer.covered_years()))))


def status(answer: Answering) -> None:
    """Initiatives that exist, or that are planned or considered and not yet done."""
    wanted = "existing" if answer.question.existing and not answer.question.considered else "considered"
    rows = answer.fetch("initiatives-of-status", status=[f"ns/gvpp#{name}" for name in STATUS[wanted]])
    if answer.question.years:
        rows = [row for row in rows if any(str(year) in row["quote"] for year in answer.question.years)]
    listed(answer, rows, wanted)


def measures(answer: Answering) -> None:
    """Measures whose label or text names every topic of the question, by edition."""
    about = topics_of(answer)
    for plan in answer.question.plans if about else ():
        rows = answer.fetch("texts-of-plan", plan=f"id/plan/{plan}")
        answer.describe(row["measure"] for row in rows)
        found = grouped(
            (
                row
                for row in rows
                if all(
                    says(one, [*answer.corpus.labels[row["measure"]]["label"].items(), (row["lang"], row["text"])])
                    for one in about
                )
            ),
            "measure",
        )
        for ref in sorted(found, key=order):
            answer.add("Measure", ref, found[ref], text=found[ref][0]["text"])
        if found:
            named = "; ".join(f"{ref.rsplit('/', 1)[-1]} {answer.label(ref)}" for ref in sorted(found, key=order))
            count = answer.count("measures", len(found))
            answer.sentences.append(answer.say("sentence", "measures", years=years(plan), count=count, names=named))
    if answer.rows:
        answer.notes.append(answer.say("note", "by_words_of_measure", topic=", ".join(one.text for one in about)))


def group(answer: Answering) -> None:
    """Initiatives for a group of people: those whose name, description, target group or goal names the group."""
    about = topics_of(answer)
    people = [one for one in about if is_group(one, answer.question.spoken)]
    rows = answer.fetch("texts-of-initiatives")
    known = answer.describe(row["subject"] for row in rows)
    texts: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        texts.setdefault(row["subject"], [*known[row["subject"]]["label"].items()]).append((row["lang"], row["quote"]))
    fitting = {subject for subject, said in texts.items() if any(says(one, said) for one in people)}
    rows = [row for row in rows if row["subject"] in fitting]
    listed(answer, rows, "group", dropped=[one.text for one in people], topic=", ".join(one.text for one in people))
    if answer.rows:
        answer.notes.append(answer.say("note", "by_words"))


def pillar(answer: Answering) -> None:
    """The pillar of a measure, or the measures of a pillar, within a theme where the question names one."""
    if answer.question.numbers:
        for number in answer.question.numbers:
            for ref in answer.found_measures(number):
                rows = answer.fetch("pillar-of-measure", measure=ref)
                answer.scope(ref)
                for one, evidence in grouped(rows, "subject").items():
                    answer.add("Pillar", one, evidence, measure=ref)
                    told = {"number": number, "years": years(ref.split("/")[2]), "name": answer.label(one)}
                    answer.sentences.append(answer.say("sentence", "pillar_of", **told))
                if not rows:
                    answer.sentences.append(answer.say("sentence", "pillar_none", number=number, years=years(ref.split("/")[2])))
        return
    themes = {ref for entity in answer.question.entities if entity.kind == "theme" for ref in entity.refs}
    for name in answer.question.pillars:
        rows = answer.fetch("measures-of-pillar", pillar=f"auth/pillar/{name}")
        rows = [row for row in rows if row["subject"].split("/")[2] in answer.question.plans]
        rows = [row for row in rows if not themes or row["theme"] in themes]
        found = grouped(rows, "subject")
        for ref in sorted(found, key=order):
            answer.add("Measure", ref, found[ref])
        label = answer.label(f"auth/pillar/{name}")
        if found:
            named = [f"{ref.rsplit('/', 1)[-1]} ({years(ref.split('/')[2])})" for ref in sorted(found, key=order)]
            count = answer.count("measures", len(found))
            answer.sentences.append(answer.say("sentence", "pillar", name=label, count=count, names=", ".join(named)))
        else:
            answer.sentences.append(answer.say("sentence", "pillar_empty", name=label))


def themes(answer: Answering) -> None:
    """The themes of each edition, in the order of their numbers."""
    rows = answer.fetch("list-themes")
    for plan in answer.question.plans:
        mine = sorted(
            {row["thing"] for row in rows if row["thing"].startswith(f"auth/theme/{plan}/")},
            key=lambda ref: int(ref.rsplit("/", 1)[-1]) if ref.rsplit("/", 1)[-1].isdigit() else 99,
        )
        for ref in mine:
            first = min((row["measure"] for row in answer.corpus.run("measures-of-theme", theme=ref)[0]), key=order, default="")
            answer.add("Theme", ref, answer.corpus.run("text-of-measure", measure=first)[0] if first else ())
            answer.rows[-1] |= {"number": ref.rsplit("/", 1)[-1], "plan": plan}
        if mine:
            names = "; ".join(f"{ref.rsplit('/', 1)[-1]} {answer.label(ref)}" for ref in mine)
            answer.sentences.append(answer.say("sentence", "themes", years=years(plan), n=len(mine), names=names))
    if answer.rows:
        answer.notes.append(answer.say("note", "curated"))


def recommendations(answer: Answering) -> None:
    """Recommendations, of a body or about a topic where the question names one."""
    rows: Sequence[Row] = answer.fetch("recommendations")
    makers = {ref for entity in answer.question.entities for ref in entity.refs}
    if made := [row for row in rows if row.get("maker") in makers]:
        rows = made
    elif any(entity.kind == "organisation" and not entity.common for entity in answer.question.entities):
        rows = []
    about = topics_of(answer)
    told = {row["subject"]: sum(says(one, [(row["lang"], f"{row['section']} {row['quote']}")]) for one in about) for row in rows}
    most = max(told.values(), default=0)
    rows = [row for row in rows if told[row["subject"]] == most] if most or not about else []
    for ref, evidence in grouped(rows, "subject").items():
        answer.add("Recommendation", ref, evidence, text=evidence[0]["text"])
        maker = evidence[0].get("maker")
        answer.rows[-1]["label"] = (
            answer.describe([maker])[maker]["label"] if maker else {evidence[0]["lang"]: evidence[0]["section"]}
        )
    if answer.rows:
        answer.sentences.append(
            answer.say("sentence", "recommendations", count=answer.count("recommendations", len(answer.rows)))
        )


def findings(answer: Answering) -> None:
    """What does not add up in the sources: in a document or year where the question chooses one."""
    rows = [row for row in answer.fetch("findings") if row.get("text@") == answer.lang] or answer.fetch("findings")
    documents = _documents(answer)
    if documents:
        rows = [row for row in rows if row["document"].rsplit("/", 1)[-1] in documents]
    about = {ref for entity in answer.question.entities for ref in entity.refs}
    topics = topics_of(answer)
    told = {
        row["subject"]: sum(says(one, [(answer.lang, row["text"]), (row["lang"], row["quote"])]) for one in topics)
        for row in rows
    }
    most = max(told.values(), default=0)
    for ref, evidence in grouped((row for row in rows if told[row["subject"]] == most), "subject").items():
        answer.add("Finding", ref, [{**row, "certainty": "inferred"} for row in evidence], text=evidence[0]["text"])
        answer.rows[-1]["label"] = {answer.lang: evidence[0]["text"]}
    count = answer.count("findings", len(answer.rows))
    if answer.rows:
        answer.sentences.append(answer.say("sentence", "findings", count=count))
        answer.notes.append(answer.say("note", "computed_findings"))
    elif not about:
        answer.sentences.append(answer.say("sentence", "findings_none"))


def _documents(answer: Answering) -> set[str]:
    """Documents of the years or editions that a question chooses, and of the genre that it names."""
    chosen = set()
    for source in answer.corpus.generation.manifest["sources"].values():
        wanted = answer.question.years and source["year"] in answer.question.years
        plan = answer.question.chosen and not answer.question.years and source["document"] in answer.question.plans
        if wanted or plan:
            chosen.add(source["document"])
    return chosen
