"""Folds that share batches: what each learns is what it learns alone, from its own clips."""

import numpy as np
import pytest
import torch
from torch.nn import functional

import mertk
from mertk.nn import losses, shared_batch, training
from mertk_plugins.fusion._patch_cnn_se_net import PatchNet
from mertk_plugins.fusion.patch_cnn_se import PatchCNNSE

CLASSES = 3
FOLDS = (np.delete(np.arange(20), [1, 7, 8]), np.arange(3, 20))


def schedule(**given):
    # not Adam where weights are compared: it enlarges the rounding of gradients near 0
    settings = {"lr": 0.05, "optimizer": "sgd"} | given
    settings |= {"epochs": 3, "batch": 8, "loss": "focal", "alpha": True}
    return training.Schedule(**(settings | given))


def build_with(dropout=0.0, se="squeeze", extra_conv=False):
    def build(shapes):
        return PatchNet(
            patches=shapes["patches"][-1] // 3, classes=CLASSES, se=se, se_ratio=0.25, init="he",
            extra_conv=extra_conv, dropout=dropout, input_range=(0, 1),
        )  # fmt: skip

    return build


def data(count=20, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 12, 10, 12), np.uint8), np.arange(count) % CLASSES


def trained(pixels, labels, folds=FOLDS, *, build=None, **given):
    tasks = [
        shared_batch.FoldTask(fold, labels[fold], np.random.default_rng(int(fold[0])))
        for fold in folds
    ]
    samples = shared_batch.Samples.of({"patches": pixels})
    return shared_batch.fit_side_by_side(
        build or build_with(), samples, tasks, classes=CLASSES, schedule=schedule(**given)
    )


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.module.parameters()]).numpy()


def train_alone(pixels, labels, fold, **given):
    """One fold, by a plain loop over the shared batches without the clips that it holds out."""
    chosen = schedule(**given)
    with training.seed_torch(np.random.default_rng(int(fold[0]))):
        net = build_with()({"patches": pixels.shape[1:]})
    alpha = torch.tensor(training.balanced_weights(labels[fold], CLASSES), dtype=torch.float32)
    optimizer, means = chosen.optimizer_of(net), []
    for epoch in range(chosen.epochs):
        total = 0.0
        for rows in shared_batch._draw_shared_order(len(pixels), chosen.batch, epoch).tolist():
            own = [row for row in rows if row in fold]
            optimizer.zero_grad()
            loss = losses.focal(
                net({"patches": torch.tensor(pixels[own])}), torch.tensor(labels[own]), alpha=alpha
            )
            loss.backward()
            optimizer.step()
            total += loss.item() * len(own)
        means.append(total / len(fold))
    return training.Trained(net.eval(), np.ones(CLASSES, bool), np.array(means))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_two_folds_learn_what_each_learns_alone_from_its_own_clips(optimizer, monkeypatch):
    given = {}
    if optimizer == "adam":  # in double precision, in which its steps do not enlarge rounding
        given = {"optimizer": "adam", "lr": 1e-3}
        monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
        torch.set_default_dtype(torch.float64)
    try:
        pixels, labels = data()
        for net, fold in zip(trained(pixels, labels, **given), FOLDS, strict=True):
            alone = train_alone(pixels, labels, fold, **given)
            np.testing.assert_allclose(weights(net), weights(alone), atol=1e-5, rtol=0)
            shown = [one.apply({"patches": pixels}) for one in (net, alone)]
            np.testing.assert_allclose(*shown, atol=1e-5, rtol=0)
            np.testing.assert_allclose(net.losses, alone.losses, atol=1e-5, rtol=0)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(("se", "extra_conv"), [("squeeze", False), ("pixelwise", True)])
def test_a_fold_does_not_depend_on_the_folds_beside_it(se, extra_conv):
    pixels, labels = data()
    build = build_with(0.5, se, extra_conv)
    together = trained(pixels, labels, build=build)
    for net, fold in zip(together, FOLDS, strict=True):
        (alone,) = trained(pixels, labels, [fold], build=build)
        np.testing.assert_allclose(weights(net), weights(alone), atol=1e-5)
    assert np.abs(weights(together[0]) - weights(together[1])).max() > 0.01


def test_a_clip_that_a_fold_holds_out_changes_no_bit_of_it():
    pixels, labels = data()
    first, second = map(weights, trained(pixels, labels, build=build_with(0.5)))
    pixels[7], labels[7] = 255 - pixels[7], (labels[7] + 1) % CLASSES
    held_out, seen = map(weights, trained(pixels, labels, build=build_with(0.5)))
    assert np.array_equal(first, held_out)
    assert not np.array_equal(second, seen)


def test_a_fold_of_one_label_stays_as_built_beside_one_that_learns():
    pixels, labels = data()
    learns, still = trained(pixels, labels, [FOLDS[0], np.arange(0, 20, 3)])
    assert len(learns.losses) == 3
    assert not len(still.losses)
    assert still.predict({"patches": pixels[0]}).tolist() == [1, 0, 0]


def test_multi_label_folds_share_batches():
    pixels, labels = data()
    many = functional.one_hot(torch.tensor(labels), CLASSES).numpy()
    together = trained(pixels, many)
    (alone,) = trained(pixels, many, FOLDS[:1])
    np.testing.assert_allclose(weights(together[0]), weights(alone), atol=1e-5)


def test_dropout_keeps_its_share_and_differs_between_folds_and_steps():
    tick = torch.zeros((), dtype=torch.int64)
    drop = shared_batch._replace_dropout(torch.nn.Sequential(torch.nn.Dropout(0.3)), tick)
    masks = []
    for seed, step in ((5, 1), (6, 1), (5, 2)):
        drop[0].seed.fill_(seed)
        tick.fill_(step)
        found = drop(torch.ones(128, 256))
        assert set(found.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.7))}
        assert abs((found > 0).float().mean() - 0.7) < 0.01
        masks.append((found > 0).float().flatten())
    assert torch.corrcoef(torch.stack(masks)).sub(torch.eye(3)).abs().max() < 0.02


def test_bf16_changes_numbers_a_little_and_tf32_none_on_a_cpu():
    pixels, labels = data()
    full, half, tf32 = (
        weights(trained(pixels, labels, precision=name)[0]) for name in ("float32", "bf16", "tf32")
    )
    assert np.array_equal(full, tf32)
    assert 1e-6 < np.abs(full - half).max() < 0.02


@pytest.mark.parametrize("given", ["batch norm", "max_norm"])
def test_what_mixes_the_clips_of_a_batch_is_refused(given):
    pixels, labels = data()

    def build(shapes):
        return torch.nn.Sequential(build_with()(shapes), torch.nn.BatchNorm1d(CLASSES))

    asked = {"build": build} if given == "batch norm" else {"max_norm": 1.0}
    with pytest.raises(mertk.ComponentError, match="in one batch"):
        trained(pixels, labels, **asked)


def test_the_memory_of_a_fold_grows_with_its_batch():
    samples = shared_batch.Samples.of({"patches": data()[0]})
    net = build_with()({"patches": (12, 10, 12)})
    small, large = (
        shared_batch.estimate_fold_bytes(net, samples, schedule(batch=size)) for size in (8, 16)
    )
    size = sum(p.numel() for p in net.parameters())
    assert 16 * size < small < large < 16 * size + 2 * (small - 16 * size) + 1


class OnAnyDevice(PatchCNNSE):
    """The block, which shares batches on a CPU too."""

    together_on = ""


def test_blocks_of_folds_share_batches_in_groups(monkeypatch):
    rng = np.random.default_rng(0)
    clips = mertk.TrainingSet(
        inputs=[{
            "nose": rng.integers(0, 256, (1, frames, 8, 8, 12), np.uint8),
            "mouth": rng.integers(0, 256, (1, frames, 8, 8, 12), np.uint8),
        } for frames in (3, 4, 2, 5, 3, 4, 3, 2)],
        labels=np.array([0, 1, 2, 1, 0, 2, 1, 0]), people=np.array(list("aabbccdd")),
        classes=("negative", "positive", "surprise"),
    )  # fmt: skip
    folds = [np.delete(np.arange(8), [at, at + 1]) for at in (0, 2, 4)]
    block = OnAnyDevice(epochs=1, batch=8, init="he")

    def fit():
        return block.fit_folds(clips, folds, list(map(np.random.default_rng, range(3))))

    together = [one.fuse(clips.inputs[0])["features"] for one in fit()]
    monkeypatch.setattr(shared_batch, "MOST_FOLDS", 1)
    for one, other in zip(fit(), together, strict=True):
        assert one.list_choices() == {
            "region labels": "a table inferred from unused code of the authors"
        }
        np.testing.assert_allclose(one.fuse(clips.inputs[0])["features"], other, atol=1e-5)


def test_on_a_cpu_each_fold_is_fitted_by_itself(monkeypatch):
    monkeypatch.delattr(shared_batch, "fit_side_by_side")
    rng = np.random.default_rng(0)
    inputs = [{"mouth": rng.integers(0, 256, (1, 3, 8, 8, 12), np.uint8)} for _ in range(4)]
    clips = mertk.TrainingSet(
        inputs=inputs, labels=np.array([0, 1, 0, 1]), people=np.array(list("abcd")),
        classes=("no", "yes"),
    )  # fmt: skip
    (block,) = PatchCNNSE(epochs=1).fit_folds(clips, [np.arange(4)], [np.random.default_rng(0)])
    alone = PatchCNNSE(epochs=1)
    alone.fit(clips, np.random.default_rng(0))
    assert np.array_equal(block.fuse(inputs[0])["features"], alone.fuse(inputs[0])["features"])


def test_without_a_gpu_its_benchmark_says_so_in_one_line(monkeypatch):
    from benchmarks import gpu

    assert gpu.compare_devices("cpu") == 0
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="no GPU: torch finds no CUDA device here"):
        gpu.main()
