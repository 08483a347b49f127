"""The labels that dockerlab puts on what it makes.

Containers inherit the labels of their image, so a container of a stand-in carries both.
"""

LESSON_LABEL = "org.dockerlab.lesson"
"""The name of the lesson that made a container or image."""

ANY_LESSON = "any"
"""The lesson label's value on what serves every lesson: the stand-in images."""

STANDIN_LABEL = "org.dockerlab.standin"
"""The name of the image that a stand-in stands for, such as `centos`."""
