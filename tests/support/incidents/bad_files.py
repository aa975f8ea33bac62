"""Two hundred files of students that nobody should send: bombs, ruins, disguises; the same in each run."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
import zipfile
from collections.abc import Iterator

from tests.support.incidents.student_files import SHEET, a_csv, a_workbook, part_of, ssids, with_parts

LISTED = a_workbook(ssids(12))
BOOK, BOOK_RELATIONS, ROOT = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"
TEXTS = "xl/sharedStrings.xml"
PARTS = (SHEET, TEXTS, BOOK, BOOK_RELATIONS, ROOT)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MEGABYTES = 1_000_000


def bad_files() -> Iterator[tuple[str, bytes]]:
    """Each with its kind."""
    chance = random.Random(20190412)
    yield from (("a bomb", one) for one in _bombs())
    yield from (("XML", one) for one in _xml())
    yield from (("cells", one) for one in _cells())
    yield from (("texts", one) for one in _texts())
    yield from (("a package", one) for one in _packages())
    yield from (("a disguise", one) for one in _disguises())
    yield from (("csv", one) for one in _csv())
    yield from (("cut short", LISTED[: len(LISTED) * at // 25]) for at in range(1, 25))
    yield from (("spoiled", _spoiled(chance)) for _ in range(30))
    yield from (("noise", b"PK\x03\x04" * (at % 2) + chance.randbytes(400 * at)) for at in range(1, 13))


def _sheet(inside: str) -> bytes:
    told = f'<worksheet xmlns="{MAIN}"><sheetData>{inside}</sheetData></worksheet>'
    return with_parts(LISTED, {SHEET: told.encode()})


def _bombs() -> Iterator[bytes]:
    blank, zeros = b" " * (15 * MEGABYTES), b"0" * (15 * MEGABYTES)
    for name in PARTS:
        yield with_parts(LISTED, {name: part_of(LISTED, name) + blank})
        yield with_parts(LISTED, {name: blank + part_of(LISTED, name)})
        yield with_parts(LISTED, {name: zeros})
    yield with_parts(LISTED, {"xl/theme/theme1.xml": blank * 2})
    yield with_parts(LISTED, {f"xl/media/image{n}.png": zeros[: 7 * MEGABYTES] for n in range(4)})
    yield with_parts(LISTED, {"xl/media/within.xlsx": with_parts(LISTED, {SHEET: blank})})[:-10]
    yield _telling(with_parts(LISTED, {SHEET: part_of(LISTED, SHEET) + blank}), 100)
    yield _telling(with_parts(LISTED, {SHEET: part_of(LISTED, SHEET) + blank}), 2**32 - 2)
    yield _overlapping()


def _telling(content: bytes, size: int) -> bytes:
    """The same, announcing another size of its sheet."""
    told = bytearray(content)
    at = told.rfind(b"PK\x01\x02", 0, told.rfind(SHEET.encode()))
    told[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(told)


def _overlapping() -> bytes:
    """Entries that share one compressed part, so that little unpacks to much."""
    made = io.BytesIO(with_parts(LISTED, {}))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * MEGABYTES)
        first = archive.getinfo("xl/worksheets/sheet2.xml")
        for at in range(3, 90):
            again = zipfile.ZipInfo(f"xl/worksheets/sheet{at}.xml")
            for field in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(again, field, getattr(first, field))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    return made.getvalue()


def _xml() -> Iterator[bytes]:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    heads = (
        f'<!DOCTYPE x [<!ENTITY e0 "8391045000">{entities}]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>',
        '<?xml version="1.0" encoding="cp037"?>',
        '<?xml version="1.0" encoding="no-such-thing"?>',
        '<?xml version="1.0" encoding="utf-7"?>',
        '<?xml version="9.9"?>',
    )
    for head in heads:
        for name in (SHEET, BOOK):
            yield with_parts(LISTED, {name: head.encode() + part_of(LISTED, name).partition(b"?>")[2]})
    for open_tag, close_tag in (("<a>", "</a>"), (f'<a xmlns="{MAIN}">', "</a>"), ("<c><row>", "</row></c>")):
        for depth in (1000, 100_000):
            yield _sheet(open_tag * depth + close_tag * depth)
            yield with_parts(LISTED, {TEXTS: (open_tag * depth).encode()})
    yield _sheet("<a/>" * 240_000)
    yield _sheet("<row>" + " ".join(["<c"] + [f'a{n}="1"' for n in range(80_000)]) + "/></row>")
    yield _sheet(f'<row r="1"><c r="{"A" * 900_000}1"/></row>')
    yield with_parts(LISTED, {SHEET: part_of(LISTED, SHEET).replace(b"<row ", b"<row \x00", 1)})
    yield with_parts(LISTED, {SHEET: b"\xff\xfe" + part_of(LISTED, SHEET)})
    yield with_parts(LISTED, {SHEET: part_of(LISTED, SHEET).replace(b"</sheetData>", b"<![CDATA[")})


def _cells() -> Iterator[bytes]:
    one = "<v>8391045000</v>"
    for place in ("A0", "A1048577", "ZZZZ1", "1A", "a1", "A-1", "A١", "A" + "9" * 5000, "", "$A$1"):
        yield _sheet(f'<row r="1"><c r="{place}">{one}</c></row>')
    for row in ("0x1", "-1", "1e9", "99999999999", "٣", "9" * 5000):
        yield _sheet(f'<row r="{row}"><c>{one}</c></row>')
    for value in ("1e309", "-1e400", "nan", "inf", "1_0", "1e-400", "9" * 100_000, "0x10", "1.5e9.5"):
        yield _sheet(f"<row><c><v>{value}</v></c></row>")
    for kind in ("s", "b", "e", "d", "str", "inlineStr", "made-up"):
        yield _sheet(f'<row><c t="{kind}"><v>9{"9" * 30}</v><is><t>Ann</t></is></c></row>')
    for text in ("-1", "12", "1.0", "x", "9" * 5000):
        yield _sheet(f'<row><c t="s"><v>{text}</v></c></row>')
    yield _sheet("".join(f"<row><c>{one}</c></row>" for _ in range(15_000)))
    yield _sheet("<row>" + f"<c>{one}</c>" * 30_000 + "</row>")
    yield _sheet("<row>" + "<c><f>A1</f></c>" * 10 + "</row>")
    columns = "".join(f'<col min="{n}" max="{n}" hidden="1"/>' for n in range(9000))
    many = f"<cols>{columns}</cols><row>{'<c><v>1</v></c>' * 9000}</row>"
    yield with_parts(LISTED, {SHEET: f'<worksheet xmlns="{MAIN}">{many}</worksheet>'.encode()})


def _texts() -> Iterator[bytes]:
    def shared(inside: str) -> bytes:
        return with_parts(LISTED, {TEXTS: f'<sst xmlns="{MAIN}">{inside}</sst>'.encode()})

    yield shared("")
    yield shared("<si><t>" + "8" * 900_000 + "</t></si>")
    yield shared("<si>" + "<r><t>8</t></r>" * 60_000 + "</si>")
    yield shared("<si><t>8391045000</t></si>" * 35_000)
    yield shared("<si/>" * 99_000)
    yield shared("<si><t>" + "&#x41;" * 100_000 + "</t></si>" * 1)
    yield shared("<si><t><si><t>" * 12 + "8391045000")
    yield shared("<si><t>8391045000</t></si>" * 3)


def _packages() -> Iterator[bytes]:
    relations = part_of(LISTED, BOOK_RELATIONS)
    for target in (
        b"../../../../etc/passwd", b"worksheets/../workbook.xml", b"/", b"", b"http://127.0.0.1:9/s.xml",
        b"\xff", b"no.xml", b"worksheets/sheet1.xml/" * 9000,
    ):  # fmt: skip
        yield with_parts(LISTED, {BOOK_RELATIONS: relations.replace(b"worksheets/sheet1.xml", target)})
    for name in PARTS:
        yield _without(name)
        yield with_parts(LISTED, {name: b""})
    sheet = b'<sheet name="x" sheetId="9" r:id="rId1"/>'
    book = part_of(LISTED, BOOK)
    yield with_parts(LISTED, {BOOK: book.replace(b"</sheets>", sheet * 20_000 + b"</sheets>")})
    yield with_parts(LISTED, {BOOK: book.replace(b"</sheets>", sheet * 30 + b"</sheets>")})
    yield with_parts(LISTED, {BOOK: book.replace(b"r:id", b"r:no")})
    yield with_parts(LISTED, {"xl/vbaProject.bin": b"x"})
    yield with_parts(LISTED, {f"xl/media/{n}.png": b"" for n in range(5000)})
    with_comment = LISTED[:-2] + (65_535).to_bytes(2, "little") + b"PK\x05\x06" * 16_000
    yield with_comment


def _without(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(LISTED)) as old, zipfile.ZipFile(made, "w") as new:
        for kept in old.namelist():
            if kept != name:
                new.writestr(kept, old.read(kept))
    return made.getvalue()


def _disguises() -> Iterator[bytes]:
    list_of_all = a_csv(ssids(12))
    yield gzip.compress(list_of_all)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("s.csv"), io.BytesIO(b""))
    yield tar.getvalue()
    yield b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000
    yield b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + list_of_all
    yield b"\x89PNG\r\n\x1a\n" + b"\0" * 100
    yield b"<html><table><tr><td>8391045000</td></tr></table></html>"
    yield json.dumps({"ssids": ssids(12)}).encode()
    yield b"{\\rtf1 8391045000}"
    yield b"PK\x05\x06" + b"\0" * 18
    yield b"PK\x07\x08" + LISTED
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    yield made.getvalue()


def _csv() -> Iterator[bytes]:
    twelve = ssids(12)
    yield b"," * 900_000
    yield b"\n" * 900_000
    yield b'"' * 900_001
    yield b'"\n' * 400_000
    yield b"8" * 900_000
    yield b"8391045000\n" * 80_000
    yield b"\r" * 900_000 + b"x"
    yield "\u200b".encode() * 300_000
    yield ("\ufeff" * 1000).encode() + a_csv(twelve)
    yield a_csv(twelve, encoding="utf-32")
    yield a_csv(twelve, encoding="utf-16-be")
    yield b"\xff\xfe\x00"
    yield b"\xef\xbb\xbf"
    yield a_csv(["sep=" + "," * 100_000, *twelve])
    yield a_csv([*twelve, "=cmd|' /C calc'!A0"])
    yield a_csv([*twelve, "Ann Lee"], encoding="cp1252")
    yield a_csv([*twelve, "\u202e8391045777"])
    yield a_csv([f"{one}\t{one}" for one in twelve])
    yield a_csv([*twelve, "９１００００００００"])


def _spoiled(chance: random.Random) -> bytes:
    """One to twenty bytes are others."""
    content = bytearray(LISTED)
    for _ in range(chance.randint(1, 20)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)
