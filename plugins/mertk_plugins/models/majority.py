"""The floor under every table: always the most frequent class."""

import mertk
from mertk import Recipe, Use
from mertk_plugins.models._own import describe_own


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "majority",
        Recipe(classifier=Use("majority")),
        summary="The most frequent training class; uses no pixels.",
        card=describe_own("The most frequent class"),
    )
