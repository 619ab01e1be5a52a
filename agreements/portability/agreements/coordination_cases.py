"""The example kinds of coordination rules: the shape of what each gives, and the function that evaluates it."""

from collections.abc import Callable, Mapping
from typing import Any

from portability.agreements import amount_cases as amounts
from portability.agreements import procedure_cases as procedure
from portability.agreements import unemployment_cases as unemployment
from portability.agreements.legislation_cases import LegislationGiven, evaluate_legislation
from portability.agreements.loading import Agreement
from portability.agreements.quarter_cases import QuartersGiven, evaluate_quarters
from portability.agreements.selection_cases import FavourableGiven, evaluate_favourable

__all__ = ["COORDINATION_CASES"]

COORDINATION_CASES: Mapping[str, tuple[Any, Callable[[Any, Agreement], dict[str, Any]]]] = {
    "applicable_legislation": (LegislationGiven, evaluate_legislation),
    "quarters": (QuartersGiven, evaluate_quarters),
    "family_benefits": (amounts.FamilyGiven, amounts.evaluate_family),
    "benefit_overlap": (amounts.OverlapOfBenefitsGiven, amounts.evaluate_overlap),
    "minimum_supplement": (amounts.SupplementGiven, amounts.evaluate_supplement),
    "rate_day": (amounts.RateDayGiven, amounts.evaluate_rate_day),
    "instalments": (amounts.InstalmentGiven, amounts.evaluate_instalment),
    "silence": (amounts.SilenceGiven, amounts.evaluate_silence),
    "claim_date": (procedure.ClaimGiven, procedure.evaluate_claim_day),
    "time_limit": (procedure.TimeLimitGiven, procedure.evaluate_time_limit),
    "required_fields": (procedure.FieldsGiven, procedure.evaluate_fields),
    "transition": (procedure.TransitionGiven, procedure.evaluate_transition),
    "export": (procedure.ExportGiven, procedure.evaluate_export),
    "invalidity_route": (procedure.RouteGiven, procedure.evaluate_route),
    "most_favourable": (FavourableGiven, evaluate_favourable),
    "unemployment_aggregation": (unemployment.WorkGiven, unemployment.evaluate_work),
    "unemployment_state": (unemployment.UnemployedGiven, unemployment.evaluate_paying_state),
    "unemployment_export": (unemployment.SearchGiven, unemployment.evaluate_search),
    "unemployment_reimbursement": (unemployment.ReimbursementGiven, unemployment.evaluate_reimbursement),
}
