"""Which award is proposed where several agreements lead to one benefit, and what is said of it."""

from portability.agreements.model import BenefitResult, Determination
from portability.agreements.precedence import Reason
from portability.agreements.selection import Candidate, Selection
from portability.agreements.values import Branch, Citation, Money
from portability.services.determination.proposing import propose


def made(agreement: str, amount: str) -> Determination:
    benefit = BenefitResult("es-jubilacion", None, None, None, None, Money.of(amount, "EUR"), ())
    return Determination(agreement, "ES", Branch.OLD_AGE, "drafted", (), (benefit,), ())


def joins(agreement: str, reason: Reason = "joins_states_of_the_career", cite: str = "", before: str = "") -> Candidate:
    return Candidate(agreement, ("ES", "PT"), reason, Citation.of(cite) if cite else None, before=before)


REPLACED = joins("ibero-american", "replaced", "883/2004 Art. 8(1)", "eu-883-2004")


def test_an_agreement_that_another_replaces_is_not_proposed_although_it_gives_more() -> None:
    selection = Selection((joins("eu-883-2004"),), (REPLACED,), "one", None)

    result = propose([made("ibero-american", "500"), made("eu-883-2004", "400")], selection=selection)
    assert [(one.agreement_id, str(one.benefit.award.decimal())) for one in result.benefits if one.benefit.award] == [
        ("eu-883-2004", "400")
    ]
    assert result.choice_said() == (
        "ibero-american is not proposed: eu-883-2004 replaces it between these states. (883/2004 Art. 8(1))",
    )
    assert len(result.determinations) == 2


def test_where_the_most_favourable_agreement_applies_the_provision_is_cited() -> None:
    selection = Selection(
        (joins("ibero-american"), joins("mercosur")), (), "most_favourable", Citation.of("Ibero-2007 Art. 8")
    )

    result = propose([made("ibero-american", "400"), made("mercosur", "500")], selection=selection)
    assert result.benefits[0].agreement_id == "mercosur"
    assert result.choice_said() == (
        "es-jubilacion: €400.00 under ibero-american and €500.00 under mercosur. The highest is proposed, as the "
        "most favourable agreement applies. (Ibero-2007 Art. 8)",
    )


def test_where_every_agreement_asked_for_gives_way_they_stay() -> None:
    result = propose([made("ibero-american", "500")], selection=Selection((), (REPLACED,), "none", None))

    assert (result.benefits[0].agreement_id, result.choice) == ("ibero-american", ())
