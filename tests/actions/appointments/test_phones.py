"""Which numbers can be called back. Those of 06 39 98 are kept for fiction by Arcep."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.appointments.phones import BadPhone, read_phone


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("06 39 98 12 78", "+33639981278"),
        ("0639981278", "+33639981278"),
        ("06.39.98.12.78", "+33639981278"),
        ("06-39-98-12-78", "+33639981278"),
        ("06/39/98/12/78", "+33639981278"),
        ("  +33 6 39 98 12 78 ", "+33639981278"),
        ("+33 (0)6 39 98 12 78", "+33639981278"),
        ("0033639981278", "+33639981278"),
        ("01 99 00 12 34", "+33199001234"),
        ("07 44 12 34 56", "+33744123456"),
        ("09 72 12 34 56", "+33972123456"),
        ("c'est le 06 39 98 12 78, merci", "+33639981278"),
        ("06\u00a039\u00a098\u00a012\u00a078", "+33639981278"),
        # overseas, as dialled from metropolitan France, and as dialled from abroad
        ("0262 12 34 56", "+262262123456"),
        ("0692 12 34 56", "+262692123456"),
        ("0693 12 34 56", "+262693123456"),
        ("0269 61 23 45", "+262269612345"),
        ("0639 01 23 45", "+262639012345"),
        ("0590 12 34 56", "+590590123456"),
        ("0690 12 34 56", "+590690123456"),
        ("0594 12 34 56", "+594594123456"),
        ("0694 12 34 56", "+594694123456"),
        ("0596 12 34 56", "+596596123456"),
        ("0696 12 34 56", "+596696123456"),
        ("0508 41 12 34", "+508411234"),
        ("+262 692 12 34 56", "+262692123456"),
        ("+590 690 12 34 56", "+590690123456"),
        ("+594 694 12 34 56", "+594694123456"),
        ("+596 696 12 34 56", "+596696123456"),
        ("+508 41 12 34", "+508411234"),
        ("+687 75 12 34", "+687751234"),
        ("+689 87 12 34 56", "+68987123456"),
        ("+681 82 12 34", "+681821234"),
    ],
)
def test_a_french_number_is_read(written: str, expected: str) -> None:
    assert read_phone(written) == expected
    assert read_phone(expected) == expected


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("", "illisible"),
        ("   ", "illisible"),
        ("bonjour", "illisible"),
        ("+", "illisible"),
        ("++33", "illisible"),
        ("06 39 98 12 78 ou 06 39 98 12 79", "illisible"),
        ("0" * 300, "illisible"),
        ("+32 475 12 34 56", "etranger"),
        ("0032 475 12 34 56", "etranger"),
        ("+352 621 123 456", "etranger"),
        ("+1 212 555 01 23", "etranger"),
        ("3230", "court"),
        ("32 30", "court"),
        ("3919", "court"),
        ("+33 32 30", "court"),
        ("112", "court"),
        ("118 218", "court"),
        ("0800 123 456", "court"),
        ("0 805 12 34 56", "court"),
        ("+33 899 12 34 56", "court"),
        ("+262 800 12 34 56", "court"),
        ("06 39 98 12 7", "inexistant"),
        ("06 39 98 12 789", "inexistant"),
        ("00 00 00 00 00", "inexistant"),
        ("06 00 00 00 00", "inexistant"),
        ("+262 639 98 12 34", "inexistant"),
        ("9" * 40, "inexistant"),
    ],
)
def test_a_number_that_cannot_be_called_back_says_why(written: str, kind: str) -> None:
    with pytest.raises(BadPhone) as caught:
        read_phone(written)
    assert caught.value.kind == kind
    digits = "".join(filter(str.isdigit, written))
    assert not digits or digits not in str(caught.value), "no message repeats it"


@settings(deadline=None)  # the library loads its plans as it needs them
@given(st.integers(100_000_000, 799_999_999), st.sampled_from(["", " ", ".", "-", "\u00a0"]))
def test_every_metropolitan_number_is_read_however_grouped(number: int, between: str) -> None:
    national = f"0{number}"
    written = between.join(national[start : start + 2] for start in range(0, 10, 2))
    try:
        read = read_phone(written)
    except BadPhone as error:
        assert error.kind == "inexistant" and national.endswith("00000000")
        return
    assert read == f"+33{number}" or read.startswith(("+262", "+590", "+594", "+596", "+508"))
    assert read.endswith(str(number)[-6:])


@settings(deadline=None)  # the library loads its plans as it needs them
@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_reason(text: str) -> None:
    try:
        read = read_phone(text)
    except BadPhone as error:
        assert error.kind in {"illisible", "etranger", "court", "inexistant"}
    else:
        assert phonenumbers.is_possible_number(phonenumbers.parse(read))
