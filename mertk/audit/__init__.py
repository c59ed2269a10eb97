"""Leak tests for any recipe: real folds on clips that hold no signal, and on disturbed ones.

`audit` runs five probes. Three look at scores: *noise* (nothing to see, labels at random),
*permuted* (real clips, labels shuffled within people), *identity* (noise, one label a person).
*Perturbation* looks at numbers: other folds come before, one held-out clip or its label is
changed, and nothing else may change by a single bit. *Dataset* looks at the clips: the same footage
under two names, labels that can be predicted without looking at a face. `audit_spotter` tests a
spotter that learns: does it know the true intervals of the person in whose videos it spots?
"""

from mertk.audit.case import case_of
from mertk.audit.probes import PROBES, Audit, Verdict, audit
from mertk.audit.spotter_probes import audit_spotter

__all__ = ["PROBES", "Audit", "Verdict", "audit", "audit_spotter", "case_of"]
