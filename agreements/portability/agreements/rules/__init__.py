"""The closed vocabulary of treaty files: every kind of rule that a file may state, and the file itself.

No expression language: a file names a kind and gives its parameters; what the kind means is one pure function in
the module named in its docstring. Unknown keys are errors.
"""

from portability.agreements.rules.applicable import (
    AirCrew,
    Connection,
    Exceptions,
    GovernmentService,
    InlandNavigation,
    PlaceOfWork,
    Posting,
    ResidenceAttribution,
    Seafarers,
    SeveralStates,
    Telework,
    Work,
)
from portability.agreements.rules.base import (
    Amount,
    Day,
    Entry,
    Group,
    Id,
    Instrument,
    NotModelled,
    RuleBase,
    Sha256,
    State,
    Text,
    Units,
)
from portability.agreements.rules.benefits import (
    FlatRateFraction,
    HigherOfIndependentAndProRata,
    LegislationsNotSatisfied,
    MinimumPeriodFraction,
    OwnPeriodsOnly,
    ProRataWithoutIndependentRight,
    ProRataWithSupplement,
    ShortPeriods,
)
from portability.agreements.rules.file import (
    AgreementFile,
    BoundParty,
    ExampleCase,
    ExampleFile,
    Rule,
)
from portability.agreements.rules.periods import (
    Aggregation,
    DayRow,
    Overlap,
    PeriodConversion,
    PeriodCredit,
)
from portability.agreements.rules.procedure import (
    ClaimDate,
    TimeLimit,
)
from portability.agreements.rules.scope import (
    EqualTreatment,
    Export,
    PersonalScope,
)

__all__ = [
    "Aggregation",
    "AgreementFile",
    "AirCrew",
    "Amount",
    "BoundParty",
    "ClaimDate",
    "Connection",
    "Day",
    "DayRow",
    "Entry",
    "EqualTreatment",
    "ExampleCase",
    "ExampleFile",
    "Exceptions",
    "Export",
    "FlatRateFraction",
    "GovernmentService",
    "Group",
    "HigherOfIndependentAndProRata",
    "Id",
    "InlandNavigation",
    "Instrument",
    "LegislationsNotSatisfied",
    "MinimumPeriodFraction",
    "NotModelled",
    "Overlap",
    "OwnPeriodsOnly",
    "PeriodConversion",
    "PeriodCredit",
    "PersonalScope",
    "PlaceOfWork",
    "Posting",
    "ProRataWithSupplement",
    "ProRataWithoutIndependentRight",
    "ResidenceAttribution",
    "Rule",
    "RuleBase",
    "Seafarers",
    "SeveralStates",
    "Sha256",
    "ShortPeriods",
    "State",
    "Telework",
    "Text",
    "TimeLimit",
    "Units",
    "Work",
]
