"""Write the weights of languages beside the 16: `python -m training.languages.elsewhere CLDR`.

CLDR is the folder of the npm package cldr-annotations-full 48.2.0 (Unicode-3.0). Names of emoji
with an even number are learned from; `--measure` counts what is said of the others.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from sensorium.mini.languages.elsewhere import TABLE, language_elsewhere
from sensorium.mini.languages.words import groups_of, place_of
from sensorium.percepts.encodings.languages import LATIN
from training.languages.lexicon import names_of_emoji, words_of

GROUPS = 2**12  # weights of a language
SMOOTHING = 0.5  # added to every count
FREQUENT = 5  # how often each of a language's most frequent words counts
DRAWN = 300  # names of a language that are measured
SMALL_WORDS = {  # of languages that `encodings.languages` lacks, written by hand
    "hi-Latn": "hai kya kahan mera meri mere ka ki ke ko se mein aur nahi tha thi hain dikhao par",
    "id": "di dan yang ini itu saya ke dari dengan untuk apa mana ada tidak pada adalah",
    "ms": "di dan yang ini itu saya ke dari dengan untuk apa mana ada tidak pada adalah",
    "vi": "và của là có một cho không tôi này các ở đâu trong trên những con cái",
    "fil": "ang ng sa mga ko nasaan ako ay na isang si ni aking para hindi",
    "sw": "ya na wa kwa ni katika yangu wapi za la cha kwenye hii yake",
    "af": "die het van en in is nie my ek waar wat om te op vir met sy",
    "uk": "і на з що як це мій моя мої де у в не та до є за про від",
    "be": "і на з што як гэта мой мая мае дзе у ў не да ёсць за пра",
    "bg": "на и от е ли къде моите с се да в за не са това съм мой моя",
    "sr": "на и у је се да где мој моја моји са за не су то од што",
    "mk": "на и од е ли каде мојот моите со се да во за не се тоа",
    "ru": "и в не на что где мой моя мои с как это по но у к из за от",
    "fa": "در من کجا است و به از را که این با برای های آن",
    "ur": "کا کی کے میں ہے کہاں میرا میری اور سے پر نے کو یہ",
    "ar": "في من على إلى أين هذا هذه أنا ما عن مع هل كان التي",
}
LEARNED = {
    "latin": {
        "German": ["de"],
        "Spanish": ["es"],
        "French": ["fr"],
        "Italian": ["it"],
        "Dutch": ["nl"],
        "Polish": ["pl"],
        "Portuguese": ["pt"],
        "Turkish": ["tr"],
    },
    "cyrillic": {"Russian": ["ru"]},
    "arabic": {"Arabic": ["ar"]},
}
ELSEWHERE = {
    "latin": {
        "Swedish": ["sv"],
        "Danish or Norwegian": ["da", "no"],
        "Finnish": ["fi"],
        "Estonian": ["et"],
        "Hungarian": ["hu"],
        "Czech or Slovak": ["cs", "sk"],
        "Slovene": ["sl"],
        "Croatian or Bosnian": ["hr", "bs"],
        "Romanian": ["ro"],
        "Lithuanian": ["lt"],
        "Latvian": ["lv"],
        "Albanian": ["sq"],
        "Icelandic": ["is"],
        "Irish": ["ga"],
        "Welsh": ["cy"],
        "Basque": ["eu"],
        "Catalan": ["ca"],
        "Maltese": ["mt"],
        "Afrikaans": ["af"],
        "Azerbaijani": ["az"],
        "Uzbek": ["uz"],
        "Vietnamese": ["vi"],
        "Indonesian or Malay": ["id", "ms"],
        "Filipino": ["fil"],
        "Swahili": ["sw"],
        "Somali": ["so"],
        "Zulu": ["zu"],
        "Hindi in Latin letters": ["hi-Latn"],
    },
    "cyrillic": {
        "Ukrainian": ["uk"],
        "Belarusian": ["be"],
        "Bulgarian": ["bg"],
        "Serbian": ["sr"],
        "Macedonian": ["mk"],
        "Kazakh": ["kk"],
        "Kyrgyz": ["ky"],
        "Mongolian": ["mn"],
    },
    "arabic": {"Persian": ["fa"], "Urdu": ["ur"], "Pashto": ["ps"], "Sindhi": ["sd"]},
}


def logarithms(cldr: Path, languages: list[str]) -> NDArray[np.float32]:
    """Return the logarithm of how frequent each group of letters is in some languages."""
    counts = np.full(GROUPS, SMOOTHING)
    for language in languages:
        found = {word for row in names_of_emoji(cldr, language, part=0) for word in words_of(row)}
        frequent = SMALL_WORDS.get(language, LATIN.get(language, ("", ""))[1]).split()
        for word in (*sorted(found), *frequent * FREQUENT):
            for group in groups_of(word):
                counts[place_of(group, GROUPS)] += 1
    logarithm: NDArray[np.float32] = np.log(counts / counts.sum()).astype(np.float32)
    return logarithm


def learn(cldr: Path) -> None:
    """Write the weights as one byte each."""
    tables: dict[str, NDArray[np.float32]] = {}
    for script, known in LEARNED.items():
        languages = (*known.values(), *ELSEWHERE[script].values())
        tables[script] = np.stack([logarithms(cldr, each) for each in languages])
    low = min(float(table.min()) for table in tables.values())
    high = max(float(table.max()) for table in tables.values())
    about = {"low": str(low), "high": str(high), "source": "Unicode CLDR 48.2, Unicode-3.0"}
    for script, known in LEARNED.items():
        about[script] = ",".join((*known, *ELSEWHERE[script]))
        about[f"{script}_learned"] = str(len(known))
    levels = {
        script: np.round((table - low) / (high - low) * 255).astype(np.uint8)
        for script, table in tables.items()
    }
    save_file(levels, TABLE, about)


def measure(cldr: Path) -> None:
    """Print for each language the share of names that are called one that no tower has learned."""
    draw = random.Random(1)
    for group in (LEARNED, ELSEWHERE):
        for script in group:
            for name, codes in group[script].items():
                rows = [row[0] for code in codes for row in names_of_emoji(cldr, code, part=1)]
                drawn = draw.sample(rows, min(DRAWN, len(rows)))
                said = [language_elsewhere(each) for each in drawn]
                named = sum(each == name for each in said)
                print(f"{name}\t{sum(map(bool, said)) / len(said):.3f}\t{named / len(said):.3f}")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if "--measure" in sys.argv:
        measure(folder)
    else:
        learn(folder)
