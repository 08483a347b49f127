"""``docker push``: an image, or all the images of a repository, into a registry."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from dockerlab.engine.distribution.credentials import Credentials
from dockerlab.engine.distribution.push import Outgoing, Pushed
from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.images.library import Library, references
from dockerlab.engine.images.reporting import Report, reported
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference, parse


class Pusher:
    """Pushes images."""

    def __init__(self, library: Library, distribution: Distribution) -> None:
        self._library = library
        self._distribution = distribution

    def push(
        self, reference: Reference, *, credentials: Credentials
    ) -> AsyncGenerator[Progress, None]:
        """Push the image with this tag; without a tag every one of the repository.

        The progress is Docker's. Close the generator to abort.

        Raises, while iterated:
            SystemFailure: there is no such image here, or the registry fails.
            Unauthorized, TooManyRequests: the registry refuses.

        """

        async def work(report: Report) -> None:
            report(Progress(status=f"The push refers to repository [{reference.name}]"))
            for tagged, image in self._wanted(reference):
                await self._push(tagged, image, credentials, report)

        return reported(work)

    def _wanted(self, reference: Reference) -> list[tuple[Reference, Image]]:
        found = [
            (parse(name), image)
            for name, image in self._library.records.in_repository(reference.name)
        ]
        if not found:
            raise SystemFailure(
                f"An image does not exist locally with the tag: {reference.familiar_name}"
            )
        tagged = [(name, image) for name, image in found if name.tag and not name.digest]
        if not reference.tag:
            return tagged
        wanted = [pair for pair in tagged if pair[0].tag == reference.tag]
        if not wanted:
            raise SystemFailure(f"tag does not exist: {reference.familiar}")
        return wanted

    async def _push(
        self, reference: Reference, image: Image, credentials: Credentials, report: Report
    ) -> None:
        outgoing = Outgoing(
            reference=reference,
            manifest=self._library.content.read(image.manifest),
            diff_ids=self._library.config(image).rootfs.diff_ids,
            siblings=_siblings(reference, image),
        )
        async with aclosing(self._distribution.push(outgoing, credentials=credentials)) as events:
            async for event in events:
                if isinstance(event, Pushed):
                    self._conclude(reference, image, event, report)
                elif not event.status.startswith("The push refers"):  # that is said once, above
                    report(event)

    def _conclude(self, reference: Reference, image: Image, pushed: Pushed, report: Report) -> None:
        named = reference.repository.with_digest(pushed.digest)
        self._library.records.give(image.image_id, [str(named)])
        status = f"{pushed.tag}: digest: {pushed.digest} size: {pushed.size}"
        report(Progress(status=status))
        aux = {"Tag": pushed.tag, "Digest": pushed.digest, "Size": pushed.size}
        report(Progress(aux=aux))
        self._library.publish_as(
            "push",
            reference.familiar,
            name=reference.familiar_name,
            labels=self._library.labels(image.image_id),
        )


def _siblings(reference: Reference, image: Image) -> tuple[str, ...]:
    """Repositories of the same registry that are known to have the image."""
    others = (name for name in references(image) if name.digest)
    paths = [name.path for name in others if name.domain == reference.domain]
    return tuple(dict.fromkeys(path for path in paths if path != reference.path))
