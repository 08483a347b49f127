import asyncio
import json
from pathlib import Path

from tests.engines.programs import need
from tests.unit.engine.images.conftest import BASE, CHILD, Lab


def listed(lab: Lab) -> list[str]:
    index = json.loads((lab.content.root / "index.json").read_text())
    names = (m.get("annotations", {}) for m in index["manifests"])
    return [name.get("org.opencontainers.image.ref.name", "-") for name in names]


async def test_the_index_lists_the_images_by_name(lab: Lab) -> None:
    await lab.load(CHILD.archive("team/child:1", "child:2"))
    await lab.load(BASE.archive())
    await lab.images.close()
    assert listed(lab) == ["child:2", "team/child:1", "-"]


async def test_it_is_written_anew_at_the_start(lab: Lab, tmp_path: Path) -> None:
    await lab.load(CHILD.archive("team/child:1"))
    (lab.content.root / "index.json").unlink()
    again = Lab.open(tmp_path / "engine")
    assert listed(again) == []
    await again.images.sweep()
    assert listed(again) == ["team/child:1"]
    await again.close()


async def test_other_tools_read_the_store(lab: Lab) -> None:
    need("skopeo", package="skopeo")
    await lab.load(CHILD.archive("team/child:1"))
    await lab.images.close()
    inspect = await asyncio.create_subprocess_exec(
        "skopeo", "inspect", f"oci:{lab.content.root}:team/child:1",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await inspect.communicate()
    assert json.loads(output)["Labels"] == {"l": "2", "child": "yes"}
