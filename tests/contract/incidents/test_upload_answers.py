"""Files that a spreadsheet program makes, and the right answer to each (HR-07, A-16)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from services.incidents.domain.ssid_sheet import ssids_in_sheet
from services.incidents.providers.student_file import cells_of
from shared.kernel.errors import Refusal
from tests.support.incidents.student_files import SHEET, a_csv, a_workbook, part_of, ssids, with_parts

TWELVE = ssids(12)
Draw = Callable[[Any, Any], None]  # a workbook and its first sheet; the library has no types


def drawn(draw: Draw) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        draw(book, book.add_worksheet("List"))
    return made.getvalue()


def read(content: bytes) -> list[str]:
    return list(ssids_in_sheet(cells_of(content), None).ssids)


def refused(content: bytes) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        read(content)
    return refusal.value


def listed(sheet: Any, values: list[Any] = TWELVE, form: Any = None) -> None:  # noqa: ANN401 - see Draw
    for at, value in enumerate(values):
        sheet.write(at, 0, value, form)


def numbers_as(form: str) -> Draw:
    return lambda book, sheet: listed(
        sheet, [int(one) for one in TWELVE], book.add_format({"num_format": form})
    )


def sparkline(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    sheet.add_sparkline("C1", {"range": "List!A1:A12"})


def data_bars(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    for kind in ({"type": "data_bar", "data_bar_2010": True}, {"type": "formula", "criteria": "=A1>5"}):
        sheet.conditional_format("A1:A12", kind)
    sheet.data_validation("A1:A12", {"validate": "custom", "value": "=LEN(A1)=10"})


def chart_sheet(book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=List!$A$1:$A$12"})
    book.add_chartsheet("Chart").set_chart(chart)


def decorated(book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet, form=book.add_format({"bold": True, "hidden": True}))
    sheet.autofilter("A1:A12")
    sheet.write_comment("A1", "Ann Lee")  # not in the table, and not read
    sheet.freeze_panes(1, 0)
    sheet.set_column("B:D", None, None, {"hidden": True})
    for row in range(20, 30):
        sheet.set_row(row, None, None, {"hidden": True})
    book.add_worksheet("Empty").hide()
    book.define_name("Whole", "=List!$A$1:$A$12")


GOOD: dict[str, Draw] = {
    **{
        f"numbers as {form}": numbers_as(form)
        for form in ("[h]:mm:ss", "[mm]", "yyyy-mm-dd", "0.00", "@", "0%")
    },
    "a sparkline": sparkline,
    "data bars, rules and validation": data_bars,
    "a chart sheet": chart_sheet,
    "filters, comments and hidden rows and columns that hold nothing": decorated,
}


@pytest.mark.parametrize("case", GOOD)
def test_what_stands_beside_the_list_does_not_matter(case: str) -> None:
    assert read(drawn(GOOD[case])) == TWELVE


INLINE = '<c r="A{at}" t="inlineStr"><is><t>{ssid}</t><rPh sb="0" eb="1"><t>kana</t></rPh></is></c>'
RICH = '<c r="A{at}" t="inlineStr"><is><r><t>{first}</t></r><r><rPr><b/></rPr><t>{rest}</t></r></is></c>'
ROWS = {
    "inline texts with a reading aid": INLINE,
    "inline texts in pieces": RICH,
    "plain texts": '<c r="A{at}" t="str"><v>{ssid}</v></c>',
    "numbers with an exponent": '<c r="A{at}"><v>{first}{rest}e+0</v></c>',
    "numbers without places": "<c><v>{ssid}</v></c>",
    "rows that say they are in sight": None,
}


@pytest.mark.parametrize("case", ROWS)
@pytest.mark.parametrize(
    "namespace",
    [
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    ],
)
def test_cells_are_read_in_each_form_that_programs_write(case: str, namespace: str) -> None:
    cell = ROWS[case] or "<c><v>{ssid}</v></c>"
    flag = ' hidden="false" ht="15"' if ROWS[case] is None else ""
    rows = "".join(
        f'<row r="{at}"{flag}>' + cell.format(at=at, ssid=one, first=one[:4], rest=one[4:]) + "</row>"
        for at, one in enumerate(TWELVE, start=1)
    )
    sheet = f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'
    for encoding in ("utf-8", "utf-16"):
        told = f'<?xml version="1.0" encoding="{encoding}"?>{sheet}'.encode(encoding)
        assert read(with_parts(a_workbook(TWELVE), {SHEET: told})) == TWELVE


def test_parts_are_found_by_their_relations_and_not_by_their_names() -> None:
    whole = a_workbook(TWELVE)
    relations = part_of(whole, "xl/_rels/workbook.xml.rels")
    moved = relations.replace(b"worksheets/sheet1.xml", b"/other/place.xml").replace(
        b'Target="sharedS', b'Target="SHAREDs'
    )
    parts = {
        "other/place.xml": part_of(whole, SHEET),
        SHEET: b"no XML at all",
        "xl/_rels/workbook.xml.rels": moved,
    }
    assert read(with_parts(whole, parts)) == TWELVE


def hide_rows(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    for row in (3, 4, 8):
        sheet.set_row(row, None, None, {"hidden": True})


def filter_rows(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet, ["SSID", *TWELVE])
    sheet.autofilter("A1:A13")
    sheet.filter_column("A", f"x < {TWELVE[9]}")
    for row in (10, 11, 12):
        sheet.set_row(row, options={"hidden": True})


def no_height(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    sheet.set_row(11, 0)


def collapsed(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    sheet.set_row(1, None, None, {"level": 1, "hidden": True, "collapsed": True})


def hide_column(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    sheet.set_column("A:C", None, None, {"hidden": True})


def hide_sheet(book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet)
    book.add_worksheet("Seen").activate()
    sheet.very_hidden()


def hide_most(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
    listed(sheet, [*TWELVE, *ssids(900)])
    for row in range(12, 912):
        sheet.set_row(row, options={"hidden": True})


HIDDEN: dict[str, tuple[Draw, str]] = {
    "by hand": (hide_rows, "rows 4 to 5, row 9."),
    "by a filter": (filter_rows, "rows 11 to 13."),
    "by their height": (no_height, "row 12."),
    "by an outline": (collapsed, "row 2."),
    "with their column": (hide_column, "rows 1 to 12."),
    "with their sheet": (hide_sheet, "rows 1 to 12."),
    "more than a case can list": (hide_most, "rows 13 to 912."),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden_rows_are_refused_and_named(case: str) -> None:
    draw, rows = HIDDEN[case]
    refusal = refused(drawn(draw))
    assert refusal.code == "upload_hidden_rows"
    assert rows in refusal.detail
    assert {issue.code for issue in refusal.issues} == {"hidden_row"}
    assert [ssid for ssid in TWELVE if ssid in refusal.detail] == []


def test_a_filtered_list_of_twenty_thousand_is_told_its_hidden_rows() -> None:
    def draw(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - see Draw
        listed(sheet, ssids(20_000))
        for row in range(40, 20_000):
            sheet.set_row(row, options={"hidden": True})

    refusal = refused(drawn(draw))
    assert refusal.code == "upload_hidden_rows"
    assert refusal.issues[0].pointer == "A41"


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=,", "sep=\t", "sep=|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_line_that_names_the_separator_is_no_row(line: str, end: str, encoding: str) -> None:
    sign = line.strip('"')[-1]
    rows = [line, f"SSID{sign}", *(f"{one}{sign}" for one in TWELVE)]
    assert read(a_csv(rows, end=end, encoding=encoding)) == TWELVE
    refusal = refused(a_csv([*rows, "12"], end=end, encoding=encoding))
    assert refusal.issues[0].pointer == "A15"  # rows are counted as the program shows them


@pytest.mark.parametrize("line", ["sep=", "sep=x", "sep=;;", "sep"])
def test_another_first_line_is_a_row_like_any(line: str) -> None:
    assert refused(a_csv([line, *TWELVE])).code == "only_ssids_allowed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_characters_that_nobody_sees_are_named(encoding: str) -> None:
    for content in (
        a_csv(["SSID", f"{TWELVE[0]}\u200b", *TWELVE[1:]], encoding=encoding),
        a_workbook(["SSID", f"{TWELVE[0]}\u200b", *TWELVE[1:]]),
    ):
        refusal = refused(content)
        assert (refusal.code, refusal.issues[0].pointer) == ("invalid_ssid", "A2")
        assert "zero-width character" in refusal.issues[0].detail
        assert "U+200B" in refusal.issues[0].detail


def test_the_text_of_another_cell_that_was_deleted_does_not_matter() -> None:
    """Programs leave texts in the shared table that no cell names any more."""
    whole = a_workbook(TWELVE)
    texts = part_of(whole, "xl/sharedStrings.xml")
    left = texts.replace(b"</sst>", b"<si><t>" + b"Ann Lee " * 100 + b"</t></si></sst>")
    assert read(with_parts(whole, {"xl/sharedStrings.xml": left})) == TWELVE
