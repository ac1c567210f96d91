"""The same project as it was at another commit, whose files lie in another folder."""

from __future__ import annotations

import os
import sys
from typing import Any

INSTALLED = (f"{os.sep}site-packages", f"{os.sep}dist-packages")


class Elsewhere:
    """Loads from the folder `there` what the project's Python would load from the checkout at `root`.

    A launcher, PYTHONPATH or `pip install --editable` may name the checkout; what is installed in it stays.
    """

    def __init__(self, root: str, there: str) -> None:
        import sysconfig

        self._root = os.path.realpath(root)
        self._there = os.path.realpath(there)
        self._links = tuple(os.path.join(path, "") for path in (there, self._there))
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        self._installed = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in names)

    def enter(self, folder: str) -> None:
        """Go to `folder`, where Alembic is to run. Raises OSError where this Python does not see it: in a container."""
        os.chdir(folder)
        if "ALEMBIC_CONFIG" in os.environ:
            os.environ["ALEMBIC_CONFIG"] = self.moved(os.environ["ALEMBIC_CONFIG"])
        sys.meta_path.insert(0, self)

    def moved(self, path: str) -> str:
        """Return where a path of the checkout is to be looked for; any other as it is."""
        if not os.path.isabs(path):
            return path
        real = os.path.realpath(path)
        return self._there + real[len(self._root) :] if self._is_of_the_checkout(real) else path

    def _is_of_the_checkout(self, real: str) -> bool:
        inside = f"{real}{os.sep}".startswith(f"{self._root}{os.sep}")
        installed = any(name in real for name in INSTALLED) or f"{real}{os.sep}".startswith(self._installed)
        return inside and not installed

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find a module as all other finders do, and then in the other folder; part of Python's import."""
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find else None
            if spec is not None:
                return self._moved_spec(name, spec)
        return None

    def _moved_spec(self, name: str, spec: Any) -> Any:
        from importlib.util import spec_from_file_location

        origin = self.moved(spec.origin) if spec.has_location and spec.origin else spec.origin
        if origin == spec.origin:
            return spec
        if not os.path.exists(origin):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        inside = spec.submodule_search_locations and [*map(self.moved, spec.submodule_search_locations)]
        return spec_from_file_location(name, origin, submodule_search_locations=inside)

    def strayed(self) -> str | None:
        """Return a file of the checkout that was loaded all the same, None if there is none."""
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not os.path.isabs(file) or file.startswith(self._links):
                continue  # what lies there may lead back: settings that git ignores
            if self._is_of_the_checkout(os.path.realpath(file)):
                return file
        return None
