"""What an agreement asks of a message beyond its own rules, by provision."""

import pytest

from portability.agreements.errors import AgreementFileError, InputError
from portability.agreements.packaged import names
from portability.api.coverage.v1 import messages_pb2 as pb
from portability.services.cases.mapping.field_profiles import check_profile, load_profiles, profile_for, profiles
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.purposes import allowed_fields


def request(**changes: object) -> pb.CertificateRequest:
    made = pb.CertificateRequest(
        applicant=pb.APPLICANT_ROLE_EMPLOYER, residence_state="US", workplaces=[pb.Workplace(country="DE")]
    )
    made.person.identifiers.add(country="US", sector="social_security", value="900-00-0000")
    made.person.birth_place = "Duluth"
    made.last_day.year = 2028
    made.answers.add(question="citizenship", answer="India")
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_profiles_name_agreements_types_and_fields_that_there_are() -> None:
    assert len({one.id for one in profiles()}) == len(profiles())
    for one in profiles():
        assert set(one.agreements) <= set(names("treaties")), one.id
        assert one.type in CATALOGUE, one.id
        for line in (*one.required, *one.only):
            assert any(path.split(".") == line.field.split(".") or path.startswith(f"{line.field}.")
                       for path in allowed_fields()[one.type].paths), (one.id, line.field)  # fmt: skip
        for needed in one.required:
            assert needed.citation or needed.because, one.id
        if one.questions:
            assert "answers" in CATALOGUE[one.type].DESCRIPTOR.fields_by_name, one.id


def test_under_the_regulations_the_worker_asks_and_to_the_united_states_her_employer_does() -> None:
    """987/2009 Art. 19(2): at the request of the person concerned or of the employer."""
    here = profile_for("certificate.request", agreement_id="eu-883-2004", states=["DE", "IT"])
    across = profile_for("certificate.request", agreement_id="de-us", states=["DE", "US"])
    assert here is not None
    assert across is not None
    check_profile(here, request(applicant=pb.APPLICANT_ROLE_WORKER))
    check_profile(across, request())
    with pytest.raises(InputError, match="'applicant' is worker, and only employer, self_employed, representative may"):
        check_profile(across, request(applicant=pb.APPLICANT_ROLE_WORKER))


def test_what_is_missing_is_named_with_the_provision_that_asks_for_it() -> None:
    across = profile_for("certificate.request", agreement_id="de-us", states=["DE", "US"])
    assert across is not None
    open_end = request()
    open_end.ClearField("last_day")
    with pytest.raises(InputError, match=r"'last_day' is asked for here.*RS 02002\.310") as missing:
        check_profile(across, open_end)
    assert missing.value.field == "last_day"
    unanswered = request()
    del unanswered.answers[:]
    with pytest.raises(InputError, match="'citizenship' is not answered: Of which country"):
        check_profile(across, unanswered)


def test_a_first_determination_is_provisional_whatever_its_sender_says() -> None:
    """987/2009 Art. 16(2): that initial determination shall be provisional."""
    here = profile_for("determination.propose", agreement_id="eu-883-2004", states=["DE", "IT"])
    assert here is not None
    proposal = pb.DeterminationPropose(provisional=True)
    proposal.article.article = "Art. 13(1)(a)"
    check_profile(here, proposal)
    proposal.provisional = False
    with pytest.raises(InputError, match="'provisional' is false, and only true may stand here"):
        check_profile(here, proposal)


def test_where_no_profile_is_the_messages_own_rules_stand_alone() -> None:
    assert profile_for("certificate.request", agreement_id="ca-de", states=["CA", "DE"]) is None


def test_a_fault_in_a_profile_is_told_with_its_place() -> None:
    with pytest.raises(AgreementFileError, match=r"mine\.yaml:4"):
        load_profiles("profiles:\n  - id: x.y\n    type: case.close\n    status: perfect\n", "mine.yaml")
