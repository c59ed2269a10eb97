"""The steps of `mertk replicate`, each of which keeps what is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.core.errors import MertkError
from mertk.core.printing import count_noun, format_duration
from mertk.core.recipe import Recipe
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study

if TYPE_CHECKING:
    from click.core import Context

    from mertk.cli.progress import Bar
    from mertk.evaluation.results import Results
    from mertk.experiment.open_study import OpenStudy
    from mertk.plugins.loader import Plugins

_QUICK_MODELS = 2
_RUNS, _COMPARE, _BUNDLE, _DOCTOR = "runs", "compare", "bundle", "data-{}.html"


class Replication:
    """A study from the check of its data to a report and a results bundle."""

    def __init__(
        self,
        study: Study,
        name: str,
        out: Path,
        plugins: Plugins,
        bar: Bar,
        ctx: Context,
        given: Mapping[str, Any],
    ) -> None:
        self.name, self.out, self.plugins, self.bar = name, out, plugins, bar
        self.quick, self.audits, self.by = given["quick"], given["audits"], given["by"]
        self.study = replace(study, **_choose_given(ctx, given))
        if self.quick:
            self.study = self._make_quick(self.study)
        self.execution = Execution(
            out=out / _RUNS, jobs=given["jobs"], executor=given["executor"], device=given["device"]
        )
        self.failed: dict[str, str] = {}

    @property
    def bundle(self) -> Path:
        """The folder of the results bundle."""
        return self.out / _BUNDLE

    def run(self) -> Path:
        """Do all steps, and give the report."""
        from mertk.experiment.bench import run_study
        from mertk.report.replication import PAGE, Replicated, write_replication
        from mertk.storage.atomic_files import check_file

        check_file(self.out / PAGE)
        opened = self._open(self.study)
        health = self._check_data(opened)
        plan = self._plan(opened)
        audits = self._audit(opened) if self.audits else {}
        self._say("folds")
        run_study(opened, self.failed)
        self._explain()
        results = self._load(opened)
        links = self._write_pages(results, opened)
        bundles = self._write_bundle(results)
        found = Replicated(
            study=self.name,
            text=(self.out / _RUNS / "study.toml").read_text(encoding="utf-8"),
            health=health,
            audits=audits,
            results=results,
            links=links,
            bundles=bundles,
            failed=self.failed,
            plan=plan,
            quick=self.quick,
        )
        return write_replication(found, self.out)

    def _open(self, study: Study) -> OpenStudy:
        return study.open(self.execution, plugins=self.plugins, progress=self.bar)

    def _say(self, text: str) -> None:
        self.bar.stage(text, 0)

    def _make_quick(self, study: Study) -> Study:
        """The first models of a study, in their quick presets, once."""
        found = []
        for given in study.models[:_QUICK_MODELS]:
            name = given.partition(":")[0] if isinstance(given, str) else ""
            presets = self.plugins.registry.get("model", name).presets if name else {}
            found.append(f"{name}:quick" if "quick" in presets else given)
        return replace(study, models=found, seeds=[0], sweeps=(), preset=None)

    def _check_data(self, opened: OpenStudy) -> dict[str, str]:
        """Check each data set, write its page, and give the verdicts."""
        from mertk.cli._data_check import examine
        from mertk.core.offers import get_offer
        from mertk.report import dataset_health

        found = {}
        for use in opened.datasets:
            reader = self.plugins.registry.build("dataset", use)
            if not get_offer("dataset", reader, "survey"):
                found[str(use)] = "its reader has no published counts to compare with"
                continue
            folder = opened.folders.get(use.name)
            diagnosis = examine(self.plugins.registry, str(use), folder, "key", self.bar)
            dataset_health.write_diagnosis(diagnosis, self.out / _DOCTOR.format(use.name))
            found[str(use)] = dataset_health.describe_verdict(diagnosis)
            click.echo(found[str(use)])
        return found

    def _plan(self, opened: OpenStudy) -> list[str]:
        """The expected time of each model, from its first fold."""
        from mertk.experiment.bench import plan_study

        lines, total = [], 0.0
        for one in plan_study(opened, self.failed):
            seconds = one.seconds_left(one.workers)
            total += seconds
            lines.append(
                f"{one.model}: {one.left} of {count_noun(one.folds, 'fold')} left, "
                f"{format_duration(seconds)}"
            )
        click.echo(
            f"expected time of the folds that are left: {format_duration(total)}, without audits "
            "and explanations"
        )
        return lines

    def _audit(self, opened: OpenStudy) -> dict[str, str]:
        """Audit each model, where this was not done before, and give the outcomes."""
        from mertk.audit import PROBES, audit, case_of
        from mertk.experiment.executors.local import count_cores
        from mertk.storage import audit_record
        from mertk.storage.run_files import load_object

        found, runs = {}, opened.execution.runs_folder
        probes = ("perturbation",) if self.quick else PROBES
        for model in self.study.models[:1] if self.quick else self.study.models:
            name = model if isinstance(model, str) else "recipe"
            if name in self.failed:
                continue
            try:
                case = case_of(self.plugins, model, quick=True, device=self.execution.device)
                stamped = runs, self.plugins.registry, Recipe.from_json(case.recipe)
                file = audit_record.file_of(*stamped)
                if not file.is_file():
                    jobs = self.execution.jobs or count_cores()
                    made = audit(case, probes=probes, folds=1, jobs=jobs, progress=self.bar)
                    audit_record.write_record(*stamped, made.to_json())
                found[name] = audit_record.describe_record(load_object(file))
            except MertkError as error:
                found[name] = f"could not be audited: {error}"
            click.echo(f"{name}: {found[name]}")
        return found

    def _explain(self) -> None:
        """Run what explains a published score: every epoch, and the training order of authors."""
        from mertk.experiment.bench import run_study
        from mertk.report.literature import list_leaky_models

        protocol = self._open(self.study).protocol.name
        leaky, registry = list_leaky_models(protocol, "L1"), self.plugins.registry
        named = [one for one in self.study.models if isinstance(one, str)]
        for model in named:
            name = model.partition(":")[0]
            if model in self.failed or name not in registry.names("model"):
                continue
            alone = replace(self.study, models=[model], floors=False, sweeps=(), jitter=())
            if name in leaky:
                self._say(f"{model}: oracle gap, as a paper chose the epoch on the test subject")
                run_study(self._open(replace(alone, oracle_gap=True)), self.failed)
            for order in registry.get("model", name).replays if not self.quick else ():
                self._say(f"{model}: LEAKED order {order}")
                run_study(self._open(replace(alone, replay=order)), self.failed)

    def _load(self, opened: OpenStudy) -> Results:
        """All runs of the folder, with the study of the whole written beside them."""
        from mertk.evaluation.results import Results
        from mertk.experiment.study_files import write_study

        write_study(opened, opened.execution.runs_folder)
        found = Results.load(opened.execution.runs_folder, plugins=self.plugins)
        return max(found.groups, key=lambda one: len(one.runs))

    def _write_pages(self, results: Results, opened: OpenStudy) -> dict[str, str]:
        from mertk.evaluation import comparison
        from mertk.report.comparison import write_comparison
        from mertk.report.page import write_page

        page = write_page(results, opened.execution.runs_folder / "report.html", self.plugins)
        links = {"scores, confusions and subjects": f"{_RUNS}/{page.name}"}
        if len(results.models) > 1:
            compared = comparison.compare_runs([opened.execution.runs_folder], self.plugins)
            other = write_comparison(compared, self.out / _COMPARE)
            links["comparison of all pairs of models"] = f"{_COMPARE}/{other.name}"
        for use in opened.datasets:
            page = self.out / _DOCTOR.format(use.name)
            if page.is_file():
                links[f"data check of {use.name}"] = page.name
        return links

    def _write_bundle(self, results: Results) -> list[str]:
        """The bundle of all strict runs, and their folders, relative to the report."""
        from mertk.evaluation.results_bundle import write_bundle

        runs = [one.run for one in results.outcomes]
        self._say("results bundle")
        found = write_bundle(*runs, to=self.bundle, by=self.by, plugins=self.plugins)
        return [str(one.relative_to(self.out)) for one in found]


def _choose_given(ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that replace keys of the study."""
    from click.core import ParameterSource

    names: Sequence[str] = ("data", "seeds", "exclude", "allow_mismatch")
    found = {}
    for name in names:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            found[name] = given[name]
    return found
