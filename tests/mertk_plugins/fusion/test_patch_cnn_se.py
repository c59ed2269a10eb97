"""Patch CNNs: their size, what they learn, which frames and labels they are trained on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from timm.layers import SEModule

import mertk
from mertk_plugins.extractors.region_patches import RegionPatches
from mertk_plugins.fusion import _region_labels, patch_cnn_se
from mertk_plugins.fusion._patch_cnn_se_net import Excitation, PatchNet
from mertk_plugins.fusion.patch_cnn_se import PatchCNNSE

TASK = ("negative", "positive", "surprise")
SMALL = {"epochs": 2, "batch": 16, "init": "he", "frames": 2}


def streams(level=0, *, frames=5, seed=0, regions=("mouth",), patches=4, apex=None):
    """The patches of a noisy face with a square of that brightness, of 8 pixels a side."""
    noise = np.random.default_rng(seed).integers(0, 60, (frames, 40, 60, 3))
    noise[:, 10:30, 20:40] += level
    pixels = mertk.Frames.of(noise.astype(np.uint8))
    boxes = np.array([[0, 0, 60, 40], [10, 5, 50, 35]])[: len(regions)]
    return RegionPatches(patches=patches, patch_size=[8, 8]).extract(
        mertk.Faces(frames=pixels, onset=0, offset=frames - 1, apex=apex),
        mertk.Regions(names=regions, boxes=boxes),
    )


def training_set(count=10, *, classes=TASK, labels=None, **given):
    labels = np.arange(count) % len(classes) if labels is None else np.asarray(labels)
    return mertk.TrainingSet(
        inputs=[streams(60 * c, seed=at, **given) for at, c in enumerate(labels)],
        labels=labels,
        people=np.array([f"p/{at}" for at in range(count)]),
        classes=tuple(classes),
    )


def fitted(train=None, seed=0, **params):
    block = PatchCNNSE(**(SMALL | params))
    block.fit(train or training_set(), np.random.default_rng(seed))
    return block


def network(classes=3, **changed):
    settings = {
        "patches": 9, "se": "squeeze", "se_ratio": 0.25, "extra_conv": False, "dropout": 0.5,
        "init": "code", "input_range": (0, 1),
    }  # fmt: skip
    return PatchNet(classes=classes, **(settings | changed))


def size(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


@pytest.mark.parametrize("classes", [2, 3, 4, 5])
def test_a_region_has_the_papers_number_of_weights(classes):
    assert size(network(classes)) == 2_167_202 + 257 * classes


@pytest.mark.parametrize(("patches", "rest"), [(4, 992_682), (9, 1_277_012), (16, 1_892_802)])
def test_a_region_has_the_codes_number_of_weights(patches, rest):
    net = network(3, patches=patches, se="pixelwise", extra_conv=True)
    assert size(net) == rest + 257 * 3


def test_patches_share_no_weights_and_do_not_mix_before_the_gate():
    net = network(se="none")
    pixels = torch.zeros(1, 16, 16, 27, requires_grad=True)
    net.conv2(net.conv1(pixels.permute(0, 3, 1, 2)))[0, 8:16].sum().backward()
    assert pixels.grad[..., 3:6].abs().sum() > 0
    assert pixels.grad[..., :3].abs().sum() == pixels.grad[..., 6:].abs().sum() == 0
    per_patch = net.conv1.weight.reshape(9, 4, -1)
    assert not torch.equal(per_patch[0], per_patch[1])


def test_grouped_convolutions_equal_a_separate_network_per_patch():
    net = network(se="none").eval()
    pixels = torch.randint(0, 256, (2, 10, 13, 27), dtype=torch.uint8)
    maps = []
    for at in range(9):
        one = network(se="none", patches=1)
        for name, weight in one.named_parameters():
            if name.startswith(("conv", "branches")):
                weight.data = net.get_parameter(name).data.chunk(9)[at]
        given = pixels[..., 3 * at : 3 * at + 3].permute(0, 3, 1, 2) / 255
        x = given
        for layer in (one.conv1, one.conv2):
            x = torch.max_pool2d(layer(x).relu(), 2, ceil_mode=True)
        parts = [x, *(branch(x).relu() for branch in one.branches)]
        maps.append([torch.max_pool2d(p, 2, ceil_mode=True) for p in parts])
    whole = torch.cat([torch.cat([m[k] for m in maps], 1) for k in range(5)], 1)
    expected = net.narrow(net.wide(whole.mean((2, 3))).relu()).relu()
    assert torch.allclose(net.features({"patches": pixels}), expected, atol=1e-6)


def test_the_squeeze_is_timms():
    own, timms = Excitation(12, 0.25, squeeze=True), SEModule(12, rd_channels=3)
    timms.fc1, timms.fc2 = own.reduce, own.expand
    x = torch.randn(2, 12, 5, 4)
    assert torch.allclose(own(x), timms(x))


def test_the_pixelwise_gate_looks_at_one_pixel():
    gate = Excitation(8, 0.25, squeeze=False)
    x = torch.randn(1, 8, 3, 3)
    other = x.clone()
    other[..., 2, 2] += 1
    same = gate(x) == gate(other)
    assert same[..., :2, :2].all()
    assert not same[..., 2, 2].all()


@pytest.mark.parametrize("se", ["squeeze", "pixelwise", "none"])
@pytest.mark.parametrize("init", ["code", "he"])
def test_gradients_reach_every_weight(se, init):
    torch.manual_seed(0)
    net = network(se=se, init=init, extra_conv=se == "pixelwise", input_range=(-1, 1), dropout=0)
    pixels = torch.randint(0, 256, (8, 16, 16, 27), dtype=torch.uint8)
    net({"patches": pixels}).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())


def test_ten_clips_are_learnt_by_heart():
    block = fitted(epochs=40, lr=1e-3, region_labels="none")
    net = block.nets["mouth"]
    assert net.losses[-1] < 0.1 * net.losses[0]
    for at, label in enumerate(np.arange(10) % 3):
        pixels = streams(60 * label, seed=at)["mouth"][0]
        assert (net.apply({"patches": pixels}).argmax(1) == label).all()


def test_features_are_per_region_and_frame():
    train = training_set(regions=("nose", "mouth"))
    found = fitted(train).fuse(streams(regions=("nose", "mouth")))
    assert list(found) == ["features"]
    assert found["features"].shape == (2, 5, 256)
    assert found["features"].dtype == np.float32
    assert (found["features"] >= 0).all()


def test_clips_of_any_length_together_get_the_features_that_each_gets_alone(monkeypatch):
    monkeypatch.setattr(patch_cnn_se, "_FRAMES_AT_ONCE", 9)
    block = fitted()
    clips = [streams(60, frames=frames, seed=frames) for frames in (5, 4, 3, 12, 2)]
    together = block.fuse_many(clips)
    assert [one["features"].shape[1] for one in together] == [5, 4, 3, 12, 2]
    for clip, found in zip(clips, together, strict=True):
        np.testing.assert_allclose(found["features"], block.fuse(clip)["features"], atol=1e-6)


def test_the_same_generator_gives_the_same_features_bit_by_bit():
    first, again, other = (
        block.fuse(streams(30)) for block in (fitted(), fitted(), fitted(seed=1))
    )
    assert np.array_equal(first["features"], again["features"])
    assert not np.array_equal(first["features"], other["features"])


def test_features_do_not_depend_on_clips_that_came_before():
    block = fitted()
    alone = block.fuse(streams(30))["features"]
    block.fuse(streams(90, seed=4))
    assert np.array_equal(block.fuse(streams(30))["features"], alone)


def test_a_second_fit_forgets_the_first():
    block = fitted(seed=3)
    block.fit(training_set(), np.random.default_rng(0))
    assert np.array_equal(
        block.fuse(streams(30))["features"], fitted().fuse(streams(30))["features"]
    )


def test_a_region_with_one_label_only_still_gives_features():
    block = fitted(training_set(4, labels=[0, 0, 2, 2], regions=("cheek_left",)))
    assert not len(block.nets["cheek_left"].losses)
    assert block.fuse(streams(regions=("cheek_left",)))["features"].shape == (1, 5, 256)


@pytest.mark.parametrize(("frames", "trained"), [(0, 50), (1, 10), (3, 30)])
def test_a_network_is_trained_on_the_frames_nearest_to_the_apex(frames, trained, monkeypatch):
    seen = []
    fit = patch_cnn_se.training.fit

    def keep(build, inputs, labels, *given, **named):
        seen.append((inputs["patches"], labels))
        return fit(build, inputs, labels, *given, **named)

    monkeypatch.setattr(patch_cnn_se.training, "fit", keep)
    train = training_set(apex=3)
    fitted(train, frames=frames)
    pixels, labels = seen[0]
    assert len(pixels) == len(labels) == trained
    if frames == 1:
        expected = [given["mouth"][0, 3] for given in train.inputs]
        assert np.array_equal(pixels, np.stack(expected))


def test_a_share_of_all_frames_is_trained_on(monkeypatch):
    counts = []
    fit = patch_cnn_se.training.fit

    def keep(build, inputs, *given, **named):
        counts.append(len(inputs["patches"]))
        return fit(build, inputs, *given, **named)

    monkeypatch.setattr(patch_cnn_se.training, "fit", keep)
    fitted(frames=0, share=0.5)
    assert counts == [25]


def test_regions_keep_the_order_of_training_whatever_the_order_of_streams():
    block = fitted(training_set(regions=("nose", "mouth")))
    given = streams(30, regions=("nose", "mouth"))
    turned = dict(reversed(given.items()))
    assert np.array_equal(block.fuse(turned)["features"], block.fuse(given)["features"])


def test_other_regions_than_in_training_are_refused():
    with pytest.raises(mertk.ComponentError, match="trained on the regions mouth"):
        fitted().fuse(streams(regions=("nose",)))


@pytest.mark.parametrize("shape", [(3, 8), (1, 5, 8, 8, 11), (2, 5, 8, 8, 12)])
def test_other_streams_than_patches_are_refused(shape):
    with pytest.raises(mertk.ComponentError, match="such as the extractor region_patches gives"):
        fitted().fuse({"mouth": np.zeros(shape, np.float32)})


@pytest.mark.parametrize(
    ("task", "place", "expected"),
    [
        (TASK, "eye_left", ("negative", "surprise")),
        (TASK, "nose", ("negative",)),
        (TASK, "cheek_right", ("positive",)),
        (TASK, "mouth", TASK),
        (("disgust", "happiness", "others", "repression", "surprise"), "eye_right",
         ("disgust", "others", "repression", "surprise")),
        (("I", "II", "III", "IV", "V"), "mouth", ("I", "II", "V")),
        (("I", "II", "III", "IV", "V"), "cheek_left", ("I",)),
        (("anger", "joy"), "nose", ("anger", "joy")),
        (TASK, "whole", TASK),
    ],
)  # fmt: skip
def test_region_labels_follow_the_authors_tables(task, place, expected):
    origin, active = _region_labels.find_active_classes(place, task)
    assert active == expected
    inferred, authors = "a table inferred", "the authors' table"
    known = "" if place == "whole" or "joy" in task else inferred if task == TASK else authors
    assert origin[: len(inferred)] == known[: len(inferred)]


def test_classes_that_do_not_show_in_a_region_become_one():
    keep = _region_labels.keep_active_classes
    labels, count = keep(np.array([0, 1, 2, 1]), TASK, ("positive",))
    assert labels.tolist() == [1, 0, 1, 0]
    assert count == 2
    assert keep(np.array([0, 1, 2]), TASK, TASK)[1] == 3


def coded(classes, labels, aus, **given):
    """A training set of clips with these action units, whose streams nobody looks at."""
    people = np.array([f"p/{at}" for at in range(len(labels))])
    units = [None if one is None else frozenset(one) for one in aus]
    return mertk.TrainingSet(
        inputs=[{}] * len(labels), labels=np.array(labels), people=people, classes=classes,
        aus=units, **given,
    )  # fmt: skip


def test_region_labels_from_the_action_units_of_clips():
    train = coded(("fear", "joy", "sad"), [0, 1, 2, 1], [{1, 4}, {6, 12}, {4, 15}, None])
    found = {}
    for region in ("eye_left", "nose", "cheek_right", "mouth", "r0c1"):
        one = _region_labels.make_region_labels(region, train)
        found[region] = (one.labels.tolist(), one.count, one.origin)
    assert found == {
        "eye_left": ([0, 1, 2, 1], 3, "from action units"),
        "nose": ([0, 1, 2, 1], 3, "whole-clip labels"),
        "cheek_right": ([1, 0, 1, 0], 2, "from action units"),
        "mouth": ([2, 0, 1, 0], 3, "from action units"),
        "r0c1": ([0, 1, 2, 1], 3, "whole-clip labels"),
    }
    assert _region_labels.make_region_labels("mouth", train, "none").origin == "whole-clip labels"


def test_region_labels_of_a_task_that_the_authors_have_can_come_from_action_units():
    train = coded(TASK, [0, 1, 2], [{4}, {12}, {1, 2}])
    auto = _region_labels.make_region_labels("nose", train)
    assert (auto.labels.tolist(), auto.origin[:16]) == ([0, 1, 1], "a table inferred")
    aus = _region_labels.make_region_labels("mouth", train, "aus")
    assert (aus.labels.tolist(), aus.count, aus.origin) == ([1, 0, 1], 2, "from action units")


def test_region_labels_of_action_unit_protocols_are_the_units_of_the_region():
    classes, labels = ("AU1", "AU4", "AU7", "AU12", "AU14"), [[1, 0, 0, 1, 0], [0, 1, 1, 0, 1]]
    train = coded(classes, labels, [{1, 12}, {4, 7, 14}])
    found = {}
    for region in ("brow_left", "eye_left", "nose", "cheek_left", "mouth"):
        one = _region_labels.make_region_labels(region, train)
        found[region] = (one.labels.tolist(), one.count, one.origin)
    assert found == {
        "brow_left": ([[1, 0], [0, 1]], 2, "from action units"),
        "eye_left": ([[1, 0, 0], [0, 1, 1]], 3, "from action units"),
        "nose": (labels, 5, "whole-clip labels"),
        "cheek_left": ([[1, 0], [0, 1]], 2, "from action units"),
        "mouth": ([[1, 0], [0, 1]], 2, "from action units"),
    }


def test_a_network_says_which_region_labels_it_learnt():
    train, kinds = training_set(regions=("nose", "whole")), []
    for given in ("auto", "none", {"nose": ["surprise"], "whole": ["positive"]}):
        block = fitted(train, region_labels=given, epochs=1)
        kinds.append(block.list_choices()["region labels"])
    mixed = "a table inferred from unused code of the authors (1 of 2), whole-clip labels (1 of 2)"
    assert kinds == [mixed, "whole-clip labels", "as given"]


def test_region_labels_decide_what_a_network_learns():
    train = training_set(regions=("nose", "mouth"))
    auto, none, own = (
        fitted(train, region_labels=given, epochs=1).nets
        for given in ("auto", "none", {"mouth": ["surprise"]})
    )
    heads = [(nets["nose"].seen.size, nets["mouth"].seen.size) for nets in (auto, none, own)]
    assert heads == [(2, 3), (3, 3), (3, 2)]


@pytest.mark.parametrize("given", [{"chin": ["positive"]}, {"mouth": ["joy"]}])
def test_region_labels_with_unknown_names_are_refused(given):
    with pytest.raises(mertk.ComponentError, match="Known regions: mouth"):
        fitted(region_labels=given)


@pytest.mark.parametrize("bad", [{"region_labels": "all"}, {"frames": -1}, {"share": 0}])
def test_parameters_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        PatchCNNSE(**bad)


def test_a_region_learns_its_active_labels_side_by_side():
    train = training_set(regions=("nose", "mouth"))
    shown = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    many = replace(train, labels=shown[train.labels])
    nets = fitted(many, region_labels={"nose": ["surprise", "negative"]}, epochs=1).nets
    assert nets["nose"].seen.tolist() == [[True, False], [True, True]]
    assert nets["mouth"].seen.shape == (3, 2)
    assert fitted(many).fuse(many.inputs[0])["features"].shape == (2, 5, 256)


def test_a_region_without_a_class_is_refused_in_multi_label_training():
    many = replace(training_set(), labels=np.eye(3, dtype=np.int64)[np.arange(10) % 3])
    with pytest.raises(mertk.ComponentError, match="leave the region out of the mapping"):
        fitted(many, region_labels={"mouth": []})


def test_it_reports_what_excitation_lets_through_of_each_patch():
    found = fitted(training_set(apex=2)).explain(streams(apex=2))
    assert found["patch_weights"].shape == (1, 4)
    assert ((found["patch_weights"] > 0) & (found["patch_weights"] < 1)).all()
    assert len(np.unique(found["patch_weights"])) == 4
    assert fitted(se="none").explain(streams()) == {}
    assert fitted(training_set(patches=1)).explain(streams(patches=1)) == {}


def test_the_weights_of_a_patch_are_those_of_its_own_maps():
    """Gates that let through what changes with the second of four patches, and nothing else."""
    net = network(patches=4).eval()
    seen = []
    net.se.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    dark, bright = (torch.zeros(2, 8, 8, 12, dtype=torch.uint8) for _ in range(2))
    bright[..., 3:6] = 200
    with torch.no_grad():
        for pixels in (dark, bright):
            net.features({"patches": pixels})
        own = (seen[0] != seen[1]).any(dim=(0, 2, 3))
        net.se.expand.weight.zero_()
        net.se.expand.bias.copy_(torch.where(own, 20.0, -20.0))
        found = net.weights({"patches": bright})
    assert found[0, 1] > 0.3  # some maps of it stay dark whatever there is to see
    np.testing.assert_allclose(found[:, [0, 2, 3]], 0, atol=1e-6)
