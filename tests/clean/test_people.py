"""The spellings of one person's name compare equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.people import author_key


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (
            ["Ada Lovelace", "A. Lovelace", "Lovelace, Ada", "Lovelace, A", "LOVELACE, ADA B.", "A.B. Lovelace"],
            "lovelace a",
        ),
        (["José García-Molina", "Garcia-Molina, J.", "J. Garcia Molina", "Molina, José"], "molina j"),
        (["Hans van der Heijden", "van der Heijden, H.", "Heijden, Hans van der"], "heijden h"),
        (["Søren Ærøskøbing", "Aeroskobing, S"], "aeroskobing s"),
        (["Łukasz Đặng", "L. Dang"], "dang l"),
        (["Patrick O'Neil", "P. O’Neil", "ONeil, Patrick"], "oneil p"),
        (["Jean-Luc Martin", "J.-L. Martin", "J. -L. Martin", "Martin, J-L"], "martin j"),
        (["Martin King Jr.", "King, Martin, Jr", "King, Jr., Martin", "Martin King, III", "MARTIN KING JR"], "king m"),
        (["Grete Weiß", "Weiss, G."], "weiss g"),
        (["Bertrand Maury (LM-Orsay)", "B. Maury [1,2]", "Bertrand Maury,", "Bertrand Maury ("], "maury b"),
        (["K.Sreenadh", "K. Sreenadh"], "sreenadh k"),
        (["Smith, JR", "Smith, John R"], "smith j"),
        (["Lee, MD", "M. Lee"], "lee m"),
        (["Istiadi", "istiadi,"], "istiadi"),
        (["李雷"], "李雷"),
        (["李 雷"], "雷 李"),
        (["(The Robot Collaboration)", "T. Collaboration"], "collaboration t"),
        (["", " ", "?", ",", "()"], ""),
    ],
)
def test_spellings_of_a_name_share_a_key(names: list[str], key: str) -> None:
    assert [author_key(name) for name in names] == [key] * len(names)


def test_different_people_mostly_do_not() -> None:
    names = ["Ada Lovelace", "Bo Lovelace", "Ada Love", "Lace, Ada", "Wei Zhang", "Zhang Wei"]
    assert len({author_key(name) for name in names}) == len(names)


WORDS = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=2, max_size=12).filter(
    lambda word: word.casefold() not in ("jr", "sr", "ii", "iii", "iv", "phd") and word.isalpha()
)


@given(WORDS, WORDS)
def test_order_case_and_initials_do_not_matter(given_name: str, family: str) -> None:
    key = author_key(f"{given_name} {family}")
    assert author_key(f"{family}, {given_name}") == key
    assert author_key(f" {given_name}   {family} (Lab)") == key
    assert author_key(f"{family}, {given_name[0]}.") == key


@given(st.text())
def test_any_text_has_a_key_of_at_most_two_words(name: str) -> None:
    key = author_key(name)
    assert len(key.split()) <= 2
    assert key == " ".join(key.split())
