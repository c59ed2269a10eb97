"""A command as its user calls it."""

from __future__ import annotations

import pytest

from mertk import cli


@pytest.fixture
def run(capsys):
    """Gives a function: exit code, standard output and standard error of a command."""

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(one) for one in arguments])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return call
