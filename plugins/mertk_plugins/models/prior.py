"""The floor under every table: a guess by the class frequencies."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "prior",
        Recipe(classifier=Use("prior")),
        summary="One random class per fold, by the training frequencies; uses no pixels.",
        card=describe_own("A guess by the class frequencies"),
    )
