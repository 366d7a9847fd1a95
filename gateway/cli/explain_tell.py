"""What ``explain`` found, for people."""

from __future__ import annotations

from typing import Any

from gateway.cli.explain_text import LABELS, TABLES, WORDS, Language
from gateway.cli.output import Output
from gateway.refusals import RULES

_LANGUAGES = ("en", "ja")


def tell(output: Output, explained: dict[str, Any], language: Language, *, canonical: bool) -> None:
    """The facts, then what the message's bytes tell, then certificates and calls."""
    column = _LANGUAGES.index(language)
    rows = [
        (label[column], explained[key][language] if key == "reason" else explained[key])
        for key, label in LABELS.items()
        if explained.get(key) not in (None, "")
    ]
    output.table(("", ""), rows)
    if "message" in explained:
        _Message(output, language, canonical)(explained["message"])
    for key, title in TABLES.items():
        lines = explained.get(key)
        if lines:
            output.line()
            output.line(title[column], style="bold")
            names = [name for name in lines[0] if any(line[name] is not None for line in lines)]
            output.table(
                names,
                [[cell if (cell := line[name]) is not None else "" for name in names] for line in lines],
            )


class _Message:
    """A message's steps, causes and signed parts."""

    def __init__(self, output: Output, language: Language, canonical: bool) -> None:
        self._output = output
        self._language = language
        self._canonical = canonical

    def __call__(self, message: dict[str, Any]) -> None:
        self._steps(message)
        if message["causes"]:
            self._causes(message["causes"])
        if message["references"]:
            self._references(message["references"])
        if self._canonical:
            self._forms(message)

    def _word(self, key: str) -> str:
        return WORDS[key][_LANGUAGES.index(self._language)]

    def _title(self, key: str) -> None:
        self._output.line()
        self._output.line(self._word(key), style="bold")

    def _steps(self, message: dict[str, Any]) -> None:
        self._title("steps")
        rows = [
            (step["step"], step["shown"][self._language], step["name"][self._language])
            for step in message["steps"]
        ]
        self._output.table(("", "", ""), rows)
        rule = RULES.get(message["refused_by"] or "")
        text = self._word("accepted") if rule is None else {"en": rule.en, "ja": rule.ja}[self._language]
        self._output.line(text if rule is None else f"{rule.name}: {text}")

    def _causes(self, causes: list[dict[str, Any]]) -> None:
        self._title("causes")
        for cause in causes:
            told = f" ({cause['told']})" if cause["told"] else ""
            self._output.line(f"{cause['where']}: {cause['text'][self._language]}{told}")
            self._output.line(f"  [{cause['cause']}] {self._word('proved' if cause['proved'] else 'likely')}")
            self._output.line(f"  {self._word('mend')}: {cause['mend'][self._language]}")

    def _references(self, references: list[dict[str, Any]]) -> None:
        self._title("references")
        rows = [
            (
                one["element"],
                self._word("yes" if one["holds"] else "no"),
                f"{one['algorithm']}:{one['in_message']}",
                one["computed"] or "",
            )
            for one in references
        ]
        self._output.table([self._word(key) for key in ("element", "holds", "in_message", "computed")], rows)

    def _forms(self, message: dict[str, Any]) -> None:
        for one in message["references"]:
            self._output.line()
            self._output.line(f"{self._word('canonical')} {one['element']}", style="bold")
            self._output.line(one["canonical"])
        if message["signed_info"]:
            self._title("signed_info")
            self._output.line(message["signed_info"])
