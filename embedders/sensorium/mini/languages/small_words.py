"""Words that tell English from other languages in a short question, written by hand."""

from __future__ import annotations

from sensorium.percepts.encodings.languages import LATIN

_SMALL = """
an so was do on man his her as or by if all any can has had been from this have they their its our
your who what where when how why which there here me us am are were will would not but just out up
down into over no him them did does got get
"""
_ASKING = """
wo wie wer warum mein meine meinen meiner ich habe
dónde donde cómo qué quién tengo mis
où mon mes quel quelle comment
mio mia dov chi
waar mijn hoe heb
gdzie mój moja moje kto mam
onde meu minha quem tenho
nerede nerde benim nasıl kim
"""
_AMBIGUOUS = """
die in on an no me so was also do to he as at for man or is of we am us
bet by con din hun jest ma mint par pour pro see ale ali van till ben volt den han jak nous jag bi
ha da pa dove
"""
_LOANED = """
café cafés naïve résumé résumés fiancé fiancée cliché clichés décor façade jalapeño piñata crème
brûlée déjà entrée sauté soufflé purée éclair señor señora touché rosé pâté
"""

SMALL = frozenset((*LATIN["en"][1].split(), *_SMALL.split()))  # of English
SMALL_ELSEWHERE = frozenset(  # the most frequent words of other languages, and those of questions
    (
        *_ASKING.split(),
        *(word for name, row in LATIN.items() if name != "en" for word in row[1].split()),
    )
)
AMBIGUOUS = frozenset(_AMBIGUOUS.split())  # in English and elsewhere: they say nothing
LOANED = frozenset(_LOANED.split())  # English with accents
