"""Builds as a table: what it says, in text and in HTML."""

from dockerlab.layers import BuildMeasure
from dockerlab.notebook.builds import compare_builds

START = BuildMeasure("start", 23_100_000, 7, 6_000_000, 2.345)
BETTER = BuildMeasure("better", 6_580_000, 5, 0, 0.4)


def test_the_table_has_a_line_for_each_build() -> None:
    lines = str(compare_builds(START, BETTER)).splitlines()
    assert lines[0].split() == ["image", "size", "layers", "wasted", "rebuild"]
    assert lines[1].split() == ["start", "23.1MB", "7", "6MB", "2.35", "s"]
    assert lines[2].split() == ["better", "6.58MB", "5", "0B", "0.40", "s"]
    assert not [line for line in lines if line != line.rstrip()]


def test_a_screen_reader_hears_which_row_and_column_it_is_in() -> None:
    html = compare_builds(BuildMeasure("<a&b>", 1, 1, 0, 1.0))._repr_html_()
    assert html.count('scope="col"') == 5
    assert '<th scope="row">&lt;a&amp;b&gt;</th>' in html
