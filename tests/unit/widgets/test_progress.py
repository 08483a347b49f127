"""The rows that an engine's messages make."""

from dockerlab.widgets.progress import BuildCourse, Built, Progress, PullCourse, Pulled

LAYER = "0123456789ab"


def test_a_layer_goes_from_downloading_to_done() -> None:
    course = PullCourse()
    assert course.hear({"status": "Pulling from library/centos", "id": "latest"})
    assert course.hear({"status": "Pulling fs layer", "id": LAYER}) == ()
    progress = {"current": 500_000, "total": 2_000_000}
    course.hear({"status": "Downloading", "id": LAYER, "progressDetail": progress})
    assert course.rows[LAYER].done == 0.25
    assert course.rows[LAYER].detail == "500kB / 2MB"
    assert course.hear({"status": "Pull complete", "id": LAYER}) == (f"{LAYER}: Pull complete",)
    assert course.hear({"status": "Pull complete", "id": LAYER}) == ()
    assert course.rows[LAYER].done == 1.0


def test_an_error_is_kept() -> None:
    course = PullCourse()
    course.hear({"error": "no space left"})
    assert course.error == "no space left"


def test_steps_of_a_build() -> None:
    course = BuildCourse()
    for line in ("Step 1/2 : FROM centos", " ---> 3ddc76", "Step 2/2 : RUN true"):
        course.hear({"stream": f"{line}\n"})
    course.hear({"stream": " ---> Using cache\n"})
    course.finish()
    rows = list(course.rows.values())
    assert [(row.name, row.status, row.detail) for row in rows] == [
        ("1/2", "done", "FROM centos"),
        ("2/2", "cached", "RUN true"),
    ]


def test_the_step_that_no_dockerfile_has_says_whose_it_is() -> None:
    course = BuildCourse()
    course.hear({"stream": "Step 1/2 : FROM centos\n"})
    course.hear({"stream": "Step 2/2 : LABEL org.dockerlab.lesson=07-dockerfile\n"})
    first, last = course.rows.values()
    assert first.detail == "FROM centos"
    assert last.detail.startswith("LABEL org.dockerlab.lesson=07-dockerfile  (added by dockerlab")


def test_what_is_saved_is_the_same_each_time() -> None:
    widget = Progress("docker pull centos")
    widget.finish(PullCourse())
    assert repr(widget) == "<docker pull centos>"
    assert widget.still_html() == "<p><code>docker pull centos</code></p>"
    assert repr(Pulled("centos", 3)) == "centos is here. Layers: 3."
    assert repr(Built("lab:1", 2, 4)) == "lab:1 is built. Steps: 2. Layers: 4."
