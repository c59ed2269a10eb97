"""The trainer: chance, threads, losses, missing classes, blocks trained with the classifier."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import mertk
from mertk.nn import losses, training


class Linear(nn.Module):
    def __init__(self, shapes, classes, norm=False):
        super().__init__()
        width = int(np.prod(shapes["x"]))
        self.norm = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.layer = nn.Sequential(nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, classes))
        self.dropout = nn.Dropout(0.2)

    def forward(self, streams):
        return self.layer(self.dropout(self.norm(streams["x"].flatten(1))))


class Normed(Linear):
    """Weights divided by their spectral norm."""

    def __init__(self, shapes, classes):
        super().__init__(shapes, classes)
        nn.utils.parametrizations.spectral_norm(self.layer[0])


class Scale:
    """A block with one weight, which shows it."""

    def module(self, shapes):
        self.shapes = dict(shapes)
        self.net = ScaleNet()
        return self.net


class ScaleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, streams):
        x = streams["x"] * self.weight
        self.shown = {"scale": self.weight.detach().expand(len(x), 1)}
        return {"x": torch.cat([x, x], 1)}


def clips(count=20, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    means = rng.normal(size=(classes, 2, 3))
    return [{"x": (means[c] + 0.1 * rng.normal(size=(2, 3))).astype(np.float32)} for c in labels], (
        labels
    )


def trained(inputs, labels, classes=2, *, seed=0, norm=False, through=(), **schedule):
    schedule = {"epochs": 40, "lr": 0.01, "batch": 8} | schedule
    return training.fit(
        lambda shapes: Linear(shapes, classes, norm),
        inputs,
        labels,
        np.random.default_rng(seed),
        classes=classes,
        schedule=training.Schedule(**schedule),
        through=through,
    )


def weights(net):
    return np.concatenate([p.detach().numpy().ravel() for p in net.module.parameters()])


def test_the_loss_falls_and_the_training_clips_are_learnt():
    inputs, labels = clips()
    net = trained(inputs, labels)
    assert len(net.losses) == 40
    assert net.losses[-1] < net.losses[0] / 4
    assert [net.predict(x).argmax() for x in inputs] == list(labels)


def test_the_same_generator_gives_the_same_weights_bit_by_bit():
    inputs, labels = clips()
    torch.manual_seed(1)
    first = weights(trained(inputs, labels))
    torch.manual_seed(2)
    assert np.array_equal(first, weights(trained(inputs, labels)))
    assert not np.array_equal(first, weights(trained(inputs, labels, seed=1)))


def test_training_leaves_torchs_own_chance_and_threads_alone():
    inputs, labels = clips()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    threads = torch.get_num_threads()
    trained(inputs, labels)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


@pytest.mark.slow
def test_the_number_of_threads_does_not_change_the_result():
    code = (
        "import sys, torch; torch.set_num_threads(int(sys.argv[1])); sys.path.insert(0, 'tests/nn')\n"
        "import numpy as np, test_training as t\n"
        "inputs = list(np.random.default_rng(0).normal(size=(300, 2000)).astype('f4'))\n"
        "net = t.trained([{'x': x} for x in inputs], np.arange(300) % 2, batch=300, epochs=3)\n"
        "print(t.weights(net).tobytes().hex()[-4000:], net.predict({'x': inputs[0]}).tobytes())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, threads], capture_output=True, text=True, check=True
        ).stdout
        for threads in ("1", "2")
    }
    assert len(found) == 1


def test_a_class_without_training_clips_gets_probability_zero():
    inputs, labels = clips()
    found = trained(inputs, labels * 2, 4).predict(inputs[0])
    assert found.shape == (4,)
    assert found[1] == found[3] == 0
    assert found.sum() == pytest.approx(1)


def test_a_single_class_is_predicted_for_certain_without_training():
    inputs, _ = clips()
    net = trained(inputs, np.full(20, 2), 3)
    assert net.predict(inputs[0]).tolist() == [0, 0, 1]
    assert not len(net.losses)


def test_no_clip_at_all_is_refused():
    with pytest.raises(mertk.ComponentError, match="no training clip"):
        trained([], np.empty(0, int))


def test_a_last_batch_of_one_does_not_stop_batch_norm():
    inputs, labels = clips(17)
    assert trained(inputs, labels, norm=True, batch=8).predict(inputs[0]).argmax() == labels[0]


def test_every_clip_is_in_one_batch_of_an_epoch():
    for count in (1, 2, 7, 8, 9, 16, 17):
        parts = training._draw_batches(count, 8)
        assert sorted(torch.cat(parts).tolist()) == list(range(count))
        assert count == 1 or min(len(part) for part in parts) > 1


def test_clips_of_several_lengths_are_refused_with_a_hint():
    inputs = [{"x": np.zeros((2, n), np.float32)} for n in (3, 4)]
    with pytest.raises(mertk.ComponentError, match="pad_time"):
        trained(inputs, np.array([0, 1]))


def test_a_diverging_loss_is_reported():
    inputs, labels = clips()
    inputs[0]["x"][:] = np.inf
    with pytest.raises(mertk.ComponentError, match="smaller lr"):
        trained(inputs, labels)


def test_read_only_pixels_are_taken_as_they_are():
    pixels = np.zeros((4, 2, 3), np.uint8)
    pixels.setflags(write=False)
    seen = []
    net = trained([{"x": np.zeros((2, 3), np.float32)}] * 4, np.arange(4) % 2)
    net.apply({"x": pixels}, lambda _, tensors: seen.append(tensors["x"].dtype) or tensors["x"])
    assert seen == [torch.uint8]


def test_blocks_are_trained_with_the_classifier_and_shown():
    inputs, labels = clips()
    block = Scale()
    net = trained(inputs, labels, through=[block])
    assert block.shapes == {"x": (2, 3)}
    assert net.module[-1].layer[0].in_features == 12  # built for what the block gives
    assert block.net.weight.item() != 1
    assert net.explain(inputs[0])["scale"] == pytest.approx([block.net.weight.item()])


def test_a_prediction_does_not_depend_on_other_clips():
    inputs, labels = clips()
    net = trained(inputs, labels, norm=True)
    alone = net.predict(inputs[3])
    for other in inputs:
        net.predict(other)
    assert np.array_equal(net.predict(inputs[3]), alone)


@pytest.mark.parametrize("loss", ["cross_entropy", "focal", "focal_binary"])
def test_gradients_stay_finite_for_certain_predictions(loss):
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    schedule = training.Schedule(epochs=1, lr=1, loss=loss, gamma=0.5)
    schedule.loss_of(logits, torch.tensor([0, 0]), torch.ones(2)).backward()
    assert torch.isfinite(logits.grad).all()


def test_balanced_weights_are_inverse_frequencies_with_zero_for_absent_classes():
    found = training.balanced_weights(np.array([0, 0, 0, 2]), 4)
    assert found.tolist() == pytest.approx([4 / 6, 0, 2, 0])


def moved(**schedule):
    """How far one step of plain gradient descent, on all clips at once, moves the weights."""
    plain = {"optimizer": "sgd", "momentum": 0.0, "batch": 100, "epochs": 1}
    inputs, labels = clips()
    after = weights(trained(inputs, labels, **plain | schedule))
    return np.linalg.norm(after - weights(trained(inputs, labels, **plain | {"lr": 1e-12})))


def test_gradient_descent_with_momentum_learns_and_momentum_counts():
    inputs, labels = clips()
    net = trained(inputs, labels, optimizer="sgd", lr=0.1)
    assert [net.predict(x).argmax() for x in inputs] == list(labels)
    plain = trained(inputs, labels, optimizer="sgd", lr=0.1, momentum=0.0)
    assert not np.array_equal(weights(net), weights(plain))


def test_a_learning_rate_that_decays_to_nothing_stops_the_training():
    assert moved(lr=0.1, epochs=6) > 1.5 * moved(lr=0.1)
    stopped = moved(lr=0.1, epochs=6, lr_decay=1e-9, decay_every=1)
    assert stopped == pytest.approx(moved(lr=0.1), rel=1e-4)
    later = moved(lr=0.1, epochs=6, lr_decay=1e-9, decay_every=2)
    assert later == pytest.approx(moved(lr=0.1, epochs=2), rel=1e-4)


def test_a_gradient_is_shortened_to_the_largest_norm():
    free = moved(lr=1.0)
    assert moved(lr=1.0, max_norm=free / 2) == pytest.approx(free / 2, rel=1e-3)
    assert moved(lr=1.0, max_norm=free * 2) == free


def test_a_part_of_a_network_may_train_at_a_rate_of_its_own():
    class Slow(Linear):
        def __init__(self, shapes, classes):
            super().__init__(shapes, classes)
            self.layer[0].lr_scale = 1e-9
            self.before = [p.detach().clone() for p in self.layer.parameters()]

    inputs, labels = clips()
    schedule = training.Schedule(epochs=5, lr=0.1)
    net = training.fit(
        lambda shapes: Slow(shapes, 2), inputs, labels, np.random.default_rng(0),
        classes=2, schedule=schedule,
    ).module[-1]  # fmt: skip
    change = [
        float((p - before).detach().abs().max())
        for p, before in zip(net.layer.parameters(), net.before, strict=True)
    ]
    assert max(change[:2]) < 1e-6
    assert min(change[2:]) > 1e-3


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_losses_of_several_heads_are_added_up(multilabel):
    logits, target = torch.randn(5, 3, 4), torch.arange(5) % 4
    alpha = torch.rand(4)
    if multilabel:
        target, alpha = nn.functional.one_hot(target, 4), torch.rand(4, 2)
    schedule = training.Schedule(epochs=1, lr=1, loss="focal")
    parts = [schedule.loss_of(logits[:, at], target, alpha) for at in range(3)]
    assert torch.allclose(schedule.loss_of(logits, target, alpha), sum(parts))


@pytest.mark.parametrize(
    "bad",
    [
        {"epochs": 0}, {"batch": 1}, {"lr": 0}, {"gamma": -1}, {"momentum": 1}, {"max_norm": -1},
        {"lr_decay": 0}, {"decay_every": 0},
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_train_is_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        training.Schedule(**({"epochs": 1, "lr": 1} | bad))


def test_devices_are_checked_by_name(monkeypatch):
    monkeypatch.setenv("MERTK_DEVICE", "cpu")
    training.use_device("auto")
    assert training.get_device().type in ("cpu", "cuda")
    with pytest.raises(mertk.ParameterError, match="Known: auto, cpu, cuda"):
        training.use_device("tpu")


def test_the_module_is_imported_without_torch():
    code = "import sys, mertk.nn.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def many_labels(count=20):
    """Clips of two signs; the labels are: sign, never, always, now and then."""
    inputs, sign = clips(count)
    part = np.arange(count) % 4 == 1
    return inputs, np.stack([sign, 0 * sign, 0 * sign + 1, part], axis=1).astype(np.int64)


def test_labels_side_by_side_are_learnt_each_by_itself():
    inputs, labels = many_labels()
    labels[:, 3] = 1 - labels[:, 0]
    net = trained(inputs, labels, 4)
    found = np.stack([net.predict(x) for x in inputs])
    assert net.losses[-1] < net.losses[0] / 4
    assert np.array_equal(found >= 0.5, labels == 1)
    assert not np.allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("loss", ["cross_entropy", "focal", "focal_binary"])
def test_a_label_that_all_or_no_training_clips_have_is_constant(loss):
    inputs, labels = many_labels()
    found = trained(inputs, labels, 4, loss=loss, alpha=True, epochs=2).predict(inputs[0])
    assert found[1:3].tolist() == [0, 1]
    assert 0 < found[0] < 1


def test_labels_that_never_differ_are_not_trained_on():
    inputs, labels = many_labels()
    net = trained(inputs, labels[:, 1:3], 2)
    assert net.predict(inputs[0]).tolist() == [0, 1]
    assert not len(net.losses)


class Certain(nn.Module):
    def forward(self, streams):
        return streams["x"]


def test_certain_logits_give_probabilities_without_overflow():
    net = training.Trained(Certain(), np.ones((3, 2), bool), np.empty(0, np.float32))
    found = net.predict({"x": np.array([-2000.0, 0.0, 2000.0], np.float32)})
    assert found.tolist() == [0, 0.5, 1]


def test_multi_label_weights_balance_absence_and_presence():
    labels = np.array([[1, 0], [0, 0], [0, 0], [0, 0]])
    found = training.balanced_weights(labels, 2)
    assert found == pytest.approx(np.array([[4 / 6, 2], [1, 0]]))
    logits = torch.randn(4, 2)
    weighted = losses.sigmoid_focal(
        logits, torch.tensor(labels), gamma=0, alpha=torch.tensor([[0.0, 8.0], [0.0, 0.0]])
    )
    assert torch.allclose(weighted, -nn.functional.logsigmoid(logits[0, 0]))


def test_clips_are_learnt_by_the_margin_loss():
    inputs, labels = clips(classes=3)
    net = trained(inputs, labels, 3, loss="margin")
    assert [net.predict(x).argmax() for x in inputs] == list(labels)


def test_a_part_may_add_to_the_loss_what_it_makes_of_the_targets():
    class Second(Linear):
        def forward(self, streams):
            self.kept = super().forward(streams)
            return self.kept.detach() * 0 + self.dropout(self.kept)

        def auxiliary(self, target):
            return 100 + 0 * nn.functional.cross_entropy(self.kept, target)

    inputs, labels = clips()
    schedule = training.Schedule(epochs=2, lr=0.01, batch=8)
    found = training.fit(
        lambda shapes: Second(shapes, 2),
        inputs, labels, np.random.default_rng(0), classes=2, schedule=schedule,
    )  # fmt: skip
    assert (found.losses > 100).all()


def test_a_network_whose_weights_are_made_of_others_can_be_pickled_and_answers_the_same():
    inputs, labels = clips()
    seen = []
    with training.call_on_epoch(lambda net, _epoch: seen.append(net.predict(inputs[0]))):
        found = training.fit(
            lambda shapes: Normed(shapes, 2), inputs, labels, np.random.default_rng(0),
            classes=2, schedule=training.Schedule(epochs=3, lr=0.01, batch=8),
        )  # fmt: skip
    copy = pickle.loads(pickle.dumps(found))  # noqa: S301
    assert np.array_equal(copy.predict(inputs[0]), seen[-1])


def test_labels_that_may_not_be_written_to_will_do():
    inputs, labels = clips()
    labels.flags.writeable = False
    assert trained(inputs, labels, epochs=1).losses.size == 1
