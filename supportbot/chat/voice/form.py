"""What an administrator settles of the voice: words a line each, each complaint beside what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from supportbot.chat import variables
from supportbot.chat.models import Voice
from supportbot.chat.voice import rules

MOST = 200  # words
LONGEST = 60  # characters of a word or phrase
LINES = {"rows": 6, "spellcheck": "false", "dir": "auto"}


class VoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The voice of one workspace."""

    preferred = forms.CharField(
        required=False,
        label="Words to prefer",
        widget=forms.Textarea(LINES),
        help_text="One a line, as: package = parcel. Write each form of a word that you mean, as packages = parcels.",
    )
    avoided = forms.CharField(
        required=False,
        label="Words never to use",
        widget=forms.Textarea(LINES),
        help_text="One a line. Agents are told while they write; nothing is blocked.",
    )

    class Meta:
        model = Voice
        fields = ("tone", "opening", "closing", "preferred", "avoided", "longest_sentence", "longest_reply")
        widgets: ClassVar[Any] = {"tone": forms.RadioSelect}
        help_texts: ClassVar[Any] = {
            "opening": "Above the first reply that people give. As: Hi {{contact.first_name|there}},",
            "closing": "Below a suggested reply. As: Anything else? I am happy to help. {{agent.name}}",
            "longest_sentence": "Advice while an agent writes; empty is none",
            "longest_reply": "Advice while an agent writes; empty is none",
        }

    def __init__(self, data: QueryDict | None, voice: Voice) -> None:
        super().__init__(data, instance=voice, label_suffix="")
        pairs = self.instance.words
        # Lines end as browsers send them, else what nobody touched would count as changed.
        self.initial["preferred"] = "\r\n".join(f"{avoided} = {wanted}" for avoided, wanted in pairs if wanted)
        self.initial["avoided"] = "\r\n".join(avoided for avoided, wanted in pairs if not wanted)

    def clean_opening(self) -> str:
        """Its variables are there."""
        return self._line("opening")

    def clean_closing(self) -> str:
        """Its variables are there."""
        return self._line("closing")

    def clean(self) -> dict[str, Any]:
        """Words that contradict neither each other nor the lines."""
        cleaned = super().clean() or self.cleaned_data
        pairs = [*self._preferred(), *((word, "") for _, word in self._lines("avoided"))]
        if not self.errors and (complaint := _complaint(pairs)):
            self.add_error("avoided" if not any(wanted for _, wanted in pairs) else "preferred", complaint)
        self.instance.words = [list(pair) for pair in pairs]
        for name in ("opening", "closing"):
            if not self.errors and (found := rules.slips(self.instance, cleaned[name])):
                self.add_error(name, f"It says “{found[0].said}”, which you avoid.")
        return cleaned

    def _line(self, name: str) -> str:
        line = " ".join(str(self.cleaned_data[name]).split())
        if complaint := variables.complaint(line):
            raise forms.ValidationError(complaint)
        return line

    def _preferred(self) -> Iterator[tuple[str, str]]:
        for number, line in self._lines("preferred"):
            avoided, _, wanted = (" ".join(part.split()) for part in line.partition("="))
            if avoided and wanted:
                yield avoided, wanted
            else:
                self.add_error("preferred", f"Line {number}: write it as “package = parcel”.")

    def _lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Those that are not empty, with their numbers."""
        for number, line in enumerate(self.cleaned_data.get(name, "").splitlines(), 1):
            if words := " ".join(line.split()):
                yield number, words


def _complaint(pairs: list[tuple[str, str]]) -> str:
    """What is wrong with the words, or nothing."""
    if len(pairs) > MOST:
        return f"These are {len(pairs)} words; {MOST} are kept at most."
    if long := next((word for pair in pairs for word in pair if len(word) > LONGEST), ""):
        return f"“{long[:LONGEST]}…” is longer than {LONGEST} characters."
    seen: set[str] = set()
    for avoided, _ in pairs:
        if avoided.casefold() in seen:
            return f"“{avoided}” stands there twice."
        seen.add(avoided.casefold())
    all_of_them = Voice(words=pairs)
    for avoided, wanted in pairs:
        if wanted and any(slip.said.casefold() != avoided.casefold() for slip in rules.slips(all_of_them, wanted)):
            return f"“{wanted}” has a word that is avoided itself."
    return ""
