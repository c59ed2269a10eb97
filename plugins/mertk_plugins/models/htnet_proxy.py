"""HTNet that is also trained by a proxy anchor loss."""

import mertk
from mertk_plugins.models import htnet

# The networks of htnet; the loss has the numbers of Kim et al. 2020.
DEFAULT = htnet.PAPER.set("classifier.proxy", value=0.1)
QUICK = htnet.QUICK.set("classifier.proxy", value=0.1)

CARD = mertk.Card(
    title="HTNet with the proxy anchor loss of Kim et al. (CVPR 2020)",
    authors="Kim et al. (loss); Wang et al. (network)",
    venue="CVPR; Neurocomputing",
    year=2024,
    code=(
        "none of the two together found; the network is wangzhifengharrison/HTNet (no licence), "
        "read at 91cf4bd"
    ),
    leak="L?",
    differs=(
        "No code or paper of this combination was at hand; only that it is used is known to us.",
        "The loss is added to cross-entropy, at a weight that was chosen on synthetic clips.",
        "Proxies are trained at the learning rate of the network, not at 100 times that rate.",
        "All that htnet's card says of the network and its input.",
    ),
    unverified=(
        "which features the loss is on, its weight, and whether cross-entropy stays beside it",
    ),
    presets={"default": "The network is the paper's; the place and weight of the loss are ours."},
)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.model(
        "htnet_proxy",
        QUICK,
        summary="HTNet trained with a proxy anchor loss.",
        paper="arxiv:2003.13911",
        presets={"default": DEFAULT, "quick": QUICK},
        card=CARD,
    )
