"""Word error rate: (substitutions + insertions + deletions) / words said, after a fair normalisation.

`python -m lapel.speech.wer MANIFEST.tsv [--engine moonshine|whisper] [--language en]` measures an engine on
recordings. The manifest has a header with at least `file` and `transcript`; files lie beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lapel.speech.engine import SAMPLE_RATE_HZ, SpeechError, SpeechToText
from lapel.wav import WavError, read_wav

# fmt: off
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# fmt: on
_SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_SPEAKABLE = 1_000_000_000  # beyond this people read digits
_IDEOGRAPHS = r"\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff"  # written without spaces: each character is a word


def number_words(number: int) -> list[str]:
    """A number as it is said: 230 -> two hundred thirty."""
    if number >= _SPEAKABLE:
        return [_ONES[int(digit)] for digit in str(number)]
    for scale, name in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            return [*number_words(head), name, *(number_words(rest) if rest else ())]
    if number >= len(_ONES):
        tens, rest = divmod(number, 10)
        return [_TENS[tens], *([_ONES[rest]] if rest else ())]
    return [_ONES[number]]


def chinese_number(number: int) -> str:
    """A number below 10,000 as said in Chinese: 12 -> 十二, 105 -> 一百零五; longer ones by the digit."""
    digits = "零一二三四五六七八九"
    if number < 10 or number >= 10_000:
        return "".join(digits[int(digit)] for digit in str(number))
    said, pending_zero = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            said += ("零" if pending_zero else "") + digits[digit] + name
        pending_zero = bool(said) and not digit
    return said.removeprefix("一") if said.startswith("一十") else said


def normalise(text: str) -> list[str]:
    """The words of `text`: lower case, no punctuation, numbers as words, `2:30 p.m.` as `two thirty pm`."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text)
    text = re.sub(r"\b(\d{1,2})[:.](\d\d)(?=\s*[ap]m\b)|\b(\d{1,2}):(\d\d)\b", _clock, text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{m[1]} point {' '.join(m[2])}", text)
    text = text.replace("%", " percent ").replace("&", " and ")
    if re.search(f"[{_IDEOGRAPHS}]", text):
        text = re.sub(r"\d+", lambda m: chinese_number(int(m[0])), text)
    text = re.sub(r"\d+", lambda m: f" {' '.join(number_words(int(m[0])))} ", text)
    text = re.sub(f"([{_IDEOGRAPHS}])", r" \1 ", text)
    text = re.sub(r"(?<!\w)'|'(?!\w)|[^\w\s']|_", " ", text)  # keeps the apostrophe of "what's"
    return text.replace(" hundred and ", " hundred ").split()


def _clock(match: re.Match[str]) -> str:
    hour, minute = match[1] or match[3], match[2] or match[4]
    if minute == "00":
        return f"{int(hour)} "
    return f"{int(hour)} {'oh ' if minute[0] == '0' else ''}{int(minute)} "


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


@dataclass(frozen=True)
class Clip:
    """One recording: what was said, what was heard, how long it took."""

    file: str
    said: str
    heard: str
    errors: int
    words: int
    audio_s: float
    took_s: float


@dataclass(frozen=True)
class Measured:
    """All clips of one engine."""

    clips: list[Clip]

    @property
    def word_error_rate(self) -> float:
        """Errors per word said, 0 to 1 (or more, if much was invented)."""
        return sum(clip.errors for clip in self.clips) / sum(clip.words for clip in self.clips)

    @property
    def real_time_factor(self) -> float:
        """Seconds of work per second of audio."""
        return sum(clip.took_s for clip in self.clips) / sum(clip.audio_s for clip in self.clips)


async def measure(
    engine: SpeechToText,
    manifest: Path,
    language: str = "en",
    through: Callable[[bytes], bytes] = lambda pcm: pcm,
) -> Measured:
    """Let `engine` hear every recording of the manifest, one after the other, as `through` leaves it."""
    clips = []
    with manifest.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    for row in rows:
        pcm = await asyncio.to_thread(read_wav, manifest.parent / row["file"])
        sent = through(pcm)
        start = time.perf_counter()
        heard = await engine.transcribe(sent, language)
        took = time.perf_counter() - start
        words = normalise(row["transcript"])
        errors = word_errors(words, normalise(heard))
        audio_s = len(pcm) / 2 / SAMPLE_RATE_HZ
        clips.append(Clip(row["file"], row["transcript"], heard, errors, len(words), audio_s, took))
    return Measured(clips)


def main() -> None:
    """Measure and print."""
    from lapel.speech import load_engine  # here, because that package imports the engines

    parser = argparse.ArgumentParser(description="Word error rate of a speech engine on recordings.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--engine", choices=("moonshine", "whisper"), default="moonshine")
    parser.add_argument("--language", default="en")
    options = parser.parse_args()

    async def run() -> None:
        engine = await load_engine(options.engine)
        try:
            measured = await measure(engine, options.manifest, options.language)
        finally:
            await engine.close()
        for clip in measured.clips:
            print(f"{clip.errors:3}/{clip.words:<3} {clip.took_s:6.3f} s  {clip.file:24} {clip.heard}")
        print(f"{options.engine}: WER {measured.word_error_rate:.1%}, RTF {measured.real_time_factor:.3f}")

    try:
        asyncio.run(run())
    except (SpeechError, WavError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
