"""Every field that the inspect explorer shows is explained, in both languages."""

import json

import pytest

from dockerlab.widgets.inspect import InspectExplorer
from dockerlab.widgets.inspect.fields import CONTAINER, GROUPS, IMAGE
from dockerlab.widgets.texts import sentences

IMAGE_JSON = {
    "Id": "sha256:abc",
    "RepoTags": ["a:1", "b:1"],
    "Size": 1_500_000,
    "Config": {"Env": ["<A>=1"], "ExposedPorts": {"80/tcp": {}}, "Cmd": None},
    "RootFS": {"Layers": ["sha256:1", "sha256:2"]},
}


@pytest.mark.parametrize("tag", ["en", "zh"])
@pytest.mark.parametrize("field", [*IMAGE, *CONTAINER], ids=lambda field: field.key)
def test_a_field_has_a_name_and_an_explanation(field: object, tag: str) -> None:
    key = getattr(field, "key", "")
    assert sentences(tag)[f"inspect.name.{key}"]
    assert len(sentences(tag)[f"inspect.about.{key}"]) > 15


def test_an_image_is_shown_in_four_groups() -> None:
    explorer = InspectExplorer("a:1", IMAGE_JSON, is_container=False)
    assert [group["key"] for group in explorer.groups] == list(GROUPS)
    fields = {each["key"]: each for group in explorer.groups for each in group["fields"]}
    assert fields["tags"]["lines"] == ["a:1", "b:1"]
    assert fields["size"]["lines"] == ["1.5MB"]
    assert fields["ports"]["lines"] == ["80/tcp"]
    assert fields["env"]["command"] == "docker image inspect --format '{{json .Config.Env}}' a:1"
    assert json.loads(explorer.raw) == IMAGE_JSON


def test_the_still_form_is_whole_and_harmless() -> None:
    explorer = InspectExplorer("a:1", IMAGE_JSON, is_container=False)
    still = explorer.still_html()
    assert "&lt;A&gt;=1" in still
    assert still.count("<details>") == len(IMAGE)
    assert repr(explorer) == "<Image a:1>"
