"""The pages of Data Docs as HTML: complete in themselves, without a script, and nothing in them loads anything.

What Great Expectations says of its results is rendered by its own renderers and templates; the page around them is
ours, because theirs is unstyled without the internet. Values come from strangers, and Great Expectations 1.24 puts
unexpected ones into its tables as they are: `_escaped` stands before its templates.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from html import escape
from typing import Any, Literal

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from quality.decisions import value_of
from quality.expectations import Expectation
from quality.verdict import SAMPLES, Finding, Verdict

VALUE_LENGTH = 300
"""Characters of an unexpected value: an abstract is cut."""

State = Literal["passed", "tolerated", "warned", "rejected"]
TEMPLATES = PackageLoader("quality")


@dataclass(frozen=True)
class Sample:
    """A row that was unexpected: its day, its key, and what the expectation saw of it, None where that is nothing."""

    day: date
    key: str
    value: str | None


@dataclass(frozen=True)
class Judged:
    """One expectation on a page: what it says of which days, and how Great Expectations puts it, as HTML."""

    expectation: Expectation
    state: State
    findings: Sequence[Finding]
    samples: Sequence["Sample"]
    told: Markup

    @property
    def unexpected(self) -> int:
        """How many rows, or days, were unexpected."""
        return sum(len(finding.unexpected) for finding in self.findings)

    @property
    def rows(self) -> int:
        """Of how many."""
        return sum(finding.rows for finding in self.findings)

    @property
    def amiss(self) -> list[Finding]:
        """The days on which anything was unexpected."""
        return [finding for finding in self.findings if finding.unexpected]


def judgement(gx: Any, verdict: Verdict, *, run_id: str, job: str, made: datetime) -> str:
    """The page of a verdict; `gx` is the package `great_expectations`, and not used where it has said nothing.

    Every expectation is there, under its name as its anchor, those that failed first.
    """
    findings = verdict.findings
    days = sorted({finding.day for finding in findings})
    judged = sorted(_judged(gx, verdict), key=lambda entry: _badness(entry.state), reverse=True)
    return _plain().get_template("judgement.html").render(
        table=verdict.asset, run_id=run_id, job=job, made=made, days=days, judged=judged,
        state=state(findings), state_of=state,
        by_day={day: state(found) for day, found in sorted(_by(lambda finding: finding.day, findings).items())},
        version=gx.__version__ if gx else "", seconds=verdict.seconds,
        evaluated=len(verdict.results), successful=sum(bool(result.success) for result in verdict.results),
    )  # fmt: skip


def runs(records: Sequence[Mapping[str, Any]], kept: int, days: int) -> str:
    """The index of runs: records of the newest as `data_docs` keeps them, in their order, of so many that are kept."""
    return _plain().get_template("runs.html").render(runs=records, kept=kept, days=days)


def index(reports: Mapping[str, datetime], data_docs: str | None) -> str:
    """The page that leads to the others: `reports` are files by name with their times, `data_docs` is their index."""
    return _plain().get_template("reports.html").render(reports=reports, data_docs=data_docs)


def state(findings: Sequence[Finding]) -> State:
    """The worst that any of these findings means for its day."""
    if any(finding.blocks for finding in findings):
        return "rejected"
    if not all(finding.passed for finding in findings):
        return "warned"
    return "tolerated" if any(finding.unexpected for finding in findings) else "passed"


def _badness(found: State) -> int:
    return ("passed", "tolerated", "warned", "rejected").index(found)


def _by(key: Callable[[Finding], Hashable], findings: Sequence[Finding]) -> dict[Any, list[Finding]]:
    groups: dict[Any, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    return groups


def _judged(gx: Any, verdict: Verdict) -> Iterator[Judged]:
    told = _told(gx, verdict)
    found = _by(lambda finding: finding.expectation.name, verdict.findings)
    for expectation in verdict.suite.expectations:
        findings = found.get(expectation.name, [])
        yield Judged(
            expectation, state(findings), findings, _samples(verdict, findings), told.get(expectation.name, Markup())
        )


def _samples(verdict: Verdict, findings: Sequence[Finding]) -> list[Sample]:
    unexpected = [(one, place) for one in findings if one.expectation.of == "row" for place in one.unexpected]
    return [
        Sample(one.day, verdict.key(place), _short(value_of(verdict.suite, one.expectation, row)))
        for one, place in unexpected[:SAMPLES]
        for row in [verdict.frame.row(place, named=True)]
    ]


def _told(gx: Any, verdict: Verdict) -> dict[str, Markup]:
    """By name of the expectation: what Great Expectations says was expected, found and observed, in its own words."""
    if not verdict.results:
        return {}
    template = _rendering(gx).get_template("told.html")
    renderer = gx.render.renderer.column_section_renderer.ValidationResultsColumnSectionRenderer()
    told = {}
    for result in verdict.results:
        section = renderer.render([_shortened(result)]).to_json_dict()
        for row in (section["content_blocks"][-1] or {}).get("table", ()):
            _, sentence, observed = row[:3]
            cells = sentence if isinstance(sentence, list) else [sentence]
            name = result.expectation_config.meta["name"]
            told[name] = Markup(template.render(name=name, sentence=cells, observed=observed))  # noqa: S704 - escaped
    return told


def _shortened(result: Any) -> Any:
    """The result without its list of every unexpected row, which takes pandas longer than all the rest."""
    kept = copy(result)
    kept.result = {key: value for key, value in result.result.items() if not key.startswith("unexpected_i")}
    kept.result.pop("unexpected_list", None)
    counts = kept.result.get("partial_unexpected_counts", ())
    kept.result["partial_unexpected_counts"] = [{**entry, "value": _short(entry["value"])} for entry in counts]
    return kept


def _short(value: Any) -> Any:
    return f"{value[:VALUE_LENGTH]} …" if isinstance(value, str) and len(value) > VALUE_LENGTH else value


def escaping(package: str) -> Environment:
    """The templates of a package: what is put into them is escaped, and a name that is not there is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html", "svg", "css"]),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _plain() -> Environment:
    return escaping("quality")


@cache
def _rendering(gx: Any) -> Environment:
    """Great Expectations' own environment of templates, ours before them.

    Its templates are not escaped by Jinja2, because their names do not end in `html`; ours are.
    """
    view = gx.render.view.DefaultJinjaPageView()
    environment: Environment = view.env
    environment.loader = ChoiceLoader([TEMPLATES, *([environment.loader] if environment.loader else [])])
    environment.auto_reload = False
    environment.trim_blocks = environment.lstrip_blocks = True

    @pass_context
    def render(context: Context, block: Any, *arguments: Any, **named: Any) -> Any:
        return view.render_content_block(context, _escaped(block), *arguments, **named)

    environment.filters["render_content_block"] = render
    return environment


def _escaped(block: Any) -> Any:
    """The block with its bare texts escaped; a mapping goes through a template, whose texts come here again."""
    if isinstance(block, list):
        return [_escaped(part) for part in block]
    if isinstance(block, Mapping):
        return block
    return escape(str(block))
