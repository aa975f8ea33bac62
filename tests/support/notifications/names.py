"""Names of people: ordinary and difficult ones by the thousand, and hostile ones."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from random import Random

from services.notifications.domain.values import Because, Recipient

LONGEST = 120
ALPHABETS = (
    string.ascii_letters,
    "áàâäãåçéèêëíìîïñóòôöõøúùûüýÿÁÉÑÖÜßœ",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "校長山田太郎김이박최",
    "ДмитрийЩёΩμέγα",
    "e\u0301a\u0308n\u0303",
    "😀🦉𝒜",
    ",;:.'\"\\()[]/&+-_!?=#$%^*{}|~`",
)
TITLES = (
    "Dr.",
    "Ph.D.,",
    "(she/her)",
    "Jr.",
    '"Skip"',
    "O'Neil,",
    "M.Ed.",
    "III",
    "Ortiz-Vega",
    "a\\b",
    "von",
)
LOCAL = string.ascii_lowercase + string.digits + "!#$%&'*+/=?^_`{|}~-"

HOSTILE = (
    # encoded words: whole, cut off, nested, in either encoding, with what a decoder makes of them
    "=?utf-8?q?x=0D=0AReply-To:_evil@evil.example?=",
    "=?utf-8?q?x=0D=0A=0D=0AThe_exam_is_off.?=",
    "=?utf-8?b?=0D=0A",
    "=?utf-8?b?DQpCY2M6IGV2aWxAZXZpbC5leGFtcGxl?=",
    "=?UTF-8?Q?=0ABcc:_evil@evil.example?=",
    "=?iso-8859-1?q?=0D=0ASubject:_new?=",
    "=?utf-7?q?+AA0ACg-Bcc:_evil@evil.example?=",
    "=?unknown?q?x?=",
    "=?utf-8?x?x?=",
    "=?utf-8*en?q?x=0D=0A?=",
    "=?utf-8?q?=2C_evil=40evil.example?=",
    "=?utf-8?q?=22_=3Cevil=40evil.example=3E=2C_=22?=",
    "=?utf-8?b??=",
    "=?utf-8?q??=",
    "=?utf-8?q?=00?=",
    "=?",
    "=?=?=?=?",
    "Lena =?utf-8?q?Ortiz=0D=0AX-Evil:_1?= Vega",
    '"=?utf-8?q?x=0D=0AReply-To:_evil@evil.example?="',
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3D0D=3D0A=3F=3D?=",
    "=?us-ascii?q?a?= =?us-ascii?q?b?=",
    "＝？utf-8？q？x=0D=0A？＝",
    # line breaks and other control characters
    "x\r\nBcc: evil@evil.example",
    "x\nBcc: evil@evil.example",
    "x\rBcc: evil@evil.example",
    "x\r\n\r\nThe exam is off.",
    "x\r\n Bcc: evil@evil.example",
    "x\x00y",
    "x\x0bBcc: evil@evil.example",
    "x\x0cBcc: evil@evil.example",
    "x\x1b[2Jy",
    "x\x7fy",
    "x\x85Bcc: evil@evil.example",
    "x\u2028Bcc: evil@evil.example",
    "x\u2029Bcc: evil@evil.example",
    "x\x08\x08\x08y",
    "x\ty",
    # what shows otherwise than it is
    "Lena \u202egnp.exe",
    "\u2066Lena\u2069",
    "Le\u200bna",
    "\ufeffLena",
    "Lena\u00ad",
    "\U000e0041Lena",
    "\ud800Lena",
    # addresses inside names, in all the places where a careless reader finds one
    "evil@evil.example",
    "<evil@evil.example>",
    "Lena <evil@evil.example>",
    "Lena, evil@evil.example",
    'Lena" <evil@evil.example>, "Ortiz',
    "evil@evil.example, Lena",
    "Lena (evil@evil.example)",
    "Lena: evil@evil.example;",
    "Lena <evil＠evil.example>",
    "evil﹫evil.example",
    '\\" <evil@evil.example>, \\"',
    "<@evil.example:lena@lea.example>",
    "mailto:evil@evil.example",
    "<script>alert(1)</script>",
    "sign in at https://evil.example",
    "WWW.evil.example",
    # other encodings of the same
    "x%0D%0ABcc: evil",
    "x&#13;&#10;Bcc: evil",
    "x&lt;evil&gt;",
    "x&#64;evil.example",
)


def lists_of_people(count: int, seed: int = 11) -> Iterator[list[Recipient]]:
    """Lists of one to six people, the same for the same seed; no address twice in one of them."""
    chance = Random(seed)
    for _ in range(count):
        addresses = {_address(chance): None for _ in range(chance.choice((1, 1, 2, 2, 3, 4, 5, 6)))}
        yield [Recipient("lea_coordinator", _name(chance), each, Because.SUBMITTER) for each in addresses]


def _name(chance: Random) -> str:
    longest = chance.choice((4, 12, 24, chance.randint(1, LONGEST)))
    alphabets = chance.sample(ALPHABETS, chance.randint(1, 3))
    blank = chance.choice((" ", " ", " ", "  "))
    name = ""
    while len(name) < longest:
        word = "".join(chance.choices(chance.choice(alphabets), k=chance.randint(1, 12)))
        name += chance.choice((word, word, word, chance.choice(TITLES))) + blank
    name = name[:longest].strip()
    return _without_encoded_words(name) or "x"


def _address(chance: Random) -> str:
    local = ".".join(_some(chance, LOCAL) for _ in range(chance.randint(1, 3)))
    domain = ".".join(_some(chance, string.ascii_lowercase) for _ in range(2))
    return f"{_without_encoded_words(local)}@{domain}.example"


def _some(chance: Random, letters: str) -> str:
    return "".join(chance.choices(letters, k=chance.randint(1, 12)))


def _without_encoded_words(text: str) -> str:
    return re.sub(r"=\?+", "=", text)
