from builder.due.judgement import NOT_DUE, Judgement, Kind, Reason, Unknown
from builder.due.text import judgement_text
from builder.errors import CloudError, HostError
from builder.terminal.output import rendered

UPDATE = Reason(Kind.SECURITY, "openssl", "3.0", "3.1", "there for 2 days", must=True)
CHANGE = Reason(Kind.PROFILE, "packages", "[]", '["tmux"]')
DOWN = Unknown("packages", HostError("Could not fetch.", details=["E: no route"], hint="Again."))
REFUSED = Unknown("cloud prod", CloudError("No answer."))


def judgement(*reasons: Reason, unknown: tuple[Unknown, ...] = ()) -> Judgement:
    return Judgement("base", "20260102T030405Z-3f9c2a", reasons, unknown)


def test_a_reason_is_enough_to_be_due() -> None:
    assert (judgement(CHANGE).due, judgement(CHANGE).exit_code) == (True, 0)
    assert (judgement(CHANGE, unknown=(DOWN,)).due) is True
    assert judgement(CHANGE, unknown=(DOWN,)).exit_code == 0


def test_only_who_knows_everything_says_that_nothing_is_due() -> None:
    assert (judgement().due, judgement().exit_code) == (False, NOT_DUE)
    assert (judgement(unknown=(DOWN,)).due, judgement(unknown=(DOWN,)).exit_code) == (None, 3)
    assert judgement(unknown=(REFUSED, DOWN)).exit_code == 5


def test_programs_get_all_of_it() -> None:
    assert judgement(UPDATE, unknown=(DOWN,)).to_json() == {
        "profile": "base",
        "build": "20260102T030405Z-3f9c2a",
        "due": True,
        "reasons": [
            {
                "kind": "security",
                "subject": "openssl",
                "old": "3.0",
                "new": "3.1",
                "note": "there for 2 days",
                "must": True,
            }
        ],
        "unknown": [{"subject": "packages", "error": "Could not fetch.\n  E: no route\n  Again."}],
    }


def test_people_read_what_must_be_first() -> None:
    assert rendered(judgement_text(judgement(CHANGE, UPDATE, unknown=(DOWN,))), None) == (
        "base  20260102T030405Z-3f9c2a  due, 2 reasons\n"
        "\n"
        "there must be a build\n"
        "    security  openssl  3.0  ->  3.1  there for 2 days\n"
        "\n"
        "a build would differ\n"
        '    profile  packages  []  ->  ["tmux"]\n'
        "\n"
        "unknown\n"
        "  packages: Could not fetch.\n"
        "    E: no route\n"
        "    Again.\n"
    )
    assert rendered(judgement_text(judgement()), None).endswith("  not due\n")
    told = rendered(judgement_text(judgement(unknown=(DOWN,))), None)
    assert "unknown whether a build is due" in told
    assert "no build  due, 1 reason" in rendered(
        judgement_text(Judgement("base", "", (CHANGE,))), None
    )
