"""Many folds' networks at once: each as it is alone, whoever is trained beside it."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import mertk
from mertk.nn import parallel_folds, training


class Stemmed(nn.Module):
    """A network that begins with a stem; `turned` makes a norm's scales negative."""

    def __init__(self, shapes, classes, dropout=0.0, turned=False):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.pool = nn.MaxPool2d(2)
        if turned:
            nn.init.constant_(self.norm.weight[1], -0.7)
        self.drop = nn.Sequential(nn.Dropout(dropout))
        self.head = nn.Linear(3 * 4 * 3, classes)

    def stem(self):
        return parallel_folds.Stem(self.conv, self.norm, self.pool, lambda s: s["x"], self.rest)

    def rest(self, maps):
        return self.head(self.drop(maps).flatten(1))

    def forward(self, streams):
        return self.stem()(streams)


class Layers(nn.Module):
    """A composition with batch norm, whose one dropout layer is called twice.

    No bias comes before a batch norm: it has no effect, so that it drifts by rounding alone.
    """

    def __init__(self, shapes, classes, dropout=0.0):
        super().__init__()
        self.first, self.second = nn.Linear(2 * 8 * 6, 7, bias=False), nn.Linear(7, 5)
        self.norm, self.scale = nn.BatchNorm1d(7), nn.LayerNorm(5)
        self.drop, self.head = nn.Dropout(dropout), nn.Linear(5, classes)

    def forward(self, streams):
        x = self.drop(torch.relu(self.norm(self.first(streams["x"].flatten(1)))))
        return self.head(self.drop(nn.functional.leaky_relu(self.scale(self.second(x)))))

    def penalty(self):
        return 0.01 * self.first.weight.abs().sum()


class Convolutions(nn.Module):
    """Two convolutions with norms of both kinds, a gate and pooling."""

    def __init__(self, shapes, classes):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.second = nn.Conv2d(4, 4, 3, groups=2)
        self.norm, self.group = nn.BatchNorm2d(4), nn.GroupNorm(2, 4)
        self.gate, self.head = nn.Linear(4, 4), nn.Linear(4, classes)

    def forward(self, streams):
        x = nn.functional.max_pool2d(torch.relu(self.norm(self.first(streams["x"]))), 2)
        x = torch.relu(self.group(self.second(x)))
        x = x * torch.sigmoid(self.gate(x.mean((2, 3))))[:, :, None, None]
        return self.head(nn.functional.avg_pool2d(x, (2, 1)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self, shapes, classes):
        super().__init__()
        self.lstm, self.head = nn.LSTM(6, 4, batch_first=True), nn.Linear(4, classes)

    def forward(self, streams):
        return self.head(self.lstm(streams["x"][:, 0])[0][:, -1])


class Deciding(Layers):
    def forward(self, streams):
        x = streams["x"]
        return super().forward({"x": x if x.sum() > 0 else -x})


class Noisy(Layers):
    def forward(self, streams):
        return super().forward({"x": streams["x"] + 0.1 * torch.rand_like(streams["x"])})


class Hidden(Layers):
    """Draws a value that is neither a weight nor a buffer."""

    def __init__(self, shapes, classes):
        super().__init__(shapes, classes)
        self.factor = float(torch.rand(()))

    def forward(self, streams):
        return super().forward({"x": streams["x"] * self.factor})


SAME_DROPOUT = torch.equal(
    torch.zeros(64).bernoulli_(0.3, generator=torch.Generator().manual_seed(1)),
    (torch.rand(64, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) < 0.3).float(),
)


def clips(count=23, classes=3):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    x = rng.normal(size=(count, 2, 8, 6)).astype(np.float32)
    x[np.arange(count), labels % 2, :, labels] += 1
    return {"x": x}, labels


def folds(count=23):
    """Numbers of steps and sizes of last batches differ at a batch of 6; one is of one class."""
    every = np.arange(count)
    return [every[2:], every[every % 5 > 0], every[:9], every[::3], every[4:], every[:13]]


def settings(**schedule):
    return training.Schedule(**({"epochs": 5, "lr": 0.01, "batch": 6} | schedule))


def alone(net, arrays, labels, parts, classes=3, **schedule):
    return [
        training.fit(
            lambda shapes: net(shapes, classes),
            {name: array[fold] for name, array in arrays.items()},
            labels[fold],
            np.random.default_rng(seed),
            classes=classes,
            schedule=settings(**schedule),
        )
        for seed, fold in enumerate(parts)
    ]


def at_once(net, arrays, labels, parts, classes=3, *, seeds=None, **schedule):
    seeds = range(len(parts)) if seeds is None else seeds
    found = parallel_folds.fit_folds(
        lambda shapes: net(shapes, classes),
        arrays,
        labels,
        parts,
        [np.random.default_rng(seed) for seed in seeds],
        classes=classes,
        schedule=settings(**schedule),
    )
    return list(found)


def numbers(net):
    return np.concatenate([t.detach().numpy().ravel() for t in net.module.state_dict().values()])


def check_equal(many, single, within=1e-4):
    for one, other in zip(many, single, strict=True):
        assert type(one.module[-1]) is type(other.module[-1])
        assert not one.module.training
        assert np.array_equal(one.seen, other.seen)
        assert one.losses == pytest.approx(other.losses, abs=within)
        assert numbers(one) == pytest.approx(numbers(other), abs=within)


@pytest.fixture
def no_loop(monkeypatch):
    """Whoever trains fold by fold fails."""
    real = training.fit

    def forbid():
        monkeypatch.setattr(
            parallel_folds.training, "fit", lambda *_, **__: pytest.fail("fold by fold")
        )

    yield forbid
    monkeypatch.setattr(parallel_folds.training, "fit", real)


@pytest.mark.parametrize(
    "net",
    [
        Stemmed,
        lambda *a: Stemmed(*a, turned=True),
        Layers,
        Convolutions,
        *(
            pytest.param(
                lambda *a, kind=kind: kind(*a, dropout=0.4),
                marks=pytest.mark.skipif(not SAME_DROPOUT, reason="torch draws by Intel's library"),
            )
            for kind in (Stemmed, Layers)
        ),
    ],
    ids=["stem", "stem-turned", "layers", "convolutions", "stem-dropout", "layers-dropout"],
)
def test_every_fold_is_trained_as_it_is_alone(net, monkeypatch, no_loop):
    arrays, labels = clips()
    single = alone(net, arrays, labels, folds())
    assert not len(single[3].losses)  # one class
    monkeypatch.setattr(parallel_folds, "_is_small", lambda _: True)
    no_loop()
    check_equal(at_once(net, arrays, labels, folds()), single)


OTHERWISE = {
    "epochs": 3, "lr": 0.002, "batch": 4, "loss": "focal", "gamma": 1.0, "alpha": True,
    "optimizer": "adamw", "weight_decay": 0.1, "eps": 0.01, "momentum": 0.5,
    "margins": (0.8, 0.2), "lr_decay": 0.5, "decay_every": 2, "max_norm": 0.1,
}  # fmt: skip
WITH = {
    "gamma": {"loss": "focal"}, "momentum": {"optimizer": "sgd"}, "margins": {"loss": "margin"},
    "decay_every": {"lr_decay": 0.5, "epochs": 5},
}  # fmt: skip
ALONE = {"lr_decay", "decay_every", "max_norm"}
"""Options whose folds are trained one by one: what they follow is a fold's own."""


def test_no_option_of_a_schedule_is_forgotten_here():
    assert set(OTHERWISE) == {option.name for option in dataclasses.fields(training.Schedule)}


@pytest.mark.parametrize("option", OTHERWISE)
def test_every_option_of_a_schedule_is_followed(option, no_loop):
    arrays, labels = clips()
    given = {**WITH.get(option, {}), option: OTHERWISE[option]}
    single = alone(Layers, arrays, labels, folds()[:3], **given)
    if option not in ALONE:
        no_loop()
    check_equal(at_once(Layers, arrays, labels, folds()[:3], **given), single)


@pytest.mark.parametrize("net", [Stemmed, Layers])
@pytest.mark.parametrize("loss", ["cross_entropy", "focal_binary"])
def test_labels_side_by_side_are_learnt_as_alone(net, loss, no_loop):
    arrays, labels = clips()
    many = np.stack([labels == 0, labels >= 0, labels < 2, labels > 5], axis=1).astype(np.int64)
    single = alone(net, arrays, many, folds(), 4, loss=loss, alpha=True)
    no_loop()
    check_equal(at_once(net, arrays, many, folds(), 4, loss=loss, alpha=True), single)


@pytest.mark.parametrize("net", [Stemmed, Layers])
def test_a_class_without_training_clips_gets_probability_zero(net):
    arrays, labels = clips()
    for one in at_once(net, arrays, labels * 2, folds()[:2], 6):
        found = one.probabilities(arrays)
        assert (found[:, 1::2] == 0).all()
        assert found.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("kind", [Stemmed, Layers])
def test_a_fold_with_its_dropout_does_not_depend_on_who_is_trained_beside_it(kind, monkeypatch):
    arrays, labels = clips()
    parts = folds()
    whole = at_once(lambda *a: kind(*a, dropout=0.4), arrays, labels, parts)
    picked = [4, 1, 5]
    monkeypatch.setattr(parallel_folds, "AT_ONCE", 2)
    some = at_once(
        lambda *a: kind(*a, dropout=0.4), arrays, labels, [parts[at] for at in picked], seeds=picked
    )
    check_equal(some, [whole[at] for at in picked], within=1e-5)


@pytest.mark.parametrize("net", [Stemmed, Layers])
def test_a_fold_sees_its_own_training_clips_only(net):
    arrays, labels = clips()
    parts = folds()
    before = at_once(net, arrays, labels, parts)
    changed = {"x": arrays["x"].copy()}
    changed["x"][9:] *= -50
    relabelled = np.where(np.arange(23) < 9, labels, 0)
    after = at_once(net, changed, relabelled, parts)
    assert np.array_equal(numbers(after[2]), numbers(before[2]))  # trains on the first nine
    assert not np.allclose(numbers(after[0]), numbers(before[0]))


@pytest.mark.parametrize("net", [Recurrent, Deciding, Noisy, Hidden])
def test_what_cannot_be_stacked_is_trained_fold_by_fold(net):
    arrays, labels = clips()
    single = alone(net, arrays, labels, folds()[:2])
    for one, other in zip(at_once(net, arrays, labels, folds()[:2]), single, strict=True):
        assert np.array_equal(numbers(one), numbers(other))


def test_convolutions_without_a_stem_and_large_layers_are_not_worth_stacking():
    assert parallel_folds._is_small(nn.Sequential(Layers({}, 3)))
    assert not parallel_folds._is_small(nn.Sequential(Convolutions({}, 3)))
    assert not parallel_folds._is_small(nn.Linear(1000, 100))


def test_a_stem_behind_blocks_or_of_other_layers_is_not_worked_out_by_clip():
    stem = Stemmed({}, 3).stem()
    assert stem.plain
    grouped = dataclasses.replace(stem, conv=nn.Conv2d(2, 4, 3, groups=2))
    mirrored = dataclasses.replace(stem, conv=nn.Conv2d(2, 3, 3, padding_mode="reflect"))
    unscaled = dataclasses.replace(stem, norm=nn.BatchNorm2d(3, affine=False))
    assert not any(other.plain for other in (grouped, mirrored, unscaled))
    assert parallel_folds._find_stem(nn.Sequential(nn.Identity(), Stemmed({}, 3))) is None


def test_who_watches_sees_every_epoch_of_one_fold_after_the_other():
    arrays, labels = clips()
    seen = []
    with training.watch_epochs(lambda net, epoch: seen.append((numbers(net)[0], epoch))):
        at_once(Layers, arrays, labels, folds()[:2], epochs=3)
    assert [epoch for _, epoch in seen] == [0, 1, 2, 0, 1, 2]
    assert len({value for value, _ in seen}) == 6


@pytest.mark.parametrize("net", [Stemmed, Layers])
def test_torchs_own_chance_is_left_alone(net):
    arrays, labels = clips()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    at_once(net, arrays, labels, folds())
    assert torch.equal(torch.rand(3), expected)


def test_a_diverging_loss_and_a_fold_without_clips_are_refused():
    arrays, labels = clips()
    with pytest.raises(mertk.ComponentError, match="no training clip"):
        at_once(Layers, arrays, labels, [np.arange(4), np.arange(0)])
    arrays["x"][3] = np.inf
    with pytest.raises(mertk.ComponentError, match="smaller lr"):
        at_once(Layers, arrays, labels, folds()[:2])
