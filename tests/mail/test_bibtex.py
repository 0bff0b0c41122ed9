"""A library in BibTeX: which of it counts, and what is told of the rest."""

import pytest

from assets.mail.bibtex import LARGEST, LENGTHS, MOST, Entry, Library, UnreadableLibrary, read


def numbered(*years: int) -> bytes:
    return "\n".join(f"@article{{k{n}, title={{On {year}}}, year={year}}}" for n, year in enumerate(years)).encode()


def test_the_oldest_year_comes_first_and_tex_is_text() -> None:
    written = r"""
    @article{new, title = {Keels of {B}oats}, year = {2024}, abstract = {They are \emph{long},
        and M{\"u}ller says so.}, author = {M{\"u}ller, Ada}, file = {:/home/ada/keels.pdf}}
    @book{dated, title = {Anchors}, date = {1999-05-01}}
    @misc{undated, title = {Fog}}
    @comment{title = {None}}
    """
    keels = Entry("Keels of Boats", "They are long, and Müller says so.")
    assert read(written.encode()) == Library((Entry("Fog", ""), Entry("Anchors", ""), keels))


def test_papers_with_one_key_or_a_field_twice_are_papers_and_what_cannot_be_read_is_counted() -> None:
    written = """
    @article{a, title = {Sails}, year = {2001}}
    @article{a, title = {Buoys}, year = {2002}}
    @article{b, title = {Tides}, title = {Currents}, year = {2003}}
    @article{c, title = {Never closed
    @article{d, title = {Waves}, year = {2004}}
    @article{e, title = { }, year = {2005}}
    @article{f, year = {2006}}
    """
    found = read(written.encode())
    assert [entry.title for entry in found.entries][:2] == ["Sails", "Buoys"]
    assert [entry.title for entry in found.entries][3:] == ["Waves"]
    assert (found.older, found.unreadable) == (0, 1)


def test_what_cannot_be_read_is_no_line_of_a_log(capfd: pytest.CaptureFixture[str]) -> None:
    assert read(b"@misc{a, title={\\frac and \\undefined{x}}}\n@misc{b, title={never closed").unreadable == 1
    assert capfd.readouterr() == ("", "")


def test_of_many_the_newest_count_and_a_long_text_is_cut() -> None:
    found = read(numbered(*range(1000, 1000 + MOST + 7)))
    assert (len(found.entries), found.older) == (MOST, 7)
    assert found.entries[0].title == "On 1007"
    (long,) = read(b"@misc{x, title={" + b"long" * 1_000 + b"}, abstract={" + b"more" * 1_000 + b"}}").entries
    assert (len(long.title), len(long.abstract)) == tuple(LENGTHS.values())


@pytest.mark.parametrize("names", ["Title Abstract Year", "TITLE ABSTRACT YEAR"])
def test_the_capitals_of_names_say_nothing(names: str) -> None:
    title, abstract, year = names.split()
    written = f"@article{{a, {title}={{Keels}}, {abstract}={{Long.}}, {year}={{2024}}}}\n@misc{{b, title={{Fog}}}}"
    assert read(written.encode()).entries == (Entry("Fog", ""), Entry("Keels", "Long."))


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("50% faster, 20\\% smaller: C# & a_b", "50% faster, 20% smaller: C# & a_b"),
        ("A\x00B\nC\u202eD", "A B CD"),
        ("{\\it " * 300 + "}" * 300, "{\\it " * 83 + "{"),
        ("the $\\alpha_1$ & the {O}ther", "the $\\alpha_1$ & the Other"),
    ],
    ids=["per cent", "control characters", "deep", "mathematics"],
)
def test_a_title_is_one_line_of_text(tex: str, text: str) -> None:
    (entry,) = read(f"@misc{{a, title={{{tex}}}}}".encode()).entries
    assert entry.title.startswith(text)


def test_a_mark_of_the_order_of_octets_is_no_text() -> None:
    assert read(b"\xef\xbb\xbf" + numbered(2001)).entries == (Entry("On 2001", ""),)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds no entry with a title"),
        (b"nothing like it", "holds no entry with a title"),
        (b"@article{a, year = 2001}", "holds no entry with a title"),
        ("@misc{a, title={Müller}}".encode("latin-1"), "is not text in UTF-8"),
        (b"PK\x03\x04\xff\xfe", "is not text in UTF-8"),
        (b"x" * (LARGEST + 1), "has more than 8 MB"),
        (b"@a{" * 60_000, "has more than 50,000 @"),
        (b"@misc{a, title={\x00}}", "holds no entry with a title"),
    ],
)
def test_what_is_no_library_is_told(content: bytes, told: str) -> None:
    with pytest.raises(UnreadableLibrary, match=f"{told}.*; export .*"):
        read(content)
