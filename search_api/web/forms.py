"""The parameters of pages. What a form sends empty counts as not given; what is not known is refused, as in the API."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator
from starlette.datastructures import FormData

from search_api.models import Parameters
from search_api.problems import Problem
from search_api.routes_admin import SuggestionKind, Verdict
from search_api.search import POOL

Lang = Literal["nl", "fr"]
PAGE = 50  # things of a list


class PageParameters(Parameters):
    lang: Lang | None = Field(None, description="Language of the page; else that of the browser.")

    @model_validator(mode="before")
    @classmethod
    def _given(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values


class SearchForm(PageParameters):
    q: str = Field("", max_length=2000, description="Words, a question, or the number of a measure.")
    plan: str | None = Field(None, max_length=100)
    theme: str | None = Field(None, max_length=200)
    genre: str | None = Field(None, max_length=200)
    document: str | None = Field(None, max_length=200)
    organisation: str | None = Field(None, max_length=200)
    zone: str | None = Field(None, max_length=200)
    commune: str | None = Field(None, max_length=200)
    year: int | None = Field(None, ge=1900, le=2200)
    doc_lang: str | None = Field(None, max_length=20)
    offset: int = Field(0, ge=0, lt=POOL)

    def filters(self) -> dict[str, list[str]]:
        chosen = self.model_dump(exclude={"q", "lang", "offset"}, exclude_none=True)
        return {name: [str(value)] for name, value in chosen.items()}


class ReadingForm(PageParameters):
    passage: str | None = Field(None, max_length=64, pattern="^[0-9a-f]+$", description="The passage to mark.")
    at: int | None = Field(None, ge=0, description="Where the quote begins that is cited from it.")
    part: int = Field(1, ge=1, le=100_000, description="Which part of a long document.")
    text: Lang | None = Field(None, description="Which expression, where a document stands in both languages.")


class ListForm(PageParameters):
    plan: str | None = Field(None, max_length=100)
    theme: str | None = Field(None, max_length=200)
    zone: str | None = Field(None, max_length=200)
    organisation: str | None = Field(None, max_length=200)
    document: str | None = Field(None, max_length=200)
    activity: str | None = Field(None, max_length=100)
    status: str | None = Field(None, max_length=100)
    type: str | None = Field(None, max_length=100)
    genre: str | None = Field(None, max_length=100)
    year: str | None = Field(None, max_length=4)
    name: str | None = Field(None, max_length=200, description="Part of the name.")
    offset: int = Field(0, ge=0, le=1_000_000)

    def filters(self) -> dict[str, str]:
        return self.model_dump(exclude={"lang", "offset", "name"}, exclude_none=True)


class CompareForm(PageParameters):
    from_: str | None = Field(None, alias="from", max_length=100)
    to: str | None = Field(None, max_length=100)
    theme: int | None = Field(None, ge=1, le=99)
    measure: str | None = Field(None, pattern=r"^\d{1,2}\.\d{1,2}$")


class CoverageForm(PageParameters):
    by: Literal["measure", "theme", "part", "organisation", "zone"] = "measure"
    plan: str | None = Field(None, max_length=100)
    status: Literal["stated", "suggested", "none"] | None = None


class GlossaryForm(PageParameters):
    q: str | None = Field(None, max_length=200)
    topic: str | None = Field(None, max_length=100)


class NetworkForm(PageParameters):
    around: str | None = Field(None, max_length=300)
    to: str | None = Field(None, max_length=300)


class BudgetForm(PageParameters):
    year: int | None = Field(None, ge=1900, le=2200)


class QueryForm(PageParameters):
    query: str = Field("", max_length=20_000)
    example: str | None = Field(None, max_length=100)


class ReportForm(PageParameters):
    page: str = Field("", max_length=2000)


class DossierForm(PageParameters):
    text: str = Field("", max_length=60_000, description="A pasted question with its parts.")
    about: str | None = Field(None, pattern=r"^\d{1,2}\.\d{1,2}$", description="A measure to begin with.")
    bilingual: bool = False


class GatherForm(DossierForm):
    to: Lang | None = Field(None, description="The language to go on in, with what was ticked and written.")


class ReviewForm(PageParameters):
    kind: SuggestionKind | None = Field(None, description="Suggestions of one kind alone.")
    offset: int = Field(0, ge=0, le=1_000_000)
    subject: str = Field("", max_length=500, description="With `property` and `object`, the suggestion that was just judged.")
    property: str = Field("", max_length=100)
    object: str = Field("", max_length=500)
    late: bool = Field(False, description="It was no longer open, so that nothing was written down.")


class SignInForm(PageParameters):
    token: str = Field(default="", max_length=2000)
    kind: SuggestionKind | None = None


class VerdictForm(PageParameters, Verdict):
    kind: SuggestionKind | None = None
    offset: int = Field(0, ge=0, le=1_000_000)


Form = TypeVar("Form", bound=PageParameters)


def posted(kind: type[Form], sent: FormData) -> Form:
    """The fields that a form sent, of those that the model knows; Problem for what cannot be read, without its value."""
    fields = {name: value for name, value in sent.items() if name in kind.model_fields and isinstance(value, str)}
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        fault = error.errors()[0]
        where = str(fault["loc"][0]) if fault["loc"] else "form"
        raise Problem(400, "request", str(fault["msg"]), where=where, remedy="correct the form") from error
