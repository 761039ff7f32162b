"""The files of ``make lab``: notebooks that can be read tomorrow, and are alive after a reload."""

from __future__ import annotations

from typing import Any, NamedTuple

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from kerasdemo.saving import VIEW, Place, outputs, page_of, take_views


class Aside(NamedTuple):
    """A live view that was left out of a file: the view, its page, the kernel that made it."""

    view: Any
    page: str
    kernel: str


class NotebookFiles(AsyncLargeFileManager):
    """Writes notebooks without live views, and hands the views back while their kernel lives.

    What is left out of a file is remembered here, in the server's memory. A page that is loaded
    again gets a view back if the output is still the same and the process of the notebook's kernel
    is still the one that made it. After a restart, or tomorrow, there is the picture.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._aside: dict[str, dict[Place, Aside]] = {}

    async def save(self, model: Any, path: str = "") -> Any:
        """Save without the live views, and remember them."""
        try:
            await self._set_aside(model, path.strip("/"))
        except Exception:  # nothing here is worth a lost save
            self.log.warning("the live views of %s are not remembered", path, exc_info=True)
        return await super().save(model, path)  # type: ignore[no-untyped-call]

    async def get(self, path: str, content: bool = True, *options: Any, **more: Any) -> Any:
        """Read, and put back the views whose kernel still runs."""
        model = await super().get(path, content, *options, **more)  # type: ignore[no-untyped-call]
        try:
            if content:
                await self._put_back(model, path.strip("/"))
        except Exception:
            self.log.warning("%s is shown without its live views", path, exc_info=True)
        return model

    async def _set_aside(self, model: Any, path: str) -> None:
        pages = {place: page_of(data) for place, data in outputs(model)}
        views = take_views(model)
        before = {aside.view["model_id"]: aside.kernel for aside in self._left_out(path).values()}
        kernel = await self._kernel(path) if views else ""
        self._aside[path] = {
            # a view that was there before a restart belongs to the kernel before it
            place: Aside(view, pages[place], before.get(view["model_id"], kernel))
            for place, view in views.items()
        }

    async def _put_back(self, model: Any, path: str) -> None:
        known = self._left_out(path)
        kernel = await self._kernel(path) if known else ""
        for place, data in outputs(model) if kernel else ():
            aside = known.get(place)
            if aside and (aside.kernel, aside.page) == (kernel, page_of(data)):
                data[VIEW] = aside.view

    def _left_out(self, path: str) -> dict[Place, Aside]:
        return self._aside.get(path, {})

    async def _kernel(self, path: str) -> str:
        """Name the process of a notebook's kernel; "" without one."""
        for session in await self.parent.session_manager.list_sessions():
            if session["path"] == path:
                number = session["kernel"]["id"]
                provisioner = self.parent.kernel_manager.get_kernel(number).provisioner
                return f"{number} {getattr(provisioner, 'pid', '')}"  # a restart changes the pid
        return ""
